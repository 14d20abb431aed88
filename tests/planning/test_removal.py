"""planning.removal: its plans are what PyVRP says they are, stop for stop and cost for cost."""

import random
from typing import Any

import numpy as np
import pytest
import pyvrp

from posko.planning import compiled, removal, search


def problem(seed: int) -> pyvrp.ProblemData:
    """Two depots, three kinds of vehicles of which some reload, none to two capacities, windows, late goods; some need not bring all."""
    chance, rng = random.Random(seed), np.random.default_rng(seed)
    n, kinds, profiles, required = chance.randint(1, 40), chance.randint(0, 2), chance.choice((1, 2)), chance.random() < 0.7
    points = rng.integers(0, 100, size=(n + 2, 2))
    ways = [np.rint(np.hypot(*(points[:, None] - points).transpose(2, 0, 1))).astype(np.int64) for _ in range(profiles)]
    times = [way + rng.integers(0, 10, size=way.shape) for way in ways]
    for time in times:
        np.fill_diagonal(time, 0)
    clients = []
    for k in range(n):
        early = int(rng.integers(0, 300)) if chance.random() < 0.4 else 0
        clients.append(
            pyvrp.Client(
                k + 2,
                [int(x) for x in rng.integers(1, 6, size=kinds)],
                service_duration=int(rng.integers(0, 12)),
                tw_early=early,
                tw_late=early + int(rng.integers(200, 700)),
                release_time=int(rng.integers(0, 200)) if chance.random() < 0.3 else 0,
                prize=0 if required else int(rng.integers(0, 400)),
                required=required,
            )
        )
    depots = [pyvrp.Depot(0, service_duration=chance.choice((0, 10)), tw_early=5, tw_late=900), pyvrp.Depot(1, service_duration=7)]
    types = [
        pyvrp.VehicleType(
            chance.randint(1, n),
            [20] * kinds,
            k % 2,
            k % 2,
            fixed_cost=chance.choice((0, 100)),
            tw_early=chance.choice((0, 30)),
            tw_late=chance.choice((600, 900)),
            unit_distance_cost=chance.choice((1, 3)),
            profile=chance.randrange(profiles),
            reload_depots=[k % 2] if chance.random() < 0.7 else [],
            max_reloads=chance.choice((0, 1, 2, 3)),
        )
        for k in range(3)
    ]
    return pyvrp.ProblemData([pyvrp.Location(int(x), int(y)) for x, y in points], clients, depots, types, ways, times)


def served(plan: pyvrp.Solution) -> set[int]:
    return {activity.idx for route in plan.routes() for activity in search.visits(route) if activity.is_client()}


@pytest.mark.parametrize("seed", range(30))
def test_pyvrp_finds_every_route_feasible_and_counts_the_same_cost(seed: int) -> None:
    data = problem(seed)
    assert removal.expresses(data)
    tried = removal.Removal(data, seed)
    before = tried.cost
    tried.run(800, 50.0, 0.5)
    plan = tried.best()
    outside = set(range(data.num_clients)) - served(plan)
    price = sum(int(tried.ground.stop[c, removal.MISS]) for c in outside)
    assert all(route.is_feasible() for route in plan.routes())
    assert plan.distance_cost() + plan.fixed_vehicle_cost() + price == tried.cost <= before
    used = [route.vehicle_type() for route in plan.routes()]
    assert all(used.count(k) <= kind.num_available for k, kind in enumerate(data.vehicle_types()))


def rugged(seed: int) -> pyvrp.ProblemData:
    """Ways round are shorter than ways, some stops cannot be reached from others, windows have no end, vehicles hold nothing or all."""
    data, rng = problem(seed), np.random.default_rng(seed)
    ways = [rng.integers(0, 1000, size=way.shape) for way in data.distance_matrices()]
    times = [rng.integers(0, 500, size=way.shape) for way in ways]
    for way, time in zip(ways, times, strict=True):
        shut = rng.random(way.shape) < 0.03
        way[shut] = time[shut] = 10_000_000
        np.fill_diagonal(way, 0)
        np.fill_diagonal(time, 0)
    endless = int(np.iinfo(np.int64).max)
    clients = [
        client if k % 3 else pyvrp.Client(client.location, client.delivery, tw_late=endless) for k, client in enumerate(data.clients())
    ]
    kinds = len(clients[0].delivery)
    room = ([0] * kinds, [10**9] * kinds, [20] * kinds)
    types = [
        kind.replace(num_available=10_000, capacity=room[k], tw_late=endless, start_late=endless)
        for k, kind in enumerate(data.vehicle_types())
    ]
    return data.replace(clients=clients, vehicle_types=types, distance_matrices=ways, duration_matrices=times)


@pytest.mark.parametrize("seed", range(20))
def test_a_stop_taken_out_makes_no_other_late_where_ways_round_are_shorter(seed: int) -> None:
    data = rugged(seed)
    assert removal.expresses(data)
    tried = removal.Removal(data, seed)
    tried.run(600, 400.0, 0.5)
    plan = tried.best()
    price = sum(int(tried.ground.stop[c, removal.MISS]) for c in set(range(data.num_clients)) - served(plan))
    assert all(route.is_feasible() for route in plan.routes())
    assert plan.distance_cost() + plan.fixed_vehicle_cost() + price == tried.cost


