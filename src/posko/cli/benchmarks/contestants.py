"""Who takes part in `bench routes`: each one gets a problem, a budget and a seed, and gives back a plan. Each run is a process of its own.

OR-Tools and VROOM are not among our dependencies; they are imported from the folder that the bench has prepared for them, behind everything
that we install. Everybody gets the same whole numbers. Reading, building matrices and imports are not counted; building a model is.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any, NamedTuple

from posko.cli.benchmarks import checking, regencies
from posko.cli.benchmarks.regencies import NO_WAY, Problem

_FOREVER_S = 24 * 3600


class Limit(NamedTuple):
    """CPU seconds, or iterations (repeatable; only PyVRP and we know them)."""

    seconds: float = 0.0
    iterations: int = 0


class Clock:
    """PyVRP's stopping criterion by the CPU time of this process."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began = time.process_time()

    def __call__(self, best_cost: float) -> bool:
        """Is the budget used up?"""
        return time.process_time() - self._began >= self.seconds


# --- PyVRP, and we ---------------------------------------------------------------------------------------------------------------------


def as_pyvrp(problem: Problem) -> Any:
    """The problem as `pyvrp.ProblemData`: a profile per kind of vehicle, reloads at its own depot."""
    import pyvrp

    depots = list(problem.depots)
    metres, seconds = list[Any](problem.metres), list[Any](problem.seconds)
    return pyvrp.ProblemData(
        [pyvrp.Location(round(lon * 1000), round(lat * 1000)) for lat, lon in problem.points],
        [pyvrp.Client(s.place, [s.boxes, s.grams], service_duration=s.service_s, tw_late=s.late_s) for s in problem.stops],
        [pyvrp.Depot(depot, service_duration=problem.loading_s) for depot in depots],
        [
            pyvrp.VehicleType(
                fleet.count,
                [fleet.boxes, fleet.grams],
                depots.index(fleet.depot),
                depots.index(fleet.depot),
                fixed_cost=problem.fixed,
                tw_late=problem.shift_s,
                profile=fleet.kind,
                reload_depots=[depots.index(fleet.depot)],
                max_reloads=problem.max_reloads,
            )
            for fleet in problem.fleets
        ],
        metres,
        seconds,
    )


def from_pyvrp(solution: Any) -> checking.Plan:
    """A PyVRP solution as a plan; vehicle types are fleets in the same order."""
    routes = []
    for route in solution.routes():
        trips: dict[int, list[int]] = {}
        for activity in route.schedule():
            if activity.is_client():
                trips.setdefault(activity.trip, []).append(activity.idx)
        routes.append((route.vehicle_type(), tuple(tuple(trips[number]) for number in sorted(trips))))
    return tuple(routes)


def _bare(problem: Problem, limit: Limit, seed: int, params: Any) -> checking.Plan:
    import pyvrp
    from pyvrp.stop import MaxIterations

    stop = MaxIterations(limit.iterations) if limit.iterations else Clock(limit.seconds)
    return from_pyvrp(pyvrp.solve(as_pyvrp(problem), stop, seed=seed, collect_stats=False, display=False, params=params).best)


def pyvrp_default(problem: Problem, limit: Limit, seed: int) -> checking.Plan:
    """PyVRP as it comes."""
    import pyvrp

    return _bare(problem, limit, seed, pyvrp.SolveParams())


def pyvrp_tuned(problem: Problem, limit: Limit, seed: int) -> checking.Plan:
    """PyVRP's own search with the parameters that `planning.search` uses, as far as it has them."""
    from posko.planning import search

    return _bare(problem, limit, seed, search.as_parameters(search.fitting(as_pyvrp(problem))))


def posko(problem: Problem, limit: Limit, seed: int) -> checking.Plan:
    """Our engine."""
    from posko.planning import search

    return from_pyvrp(search.solve(as_pyvrp(problem), search.Budget(limit.iterations, limit.seconds), seed))


# --- OR-Tools --------------------------------------------------------------------------------------------------------------------------


