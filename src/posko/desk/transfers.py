"""Stage transfers: screens."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import labels
from posko.domain import places as place_rules
from posko.domain import record as facts
from posko.domain import transfers as rules
from posko.formats import document, table, text
from posko.formats import transfers as printed
from posko.store import access, needs, places, record, regulation, transfers

PHASE_WORDS = {"packing": "sebelum hari pemungutan", "opening": "saat kotak dibuka", "voting": "saat pemungutan berlangsung"}
WHY_WORDS = {
    "": "dapat membantu",
    "other_dapil": "daerah pemilihan lain",
    "nothing_to_spare": "tidak punya kelebihan",
    "unknown_way": "waktu tempuh belum diketahui",
    "too_late": "tiba sesudah batas waktu",
}
FAULT_WORDS = {
    "gives_too_much": "{giver} tidak lagi punya cukup kelebihan",
    "gets_too_much": "{receiver} tidak lagi kekurangan sebanyak itu",
    "too_late": "sekarang sudah terlambat untuk tiba sebelum batas waktu",
    "too_fast": "waktu tempuh {giver} ke {receiver} bertambah",
    "unknown_way": "jalan dari {giver} ke {receiver} tidak diketahui lagi",
}
STATES = {
    "proposed": ("waiting", "menunggu keputusan"),
    "refused": ("refused", "ditolak"),
    "approved": ("waiting", "disetujui, belum berangkat"),
    "sent": ("waiting", "dalam perjalanan"),
    "received": ("done", "diterima lengkap"),
    "differs": ("overdue", "diterima, jumlah berbeda"),
    "cancelled": ("refused", "dibatalkan"),
}
MOST_MATCHES = 30


# --- whose things these are ----------------------------------------------------------------------------------------------


def _thing(place: str) -> access_rules.Thing:
    return access_rules.Thing(kind="transfers", id="", place=place, owner="", classification="biasa")


def _reach(request: shell.Request, act: str) -> str:
    return access_rules.reach(request.person, act, request.election.region, request.at)


def _at_tps(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    del election
    inside = access_rules.within(code, request.election.region)
    return _thing(code if inside else _reach(request, "transfers.report"))


def _trip_ends(request: shell.Request, election: str, code: str) -> tuple[str, ...]:
    try:
        leg = transfers.get_transfer(election, code, request.at).leg
    except rules.UnknownThing:
        return ()
    return (leg.giver, leg.receiver)


def _own_trip(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    """A trip belongs to whoever has one of its ends."""
    mine = _reach(request, "transfers.read")
    ends = _trip_ends(request, election, code)
    return _thing(next((end for end in ends if access_rules.within(end, mine)), ends[0] if ends else mine))


def _giving(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    ends = _trip_ends(request, election, code)
    return _thing(ends[0] if ends else _reach(request, "transfers.write"))


def _receiving(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    ends = _trip_ends(request, election, code)
    return _thing(ends[1] if ends else _reach(request, "transfers.write"))


def _last_step(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    try:
        trip = transfers.get_transfer(election, code, request.at)
    except rules.UnknownThing:
        return _thing(_reach(request, "transfers.write"))
    return _thing(trip.leg.receiver if trip.received else trip.leg.giver)


def _own_proposal(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    mine = _reach(request, "transfers.read")
    try:
        legs = transfers.get_proposal(election, code, request.at).legs
    except rules.UnknownThing:
        return _thing(mine)
    ends = [end for leg in legs for end in (leg.giver, leg.receiver)]
    return _thing(next((end for end in ends if access_rules.within(end, mine)), request.election.region))


def _own_count(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    try:
        return _thing(transfers.get_count(election, code, request.at).tps)
    except rules.UnknownThing:
        return _thing(_reach(request, "transfers.read"))


# --- the list ------------------------------------------------------------------------------------------------------------


@shell.page("transfers.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Who is short, who has too many, what is proposed, what is on its way."""
    mine = _reach(request, "transfers.read")
    held = [h for h in transfers.holdings(election, request.at) if access_rules.within(h.tps, mine)]
    made = transfers.proposals(election, request.at)
    trips = [t for t in transfers.transfers(election, request.at) if _touches((t.leg.giver, t.leg.receiver), mine)]
    shown = {h.tps for h in held} | {end for t in trips for end in (t.leg.giver, t.leg.receiver)}
    names = transfers.tps_names(election, shown)
    items = _items(election, request.at)
    rows = [_holding_row(h, names, items, estimate=_estimate(election, request.at)) for h in held]
    short = [r for r in rows if r["lacking"]]
    over = [r for r in rows if r["over"]]
    total = sum(access_rules.within(t.code, mine) for t in places.tps_list(election))
    context = {
        "short": short,
        "over": over,
        "even": len(rows) - len(short) - len(over),
        "sums": _sums(rows),
        "counted_tps": len({h.tps for h in held}),
        "tps_total": total,
        "proposals": [
            _proposal_row(p, items, [t for t in trips if t.proposal == p.code])
            for p in reversed(made)
            if any(_touches((leg.giver, leg.receiver), mine) for leg in p.legs) or mine == request.election.region
        ],
        "trips": [_trip_row(t, names, items, election) for t in reversed(trips)],
        "may_report": shell.may(request, "transfers.report"),
        "may_propose": shell.may(request, "transfers.propose") and any(r["short"] for r in rows),
    }
    return render(request, "desk/transfers/index.html", context)