def test_sums_that_leave_64_bits_and_plans_that_fill_the_memory_are_left_to_pyvrp() -> None:
    data = problem(1)
    kind, client = data.vehicle_type(0), data.client(0)
    dear = data.replace(vehicle_types=[kind.replace(unit_distance_cost=10**15)])
    prized = data.replace(clients=[*data.clients()[1:], pyvrp.Client(client.location, client.delivery, prize=2**62, required=False)])
    late = data.replace(
        clients=[*data.clients()[1:], pyvrp.Client(client.location, client.delivery, release_time=2**62, tw_late=2**63 - 1)]
    )
    assert not any(map(removal.expresses, (dear, prized, late)))
    many = [pyvrp.Client(2, [0] * len(client.delivery)) for _ in range(1000)]
    full = data.replace(clients=many, vehicle_types=[kind.replace(num_available=1000, reload_depots=[0], max_reloads=11)])
    assert not removal.expresses(full)
    assert removal.expresses(data.replace(vehicle_types=[kind.replace(unit_distance_cost=10**9)]))


def test_some_of_these_problems_leave_stops_outside_and_some_bring_all() -> None:
    outside = []
    for seed in range(30):
        data = problem(seed)
        outside.append(data.num_clients - len(served(removal.Removal(data, seed).best())))
    assert min(outside) == 0 < max(outside)


def test_a_seed_gives_the_same_plan_again_and_another_seed_another() -> None:
    def drawn(seed: int, steps: int = 40) -> list[list[str]]:
        tried = removal.Removal(problem(4), seed)
        for _ in range(0, steps, 20):
            tried.run(20, 40.0, 40.0)
        return [[str(activity) for activity in search.visits(route)] for route in tried.best().routes()]

    assert drawn(3) == drawn(3)
    assert any(drawn(3) != drawn(seed) for seed in range(4, 9))


@pytest.mark.parametrize("seed", range(8))
def test_a_plan_that_it_starts_from_is_read_as_it_is_and_never_gets_dearer(seed: int) -> None:
    data = problem(seed)
    first = removal.Removal(data, seed).best()
    again = removal.Removal(data, seed + 1, first)
    assert all(route.is_feasible() for route in again.best().routes())
    assert served(again.best()) >= served(first)
    if len(served(first)) == data.num_clients:
        assert again.cost == search.cost(first)
        again.run(300, 30.0, 0.5)
        assert search.cost(again.best()) == again.cost <= search.cost(first)


def test_what_must_come_is_left_out_only_where_no_vehicle_can_bring_it() -> None:
    metres = np.array([[0, 10, 500], [10, 0, 500], [500, 500, 0]])
    data = pyvrp.ProblemData(
        [pyvrp.Location(k, 0) for k in range(3)],
        [pyvrp.Client(1, [1]), pyvrp.Client(2, [1]), pyvrp.Client(1, [9])],
        [pyvrp.Depot(0)],
        [pyvrp.VehicleType(5, [3], fixed_cost=10_000, tw_late=600)],
        [metres],
        [metres],
    )
    tried = removal.Removal(data, 1)
    tried.run(50, 10.0, 1.0)
    assert served(tried.best()) == {0}, "the second is too far for the shift, the third too heavy"


def _with(**changes: Any) -> pyvrp.ProblemData:
    """A problem of two stops in which one thing is beyond string removal."""
    metres = np.array([[0, 5, 9], [5, 0, 4], [9, 4, 0]])
    clients = [pyvrp.Client(1, [1], [changes.pop("pickup", 0)]), pyvrp.Client(2, [1], [0], group=changes.get("group"))]
    groups = [pyvrp.ClientGroup([1])] if "group" in changes else []
    clients[1] = pyvrp.Client(2, [1], [0], required="group" not in changes, group=changes.pop("group", None))
    depots = [pyvrp.Depot(0), pyvrp.Depot(2)]
    return pyvrp.ProblemData(
        [pyvrp.Location(k, 0) for k in range(3)], clients, depots, [pyvrp.VehicleType(2, [5], **changes)], [metres], [metres], groups
    )


def test_a_plain_problem_can_be_expressed() -> None:
    assert removal.expresses(_with())


@pytest.mark.parametrize(
    "change",
    [
        {"pickup": 1},
        {"group": 0},
        {"end_depot": 1},
        {"reload_depots": [1]},
        {"reload_depots": [0], "max_reloads": 40},
        {"initial_load": [1]},
        {"unit_duration_cost": 2},
        {"max_overtime": 5, "unit_overtime_cost": 1},
        {"start_late": 3, "tw_late": 90},
        {"shift_duration": 30, "tw_late": 90},
        {"max_distance": 40},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_strings_cannot_express_is_left_to_pyvrp(change: dict[str, Any]) -> None:
    data = _with(**change)
    assert not removal.expresses(data)
    assert search.solve(data, search.Budget(iterations=20), 1).is_feasible()


def test_without_numba_the_local_search_has_the_whole_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.kernel.cache_clear()
    monkeypatch.setenv(compiled.SWITCHED_OFF, "1")
    try:
        assert compiled.kernel("removal") is None
        assert search.solve(problem(2), search.Budget(iterations=60), 1).is_complete()
    finally:
        compiled.kernel.cache_clear()