def or_tools(problem: Problem, limit: Limit, seed: int, start: str) -> checking.Plan:
    """Guided local search from one first solution. Reloads are optional copies of the depot that empty the vehicle."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    began = time.process_time()
    vehicles = [index for index, fleet in enumerate(problem.fleets) for _ in range(fleet.count)]
    reloads = [index for index, fleet in enumerate(problem.fleets) for _ in range(_reload_copies(problem, index))]
    depots = list(problem.depots)
    stops = len(problem.stops)
    places = [s.place for s in problem.stops] + [problem.fleets[k].depot for k in reloads] + depots
    ends = [stops + len(reloads) + depots.index(problem.fleets[k].depot) for k in vehicles]
    manager = pywrapcp.RoutingIndexManager(len(places), len(vehicles), ends, ends)
    model = pywrapcp.RoutingModel(manager)
    service = [s.service_s for s in problem.stops] + [problem.loading_s] * (len(places) - stops)
    ways, times = [], []
    for fleet in problem.fleets:
        metres, seconds = problem.metres[fleet.kind], problem.seconds[fleet.kind]
        ways.append(model.RegisterTransitMatrix([[int(metres[a, b]) for b in places] for a in places]))
        times.append(model.RegisterTransitMatrix([[int(seconds[a, b]) + service[i] for b in places] for i, a in enumerate(places)]))
    for vehicle, fleet_index in enumerate(vehicles):
        model.SetArcCostEvaluatorOfVehicle(ways[fleet_index], vehicle)
    model.SetFixedCostOfAllVehicles(problem.fixed)
    model.AddDimensionWithVehicleTransits([times[k] for k in vehicles], 0, problem.shift_s, True, "time")
    empty = [0] * len(depots)
    refill = [[-problem.fleets[k].boxes for k in reloads], [-problem.fleets[k].grams for k in reloads]]
    loads = [[s.boxes for s in problem.stops] + refill[0] + empty, [s.grams for s in problem.stops] + refill[1] + empty]
    for name, load, capacity in (
        ("boxes", loads[0], [problem.fleets[k].boxes for k in vehicles]),
        ("grams", loads[1], [problem.fleets[k].grams for k in vehicles]),
    ):
        model.AddDimensionWithVehicleCapacity(model.RegisterUnaryTransitVector(load), max(capacity), capacity, True, name)
    again = [0] * stops + [1] * len(reloads) + empty
    model.AddDimension(model.RegisterUnaryTransitVector(again), 0, problem.max_reloads, True, "reloads")
    _or_tools_rules(problem, manager, model, vehicles, reloads)
    wanted = pywrapcp.DefaultRoutingSearchParameters()
    wanted.first_solution_strategy = getattr(routing_enums_pb2.FirstSolutionStrategy, start)
    wanted.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    wanted.time_limit.seconds = _FOREVER_S
    model.AddSearchMonitor(model.solver().CustomLimit(lambda: time.process_time() - began >= limit.seconds))
    found = model.SolveWithParameters(wanted)
    return _or_tools_plan(problem, manager, model, found, vehicles) if found else ()


def _reload_copies(problem: Problem, fleet_index: int) -> int:
    """As many as loads could ever be needed; more copies only make the search slower."""
    fleet = problem.fleets[fleet_index]
    mine = [s for s in problem.stops if problem.metres[fleet.kind][fleet.depot, s.place] < NO_WAY]
    full = max(sum(s.boxes for s in mine) / fleet.boxes, sum(s.grams for s in mine) / fleet.grams)
    return min(problem.max_reloads * fleet.count, math.ceil(full))


def _or_tools_rules(problem: Problem, manager: Any, model: Any, vehicles: list[int], reloads: list[int]) -> None:
    """Windows, which vehicle may go where, and that only a reload changes a load by more or less than it says."""
    time_of, boxes, grams = (model.GetDimensionOrDie(name) for name in ("time", "boxes", "grams"))
    for node, stop in enumerate(problem.stops):
        index = manager.NodeToIndex(node)
        time_of.CumulVar(index).SetMax(stop.late_s)
        boxes.SlackVar(index).SetValue(0)
        grams.SlackVar(index).SetValue(0)
        reachable = [
            v for v, k in enumerate(vehicles) if problem.metres[problem.fleets[k].kind][problem.fleets[k].depot, stop.place] < NO_WAY
        ]
        model.VehicleVar(index).SetValues(reachable)
    for place, fleet_index in enumerate(reloads):
        index = manager.NodeToIndex(len(problem.stops) + place)
        model.VehicleVar(index).SetValues([-1] + [v for v, k in enumerate(vehicles) if k == fleet_index])  # -1: not used
        model.AddDisjunction([index], 0)
    for vehicle in range(len(vehicles)):
        boxes.SlackVar(model.Start(vehicle)).SetValue(0)
        grams.SlackVar(model.Start(vehicle)).SetValue(0)


def _or_tools_plan(problem: Problem, manager: Any, model: Any, found: Any, vehicles: list[int]) -> checking.Plan:
    routes = []
    for vehicle, fleet_index in enumerate(vehicles):
        trips: list[list[int]] = [[]]
        index = found.Value(model.NextVar(model.Start(vehicle)))
        while not model.IsEnd(index):
            node = manager.IndexToNode(index)
            if node < len(problem.stops):
                trips[-1].append(node)
            else:
                trips.append([])
            index = found.Value(model.NextVar(index))
        full = tuple(tuple(trip) for trip in trips if trip)
        if full:
            routes.append((fleet_index, full))
    return tuple(routes)


# --- VROOM -----------------------------------------------------------------------------------------------------------------------------


def vroom(problem: Problem, limit: Limit, seed: int, way: str) -> checking.Plan:
    """VROOM knows no reloads. Two ways to say them, the better plan counts for it:

    `windows`: a vehicle is three, each with a third of the shift of its own. `packed`: every trip is a vehicle; afterwards trips are put
    on vehicles as the shift and the windows allow, which is our work, not VROOM's. Its timeout is wall time; it gets twice the seconds.
    """
    import vroom as engine

    trips = problem.max_reloads + 1
    model = engine.Input()
    for kind in (regencies.TRUCK, regencies.BOAT):
        # Skills already close the ways that do not exist; their huge numbers make VROOM refuse the problem.
        metres, seconds = (_lowered(matrix) for matrix in (problem.metres[kind], problem.seconds[kind]))
        model.set_durations_matrix(str(kind), seconds)
        model.set_distances_matrix(str(kind), metres)
        model.set_costs_matrix(str(kind), metres)
    owners: list[tuple[int, int]] = []
    for fleet_index, fleet in enumerate(problem.fleets):
        slots = _slots(problem, trips) if way == "windows" else [(problem.loading_s, problem.shift_s)]
        for number in range(fleet.count):
            for slot, (begins, ends) in enumerate(slots):
                costs = engine.VehicleCosts(fixed=0 if slot else problem.fixed)
                model.add_vehicle(
                    engine.Vehicle(
                        len(owners), fleet.depot, fleet.depot, str(fleet.kind), [fleet.boxes, fleet.grams], {fleet.kind + 1},
                        engine.TimeWindow(begins, ends), costs=costs,
                    )
                )  # fmt: skip
                owners.append((fleet_index, number))
    for node, stop in enumerate(problem.stops):
        kind = regencies.TRUCK if problem.metres[regencies.TRUCK][problem.fleets[0].depot, stop.place] < NO_WAY else regencies.BOAT
        model.add_job(
            engine.Job(
                node, stop.place, default_service=stop.service_s, delivery=[stop.boxes, stop.grams], skills={kind + 1},
                time_windows=[engine.TimeWindow(0, stop.late_s)],
            )
        )  # fmt: skip
    answer = model.solve(exploration_level=5, nb_threads=1, timeout=timedelta(seconds=2 * limit.seconds))
    steps = answer.routes
    jobs = steps[steps["type"] == "job"]
    driven = [(owners[int(vehicle)], tuple(int(job) for job in rows["id"])) for vehicle, rows in jobs.groupby("vehicle_id", sort=True)]
    if way == "windows":
        together: dict[tuple[int, int], list[checking.Trip]] = {}
        for owner, trip in driven:
            together.setdefault(owner, []).append(trip)
        return tuple((owner[0], tuple(own)) for owner, own in together.items())
    return tuple(_packed(problem, [(owner[0], trip) for owner, trip in driven]))


def _lowered(matrix: regencies.Matrix) -> Any:
    """No way at all as twice the longest way that exists."""
    return matrix.clip(max=2 * int(matrix[matrix < NO_WAY].max())).astype("uint32")


def _slots(problem: Problem, trips: int) -> list[tuple[int, int]]:
    length = problem.shift_s // trips
    return [(number * length + problem.loading_s, (number + 1) * length) for number in range(trips)]


def _packed(problem: Problem, driven: Iterable[tuple[int, checking.Trip]]) -> list[tuple[int, tuple[checking.Trip, ...]]]:
    """First fit, the longest trips first; a vehicle's trips in whichever order keeps all windows."""
    by_length = sorted(driven, key=lambda item: (-_hours(problem, *item), item))
    vehicles: list[tuple[int, tuple[checking.Trip, ...]]] = []
    for fleet, trip in by_length:
        for place, (other, own) in enumerate(vehicles):
            if other != fleet or len(own) > problem.max_reloads:
                continue
            order = next((o for o in permutations((*own, trip)) if _drivable(problem, fleet, o)), None)
            if order:
                vehicles[place] = (fleet, order)
                break
        else:
            vehicles.append((fleet, (trip,)))
    return vehicles


