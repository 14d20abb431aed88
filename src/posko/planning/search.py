"""A routing search around PyVRP's local search that reaches a good plan within seconds. Any `pyvrp.ProblemData` in, a `pyvrp.Solution` out.

PyVRP (Wouda, Lan and Kool 2024, doi:10.1287/ijoc.2023.0055) brings the data, the operators and the local search, compiled; what decides
where to search is ours:

- **Strings.** Where `planning.removal` can express the problem, most of the budget goes to it, between a short and a longer local search:
  a step of it costs a hundredth. Else, and where numba is missing, the local search has the whole budget.
- **Penalties in proportion.** PyVRP starts with a penalty of 50,000 for each unit of overload or lateness and lowers it slowly; until then
  it searches feasible plans only. Here a penalty starts at what a unit costs on average, and follows the share of feasible plans.
- **An empty start.** All stops are inserted one by one into nothing, at those penalties, instead of improving a random plan.
- **Parts.** In a large problem an iteration costs more and improves less; so neighbouring routes are searched together as a smaller
  problem, each part put back when it became better, then the whole again (after Taillard and Voss 2002, POPMUSIC).

The same seed and the same number of iterations give the same plan; with seconds, the processor's time of this process decides.
"""

import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np
import pyvrp
from pyvrp import search as moves

from posko.planning import compiled

_TOLERANCE = 0.05
# A penalty stays between these multiples of what a unit costs on average.
_LEAST, _MOST = 1e-4, 1e4
# How much sooner penalties change as long as nothing feasible is known; by how much they are raised at once to get there.
_HURRY = 5
_REPAIRS = (10.0, 100.0, 10_000.0)
_WHOLE = 2.0**60


# Steps of string removal that count as one iteration: about as much work as one of the local search.
_STEPS = 25


@dataclass(frozen=True)
class Budget:
    """How long to search: iterations of the local search (repeatable) or CPU seconds of this process."""

    iterations: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if (self.iterations > 0) == (self.seconds > 0):
            raise ValueError("state iterations or seconds")

    def share(self, part: float) -> "Budget":
        """A part of the budget."""
        return Budget(max(1, int(self.iterations * part))) if self.iterations else Budget(seconds=self.seconds * part)

    def __str__(self) -> str:
        return f"{self.iterations} iterasi" if self.iterations else f"{self.seconds:g} detik"


@dataclass(frozen=True)
class Settings:
    """What the search can be told. Shares are of the whole budget. Temperatures are in costs of an average stop: its share of the plan for
    the local search, the way there and back for strings. after_strings: the local search's first temperature when strings came before."""

    neighbours: int = 30
    perturbations: tuple[int, int] = (1, 12)
    update_every: int = 500
    start_times: float = 1.0
    raise_by: float = 1.5
    lower_by: float = 0.9
    feasible_share: float = 0.65
    hot: float = 0.1
    cold: float = 0.002
    before_strings: float = 0.05
    strings: float = 0.8
    strings_hot: float = 0.15
    strings_cold: float = 0.0015
    after_strings: float = 0.02
    whole_up_to: int = 1100
    part_stops: int = 250
    rounds: int = 1
    whole_share: float = 0.4


# Few stops: penalties start higher and follow sooner, for a plan answers to them within a few iterations. Both measured, see decision 0014.
_FEW = 150
_SMALL = Settings(update_every=50, start_times=8.0, feasible_share=0.4)
_LARGE = Settings()


def fitting(data: pyvrp.ProblemData) -> Settings:
    """Settings by the number of stops."""
    return _SMALL if data.num_clients <= _FEW else _LARGE


