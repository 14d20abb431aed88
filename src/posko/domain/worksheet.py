"""Stage worksheet: what a plan becomes when a planner moves, pins, locks, splits and re-times, one adjustment after the other.

A draft is a base plan and an ordered list of adjustments; undoing is dropping the last. A trip that an adjustment touches is timed again
as early as the rules allow; what follows from it (later trips of the vehicle, boats that wait for its goods) is pushed where it must be
and never pulled; all other trips keep their times. Nothing is forbidden because it fits badly: the checker
(`distribution.violations`) says per trip what is wrong, and only a draft without faults becomes a plan. A load is always in one of two
places: brought, or left with a reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import count, pairwise
from typing import Any, ClassVar

from posko.domain import distribution as plans
from posko.domain import record

DAY = plans.DAY
# More adjustments than anybody makes by hand on one plan; then it is time to save or to begin anew.
MOST = 400


class UnknownLoad(record.Refusal):
    """No such load in this draft."""

    code: ClassVar[str] = "worksheet.unknown_load"


class UnknownTrip(record.Refusal):
    """No such trip in this draft, or not of this vehicle."""

    code: ClassVar[str] = "worksheet.unknown_trip"


class TripLocked(record.Refusal):
    """The trip is locked: unlock it first."""

    code: ClassVar[str] = "worksheet.trip_locked"


class PinnedElsewhere(record.Refusal):
    """The load is pinned to another vehicle."""

    code: ClassVar[str] = "worksheet.pinned_elsewhere"


class IslandByRoad(record.Refusal):
    """No pier is known from which a boat goes to this island: no truck can take its goods anywhere."""

    code: ClassVar[str] = "worksheet.island_by_road"


class LandByBoat(record.Refusal):
    """A boat does not bring goods to a place on the mainland, nor to an island it cannot sail to from its pier."""

    code: ClassVar[str] = "worksheet.land_by_boat"


class BadOrder(record.Refusal):
    """Not the stops of the trip in another order."""

    code: ClassVar[str] = "worksheet.bad_order"


class BadMinute(record.Refusal):
    """A departure far from voting day."""

    code: ClassVar[str] = "worksheet.bad_minute"


class BadSplit(record.Refusal):
    """Parts that are not whole TPS of the load, each in exactly one part."""

    code: ClassVar[str] = "worksheet.bad_split"


class TooMany(record.Refusal):
    """More adjustments than a draft holds."""

    code: ClassVar[str] = "worksheet.too_many"


class NothingToUndo(record.Refusal):
    """The draft is the base plan."""

    code: ClassVar[str] = "worksheet.nothing_to_undo"


class AlreadyOpen(record.Refusal):
    """This person has a draft open: save it or throw it away first."""

    code: ClassVar[str] = "worksheet.already_open"


class UnknownPlan(record.Refusal):
    """No plan of this number."""

    code: ClassVar[str] = "worksheet.unknown_plan"


class NoDraft(record.Refusal):
    """This person has no open draft here."""

    code: ClassVar[str] = "worksheet.no_draft"


class ChangedMeanwhile(record.Refusal):
    """The draft was changed in another window: look at it before adjusting."""

    code: ClassVar[str] = "worksheet.changed_meanwhile"


class Overtaken(record.Refusal):
    """Another plan came into force after the draft was opened: what it changed would be lost unseen."""

    code: ClassVar[str] = "worksheet.overtaken"


class Unfinished(record.Refusal):
    """Faults or loads without a vehicle: not a plan yet."""

    code: ClassVar[str] = "worksheet.unfinished"


class NoReason(record.Refusal):
    """A plan made by hand says why."""

    code: ClassVar[str] = "worksheet.no_reason"


# --- adjustments -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """A load goes to a vehicle: into `trip` before its stop number `before` (-1: at the end), or "" a new trip; vehicle "": taken off."""

    load: str
    vehicle: str
    trip: str = ""
    before: int = -1


@dataclass(frozen=True)
class Pin:
    """Whoever solves the rest leaves this load with this vehicle."""

    load: str
    vehicle: str


@dataclass(frozen=True)
class Unpin:
    """The load is free again."""

    load: str


@dataclass(frozen=True)
class Lock:
    """The trip stays as it is, times and all."""

    trip: str


@dataclass(frozen=True)
class Unlock:
    """The trip may change again."""

    trip: str


@dataclass(frozen=True)
class Split:
    """A load becomes several, each of whole TPS."""

    load: str
    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Reorder:
    """The stops of a trip in another order, by their present numbers from 0."""

    trip: str
    order: tuple[int, ...]


@dataclass(frozen=True)
class Depart:
    """The trip leaves at this minute; None: as early as it can."""

    trip: str
    minute: int | None


@dataclass(frozen=True)
class Solved:
    """Everything that is neither locked nor pinned was planned anew; the whole plan as it came back."""

    plan: plans.Plan


Adjustment = Move | Pin | Unpin | Lock | Unlock | Split | Reorder | Depart | Solved
_KINDS: dict[str, type[Any]] = {
    "move": Move, "pin": Pin, "unpin": Unpin, "lock": Lock, "unlock": Unlock, "split": Split, "reorder": Reorder, "depart": Depart,
    "solved": Solved,
}  # fmt: skip
_NAMES = {kind: name for name, kind in _KINDS.items()}


def kind_of(adjustment: Adjustment) -> str:
    """The word for an adjustment in rows and in the journal."""
    return _NAMES[type(adjustment)]


def adjustment_facts(adjustment: Adjustment) -> dict[str, Any]:
    """An adjustment as plain data, for keeping."""
    if isinstance(adjustment, Solved):
        return {"act": "solved", "plan": plans.plan_facts(adjustment.plan)}
    return {"act": kind_of(adjustment), **asdict(adjustment)}


def adjustment_of(facts: Mapping[str, Any]) -> Adjustment:
    """The adjustment that `adjustment_facts` wrote."""
    said = {name: value for name, value in facts.items() if name != "act"}
    if facts["act"] == "solved":
        return Solved(plans.plan_of(said["plan"]))
    if facts["act"] == "split":
        return Split(said["load"], tuple(tuple(part) for part in said["parts"]))
    if facts["act"] == "reorder":
        return Reorder(said["trip"], tuple(said["order"]))
    made: Adjustment = _KINDS[facts["act"]](**said)
    return made


# --- the draft -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """What a plan is made from, and the sizes of goods that a split needs."""

    loads: tuple[plans.Load, ...]
    network: plans.Network
    fleet: tuple[plans.Vehicle, ...]
    rules: plans.Rules
    goods: Mapping[str, plans.Goods] = field(default_factory=dict)

    def vehicle(self, code: str) -> plans.Vehicle:
        """A vehicle by code; distribution.UnknownVehicle."""
        found = next((one for one in self.fleet if one.code == code), None)
        if found is None:
            raise plans.UnknownVehicle(vehicle=code)
        return found


@dataclass(frozen=True)
class Draft:
    """A plan under edit. pins: (load, on water) -> vehicle; departs: trip -> chosen minute; left: load -> why nobody brings it."""

    trips: tuple[plans.Trip, ...]
    loads: Mapping[str, plans.Load]
    left: Mapping[str, plans.Unassigned] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    pins: Mapping[tuple[str, bool], str] = field(default_factory=dict)
    departs: Mapping[str, int] = field(default_factory=dict)
    splits: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    choices: tuple[plans.IslandChoice, ...] = ()

    def trip(self, code: str) -> plans.Trip:
        """A trip by code; UnknownTrip."""
        found = next((one for one in self.trips if one.code == code), None)
        if found is None:
            raise UnknownTrip(trip=code)
        return found

    def carrying(self, load: str, *, boat: bool, given: Given) -> plans.Trip | None:
        """The trip that has a load on board, by road or on the water."""
        afloat = {one.code for one in given.fleet if one.boat}
        return next((trip for trip in self.trips if load in trip.loads and (trip.vehicle in afloat) == boat), None)

    def plan(self, seed: int, method: str) -> plans.Plan:
        """The draft as a plan: trips by vehicle and time, what is left by code."""
        ordered = tuple(sorted(self.trips, key=lambda trip: (trip.vehicle, trip.depart_min, trip.code)))
        return plans.Plan(ordered, tuple(self.left[code] for code in sorted(self.left)), seed, method, self._choices())

    def _choices(self) -> tuple[plans.IslandChoice, ...]:
        """What was weighed for an island stands as long as one of its options is what the draft does, with all its boats and no other."""
        ends = [(trip, stop.place) for trip in self.trips for stop in trip.stops if not stop.handover]
        sails = {(trip.vehicle, trip.depart_min, place) for trip, place in ends}

        def done(option: plans.Option, island: str) -> bool:
            boats = {trip.vehicle for trip, place in ends if place == island}
            return (option.boat, option.depart_min, island) in sails and boats == set(option.boats)

        return tuple(one for one in self.choices if any(done(option, one.island) for option in one.options))


def begin(plan: plans.Plan, given: Given) -> Draft:
    """The draft of a plan before any adjustment. Made from the same inputs it is that plan, to the minute.

    Where inputs changed since, loads and vehicles that are gone leave it, new loads wait with a reason, and all is timed again.
    """
    loads = {load.code: load for load in given.loads}
    fleet = {vehicle.code for vehicle in given.fleet}
    left = {one.load: one for one in plan.unassigned if one.load in loads}
    trips = [_cleared(trip, loads) for trip in plan.trips if trip.vehicle in fleet]
    draft = Draft(tuple(trip for trip in trips if trip.stops), loads, left, choices=plan.choices)
    same = draft.trips == plan.trips and not _time_faults(draft, given)
    if not same:
        draft = _retimed(draft, {trip.code for trip in draft.trips}, given)
    return _whole(draft, given, "new_load")


def _time_faults(draft: Draft, given: Given) -> bool:
    return bool(plans.violations(draft.plan(0, ""), draft.loads.values(), given.network, given.fleet, given.rules))


def _cleared(trip: plans.Trip, loads: Mapping[str, plans.Load]) -> plans.Trip:
    stops = tuple(replace(stop, loads=tuple(code for code in stop.loads if code in loads)) for stop in trip.stops)
    return replace(trip, stops=tuple(stop for stop in stops if stop.loads))


def apply(plan: plans.Plan, given: Given, adjustments: Iterable[Adjustment]) -> Draft:
    """The draft after all adjustments in order; the refusals of `adjust`."""
    draft = begin(plan, given)
    for adjustment in adjustments:
        draft = adjust(draft, adjustment, given)
    return draft


def adjust(draft: Draft, adjustment: Adjustment, given: Given) -> Draft:
    """The draft after one more adjustment. UnknownLoad, UnknownTrip, TripLocked and what the single acts refuse."""
    if isinstance(adjustment, Move):
        return _moved(draft, adjustment, given)
    if isinstance(adjustment, Pin | Unpin):
        return _pinned(draft, adjustment, given)
    if isinstance(adjustment, Lock | Unlock):
        code = draft.trip(adjustment.trip).code
        return replace(draft, locked=draft.locked | {code} if isinstance(adjustment, Lock) else draft.locked - {code})
    if isinstance(adjustment, Split):
        return _split(draft, adjustment, given)
    if isinstance(adjustment, Solved):
        return _solved(draft, adjustment.plan, given)
    return _timed_anew(draft, adjustment, given)


def faults(draft: Draft, given: Given) -> dict[str, list[plans.Violation]]:
    """Everything the checker finds, by the trip it concerns; "" for what concerns none."""
    by_trip: dict[str, list[plans.Violation]] = {}
    for one in plans.violations(draft.plan(0, ""), draft.loads.values(), given.network, given.fleet, given.rules):
        by_trip.setdefault(_where(draft, one), []).append(one)
    return by_trip


def _where(draft: Draft, one: plans.Violation) -> str:
    if "trip" in one.facts:
        return str(one.facts["trip"])
    if "load" in one.facts:
        return next((trip.code for trip in reversed(draft.trips) if one.facts["load"] in trip.loads), "")
    if "vehicle" in one.facts and "day" in one.facts:
        return next(
            (t.code for t in draft.trips if t.vehicle == one.facts["vehicle"] and plans.day_of(t.depart_min) == one.facts["day"]), ""
        )
    return ""


# --- single acts -----------------------------------------------------------------------------------------------------------


def _load(draft: Draft, code: str) -> plans.Load:
    if code not in draft.loads:
        raise UnknownLoad(load=code)
    return draft.loads[code]


def _free(draft: Draft, trip: plans.Trip) -> plans.Trip:
    if trip.code in draft.locked:
        raise TripLocked(trip=trip.code)
    return trip


def _moved(draft: Draft, move: Move, given: Given) -> Draft:
    load = _load(draft, move.load)
    if not move.vehicle:
        return _taken_off(draft, load, given)
    vehicle = given.vehicle(move.vehicle)
    place = _drop(draft, load, vehicle, given)
    pinned = draft.pins.get((load.code, vehicle.boat))
    if pinned and pinned != vehicle.code:
        raise PinnedElsewhere(load=load.code, vehicle=pinned)
    source = draft.carrying(load.code, boat=vehicle.boat, given=given)
    target = _free(draft, draft.trip(move.trip)) if move.trip else None
    if target is not None and target.vehicle != vehicle.code:
        raise UnknownTrip(trip=move.trip)
    dirty, before = set(), move.before
    if source is not None:
        gone = next(number for number, stop in enumerate(source.stops) if load.code in stop.loads)
        vanishes = source.stops[gone].loads == (load.code,)
        draft = _exchanged(draft, _without(_free(draft, source), load.code))
        dirty.add(source.code)
        if target is not None and target.code == source.code:
            before = before - 1 if vanishes and before > gone else before
            target = next((trip for trip in draft.trips if trip.code == source.code), None)
    if target is None:
        target = _new_trip(draft, vehicle, load, given)
        draft = replace(draft, trips=(*draft.trips, target))
    handover = not vehicle.boat and load.kind is plans.LoadKind.ISLAND
    draft = _exchanged(draft, _with(target, load.code, place, before, handover=handover))
    dirty.add(target.code)
    if vehicle.boat:
        draft, moved = _follow(draft, load, vehicle.start, given)
        dirty |= moved
    return _whole(_retimed(draft, dirty, given), given)


def _taken_off(draft: Draft, load: plans.Load, given: Given) -> Draft:
    dirty = set()
    for boat in (True, False):
        trip = draft.carrying(load.code, boat=boat, given=given)
        if trip is not None:
            draft = _exchanged(draft, _without(_free(draft, trip), load.code))
            dirty.add(trip.code)
    return _whole(_retimed(draft, dirty, given), given)


def _drop(draft: Draft, load: plans.Load, vehicle: plans.Vehicle, given: Given) -> str:
    """Where this vehicle leaves this load: its place, or the pier its boat sails from. IslandByRoad, LandByBoat."""
    legs = given.network.piers(load.place)
    if vehicle.boat:
        if load.kind is not plans.LoadKind.ISLAND or not any(leg.pier == vehicle.start for leg in legs):
            raise LandByBoat(load=load.code, vehicle=vehicle.code)
        return load.place
    if load.kind is not plans.LoadKind.ISLAND:
        return load.place
    afloat = draft.carrying(load.code, boat=True, given=given)
    if afloat is not None:
        return afloat.start
    manned = {one.start for one in given.fleet if one.boat}
    if not legs:
        raise IslandByRoad(load=load.code, vehicle=vehicle.code)
    return next((leg.pier for leg in legs if leg.pier in manned), legs[0].pier)


def _follow(draft: Draft, load: plans.Load, pier: str, given: Given) -> tuple[Draft, set[str]]:
    """The truck that carries an island's load hands it over where its boat now sails from."""
    trip = draft.carrying(load.code, boat=False, given=given)
    if trip is None or trip.code in draft.locked or any(stop.place == pier and load.code in stop.loads for stop in trip.stops):
        return draft, set()
    at = next(number for number, stop in enumerate(trip.stops) if load.code in stop.loads)
    alone = trip.stops[at].loads == (load.code,)
    moved = _with(_without(trip, load.code), load.code, pier, at if alone else at + 1, handover=True)
    return _exchanged(draft, moved), {trip.code}


