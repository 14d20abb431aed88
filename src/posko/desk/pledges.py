"""Stage pledges: asks and promises, the phone page on which an agency answers, coverage by day, the police's plan as a file."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import evidence as evidence_desk
from posko.desk import recommendations as letters
from posko.desk import shell
from posko.domain import evidence as evidence_rules
from posko.domain import pledges as rules
from posko.domain import record as facts
from posko.formats import picture, table, text
from posko.formats import pledges as printed
from posko.store import access, places, pledges, recommendations

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ACTS = {
    rules.Act.CONFIRM: "Pastikan janji", rules.Act.TAKE: "Catat mulai dipakai", rules.Act.GIVE_BACK: "Catat dikembalikan",
    rules.Act.WITHDRAW: "Tarik janji",
}  # fmt: skip
SAID = {
    rules.Act.CONFIRM: "memastikan", rules.Act.TAKE: "mulai memakai", rules.Act.GIVE_BACK: "mengembalikan", rules.Act.WITHDRAW: "menarik",
    rules.Act.UNDO: "membatalkan langkah sebelumnya",
}  # fmt: skip
CONFLICTS = {
    "asset": "{what} dijanjikan dua kali untuk waktu yang sama",
    "place": "Dua regu Polri di {what}: pastikan orangnya tidak dihitung dua kali",
    "police": "Lebih tipis dari pola {what}: {have} dari {need} polisi",
    "linmas": "Linmas kurang dari pola {what}: {have} dari {need} orang dijanjikan",
}
PLACE_KINDS = {"warehouse": "Gudang", "leg": "Ruas perjalanan", "area": "Wilayah"}
DAYS_SHOWN, MOST_PROOFS, MOST_PROBLEMS = 7, 3, 200


# --- what is shown -------------------------------------------------------------------------------------------------------------


def _where(codes: Iterable[str], known: Mapping[str, rules.Place]) -> str:
    names = [known[code].name if code in known else code for code in codes]
    return ", ".join(names) if len(names) <= 2 else f"{', '.join(names[:2])} dan {len(names) - 2} tempat lain"


def _capacity(kind: rules.Kind, capacity: int) -> str:
    return f"{text.angka(capacity)} {rules.UNITS.get(kind, '')}".strip() if capacity else ""


def _row(p: rules.Pledge, known: Mapping[str, rules.Place]) -> dict[str, Any]:
    state, word = printed.STATES[p.state]
    return {
        "p": p, "kind": printed.KINDS[p.kind], "owner": printed.AGENCIES[p.owner], "state": state, "word": word,
        "capacity": _capacity(p.kind, p.capacity), "where": _where(p.places, known), "people": p.kind in rules.PEOPLE,
    }  # fmt: skip


def _ask_row(a: rules.Answered, known: Mapping[str, rules.Place]) -> dict[str, Any]:
    state, word = printed.ANSWERS[a.answer]
    return {
        "a": a, "ask": a.ask, "kind": printed.KINDS[a.ask.kind], "agency": printed.AGENCIES[a.ask.agency],
        "asker": printed.AGENCIES.get(a.ask.asker, a.ask.asker), "state": "overdue" if a.overdue else state,
        "word": f"{word}, lewat tenggat" if a.overdue else word, "where": _where(a.ask.places, known),
        "capacity": _capacity(a.ask.kind, a.ask.capacity), "reason": printed.REASONS.get(a.ask.reason, ""),
        "open": a.answer in {rules.Answer.OPEN, rules.Answer.PARTLY}, "missing": max(0, a.ask.count - a.offered),
    }  # fmt: skip


def _conflict(c: rules.Conflict, known: Mapping[str, rules.Place]) -> dict[str, Any]:
    what = known[c.what].name if c.kind == "place" and c.what in known else c.what
    return {"c": c, "text": CONFLICTS[c.kind].format(what=what, have=text.angka(c.have), need=text.angka(c.need))}


@shell.page("pledges.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Asks, promises, and where they collide."""
    found, known = pledges.standing(election, request.at), pledges.known_places(election)
    owner, kind = request.GET.get("lembaga", ""), request.GET.get("jenis", "")
    shown = [p for p in found.pledges if (not owner or p.owner == owner) and (not kind or p.kind.value == kind)]
    shown.sort(key=lambda p: (not p.live, p.from_at, p.code))
    asks = [a for a in found.asks if not owner or a.ask.agency == owner]
    asks.sort(key=lambda a: (not a.overdue, a.answer not in {rules.Answer.OPEN, rules.Answer.PARTLY}, a.ask.need_by_at))
    context = {
        "rows": [_row(p, known) for p in shown],
        "asks": [_ask_row(a, known) for a in asks],
        "conflicts": [_conflict(c, known) for c in found.conflicts],
        "live": len(found.usable(firm=False)),
        "firm": len(found.usable()),
        "open": sum(a.answer in {rules.Answer.OPEN, rules.Answer.PARTLY} for a in found.asks),
        "overdue": len(found.overdue),
        "owner": owner,
        "kind": kind,
        "owners": [(code, printed.AGENCIES[code]) for code in rules.AGENCIES],
        "kinds": [(k.value, word) for k, word in printed.KINDS.items()],
        "agency": request.person.agency,
        "any": bool(found.pledges or found.asks),
        **_may(request),
    }
    return render(request, "desk/pledges/index.html", context)


