"""Stage worksheet: the planner's table (one draft per person), one load of it, and two plans side by side."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import distribution as plan_pages
from posko.desk import shell
from posko.domain import distribution as plans
from posko.domain import record as facts
from posko.domain import replanning as changed
from posko.domain import worksheet as rules
from posko.formats import gauge, text
from posko.formats import map as maps
from posko.formats.distribution import KINDS
from posko.planning import routes
from posko.planning import worksheet as planner
from posko.store import access, distribution, places, worksheet

# Enough for a regency in a second or two; the worker's plan may take longer and is asked for on its own page.
ITERATIONS = 600


def _name(load: plans.Load) -> str:
    """Lalang (TPS 001-006): what a load is called."""
    numbers = sorted(int(code.rpartition(".")[2]) for code in load.tps)
    if not numbers:
        return load.name
    whole = len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1
    said = f"{numbers[0]:03d}–{numbers[-1]:03d}" if whole else ", ".join(f"{number:03d}" for number in numbers)
    return f"{load.name} (TPS {said})"


def _clock(minute: int) -> str:
    return f"{minute % plans.DAY // 60:02d}.{minute % 60:02d}"


def _when(minute: int | None) -> str:
    """H-1 06.15; a dash where there is none."""
    if minute is None:
        return "—"
    day = plans.day_of(minute)
    return f"{'Hari H' if day == 0 else f'H-{day}'} {_clock(minute)}"


def _place(network: plans.Network, code: str) -> str:
    node = network.node(code)
    return node.name if node else code


# --- the table -------------------------------------------------------------------------------------------------------------


@shell.page("worksheet.edit")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The open draft of this person, or the plans on which one can be opened."""
    try:
        sheet = worksheet.sheet(election, request.person.id, request.at)
    except plans.NotReady as refusal:
        shell.refused(request, refusal)
        return redirect("desk:distribution", election)
    names = access.names()
    if sheet is None:
        told = [{"number": n, "at": at, "person": names.get(who, who)} for n, at, who in distribution.numbers(election, request.at)]
        return render(request, "desk/worksheet/start.html", {"plans": told, "others": _others(request, election, names)})
    now, wrong = sheet.plan(), rules.faults(sheet.draft, sheet.given)
    columns = [_column(sheet, vehicle, wrong) for vehicle in sheet.given.fleet]
    context = {
        "sheet": sheet,
        "stale": sheet.stale,
        "columns": [column for column in columns if column["trips"]],
        "idle": [column["vehicle"] for column in columns if not column["trips"]],
        "left": [_left(sheet, one) for one in now.unassigned],
        "loose": [_fault(sheet, one) for one in wrong.get("", [])],
        "wrong": sum(len(found) for found in wrong.values()),
        "wrong_trips": [code for code in sorted(wrong) if code],
        "totals": _totals(
            rules.totals(sheet.base.plan, sheet.base.inputs.loads, sheet.base.inputs.fleet),
            rules.totals(now, sheet.draft.loads.values(), sheet.given.fleet),
        ),
        "steps": [_step(sheet, one) for one in reversed(sheet.adjustments)],
        "others": [one for one in _others(request, election, names) if one["note"].base == sheet.base.number],
        "split": [_split_line(sheet, code) for code in distribution.splits(election, request.at)],
        "map": _map(request, sheet),
        "loads": len(sheet.given.loads),
        "most": changed.LARGEST_AT_ONCE,
        "at_once": changed.at_once(sheet.given.loads),
        "searches": [one for one in distribution.searches(election, worksheet.TASK, request.at) if one.actor.person == request.person.id],
    }
    return render(request, "desk/worksheet/index.html", context)