def _pinned(draft: Draft, act: Pin | Unpin, given: Given) -> Draft:
    load = _load(draft, act.load)
    if isinstance(act, Unpin):
        return replace(draft, pins={key: vehicle for key, vehicle in draft.pins.items() if key[0] != load.code})
    vehicle = given.vehicle(act.vehicle)
    _drop(draft, load, vehicle, given)
    return replace(draft, pins={**draft.pins, (load.code, vehicle.boat): vehicle.code})


def _split(draft: Draft, act: Split, given: Given) -> Draft:
    load = _load(draft, act.load)
    if len(act.parts) < 2 or not all(act.parts):
        raise BadSplit(load=load.code)
    parts = plans.parted(load, act.parts, given.goods, given.rules)
    codes = tuple(part.code for part in parts)
    trips = []
    for trip in draft.trips:
        if load.code in trip.loads:
            _free(draft, trip)
        stops = (replace(s, loads=tuple(c for one in s.loads for c in (codes if one == load.code else (one,)))) for s in trip.stops)
        trips.append(replace(trip, stops=tuple(stops)))
    loads = {code: one for code, one in draft.loads.items() if code != load.code} | {part.code: part for part in parts}
    pins = {(code, boat): vehicle for (one, boat), vehicle in draft.pins.items() for code in (codes if one == load.code else (one,))}
    left = {code: replace(one, load=code) for key, one in draft.left.items() for code in (codes if key == load.code else (key,))}
    done = replace(draft, trips=tuple(trips), loads=loads, pins=pins, left=left, splits=(*draft.splits, (load.code, act.parts)))
    touched = {trip.code for trip in trips if set(trip.loads) & set(codes)}
    return _whole(_retimed(done, touched, given), given)