class _Meter:
    """Counts what was used of a budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.iterations = 0
        self._began = time.process_time()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """What happens in here is not counted."""
        before = time.process_time()
        yield
        self._began += time.process_time() - before

    def used(self) -> float:
        """From 0 at the start to 1 when nothing is left."""
        if self.budget.iterations:
            return self.iterations / self.budget.iterations
        return (time.process_time() - self._began) / self.budget.seconds


@dataclass
class _Penalties:
    """What a unit of overload (per dimension), lateness and excess distance costs now; it follows the share of plans without."""

    values: list[float]
    usual: tuple[float, ...]
    settings: Settings
    highest: tuple[float, ...] = ()
    seen: int = 0
    clean: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, data: pyvrp.ProblemData, settings: Settings) -> "_Penalties":
        """In proportion to the problem: the cost of a way to every stop, over what is carried and over the time it takes."""
        way, minutes = _ways(data)
        clients = data.clients()
        # Where a stop may be left for a price, breaking a rule for it must not be cheaper than that.
        cost = way + max((kind.fixed_cost for kind in data.vehicle_types()), default=0) + sum(client.prize for client in clients)
        delivered = np.array([client.delivery for client in clients]).reshape(len(clients), -1).sum(axis=0)
        fetched = np.array([client.pickup for client in clients]).reshape(len(clients), -1).sum(axis=0)
        work = minutes + sum(client.service_duration for client in clients)
        usual = (*(cost / max(1.0, float(load)) for load in np.maximum(delivered, fetched)), cost / max(1.0, work), 1.0)
        # PyVRP counts in 64 bits: what a plan can break at the most, times its penalty, must stay within them.
        legs, farthest = 3 * len(clients), max(int(times.max()) for times in data.duration_matrices())
        most = (
            *map(float, delivered + fetched),
            float(legs * farthest + work),
            float(legs * max(int(far.max()) for far in data.distance_matrices())),
        )
        highest = tuple(_WHOLE / max(1.0, broken) for broken in most)
        return cls([settings.start_times * value for value in usual], usual, settings, highest, clean=[0] * len(usual))

    def evaluator(self, times: float = 1.0) -> pyvrp.CostEvaluator:
        """For PyVRP; so many times as dear as now."""
        *loads, late, far = (min(value * times, highest) for value, highest in zip(self.values, self.highest, strict=True))
        return pyvrp.CostEvaluator(loads, late, far)

    def register(self, plan: pyvrp.Solution, *, hurry: bool) -> bool:
        """Counts what this plan breaks; True when the penalties have changed. In a hurry they change sooner."""
        for k, broken in enumerate((*plan.excess_load(), plan.time_warp(), plan.excess_distance())):
            self.clean[k] += broken == 0
        self.seen += 1
        if self.seen < self.settings.update_every // (_HURRY if hurry else 1):
            return False
        for k, clean in enumerate(self.clean):
            off = self.settings.feasible_share - clean / self.seen
            if abs(off) > _TOLERANCE:
                value = self.values[k] * (self.settings.raise_by if off > 0 else self.settings.lower_by)
                self.values[k] = min(_MOST * max(1.0, self.usual[k]), max(_LEAST * self.usual[k], value))
        self.seen, self.clean = 0, [0] * len(self.values)
        return True


def _ways(data: pyvrp.ProblemData) -> tuple[float, float]:
    """Cost and time of a way to every client from its nearest depot, for the kind of vehicle that has it easiest; summed."""
    places = [client.location for client in data.clients()]
    costs, times = [], []
    for kind in data.vehicle_types():
        depot = data.depot(kind.start_depot).location
        costs.append(data.distance_matrix(kind.profile)[depot, places] * float(kind.unit_distance_cost))
        times.append(data.duration_matrix(kind.profile)[depot, places])
    return float(np.min(costs, axis=0).sum()), float(np.min(times, axis=0).sum())


def solve(
    data: pyvrp.ProblemData, budget: Budget, seed: int = 0, initial: pyvrp.Solution | None = None, settings: Settings | None = None
) -> pyvrp.Solution:
    """The cheapest feasible plan found; where none was found, an infeasible one. `initial` may be incomplete or infeasible."""
    return _Run(data, budget, seed, settings or fitting(data)).solve(initial)


def as_parameters(known: Settings) -> pyvrp.SolveParams:
    """The same settings for PyVRP's own search, as far as it has them: what remains of this module when only parameters are tuned."""
    return pyvrp.SolveParams(
        penalty=pyvrp.PenaltyParams(
            known.update_every, known.raise_by, known.lower_by, known.feasible_share, _TOLERANCE, min_penalty=0.001, max_penalty=5_000.0
        ),
        neighbourhood=moves.NeighbourhoodParams(num_neighbours=known.neighbours),
        perturbation=moves.PerturbationParams(*known.perturbations),
    )


