"""Stage readiness: screens."""

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
from posko.formats import gauge, table
from posko.formats import readiness as words
from posko.store import places, readiness, receipts

ANSWERS = {"yes": "ya", "no": "tidak", "unseen": "belum dilihat"}
PROMPTS = ("items", "seals", "place", "kpps", "send")
LABELS = {"items": "Barang lengkap", "seals": "Segel utuh", "place": "Tempat siap", "kpps": "KPPS lengkap"}
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
    shown = _chosen(verdicts, state, cause)
    total = rules.summary(verdicts)
    limits = readiness.limits(election, request.at)
    names = {t.kecamatan_code: t.kecamatan_name for t in tps.values()}
    context = {
        "total": total,
        "bar": _bar(total),
        "marks": sorted({c.mark for c in readiness.checks(election, request.at) if c.mark}),
        "hours": int(limits.check_valid.total_seconds() // 3600),
        "due_at": rules.due_at(request.election.voting_at, limits.due_days_before),
        "causes": _causes(verdicts),
        "kecamatan": _by_kecamatan(verdicts, tps),
        "region_name": names.get(region, ""),
        "rows": [_row(v, tps[v.tps]) for v in shown],
        "list_title": "TPS yang belum siap atau belum diketahui" if not state else f"TPS: {STATE_WORDS.get(state, state)}",
        "chosen": _chosen_words(state, cause, verdicts),
        "may_write": shell.may(request, "readiness.write"),
    }
    return render(request, "desk/readiness/index.html", context)


def _chosen(verdicts: Iterable[rules.Verdict], state: str, cause: str) -> list[rules.Verdict]:
    if state in STATE_WORDS:
        verdicts = [v for v in verdicts if v.state.value == state]
    else:
        verdicts = [v for v in verdicts if v.state is not rules.State.READY]
    code, _, item = cause.partition("~")
    return [v for v in verdicts if not code or any((r.code, r.item) == (code, item) for r in v.reasons)]


def _chosen_words(state: str, cause: str, verdicts: Iterable[rules.Verdict]) -> str:
    said = [STATE_WORDS[state]] if state in STATE_WORDS else []
    code, _, item = cause.partition("~")
    reason = next((r for v in verdicts for r in v.reasons if code and (r.code, r.item) == (code, item)), None)
    return ", ".join([*said, *([words.reason_sentence(reason, grouped=True)] if reason else [])])


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
        "arrives_at": known.arrives_at,
        "checks": [_check_words(c, names) for c in reversed(seen)],
        "marks": sorted({c.mark for c in seen if c.mark}),
        "may_check": shell.may(request, "readiness.check", _at_tps(request, election, code)),
    }
    return render(request, "desk/readiness/tps.html", context)


def _check_words(check: rules.Check, names: dict[str, str]) -> dict[str, Any]:
    missing = ", ".join(names.get(item, item) for item in check.missing)
    items = f"kurang {missing}" if missing else {"yes": "lengkap", "unseen": "belum dilihat"}[check.items.value]
    about = {name: getattr(check, name) for name in ("mark", "note", "person", "agency", "entry_id")}
    answers = {name: ANSWERS[getattr(check, name).value] for name in ("seals", "place", "kpps")}
    return {**about, **answers, "items": items, "at": check.checked_at}


@shell.page("readiness.check", thing=_at_tps)
def check(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The check on a phone: one prompt at a time; every answer travels in the form, nothing is kept until it is sent."""
    about = _tps(election, code)
    (known,) = readiness.all_facts(election, request.at, code)
    answers = {name: request.POST.get(name, "") for name in ("items", "seals", "place", "kpps")}
    answers = {name: value for name, value in answers.items() if value in ANSWERS}
    missing = [m for m in request.POST.getlist("missing") if m]
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
            )
            readiness.record_check(election, report, request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:readiness_check", election, code)
        shell.done(request, "Laporan tersimpan. Terima kasih.")
        if not shell.may(request, "readiness.read"):
            return redirect("desk:home", election)
        return redirect("desk:readiness_tps", election, code)
    return render(request, "desk/readiness/check.html", _prompt(about, known, answers, missing, request))


def _prompt(
    about: place_rules.Tps, known: rules.Facts, answers: dict[str, str], missing: list[str], request: shell.Request
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
    return {
        "tps": about,
        "prompt": prompt,
        "step": step,
        "steps": len(PROMPTS),
        "answered": [*answers.items(), *(("missing", m) for m in missing)],
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


@shell.page("readiness.read", thing=_own)
def export(request: shell.Request, election: str) -> HttpResponse:
    """Every TPS with its state and reasons."""
    region = region_of(request.person, request.election.region)
    tps = {t.code: t for t in places.tps_list(election)}
    rows: list[list[Any]] = [["Kode TPS", "TPS", "Desa", "Kecamatan", "Keadaan", "Lewat tenggat", "Sebab"]]
    for v in readiness.verdicts(election, request.at, region):
        t = tps[v.tps]
        late = "ya" if v.late else "tidak"
        rows.append([t.code, t.name, t.desa_name, t.kecamatan_name, STATE_WORDS[v.state.value], late, _why(v)])
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    name = f'attachment; filename="kesiapan-{election}.xlsx"'
    return HttpResponse(table.xlsx({"Kesiapan": rows}), content_type=kind, headers={"Content-Disposition": name})


urlpatterns = [
    path("<slug:election>/kesiapan/", index, name="readiness"),
    path("<slug:election>/kesiapan/batas/", limit, name="readiness_limit"),
    path("<slug:election>/kesiapan/kesiapan.xlsx", export, name="readiness_export"),
    path("<slug:election>/kesiapan/tps/<str:code>/", tps, name="readiness_tps"),
    path("<slug:election>/kesiapan/tps/<str:code>/periksa/", check, name="readiness_check"),
]
SENTENCES: dict[str, str] = {
    "readiness.future": "Pemeriksaan tidak boleh bertanggal sesudah sekarang.",
    "readiness.missing_unnamed": "Pilih barang yang kurang.",
    "readiness.contradiction": "Laporan bertentangan: barang disebut lengkap, tetapi {item} disebut kurang. Mulai dari awal.",
    "readiness.unknown_item": "{item} tidak ada dalam daftar barang pemilihan ini.",
    "readiness.unknown_tps": "TPS {tps} tidak ada dalam pemilihan ini.",
    "readiness.bad_limit": "Batas harus antara 1 dan 336 jam.",
}
TASKS: dict[str, tuple[str, str]] = {"readiness.check": ("Periksa {label}", "desk:readiness_tps")}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {"R14": ("{tps}: KPPS tidak lengkap menurut pemeriksaan di TPS", "desk:readiness_tps")}