def _timed_anew(draft: Draft, act: Reorder | Depart, given: Given) -> Draft:
    trip = _free(draft, draft.trip(act.trip))
    if isinstance(act, Reorder):
        if sorted(act.order) != list(range(len(trip.stops))):
            raise BadOrder(trip=trip.code)
        draft = _exchanged(draft, replace(trip, stops=_merged([trip.stops[number] for number in act.order])))
    elif act.minute is None:
        draft = replace(draft, departs={code: minute for code, minute in draft.departs.items() if code != trip.code})
        begins = given.vehicle(trip.vehicle).shift(plans.day_of(trip.depart_min))[0]
        draft = _exchanged(draft, replace(trip, depart_min=begins, return_min=begins) if given.vehicle(trip.vehicle).boat else trip)
    else:
        if not -10 * DAY <= act.minute < DAY:
            raise BadMinute(trip=trip.code)
        draft = replace(draft, departs={**draft.departs, trip.code: act.minute})
    return _retimed(draft, {trip.code}, given)


def _solved(draft: Draft, plan: plans.Plan, given: Given) -> Draft:
    """What came back from the planner. Locked trips are as they were; a load the planner does not know waits."""
    kept = {trip.code: trip for trip in draft.trips if trip.code in draft.locked}
    fleet = {vehicle.code: vehicle.boat for vehicle in given.fleet}
    taken = {(code, fleet[trip.vehicle]) for trip in kept.values() for code in trip.loads}
    trips = list(kept.values())
    for trip in plan.trips:
        if trip.code in kept or trip.vehicle not in fleet:
            continue
        boat = fleet[trip.vehicle]
        stops = [replace(s, loads=tuple(c for c in s.loads if c in draft.loads and (c, boat) not in taken)) for s in trip.stops]
        if any(stop.loads for stop in stops):
            trips.append(replace(trip, stops=tuple(stop for stop in stops if stop.loads)))
    left = {one.load: one for one in plan.unassigned if one.load in draft.loads}
    departs = {code: minute for code, minute in draft.departs.items() if code in kept}
    return _whole(replace(draft, trips=tuple(trips), left=left, departs=departs, choices=plan.choices or draft.choices), given)


