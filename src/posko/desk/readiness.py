"""Stage readiness: screens."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import places as place_rules
from posko.domain import readiness as rules
from posko.domain import record as facts
from posko.formats import gauge, table, text
from posko.formats import readiness as words
from posko.store import places, readiness, receipts, record

ANSWERS = {"yes": "ya", "no": "tidak", "unseen": "belum dilihat"}
PROMPTS = ("items", "seals", "place", "kpps", "send")
ADVICE = {"trained", "ground", "reach"}
"""Requirements that warn and never decide; `storage` decides where something is wrong with it."""
LABELS = {"items": "Barang lengkap", "seals": "Segel utuh", "place": "Tempat siap", "kpps": "KPPS lengkap"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATE_WORDS = {"ready": "siap", "not_ready": "belum siap", "unknown": "belum diketahui"}


def region_of(person: access_rules.Person, region: str) -> str:
    """The part of a region that is this person's: the whole, or the narrower place of their grant."""
    regions = [grant.region for grant in person.grants if access_rules.within(grant.region, region)]
    return region if not regions or region in regions else min(regions, key=len)


def _own(request: shell.Request, **_parts: str) -> access_rules.Thing:
    region = region_of(request.person, request.election.region)
    return access_rules.Thing(kind="readiness", id="", place=region, owner="", classification="biasa")


def _at_tps(_request: shell.Request, election: str, code: str) -> access_rules.Thing:
    return access_rules.Thing(kind="readiness", id=f"{election}:{code}", place=code, owner="", classification="biasa")


def _bar(total: rules.Summary) -> SafeString:
    words = f"siap {total.ready}, belum siap {total.not_ready}, belum diketahui {total.unknown}"
    parts = [("bar-ready", total.ready), ("bar-notready", total.not_ready), ("bar-track", total.unknown)]
    return SafeString(gauge.stack(parts, words))  # drawn by our own code from numbers


def _why(verdict: rules.Verdict) -> str:
    return "; ".join(words.reason_sentence(r) for r in verdict.reasons)


