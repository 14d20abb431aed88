"""Returns: PyVRP proposes who fetches what after the count; `domain.returns.violations` decides whether it may be driven.

Each kecamatan has vehicles of its own, in proportion to what comes back (at least one), and is a problem of its own: from the warehouse
over desa to its PPK, unloading there and going out again, results first. Vehicles that may drive in the dark begin when the count has
ended, the others at first light. Then the same vehicles fetch booths and tools. Boats fetch the islands' goods by the next daylight; one
vehicle of the kecamatan takes them on at the pier. Same seed and same iterations give the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
import pyvrp

from posko.domain import distribution, places
from posko.domain import returns as rules
from posko.planning import reliability, search
from posko.planning.routes import Stop

DAY = distribution.DAY
_NO_WAY = 1_000_000
_PRIZE = 1_000_000_000


@dataclass
class _Place:
    """Where a vehicle stands and since when it is free."""

    vehicle: distribution.Vehicle
    here: str
    free_min: int
    trips: list[rules.Trip] = field(default_factory=list)


@dataclass(frozen=True)
class Ground:
    """What a return is planned on."""

    network: distribution.Network
    fleet: tuple[distribution.Vehicle, ...]
    handling: distribution.Rules
    keep: rules.Rules


def plan(collects: Sequence[rules.Collect], ground: Ground, *, seed: int, stop: Stop) -> rules.Plan:
    """A proposed return; what no vehicle brings in time is listed with why."""
    by_ppk: dict[str, list[rules.Collect]] = {}
    for one in collects:
        by_ppk.setdefault(one.to, []).append(one)
    teams = _teams(by_ppk, ground)
    trips: list[rules.Trip] = []
    left: list[tuple[str, str]] = []
    landings, afloat = _by_boat([one for one in collects if one.island], ground)
    trips += landings
    left += [(code, "no_boat") for code in afloat]
    for ppk, asked in sorted(by_ppk.items()):
        team = teams[ppk]
        for order in rules.Order:
            chosen = [one for one in asked if one.order is order and not one.island]
            left += _by_road(chosen, ppk, team, ground, seed, stop.share(1 / (2 * len(by_ppk))))
        left += _from_piers([one for one in asked if one.island and one.code not in afloat], ppk, team, landings, ground)
        trips += [trip for place in team for trip in place.trips]
    missed = {code for code, _ in left}
    trips = [kept for trip in trips if (kept := _without(trip, missed))]
    return rules.Plan(rules.renumbered(trips), tuple(sorted(left)), seed, f"PyVRP {version('pyvrp')}, {stop}")


def onward(collects: Sequence[rules.Collect], ground: Ground, *, seed: int, stop: Stop) -> rules.Plan:
    """From the PPK to the KPU: the vehicles of the road are one team that works by daylight, day after day, results first."""
    road = [replace(one, night=False) for one in sorted(ground.fleet, key=lambda one: one.code) if not one.boat]
    team = [_Place(one, one.start, ground.keep.ready_min) for one in road]
    groups: dict[tuple[rules.Order, int], list[rules.Collect]] = {}
    for one in collects:
        groups.setdefault((one.order, one.ready_min), []).append(one)
    left: list[tuple[str, str]] = []
    ranked = sorted(groups.items(), key=lambda item: (item[0][1], item[0][0] is rules.Order.REST))
    for _, chosen in ranked:
        left += _day_by_day(chosen, chosen[0].to, team, ground, seed, stop.share(1 / len(groups)))
    trips = [trip for place in team for trip in place.trips]
    return rules.Plan(rules.renumbered(trips, "K"), tuple(sorted(left)), seed, f"PyVRP {version('pyvrp')}, {stop}")


def _day_by_day(
    chosen: Sequence[rules.Collect], to: str, team: Sequence[_Place], ground: Ground, seed: int, stop: Stop
) -> list[tuple[str, str]]:
    """Goods that are ready together, on as many days as they take; what is left when their time is over."""
    waiting, left = list(chosen), []
    day, last = chosen[0].ready_min // DAY, chosen[0].latest_min // DAY
    while waiting:
        found = dict(_by_road(waiting, to, team, ground, seed, stop))
        left += [(code, why) for code, why in found.items() if why == "no_road"]
        waiting = [one for one in waiting if found.get(one.code, "no_road") != "no_road"]
        day += 1
        if day > last:
            break
        for place in team:
            place.free_min = max(place.free_min, day * DAY)
    return left + [(one.code, found[one.code]) for one in waiting]


def _without(trip: rules.Trip, missed: set[str]) -> rules.Trip | None:
    """A boat does not fetch what nobody takes on at the pier."""
    if not set(trip.collects) & missed:
        return trip
    stops = tuple(replace(one, loads=tuple(code for code in one.loads if code not in missed)) for one in trip.stops)
    return replace(trip, stops=stops) if any(one.loads for one in stops) else None


def _teams(by_ppk: dict[str, list[rules.Collect]], ground: Ground) -> dict[str, list[_Place]]:
    """The vehicles of every kecamatan: at least one each, the others in proportion to the volume; the largest where most comes back."""
    road = sorted((one for one in ground.fleet if not one.boat), key=lambda one: (-one.volume_ml, not one.night, one.code))
    order = sorted(by_ppk, key=lambda ppk: (-sum(one.volume_ml for one in by_ppk[ppk]), ppk))
    spare = max(0, len(road) - len(order))
    extra = places.share_out(spare, [sum(one.volume_ml for one in by_ppk[ppk]) for ppk in order])
    teams: dict[str, list[_Place]] = {ppk: [] for ppk in order}
    wanted = {ppk: 1 + more for ppk, more in zip(order, extra, strict=True)}
    while road and any(len(teams[ppk]) < wanted[ppk] for ppk in order):
        for ppk in order:
            if road and len(teams[ppk]) < wanted[ppk]:
                vehicle = road.pop(0)
                teams[ppk].append(_Place(vehicle, vehicle.start, ground.keep.ready_min))
    return teams


# --- by road ---------------------------------------------------------------------------------------------------------------------------


def _span(vehicle: distribution.Vehicle, free_min: int, latest_min: int, ground: Ground) -> tuple[int, int]:
    """From when until when a vehicle may drive before a latest minute: at once if it may in the dark, else in the next daylight."""
    if vehicle.night:
        return free_min, latest_min
    dawn, dusk = ground.handling.dawn_min, ground.handling.dusk_min
    begins, ends = max(dawn, vehicle.shift_start_min), min(dusk, vehicle.shift_end_min)
    day = free_min // DAY
    if free_min > day * DAY + ends - 60:
        day += 1
    return max(free_min, day * DAY + begins), min(latest_min, day * DAY + ends)


def _by_road(
    chosen: Sequence[rules.Collect], ppk: str, team: Sequence[_Place], ground: Ground, seed: int, stop: Stop
) -> list[tuple[str, str]]:
    """One kecamatan's goods of one order; what is left, and why. The team's places and trips go on."""
    if not chosen:
        return []
    runs = [(place, *_span(place.vehicle, max(place.free_min, chosen[0].ready_min - 60), chosen[0].latest_min, ground)) for place in team]
    runs = [run for run in runs if run[1] < run[2]]
    reachable = [one for one in chosen if ground.network.leg(distribution.Kind.TRUCK, one.place, ppk)]
    left = [(one.code, "no_road") for one in chosen if one not in reachable]
    if not runs or not reachable:
        return left + [(one.code, "no_vehicle") for one in reachable]
    best = _solved(reachable, ppk, runs, ground, seed, stop)
    taken: set[str] = set()
    for route in best.routes():
        place, begins, ends = runs[route.vehicle_type()]
        orders: dict[int, list[rules.Collect]] = {}
        for activity in route.schedule():
            if activity.is_client():
                orders.setdefault(activity.trip, []).append(reachable[activity.idx])
        ready = begins
        for number in sorted(orders):
            trip = _timed(place, orders[number], ppk, ready, ground)
            if trip is None or trip.arrive_min > min([ends, *(one.latest_min for one in orders[number])]):
                break
            place.trips.append(trip)
            place.here, place.free_min = ppk, trip.arrive_min + ground.keep.unload_min
            ready = place.free_min
            taken |= set(trip.collects)
    for one in reachable:  # optional stops rarely win a trip of their own
        if one.code not in taken and _extra(one, ppk, runs, ground):
            taken.add(one.code)
    return left + [(one.code, "not_enough") for one in reachable if one.code not in taken]


def _solved(
    chosen: Sequence[rules.Collect], ppk: str, runs: Sequence[tuple[_Place, int, int]], ground: Ground, seed: int, stop: Stop
) -> pyvrp.Solution:
    """Everything if that can be, else as much as can be."""
    for required in (True, False):
        data = _data(chosen, ppk, runs, ground, required=required)
        best = search.solve(data, stop, seed)
        if best.is_feasible():
            break
    return best


def _extra(one: rules.Collect, ppk: str, runs: Sequence[tuple[_Place, int, int]], ground: Ground) -> bool:
    """One more trip for what the search left out, by the vehicle that is there first."""
    found = []
    for place, begins, ends in runs:
        if one.volume_ml > place.vehicle.volume_ml or one.weight_g > place.vehicle.weight_g:
            continue
        trip = _timed(place, [one], ppk, max(begins, place.free_min), ground)
        if trip is not None and trip.arrive_min <= min(ends, one.latest_min):
            found.append((trip.arrive_min, place.vehicle.code, trip, place))
    if not found:
        return False
    _, _, trip, place = min(found, key=lambda item: item[:2])
    place.trips.append(trip)
    place.here, place.free_min = ppk, trip.arrive_min + ground.keep.unload_min
    return True


def _data(
    chosen: Sequence[rules.Collect], ppk: str, runs: Sequence[tuple[_Place, int, int]], ground: Ground, *, required: bool
) -> pyvrp.ProblemData:
    """PyVRP's problem: pickups on the way to the PPK, where a vehicle may unload and go out again; optional ones carry a high prize."""
    starts = sorted({place.here for place, _, _ in runs} | {ppk})
    codes = starts + sorted({one.place for one in chosen} - set(starts))
    size = len(codes)
    ways: Any = np.full((2, size, size), _NO_WAY, dtype=np.int64)
    distances, minutes = ways
    for i, a in enumerate(codes):
        for j, b in enumerate(codes):
            leg = ground.network.leg(distribution.Kind.TRUCK, a, b)
            if leg:
                distances[i, j], minutes[i, j] = leg.distance_m, leg.travel_min
    locations = []
    for code in codes:
        node = ground.network.node(code)
        assert node is not None
        locations.append(pyvrp.Location(round(node.lon * 10_000), round(node.lat * 10_000), name=code))
    clients = [
        pyvrp.Client(
            location=codes.index(one.place), pickup=[one.volume_ml, one.weight_g], service_duration=one.service_min,
            tw_early=one.ready_min, tw_late=max(one.ready_min, one.latest_min),
            prize=0 if required else _PRIZE * max(1, len(one.tps)), required=required,
        )
        for one in chosen
    ]  # fmt: skip
    depots = [pyvrp.Depot(codes.index(code), service_duration=ground.keep.unload_min if code == ppk else 0) for code in starts]
    types = [
        pyvrp.VehicleType(
            num_available=1, capacity=[place.vehicle.volume_ml, place.vehicle.weight_g], start_depot=starts.index(place.here),
            end_depot=starts.index(ppk), fixed_cost=place.vehicle.fixed_cost, tw_early=begins, tw_late=ends,
            unit_distance_cost=max(1, place.vehicle.cost_per_km // 1000), unit_duration_cost=100, reload_depots=[starts.index(ppk)],
            max_reloads=place.vehicle.max_trips - 1,
        )
        for place, begins, ends in runs
    ]  # fmt: skip
    return pyvrp.ProblemData(locations, clients, depots, types, [distances], [minutes])


def _timed(place: _Place, order: Sequence[rules.Collect], ppk: str, ready: int, ground: Ground) -> rules.Trip | None:
    """One trip to the PPK, as late as the first goods are ready; neighbouring goods of one place share a halt. None where a road is cut."""
    kind, start = place.vehicle.kind, place.here
    first = ground.network.leg(kind, start, order[0].place)
    if first is None or ground.network.leg(kind, order[-1].place, ppk) is None:
        return None
    depart = max(ready, order[0].ready_min - first.travel_min)
    halts: list[distribution.Stop] = []
    here, clock = start, depart
    for one in order:
        way = ground.network.leg(kind, here, one.place)
        if way is None:
            return None
        if halts and here == one.place:
            last = halts[-1]
            halts[-1] = replace(last, loads=(*last.loads, one.code), depart_min=last.depart_min + one.service_min)
        else:
            arrive = clock + way.travel_min
            halts.append(distribution.Stop(one.place, (one.code,), arrive, max(arrive, one.ready_min) + one.service_min))
        here, clock = one.place, halts[-1].depart_min
    return _closed(place.vehicle, start, ppk, depart, halts, ground)


def _closed(
    vehicle: distribution.Vehicle, start: str, end: str, depart: int, halts: Sequence[distribution.Stop], ground: Ground
) -> rules.Trip:
    """The trip with its end, its length and, in the dark, its escort."""
    legs = [ground.network.leg(vehicle.kind, a, b) for a, b in pairwise([start, *(halt.place for halt in halts), end])]
    last = legs[-1]
    assert last is not None
    arrive = halts[-1].depart_min + last.travel_min
    moves = [depart, *(minute for halt in halts for minute in (halt.arrive_min, halt.depart_min)), arrive]
    dark = not vehicle.boat and any(ground.handling.dark(minute) for minute in moves)
    return rules.Trip("", vehicle.code, start, end, depart, tuple(halts), arrive, sum(leg.distance_m for leg in legs if leg), dark)


# --- islands ---------------------------------------------------------------------------------------------------------------------------


def _by_boat(asked: Sequence[rules.Collect], ground: Ground) -> tuple[list[rules.Trip], set[str]]:
    """Boats fetch everything of an island at once, by the first daylight after the count; what no boat takes."""
    trips: list[rules.Trip] = []
    free: dict[str, int] = {}
    left: set[str] = set()
    by_island: dict[str, list[rules.Collect]] = {}
    for one in asked:
        by_island.setdefault(one.place, []).append(one)

    def crossing(island: str) -> int:
        return min((leg.travel_min for leg in ground.network.piers(island)), default=0)

    for island, goods in sorted(by_island.items(), key=lambda item: (-crossing(item[0]), item[0])):
        volume, weight = sum(one.volume_ml for one in goods), sum(one.weight_g for one in goods)
        made = [
            trip
            for leg in ground.network.piers(island)
            for boat in ground.fleet
            if boat.boat and boat.start == leg.pier and boat.volume_ml >= volume and boat.weight_g >= weight
            if (trip := _fetch(boat, leg, goods, free.get(boat.code, ground.keep.ready_min), ground))
        ]
        if not made:
            left |= {one.code for one in goods}
            continue
        best = min(made, key=lambda trip: (trip.arrive_min, trip.vehicle))
        trips.append(best)
        free[best.vehicle] = best.arrive_min + ground.keep.unload_min
    return trips, left


def _fetch(
    boat: distribution.Vehicle, leg: distribution.SeaLeg, goods: Sequence[rules.Collect], free_min: int, ground: Ground
) -> rules.Trip | None:
    way = ground.network.leg(distribution.Kind.BOAT, leg.pier, leg.island)
    if way is None or way.travel_min > boat.shift_end_min - boat.shift_start_min:
        return None
    day = free_min // DAY
    depart = max(free_min, day * DAY + boat.shift_start_min)
    if depart % DAY + way.travel_min > boat.shift_end_min:
        depart = (day + 1) * DAY + boat.shift_start_min
    arrive = depart + way.travel_min
    done = max(arrive, *(one.ready_min for one in goods)) + sum(one.service_min for one in goods)
    leave = reliability.home_min(boat, leg.pier, leg.island, done, ground.network, None, any_day=True)
    halt = distribution.Stop(leg.island, tuple(one.code for one in goods), arrive, leave)
    return _closed(boat, leg.pier, leg.pier, depart, [halt], ground)


def _from_piers(
    asked: Sequence[rules.Collect], ppk: str, team: Sequence[_Place], landings: Sequence[rules.Trip], ground: Ground
) -> list[tuple[str, str]]:
    """A vehicle of the kecamatan waits at the pier by daylight and takes everything of one boat to the PPK."""
    left: list[tuple[str, str]] = []
    mine = {one.code: one for one in asked}
    for landing in sorted(landings, key=lambda trip: trip.arrive_min):
        goods = [mine[code] for code in landing.collects if code in mine]
        if not goods:
            continue
        made = [
            (trip, place)
            for place in team
            if place.vehicle.volume_ml >= sum(one.volume_ml for one in goods)
            and place.vehicle.weight_g >= sum(one.weight_g for one in goods)
            if (trip := _take_on(place, goods, landing, ppk, ground))
        ]
        if not made:
            left += [(one.code, "not_enough") for one in goods]
            continue
        trip, place = min(made, key=lambda pair: (pair[0].arrive_min, pair[0].vehicle))
        place.trips.append(trip)
        place.here, place.free_min = ppk, trip.arrive_min + ground.keep.unload_min
    return left


def _take_on(place: _Place, goods: Sequence[rules.Collect], landing: rules.Trip, ppk: str, ground: Ground) -> rules.Trip | None:
    out = ground.network.leg(place.vehicle.kind, place.here, landing.end)
    home = ground.network.leg(place.vehicle.kind, landing.end, ppk)
    if out is None or home is None:
        return None
    shifted, service = landing.arrive_min + ground.keep.handover_min, sum(one.service_min for one in goods)
    depart = max(place.free_min, shifted - out.travel_min)
    whole = out.travel_min + service + home.travel_min
    dawn, dusk = ground.handling.dawn_min, ground.handling.dusk_min
    if not dawn <= depart % DAY <= dusk - whole:
        depart = (depart // DAY + (depart % DAY > dawn)) * DAY + dawn
    arrive = depart + out.travel_min
    halt = distribution.Stop(landing.end, tuple(one.code for one in goods), arrive, arrive + service)
    trip = _closed(place.vehicle, place.here, ppk, depart, [halt], ground)
    return trip if trip.arrive_min <= min(one.latest_min for one in goods) else None