# --- trips -----------------------------------------------------------------------------------------------------------------


def _exchanged(draft: Draft, trip: plans.Trip) -> Draft:
    """The draft with this trip in the place of the one of its code; without it where nothing is left on board."""
    trips = tuple(trip if one.code == trip.code else one for one in draft.trips)
    return replace(draft, trips=tuple(one for one in trips if one.stops or one.code != trip.code))


def _without(trip: plans.Trip, load: str) -> plans.Trip:
    stops = [replace(stop, loads=tuple(code for code in stop.loads if code != load)) for stop in trip.stops]
    return replace(trip, stops=_merged([stop for stop in stops if stop.loads]))


def _with(trip: plans.Trip, load: str, place: str, before: int, *, handover: bool) -> plans.Trip:
    stops = list(trip.stops)
    at = before if 0 <= before <= len(stops) else len(stops)
    stops.insert(at, plans.Stop(place, (load,), 0, 0, handover))
    return replace(trip, stops=_merged(stops))


def _merged(stops: Sequence[plans.Stop]) -> tuple[plans.Stop, ...]:
    """Neighbouring loads for one place share a halt."""
    found: list[plans.Stop] = []
    for stop in stops:
        if found and (found[-1].place, found[-1].handover) == (stop.place, stop.handover):
            found[-1] = replace(found[-1], loads=(*found[-1].loads, *stop.loads))
        else:
            found.append(stop)
    return tuple(found)