def within(seed: int) -> int:
    """The seed in the 32 bits that PyVRP's generator takes: itself where it fits."""
    return seed if 0 <= seed < 2**32 else int(np.random.SeedSequence([abs(seed), int(seed < 0)]).generate_state(1)[0])


def cost(plan: pyvrp.Solution) -> float:
    """What PyVRP minimises: distance, time, vehicles, prizes left behind. Infinite where the plan is infeasible or incomplete."""
    if not plan.is_feasible():
        return math.inf
    return float(plan.distance_cost() + plan.duration_cost() + plan.fixed_vehicle_cost() + plan.uncollected_prizes())


class _Run:
    """One call of `solve`."""

    def __init__(self, data: pyvrp.ProblemData, budget: Budget, seed: int, settings: Settings) -> None:
        self.data, self.settings, self.seed = data, settings, seed
        self.meter = _Meter(budget)
        self.rng = pyvrp.RandomNumberGenerator(within(seed))
        self.chance = random.Random(seed)  # noqa: S311  (a search, not a secret)
        self.penalties = _Penalties.of(data, settings)

    def solve(self, initial: pyvrp.Solution | None) -> pyvrp.Solution:
        best = initial if initial is not None else pyvrp.Solution(self.data, [])
        strings = compiled.kernel("removal") if self.settings.strings else None
        if strings is not None and strings.expresses(self.data):
            best = _Search(self.data, self).improve(best, self.settings.before_strings)
            best = self._by_strings(strings, best)
            self.settings = replace(self.settings, hot=self.settings.after_strings)
        small = self.data.num_clients <= self.settings.whole_up_to or self.data.num_groups or self.data.num_shipments
        return _Search(self.data, self).improve(best, 1.0) if small else self._in_parts(best)

    def _by_strings(self, strings: ModuleType, start: pyvrp.Solution) -> pyvrp.Solution:
        """The best plan of string removals within their share of the budget, cooling as the budget is used."""
        way, _ = _ways(self.data)
        hot, cold = (max(1.0, share * 2 * way / self.data.num_clients) for share in (self.settings.strings_hot, self.settings.strings_cold))
        with self.meter.stopped():  # compiled, or read from where the compiled one is kept
            removal = strings.Removal(self.data, within(self.seed), start)
            removal.run(0, 1.0, 1.0)
        begun = self.meter.used()
        until = min(1.0, begun + self.settings.strings)
        while (used := self.meter.used()) < until:
            done = (used - begun) / self.settings.strings
            heat = hot * (cold / hot) ** done
            removal.run(_STEPS, heat, heat)
            self.meter.iterations += 1
        found = removal.best()
        return found if cost(found) <= cost(start) else start

    def _in_parts(self, start: pyvrp.Solution) -> pyvrp.Solution:
        whole = _Search(self.data, self)
        best = whole.improve(start, self.settings.whole_share)
        rounds = self.settings.rounds
        begun, share = self.meter.used(), 1.0 - self.meter.used() - 0.1
        for number in range(rounds):
            upto = begun + share * (number + 1) / rounds
            best = self._round(best, upto - share / rounds, upto)
            if self.meter.used() >= 1.0:
                break
        return whole.improve(best, 1.0)

    def _round(self, best: pyvrp.Solution, begin: float, upto: float) -> pyvrp.Solution:
        """Every route once, in parts of neighbouring routes; each part gets its share of the budget."""
        groups = neighbouring(self.data, best, self.settings.part_stops, self.chance)
        total = sum(len(group) for group in groups)
        routes = list(best.routes())
        new: list[pyvrp.Route] = []
        done = 0
        left = [route for group in groups for route in group]
        for group in groups:
            chosen = [routes[k] for k in group]
            done += len(group)
            until = begin + (upto - begin) * done / total
            spare = self._spare([*new, *(routes[k] for k in left)])
            part = Part.of(self.data, chosen, spare)
            here = _Search(part.data, self)
            old = part.inside(chosen)
            found = here.improve(old, until)
            if not cost(found) < cost(old) and old.is_feasible():
                found = old
            new += part.outside(found)
            left = left[len(group) :]
        return pyvrp.Solution(self.data, new)

    def _spare(self, routes: Sequence[pyvrp.Route]) -> list[int]:
        """Vehicles of each type that stay at home."""
        spare = [kind.num_available for kind in self.data.vehicle_types()]
        for route in routes:
            spare[route.vehicle_type()] -= 1
        return spare


