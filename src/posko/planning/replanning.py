"""Repair of a routing plan after a disruption: most stops stay on the vehicle they had, and the plan stays cheap.

A plain re-solve finds a good plan that has nothing to do with the old one. Here a stop that changes its vehicle costs a price. The price is
part of the problem, not of the search: every vehicle gets distances of its own, on which the way to a stop that was another vehicle's is
longer by the price. So PyVRP's own local search minimises cost plus price times moved stops. The old plan, with whatever the
disruption broke, is mended first by one exhaustive pass at high penalties for overload and lateness, then searched again and again
at a lower price. Every step is a point of the curve of kept stops against cost; `Curve.chosen` states the rule that picks one of them.

PyVRP: Wouda, Lan and Kool (2024), INFORMS Journal on Computing, doi:10.1287/ijoc.2023.0055. Same seed and same number of iterations give
the same plan; with seconds, the processor's time of this process decides.
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
import numpy as np
import pyvrp
from pyvrp import search as moves
from pyvrp.IteratedLocalSearch import IteratedLocalSearchParams
from pyvrp.PenaltyManager import PenaltyManager
from pyvrp.stop import MaxIterations

from posko.planning import search
from posko.planning.routes import Stop

# Prices of a moved stop one after the other, in thousandths of what a stop of the plan costs on average.
PRICES = (800, 500, 350, 250, 200, 150)
# Of the points that keep so many thousandths of the stops, the cheapest is taken.
KEEP_PERMILLE = 900
_SETTINGS = pyvrp.SolveParams(ils=IteratedLocalSearchParams(history_length=100))
_FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Route:
    """What one vehicle does: its index among the vehicles of the data, and its trips, each the indices of its stops in order."""

    vehicle: int
    trips: tuple[tuple[int, ...], ...]

    @property
    def stops(self) -> tuple[int, ...]:
        """All stops in order."""
        return tuple(stop for trip in self.trips for stop in trip)


@dataclass(frozen=True)
class Point:
    """One plan of the curve: what it costs, how many stops kept their vehicle, whether it may be driven, and the price it was sought at."""

    price: int
    cost: int
    kept: int
    feasible: bool
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Curve:
    """What was found at the prices that were tried; `stops` are all stops of the new problem."""

    points: tuple[Point, ...]
    stops: int

    def chosen(self, keep_permille: int = KEEP_PERMILLE) -> Point:
        """The cheapest plan that keeps so many thousandths of the stops; where none does, the one that keeps most. Feasible ones first."""
        feasible = [point for point in self.points if point.feasible] or list(self.points)
        enough = [point for point in feasible if 1000 * point.kept >= keep_permille * self.stops]
        if enough:
            return min(enough, key=lambda point: (point.cost, -point.kept))
        return max(feasible, key=lambda point: (point.kept, -point.cost))

    @property
    def frontier(self) -> tuple[Point, ...]:
        """The points that no other beats in both, those that keep most first."""
        feasible = sorted((point for point in self.points if point.feasible), key=lambda point: (-point.kept, point.cost))
        found: list[Point] = []
        for point in feasible:
            if not found or point.cost < found[-1].cost:
                found.append(point)
        return tuple(found)


def repair(
    data: pyvrp.ProblemData,
    old: Sequence[Route],
    *,
    seed: int,
    stop: Stop,
    prices: Sequence[int] = PRICES,
    keep_permille: int = KEEP_PERMILLE,
) -> Curve:
    """Plans for `data` that resemble `old`, the mended old plan first, then one per price.

    data: the problem as it is now; every vehicle is a type of its own (num_available 1). old: what the vehicles did, in indices of the new
    problem; stops that are in no old route (new ones, those of a lost vehicle) have no vehicle to keep. ValueError for what cannot be
    priced: shared types, stops in groups, shipments, a limit of distance, distances that cost nothing.
    """
    _refuse(data)
    meter = _Meter(stop)
    unit = _stop_cost(data, old)
    points: list[Point] = []
    routes: Sequence[Route] = old
    for number, permille in enumerate(prices):
        price = max(1, round(unit * permille / 1000))
        priced = _priced(data, old, price)
        start = solution_of(priced, routes)
        if not points:
            start = _mended(priced, start, seed)
            points.append(_point(data, old, price, routes_of(start)))
        if meter.left <= 0:
            break
        criterion = meter.share(len(prices) - number)
        found = pyvrp.solve(priced, criterion, seed=seed, collect_stats=False, display=False, params=_SETTINGS, initial_solution=start).best
        meter.count(criterion)
        points.append(_point(data, old, price, routes_of(found)))
        # What keeps too few stops is no place to go on from.
        good = Curve(tuple(points), data.num_clients).chosen(keep_permille)
        routes = good.routes
    return Curve(tuple(points), data.num_clients)


def kept(old: Iterable[Route], new: Iterable[Route]) -> int:
    """Stops that have the vehicle they had."""
    had = {stop: route.vehicle for route in old for stop in route.stops}
    return sum(had.get(stop) == route.vehicle for route in new for stop in route.stops)


def matched(data: pyvrp.ProblemData, old: Iterable[Route], new: Iterable[Route]) -> tuple[Route, ...]:
    """The new plan with equal vehicles called so that most stops keep theirs. Names among equals are nobody's merit.

    Vehicles are equal when all that the data say of them is, but for their names.
    """
    alike: dict[str, list[int]] = {}
    for index, kind in enumerate(data.vehicle_types()):
        alike.setdefault(repr(kind.replace(name="").__getstate__()), []).append(index)
    had = {route.vehicle: set(route.stops) for route in old}
    routes = {route.vehicle: route for route in new}
    named: dict[int, int] = {}
    for group in alike.values():
        graph = nx.Graph()
        for index in group:
            if index in routes:
                graph.add_weighted_edges_from(
                    (("new", index), ("old", other), len(had.get(other, set()) & set(routes[index].stops))) for other in group
                )
        pairs = (sorted(pair) for pair in nx.max_weight_matching(graph, maxcardinality=True))
        named.update({new_end[1]: old_end[1] for new_end, old_end in pairs})
    return tuple(replace(route, vehicle=named[route.vehicle]) for route in sorted(routes.values(), key=lambda route: named[route.vehicle]))


def cost(data: pyvrp.ProblemData, routes: Iterable[Route]) -> int:
    """Ways, hours and vehicles, as the data price them."""
    plan = solution_of(data, list(routes))
    return int(plan.distance_cost() + plan.duration_cost() + plan.fixed_vehicle_cost() + plan.uncollected_prizes())


# --- the price -------------------------------------------------------------------------------------------------------------------------


def criterion(stop: Stop) -> "Cpu | MaxIterations":
    """For PyVRP: so many iterations, or CPU seconds of this process from now on."""
    return MaxIterations(stop.iterations) if stop.iterations else Cpu(stop.seconds)


def _refuse(data: pyvrp.ProblemData) -> None:
    kinds = data.vehicle_types()
    if any(kind.num_available != 1 for kind in kinds):
        raise ValueError("every vehicle must be a type of its own")
    if data.num_groups or data.num_shipments:
        raise ValueError("groups and shipments cannot be priced")
    if any(kind.max_distance < _FAR or kind.unit_distance_cost < 1 for kind in kinds):
        raise ValueError("a distance that is limited or costs nothing cannot carry a price")


def _stop_cost(data: pyvrp.ProblemData, old: Sequence[Route]) -> float:
    plan = solution_of(data, old)
    return float(plan.distance_cost() + plan.fixed_vehicle_cost() + plan.duration_cost()) / max(1, plan.num_clients())


def _priced(data: pyvrp.ProblemData, old: Sequence[Route], price: int) -> pyvrp.ProblemData:
    """The problem with a place for every depot and stop of its own, and for every vehicle distances that hold the price."""
    clients, depots, kinds = data.clients(), data.depots(), data.vehicle_types()
    where = [depot.location for depot in depots] + [client.location for client in clients]
    owner = np.full(len(where), -1, dtype=np.int64)
    for route in old:
        owner[[len(depots) + stop for stop in route.stops]] = route.vehicle
    cut = np.ix_(where, where)
    profiles: dict[tuple[int, int, int], int] = {}
    distances: list[Any] = []
    durations: list[Any] = []
    typed = []
    used = {route.vehicle for route in old}
    for index, kind in enumerate(kinds):
        key = (kind.profile, kind.unit_distance_cost, index if index in used else -1)
        if key not in profiles:
            profiles[key] = len(profiles)
            foreign = (owner >= 0) & (owner != index)
            way = np.array(data.distance_matrix(kind.profile), dtype=np.int64)[cut]
            way = way + np.where(foreign, -(-price // kind.unit_distance_cost), 0)[None, :]
            np.fill_diagonal(way, 0)
            distances.append(way)
            durations.append(np.array(data.duration_matrix(kind.profile), dtype=np.int64)[cut])
        typed.append(kind.replace(profile=profiles[key]))
    return pyvrp.ProblemData(
        [data.location(place) for place in where],
        [search.moved(client, len(depots) + number) for number, client in enumerate(clients)],
        [pyvrp.Depot(number, one.tw_early, one.tw_late, one.service_duration, name=one.name) for number, one in enumerate(depots)],
        typed,
        distances,
        durations,
    )


# --- the search ------------------------------------------------------------------------------------------------------------------------


class _Meter:
    """How much of the budget is left, for steps that each get an equal part of it."""

    def __init__(self, stop: Stop) -> None:
        self.stop, self.iterations, self._began = stop, 0, time.process_time()

    @property
    def left(self) -> float:
        """Iterations or CPU seconds."""
        if self.stop.iterations:
            return self.stop.iterations - self.iterations
        return self.stop.seconds - (time.process_time() - self._began)

    def share(self, steps: int) -> "Cpu | MaxIterations":
        """What the next of so many steps may use."""
        if self.stop.iterations:
            return MaxIterations(max(1, math.ceil(self.left / steps)))
        return Cpu(self.left / steps)

    def count(self, used: "Cpu | MaxIterations") -> None:
        """A step has used its part."""
        if isinstance(used, MaxIterations):
            self.iterations += used._max_iters


class Cpu:
    """A stopping criterion of PyVRP: CPU seconds of this process, from its making on."""

    def __init__(self, seconds: float) -> None:
        self._until = time.process_time() + seconds

    def __call__(self, best_cost: float) -> bool:
        """Whether they are used up."""
        return time.process_time() >= self._until


def _mended(priced: pyvrp.ProblemData, start: pyvrp.Solution, seed: int) -> pyvrp.Solution:
    """The old plan after one exhaustive local search at the highest penalties: what is overloaded or late is shifted, little else."""
    near = moves.compute_neighbours(priced, _SETTINGS.neighbourhood)
    shake = moves.PerturbationManager(_SETTINGS.perturbation)
    local = moves.LocalSearch(priced, pyvrp.RandomNumberGenerator(seed), near, shake)
    for operator in _SETTINGS.operators:
        if operator.supports(priced):
            local.add_operator(operator(priced))
    penalties = PenaltyManager(_SETTINGS.penalty.midpoint_penalties(priced), _SETTINGS.penalty)
    return local(start, penalties.max_cost_evaluator(), exhaustive=True)


def solution_of(data: pyvrp.ProblemData, routes: Sequence[Route]) -> pyvrp.Solution:
    """Routes as a plan of PyVRP; between two trips the vehicle's first depot for reloading."""
    made = []
    for route in routes:
        kind = data.vehicle_type(route.vehicle)
        activities: list[pyvrp.Activity] = []
        for trip in route.trips:
            if activities:
                activities.append(pyvrp.Activity(pyvrp.ActivityType.DEPOT, kind.reload_depots[0]))
            activities += [pyvrp.Activity(pyvrp.ActivityType.CLIENT, stop) for stop in trip]
        if activities:
            made.append(pyvrp.Route(data, activities, route.vehicle))
    return pyvrp.Solution(data, made)


def routes_of(solution: pyvrp.Solution) -> tuple[Route, ...]:
    """PyVRP's plan in plain numbers, one route after the other."""
    found = []
    for route in solution.routes():
        trips: list[list[int]] = [[]]
        for activity in route.schedule():
            if activity.is_client():
                trips[-1].append(activity.idx)
            elif trips[-1]:
                trips.append([])
        found.append(Route(route.vehicle_type(), tuple(tuple(trip) for trip in trips if trip)))
    return tuple(sorted(found, key=lambda route: route.vehicle))


def _point(data: pyvrp.ProblemData, old: Sequence[Route], price: int, routes: tuple[Route, ...]) -> Point:
    named = matched(data, old, routes)
    return Point(price, cost(data, named), kept(old, named), solution_of(data, named).is_feasible(), named)