def _new_trip(draft: Draft, vehicle: plans.Vehicle, load: plans.Load, given: Given) -> plans.Trip:
    """An empty trip after the vehicle's last one on the day of the load."""
    rules = given.rules
    wanted = rules.sea_days if load.kind is plans.LoadKind.ISLAND else tuple(sorted(rules.mainland_days, reverse=True))
    days = [day for day in wanted if day in vehicle.days] or list(wanted)
    own = [trip for trip in draft.trips if trip.vehicle == vehicle.code]
    used = {trip.code for trip in draft.trips}
    code = next(name for number in count(1) if (name := f"{vehicle.code}-{number}") not in used)
    today = [trip.return_min for trip in own if plans.day_of(trip.depart_min) == days[0]]
    starts = max([vehicle.shift(days[0])[0], *today])
    return plans.Trip(code, vehicle.code, vehicle.start, starts, (), starts, 0)


def _retimed(draft: Draft, dirty: set[str], given: Given) -> Draft:
    """Touched trips and those after them on the same vehicle and day as early as the rules allow; then boats whose goods come otherwise."""
    fleet = {vehicle.code: vehicle for vehicle in given.fleet}
    before = _at_piers(draft.trips)
    trips = {trip.code: trip for trip in draft.trips}
    for boats in (False, True):
        if boats:
            after = _at_piers(tuple(trips.values()))
            moved = {load for load in before.keys() | after.keys() if before.get(load) != after.get(load)}
            dirty = dirty | {trip.code for trip in trips.values() if fleet[trip.vehicle].boat and moved & set(trip.loads)}
        groups: dict[tuple[str, int], list[plans.Trip]] = {}
        for trip in sorted(trips.values(), key=lambda one: (draft.departs.get(one.code, one.depart_min), one.code)):
            if fleet[trip.vehicle].boat == boats:
                groups.setdefault((trip.vehicle, plans.day_of(draft.departs.get(trip.code, trip.depart_min))), []).append(trip)
        for (code, day), group in groups.items():
            trips.update(_chain(draft, fleet[code], day, group, dirty, _at_piers(tuple(trips.values())), given))
    return replace(draft, trips=tuple(trips[trip.code] for trip in draft.trips))