def _may(request: shell.Request) -> dict[str, bool]:
    return {f"may_{act}": shell.may(request, f"pledges.{act}") for act in ("ask", "make", "use", "write")}


# --- asking and answering --------------------------------------------------------------------------------------------------------


def _number(typed: str) -> int:
    tidy = typed.strip().replace(".", "")
    return int(tidy) if tidy.isascii() and tidy.isdigit() and len(tidy) < 10 else 0


def _at(request: shell.Request, name: str) -> datetime:
    found = printed.moment(request.POST.get(name, "")[:25])
    if found is None:
        raise rules.BadSpan(days=rules.LONGEST.days)
    return found


def _kind(typed: str, agency: str) -> rules.Kind:
    try:
        return rules.Kind(typed)
    except ValueError as error:
        raise rules.NotTheirs(agency=agency, kind=typed[:12]) from error


def _places(request: shell.Request) -> tuple[str, ...]:
    written = request.POST.get("tps", "").replace(",", " ").replace(";", " ").split()
    return tuple(p for p in [*request.POST.getlist("places"), *written] if p)[:600]


def _choices(election: str) -> list[tuple[str, list[tuple[str, str]]]]:
    known = pledges.known_places(election).values()
    return [(word, [(p.code, p.name) for p in known if p.kind == kind]) for kind, word in PLACE_KINDS.items()]


def _form(request: shell.Request, election: str, value: Mapping[str, Any], agencies: Iterable[str]) -> dict[str, Any]:
    posted = request.POST
    names = ("agency", "kind", "count", "capacity", "asset", "from_at", "until_at", "need_by_at", "pattern", "tps")
    typed = {n: posted.get(n, "") for n in names} if request.method == "POST" else dict(value)
    chosen = posted.getlist("places") if request.method == "POST" else list(value.get("places", ()))
    return {
        "value": typed, "chosen": chosen, "groups": _choices(election),
        "kinds": [(printed.AGENCIES[a], [(k.value, printed.KINDS[k]) for k in rules.KINDS_OF[a]]) for a in agencies],
        "agencies": [(a, printed.AGENCIES[a]) for a in agencies], "patterns": list(rules.PATTERNS.values()),
    }  # fmt: skip


