"""Stage returns: after the count, what comes back first, by which vehicle, and when is it with the PPK?

The boxes with the results come first and within hours, booths and tools later. First to the PPK, and from there, when the PPK has
recapitulated, to the KPU: that hour comes from the calendar or from people and is never guessed. Minutes as in distribution: relative to
00:00 local time of voting day, so 20.00 on voting day is 1200 and 06.00 the next morning 1800. Nobody has timed a return here: what is
assumed says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, ClassVar

from posko.domain import distribution, places, record

DAY = distribution.DAY


class NothingToReturn(record.Refusal):
    """There is no plan in force whose goods could come back."""

    code: ClassVar[str] = "returns.nothing"


class ReturnViolates(record.Refusal):
    """The checker found faults; a faulty plan is never recorded."""

    code: ClassVar[str] = "returns.plan_violates"


class ReturnChanged(record.Refusal):
    """Another distribution plan came into force while the return was computed."""

    code: ClassVar[str] = "returns.plan_changed"


class NoRecapitulation(record.Refusal):
    """Nobody knows yet when a PPK has recapitulated, so nothing can be planned from there. missing: how many PPK."""

    code: ClassVar[str] = "returns.no_recapitulation"


class BadRecapitulation(record.Refusal):
    """A recapitulation ends after the count, at a PPK of this regency."""

    code: ClassVar[str] = "returns.bad_recapitulation"


class Leg(StrEnum):
    """The two parts of the way back, by where it starts."""

    DESA = "desa"
    PPK = "ppk"


class Order(StrEnum):
    """What comes first: boxes with results, then the rest."""

    RESULTS = "hasil"
    REST = "sisa"


# What may come later; everything else is results and what proves them (boxes, ballots, forms, seals).
LATER_ITEMS = frozenset({"BILIK", "ALAT_COBLOS", "TINTA"})


@dataclass(frozen=True)
class Rules:
    """When goods are ready and by when they are with the PPK. Hours are assumptions until the KPU sets them.

    ready_min: the count has ended and the boxes stand at the desa. results_latest_min: on the next day at noon (the law wants the boxes
    with the PPK without delay; its wording is to be checked). rest_*: booths and tools; on islands they go with the results. unload_min:
    at the PPK. Boats sail from the next daylight. onward_*: from the end of a PPK's recapitulation until everything is with the KPU.
    """

    ready_min: int = 20 * 60
    results_latest_min: int = DAY + 12 * 60
    island_latest_min: int = 3 * DAY
    rest_ready_min: int = DAY + 12 * 60
    rest_latest_min: int = 2 * DAY + 18 * 60
    unload_min: int = 30
    handover_min: int = 30
    halt_min: int = 10
    onward_results_min: int = 2 * DAY
    onward_rest_min: int = 7 * DAY


@dataclass(frozen=True)
class Collect:
    """Goods of one distribution load on their way back: from its place to the PPK of its kecamatan, or from the PPK to the KPU."""

    code: str
    place: str
    name: str
    to: str
    order: Order
    tps: tuple[str, ...]
    boxes: int
    volume_ml: int
    weight_g: int
    service_min: int
    ready_min: int
    latest_min: int
    island: bool = False


@dataclass(frozen=True)
class Trip:
    """A vehicle from where it starts over places to an end: the PPK by road, the pier by boat."""

    code: str
    vehicle: str
    start: str
    end: str
    depart_min: int
    stops: tuple[distribution.Stop, ...]
    arrive_min: int
    distance_m: int
    escort: bool = False

    @property
    def collects(self) -> tuple[str, ...]:
        """Everything on board at the end."""
        return tuple(code for stop in self.stops for code in stop.loads)


@dataclass(frozen=True)
class Plan:
    """The trips of a return, and what no vehicle brings in time, with why."""

    trips: tuple[Trip, ...]
    left: tuple[tuple[str, str], ...]
    seed: int
    method: str

    def arrivals(self) -> dict[str, int]:
        """Minute at which each collect is at the end of its last trip, the pier left out."""
        return {code: trip.arrive_min for trip in self.trips for code in trip.collects if not pier(trip.end)}

    def first_results_min(self) -> int | None:
        """When the first results are at their end."""
        return min((minute for code, minute in self.arrivals().items() if code.startswith(Order.RESULTS.value)), default=None)


def pier(place: str) -> bool:
    """Whether a place is a pier, where goods only change vehicles."""
    return place.partition(":")[2].startswith("D")


def _apart(load: distribution.Load, goods: Mapping[str, distribution.Goods]) -> Iterable[tuple[Order, int, int]]:
    """The results of a load and the rest of it, as far as it has them: order, millilitres, grams."""
    for order in Order:
        chosen = [piece for piece in load.pieces if (piece.item in LATER_ITEMS) == (order is Order.REST)]
        if chosen:
            known = [(goods[piece.item], piece.quantity) for piece in chosen if piece.item in goods]
            yield order, sum(good.volume_ml * count for good, count in known), sum(good.weight_g * count for good, count in known)


def collects_of(loads: Iterable[distribution.Load], goods: Mapping[str, distribution.Goods], keep: Rules) -> list[Collect]:
    """What comes back from every desa and island, the results and the rest apart. Loads of a PPK stay with it."""
    made = []
    for load in sorted(loads, key=lambda one: one.code):
        if load.kind is distribution.LoadKind.DISTRICT or not load.tps:
            continue
        island = load.kind is distribution.LoadKind.ISLAND
        for order, volume_ml, weight_g in _apart(load, goods):
            results = order is Order.RESULTS
            latest = keep.results_latest_min if results else keep.rest_latest_min
            made.append(
                Collect(
                    code=f"{order.value}/{load.code}", place=load.place, name=load.name, to=places.kecamatan_of(load.tps[0]), order=order,
                    tps=load.tps, boxes=load.boxes if results else 0,
                    volume_ml=volume_ml,
                    weight_g=weight_g,
                    service_min=load.service_min if results else keep.halt_min,
                    ready_min=keep.ready_min if results or island else keep.rest_ready_min,
                    latest_min=max(latest, keep.island_latest_min) if island else latest, island=island,
                )
            )  # fmt: skip
    return made


def onward_of(
    loads: Iterable[distribution.Load], goods: Mapping[str, distribution.Goods], keep: Rules, ends: Mapping[str, int], to: str
) -> list[Collect]:
    """What travels from every PPK that has recapitulated to the KPU: all that came to it, and its own. ends: PPK -> minute of that end.

    A PPK whose hour nobody knows is left out: nothing is guessed.
    """
    made = []
    for load in sorted(loads, key=lambda one: one.code):
        ppk = load.place if load.kind is distribution.LoadKind.DISTRICT else places.kecamatan_of(load.tps[0]) if load.tps else ""
        if ppk not in ends:
            continue
        for order, volume_ml, weight_g in _apart(load, goods):
            results = order is Order.RESULTS
            made.append(
                Collect(
                    code=f"{order.value}/{load.code}", place=ppk, name=load.name, to=to, order=order, tps=load.tps,
                    boxes=load.boxes if results else 0,
                    volume_ml=volume_ml,
                    weight_g=weight_g,
                    service_min=load.service_min if results else keep.halt_min, ready_min=ends[ppk],
                    latest_min=ends[ppk] + (keep.onward_results_min if results else keep.onward_rest_min),
                )
            )  # fmt: skip
    return made


def check_recapitulation(known: Iterable[str], ppk: str, minute: int, keep: Rules) -> None:
    """Whether a PPK may have finished then. BadRecapitulation."""
    if ppk not in set(known) or not keep.ready_min <= minute <= 90 * DAY:
        raise BadRecapitulation(ppk=ppk[:20])


def violations(
    plan: Plan,
    collects: Iterable[Collect],
    network: distribution.Network,
    fleet: Iterable[distribution.Vehicle],
    rules: distribution.Rules,
    keep: Rules,
) -> list[distribution.Violation]:
    """Every fault of a return; empty for one that may be driven. Knows nothing of how it was made."""
    by_code = {one.code: one for one in collects}
    vehicles = {vehicle.code: vehicle for vehicle in fleet}
    faults = _coverage(plan, by_code, vehicles)
    for trip in plan.trips:
        vehicle = vehicles.get(trip.vehicle)
        if vehicle is None:
            faults.append(_fault("unknown_vehicle", trip))
            continue
        carried = [by_code[code] for code in trip.collects if code in by_code]
        if sum(one.volume_ml for one in carried) > vehicle.volume_ml or sum(one.weight_g for one in carried) > vehicle.weight_g:
            faults.append(_fault("over_capacity", trip))
        faults += _way(trip, vehicle, by_code, network) + _hours(trip, vehicle, rules)
    return faults + _order(plan, by_code) + _one_place(plan, keep)


def _fault(code: str, trip: Trip, **facts: str | int) -> distribution.Violation:
    return distribution.Violation(code, {"trip": trip.code, **facts})


def _coverage(plan: Plan, collects: Mapping[str, Collect], vehicles: Mapping[str, distribution.Vehicle]) -> list[distribution.Violation]:
    """Everything is brought to its PPK once or is said to be left; from an island first by boat, then from that pier by road."""
    by_road: dict[str, list[Trip]] = {}
    by_boat: dict[str, list[Trip]] = {}
    faults = []
    for trip in plan.trips:
        boat = trip.vehicle in vehicles and vehicles[trip.vehicle].boat
        for code in trip.collects:
            (by_boat if boat else by_road).setdefault(code, []).append(trip)
            if code not in collects:
                faults.append(_fault("unknown_collect", trip, collect=code))
            elif not boat and trip.end != collects[code].to:
                faults.append(_fault("wrong_ppk", trip, collect=code))
    left = {code for code, _ in plan.left}
    for code, one in collects.items():
        times = len(by_road.get(code, ()))
        if times != (0 if code in left else 1):
            faults.append(distribution.Violation("not_once", {"collect": code, "times": times}))
        if times and one.island and [trip.end for trip in by_boat.get(code, ())] != _piers(by_road[code], code):
            faults.append(distribution.Violation("not_at_pier", {"collect": code}))
    return faults


def _piers(trips: Iterable[Trip], code: str) -> list[str]:
    return [stop.place for trip in trips for stop in trip.stops if code in stop.loads]


def _way(
    trip: Trip, vehicle: distribution.Vehicle, collects: Mapping[str, Collect], network: distribution.Network
) -> list[distribution.Violation]:
    """Goods are taken where they stand and when they are ready; ways take their time; the distance is their sum."""
    faults: list[distribution.Violation] = []
    here, clock, metres = trip.start, trip.depart_min, 0
    for place, minute in [*((stop.place, stop.arrive_min) for stop in trip.stops), (trip.end, trip.arrive_min)]:
        way = network.leg(vehicle.kind, here, place)
        if way is None:
            return [*faults, _fault("no_way", trip, place=place)]
        if minute < clock + way.travel_min:
            faults.append(_fault("too_fast", trip, place=place, minutes=clock + way.travel_min - minute))
        here, metres = place, metres + way.distance_m
        clock = next((stop.depart_min for stop in trip.stops if (stop.place, stop.arrive_min) == (place, minute)), minute)
    if metres != trip.distance_m:
        faults.append(_fault("wrong_distance", trip, says=trip.distance_m, has=metres))
    for stop in trip.stops:
        taken = [collects[code] for code in stop.loads if code in collects]
        if stop.depart_min - stop.arrive_min < sum(one.service_min for one in taken):
            faults.append(_fault("halt_too_short", trip, place=stop.place))
        for one in taken:
            if stop.place != one.place and not (one.island and not vehicle.boat):
                faults.append(_fault("wrong_place", trip, collect=one.code))
            if stop.depart_min - one.service_min < one.ready_min:
                faults.append(_fault("not_ready", trip, collect=one.code))
            if not vehicle.boat and trip.arrive_min > one.latest_min:
                faults.append(_fault("too_late", trip, collect=one.code, minutes=trip.arrive_min - one.latest_min))
    return faults


def _hours(trip: Trip, vehicle: distribution.Vehicle, rules: distribution.Rules) -> list[distribution.Violation]:
    """By road in the dark only vehicles that may, escorted; boats in their hours of the day."""
    moves = [trip.depart_min, *(minute for stop in trip.stops for minute in (stop.arrive_min, stop.depart_min)), trip.arrive_min]
    if vehicle.boat:
        begins, ends = vehicle.shift_start_min, vehicle.shift_end_min
        spans = zip(moves[::2], moves[1::2], strict=True)
        outside = any(not (begins <= a % DAY and (b - a) + a % DAY <= ends) for a, b in spans)
        return [_fault("outside_hours", trip)] if outside else []
    if any(rules.dark(minute) for minute in moves):
        if not vehicle.night:
            return [_fault("night_without_leave", trip)]
        return [] if trip.escort else [_fault("night_without_escort", trip)]
    return []


def _order(plan: Plan, collects: Mapping[str, Collect]) -> list[distribution.Violation]:
    """No booth leaves a place before the results of that place."""
    taken: dict[tuple[str, Order], list[int]] = {}
    for trip in plan.trips:
        for stop in trip.stops:
            for one in (collects[code] for code in stop.loads if code in collects):
                if stop.place == one.place:
                    taken.setdefault((one.place, one.order), []).append(stop.depart_min)
    return [
        distribution.Violation("results_not_first", {"place": place})
        for (place, order), minutes in sorted(taken.items())
        if order is Order.REST and min(minutes) < max(taken.get((place, Order.RESULTS), [min(minutes)]))
    ]


def _one_place(plan: Plan, keep: Rules) -> list[distribution.Violation]:
    """A vehicle is in one place at a time, starts where it was left, and is unloaded between; what a boat brings is shifted."""
    faults: list[distribution.Violation] = []
    by_vehicle: dict[str, list[Trip]] = {}
    for trip in sorted(plan.trips, key=lambda one: one.depart_min):
        by_vehicle.setdefault(trip.vehicle, []).append(trip)
    for trips in by_vehicle.values():
        for before, trip in pairwise(trips):
            if trip.depart_min < before.arrive_min + keep.unload_min:
                faults.append(_fault("two_places", trip, other=before.code))
            elif trip.start != before.end:
                faults.append(_fault("wrong_start", trip, expected=before.end))
    landed = {code: trip.arrive_min for trip in plan.trips for code in trip.collects if pier(trip.end)}
    for trip in plan.trips:
        for stop in trip.stops if not pier(trip.end) else ():
            if any(code in landed and stop.arrive_min < landed[code] + keep.handover_min for code in stop.loads):
                faults.append(_fault("before_the_boat", trip, place=stop.place))
    return faults


def plan_facts(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    return asdict(plan)


def plan_of(facts: Mapping[str, Any]) -> Plan:
    """The plan that `plan_facts` wrote."""
    trips = []
    for one in facts["trips"]:
        stops = tuple(distribution.Stop(**{**stop, "loads": tuple(stop["loads"])}) for stop in one["stops"])
        trips.append(Trip(**{**one, "stops": stops}))
    return Plan(tuple(trips), tuple((code, why) for code, why in facts["left"]), facts["seed"], facts["method"])


def collect_of(facts: Mapping[str, Any]) -> Collect:
    """The collect that was kept as plain data."""
    return Collect(**{**facts, "order": Order(facts["order"]), "tps": tuple(facts["tps"])})


def renumbered(trips: Iterable[Trip], letter: str = "B") -> tuple[Trip, ...]:
    """Codes by vehicle in time: B-T01-1 (B for balik; K from the PPK to the KPU)."""
    counts: dict[str, int] = {}
    named = []
    for trip in sorted(trips, key=lambda one: (one.vehicle, one.depart_min)):
        counts[trip.vehicle] = counts.get(trip.vehicle, 0) + 1
        named.append(replace(trip, code=f"{letter}-{trip.vehicle}-{counts[trip.vehicle]}"))
    return tuple(named)