def _at_piers(trips: Sequence[plans.Trip]) -> dict[str, int]:
    """Load -> minute at which a truck has it at its pier."""
    return {code: stop.arrive_min for trip in trips for stop in trip.stops if stop.handover for code in stop.loads}


def _chain(
    draft: Draft,
    vehicle: plans.Vehicle,
    day: int,
    group: Sequence[plans.Trip],
    dirty: set[str],
    piers: Mapping[str, int],
    given: Given,
) -> dict[str, plans.Trip]:
    """One vehicle's trips of one day, timed again from the first that was touched. A boat keeps its hour where it can: it may be calm."""
    ready, touched, made = vehicle.shift(day)[0], False, {}
    for trip in group:
        touched = touched or trip.code in dirty
        again = touched and trip.code not in draft.locked
        follows = trip.code not in dirty or (vehicle.boat and trip.depart_min < trip.return_min)
        since = trip.depart_min if follows else ready
        made[trip.code] = _timed(draft, vehicle, trip, ready, since, piers, given) if again else trip
        ready = max(ready, made[trip.code].return_min + (given.rules.handover_min if vehicle.boat else 0))
    return made


def _timed(
    draft: Draft, vehicle: plans.Vehicle, trip: plans.Trip, ready: int, since: int, piers: Mapping[str, int], given: Given
) -> plans.Trip:
    """A trip with times, leaving no sooner than `since`: loaded, driven and handed over without a pause, as `planning.routes` does it."""
    rules, network, chosen = given.rules, given.network, draft.departs.get(trip.code)
    if chosen is not None:
        depart = chosen
    elif vehicle.boat:
        depart = _sails(draft, vehicle, trip, max(ready, since), piers, given)
    else:
        there = [load.ready_min for code in trip.loads if (load := draft.loads[code]).ready_min is not None]
        depart = max(max([ready, *(minute for minute in there if minute is not None)]) + rules.loading_min, since)
    here, clock, metres, stops = trip.start, depart, 0, []
    for stop in trip.stops:
        leg = network.leg(vehicle.kind, here, stop.place) or plans.Leg(0, 0)
        loads = [draft.loads[code] for code in stop.loads]
        opens = max((load.earliest_min for load in loads), default=0) if not stop.handover else -100 * DAY
        arrive = max(clock + leg.travel_min, opens)
        stops.append(replace(stop, arrive_min=arrive, depart_min=arrive + sum(load.service_min for load in loads)))
        here, clock, metres = stop.place, stops[-1].depart_min, metres + leg.distance_m
    leg = network.leg(vehicle.kind, here, trip.start) or plans.Leg(0, 0)
    if vehicle.boat and stops and clock + leg.travel_min > vehicle.shift(plans.day_of(depart))[1]:
        # Home by daylight, if need be the next day.
        clock = max(clock, vehicle.shift(plans.day_of(depart) - 1)[0])
        stops[-1] = replace(stops[-1], depart_min=clock)
    home = clock + leg.travel_min
    dark = not vehicle.boat and vehicle.night and (rules.dark(depart) or rules.dark(home))
    return replace(trip, depart_min=depart, stops=tuple(stops), return_min=home, distance_m=metres + leg.distance_m, escort=dark)