@shell.page("readiness.read", thing=_own)
def index(request: shell.Request, election: str) -> HttpResponse:
    """How many TPS are ready, what holds back the others, and the list of them."""
    region = region_of(request.person, request.election.region)
    asked = request.GET.get("kecamatan", "")
    if asked and access_rules.within(asked, region):
        region = asked
    verdicts = readiness.verdicts(election, request.at, region)
    tps = {t.code: t for t in places.tps_list(election)}
    state, cause = request.GET.get("keadaan", ""), request.GET.get("sebab", "")
    part, standing = request.GET.get("syarat", ""), request.GET.get("tegak", "")
    shown = _chosen(verdicts, state, cause, part, standing)
    total = rules.summary(verdicts)
    limits = readiness.limits(election, request.at)
    names = {t.kecamatan_code: t.kecamatan_name for t in tps.values()}
    context = {
        "total": total,
        "bar": _bar(total),
        "marks": sorted({c.mark for c in readiness.checks(election, request.at) if c.mark}),
        "hours": int(limits.check_valid.total_seconds() // 3600),
        "due_at": rules.due_at(request.election.voting_at, limits.due_days_before),
        "chain": _chain(verdicts),
        "due_days": [(c, words.CHAIN[c], n) for c, n in readiness.due_days(election, request.at).items() if c != "handed"],
        "causes": _causes(verdicts),
        "kecamatan": _by_kecamatan(verdicts, tps),
        "region_name": names.get(region, ""),
        "rows": [_row(v, tps[v.tps]) for v in shown],
        "list_title": "TPS yang belum siap atau belum diketahui" if not (state or part) else "TPS yang dipilih",
        "chosen": _chosen_words(state, cause, verdicts, part, standing),
        "may_write": shell.may(request, "readiness.write"),
    }
    return render(request, "desk/readiness/index.html", context)


def _chosen(verdicts: Iterable[rules.Verdict], state: str, cause: str, part: str, standing: str) -> list[rules.Verdict]:
    if part in rules.CHAIN:
        return [v for v in verdicts if any(r.code == part and standing in {"", r.standing.value} for r in v.requirements)]
    if state in STATE_WORDS:
        verdicts = [v for v in verdicts if v.state.value == state]
    else:
        verdicts = [v for v in verdicts if v.state is not rules.State.READY]
    code, _, item = cause.partition("~")
    return [v for v in verdicts if not code or any((r.code, r.item) == (code, item) for r in v.reasons)]


def _chosen_words(state: str, cause: str, verdicts: Iterable[rules.Verdict], part: str, standing: str) -> str:
    if part in rules.CHAIN:
        word = next((word for one, (_, word) in words.STANDINGS.items() if one.value == standing), "semua")
        return f"{words.CHAIN[part]}: {word}"
    said = [STATE_WORDS[state]] if state in STATE_WORDS else []
    code, _, item = cause.partition("~")
    reason = next((r for v in verdicts for r in v.reasons if code and (r.code, r.item) == (code, item)), None)
    return ", ".join([*said, *([words.reason_sentence(reason, grouped=True)] if reason else [])])


def _chain(verdicts: list[rules.Verdict]) -> list[dict[str, Any]]:
    """Every requirement with its due times and how many TPS stand where, by part of the chain."""
    rows = []
    for place, (code, group) in enumerate(rules.CHAIN.items()):
        mine = [v.requirements[place] for v in verdicts]
        counts = Counter(r.standing for r in mine)
        dues = {r.due_at for r in mine}
        rows.append(
            {
                "code": code, "group": words.GROUPS[group], "name": words.CHAIN[code], "advice": code in ADVICE,
                "from_at": min(dues, default=None), "until_at": max(dues, default=None),
                "cells": [
                    {"state": state, "word": word, "n": counts[one], "href": f"?syarat={code}&tegak={one.value}#daftar"}
                    for one, (state, word) in words.STANDINGS.items()
                ],
                "overdue": sum(r.overdue and r.standing is rules.Standing.UNKNOWN for r in mine),
            }
        )  # fmt: skip
    return rows


def _causes(verdicts: list[rules.Verdict]) -> list[dict[str, Any]]:
    found = []
    for state in (rules.State.NOT_READY, rules.State.UNKNOWN):
        for cause in rules.causes(verdicts, state):
            href = f"?keadaan={state.value}&sebab={cause.reason.code}~{cause.reason.item}#daftar"
            sentence = words.reason_sentence(cause.reason, grouped=True)
            found.append({"sentence": sentence, "state": state.value, "count": len(cause.tps), "href": href})
    return found


def _by_kecamatan(verdicts: list[rules.Verdict], tps: dict[str, place_rules.Tps]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[rules.Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault((tps[verdict.tps].kecamatan_code, tps[verdict.tps].kecamatan_name), []).append(verdict)
    totals = {key: rules.summary(group) for key, group in sorted(groups.items())}
    return [{"code": code, "name": name, "total": total, "bar": _bar(total)} for (code, name), total in totals.items()]


def _row(verdict: rules.Verdict, tps: place_rules.Tps) -> dict[str, Any]:
    return {
        "code": tps.code,
        "name": tps.name,
        "desa": tps.desa_name,
        "kecamatan": tps.kecamatan_name,
        "island": bool(tps.island),
        "state": verdict.state.value,
        "late": verdict.late,
        "why": words.short_reasons(verdict.reasons),
    }


def _tps(election: str, code: str) -> place_rules.Tps:
    found = next((t for t in places.tps_list(election) if t.code == code), None)
    if found is None:
        raise Http404(code)
    return found


@shell.page("readiness.read", thing=_at_tps)
def tps(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One TPS with everything that is known and why."""
    about = _tps(election, code)
    (known,) = readiness.all_facts(election, request.at, code)
    verdict = rules.judge(known, request.at, readiness.limits(election, request.at))
    here = {readiness.line_code(key): (key, pieces) for key, pieces in receipts.tps_needs(election, request.at).get(code, {}).items()}
    stock = []
    for s in known.stock:
        key, pieces = here.get(s.item, ((s.item, "", ""), None))
        href = reverse("desk:receipts_line", args=[election, "~".join(key)])
        stock.append({"name": s.name, "estimate": s.estimate, "have": s.have, "need": s.need, "here": pieces, "href": href})
    seen = readiness.checks(election, request.at, code)
    names = {s.item: s.name for s in known.stock}
    context = {
        "tps": about,
        "verdict": {"state": verdict.state.value, "late": verdict.late, "due_at": verdict.due_at},
        "reasons": [words.reason_sentence(r) for r in verdict.reasons],
        "stock": stock,
        "needs_href": reverse("desk:needs", args=[election]) + f"?tempat={code}",
        "chain": [_requirement(request, election, code, one) for one in verdict.requirements],
        "crew": known.crew,
        "phone": known.phone and _phone_words(known.phone, {s.item: s.name for s in known.stock}),
        "may_count": shell.may(request, "readiness.check", _at_tps(request, election, code)),
        "arrives_at": known.arrives_at,
        "checks": [_check_words(c, names) for c in reversed(seen)],
        "marks": sorted({c.mark for c in seen if c.mark}),
        "may_check": shell.may(request, "readiness.check", _at_tps(request, election, code)),
    }
    return render(request, "desk/readiness/tps.html", context)


def _requirement(request: shell.Request, election: str, code: str, one: rules.Requirement) -> dict[str, Any]:
    """A requirement with its due time, where it stands, why, and where the fact behind it is kept."""
    state, word = words.STANDINGS[one.standing]
    route, act, args = {
        rules.Group.ITEMS: ("desk:packing_tps", "packing.read", [election, code]),
        rules.Group.LEGS: ("desk:custody_thing", "custody.read", [election, f"K:{code}"]),
        rules.Group.PEOPLE: ("desk:readiness_people", "readiness.read", [election]),
        rules.Group.PLACE: ("", "", []),
    }[one.group]
    if one.code == "stock":
        route, act, args = "desk:receipts", "receipts.read", [election]
    return {
        "group": words.GROUPS[one.group], "name": words.CHAIN[one.code], "advice": not one.deciding and one.code in ADVICE, "state": state,
        "word": word, "due_at": one.due_at, "done_at": one.done_at, "seen_at": one.seen_at, "done_late": one.done_late,
        "overdue": one.overdue and one.standing is rules.Standing.UNKNOWN, "why": words.requirement_reasons(one),
        "href": reverse(route, args=args) if route and shell.may(request, act) else "" if route else "#pemeriksaan",
    }  # fmt: skip


def _phone_words(phone: rules.Phone, names: dict[str, str]) -> dict[str, Any]:
    missing = ", ".join(words.LACKS.get(one, names.get(one, one)) for one in phone.missing)
    about = {name: getattr(phone, name) for name in ("mark", "person", "agency", "entry_id")}
    return {**about, "at": phone.said_at, "said": f"belum siap: kurang {missing}" if missing else "siap"}


def _check_words(check: rules.Check, names: dict[str, str]) -> dict[str, Any]:
    missing = ", ".join(names.get(item, item) for item in check.missing)
    items = f"kurang {missing}" if missing else {"yes": "lengkap", "unseen": "belum dilihat"}[check.items.value]
    about = {name: getattr(check, name) for name in ("mark", "note", "person", "agency", "entry_id")}
    answers = {name: ANSWERS[getattr(check, name).value] for name in ("seals", "place", "kpps")}
    site = [f"{words.ASPECTS[aspect]}: {ANSWERS[check.about(aspect).value]}" for aspect in rules.ASPECTS if aspect in check.site]
    site += ["Ada rencana pengganti bila listrik atau sinyal putus"] if check.fallback else []
    return {**about, **answers, "items": items, "at": check.checked_at, "site": site}


@shell.page("readiness.check", thing=_at_tps)
def check(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The check on a phone: one prompt at a time; every answer travels in the form, nothing is kept until it is sent."""
    about = _tps(election, code)
    (known,) = readiness.all_facts(election, request.at, code)
    answers = {name: request.POST.get(name, "") for name in ("items", "seals", "place", "kpps")}
    answers = {name: value for name, value in answers.items() if value in ANSWERS}
    missing = [m for m in request.POST.getlist("missing") if m]
    site = {aspect: request.POST.get(f"site_{aspect}", "") for aspect in rules.ASPECTS}
    site = {aspect: value for aspect, value in site.items() if value in {"yes", "no"}}
    if request.POST.get("send") and len(answers) == len(LABELS):
        try:
            report = rules.Check(
                tps=code,
                items=rules.Answer(answers["items"]),
                missing=tuple(missing),
                seals=rules.Answer(answers["seals"]),
                place=rules.Answer(answers["place"]),
                kpps=rules.Answer(answers["kpps"]),
                checked_at=request.at,
                person=request.person.id,
                agency=request.person.agency,
                note=request.POST.get("note", "").strip()[:400],
                site={aspect: rules.Answer(value) for aspect, value in site.items()},
                fallback=bool(request.POST.get("fallback")),
            )
            readiness.record_check(election, report, request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:readiness_check", election, code)
        shell.done(request, "Laporan tersimpan. Terima kasih.")
        if not shell.may(request, "readiness.read"):
            return redirect("desk:home", election)
        return redirect("desk:readiness_tps", election, code)
    return render(request, "desk/readiness/check.html", _prompt(about, known, answers, missing, site, request))


def _prompt(
    about: place_rules.Tps, known: rules.Facts, answers: dict[str, str], missing: list[str], site: dict[str, str], request: shell.Request
) -> dict[str, Any]:
    names = {s.item: s.name for s in known.stock}
    if answers.get("items") == "no" and not missing:
        prompt, step = "missing", 1
    else:
        prompt = next((p for p in PROMPTS if p not in answers), "send")
        step = PROMPTS.index(prompt) + 1
    review = [(LABELS[name], ANSWERS[value]) for name, value in answers.items()]
    if missing:
        review.insert(1, ("Yang kurang", ", ".join(names.get(m, m) for m in missing)))
    review += [(words.ASPECTS[aspect], ANSWERS[value]) for aspect, value in site.items()]
    carried = [(f"site_{aspect}", value) for aspect, value in site.items()] if prompt != "place" else []
    if request.POST.get("fallback") and prompt != "place":
        carried.append(("fallback", "1"))
        review.append(("Bila listrik atau sinyal putus", "ada rencana pengganti"))
    return {
        "tps": about,
        "aspects": list(words.ASPECTS.items()),
        "prompt": prompt,
        "step": step,
        "steps": len(PROMPTS),
        "answered": [*answers.items(), *carried, *(("missing", m) for m in missing)],
        "lines": [{"code": s.item, "name": s.name} for s in known.stock],
        "list": "; ".join(s.name for s in known.stock),
        "review": review,
        "note": request.POST.get("note", ""),
    }


@shell.page("readiness.write")
def limit(request: shell.Request, election: str) -> HttpResponse:
    """How old a report may be."""
    if request.method == "POST":
        try:
            typed = request.POST.get("hours", "").strip()
            hours = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
            readiness.set_limit(election, hours, facts.Actor(request.person.id, request.person.agency), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Batas umur laporan disimpan.")
    return redirect("desk:readiness", election)


@shell.page("readiness.write")
def due(request: shell.Request, election: str) -> HttpResponse:
    """How many days before voting a requirement is due where no plan gives its time."""
    if request.method == "POST":
        typed = request.POST.get("days", "").strip()
        days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else -1
        try:
            readiness.set_due(election, request.POST.get("code", ""), days, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tenggat disimpan.")
    return redirect("desk:readiness", election)


# --- officers, counted -----------------------------------------------------------------------------------------------------


def _at_place(request: shell.Request, election: str) -> access_rules.Thing:
    """The place that a form names; without one, where this person may check."""
    place = request.POST.get("place", "").strip()[:30]
    if not place:
        return shell.here(request, "readiness.check")
    return access_rules.Thing(kind="readiness", id=f"{election}:{place}", place=place, owner="", classification="biasa")


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


@shell.page("readiness.read", thing=_own)
def people(request: shell.Request, election: str) -> HttpResponse:
    """How many KPPS are wanted, there and trained, by TPS and desa; what was never counted is said so."""
    region = region_of(request.person, request.election.region)
    return render(request, "desk/readiness/people.html", _people(request, election, region))


def _people(request: shell.Request, election: str, region: str) -> dict[str, Any]:
    tps_list = [t for t in places.tps_list(election) if access_rules.within(t.code, region)]
    counted = readiness.crews(election, request.at)
    limits = readiness.limits(election, request.at)
    names = {t.desa_code: ("seluruh desa", t.desa_name, t.kecamatan_name) for t in tps_list}
    names |= {t.code: (t.name, t.desa_name, t.kecamatan_name) for t in tps_list}
    rows = [
        {
            "crew": one, "name": names[place][0], "desa": names[place][1], "kecamatan": names[place][2],
            "short": one.there < one.wanted, "few": one.trained * 1000 < limits.trained_permille * one.wanted,
        }
        for place, one in sorted(counted.items())
        if place in names
    ]  # fmt: skip
    own = [one for place, one in counted.items() if place in {t.code for t in tps_list}]
    return {
        "rows": rows, "tps": len(tps_list), "counted": len(own), "wanted": sum(c.wanted for c in own), "there": sum(c.there for c in own),
        "trained": sum(c.trained for c in own), "percent": limits.trained_permille // 10, "marks": sorted({c.mark for c in own if c.mark}),
        "places": sorted((code, f"{n[0]} {n[1]}") for code, n in names.items()), "chosen": request.GET.get("tempat", ""),
        "may_import": shell.may(request, "readiness.write"),
        "may_count": shell.may(request, "readiness.check"),
    }  # fmt: skip


@shell.page("readiness.check", thing=_at_place)
def crew(request: shell.Request, election: str) -> HttpResponse:
    """One count, typed."""
    if request.method == "POST":
        typed = [request.POST.get(name, "").strip() for name in ("wanted", "there", "trained")]
        numbers = [int(t) if t.isascii() and t.isdigit() and len(t) < 4 else -1 for t in typed]
        try:
            counts = {request.POST.get("place", "").strip()[:30]: (numbers[0], numbers[1], numbers[2])}
            fresh = readiness.record_crews(election, counts, shell.actor(request), request.at, _mark())
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Jumlah KPPS dicatat." if fresh else "Jumlah itu sudah tercatat; tidak ada yang berubah.")
    return redirect("desk:readiness_people", election)


@shell.page("readiness.write")
def crew_import(request: shell.Request, election: str) -> HttpResponse:
    """Counts out of a table: everything in it, or nothing and all its problems."""
    context = _people(request, election, request.election.region)
    if request.method == "POST":
        try:
            name, data = shell.sent_table(request)
            found = words.read_crews(name, data, [code for code, _ in context["places"]])
            if not found.problems:
                fresh = readiness.record_crews(election, found.counts, shell.actor(request), request.at, _mark())
                shell.done(request, f"{len(found.counts)} baris dibaca, {fresh} jumlah baru dicatat.")
                return redirect("desk:readiness_people", election)
            context["problem_count"] = len(found.problems)
            context["problems"] = [
                {"place": shell.problem_place(p), "text": words.CREW_PROBLEMS[p.code].format(**p.facts)} for p in found.problems[:100]
            ]
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return render(request, "desk/readiness/people.html", context)


@shell.page("readiness.read", thing=_own)
def crew_template(request: shell.Request, election: str) -> HttpResponse:
    """The table to fill in, with every TPS of one's region and what was counted last."""
    region, counted = region_of(request.person, request.election.region), readiness.crews(election, request.at)
    rows: list[list[Any]] = []
    for t in places.tps_list(election):
        if access_rules.within(t.code, region):
            one = counted.get(t.code)
            numbers = [one.wanted, one.there, one.trained] if one else ["", "", ""]
            rows.append([t.code, *numbers, f"{t.name} {t.desa_name}, {t.kecamatan_name}"])
    headers = {"Content-Disposition": f'attachment; filename="kpps-{election}.xlsx"'}
    return HttpResponse(words.crew_template(rows), content_type=XLSX, headers=headers)


@shell.page("readiness.read", thing=_own)
def export(request: shell.Request, election: str) -> HttpResponse:
    """Every TPS with its state and reasons, and where each of its requirements stands with its due time."""
    region = region_of(request.person, request.election.region)
    tps = {t.code: t for t in places.tps_list(election)}
    heads = [head for code in rules.CHAIN for head in (words.CHAIN[code], f"Tenggat: {words.CHAIN[code].lower()}")]
    rows: list[list[Any]] = [["Kode TPS", "TPS", "Desa", "Kecamatan", "Keadaan", "Lewat tenggat", "Sebab", *heads]]
    for v in readiness.verdicts(election, request.at, region):
        t = tps[v.tps]
        late = "ya" if v.late else "tidak"
        chain = [cell for r in v.requirements for cell in (words.STANDINGS[r.standing][1], text.waktu(r.due_at))]
        rows.append([t.code, t.name, t.desa_name, t.kecamatan_name, STATE_WORDS[v.state.value], late, _why(v), *chain])
    name = f'attachment; filename="kesiapan-{election}.xlsx"'
    return HttpResponse(table.xlsx({"Kesiapan": rows}), content_type=XLSX, headers={"Content-Disposition": name})


urlpatterns = [
    path("<slug:election>/kesiapan/", index, name="readiness"),
    path("<slug:election>/kesiapan/batas/", limit, name="readiness_limit"),
    path("<slug:election>/kesiapan/kesiapan.xlsx", export, name="readiness_export"),
    path("<slug:election>/kesiapan/tenggat/", due, name="readiness_due"),
    path("<slug:election>/kesiapan/kpps/", people, name="readiness_people"),
    path("<slug:election>/kesiapan/kpps/hitung/", crew, name="readiness_crew"),
    path("<slug:election>/kesiapan/kpps/impor/", crew_import, name="readiness_crew_import"),
    path("<slug:election>/kesiapan/kpps/templat.xlsx", crew_template, name="readiness_crew_template"),
    path("<slug:election>/kesiapan/tps/<str:code>/", tps, name="readiness_tps"),
    path("<slug:election>/kesiapan/tps/<str:code>/periksa/", check, name="readiness_check"),
]
SENTENCES: dict[str, str] = {
    "readiness.future": "Pemeriksaan tidak boleh bertanggal sesudah sekarang.",
    "readiness.missing_unnamed": "Pilih barang yang kurang.",
    "readiness.contradiction": "Laporan bertentangan: barang disebut lengkap, tetapi {item} disebut kurang. Mulai dari awal.",
    "readiness.unknown_item": "{item} tidak ada dalam daftar barang pemilihan ini.",
    "readiness.unknown_tps": "TPS {tps} tidak ada dalam pemilihan ini.",
    "readiness.unknown_aspect": "{aspect} bukan pertanyaan tentang tempat.",
    "readiness.unknown_place": "{place} bukan TPS atau desa pemilihan ini.",
    "readiness.bad_crew": "Jumlah KPPS tidak masuk akal: perlu {wanted}, ada {there}, terlatih {trained}. Terlatih paling banyak sama"
    " dengan yang ada.",
    "readiness.bad_due": "Tenggat antara H-60 dan H-0; tenggat penyerahan kepada KPPS ditetapkan undang-undang (H-1).",
    "readiness.bad_phone": "Pilih apa yang kurang, atau catat siap tanpa kekurangan.",
    "readiness.unknown_phone": "Catatan telepon itu tidak ada atau sudah dibatalkan.",
    "readiness.bad_limit": "Batas harus antara 1 dan 336 jam.",
}
TASKS: dict[str, tuple[str, str]] = {"readiness.check": ("Periksa {label}", "desk:readiness_tps")}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {
    "R14": ("{tps}: KPPS tidak lengkap menurut pemeriksaan di TPS", "desk:readiness_tps"),
    "R14.latih": ("{place}: KPPS ada {there} dari {wanted}, terlatih {trained}", "desk:readiness_people"),
    "R15": ("{tps}: tanpa listrik atau sinyal dan tanpa rencana pengganti", "desk:readiness_tps"),
}