class _Search:
    """Iterated local search on one problem: shake some stops, improve around them, keep what is not much worse."""

    def __init__(self, data: pyvrp.ProblemData, run: _Run) -> None:
        self.data, self.run = data, run
        settings = run.settings
        near = moves.compute_neighbours(data, moves.NeighbourhoodParams(num_neighbours=settings.neighbours))
        shake = moves.PerturbationManager(moves.PerturbationParams(*settings.perturbations))
        self.local = moves.LocalSearch(data, run.rng, near, shake)
        for operator in moves.OPERATORS:
            if operator.supports(data):
                self.local.add_operator(operator(data))

    def step(self, plan: pyvrp.Solution, evaluator: pyvrp.CostEvaluator, *, exhaustive: bool = False) -> pyvrp.Solution:
        """One iteration."""
        self.run.meter.iterations += 1
        return self.local(plan, evaluator, exhaustive)

    def improve(self, start: pyvrp.Solution, until: float) -> pyvrp.Solution:
        """Searches until so much of the whole budget is used."""
        meter, penalties, settings, chance = self.run.meter, self.run.penalties, self.run.settings, self.run.chance
        begun = meter.used()
        if begun >= until:
            return start
        evaluator = penalties.evaluator()
        now = start if start.is_complete() and start.num_routes() else self.step(start, evaluator, exhaustive=True)
        best, best_cost = min(((plan, cost(plan)) for plan in (start, self._repaired(now))), key=lambda pair: pair[1])
        now_cost = evaluator.penalised_cost(now)
        unit = (now.distance_cost() + now.fixed_vehicle_cost() + now.duration_cost()) / max(1, self.data.num_clients)
        temperature, number = 0.0, 0
        while True:
            if number % 16 == 0:
                done = (meter.used() - begun) / (until - begun)
                if done >= 1.0:
                    break
                temperature = unit * settings.hot * (settings.cold / settings.hot) ** done
            number += 1
            new = self.step(now, evaluator)
            if new.is_feasible() and cost(new) < best_cost:
                polished = self.step(new, evaluator, exhaustive=True)
                new = polished if cost(polished) <= cost(new) else new
                best, best_cost = new, cost(new)
            changed = penalties.register(new, hurry=math.isinf(best_cost))
            new_cost = evaluator.penalised_cost(new)
            if new_cost < now_cost - temperature * math.log(1.0 - chance.random()):
                now, now_cost = new, new_cost
            if changed:
                evaluator = penalties.evaluator()
                now_cost = evaluator.penalised_cost(now)
        return self._repaired(now) if math.isinf(best_cost) else best

    def _repaired(self, plan: pyvrp.Solution) -> pyvrp.Solution:
        """The plan made feasible by dearer and dearer penalties, where that is enough."""
        for times in _REPAIRS:
            if plan.is_feasible():
                break
            plan = self.step(plan, self.run.penalties.evaluator(times), exhaustive=True)
        return plan


# --- parts -----------------------------------------------------------------------------------------------------------------------------


def visits(route: pyvrp.Route) -> list[pyvrp.Activity]:
    """What lies between the first and the last depot."""
    return [pyvrp.Activity(activity.type, activity.idx) for activity in route.schedule()[1:-1]]


