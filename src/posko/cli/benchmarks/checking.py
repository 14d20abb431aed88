"""What a routing plan costs and what is wrong with it, computed again with nothing but whole numbers. No solver is imported here."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from posko.cli.benchmarks.regencies import NO_WAY, Fleet, Problem

# A plan: routes of (index of the fleet, trips), a trip being indices of stops in their order.
Trip = tuple[int, ...]
Plan = tuple[tuple[int, tuple[Trip, ...]], ...]


@dataclass(frozen=True, order=True)
class Fault:
    """A broken rule: its code, the place of the route in the plan, and what makes it wrong."""

    code: str
    route: int
    detail: int = 0


def read(data: list[tuple[int, list[list[int]]]]) -> Plan:
    """A plan from what a contestant's process wrote."""
    return tuple((int(fleet), tuple(tuple(int(stop) for stop in trip) for trip in trips)) for fleet, trips in data)


def cost(problem: Problem, plan: Plan) -> int:
    """Metres driven and sailed, and the fixed cost of every vehicle that goes out."""
    total = problem.fixed * len(plan)
    for fleet_index, trips in plan:
        fleet = problem.fleets[fleet_index]
        for trip in trips:
            way = [fleet.depot, *(problem.stops[stop].place for stop in trip), fleet.depot]
            total += sum(int(problem.metres[fleet.kind][a, b]) for a, b in pairwise(way))
    return total


def faults(problem: Problem, plan: Plan) -> list[Fault]:
    """Everything that is wrong; a plan that may be driven has none."""
    found = _coverage(problem, plan)
    used: Counter[int] = Counter()
    for number, (fleet_index, trips) in enumerate(plan):
        if not 0 <= fleet_index < len(problem.fleets):
            found.append(Fault("unknown_fleet", number, fleet_index))
            continue
        if any(not 0 <= stop < len(problem.stops) for trip in trips for stop in trip):
            continue  # named by the coverage already; what it weighs nobody knows
        used[fleet_index] += 1
        found += _route(problem, problem.fleets[fleet_index], number, trips)
    for fleet_index, count in used.items():
        if count > problem.fleets[fleet_index].count:
            found.append(Fault("too_many_vehicles", -1, fleet_index))
    return sorted(found)


def _coverage(problem: Problem, plan: Plan) -> list[Fault]:
    """Every stop exactly once."""
    served: Counter[int] = Counter()
    found = []
    for number, (_, trips) in enumerate(plan):
        for stop in (stop for trip in trips for stop in trip):
            if 0 <= stop < len(problem.stops):
                served[stop] += 1
            else:
                found.append(Fault("unknown_stop", number, stop))
    found += [Fault("not_served", -1, stop) for stop in range(len(problem.stops)) if not served[stop]]
    found += [Fault("served_twice", -1, stop) for stop, times in served.items() if times > 1]
    return found


def _route(problem: Problem, fleet: Fleet, number: int, trips: tuple[Trip, ...]) -> list[Fault]:
    """One vehicle's day, minute by minute: load, drive, hand over, come back, load again."""
    found = []
    if not trips or not all(trips):
        found.append(Fault("empty_trip", number))
    if len(trips) > problem.max_reloads + 1:
        found.append(Fault("too_many_trips", number, len(trips)))
    clock = 0
    for trip in trips:
        stops = [problem.stops[stop] for stop in trip]
        if sum(stop.boxes for stop in stops) > fleet.boxes:
            found.append(Fault("over_boxes", number, sum(stop.boxes for stop in stops)))
        if sum(stop.grams for stop in stops) > fleet.grams:
            found.append(Fault("over_grams", number, sum(stop.grams for stop in stops)))
        here = fleet.depot
        clock += problem.loading_s
        for index, stop in zip(trip, stops, strict=True):
            if problem.metres[fleet.kind][here, stop.place] >= NO_WAY:
                found.append(Fault("no_way", number, index))
            clock += int(problem.seconds[fleet.kind][here, stop.place])
            if clock > stop.late_s:
                found.append(Fault("too_late", number, index))
            clock += stop.service_s
            here = stop.place
        if problem.metres[fleet.kind][here, fleet.depot] >= NO_WAY:
            found.append(Fault("no_way", number, -1))
        clock += int(problem.seconds[fleet.kind][here, fleet.depot])
    if clock > problem.shift_s:
        found.append(Fault("shift_exceeded", number, clock))
    return found