def _hours(problem: Problem, fleet_index: int, trip: checking.Trip) -> int:
    fleet = problem.fleets[fleet_index]
    way = [fleet.depot, *(problem.stops[stop].place for stop in trip), fleet.depot]
    travel = sum(int(problem.seconds[fleet.kind][a, b]) for a, b in pairwise(way))
    return problem.loading_s + travel + sum(problem.stops[stop].service_s for stop in trip)


def _drivable(problem: Problem, fleet: int, trips: tuple[checking.Trip, ...]) -> bool:
    """Nothing wrong with this vehicle's day (that it leaves other stops to others is not wrong here)."""
    return all(fault.code == "not_served" for fault in checking.faults(problem, ((fleet, trips),)))


# --- a run in a process of its own -----------------------------------------------------------------------------------------------------

Solver = Callable[[Problem, Limit, int], checking.Plan]


def solver(name: str) -> Solver:
    """By name; `ortools:START` and `vroom:WAY` name a variant."""
    word, _, variant = name.partition(":")
    if word in {"ortools", "ortools3"}:
        return lambda problem, limit, seed: or_tools(problem, limit, seed, variant)
    if word == "vroom":
        return lambda problem, limit, seed: vroom(problem, limit, seed, variant)
    return {"posko": posko, "pyvrp": pyvrp_default, "tuned": pyvrp_tuned}[word]


def child(name: str, file: str, code: str, seconds: str, iterations: str, seed: str, peers: str) -> None:
    """Solves one problem and writes the plan and the CPU seconds as JSON."""
    if peers:
        sys.path.append(peers)
    (problem,) = regencies.read(Path(file), (code,))
    solve = solver(name)
    _import(name)
    began = time.process_time()
    plan = solve(problem, Limit(float(seconds), int(iterations)), int(seed))
    print(json.dumps({"plan": plan, "cpu_s": time.process_time() - began}))


def _import(name: str) -> None:
    """Before the clock starts."""
    if name.startswith("ortools") or name.startswith("vroom"):
        pass
    else:
        from posko.planning import search  # noqa: F401


if __name__ == "__main__":
    child(*sys.argv[1:8])