def _sails(draft: Draft, boat: plans.Vehicle, trip: plans.Trip, ready: int, piers: Mapping[str, int], given: Given) -> int:
    """When a boat can leave: everything on the pier and shifted, the island's hours and the gates of pier and island kept."""
    network, first = given.network, trip.stops[0] if trip.stops else None
    there = [piers[code] + given.rules.handover_min for code in trip.loads if code in piers]
    leg = network.leg(boat.kind, trip.start, first.place) if first else None
    travel = leg.travel_min if leg else 0
    opens = max((draft.loads[code].earliest_min - travel for code in first.loads), default=ready) if first else ready
    depart = max([ready, opens, *there])
    if first is None or not network.gates:
        return depart
    ends = boat.shift(plans.day_of(depart))[1]
    open_ = (m for m in range(depart, ends) if network.open(trip.start, m) and network.open(first.place, m + travel))
    return next(open_, depart)


def _whole(draft: Draft, given: Given, why: str = "taken_off") -> Draft:
    """Every load is brought or left: whoever is neither gets a reason, whoever is brought loses it."""
    brought = {code for trip in draft.trips for stop in trip.stops if not stop.handover for code in stop.loads}
    ashore = {code for trip in draft.trips for stop in trip.stops if stop.handover for code in stop.loads}
    left = {}
    for code, load in draft.loads.items():
        if code in brought:
            continue
        if code in ashore:
            left[code] = plans.Unassigned(code, "no_boat_yet", {"place": load.name})
        else:
            old = draft.left.get(code)
            left[code] = old if old and old.code != "no_boat_yet" else plans.Unassigned(code, why, {"place": load.name})
    return replace(draft, left=left, locked=draft.locked & {trip.code for trip in draft.trips})


# --- what would help, and what it costs --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A place for a load: which move, when it arrives, how many metres more, and the faults it would bring (codes, none: it fits)."""

    move: Move
    arrive_min: int
    extra_m: int
    brings: tuple[plans.Violation, ...]


def choices(draft: Draft, load: str, given: Given, most: int = 6) -> list[Choice]:
    """Where a load could go, tried one by one: what fits first, the shortest detour first; then what fits least badly."""
    found = []
    known = {_key(one) for one in _violations(draft, given)}
    metres = sum(trip.distance_m for trip in draft.trips)
    for move in _moves(draft, _load(draft, load), given):
        try:
            trial = adjust(draft, move, given)
        except record.Refusal:
            continue
        brings = tuple(one for one in _violations(trial, given) if _key(one) not in known)
        trip = trial.carrying(load, boat=given.vehicle(move.vehicle).boat, given=given)
        arrive = next((s.arrive_min for s in trip.stops if load in s.loads), 0) if trip else 0
        found.append(Choice(move, arrive, sum(one.distance_m for one in trial.trips) - metres, brings))
    found.sort(key=lambda one: (len(one.brings), one.extra_m, one.arrive_min, one.move.vehicle, one.move.trip))
    best: dict[tuple[str, str], Choice] = {}
    for one in found:
        best.setdefault((one.move.vehicle, one.move.trip), one)
    return list(best.values())[:most]


def _violations(draft: Draft, given: Given) -> list[plans.Violation]:
    return plans.violations(draft.plan(0, ""), draft.loads.values(), given.network, given.fleet, given.rules)


def _key(one: plans.Violation) -> tuple[str, str, str]:
    return one.code, str(one.facts.get("trip", "")), str(one.facts.get("load", one.facts.get("vehicle", "")))


def _moves(draft: Draft, load: plans.Load, given: Given) -> Iterable[Move]:
    """Into every open trip at every position, and a new trip of every vehicle; on the water where only the boat is missing."""
    afloat = draft.left.get(load.code, plans.Unassigned("", "", {})).code == "no_boat_yet"
    for vehicle in given.fleet:
        if vehicle.boat != afloat or load.volume_ml > vehicle.volume_ml or load.weight_g > vehicle.weight_g:
            continue
        own = [trip for trip in draft.trips if trip.vehicle == vehicle.code and trip.code not in draft.locked]
        for trip in own:
            yield from (Move(load.code, vehicle.code, trip.code, at) for at in range(len(trip.stops) + 1))
        yield Move(load.code, vehicle.code)