def _others(request: shell.Request, election: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    found = worksheet.others(election, request.person.id, request.at)
    return [{"note": one, "person": names.get(one.person, one.person)} for one in found]


def _column(sheet: worksheet.Sheet, vehicle: plans.Vehicle, wrong: Mapping[str, list[plans.Violation]]) -> dict[str, Any]:
    own = sorted((trip for trip in sheet.draft.trips if trip.vehicle == vehicle.code), key=lambda trip: (trip.depart_min, trip.code))
    return {
        "vehicle": vehicle,
        "kind": KINDS[vehicle.kind],
        "hours": f"{_clock(vehicle.shift_start_min)}–{_clock(vehicle.shift_end_min)}",
        "trips": [_trip(sheet, vehicle, trip, wrong.get(trip.code, [])) for trip in own],
    }


def _trip(sheet: worksheet.Sheet, vehicle: plans.Vehicle, trip: plans.Trip, wrong: Iterable[plans.Violation]) -> dict[str, Any]:
    volume, weight = rules.on_board(trip, sheet.draft.loads)
    full = max(volume / vehicle.volume_ml, weight / vehicle.weight_g)
    said = f"{text.persen(volume / vehicle.volume_ml, 0)} isi, {text.persen(weight / vehicle.weight_g, 0)} berat"
    used = min(volume, vehicle.volume_ml)
    return {
        "trip": trip,
        "locked": trip.code in sheet.draft.locked,
        "chosen": trip.code in sheet.draft.departs,
        "start": _place(sheet.given.network, trip.start),
        "depart": _when(trip.depart_min),
        "depart_hour": _clock(trip.depart_min),
        "day": plans.day_of(trip.depart_min),
        "home": _when(trip.return_min),
        "km": text.desimal(trip.distance_m / 1000),
        "full": said,
        "over": full > 1,
        "bar": gauge.stack([("bar-notready" if full > 1 else "bar-good", used), ("bar-track", vehicle.volume_ml - used)], said),
        "faults": [_fault(sheet, one) for one in wrong],
        "stops": [_stop(sheet, trip, number) for number in range(len(trip.stops))],
    }


def _stop(sheet: worksheet.Sheet, trip: plans.Trip, number: int) -> dict[str, Any]:
    stop, last = trip.stops[number], len(trip.stops) - 1
    left = rules.slack(sheet.draft, stop)
    loads = [sheet.draft.loads[code] for code in stop.loads]
    return {
        "number": number + 1,
        "name": _place(sheet.given.network, stop.place),
        "handover": stop.handover,
        "arrive": _when(stop.arrive_min),
        "slack": "" if left is None else f"longgar {text.menit(left)}" if left >= 0 else f"terlambat {text.menit(-left)}",
        "late": left is not None and left < 0,
        "loads": [_load_line(sheet, load) for load in loads],
        "up": _order(last + 1, number, number - 1) if number else "",
        "down": _order(last + 1, number, number + 1) if number < last else "",
    }


def _order(size: int, first: int, second: int) -> str:
    """The numbers of the stops with two of them exchanged."""
    order = list(range(size))
    order[first], order[second] = order[second], order[first]
    return ",".join(map(str, order))


def _load_line(sheet: worksheet.Sheet, load: plans.Load) -> dict[str, Any]:
    pins = [vehicle for (code, _), vehicle in sheet.draft.pins.items() if code == load.code]
    return {
        "code": load.code,
        "name": _name(load),
        "tps": len(load.tps),
        "boxes": load.boxes,
        "kg": load.weight_g // 1000,
        "pins": ", ".join(sorted(pins)),
    }


def _left(sheet: worksheet.Sheet, one: plans.Unassigned) -> dict[str, Any]:
    names = {node.code: node.name for node in sheet.given.network.nodes}
    line = _load_line(sheet, sheet.draft.loads[one.load])
    helps = [plan_pages.remedy_sentence(remedy, names) for remedy in one.remedies]
    return line | {"why": WHY.get(one.code) or plan_pages.WHY.get(one.code, one.code), "helps": helps}


def _fault(sheet: worksheet.Sheet, one: plans.Violation) -> str:
    """A fault of the checker in words."""
    network, loads = sheet.given.network, sheet.draft.loads
    said: dict[str, object] = {"place": "", "from": "", "to": "", "load": "", **one.facts}
    for key in ("place", "pier", "start", "expected"):
        if key in one.facts:
            said[key] = _place(network, str(one.facts[key]))
    if one.code == "outside_hours":
        said |= {"begin": _when(int(one.facts["from"])), "end": _when(int(one.facts["to"]))}
    elif "from" in one.facts:
        said |= {"from": _place(network, str(one.facts["from"])), "to": _place(network, str(one.facts["to"]))}
    if str(said["load"]) in loads:
        said["load"] = _name(loads[str(said["load"])])
    for key in ("minutes", "needed"):
        if key in one.facts:
            said[key] = text.menit(int(one.facts[key]))
    if "minute" in one.facts:
        said["minute"] = _when(int(one.facts["minute"]))
    if one.code in {"over_volume", "over_weight"}:
        unit = 1_000_000 if one.code == "over_volume" else 1000
        said |= {key: text.desimal(int(one.facts[key]) / unit) for key in ("carries", "capacity")}
    return FAULTS.get(one.code, "{code}").format(**{"code": one.code, **said})


def _totals(old: rules.Totals, new: rules.Totals) -> list[dict[str, Any]]:
    """The figures of two plans, with the difference in words."""

    def line(label: str, a: str, b: str, change: int, said: str) -> dict[str, Any]:
        return {"label": label, "old": a, "new": b, "change": "sama" if change == 0 else said}

    def signed(change: int, shown: str) -> str:
        return f"{'+' if change > 0 else '−'}{shown}"

    rows = []
    for label, key, unit in (
        ("Kendaraan", "vehicles", ""), ("Perjalanan", "trips", ""), ("TPS terlayani", "tps", ""), ("Kotak", "boxes", ""),
        ("Muatan tanpa kendaraan", "left", ""), ("Biaya (Rp)", "cost", ""),
    ):  # fmt: skip
        a, b = int(getattr(old, key)), int(getattr(new, key))
        rows.append(line(label, text.angka(a), text.angka(b), b - a, signed(b - a, text.angka(abs(b - a))) + unit))
    metres = new.distance_m - old.distance_m
    before, after = (text.desimal(one / 1000) for one in (old.distance_m, new.distance_m))
    rows.append(line("Jarak (km)", before, after, metres, signed(metres, text.desimal(abs(metres) / 1000))))
    for label, a_min, b_min in (
        ("Tiba terakhir di daratan", old.last_mainland_min, new.last_mainland_min),
        ("Tiba terakhir di pulau", old.last_island_min, new.last_island_min),
    ):
        later = b_min - a_min if a_min is not None and b_min is not None else 0
        said = f"{text.menit(abs(later))} lebih {'siang' if later > 0 else 'awal'}" if later else "berubah"
        rows.append(line(label, _when(a_min), _when(b_min), later or int((a_min is None) != (b_min is None)), said))
    return rows


def _step(sheet: worksheet.Sheet, one: rules.Adjustment) -> str:
    """An adjustment in words."""
    said = {name: value for name, value in rules.adjustment_facts(one).items() if name != "plan"}
    code = str(said.get("load", ""))
    known = sheet.draft.loads.get(code) or next((load for load in sheet.given.loads if load.code == code), None)
    said["load"] = _name(known) if known else code
    if isinstance(one, rules.Move):
        key = "move" if one.trip else "move_new" if one.vehicle else "take_off"
    elif isinstance(one, rules.Depart):
        key = "depart" if one.minute is not None else "depart_free"
        said["minute"] = _when(one.minute)
    else:
        key = rules.kind_of(one)
    return STEPS[key].format(**said)


def _split_line(sheet: worksheet.Sheet, code: str) -> dict[str, str]:
    part = sheet.draft.loads.get(f"{code}~1")
    return {"code": code, "name": part.name if part else code}


def _map(request: shell.Request, sheet: worksheet.Sheet) -> str:
    """The ways of the draft; those with faults stand out."""
    wrong, network = set(rules.faults(sheet.draft, sheet.given)), sheet.given.network
    drawn = []
    for trip in sheet.draft.trips:
        sea = sheet.given.vehicle(trip.vehicle).boat
        nodes = [network.node(code) for code in (trip.start, *(stop.place for stop in trip.stops), trip.start)]
        points = [(node.lat, node.lon) for node in nodes if node]
        drawn.append(maps.Route(points[:-1] if sea else points, "sea" if sea else "road", strong=trip.code in wrong, title=trip.code))
    return plan_pages.draw(
        request.election.region, places.tps_list(request.election.code), title="Peta rute draf di meja perencana", routes=drawn
    )


# --- acts ------------------------------------------------------------------------------------------------------------------


@shell.page("worksheet.edit")
def begin(request: shell.Request, election: str) -> HttpResponse:
    """Opens a draft on the plan that was chosen."""
    if request.method == "POST":
        number = request.POST.get("plan", "")
        try:
            worksheet.open_draft(election, int(number) if number.isdecimal() and len(number) < 6 else 0, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:worksheet", election)


@shell.page("worksheet.edit")
def adjust(request: shell.Request, election: str) -> HttpResponse:
    """One adjustment by form."""
    back = reverse("desk:worksheet", args=[election])
    if request.method == "POST":
        try:
            made = _adjustment(request.POST)
            worksheet.adjust(election, made, _seen(request), shell.actor(request), request.at)
            back += f"#{getattr(made, 'trip', '')}" if getattr(made, "trip", "") else ""
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            if request.POST.get("load") and request.POST.get("page") == "load":
                return _to_load(election, request.POST["load"])
    return redirect(back)


def _to_load(election: str, code: str) -> HttpResponse:
    return redirect(f"{reverse('desk:worksheet_load', args=[election])}?{urlencode({'kode': code[:60]})}")


def _seen(request: shell.Request) -> int:
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 16 else -1


def _adjustment(typed: Any) -> rules.Adjustment:
    """What the form asks for. UnknownTrip, BadMinute and others where it asks for nothing that can be."""
    act, load, trip = typed.get("act", ""), typed.get("load", "")[:60], typed.get("trip", "")[:40]
    if act == "move":
        vehicle, _, rest = typed.get("target", "").partition("|")
        into, _, before = rest.partition("|")
        return rules.Move(load, vehicle[:20], into[:40], int(before) if before.isdecimal() and len(before) < 4 else -1)
    if act == "split":
        second = set(typed.getlist("second"))
        every = [code for code in typed.getlist("tps") if len(code) < 40]
        return rules.Split(load, (tuple(c for c in every if c not in second), tuple(c for c in every if c in second)))
    if act == "reorder":
        parts = typed.get("order", "").split(",")
        if not all(part.isdecimal() and len(part) < 4 for part in parts):
            raise rules.BadOrder(trip=trip)
        return rules.Reorder(trip, tuple(int(part) for part in parts))
    if act == "depart":
        return rules.Depart(trip, _minute(typed.get("hour", ""), typed.get("day", ""), trip))
    simple: dict[str, Any] = {
        "pin": lambda: rules.Pin(load, typed.get("vehicle", "")[:20]), "unpin": lambda: rules.Unpin(load),
        "lock": lambda: rules.Lock(trip), "unlock": lambda: rules.Unlock(trip), "depart_free": lambda: rules.Depart(trip, None),
    }  # fmt: skip
    if act not in simple:
        raise rules.UnknownTrip(trip=trip)
    made: rules.Adjustment = simple[act]()
    return made


def _minute(hour: str, day: str, trip: str) -> int:
    """06.15 on H-`day` as a minute of the plan. BadMinute."""
    hours, dot, minutes = hour.strip().replace(":", ".").partition(".")
    good = (
        hours.isdecimal() and dot and minutes.isdecimal() and len(hours) < 3 and int(hours) < 24 and len(minutes) == 2 and int(minutes) < 60
    )
    if not good or not (day.isdecimal() and len(day) < 3):
        raise rules.BadMinute(trip=trip)
    return int(hours) * 60 + int(minutes) - int(day) * plans.DAY


@shell.page("worksheet.edit")
def undo(request: shell.Request, election: str) -> HttpResponse:
    """Drops the last adjustment."""
    return _act(request, election, lambda: worksheet.undo(election, _seen(request), shell.actor(request), request.at), "")


@shell.page("worksheet.edit")
def discard(request: shell.Request, election: str) -> HttpResponse:
    """Throws the draft away; the plan in force stays."""
    said = "Draf dibuang. Rencana yang berlaku tidak berubah."
    return _act(request, election, lambda: worksheet.discard(election, shell.actor(request), request.at), said)


@shell.page("worksheet.edit")
def solve(request: shell.Request, election: str) -> HttpResponse:
    """Plans everything anew that is neither locked nor pinned; where there is much to search the worker is asked."""
    sheet = worksheet.sheet(election, request.person.id, request.at) if request.method == "POST" else None
    if sheet is not None and not changed.at_once(sheet.given.loads):
        return _asked(request, election)

    def run() -> None:
        if sheet is None:
            raise rules.NoDraft(election=election)
        plan = partial(routes.plan, sea=distribution.sea(election, request.at))
        made = planner.solve(sheet.draft, sheet.given, plan, seed=1, stop=routes.Stop(iterations=ITERATIONS))
        worksheet.adjust(election, rules.Solved(made), _seen(request), shell.actor(request), request.at)

    return _act(request, election, run, "Sisanya disusun ulang. Yang terkunci dan dipaku tidak berubah.")


@shell.page("worksheet.edit")
def ask(request: shell.Request, election: str) -> HttpResponse:
    """Asks the worker for the rest of the draft; a second press waits for the same answer."""
    return _asked(request, election) if request.method == "POST" else redirect("desk:worksheet", election)


def _asked(request: shell.Request, election: str) -> HttpResponse:
    try:
        asked = worksheet.ask(election, _seen(request), shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:worksheet", election)
    return redirect("desk:worksheet_search", election, asked.id)


@shell.page("worksheet.edit")
def search(request: shell.Request, election: str, number: int) -> HttpResponse:
    """How far the search for the rest of a draft is, and what it found beside the draft."""
    found = worksheet.found(election, number, request.person.id, request.at)
    if found is None:
        raise Http404
    asked = found.request
    context: dict[str, Any] = {
        "found": found,
        "reason": shell.told(asked.code, asked.details) if asked.state == "failed" else "",
        **plan_pages.waited(asked, request.machine_at),
    }
    if found.plan is not None and found.sheet is not None and not found.changed:
        now, after = found.sheet.plan(), found.after
        fleet = found.sheet.given.fleet
        totals = (rules.totals(one, after.loads.values(), fleet) for one in (now, found.plan))
        context |= {"totals": _totals(*totals), "wrong": found.wrong, "left": len(after.left)}
    return render(request, "desk/worksheet/search.html", context)


@shell.page("worksheet.edit")
def cancel(request: shell.Request, election: str, number: int) -> HttpResponse:
    """Nobody wants a search or what it found any more."""

    def run() -> None:
        if worksheet.found(election, number, request.person.id, request.at) is None:
            raise Http404
        distribution.cancel_request(election, number, shell.actor(request), request.at)

    return _act(request, election, run, "Pencarian dihentikan. Draf tidak berubah.")


@shell.page("worksheet.edit")
def take(request: shell.Request, election: str, number: int) -> HttpResponse:
    """What the worker found becomes the next step of the draft."""
    said = "Sisanya disusun ulang. Yang terkunci dan dipaku tidak berubah."
    return _act(request, election, lambda: worksheet.take(election, number, shell.actor(request), request.at), said)


@shell.page("worksheet.edit")
def join(request: shell.Request, election: str) -> HttpResponse:
    """A load that was split in an earlier plan travels whole again."""
    code = request.POST.get("load", "")[:60]
    said = "Muatan digabungkan lagi. Rencana yang membaginya memakai masukan lama."
    return _act(request, election, lambda: distribution.join_load(election, code, shell.actor(request), request.at), said)


@shell.page("worksheet.edit")
def save(request: shell.Request, election: str) -> HttpResponse:
    """The draft becomes the plan in force."""
    if request.method == "POST":
        try:
            made = worksheet.save(election, _seen(request), request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:worksheet", election)
        shell.done(request, f"Rencana {made.number} disimpan dari meja perencana dan lolos pemeriksaan.")
        return redirect("desk:distribution", election)
    return redirect("desk:worksheet", election)


def _act(request: shell.Request, election: str, run: Any, said: str) -> HttpResponse:
    if request.method == "POST":
        try:
            run()
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            if said:
                shell.done(request, said)
    return redirect("desk:worksheet", election)


# --- one load --------------------------------------------------------------------------------------------------------------


@shell.page("worksheet.edit")
def load(request: shell.Request, election: str) -> HttpResponse:
    """One load of the draft: where it is, where it would fit, moving, pinning, splitting."""
    try:
        sheet = worksheet.sheet(election, request.person.id, request.at)
    except plans.NotReady as refusal:
        shell.refused(request, refusal)
        return redirect("desk:distribution", election)
    if sheet is None:
        return redirect("desk:worksheet", election)
    found = sheet.draft.loads.get(request.GET.get("kode", ""))
    if found is None:
        raise Http404
    carried = [trip for trip in sheet.draft.trips if found.code in trip.loads]
    locked = any(trip.code in sheet.draft.locked for trip in carried)
    stations = {tps.code: f"{tps.name} {tps.desa_name}" for tps in places.tps_list(election)}
    context = {
        "sheet": sheet,
        "load": found,
        "line": _load_line(sheet, found),
        "volume": text.desimal(found.volume_ml / 1_000_000, 2),
        "window": f"{_when(found.earliest_min)} sampai {_when(found.latest_min)}",
        "island": found.kind is plans.LoadKind.ISLAND,
        "carried": [_carried(sheet, trip, found.code) for trip in carried],
        "left": next((_left(sheet, one) for one in sheet.draft.left.values() if one.load == found.code), None),
        "locked": locked,
        "choices": [] if locked else [_choice(sheet, one) for one in rules.choices(sheet.draft, found.code, sheet.given)],
        "targets": _targets(sheet, found),
        "vehicles": [vehicle for vehicle in sheet.given.fleet if not vehicle.boat or found.kind is plans.LoadKind.ISLAND],
        "tps": [(code, stations.get(code, code)) for code in found.tps],
    }
    return render(request, "desk/worksheet/load.html", context)


def _carried(sheet: worksheet.Sheet, trip: plans.Trip, code: str) -> dict[str, Any]:
    stop = next(stop for stop in trip.stops if code in stop.loads)
    place = _place(sheet.given.network, stop.place)
    return {"trip": trip, "place": place, "handover": stop.handover, "arrive": _when(stop.arrive_min)}


def _choice(sheet: worksheet.Sheet, one: rules.Choice) -> dict[str, Any]:
    move = one.move
    km = text.desimal(abs(one.extra_m) / 1000)
    return {
        "value": f"{move.vehicle}|{move.trip}|{move.before if move.before >= 0 else ''}",
        "where": _target_words(sheet, move),
        "arrive": _when(one.arrive_min),
        "extra": f"{'+' if one.extra_m >= 0 else '−'}{km} km",
        "fits": not one.brings,
        "brings": [_fault(sheet, fault) for fault in one.brings[:3]],
    }


def _target_words(sheet: worksheet.Sheet, move: rules.Move) -> str:
    if not move.trip:
        return f"{move.vehicle}, perjalanan baru"
    trip = sheet.draft.trip(move.trip)
    if 0 <= move.before < len(trip.stops):
        return f"{move.trip}, sebelum {_place(sheet.given.network, trip.stops[move.before].place)}"
    return f"{move.trip}, di akhir"


def _targets(sheet: worksheet.Sheet, found: plans.Load) -> list[dict[str, Any]]:
    """Every place in the draft where the load may be put, by vehicle."""
    groups = []
    for vehicle in sheet.given.fleet:
        if vehicle.boat and found.kind is not plans.LoadKind.ISLAND:
            continue
        moves = []
        for trip in sheet.draft.trips:
            if trip.vehicle == vehicle.code and trip.code not in sheet.draft.locked:
                moves += [rules.Move(found.code, vehicle.code, trip.code, at) for at in range(len(trip.stops))]
                moves.append(rules.Move(found.code, vehicle.code, trip.code))
        moves.append(rules.Move(found.code, vehicle.code))
        options = [{"value": f"{m.vehicle}|{m.trip}|{m.before if m.before >= 0 else ''}", "label": _target_words(sheet, m)} for m in moves]
        groups.append({"label": f"{vehicle.code} · {KINDS[vehicle.kind]}", "options": options})
    return groups


# --- two plans -------------------------------------------------------------------------------------------------------------

WHAT = {
    changed.What.TIMES: "jam", changed.What.ORDER: "urutan", changed.What.LOADS: "muatan", changed.What.CONTENTS: "isi",
    changed.What.WAY: "jalan",
}  # fmt: skip


@shell.page("worksheet.read")
def compare(request: shell.Request, election: str) -> HttpResponse:
    """Two recorded plans side by side: totals, trips, and when each TPS has its goods."""
    known = distribution.numbers(election, request.at)
    chosen = [_chosen(request, key, known, default) for key, default in (("lama", 1), ("baru", 0))]
    old, new = (distribution.recorded(election, number, request.at) for number in chosen)
    names = access.names()
    context: dict[str, Any] = {
        "plans": [{"number": n, "at": at, "person": names.get(who, who)} for n, at, who in known],
        "old": old,
        "new": new,
    }
    if old is not None and new is not None and old.number != new.number:
        context |= _comparison(request, old, new)
    return render(request, "desk/worksheet/compare.html", context)


def _chosen(request: shell.Request, key: str, known: list[tuple[int, datetime, str]], default: int) -> int:
    typed = request.GET.get(key, "")
    if typed.isdecimal() and len(typed) < 6:
        return int(typed)
    return known[default][0] if len(known) > default else 0


def _comparison(request: shell.Request, old: distribution.StoredPlan, new: distribution.StoredPlan) -> dict[str, Any]:
    election = request.election.code
    loads = {load.code: load for stored in (new, old) for load in stored.inputs.loads}
    changes = changed.changes(old.plan, old.inputs.loads, new.plan, new.inputs.loads)
    moved = rules.shifts(old.plan, old.inputs.loads, new.plan, new.inputs.loads)
    names = {tps.code: f"{tps.name} {tps.desa_name}" for tps in places.tps_list(election)}
    both = [one for one in moved if one.old_min is not None and one.new_min is not None]
    return {
        "totals": _totals(*(rules.totals(one.plan, one.inputs.loads, one.inputs.fleet) for one in (old, new))),
        "trips": _rows(changes, old, new, loads),
        "same": len(changes.kept),
        "all": len(changes.kept) + changes.waybills,
        "waybills": changes.waybills,
        "kept": changes.kept_permille / 1000,
        "later": sum(one.later_min > 0 for one in both),
        "earlier": sum(one.later_min < 0 for one in both),
        "tps": [_shifted(one, names) for one in moved],
        "inputs_differ": old.input_hash != new.input_hash,
        "old_reason": worksheet.reason_of(election, old.number, request.at),
        "new_reason": worksheet.reason_of(election, new.number, request.at),
    }


def _rows(
    changes: changed.Changes, old: distribution.StoredPlan, new: distribution.StoredPlan, loads: Mapping[str, plans.Load]
) -> list[dict[str, Any]]:
    """Every trip of either plan, those whose waybill no longer holds first."""

    def named(codes: Iterable[str]) -> str:
        return ", ".join(_name(loads[code]) if code in loads else code for code in codes)

    def row(word: str, state: str, before: str, after: str, came: str = "", went: str = "") -> dict[str, Any]:
        return {
            "word": word, "state": state, "old": _told(old, before), "new": _told(new, after), "came": came, "went": went,
            "vehicle": (before or after).rpartition("-")[0],
        }  # fmt: skip

    rows = [row("diambil alih", "waiting", before, after) for before, after in changes.taken_over]
    for one in changes.changed:
        word = f"{', '.join(WHAT[what] for what in one.what)} berubah"
        came, went = (named(moved.load for moved in some) for some in (one.came, one.went))
        rows.append(row(word, "waiting", one.trip, one.trip, came, went))
    rows += [row("tidak ada lagi", "unknown", code, "") for code in changes.dropped]
    rows += [row("baru", "waiting", "", code) for code in changes.added]
    return [*rows, *(row("sama", "good", code, code) for code in changes.kept)]


def _told(stored: distribution.StoredPlan, code: str) -> dict[str, Any] | None:
    """A trip of a plan in a line; None where the plan has none of this code."""
    trip = next((one for one in stored.plan.trips if one.code == code), None)
    if trip is None:
        return None
    halts = ", ".join(f"{_place(stored.inputs.network, stop.place)} ({_clock(stop.arrive_min)})" for stop in trip.stops)
    return {"code": trip.code, "bill": stored.waybills.get(trip.code, ("", ""))[0], "depart": _when(trip.depart_min), "halts": halts}


def _shifted(one: rules.TpsShift, names: Mapping[str, str]) -> dict[str, Any]:
    later = one.later_min
    if one.old_min is None or one.new_min is None:
        said = "tidak terlayani lagi" if one.new_min is None else "baru terlayani"
    else:
        said = f"{text.menit(abs(later))} lebih {'siang' if later > 0 else 'awal'}" if later else "jam sama"
    return {
        "tps": names.get(one.tps, one.tps), "old": _when(one.old_min), "new": _when(one.new_min), "minutes": later, "said": said,
        "vehicles": one.old_vehicle if one.old_vehicle == one.new_vehicle else f"{one.old_vehicle or '—'} → {one.new_vehicle or '—'}",
    }  # fmt: skip


urlpatterns = [
    path("<slug:election>/distribusi/meja/", index, name="worksheet"),
    path("<slug:election>/distribusi/meja/buka/", begin, name="worksheet_begin"),
    path("<slug:election>/distribusi/meja/ubah/", adjust, name="worksheet_adjust"),
    path("<slug:election>/distribusi/meja/urungkan/", undo, name="worksheet_undo"),
    path("<slug:election>/distribusi/meja/susun/", solve, name="worksheet_solve"),
    path("<slug:election>/distribusi/meja/cari/", ask, name="worksheet_ask"),
    path("<slug:election>/distribusi/meja/cari/<int:number>/", search, name="worksheet_search"),
    path("<slug:election>/distribusi/meja/cari/<int:number>/batal/", cancel, name="worksheet_cancel"),
    path("<slug:election>/distribusi/meja/cari/<int:number>/pakai/", take, name="worksheet_take"),
    path("<slug:election>/distribusi/meja/gabung/", join, name="worksheet_join"),
    path("<slug:election>/distribusi/meja/buang/", discard, name="worksheet_discard"),
    path("<slug:election>/distribusi/meja/simpan/", save, name="worksheet_save"),
    path("<slug:election>/distribusi/meja/muatan/", load, name="worksheet_load"),
    path("<slug:election>/distribusi/banding/", compare, name="worksheet_compare"),
]
SENTENCES = {
    "worksheet.unknown_load": "Muatan {load} tidak ada dalam draf ini.",
    "worksheet.unknown_trip": "Perjalanan {trip} tidak ada dalam draf ini, atau bukan perjalanan kendaraan itu.",
    "worksheet.trip_locked": "Perjalanan {trip} terkunci. Buka kuncinya lebih dulu.",
    "worksheet.pinned_elsewhere": "Muatan ini dipaku ke {vehicle}. Lepas pakunya lebih dulu.",
    "worksheet.island_by_road": "Tidak ada dermaga yang diketahui untuk pulau ini; truk tidak dapat membawanya.",
    "worksheet.land_by_boat": "{vehicle} tidak dapat membawa muatan ini: perahu hanya berlayar dari dermaganya ke pulau yang terdaftar.",
    "worksheet.bad_order": "Urutan perhentian {trip} tidak cocok lagi. Muat ulang halaman.",
    "worksheet.bad_minute": "Tulis jam berangkat {trip} seperti 06.15, dan harinya seperti 1 untuk H-1.",
    "worksheet.bad_split": "Bagi muatan {load} menjadi paling sedikit dua bagian dari TPS utuh.",
    "worksheet.too_many": "Draf ini sudah memuat {most} langkah. Simpan sebagai rencana, lalu buka draf baru.",
    "worksheet.nothing_to_undo": "Tidak ada langkah untuk diurungkan: draf ini sama dengan rencana dasarnya.",
    "worksheet.no_draft": "Anda tidak punya draf terbuka. Buka meja dari sebuah rencana.",
    "worksheet.already_open": "Anda masih punya draf terbuka. Simpan atau buang draf itu lebih dulu.",
    "worksheet.unknown_plan": "Rencana {number} tidak ada.",
    "worksheet.changed_meanwhile": "Draf {draft} sudah berubah di jendela lain. Inilah keadaannya; ulangi langkah Anda bila masih perlu.",
    "worksheet.overtaken": "Rencana {plan} berlaku sesudah draf {draft} dibuka. Mulai lagi dari rencana itu, supaya isinya tidak hilang.",
    "worksheet.unfinished": "Belum dapat disimpan: {faults} kesalahan dan {left} muatan tanpa kendaraan.",
    "worksheet.no_reason": "Tulis alasan rencana ini disusun di meja.",
}  # fmt: skip
WHY = {
    "taken_off": "Diturunkan dari kendaraan oleh perencana",
    "new_load": "Muatan baru sejak rencana dasar",
    "no_boat_yet": "Sampai di dermaga dengan truk; belum ada perahu",
}
FAULTS = {
    "not_delivered": "{load} belum dibawa ke tujuannya.",
    "delivered_twice": "{load} dibawa lebih dari sekali.",
    "delivered_and_left": "{load} dibawa dan juga ditinggal.",
    "left_without_reason": "{load} ditinggal tanpa alasan.",
    "unknown_load": "Ada muatan yang tidak dikenal ({load}).",
    "unknown_vehicle": "Kendaraan {vehicle} tidak ada dalam armada.",
    "wrong_place": "{load} diturunkan di {place}, bukan di tujuannya.",
    "wrong_start": "Berangkat dari {start}; seharusnya dari {expected}.",
    "leaves_before_ready": "Berangkat {minutes} sebelum {load} siap dimuat di gudang.",
    "no_way": "Tidak ada jalur dari {from} ke {to} untuk kendaraan ini.",
    "wrong_distance": "Jarak perjalanan tidak sama dengan jumlah jalurnya.",
    "over_volume": "Terlalu penuh: {carries} m³, muat {capacity} m³.",
    "over_weight": "Terlalu berat: {carries} kg, kuat {capacity} kg.",
    "too_fast": "Tiba di {place} {minutes} lebih cepat daripada mungkin.",
    "halt_too_short": "Berhenti di {place} kurang lama; perlu {needed}.",
    "loading_too_short": "Waktu memuat kurang; perlu {needed} sebelum berangkat.",
    "two_places": "{vehicle} masih di perjalanan {other} saat ini berangkat.",
    "too_many_trips": "{vehicle} berjalan {trips} kali pada H-{day}; paling banyak {allowed}.",
    "too_early": "{load} tiba {minutes} sebelum boleh diterima.",
    "too_late": "{load} tiba {minutes} sesudah batas.",
    "outside_hours": "Di luar jam kerja {vehicle}: {begin} sampai {end}.",
    "wrong_day": "{load} tiba pada H-{day}, bukan harinya.",
    "island_not_ahead": "{load} harus tiba sebelum hari daratan, bukan H-{day}.",
    "not_at_pier": "{load} tidak diantar ke {pier}.",
    "boat_leaves_early": "Perahu berangkat {minutes} sebelum {load} selesai dipindahkan.",
    "handed_over_twice": "{load} diantar ke dermaga dua kali.",
    "stranded": "{load} tertinggal di dermaga.",
    "night_without_leave": "{vehicle} tidak boleh berjalan dalam gelap.",
    "night_without_escort": "{vehicle} berjalan dalam gelap tanpa pengawal.",
    "closed_then": "{place} tertutup untuk perahu pada {minute}.",
    "wrong_vehicle": "Kendaraan jenis {vehicle} tidak dapat masuk ke {place}.",
    "ppk_not_first": "{load} tiba {minutes} sebelum PPK-nya.",
    "kit_split": "Perlengkapan satu TPS ({place}) terbagi ke {loads} muatan tanpa izin.",
}
STEPS = {
    "move": "{load} ke {trip}",
    "move_new": "{load} ke {vehicle}, perjalanan baru",
    "take_off": "{load} diturunkan",
    "pin": "{load} dipaku ke {vehicle}",
    "unpin": "{load} dilepas dari pakunya",
    "lock": "{trip} dikunci",
    "unlock": "{trip} dibuka kuncinya",
    "split": "{load} dibagi",
    "reorder": "urutan {trip} diubah",
    "depart": "{trip} berangkat {minute}",
    "depart_free": "{trip} berangkat sepagi mungkin",
    "solved": "sisanya disusun ulang",
}
TASKS: dict[str, tuple[str, str]] = {"worksheet.open": ("Selesaikan {label} di meja perencana: simpan atau buang", "desk:worksheet")}