def _touches(ends: Iterable[str], region: str) -> bool:
    return any(access_rules.within(end, region) for end in ends)


def _items(election: str, at: datetime) -> dict[str, tuple[str, str]]:
    """item -> (name, unit)."""
    return {i.code: (i.name, i.unit) for i in regulation.rulebook(election, at).items}


def _estimate(election: str, at: datetime) -> bool:
    run = needs.current(election, at)
    return bool(run and run.estimate)


def _holding_row(h: rules.Holding, names: Mapping[str, str], items: Mapping[str, tuple[str, str]], *, estimate: bool) -> dict[str, Any]:
    count = h.count
    return {
        "code": count.code,
        "tps": names.get(h.tps, h.tps),
        "tps_code": h.tps,
        "contest": count.contest,
        "item": items.get(count.item, (count.item, ""))[0],
        "dapil": count.dapil,
        "found": count.found,
        "needed": count.needed,
        "coming": h.coming,
        "leaving": h.leaving,
        "arrived": h.arrived,
        "short": h.short,
        "lacking": h.lacking,
        "over": h.over,
        "phase": PHASE_WORDS[count.phase],
        "at": count.counted_at,
        "mark": count.mark,
        "listed": count.listed,
        "estimate": estimate and count.source == "needs",
    }


def _sums(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        blank = {"contest": row["contest"], "item": row["item"], "short": 0, "lacking": 0, "over": 0, "tps": 0}
        one = found.setdefault((row["contest"], row["item"]), blank)
        one["short"] += row["short"]
        one["lacking"] += row["lacking"]
        one["over"] += row["over"]
        one["tps"] += 1
    return list(found.values())


def _proposal_row(p: rules.Proposal, items: Mapping[str, tuple[str, str]], trips: Iterable[rules.Transfer]) -> dict[str, Any]:
    state, word = ("waiting", "menunggu keputusan")
    if p.decision:
        state, word = ("done", "disetujui") if p.decision.approved else ("refused", "ditolak")
    return {
        "code": p.code,
        "contest": p.contest,
        "item": items.get(p.item, (p.item, ""))[0],
        "covered": p.covered,
        "wanted": p.wanted,
        "trips": len(p.legs),
        "last_at": max((t.leg.arrive_at for t in trips), default=p.last_at),  # what is approved late comes late
        "deadline_at": p.deadline_at,
        "state": state,
        "word": word,
        "mark": p.mark,
    }


def _trip_row(t: rules.Transfer, names: Mapping[str, str], items: Mapping[str, tuple[str, str]], election: str) -> dict[str, Any]:
    leg = t.leg
    state, word = STATES[t.state]
    return {
        "code": leg.code,
        "href": reverse("desk:transfers_trip", args=[election, leg.code]),
        "giver": names.get(leg.giver, leg.giver),
        "receiver": names.get(leg.receiver, leg.receiver),
        "contest": leg.contest,
        "item": items.get(leg.item, (leg.item, ""))[0],
        "pieces": t.sent.pieces if t.sent else leg.pieces,
        "received": t.received.pieces if t.received else None,
        "minutes": leg.minutes,
        "minutes_text": text.menit(leg.minutes),
        "leave_at": leg.leave_at,
        "arrive_at": leg.arrive_at,
        "sea": leg.sea,
        "state": state,
        "word": word,
        "mark": t.mark,
    }


# --- counting ------------------------------------------------------------------------------------------------------------


@shell.page("transfers.report")
def report(request: shell.Request, election: str) -> HttpResponse:
    """Which TPS is counted: scanned, typed, or found by its name."""
    typed = (request.POST.get("code") or request.GET.get("q") or "").strip()[:120]
    matches: list[dict[str, Any]] = []
    if typed:
        try:
            code = labels.read(typed)
        except facts.Refusal:
            code = None
        if code is not None and code.kind == "place" and place_rules.level(code.text.partition(":")[0]) == "tps":
            return redirect("desk:transfers_report_tps", election, code.text)
        matches = _matches(request, election, typed)
        if len(matches) == 1:
            return redirect("desk:transfers_report_tps", election, matches[0]["code"])
    context = {"typed": typed, "matches": matches[:MOST_MATCHES], "more": len(matches) > MOST_MATCHES}
    return render(request, "desk/transfers/report.html", context)


def _matches(request: shell.Request, election: str, typed: str) -> list[dict[str, Any]]:
    """TPS of the person's region whose name has all the words; in a provisional list also "number desa" that it lacks."""
    mine = _reach(request, "transfers.report")
    words = typed.lower().replace("tps", " ").split()
    numbers = [int(w) for w in words if w.isascii() and w.isdigit() and len(w) <= 3]
    rest = [w for w in words if not w.isdigit()]
    if not words or (not rest and not numbers):
        return []
    found = [
        {"code": t.code, "name": f"{t.name} {t.desa_name}", "detail": f"{t.kecamatan_name} · {t.code}", "listed": True}
        for t in places.tps_list(election)
        if access_rules.within(t.code, mine)
        and all(w in t.desa_name.lower() or w in t.kecamatan_name.lower() for w in rest)
        and (not numbers or t.number in numbers)
    ]
    if not request.election.provisional or not rest or len(numbers) != 1:
        return found
    known = {f["code"] for f in found}
    extra = [
        {
            "code": place_rules.tps_code(d.code, numbers[0]),
            "name": f"TPS {numbers[0]:03} {d.name}",
            "detail": f"{d.kecamatan_name} · belum ada dalam daftar TPS sementara",
            "listed": False,
        }
        for d in places.desa_list(request.election.region)
        if access_rules.within(d.code, mine) and all(w in d.name.lower() for w in rest) and numbers[0] > 0
    ]
    return [e for e in extra if e["code"] not in known] + found


@shell.page("transfers.report", thing=_at_tps)
def report_tps(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The counts of one TPS, all contests on one page; what is left empty was not counted."""
    try:
        about = transfers.find_tps(election, code)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:transfers_report", election)
    if request.method == "POST":
        try:
            made = transfers.report_counts(
                election, code, _lines(request), request.POST.get("phase", ""), shell.actor(request), request.at,
                note=request.POST.get("note", "").strip(), reason=request.POST.get("reason", ""),
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, _said(made, _items(election, request.at)))
            return redirect("desk:transfers" if shell.may(request, "transfers.read") else "desk:home", election)
    return render(request, "desk/transfers/report_tps.html", _report_context(request, election, code, about is not None))


def _lines(request: shell.Request) -> list[rules.Reported]:
    def number(name: str) -> int | None:
        typed = request.POST.get(name, "").strip()
        return rules.pieces(typed) if typed else None

    found = []
    for contest in request.election.contests:
        if (count := number(f"found_{contest}")) is not None:
            found.append(rules.Reported(rules.BALLOT, contest, count, number(f"needed_{contest}"), number(f"voters_{contest}")))
    item = request.POST.get("item", "")
    if item and (count := number("found_item")) is not None:
        found.append(rules.Reported(item, "", count, number("needed_item")))
    return found


def _said(made: Iterable[rules.Count], items: Mapping[str, tuple[str, str]]) -> str:
    parts = []
    for count in made:
        what = count.contest.replace("_", " ") or items.get(count.item, (count.item, ""))[0]
        held = rules.Holding(count)
        off = f"kurang {text.angka(held.short)}" if held.short else f"lebih {text.angka(held.over)}" if held.over else "pas"
        parts.append(f"{what} {off}")
    return f"Hitungan tersimpan: {', '.join(parts)}."


def _report_context(request: shell.Request, election: str, code: str, listed: bool) -> dict[str, Any]:
    before = rules.latest(transfers.counts(election, request.at, code))
    lines = []
    for contest in request.election.contests:
        old = before.get((code, rules.BALLOT, contest))
        lines.append(
            {
                "contest": contest,
                "name": printed.CONTESTS.get(contest, contest),
                "need": transfers.known_need(election, code, rules.BALLOT, contest, request.at),
                "old": old,
                "found": request.POST.get(f"found_{contest}", ""),
                "needed": request.POST.get(f"needed_{contest}", str(old.needed) if old else ""),
                "voters": request.POST.get(f"voters_{contest}", str(old.voters) if old and old.voters is not None else ""),
            }
        )
    return {
        "tps_name": transfers.tps_names(election, [code])[code],
        "tps_code": code,
        "listed": listed,
        "lines": lines,
        "items": [(i, name) for i, (name, _) in _items(election, request.at).items() if not i.startswith(rules.BALLOT)],
        "phases": list(PHASE_WORDS.items()),
        "phase": request.POST.get("phase") or _phase(request),
        "recount": any(line["old"] for line in lines),
        "estimate": _estimate(election, request.at),
        "typed": request.POST,
    }


def _phase(request: shell.Request) -> str:
    """What the hour suggests."""
    voting_at = request.election.voting_at
    if record.local_date(request.at) < record.local_date(voting_at):
        return "packing"
    return "opening" if (request.at - voting_at).total_seconds() < 3600 else "voting"


@shell.page("transfers.read", thing=_own_count)
def count(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One count with all it says, and taking it back."""
    try:
        found = transfers.get_count(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:transfers", election)
    gone = transfers.withdrawn(election, code, request.at)
    held = rules.Holding(found)
    name, unit = _items(election, request.at).get(found.item, (found.item, ""))
    context = {
        "count": found,
        "held": held,
        "name": printed.goods(name, found.contest),
        "unit": unit,
        "tps_name": transfers.tps_names(election, [found.tps])[found.tps],
        "phase": PHASE_WORDS[found.phase],
        "withdrawn": gone,
        "alone": rules.may_undo_alone(found.person, request.person.id, found.counted_at, request.at),
        "alone_until": found.counted_at + rules.UNDO_FOR,
        "may_report": shell.may(request, "transfers.report", _thing(found.tps)),
        "estimate": found.source == "needs" and _estimate(election, request.at),
    }
    return render(request, "desk/transfers/count.html", context)


@shell.page("transfers.report", thing=_own_count)
def withdraw(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Take a count back."""
    if request.method == "POST":
        try:
            second = _second(request, "transfers.report")
            transfers.withdraw_count(election, code, request.POST.get("reason", ""), shell.actor(request), request.at, second)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Hitungan ditarik. Catatan lamanya tetap tersimpan.")
            return redirect("desk:transfers", election)
    return redirect("desk:transfers_count", election, code)


def _second(request: shell.Request, act: str) -> facts.Actor | None:
    """The second person where the form names one; the rule says whether one is needed."""
    return access.actor(shell.countersigned(request, act)) if request.POST.get("second", "").strip() else None


# --- proposals -----------------------------------------------------------------------------------------------------------


@shell.page("transfers.propose")
def compute(request: shell.Request, election: str) -> HttpResponse:
    """Compute a proposal for one line; where nothing is possible, the reason of every TPS."""
    options: list[dict[str, Any]] = []
    if request.method == "POST":
        try:
            item, contest, keeping, leave_at, deadline_at = _terms(request)
            made = transfers.propose(
                election, item, contest, keeping, leave_at, deadline_at, shell.actor(request), request.at, request.POST.get("basis", "")
            )
        except rules.NothingPossible as refusal:
            shell.refused(request, refusal)
            asked = transfers.question(election, item, contest, keeping, leave_at, deadline_at, request.at)
            options = _options(election, asked, {})
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Usulan {made.code} dibuat: {text.angka(made.covered)} dari {text.angka(made.wanted)} tertutup.")
            return redirect("desk:transfers_proposal", election, made.code)
    items = _items(election, request.at)
    choices = [
        {"value": f"{item}~{contest}", "label": f"{printed.goods(items.get(item, (item, ''))[0], contest)}: kurang {text.angka(number)}"}
        for (item, contest), number in sorted(transfers.lines_short(election, request.at).items())
    ]
    context = {"choices": choices, "typed": request.POST or _defaults(request), "options": options, "limits": transfers.LIMITS}
    if options:
        context["leave_at"] = leave_at
    return render(request, "desk/transfers/compute.html", context)


def _terms(request: shell.Request) -> tuple[str, str, rules.Keeping, datetime, datetime]:
    item, _, contest = request.POST.get("line", "").partition("~")
    keeping = rules.Keeping()
    if request.POST.get("keep") == "voters":
        keeping = rules.Keeping(True, rules.pieces(request.POST.get("floor") or "0"), request.POST.get("keep_reason", "")[:400])
    leave_at = _moment(request.POST.get("leave_day", ""), request.POST.get("leave_time", ""))
    deadline_at = _moment(request.POST.get("deadline_day", ""), request.POST.get("deadline_time", ""))
    # Nothing leaves in the past: who types an hour gone by means as soon as possible.
    return item, contest, keeping, max(leave_at, request.at), deadline_at


def _moment(day: str, hour: str) -> datetime:
    try:
        return (
            datetime.strptime(f"{day.strip()} {hour.strip().replace('.', ':')}", "%Y-%m-%d %H:%M").replace(tzinfo=text.WIB).astimezone(UTC)
        )
    except ValueError:
        raise rules.NotAMoment(typed=f"{day} {hour}".strip()[:30]) from None


def _defaults(request: shell.Request) -> dict[str, str]:
    now = request.at.astimezone(text.WIB)
    opening = request.election.voting_at.astimezone(text.WIB)
    early = request.at < request.election.voting_at
    return {
        "keep": "need",
        "floor": "0",
        "leave_day": now.strftime("%Y-%m-%d"),
        "leave_time": now.strftime("%H:%M"),
        "deadline_day": opening.strftime("%Y-%m-%d"),
        "deadline_time": opening.strftime("%H:%M") if early else "",
    }


def _options(election: str, asked: rules.Question, used: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Every TPS that was looked at for each TPS in need, with its reason; the ones used first."""
    names = transfers.tps_names(election, {end for o in asked.options for end in (o.giver, o.receiver)})
    rows = []
    for o in asked.options:
        number = used.get((o.giver, o.receiver), 0)
        why = WHY_WORDS[o.why] if not number else f"diusulkan: {text.angka(number)}"
        if not o.why and not number:
            why = "dapat membantu, tidak diperlukan" if used else WHY_WORDS[""]
        rows.append(
            {
                "giver": names[o.giver],
                "giver_code": o.giver,
                "receiver": names[o.receiver],
                "spare": o.spare,
                "minutes": o.minutes,
                "minutes_text": text.menit(o.minutes) if o.minutes is not None else "",
                "arrive_at": o.arrive_at,
                "sea": o.sea,
                "why": why,
                "state": "done" if number else "plain" if not o.why else "refused",
                "order": (o.receiver, -number, bool(o.why), o.minutes if o.minutes is not None else 1 << 30, o.giver),
            }
        )
    return sorted(rows, key=lambda r: r["order"])


@shell.page("transfers.read", thing=_own_proposal)
def proposal(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A proposal: its trips, why these, why not others, and the decision."""
    try:
        found = transfers.get_proposal(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:transfers", election)
    asked = transfers.question(election, found.item, found.contest, found.keeping, found.leave_at, found.deadline_at, found.proposed_at)
    trips = [t for t in transfers.transfers(election, request.at) if t.proposal == code]
    names = transfers.tps_names(election, {end for t in trips for end in (t.leg.giver, t.leg.receiver)})
    items = _items(election, request.at)
    dapil = {asked.dapil[r] for r in asked.wants}
    head = any(g.role == "kpu.pimpinan" and g.holds(request.at) for g in request.person.grants)
    context = {
        "proposal": found,
        **_proposal_row(found, items, trips),
        "name": printed.goods(items.get(found.item, (found.item, ""))[0], found.contest),
        "trip_rows": [_trip_row(t, names, items, election) for t in trips],
        "trip_minutes": text.menit(sum(leg.minutes for leg in found.legs)),
        "options": _options(election, asked, {(leg.giver, leg.receiver): leg.pieces for leg in found.legs}),
        "uncounted": sum(transfers.uncounted(election, found.item, found.contest, d, found.proposed_at) for d in dapil),
        "limits": transfers.LIMITS,
        "leave_at": found.leave_at,
        "may_decide": head and found.decision is None and found.person != request.person.id,
        "own": found.person == request.person.id,
    }
    return render(request, "desk/transfers/proposal.html", context)


@shell.page("transfers.write")
def decide(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The head of the KPU approves or refuses."""
    if request.method == "POST":
        approve = request.POST.get("answer") == "yes"
        try:
            transfers.decide(election, code, approve, request.POST.get("reason", ""), request.person, request.at)
        except rules.Changed as refusal:
            shell.refused(request, _explained(election, refusal))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Usulan disetujui. Pemberi dapat menyerahkan." if approve else "Usulan ditolak; alasannya tercatat.")
    return redirect("desk:transfers_proposal", election, code)


def _explained(election: str, refusal: rules.Changed) -> rules.Changed:
    """The same refusal with the fault in words and TPS by name."""
    giver, receiver = str(refusal.facts["giver"]), str(refusal.facts["receiver"])
    names = transfers.tps_names(election, [c for c in (giver, receiver) if c])
    words = FAULT_WORDS.get(str(refusal.facts["first"]), "keadaannya sudah lain")
    return rules.Changed(first=words.format(giver=names.get(giver, ""), receiver=names.get(receiver, "")))


# --- trips ---------------------------------------------------------------------------------------------------------------


@shell.page("transfers.read", thing=_own_trip)
def trip(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One trip: what happened, and the next step as one prompt."""
    try:
        found = transfers.get_transfer(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:transfers", election)
    leg = found.leg
    items = _items(election, request.at)
    step = found.received or found.sent
    may_give, may_take = (shell.may(request, "transfers.write", _thing(end)) for end in (leg.giver, leg.receiver))
    fixer = may_take if found.received else may_give
    context = {
        "trip": found,
        **_trip_row(found, transfers.tps_names(election, [leg.giver, leg.receiver]), items, election),
        "name": printed.goods(items.get(leg.item, (leg.item, ""))[0], leg.contest),
        "unit": items.get(leg.item, ("", ""))[1],
        "difference": abs(found.difference),
        "approved": leg.pieces,
        "may_send": may_give and found.state == "approved",
        "may_receive": may_take and found.state == "sent",
        "may_correct": fixer and step is not None and found.cancelled_at is None,
        "alone": step is not None and rules.may_undo_alone(step.person, request.person.id, step.at, request.at),
        "alone_until": step.at + rules.UNDO_FOR if step else None,
        "step": step,
    }
    return render(request, "desk/transfers/trip.html", context)


@shell.page("transfers.write", thing=_giving)
def send(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Pieces leave the giver."""
    if request.method == "POST":
        try:
            number = rules.pieces(request.POST.get("pieces", ""))
            transfers.send(election, code, number, shell.actor(request), request.at, request.POST.get("note", ""))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(number)} berangkat. Beri tahu penerima.")
    return redirect("desk:transfers_trip", election, code)


@shell.page("transfers.write", thing=_receiving)
def receive(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Pieces are counted in at the receiver."""
    if request.method == "POST":
        try:
            number = rules.pieces(request.POST.get("pieces", ""))
            off = transfers.receive(election, code, number, shell.actor(request), request.at, request.POST.get("note", ""))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            words = (
                "sama dengan yang berangkat"
                if off == 0
                else f"{'lebih' if off > 0 else 'kurang'} {text.angka(abs(off))}; hitung ulang berdua"
            )
            shell.done(request, f"{text.angka(number)} diterima, {words}.")
    return redirect("desk:transfers_trip", election, code)


@shell.page("transfers.write", thing=_last_step)
def correct(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Another number for the last step."""
    if request.method == "POST":
        try:
            number = rules.pieces(request.POST.get("pieces", ""))
            second = _second(request, "transfers.write")
            transfers.correct(election, code, number, request.POST.get("reason", ""), shell.actor(request), request.at, second)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Jumlah dibetulkan; catatan lama tetap tersimpan.")
    return redirect("desk:transfers_trip", election, code)


@shell.page("transfers.write", thing=_giving)
def cancel(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Call off a trip that has not left."""
    if request.method == "POST":
        try:
            transfers.cancel(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Penggeseran dibatalkan; barangnya bebas untuk usulan lain.")
    return redirect("desk:transfers_trip", election, code)


@shell.page("transfers.read", thing=_own_trip)
def minutes(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The berita acara, A4 or F4; a print is counted, so it is asked for by a button."""
    if request.method != "POST":
        return redirect("desk:transfers_trip", election, code)
    try:
        found = transfers.get_transfer(election, code, request.at)
        if found.approved_at is None:
            raise rules.WrongStep(transfer=code, step=found.state)
        values = paper(request.election, found, request.at, "a4" if request.POST.get("paper") == "a4" else "f4")
        transfers.print_minutes(election, code, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:transfers_trip", election, code)
    step = found.received or found.sent
    data = document.pdf("ba-geser", values, step.at if step else found.approved_at)
    name = f'inline; filename="berita-acara-{code}.pdf"'
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})


def paper(election: facts.Election, found: rules.Transfer, at: datetime, size: str) -> dict[str, Any]:
    """The values of the printed berita acara; the same trip in the same state always gives the same values."""
    leg = found.leg
    about = transfers.get_proposal(election.code, found.proposal, at)
    # What both held when it was approved, before this proposal's own promises: as of the proposal.
    held = {(h.tps, h.count.item, h.count.contest): h for h in transfers.holdings(election.code, about.proposed_at)}
    name, unit = _items(election.code, at).get(leg.item, (leg.item, ""))
    place = places.region_name(election.region)
    step = found.received or found.sent
    entry = step.entry_id if step else about.decision.entry_id if about.decision else ""
    decider = about.decision.person if about.decision else ""
    return printed.minutes(
        found,
        basis="; ".join(part for part in (about.basis, about.keeping.reason) if part),
        decided_by=f"pimpinan KPU ({decider})",
        names=transfers.tps_names(election.code, [leg.giver, leg.receiver]),
        item_name=name,
        unit=unit,
        dapil_name=leg.dapil,
        giver=held.get((leg.giver, leg.item, leg.contest)),
        receiver=held.get((leg.receiver, leg.item, leg.contest)),
        head={
            "agency": f"KPU {place}",
            "place": election.name,
            "paper": size,
            "marks": [found.mark] if found.mark else [],
            "footer": f"{leg.code}, usulan {found.proposal}",
            "stamp": f"catatan jurnal {entry[:16]}",
        },
    )


@shell.page("transfers.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """Counts, proposals and trips as shown, in one XLSX."""
    mine = _reach(request, "transfers.read")
    items = _items(election, request.at)
    held = [h for h in transfers.holdings(election, request.at) if access_rules.within(h.tps, mine)]
    trips = [t for t in transfers.transfers(election, request.at) if _touches((t.leg.giver, t.leg.receiver), mine)]
    names = transfers.tps_names(election, {h.tps for h in held} | {e for t in trips for e in (t.leg.giver, t.leg.receiver)})
    counts: list[list[Any]] = [
        ["Kode TPS", "TPS", "Barang", "Jenis pemilihan", "Dapil", "Ditemukan", "Wajib ada", "Asal kebutuhan", "Kurang sekarang",
         "Belum tertutup", "Lebih", "Saat",
         "Dihitung", "Tanda"]
    ]  # fmt: skip
    for h in held:
        c = h.count
        counts.append(
            [c.tps, names[c.tps], items.get(c.item, (c.item, ""))[0], c.contest, c.dapil, c.found, c.needed,
             "kebutuhan terhitung" if c.source == "needs" else "disebut pelapor", h.lacking, h.short, h.over, PHASE_WORDS[c.phase],
             c.counted_at,
             " ".join(m for m in (c.mark, "" if c.listed else "DI LUAR DAFTAR") if m)]
        )  # fmt: skip
    moved: list[list[Any]] = [
        ["Kode", "Usulan", "Dari", "Ke", "Barang", "Jenis pemilihan", "Dapil", "Diusulkan", "Berangkat (jumlah)", "Diterima (jumlah)",
         "Selisih", "Menit di jalan (PERKIRAAN)", "Perkiraan tiba", "Keadaan", "Tanda"]
    ]  # fmt: skip
    for t in trips:
        leg = t.leg
        moved.append(
            [leg.code, t.proposal, names[leg.giver], names[leg.receiver], items.get(leg.item, (leg.item, ""))[0], leg.contest, leg.dapil,
             leg.pieces, t.sent.pieces if t.sent else "", t.received.pieces if t.received else "", t.difference if t.received else "",
             leg.minutes, leg.arrive_at, STATES[t.state][1], t.mark]
        )  # fmt: skip
    data = table.xlsx({"Hitungan": counts, "Penggeseran": moved})
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="geser-{election}.xlsx"'})


urlpatterns = [
    path("<slug:election>/geser/", index, name="transfers"),
    path("<slug:election>/geser/hitung/", report, name="transfers_report"),
    path("<slug:election>/geser/hitung/<str:code>/", report_tps, name="transfers_report_tps"),
    path("<slug:election>/geser/hitungan/<slug:code>/", count, name="transfers_count"),
    path("<slug:election>/geser/hitungan/<slug:code>/tarik/", withdraw, name="transfers_withdraw"),
    path("<slug:election>/geser/usulan/baru/", compute, name="transfers_compute"),
    path("<slug:election>/geser/usulan/<slug:code>/", proposal, name="transfers_proposal"),
    path("<slug:election>/geser/usulan/<slug:code>/putuskan/", decide, name="transfers_decide"),
    path("<slug:election>/geser/antar/<slug:code>/", trip, name="transfers_trip"),
    path("<slug:election>/geser/antar/<slug:code>/serahkan/", send, name="transfers_send"),
    path("<slug:election>/geser/antar/<slug:code>/terima/", receive, name="transfers_receive"),
    path("<slug:election>/geser/antar/<slug:code>/betulkan/", correct, name="transfers_correct"),
    path("<slug:election>/geser/antar/<slug:code>/batalkan/", cancel, name="transfers_cancel"),
    path("<slug:election>/geser/antar/<slug:code>/berita-acara.pdf", minutes, name="transfers_minutes"),
    path("<slug:election>/geser/geser.xlsx", export, name="transfers_export"),
]
SENTENCES: dict[str, str] = {
    "transfers.not_a_number": "“{typed}” bukan bilangan bulat. Tulis misalnya 240 atau 1.240.",
    "transfers.negative": "Jumlah {value} tidak mungkin. Periksa ketikan.",
    "transfers.nothing_counted": "Belum ada hitungan. Isi paling sedikit satu kotak; yang dikosongkan berarti tidak dihitung.",
    "transfers.not_positive": "Jumlah harus paling sedikit 1.",
    "transfers.need_unknown": "Berapa yang wajib ada di TPS ini untuk {what}? Posko belum tahu; isi dari salinan DPT dan cadangannya.",
    "transfers.unknown_tps": "TPS {tps} tidak ada di sini. Periksa kodenya, atau cari dengan nama desa dan nomor.",
    "transfers.wrong_line": "TPS ini tidak memakai barang itu. Pilih dari daftar.",
    "transfers.unknown": "{thing} tidak ditemukan.",
    "transfers.reason_missing": "Tulis alasannya.",
    "transfers.same_person": "Diperlukan orang kedua. Minta rekan mengisi nama dan sandinya.",
    "transfers.nothing_changed": "Jumlah itu sudah tercatat.",
    "transfers.in_use": "Usulan {proposal} memakai hitungan ini. Hitung ulang TPS-nya, atau tolak usulan itu dahulu.",
    "transfers.bad_deadline": "Batas waktu harus sesudah waktu berangkat.",
    "transfers.not_a_moment": "“{typed}” bukan tanggal dan jam. Pilih tanggal, lalu tulis jam, misalnya 13.00.",
    "transfers.not_yet_voting_day": "Cadangan TPS lain hanya boleh dipakai pada hari pemungutan. Sebelumnya KPU mengisi dari stok.",
    "transfers.nothing_short": "Tidak ada TPS yang terhitung kekurangan barang itu.",
    "transfers.nothing_possible": "Kurang {short}, tetapi tidak ada TPS yang boleh dan sempat membantu. Sebabnya per TPS ada di bawah.",
    "transfers.not_head": "Hanya pimpinan KPU yang memutuskan usulan.",
    "transfers.already_decided": "Usulan ini sudah diputuskan.",
    "transfers.changed": "Usulan tidak berlaku lagi: {first}. Hitung usulan baru.",
    "transfers.wrong_step": "Penggeseran {transfer} tidak pada tahap itu. Muat ulang halamannya dan lihat keadaannya.",
    "transfers.not_enough": "Paling banyak {may} yang boleh berangkat: pemberi menyisakan yang wajib ada padanya.",
}
TASKS: dict[str, tuple[str, str]] = {
    "transfers.propose": ("Hitung usulan geser {label}", "desk:transfers_compute"),
    "transfers.decide": ("Putuskan usulan geser {label}", "desk:transfers_proposal"),
    "transfers.send": ("Serahkan {label}", "desk:transfers_trip"),
    "transfers.receive": ("Terima dan hitung {label}", "desk:transfers_trip"),
}
HITS: dict[str, str] = {"transfer": "desk:transfers_trip"}
SIGNALS: dict[str, tuple[str, str]] = {
    "R01.geser": (
        "{tps} kurang {short} {what}: terhitung {found}, wajib {needed}; dalam perjalanan atau dijanjikan {coming}",
        "desk:transfers",
    ),
    "R12.geser": ("{transfer} dari {giver} ke {receiver}: berangkat {sent}, diterima {received}", "desk:transfers_trip"),
}