def neighbouring(data: pyvrp.ProblemData, plan: pyvrp.Solution, stops: int, chance: random.Random) -> list[list[int]]:
    """Routes of the plan, by index, in groups of neighbours with about so many stops; every route in exactly one group."""
    routes = plan.routes()
    sizes = [route.num_clients() for route in routes]
    centres = np.array([_centre(data, route) for route in routes])
    left = set(range(len(routes)))
    wanted = max(1, round(sum(sizes) / stops))
    groups: list[list[int]] = []
    while left:
        about = sum(sizes[k] for k in left) / max(1, wanted - len(groups))
        away = np.linalg.norm(centres - centres[chance.choice(sorted(left))], axis=1)
        group: list[int] = []
        for k in sorted(left, key=lambda k: (float(away[k]), k)):
            if group and sum(sizes[j] for j in group) + sizes[k] / 2 > about:
                break
            group.append(k)
        groups.append(group)
        left -= set(group)
    return groups


def _centre(data: pyvrp.ProblemData, route: pyvrp.Route) -> tuple[float, float]:
    """The mean of where its clients are."""
    where = [data.location(data.client(activity.idx).location) for activity in visits(route) if activity.is_client()]
    return sum(place.x for place in where) / max(1, len(where)), sum(place.y for place in where) / max(1, len(where))


@dataclass(frozen=True)
class Part:
    """Some routes of a plan as a problem of their own. clients, depots and kinds map indices of the part to those of the whole."""

    whole: pyvrp.ProblemData
    data: pyvrp.ProblemData
    clients: tuple[int, ...]
    kinds: tuple[int, ...]

    @classmethod
    def of(cls, whole: pyvrp.ProblemData, routes: Sequence[pyvrp.Route], spare: Sequence[int]) -> "Part":
        """The clients of these routes, the vehicles that drive them and spare ones of the same types (spare: by type of the whole)."""
        clients = tuple(sorted(activity.idx for route in routes for activity in visits(route) if activity.is_client()))
        used = [0] * whole.num_vehicle_types
        for route in routes:
            used[route.vehicle_type()] += 1
        kinds = tuple(k for k, count in enumerate(used) if count)
        depots = [depot.location for depot in whole.depots()]
        places = sorted({*depots, *(whole.client(k).location for k in clients)})
        position = {place: k for k, place in enumerate(places)}
        cut = np.ix_(places, places)
        data = pyvrp.ProblemData(
            [whole.location(place) for place in places],
            [moved(whole.client(k), position[whole.client(k).location]) for k in clients],
            [_moved_depot(depot, position) for depot in whole.depots()],
            [whole.vehicle_type(k).replace(num_available=used[k] + spare[k]) for k in kinds],
            _cut(whole.distance_matrices(), cut),
            _cut(whole.duration_matrices(), cut),
        )
        return cls(whole, data, clients, kinds)

    def inside(self, routes: Sequence[pyvrp.Route]) -> pyvrp.Solution:
        """The routes as a plan of the part."""
        client = {k: i for i, k in enumerate(self.clients)}
        kind = {k: i for i, k in enumerate(self.kinds)}
        return pyvrp.Solution(
            self.data,
            [
                pyvrp.Route(
                    self.data,
                    [pyvrp.Activity(a.type, client[a.idx] if a.is_client() else a.idx) for a in visits(route)],
                    kind[route.vehicle_type()],
                )
                for route in routes
            ],
        )

    def outside(self, plan: pyvrp.Solution) -> list[pyvrp.Route]:
        """The part's plan as routes of the whole."""
        return [
            pyvrp.Route(
                self.whole,
                [pyvrp.Activity(a.type, self.clients[a.idx] if a.is_client() else a.idx) for a in visits(route)],
                self.kinds[route.vehicle_type()],
            )
            for route in plan.routes()
        ]


def _cut(matrices: Sequence[Any], cut: Any) -> list[Any]:
    return [np.ascontiguousarray(matrix[cut]) for matrix in matrices]


def moved(client: pyvrp.Client, place: int) -> pyvrp.Client:
    """The same client at another place."""
    return pyvrp.Client(
        place,
        client.delivery,
        client.pickup,
        client.service_duration,
        client.tw_early,
        client.tw_late,
        client.release_time,
        client.prize,
        client.required,
        name=client.name,
    )


def _moved_depot(depot: pyvrp.Depot, position: dict[int, int]) -> pyvrp.Depot:
    return pyvrp.Depot(position[depot.location], depot.tw_early, depot.tw_late, depot.service_duration, name=depot.name)
