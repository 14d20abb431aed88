"""planning.search: feasible plans of PyVRP's own problems, repeatable by iterations, parts that lose nothing."""

import random

import numpy as np
import pytest
import pyvrp

from posko.planning import search


def problem(clients: int = 24, *, vehicles: int = 6, prize: int = 0, seed: int = 7) -> pyvrp.ProblemData:
    """A warehouse in the middle, two kinds of vehicles that reload, two capacities, latest times."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 100, size=(clients + 1, 2))
    points[0] = (50, 50)
    metres = np.rint(np.hypot(*(points[:, None] - points).transpose(2, 0, 1))).astype(np.int64)
    return pyvrp.ProblemData(
        [pyvrp.Location(int(x), int(y)) for x, y in points],
        [
            pyvrp.Client(
                k, [int(rng.integers(1, 5)), int(rng.integers(1, 4))], service_duration=5, tw_late=600, prize=prize, required=not prize
            )
            for k in range(1, clients + 1)
        ],
        [pyvrp.Depot(0, service_duration=10)],
        [
            pyvrp.VehicleType(vehicles, [20, 16], fixed_cost=100, tw_late=700, reload_depots=[0], max_reloads=1, name="besar"),
            pyvrp.VehicleType(vehicles, [12, 10], fixed_cost=60, tw_late=700, reload_depots=[0], max_reloads=1, name="kecil"),
        ],
        [metres],
        [metres],
    )


def drawn(plan: pyvrp.Solution) -> list[tuple[int, list[str]]]:
    return [(route.vehicle_type(), [str(activity) for activity in search.visits(route)]) for route in plan.routes()]


def test_a_plan_brings_everything_and_is_cheaper_than_what_pyvrp_finds_in_as_many_iterations() -> None:
    data = problem(60)
    ours = search.solve(data, search.Budget(iterations=400), 1)
    theirs = pyvrp.solve(data, pyvrp.stop.MaxIterations(400), seed=1, collect_stats=False, display=False).best
    assert ours.is_feasible()
    assert ours.num_clients() == 60
    assert search.cost(ours) <= search.cost(theirs)


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    data = problem(40)
    first, second = (search.solve(data, search.Budget(iterations=200), 5) for _ in range(2))
    assert drawn(first) == drawn(second)


def test_even_a_handful_of_iterations_gives_a_feasible_plan() -> None:
    assert search.solve(problem(30), search.Budget(iterations=3), 1).is_feasible()


def test_a_plan_that_is_given_never_gets_worse() -> None:
    data = problem(40)
    good = search.solve(data, search.Budget(iterations=300), 1)
    again = search.solve(data, search.Budget(iterations=20), 2, initial=good)
    assert search.cost(again) <= search.cost(good)


def test_what_cannot_all_be_brought_is_answered_by_an_infeasible_plan() -> None:
    plan = search.solve(problem(60, vehicles=1), search.Budget(iterations=60), 1)
    assert not plan.is_feasible()
    assert search.cost(plan) == float("inf")


def test_stops_that_may_be_left_are_brought_as_far_as_vehicles_reach() -> None:
    plenty = search.solve(problem(24, prize=100_000), search.Budget(iterations=200), 1)
    assert (plenty.is_feasible(), plenty.num_clients()) == (True, 24)
    few = search.solve(problem(60, vehicles=1, prize=100_000), search.Budget(iterations=400), 1)
    assert few.is_feasible()
    assert 0 < few.num_clients() < 60


@pytest.mark.parametrize(("iterations", "seconds"), [(0, 0.0), (5, 1.0), (-1, 0.0)])
def test_a_budget_is_iterations_or_seconds(iterations: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="iterations or seconds"):
        search.Budget(iterations, seconds)


def test_seconds_end_the_search() -> None:
    assert search.solve(problem(12), search.Budget(seconds=0.05), 1).is_feasible()


def test_searched_in_parts_every_client_comes_back_exactly_once() -> None:
    data = problem(80, vehicles=12)
    settings = search.Settings(whole_up_to=10, part_stops=20, rounds=2)
    plan = search.solve(data, search.Budget(iterations=400), 3, settings=settings)
    served = sorted(activity.idx for route in plan.routes() for activity in search.visits(route) if activity.is_client())
    assert served == list(range(80))
    assert plan.is_feasible()


def test_neighbouring_routes_form_groups_that_hold_every_route_once() -> None:
    data = problem(80, vehicles=12)
    plan = search.solve(data, search.Budget(iterations=100), 1)
    groups = search.neighbouring(data, plan, 20, random.Random(1))
    assert sorted(k for group in groups for k in group) == list(range(plan.num_routes()))
    assert len(groups) > 1


def test_a_part_is_the_same_routes_at_the_same_cost_there_and_back() -> None:
    data = problem(50)
    plan = search.solve(data, search.Budget(iterations=200), 1)
    chosen = plan.routes()[:2]
    part = search.Part.of(data, chosen, [1] * data.num_vehicle_types)
    inside = part.inside(chosen)
    assert inside.is_complete()
    assert part.data.num_clients == sum(route.num_clients() for route in chosen)
    assert search.cost(inside) == sum(route.distance_cost() + route.fixed_vehicle_cost() for route in chosen)
    assert drawn(pyvrp.Solution(data, part.outside(inside))) == [
        (route.vehicle_type(), [str(activity) for activity in search.visits(route)]) for route in chosen
    ]


def test_the_tuned_parameters_are_the_settings_of_our_search() -> None:
    parameters = search.as_parameters(search.Settings(neighbours=17, perturbations=(2, 9)))
    assert (parameters.neighbourhood.num_neighbours, parameters.perturbation.max_perturbations) == (17, 9)


@pytest.mark.parametrize("seed", [2**32, 2**63, 2**70, -1])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    assert 0 <= search.within(seed) < 2**32
    assert search.within(7) == 7
    assert len({search.within(one) for one in (seed, -seed, seed + 1)}) == 3


def test_strings_take_nothing_of_a_budget_that_is_used_up() -> None:
    run = search._Run(problem(), search.Budget(iterations=1), 1, search.Settings())
    assert run.solve(None).is_complete()
    assert run.meter.iterations == 1


def test_no_penalty_leaves_64_bits_where_ways_are_endless_and_prizes_high() -> None:
    """Beyond them PyVRP's local search takes worse for better, and never ends."""
    data = problem(60, prize=10**9)
    shut = np.array(data.duration_matrix(0))
    shut[1:, 1:] = 10_000_000
    np.fill_diagonal(shut, 0)
    data = data.replace(duration_matrices=[shut], distance_matrices=[shut])
    dear = search._Penalties.of(data, search.Settings(start_times=8.0)).evaluator(10_000.0)
    worst = 3 * 60 * 10_000_000
    assert 0 < dear.tw_penalty(worst // 2) < dear.tw_penalty(worst) < 2**61
    assert 0 < dear.load_penalty(400, 200, 0) < dear.load_penalty(400, 0, 0) < 2**61