@dataclass(frozen=True)
class Totals:
    """What a plan costs and brings. last_min: the latest arrival on the mainland and on the islands, None where there is none."""

    distance_m: int
    cost: int
    vehicles: int
    trips: int
    tps: int
    boxes: int
    left: int
    last_mainland_min: int | None
    last_island_min: int | None


def totals(plan: plans.Plan, loads: Iterable[plans.Load], fleet: Iterable[plans.Vehicle]) -> Totals:
    """The figures by which two plans are compared. Cost: rent per vehicle and day, and per kilometre."""
    known, vehicles = {load.code: load for load in loads}, {vehicle.code: vehicle for vehicle in fleet}
    arrivals = {code: minute for code, minute in plan.arrivals().items() if code in known}
    days = {(trip.vehicle, plans.day_of(trip.depart_min)) for trip in plan.trips if trip.vehicle in vehicles}
    rent = sum(vehicles[code].fixed_cost for code, _ in days)
    ways = sum(vehicles[trip.vehicle].cost_per_km * trip.distance_m for trip in plan.trips if trip.vehicle in vehicles) // 1000
    island = [minute for code, minute in arrivals.items() if known[code].kind is plans.LoadKind.ISLAND]
    mainland = [minute for code, minute in arrivals.items() if known[code].kind is not plans.LoadKind.ISLAND]
    return Totals(
        distance_m=plan.distance_m,
        cost=rent + ways,
        vehicles=len({trip.vehicle for trip in plan.trips}),
        trips=len(plan.trips),
        tps=len({tps for code in arrivals for tps in known[code].tps}),
        boxes=sum(known[code].boxes for code in arrivals),
        left=len(known) - len(arrivals),
        last_mainland_min=max(mainland, default=None),
        last_island_min=max(island, default=None),
    )


def slack(draft: Draft, stop: plans.Stop) -> int | None:
    """Minutes between the arrival and the latest one that its loads allow; None at a hand-over, which has no limit of its own."""
    known = [draft.loads[code].latest_min for code in stop.loads if code in draft.loads]
    return min(known) - stop.arrive_min if known and not stop.handover else None


# --- two plans -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TpsShift:
    """A TPS whose goods come at another minute, or on another vehicle."""

    tps: str
    old_min: int | None
    new_min: int | None
    old_vehicle: str
    new_vehicle: str

    @property
    def later_min(self) -> int:
        """How much later (negative: earlier); 0 where one plan does not bring it."""
        return self.new_min - self.old_min if self.new_min is not None and self.old_min is not None else 0


def shifts(old: plans.Plan, old_loads: Iterable[plans.Load], new: plans.Plan, new_loads: Iterable[plans.Load]) -> list[TpsShift]:
    """Every TPS whose arrival or vehicle differs, the one that loses most time first."""
    before, after = _by_tps(old, old_loads), _by_tps(new, new_loads)
    found = []
    for tps in sorted(before.keys() | after.keys()):
        a, b = before.get(tps, (None, "")), after.get(tps, (None, ""))
        if a != b:
            found.append(TpsShift(tps, a[0], b[0], a[1], b[1]))
    return sorted(found, key=lambda one: (-one.later_min, one.tps))


def _by_tps(plan: plans.Plan, loads: Iterable[plans.Load]) -> dict[str, tuple[int | None, str]]:
    ends = {code: (stop.arrive_min, trip.vehicle) for trip in plan.trips for stop in trip.stops if not stop.handover for code in stop.loads}
    found: dict[str, tuple[int | None, str]] = {}
    for load in sorted((load for load in loads if load.code in ends), key=lambda one: (ends[one.code][0], one.code)):
        found |= dict.fromkeys(load.tps, ends[load.code])  # of a kit in two parts the later one
    return found


def on_board(trip: plans.Trip, loads: Mapping[str, plans.Load]) -> tuple[int, int]:
    """Volume (ml) and weight (g) at the start of a trip."""
    carried = [loads[code] for code in trip.loads if code in loads]
    return sum(load.volume_ml for load in carried), sum(load.weight_g for load in carried)


def ways(trip: plans.Trip) -> list[tuple[str, str]]:
    """The legs of a trip in order, home included."""
    return list(pairwise([trip.start, *(stop.place for stop in trip.stops), trip.start]))
