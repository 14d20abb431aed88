"""Routes: PyVRP proposes who brings what where and when. `domain.distribution.violations` decides whether it may be driven.

Reliability first: with a `reliability.Sea` the boats' days and hours are those of plan A of every island (`reliability.choices`), and the
plan carries plans B and C. Then, day by day because what waits at a pier depends on when it got there: trucks bring the islands' goods to
the piers by the boats' hours and boats take them on; on the mainland's days trucks, pick-ups and motorcycles bring everything else,
reloading at the warehouse. Where the rules are `robust`, windows are kept with the times that nine of ten journeys keep; what is printed
and paid are the usual ones. Only what goes to a pier may start in the dark, with a vehicle that may, and is then escorted.
The search itself is `planning.search`, around PyVRP's local search.
Same seed and same number of iterations give the same plan; with seconds the machine's speed decides.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import count, pairwise
from typing import Any

import numpy as np
import pyvrp

from posko.domain import distribution as rules
from posko.domain import places
from posko.planning import reliability, search

DAY = rules.DAY
# A way that does not exist: longer than any plan, so that no feasible route uses it.
_NO_WAY = 1_000_000
# Leaving a load behind must never pay: far above any cost of distance and vehicles.
_PRIZE = 1_000_000_000
_PROBE_ITERATIONS = 300
_MOST_EXTRA_VEHICLES = 8


Stop = search.Budget
"""When to stop searching."""


@dataclass(frozen=True)
class _Task:
    """A load as a truck sees it: where to drop it and when at the latest."""

    load: rules.Load
    place: str
    earliest_min: int
    latest_min: int
    handover: bool


def plan(
    loads: Sequence[rules.Load],
    network: rules.Network,
    fleet: Sequence[rules.Vehicle],
    keep: rules.Rules,
    *,
    seed: int,
    stop: Stop,
    sea: reliability.Sea | None = None,
    pins: Mapping[str, str] | None = None,
) -> rules.Plan:
    """A proposed plan. Loads that cannot be brought are listed with the reason and what would help.

    sea: what is forecast and assumed; without it islands go on their preferred day and the plan has no choices. pins: mainland load ->
    the vehicle that must bring it (or, for parts of a vehicle's time, the code before an @).
    """
    islands = [load for load in loads if load.kind is rules.LoadKind.ISLAND]
    mainland = [load for load in loads if load.kind is not rules.LoadKind.ISLAND]
    choices = reliability.choices(islands, network, fleet, keep, sea) if sea else {}
    island_trips, island_left = _islands(islands, choices, network, fleet, keep, seed, stop.share(0.25), sea)
    tasks, road = _mainland(mainland, network, _still_free(fleet, island_trips, keep), keep)
    trips, left = _by_road(tasks, network, road, keep.mainland_days, keep, seed, stop.share(0.75), pins)
    named = _lowest_codes([*island_trips, *trips], fleet, set((pins or {}).values()))
    made = [_escorted(trip, fleet, keep) for trip in _numbered(named)]
    method = f"PyVRP {version('pyvrp')}, {stop}" + (", jendela 9 dari 10" if keep.robust else "")
    settled = _settled(choices, made, islands, network, fleet, keep, sea) if sea else ()
    return rules.Plan(tuple(made), tuple(sorted([*left, *island_left], key=lambda item: item.load)), seed, method, settled)


def _settled(
    choices: dict[str, rules.IslandChoice],
    trips: Sequence[rules.Trip],
    islands: Sequence[rules.Load],
    network: rules.Network,
    fleet: Sequence[rules.Vehicle],
    keep: rules.Rules,
    sea: reliability.Sea,
) -> tuple[rules.IslandChoice, ...]:
    """The choices with the hours of the trips that were made for them; a choice without a trip is none."""
    found = []
    for island, choice in sorted(choices.items()):
        own = [trip for trip in trips for halt in trip.stops if halt.place == island and not halt.handover]
        if own:
            here = tuple(load for load in islands if load.place == island)
            case = reliability.Case(island, here, network, tuple(fleet), keep, sea)
            found.append(reliability.settled(choice, own, case))
    return tuple(found)


def _escorted(trip: rules.Trip, fleet: Sequence[rules.Vehicle], keep: rules.Rules) -> rules.Trip:
    """A trip by road that begins or ends in the dark has an escort."""
    boat = any(vehicle.boat for vehicle in fleet if vehicle.code == trip.vehicle)
    return replace(trip, escort=True) if not boat and (keep.dark(trip.depart_min) or keep.dark(trip.return_min)) else trip


def _by_light(fleet: Sequence[rules.Vehicle], keep: rules.Rules, *, night: bool) -> list[rules.Vehicle]:
    """The vehicles of the road with the hours in which they may drive: in the dark only those that may, and only where it is asked."""
    found = []
    for vehicle in fleet:
        if vehicle.boat:
            continue
        begins, ends = max(vehicle.shift_start_min, keep.dawn_min), min(vehicle.shift_end_min, keep.dusk_min)
        if night and vehicle.night:
            found.append(vehicle)
        elif begins < ends:
            found.append(replace(vehicle, shift_start_min=begins, shift_end_min=ends))
    return found


def _still_free(fleet: Sequence[rules.Vehicle], trips: Sequence[rules.Trip], keep: rules.Rules) -> list[rules.Vehicle]:
    """The fleet for the mainland's days: a truck that first went to a pier on one of them begins when it is back."""
    found: list[rules.Vehicle] = []
    for vehicle in fleet:
        own = [trip for trip in trips if trip.vehicle == vehicle.code and rules.day_of(trip.depart_min) in keep.mainland_days]
        busy = {rules.day_of(trip.depart_min) for trip in own}
        rest = tuple(day for day in vehicle.days if day not in busy)
        found += [replace(vehicle, days=rest)] if rest else []
        for day in busy:
            there = [trip for trip in own if rules.day_of(trip.depart_min) == day]
            back = max(trip.return_min for trip in there) + day * DAY
            if back < vehicle.shift_end_min and len(there) < vehicle.max_trips:
                found.append(replace(vehicle, days=(day,), shift_start_min=back, max_trips=vehicle.max_trips - len(there)))
    return found


def _mainland(
    mainland: Sequence[rules.Load], network: rules.Network, fleet: Sequence[rules.Vehicle], keep: rules.Rules
) -> tuple[list[_Task], list[rules.Vehicle]]:
    """The mainland's loads as tasks. Where PPK come first, a PPK is served by a minute from which on its desa are served."""
    road = _by_light(fleet, keep, night=False)
    firsts = _first_minutes(mainland, network, road, keep) if keep.ppk_first else {}
    tasks = []
    for load in mainland:
        first = firsts.get(places.kecamatan_of(load.place))
        earliest, latest = load.earliest_min, load.latest_min
        if first is not None and load.kind is rules.LoadKind.DISTRICT:
            latest = min(latest, max(earliest, first))
        elif first is not None:
            earliest = min(max(earliest, first), latest)
        tasks.append(_Task(load, load.place, earliest, latest, handover=False))
    return tasks, road


# How much later than the soonest a PPK may be served where it comes first: room to serve two from one vehicle.
_FIRST_SLACK_MIN = 30


def _first_minutes(
    mainland: Sequence[rules.Load], network: rules.Network, road: Sequence[rules.Vehicle], keep: rules.Rules
) -> dict[str, int]:
    """Per kecamatan with a load for its PPK: the soonest minute at which it can be there on the first day, and a little room."""
    day = max(keep.mainland_days)
    found = {}
    for load in mainland:
        if load.kind is not rules.LoadKind.DISTRICT:
            continue
        soonest = [
            vehicle.shift(day)[0] + keep.loading_min + (reliability.robust(network, vehicle.kind, vehicle.start, load.place) or 0)
            for vehicle in road
            if day in vehicle.days and network.leg(vehicle.kind, vehicle.start, load.place)
        ]
        if soonest:
            found[places.kecamatan_of(load.place)] = max(min(soonest), load.earliest_min) + _FIRST_SLACK_MIN
    return found


def _lowest_codes(trips: list[rules.Trip], fleet: Sequence[rules.Vehicle], asked: Collection[str] = ()) -> list[rules.Trip]:
    """Among equal vehicles the first codes are used; the search does not care which, people do. Those that were asked for stay."""
    equal: dict[rules.Vehicle, list[str]] = {}
    for vehicle in fleet:
        if any(_is(vehicle, code) for code in asked):
            continue
        equal.setdefault(replace(vehicle, code="-", name="", note=""), []).append(vehicle.code)
    used = {trip.vehicle for trip in trips}
    renamed: dict[str, str] = {}
    for codes in equal.values():
        renamed.update(zip(sorted(used & set(codes)), sorted(codes), strict=False))
    return [replace(trip, vehicle=renamed.get(trip.vehicle, trip.vehicle)) for trip in trips]


def _is(vehicle: rules.Vehicle, code: str) -> bool:
    """Whether a vehicle, or a part of its time (code@day), is the one that a pin names."""
    return vehicle.code.partition("@")[0] == code


def _numbered(trips: list[rules.Trip]) -> list[rules.Trip]:
    """Codes by vehicle in time: T01-1, T01-2."""
    numbers: dict[str, count[int]] = {}
    named = []
    for trip in sorted(trips, key=lambda trip: (trip.vehicle, trip.depart_min)):
        number = next(numbers.setdefault(trip.vehicle, count(1)))
        named.append(replace(trip, code=f"{trip.vehicle}-{number}"))
    return named


# --- the islands' day ------------------------------------------------------------------------------------------------------------------


def _islands(
    islands: Sequence[rules.Load],
    choices: dict[str, rules.IslandChoice],
    network: rules.Network,
    fleet: Sequence[rules.Vehicle],
    keep: rules.Rules,
    seed: int,
    stop: Stop,
    sea: reliability.Sea | None,
) -> tuple[list[rules.Trip], list[rules.Unassigned]]:
    """Day by day, the earliest first. A day whose trucks cannot keep the boats' hours is planned again with later ones."""
    by_day: dict[int, list[rules.Load]] = {}
    for load in islands:
        choice = choices.get(load.place)
        day = rules.day_of(choice.options[0].depart_min) if choice else keep.island_day
        by_day.setdefault(day, []).append(load)
    trips: list[rules.Trip] = []
    left: list[rules.Unassigned] = []
    free: dict[str, int] = {}
    for day in sorted(by_day, reverse=True):
        wanted = {island: choice.options[0] for island, choice in choices.items()}
        here = [_on_day(load, day, keep) for load in by_day[day]]
        share = stop.share(1 / len(by_day))
        busy = dict(free)
        made, missing = _islands_day(here, wanted, network, fleet, keep, day, busy, seed, share, sea)
        if missing and wanted:
            busy = dict(free)
            made, missing = _islands_day(here, {}, network, fleet, keep, day, busy, seed, share, sea)
        free = busy
        trips, left = [*trips, *made], [*left, *missing]
    return trips, left


def _on_day(load: rules.Load, day: int, keep: rules.Rules) -> rules.Load:
    """An island's load with the window of one day."""
    if not keep.island_days:
        return load
    return replace(load, earliest_min=keep.earliest_min - day * DAY, latest_min=keep.island_latest_min - day * DAY)


def _islands_day(
    islands: Sequence[rules.Load],
    wanted: dict[str, rules.Option],
    network: rules.Network,
    fleet: Sequence[rules.Vehicle],
    keep: rules.Rules,
    day: int,
    free: dict[str, int],
    seed: int,
    stop: Stop,
    sea: reliability.Sea | None,
) -> tuple[list[rules.Trip], list[rules.Unassigned]]:
    """Trucks to the piers by the boats' hours (where none is wanted: the last minute at which one may leave), then boats, the longest
    crossing first. free: boat -> the minute from which it is back; it is brought up to date."""
    boats = [vehicle for vehicle in fleet if vehicle.boat and day in vehicle.days]
    road = _by_light(fleet, keep, night=True)
    tasks, left = [], []
    for load in islands:
        option = wanted.get(load.place)
        way = (option.pier, option.depart_min) if option else _crossing(load, network, boats)
        if isinstance(way, rules.Unassigned):
            left.append(way)
            continue
        pier, latest = way
        latest -= keep.handover_min
        earliest = min((vehicle.shift(day)[0] for vehicle in road), default=-day * DAY)
        carried = replace(load, earliest_min=max(load.earliest_min, option.arrive_min)) if option else load
        tasks.append(_Task(carried, pier, earliest, max(latest, earliest), handover=True))
    trips, unreached = _by_road(tasks, network, road, (day,), keep, seed, stop)
    left += unreached
    reached = {code: stop_.arrive_min for trip in trips for stop_ in trip.stops for code in stop_.loads}
    chosen = {island: option.boat for island, option in wanted.items()}
    sailed, ashore = _sail([task for task in tasks if task.load.code in reached], reached, network, boats, keep, chosen, free, sea)
    # What no boat can take is not driven to the pier either.
    stay = {item.load for item in ashore}
    return [trip for trip in (_without(trip, stay, network) for trip in trips) if trip] + sailed, left + ashore


def _crossing(load: rules.Load, network: rules.Network, boats: Sequence[rules.Vehicle]) -> tuple[str, int] | rules.Unassigned:
    """The pier for an island's load and the last minute a boat may leave it; or why there is none."""
    legs = network.piers(load.place)
    if not legs:
        return rules.Unassigned(load.code, "no_sea_leg", {"place": load.name})
    at_pier = [(leg, boat) for leg in legs for boat in boats if boat.start == leg.pier]
    if not at_pier:
        return rules.Unassigned(
            load.code, "no_boat", {"place": load.name, "pier": legs[0].pier}, ({"code": "add_boat", "pier": legs[0].pier},)
        )
    fits = [(leg, boat) for leg, boat in at_pier if load.volume_ml <= boat.volume_ml and load.weight_g <= boat.weight_g]
    if not fits:
        size: dict[str, str | int] = {"volume_ml": load.volume_ml, "weight_g": load.weight_g}
        return rules.Unassigned(load.code, "boat_too_small", {"place": load.name, **size}, ({"code": "bigger_boat", **size},))

    def last_departure(pair: tuple[rules.SeaLeg, rules.Vehicle]) -> int:
        leg, boat = pair
        way = network.leg(rules.Kind.BOAT, leg.pier, leg.island)
        travel = way.travel_min if way else _NO_WAY
        day = -(load.latest_min // DAY)
        return min(load.latest_min, boat.shift(day)[1] - load.service_min) - travel

    best = max(fits, key=lambda pair: (last_departure(pair), pair[1].code))
    return best[0].pier, last_departure(best)


def _sail(
    tasks: Sequence[_Task],
    reached: dict[str, int],
    network: rules.Network,
    boats: Sequence[rules.Vehicle],
    keep: rules.Rules,
    chosen: dict[str, str],
    free: dict[str, int],
    sea: reliability.Sea | None,
) -> tuple[list[rules.Trip], list[rules.Unassigned]]:
    """One island per crossing; each load on the boat of its plan A, else the one that arrives first; to one island together where they fit.

    chosen: island -> boat. free: boat -> the minute from which it is back.
    """
    trips: list[rules.Trip] = []
    left: list[rules.Unassigned] = []
    open_trips: dict[str, tuple[rules.Vehicle, list[rules.Load], int]] = {}
    used: dict[str, int] = {}

    def close(key: str) -> None:
        boat, carried, depart = open_trips.pop(key)
        trip = _crossing_trip(boat, carried, depart, network, sea)
        trips.append(trip)
        free[boat.code] = trip.return_min + keep.handover_min

    def travel(task: _Task) -> int:
        way = network.leg(rules.Kind.BOAT, task.place, task.load.place)
        return way.travel_min if way else _NO_WAY

    by_island: dict[str, list[_Task]] = {}
    for task in sorted(tasks, key=lambda task: (-travel(task), task.load.place, task.load.code)):
        by_island.setdefault(task.load.place, []).append(task)
    for group in by_island.values():
        for task in group:
            ready = reached[task.load.code] + keep.handover_min
            joined = _join(open_trips, task, ready, travel(task))
            if joined:
                continue
            busy = {boat.code for boat, _, _ in open_trips.values()}
            idle = [boat for boat in boats if boat.code not in busy]
            own = [boat for boat in idle if boat.code == chosen.get(task.load.place)]
            choice = _boat_for(task, ready, travel(task), own, free, used) or _boat_for(task, ready, travel(task), idle, free, used)
            if choice is None:  # a second crossing of a boat that is about to leave
                for key in list(open_trips):
                    close(key)
                choice = _boat_for(task, ready, travel(task), boats, free, used)
            if choice is None:
                left.append(_too_late(task, ready, travel(task)))
                continue
            boat, depart = choice
            used[boat.code] = used.get(boat.code, 0) + 1
            open_trips[f"{boat.code}/{task.load.place}/{used[boat.code]}"] = (boat, [task.load], depart)
        for key in list(open_trips):
            close(key)
    return trips, left


def _join(open_trips: dict[str, tuple[rules.Vehicle, list[rules.Load], int]], task: _Task, ready: int, travel: int) -> bool:
    """Puts the load on a boat that already waits for this island, if it fits and still arrives in time."""
    for key, (boat, carried, depart) in open_trips.items():
        everything = [*carried, task.load]
        leaves = max(depart, ready)
        fits = sum(load.volume_ml for load in everything) <= boat.volume_ml and sum(load.weight_g for load in everything) <= boat.weight_g
        if fits and boat.start == task.place and all(leaves + travel <= load.latest_min for load in everything):
            open_trips[key] = (boat, everything, leaves)
            return True
    return False


def _boat_for(
    task: _Task, ready: int, travel: int, boats: Sequence[rules.Vehicle], free: dict[str, int], used: dict[str, int]
) -> tuple[rules.Vehicle, int] | None:
    """The boat at this pier that leaves first and arrives by daylight and in time; the smallest of equals."""
    day = -(task.load.latest_min // DAY)
    found = []
    for boat in boats:
        if boat.start != task.place or task.load.volume_ml > boat.volume_ml or task.load.weight_g > boat.weight_g:
            continue
        begins, ends = boat.shift(day)
        depart = max(begins, ready, free.get(boat.code, begins), task.load.earliest_min - travel)
        if depart + travel <= min(task.load.latest_min, ends) and used.get(boat.code, 0) < boat.max_trips:
            found.append((depart, boat.volume_ml, boat.code, boat))
    return (found_boat[3], found_boat[0]) if found and (found_boat := min(found)) else None


def _crossing_trip(
    boat: rules.Vehicle, carried: Sequence[rules.Load], depart: int, network: rules.Network, sea: reliability.Sea | None
) -> rules.Trip:
    island = carried[0].place
    way = network.leg(rules.Kind.BOAT, boat.start, island)
    assert way is not None
    arrive = depart + way.travel_min
    done = arrive + sum(load.service_min for load in carried)
    done = reliability.home_min(boat, boat.start, island, done, network, sea)
    stop = rules.Stop(island, tuple(load.code for load in carried), arrive, done)
    return rules.Trip("", boat.code, boat.start, depart, (stop,), done + way.travel_min, 2 * way.distance_m)


def _too_late(task: _Task, ready: int, travel: int) -> rules.Unassigned:
    late = ready + travel - task.load.latest_min
    facts: dict[str, str | int] = {"place": task.load.name, "ready_min": ready, "travel_min": travel, "late_min": max(late, 0)}
    return rules.Unassigned(
        task.load.code,
        "boat_too_late",
        facts,
        ({"code": "add_boat", "pier": task.place}, {"code": "start_earlier", "minutes": max(late, 0)}),
    )


def _without(trip: rules.Trip, stay: set[str], network: rules.Network) -> rules.Trip | None:
    """The trip without these loads; nothing if it carries no others."""
    if not any(code in stay for code in trip.loads):
        return trip
    stops = [replace(stop, loads=tuple(code for code in stop.loads if code not in stay)) for stop in trip.stops]
    stops = [stop for stop in stops if stop.loads]
    if not stops:
        return None
    metres = _metres(trip.start, [stop.place for stop in stops], network, rules.Kind.TRUCK)
    return replace(trip, stops=tuple(stops), distance_m=metres)


def _metres(start: str, halts: Sequence[str], network: rules.Network, kind: rules.Kind) -> int:
    way = [start, *halts, start]
    legs = [network.leg(kind, a, b) for a, b in pairwise(way)]
    return sum(leg.distance_m for leg in legs if leg)


# --- by road ---------------------------------------------------------------------------------------------------------------------------


def _by_road(
    tasks: Sequence[_Task],
    network: rules.Network,
    road: Sequence[rules.Vehicle],
    days: Sequence[int],
    keep: rules.Rules,
    seed: int,
    stop: Stop,
    pins: Mapping[str, str] | None = None,
) -> tuple[list[rules.Trip], list[rules.Unassigned]]:
    """Everything that goes by road on these days."""
    working = [vehicle for vehicle in road if set(vehicle.days) & set(days)]
    possible, left = [], []
    for task in tasks:
        reason = _impossible(task, network, working, days, keep)
        if reason:
            left.append(reason)
        else:
            possible.append(task)
    if not possible:
        return [], left
    problem = _Problem(possible, network, working, days, keep, robust=keep.robust, pins=pins)
    best = problem.solve(seed, stop, required=True)
    if keep.robust and not best.is_feasible():
        problem = _Problem(possible, network, working, days, keep, pins=pins)
        best = problem.solve(seed, stop, required=True)
    if not best.is_feasible():
        best = problem.solve(seed, stop, required=False)
    trips = problem.trips(best)
    trips += problem.more_trips(trips)
    brought = {code for trip in trips for code in trip.loads}
    missing = [task for task in possible if task.load.code not in brought]
    if missing:
        remedies = _remedies(possible, network, working, days, keep, seed)
        facts: dict[str, str | int] = {"vehicles": len(working), "missing": len(missing), "loads": len(possible)}
        left += [rules.Unassigned(task.load.code, "not_enough", {**facts, "place": task.load.name}, remedies) for task in missing]
    return trips, left


def _impossible(
    task: _Task, network: rules.Network, road: Sequence[rules.Vehicle], days: Sequence[int], keep: rules.Rules
) -> rules.Unassigned | None:
    """Why no vehicle could bring this load even if it had nothing else to do."""
    load = task.load
    if not road:
        return rules.Unassigned(load.code, "no_vehicle", {"place": load.name, "day": days[0]}, ({"code": "any_vehicle"},))
    reach = [vehicle for vehicle in road if keep.admits(vehicle.kind, task.place)]
    fits = [vehicle for vehicle in reach if load.volume_ml <= vehicle.volume_ml and load.weight_g <= vehicle.weight_g]
    if not fits:
        facts: dict[str, str | int] = {"place": load.name, "volume_ml": load.volume_ml, "weight_g": load.weight_g}
        remedy: dict[str, str | int] = {"code": "split_load" if reach else "narrow_vehicle", "place": load.name}
        return rules.Unassigned(load.code, "too_big" if reach else "no_narrow", facts, (remedy,))
    if not any(network.leg(vehicle.kind, vehicle.start, task.place) for vehicle in fits):
        return rules.Unassigned(load.code, "no_road", {"place": load.name})
    return _too_far(task, network, fits, days, keep)


def _too_far(
    task: _Task, network: rules.Network, fits: Sequence[rules.Vehicle], days: Sequence[int], keep: rules.Rules
) -> rules.Unassigned | None:
    """Whether no vehicle that could carry a load is there in time, or home in its hours."""
    load = task.load
    soonest, latest_shift = _NO_WAY, -_NO_WAY
    for vehicle in fits:
        way = network.leg(vehicle.kind, vehicle.start, task.place)
        for day in set(vehicle.days) & set(days) if way else ():
            begins, ends = vehicle.shift(day)
            assert way is not None
            there = begins if load.ready_min is None else max(begins, load.ready_min)
            arrive = max(there + keep.loading_min + way.travel_min, task.earliest_min)
            soonest = min(soonest, arrive)
            latest_shift = max(latest_shift, ends - way.travel_min - load.service_min - arrive)
    if soonest > task.latest_min:
        late = soonest - task.latest_min
        facts: dict[str, str | int] = {"place": load.name, "soonest_min": soonest, "latest_min": task.latest_min, "late_min": late}
        return rules.Unassigned(load.code, "too_far", facts, ({"code": "start_earlier", "minutes": late},))
    if latest_shift < 0:
        facts = {"place": load.name, "short_min": -latest_shift}
        return rules.Unassigned(load.code, "shift_too_short", facts, ({"code": "longer_shift", "minutes": -latest_shift},))
    return None


def _remedies(
    tasks: Sequence[_Task], network: rules.Network, road: Sequence[rules.Vehicle], days: Sequence[int], keep: rules.Rules, seed: int
) -> tuple[dict[str, str | int], ...]:
    """What would be enough: how many more of the largest vehicle, or how much longer days; tried, not guessed."""
    quick = Stop(iterations=_PROBE_ITERATIONS)
    largest = max(road, key=lambda vehicle: (vehicle.volume_ml, vehicle.code))
    found: list[dict[str, str | int]] = []
    for extra in range(1, _MOST_EXTRA_VEHICLES + 1):
        more = [*road, *(replace(largest, code=f"{largest.code}+{n}") for n in range(extra))]
        if _Problem(tasks, network, more, days, keep).solve(seed, quick, required=True).is_feasible():
            found.append({"code": "add_vehicle", "vehicles": extra, "kind": largest.kind.value, "volume_ml": largest.volume_ml})
            break
    for minutes in (60, 120, 180, 240):
        longer = [replace(vehicle, shift_end_min=min(DAY, vehicle.shift_end_min + minutes)) for vehicle in road]
        later = [replace(task, latest_min=task.latest_min + (0 if task.handover else minutes)) for task in tasks]
        if _Problem(later, network, longer, days, keep).solve(seed, quick, required=True).is_feasible():
            found.append({"code": "longer_day", "minutes": minutes})
            break
    return tuple(found)


class _Problem:
    """The road problem as PyVRP sees it. Minutes are shifted so that none is negative; one vehicle type per vehicle and day."""

    def __init__(
        self,
        tasks: Sequence[_Task],
        network: rules.Network,
        road: Sequence[rules.Vehicle],
        days: Sequence[int],
        keep: rules.Rules,
        *,
        robust: bool = False,
        pins: Mapping[str, str] | None = None,
    ) -> None:
        self.tasks, self.network, self.keep, self.robust = tasks, network, keep, robust
        self.pins = {task.load.code: pins[task.load.code] for task in tasks if task.load.code in pins} if pins else {}
        self.offset = max(days) * DAY
        self.depots = sorted({vehicle.start for vehicle in road})
        goals = sorted({(task.place, self.pins.get(task.load.code, "")) for task in tasks} - {(depot, "") for depot in self.depots})
        # A place, and the only vehicle that may stop there: what is pinned stands at a door of its own beside the others.
        self.places = [(depot, "") for depot in self.depots] + goals
        self.runs = [(vehicle, day) for vehicle in road for day in sorted(set(vehicle.days) & set(days), reverse=True)]
        # One profile for all; one per kind of vehicle where some places are narrow, and one per vehicle that a pin names.
        self.profiles = sorted({self._profile(vehicle) for vehicle in road})
        matrices = [self._matrices(*profile) for profile in self.profiles]
        self.distances, self.minutes = [one for one, _ in matrices], [one for _, one in matrices]

    def _profile(self, vehicle: rules.Vehicle) -> tuple[rules.Kind, str]:
        asked = next((code for code in self.pins.values() if _is(vehicle, code)), "")
        return vehicle.kind if self.keep.narrow else rules.Kind.TRUCK, asked

    def _matrices(self, kind: rules.Kind, code: str) -> tuple[Any, Any]:
        size = len(self.places)
        distances, minutes = np.full((2, size, size), _NO_WAY, dtype=np.int64)
        narrow = {place for place, _ in self.places if not self.keep.admits(kind, place)} - set(self.depots) if self.keep.narrow else set()
        shut = [pin not in {"", code} for _, pin in self.places]
        for i, (a, _) in enumerate(self.places):
            for j, (b, _) in enumerate(self.places):
                leg = self.network.leg(kind, a, b)
                if leg and (i == j or not ({a, b} & narrow or shut[i] or shut[j])):
                    sure = reliability.robust(self.network, kind, a, b) if self.robust else None
                    distances[i, j], minutes[i, j] = leg.distance_m, sure or leg.travel_min
        return distances, minutes

    def data(self, *, required: bool) -> pyvrp.ProblemData:
        """PyVRP's problem; optional clients carry a prize per TPS that no distance outweighs."""
        position = {place: index for index, place in enumerate(self.places)}
        locations = []
        for place, _ in self.places:
            node = self.network.node(place)
            assert node is not None
            locations.append(pyvrp.Location(round(node.lon * 10_000), round(node.lat * 10_000), name=place))
        clients = [
            pyvrp.Client(
                location=position[task.place, self.pins.get(task.load.code, "")],
                delivery=[task.load.volume_ml, task.load.weight_g],
                service_duration=task.load.service_min,
                tw_early=max(0, task.earliest_min + self.offset),
                tw_late=task.latest_min + self.offset,
                release_time=0 if task.load.ready_min is None else max(0, task.load.ready_min + self.keep.loading_min + self.offset),
                prize=0 if required else _PRIZE * max(1, len(task.load.tps)),
                required=required,
                name=task.load.code,
            )
            for task in self.tasks
        ]
        depots = [pyvrp.Depot(position[place, ""], service_duration=self.keep.loading_min, name=place) for place in self.depots]
        types = []
        for vehicle, day in self.runs:
            begins, ends = vehicle.shift(day)
            depot = self.depots.index(vehicle.start)
            types.append(
                pyvrp.VehicleType(
                    num_available=1,
                    capacity=[vehicle.volume_ml, vehicle.weight_g],
                    start_depot=depot,
                    end_depot=depot,
                    fixed_cost=vehicle.fixed_cost,
                    tw_early=begins + self.offset,
                    tw_late=ends + self.offset,
                    # Whole rupiah per metre: PyVRP computes with integers.
                    unit_distance_cost=max(1, vehicle.cost_per_km // 1000),
                    reload_depots=[depot],
                    max_reloads=vehicle.max_trips - 1,
                    profile=self.profiles.index(self._profile(vehicle)),
                    name=vehicle.code,
                )
            )
        return pyvrp.ProblemData(locations, clients, depots, types, self.distances, self.minutes)

    def solve(self, seed: int, stop: Stop, *, required: bool) -> pyvrp.Solution:
        """The best solution found; may be infeasible when all clients are required."""
        return search.solve(self.data(required=required), stop, seed)

    def trips(self, solution: pyvrp.Solution) -> list[rules.Trip]:
        """PyVRP's routes as trips with times, each as early as the rules allow."""
        made = []
        for route in solution.routes():
            vehicle, day = self.runs[route.vehicle_type()]
            orders: dict[int, list[_Task]] = {}
            for activity in route.schedule():
                if activity.is_client():
                    orders.setdefault(activity.trip, []).append(self.tasks[activity.idx])
            ready, _ = vehicle.shift(day)
            for number in sorted(orders):
                trip = self._timed(vehicle, orders[number], ready + self.keep.loading_min)
                made.append(trip)
                ready = trip.return_min
        return made

    def more_trips(self, trips: Sequence[rules.Trip]) -> list[rules.Trip]:
        """One more trip per load that the search left out, where a vehicle still has the hours: optional stops rarely win a reload."""
        brought = {code for trip in trips for code in trip.loads}
        made: list[rules.Trip] = []
        for task in sorted(self.tasks, key=lambda task: (-len(task.load.tps), task.load.code)):
            if task.load.code in brought:
                continue
            found = [trip for run in self.runs if (trip := self._extra(task, *run, [*trips, *made]))]
            if found:
                made.append(min(found, key=lambda trip: (trip.return_min, trip.vehicle)))
        return made

    def _extra(self, task: _Task, vehicle: rules.Vehicle, day: int, trips: Sequence[rules.Trip]) -> rules.Trip | None:
        begins, ends = vehicle.shift(day)
        own = [trip for trip in trips if trip.vehicle == vehicle.code and rules.day_of(trip.depart_min) == day]
        ready = max([begins, *(trip.return_min for trip in own)])
        fits = task.load.volume_ml <= vehicle.volume_ml and task.load.weight_g <= vehicle.weight_g
        fits = (
            fits
            and self.keep.admits(vehicle.kind, task.place)
            and _is(vehicle, self.pins.get(task.load.code, vehicle.code.partition("@")[0]))
        )
        if not fits or len(own) >= vehicle.max_trips or not self.network.leg(vehicle.kind, vehicle.start, task.place):
            return None
        trip = self._timed(vehicle, [task], ready + self.keep.loading_min)
        return trip if trip.return_min <= ends and trip.stops[0].arrive_min <= task.latest_min else None

    def _timed(self, vehicle: rules.Vehicle, order: Sequence[_Task], depart: int) -> rules.Trip:
        """Neighbouring loads for one place share a halt."""
        halts: list[rules.Stop] = []
        depart = max([depart, *(task.load.ready_min + self.keep.loading_min for task in order if task.load.ready_min is not None)])
        here, clock = vehicle.start, depart
        for task in order:
            if (
                halts
                and halts[-1].place == task.place
                and halts[-1].handover == task.handover
                and halts[-1].arrive_min >= task.earliest_min
            ):
                last = halts[-1]
                halts[-1] = replace(last, loads=(*last.loads, task.load.code), depart_min=last.depart_min + task.load.service_min)
            else:
                way = self.network.leg(vehicle.kind, here, task.place)
                assert way is not None
                arrive = max(clock + way.travel_min, task.earliest_min)
                halts.append(rules.Stop(task.place, (task.load.code,), arrive, arrive + task.load.service_min, task.handover))
            here, clock = task.place, halts[-1].depart_min
        home = self.network.leg(vehicle.kind, here, vehicle.start)
        assert home is not None
        metres = _metres(vehicle.start, [halt.place for halt in halts], self.network, vehicle.kind)
        return rules.Trip("", vehicle.code, vehicle.start, depart, tuple(halts), clock + home.travel_min, metres)