@shell.page("pledges.ask")
def ask(request: shell.Request, election: str) -> HttpResponse:
    """Ask an agency for something."""
    if request.method == "POST":
        posted = request.POST
        try:
            agency = posted.get("agency", "")
            asked = rules.Ask(
                "", agency, _kind(posted.get("kind", ""), agency), _number(posted.get("count", "")), _places(request),
                _at(request, "from_at"), _at(request, "until_at"), _at(request, "need_by_at"), _number(posted.get("capacity", "")),
                posted.get("asset", ""),
            )  # fmt: skip
            code = pledges.ask(election, asked, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Permintaan {code} dikirim ke Tugas saya di {printed.AGENCIES[agency]}.")
            return redirect("desk:pledges", election)
    start = request.election.voting_at - timedelta(days=2)
    value = {
        "agency": "PEMDA", "kind": "vehicle", "count": "1", "from_at": text.form_moment(start),
        "until_at": text.form_moment(request.election.voting_at),
        "need_by_at": text.form_moment(start - timedelta(days=7)) if start - timedelta(days=7) > request.at else "",
    }  # fmt: skip
    return render(request, "desk/pledges/ask.html", _form(request, election, value, rules.AGENCIES))


@shell.page("pledges.ask")
def cancel(request: shell.Request, election: str, code: str) -> HttpResponse:
    """No longer needed."""
    if request.method == "POST":
        try:
            pledges.cancel(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Permintaan {code} dibatalkan.")
    return redirect("desk:pledges", election)


@shell.page("pledges.read")
def asked(request: shell.Request, election: str, code: str) -> HttpResponse:
    """An ask with its answers; on a phone, the page on which the asked agency answers."""
    found = pledges.standing(election, request.at)
    one = next((a for a in found.asks if a.ask.code == code), None)
    if one is None:
        raise Http404(code)
    known = pledges.known_places(election)
    mine = request.person.agency == one.ask.agency and shell.may(request, "pledges.make")
    context = {
        "row": _ask_row(one, known),
        "places": [known[c].name if c in known else c for c in one.ask.places],
        "pledges": [_row(p, known) for p in found.pledges if p.code in one.pledges],
        "mine": mine,
        "may_cancel": not one.ask.ended and request.person.agency == one.ask.asker and shell.may(request, "pledges.ask"),
        "decline_reasons": _reasons(rules.DECLINE_REASONS),
        "cancel_reasons": _reasons(rules.WITHDRAW_REASONS),
        "patterns": list(rules.PATTERNS.values()) if one.ask.kind is rules.Kind.POLICE else [],
        "unit": rules.UNITS.get(one.ask.kind, ""),
        "by": access.names().get(one.ask.person, one.ask.person),
    }
    return render(request, "desk/pledges/asked.html", context)


def _reasons(codes: Iterable[str]) -> list[tuple[str, str]]:
    return [(code, printed.REASONS[code]) for code in codes]


@shell.page("pledges.make")
def answer(request: shell.Request, election: str, code: str) -> HttpResponse:
    """What the asked agency says: yes with so many, or no with a reason."""
    if request.method != "POST":
        return redirect("desk:pledges_asked", election, code)
    posted, actor = request.POST, shell.actor(request)
    try:
        if posted.get("answer") == "decline":
            pledges.decline(election, code, posted.get("reason", ""), actor, request.at)
            shell.done(request, f"{code} dijawab: tidak dapat dipenuhi. Itu jawaban yang sah.")
        else:
            found = pledges.get_ask(election, code, request.at)
            made = rules.Pledge(
                "", actor.agency, found.kind, posted.get("asset", ""), _number(posted.get("count", "")), found.places, found.from_at,
                found.until_at, _number(posted.get("capacity", "")), posted.get("pattern", ""), code,
            )  # fmt: skip
            given = pledges.offer(election, [made], actor, request.at)
            shell.done(request, f"{given[0]} ditawarkan. Pastikan dengan nomor surat atau berkas begitu sudah pasti.")
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    return redirect("desk:pledges_asked", election, code)


@shell.page("pledges.make")
def offer(request: shell.Request, election: str) -> HttpResponse:
    """Promise something nobody asked for."""
    agency = request.person.agency
    if request.method == "POST":
        posted = request.POST
        try:
            made = rules.Pledge(
                "", agency, _kind(posted.get("kind", ""), agency), posted.get("asset", ""), _number(posted.get("count", "")),
                _places(request), _at(request, "from_at"), _at(request, "until_at"), _number(posted.get("capacity", "")),
                posted.get("pattern", ""),
            )  # fmt: skip
            code = pledges.offer(election, [made], shell.actor(request), request.at)[0]
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} ditawarkan. Pastikan dengan nomor surat atau berkas begitu sudah pasti.")
            return redirect("desk:pledges_pledge", election, code)
    start = request.election.voting_at - timedelta(days=2)
    value = {"count": "1", "from_at": text.form_moment(start), "until_at": text.form_moment(request.election.voting_at)}
    return render(request, "desk/pledges/offer.html", _form(request, election, value, [agency]))


# --- one pledge ------------------------------------------------------------------------------------------------------------------


@shell.page("pledges.read")
def pledge(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A promise: what, where, when, its proof, its history, its next step."""
    found, known = pledges.standing(election, request.at), pledges.known_places(election)
    one = next((p for p in found.pledges if p.code == code), None)
    if one is None:
        raise Http404(code)
    names = access.names()
    acts = [a for a in rules.possible(one, request.person.agency) if shell.may(request, _act(a, one))]
    pattern = rules.PATTERNS.get(one.pattern)
    context = {
        "row": _row(one, known),
        "places": [known[c].name if c in known else c for c in one.places],
        "conflicts": [_conflict(c, known) for c in found.conflicts if code in {c.one, c.other}],
        "pattern": pattern,
        "steps": [
            {
                "who": names.get(s.person, s.person), "agency": printed.AGENCIES.get(s.agency, s.agency), "said": SAID[s.act], "at": s.at,
                "reason": printed.REASONS.get(s.reason, ""), "number": s.number, "condition": printed.REASONS.get(s.condition, ""),
            }
            for s in one.steps
        ],
        "by": names.get(one.person, one.person),
        "letters": _letters(request, election, code),
        "acts": [{"act": a.value, "word": ACTS[a], "url": _url(a, one)} for a in acts],
        "undo": "pledges_use" if one.steps and one.steps[-1].agency == "KPU" else "pledges_step",
        "may_undo": rules.undoable(one, request.person.id, request.at),
        "withdraw_reasons": _reasons(rules.WITHDRAW_REASONS),
        "conditions": _reasons(rules.CONDITIONS),
        "most_mb": picture.MOST_BYTES // 1024 // 1024,
        **evidence_desk.context(request, "pledges", f"pledge:{code}"),
    }  # fmt: skip
    context["evidence"]["may_attach"] = False  # a proof comes with its step
    return render(request, "desk/pledges/pledge.html", context)


def _letters(request: shell.Request, election: str, code: str) -> list[dict[str, Any]]:
    """Recommendations that lean on a promise, as far as this person reads them."""
    if not shell.may(request, "recommendations.read"):
        return []
    found = recommendations.readable(recommendations.using(election, code, request.at), request.person, request.at)
    return [{"rec": rec, "state": letters.STATES[rec.state][0], "word": letters.STATES[rec.state][1]} for rec in found]


def _url(act: rules.Act, one: rules.Pledge) -> str:
    return "desk:pledges_use" if _act(act, one) == "pledges.use" else "desk:pledges_step"


def _act(act: rules.Act, one: rules.Pledge) -> str:
    return "pledges.use" if rules.STEPS[one.state][act][1] == "KPU" else "pledges.make"


def _step(request: shell.Request, election: str, code: str) -> HttpResponse:
    posted = request.POST
    if request.method != "POST":
        return redirect("desk:pledges_pledge", election, code)
    try:
        act = rules.Act(posted.get("act", "")) if posted.get("act", "") in set(rules.Act) else None
        if act is None:
            raise rules.NoStep(code=code, state="—")
        to = pledges.act(
            election, code, act, shell.actor(request), request.at, reason=posted.get("reason", ""), number=posted.get("number", ""),
            condition=posted.get("condition", ""), proofs=evidence_desk.sent(request, MOST_PROOFS),
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"{code} sekarang {printed.STATES[to][1]}.")
    return redirect("desk:pledges_pledge", election, code)


@shell.page("pledges.make")
def step(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The owner makes firm, withdraws, or undoes."""
    return _step(request, election, code)


@shell.page("pledges.use")
def use(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The KPU takes into use, gives back, or undoes."""
    return _step(request, election, code)


# --- coverage by day -----------------------------------------------------------------------------------------------------------------


def _first_day(request: shell.Request) -> date:
    try:
        return date.fromisoformat(request.GET.get("dari", "")[:10])
    except ValueError:
        return request.election.voting_at.astimezone(text.WIB).date() - timedelta(days=DAYS_SHOWN - 1)


def _covered(request: shell.Request, election: str, days: list[date]) -> dict[str, Any]:
    known, listed = pledges.known_places(election), pledges.listing(election, request.at)
    cells = rules.calendar(listed, known, days)
    rows: list[dict[str, Any]] = [
        {"place": p, "group": PLACE_KINDS[p.kind], "cells": cells[p.code], "dated": _dated(days, cells[p.code])}
        for p in known.values()
        if p.kind in {"warehouse", "leg"} and (p.kind == "warehouse" or any(c.total for c in cells[p.code]))
    ]
    legs = [p for p in known.values() if p.kind == "leg"]
    stations: dict[str, list[str]] = {}
    for tps in places.tps_list(election):
        stations.setdefault(tps.kecamatan_code, []).append(tps.code)
    names = {k.code: k.name for k in places.kecamatan_list(request.election.region)}
    tps_rows: list[dict[str, Any]] = [
        {
            "code": code, "name": names.get(code, code), "tps": len(codes),
            "cells": [sum(cells[c][n].police > 0 for c in codes) for n in range(len(days))],
            "people": [_people(listed, codes, day) for day in days],
        }
        for code, codes in sorted(stations.items())
    ]  # fmt: skip
    for row in tps_rows:
        row["dated"] = list(zip(days, row["cells"], row["people"], strict=True))
    total = [sum(r["cells"][n] for r in tps_rows) for n in range(len(days))]
    everywhere = [c for codes in stations.values() for c in codes]
    people = [_people(listed, everywhere, day) for day in days]
    return {
        "rows": rows, "tps_rows": tps_rows, "totals": list(zip(days, total, people, strict=True)), "tps": sum(r["tps"] for r in tps_rows),
        "legs": len(legs), "legs_shown": sum(r["place"].kind == "leg" for r in rows),
    }  # fmt: skip


def _dated(days: Iterable[date], cells: Iterable[rules.Cell]) -> list[dict[str, Any]]:
    """Every cell with its day: on a phone the head of the table is not shown."""
    return [{"day": day, "cell": cell} for day, cell in zip(days, cells, strict=True)]


def _people(listed: Iterable[rules.Pledge], codes: Iterable[str], day: date) -> int:
    """Police at these TPS on a day: every team once, however many TPS it guards."""
    wanted, start = frozenset(codes), datetime.combine(day, datetime.min.time(), text.WIB)
    end = start + timedelta(days=1)
    return sum(
        p.count
        for p in listed
        if p.live and p.kind is rules.Kind.POLICE and p.from_at < end and p.until_at > start and wanted.intersection(p.places)
    )


@shell.page("pledges.read")
def calendar(request: shell.Request, election: str) -> HttpResponse:
    """What is promised per warehouse, leg and TPS, day by day."""
    first = _first_day(request)
    days = [first + timedelta(days=n) for n in range(DAYS_SHOWN)]
    chosen = request.GET.get("kecamatan", "")
    stations = [t for t in places.tps_list(election) if t.kecamatan_code == chosen]
    cells = rules.calendar(pledges.listing(election, request.at), (t.code for t in stations), days)
    context = {
        "chosen": chosen, "stations": [{"tps": t, "dated": _dated(days, cells[t.code])} for t in stations],
        "days": days, "voting": request.election.voting_at.astimezone(text.WIB).date(), "before": first - timedelta(days=DAYS_SHOWN),
        "after": first + timedelta(days=DAYS_SHOWN), **_covered(request, election, days),
    }  # fmt: skip
    return render(request, "desk/pledges/calendar.html", context)


# --- files ---------------------------------------------------------------------------------------------------------------------------


@shell.page("pledges.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """Promises, asks, conflicts, coverage of the days shown."""
    found, known = pledges.standing(election, request.at), pledges.known_places(election)
    first = _first_day(request)
    days = [first + timedelta(days=n) for n in range(DAYS_SHOWN)]
    covered = _covered(request, election, days)
    listed: list[list[Any]] = [
        ["Kode", "Lembaga", "Jenis", "Kode barang atau regu", "Jumlah", "Kapasitas", "Satuan", "Tempat", "Mulai", "Selesai", "Keadaan",
         "Bukti (nomor)", "Alasan", "Pola", "Permintaan", "Tanda"],
    ]  # fmt: skip
    for p in found.pledges:
        row = _row(p, known)
        number = next((s.number for s in reversed(p.steps) if s.number), "")
        reason = printed.REASONS.get(p.steps[-1].reason, "") if p.steps else ""
        listed.append(
            [p.code, row["owner"], row["kind"], p.asset, p.count, p.capacity or "", rules.UNITS.get(p.kind, ""),
             "; ".join(known[c].name if c in known else c for c in p.places), text.waktu(p.from_at), text.waktu(p.until_at), row["word"],
             number, reason, p.pattern, p.ask, p.mark]
        )  # fmt: skip
    asks: list[list[Any]] = [
        ["Kode", "Diminta dari", "Oleh", "Jenis", "Diminta", "Dijanjikan", "Pasti", "Jawab sebelum", "Keadaan", "Alasan", "Tanda"]
    ]
    asks += [
        [r["ask"].code, r["agency"], r["asker"], r["kind"], r["ask"].count, r["a"].offered, r["a"].firm, text.waktu(r["ask"].need_by_at),
         r["word"], r["reason"], r["ask"].mark]
        for r in (_ask_row(a, known) for a in found.asks)
    ]  # fmt: skip
    clashes = [["Janji", "Lawan", "Soal", "Dari", "Sampai"]]
    clashes += [[c.one, c.other, _conflict(c, known)["text"], text.waktu(c.from_at), text.waktu(c.until_at)] for c in found.conflicts]
    cover: list[list[Any]] = [["Tempat", *(text.tanggal_pendek(d) for d in days)]]
    cover += [[r["place"].name, *(c.total for c in r["cells"])] for r in covered["rows"]]
    cover += [[f"Kec. {r['name']}: TPS dengan Polri, dari {r['tps']}", *r["cells"]] for r in covered["tps_rows"]]
    data = table.xlsx({"Janji": listed, "Permintaan": asks, "Bentrokan": clashes, "Liputan": cover})
    return _xlsx(data, "janji-dukungan")


def _xlsx(data: bytes, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'})


@shell.page("pledges.write")
def template(request: shell.Request, election: str) -> HttpResponse:
    """Every TPS with empty columns for team, people and time, and the list of patterns."""
    rows: list[list[Any]] = [list(printed.HEADER)]
    rows += [[t.code, t.name, t.desa_name, "", "", "", "", ""] for t in places.tps_list(election)]
    return _xlsx(table.xlsx({"Personel": rows, "Pola": printed.patterns_sheet()}), "contoh-personel-tps")


@shell.page("pledges.write")
def upload(request: shell.Request, election: str) -> HttpResponse:
    """The police's plan per TPS: checked whole, taken whole or not at all."""
    context: dict[str, Any] = {}
    given = request.FILES.get("file")
    if request.method == "POST" and given is not None:
        try:
            data = shell.table_bytes(given)
            units, problems = printed.read(str(given.name), data, (t.code for t in places.tps_list(election)))
            if not problems:
                batch = hashlib.sha256(data).hexdigest()
                made = [_pledged(request, u) for u in units]
                codes = pledges.offer(election, made, shell.actor(request), request.at, batch)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            if not problems:
                guarded = len({t for u in units for t in u.tps})
                shell.done(
                    request,
                    f"{len(codes)} regu, {text.angka(sum(u.count for u in units))} personel untuk {text.angka(guarded)} TPS ditawarkan.",
                )
                return redirect("desk:pledges", election)
            context["problems"] = [{"p": p, "text": printed.sentence(p)} for p in problems[:MOST_PROBLEMS]]
            context["more"] = max(0, len(problems) - MOST_PROBLEMS)
            context["number"] = len(problems)
    elif request.method == "POST":
        shell.refused(request, evidence_rules.NoFile())
    return render(request, "desk/pledges/upload.html", context)


def _pledged(request: shell.Request, unit: printed.Unit) -> rules.Pledge:
    return rules.Pledge(
        "", request.person.agency, rules.Kind.POLICE, unit.code, unit.count, unit.tps, unit.from_at, unit.until_at, 0, unit.pattern
    )


urlpatterns = [
    path("<slug:election>/janji/", index, name="pledges"),
    path("<slug:election>/janji/minta/", ask, name="pledges_ask"),
    path("<slug:election>/janji/tawarkan/", offer, name="pledges_offer"),
    path("<slug:election>/janji/liputan/", calendar, name="pledges_calendar"),
    path("<slug:election>/janji/ekspor.xlsx", export, name="pledges_export"),
    path("<slug:election>/janji/impor/", upload, name="pledges_import"),
    path("<slug:election>/janji/contoh.xlsx", template, name="pledges_template"),
    path("<slug:election>/janji/permintaan/<slug:code>/", asked, name="pledges_asked"),
    path("<slug:election>/janji/permintaan/<slug:code>/jawab/", answer, name="pledges_answer"),
    path("<slug:election>/janji/permintaan/<slug:code>/batal/", cancel, name="pledges_cancel"),
    path("<slug:election>/janji/<slug:code>/", pledge, name="pledges_pledge"),
    path("<slug:election>/janji/<slug:code>/langkah/", step, name="pledges_step"),
    path("<slug:election>/janji/<slug:code>/pakai/", use, name="pledges_use"),
]
SENTENCES: dict[str, str] = {
    "pledges.not_theirs": "{agency} tidak dapat menjanjikan itu. Personel Polri dari Polres; gedung, genset, BPBD, dan Linmas dari Pemda.",
    "pledges.bad_asset": "Tulis kode barang atau regu: huruf besar, angka, titik, garis, 2 sampai 24 tanda. Contoh: BPBD-TRUK-1.",
    "pledges.bad_count": "Jumlah adalah bilangan bulat 1 sampai {most}.",
    "pledges.bad_span": "Periksa waktu: selesai sesudah mulai, belum lewat, dan paling lama {days} hari.",
    "pledges.bad_need_by": "Batas jawaban harus sesudah sekarang dan tidak sesudah barangnya diperlukan.",
    "pledges.unknown_place": "Pilih paling sedikit satu tempat dari daftar, atau kode TPS yang ada. Tidak dikenal: {place}.",
    "pledges.unknown_pattern": "Pola {pattern} tidak ada dalam daftar, atau bukan untuk jenis ini.",
    "pledges.unknown": "{code} tidak ada.",
    "pledges.other_agency": "Ini bagian {agency}. Anda dapat melihatnya, tidak menjawabnya.",
    "pledges.ask_over": "Permintaan {ask} sudah berakhir. Minta lagi bila masih perlu.",
    "pledges.ask_other": "Permintaan {ask} untuk jenis lain.",
    "pledges.no_step": "{code} tidak dapat dilangkahkan begitu dari keadaannya sekarang. Muat ulang halamannya.",
    "pledges.proof_missing": "Janji menjadi pasti dengan bukti: tulis nomor surat, atau lampirkan berkas.",
    "pledges.bad_reason": "Pilih alasan dari daftar.",
    "pledges.too_late": "Langkah hanya dapat dibatalkan oleh pelakunya dalam sepuluh menit. Sesudah itu catat langkah berikutnya.",
    "pledges.same_file": "Berkas yang sama sudah pernah diambil; tidak ada yang berubah.",
}
TASKS: dict[str, tuple[str, str]] = {
    "pledges.answer": ("Jawab permintaan {label}", "desk:pledges_asked"),
    "pledges.confirm": ("Pastikan janji {label} dengan bukti", "desk:pledges_pledge"),
    "pledges.take": ("Ambil {label} dan catat mulai dipakai", "desk:pledges_pledge"),
    "pledges.give_back": ("Kembalikan {label} dan catat", "desk:pledges_pledge"),
    "pledges.late": ("Tanyakan permintaan {label}: belum dijawab penuh, lewat tenggat", "desk:pledges"),
}
HITS: dict[str, str] = {"pledge": "desk:pledges_pledge"}
