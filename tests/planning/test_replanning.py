"""The curve of kept stops against cost, on a small problem that is drawn; searches stop by iterations."""

from dataclasses import replace

import pytest

from posko.cli.benchmarks import replan as bench
from posko.planning import replanning
from posko.planning.replanning import Route
from posko.planning.routes import Stop

SHORT = Stop(iterations=120)
CASE, BASE = bench.base_plan(bench.drawn(24), 1, Stop(iterations=200))


@pytest.mark.parametrize("kind", bench.KINDS)
def test_a_repair_may_be_driven_says_what_it_costs_and_keeps_what_it_says(kind: str) -> None:
    now, old = bench.disturb(CASE, BASE, kind, 1)
    curve = replanning.repair(now.data(), old, seed=1, stop=SHORT)
    chosen = curve.chosen()
    judged = bench.judge(now, old, chosen.routes)
    assert judged.faults == ()
    assert (judged.cost, round(judged.kept * len(now.stops))) == (chosen.cost, chosen.kept)


def test_the_same_seed_and_iterations_give_the_same_curve() -> None:
    now, old = bench.disturb(CASE, BASE, "muatan", 2)
    first, second = (replanning.repair(now.data(), old, seed=3, stop=SHORT) for _ in range(2))
    assert first == second


def test_nothing_moves_where_nothing_happened() -> None:
    curve = replanning.repair(CASE.data(), BASE, seed=1, stop=SHORT)
    assert curve.points[0].kept == curve.stops
    assert curve.chosen(1000).kept == curve.stops


def test_the_rule_takes_the_cheapest_that_keeps_enough_and_else_the_one_that_keeps_most() -> None:
    def point(kept: int, cost: int, feasible: bool = True) -> replanning.Point:
        return replanning.Point(1, cost, kept, feasible, ())

    curve = replanning.Curve((point(99, 100), point(95, 90), point(91, 80), point(80, 60), point(100, 10, feasible=False)), 100)
    assert (curve.chosen(900).cost, curve.chosen(950).cost, curve.chosen(1000).cost) == (80, 90, 100)
    assert [p.kept for p in curve.frontier] == [99, 95, 91, 80]
    assert replanning.Curve((point(50, 9), point(60, 12)), 100).chosen(900).kept == 60


def test_equal_vehicles_are_called_so_that_most_stops_keep_theirs_and_unequal_ones_are_not_renamed() -> None:
    turned = tuple(replace(route, vehicle=(route.vehicle + 1) % len(BASE)) for route in BASE)
    assert replanning.kept(BASE, turned) == 0
    assert replanning.matched(CASE.data(), BASE, turned) == BASE
    data = CASE.data()
    unlike = data.replace(vehicle_types=[kind.replace(fixed_cost=number) for number, kind in enumerate(data.vehicle_types())])
    assert replanning.kept(BASE, replanning.matched(unlike, BASE, turned)) == 0


def test_what_cannot_carry_a_price_is_refused() -> None:
    data = CASE.data()
    for wrong in ({"num_available": 2}, {"max_distance": 10}, {"unit_distance_cost": 0}):
        kinds = [kind.replace(**wrong) for kind in data.vehicle_types()]
        with pytest.raises(ValueError, match=r"priced|type of its own|carry a price"):
            replanning.repair(data.replace(vehicle_types=kinds), BASE, seed=1, stop=SHORT)


def test_the_judge_of_the_bench_finds_what_is_wrong() -> None:
    good = bench.judge(CASE, BASE, BASE)
    assert (good.faults, good.kept) == ((), 1.0)
    assert bench.judge(CASE, BASE, BASE[1:]).faults == ("perhentian terlewat atau dua kali",)
    doubled = (*BASE, replace(BASE[0], vehicle=len(BASE)))
    assert "perhentian terlewat atau dua kali" in bench.judge(CASE, BASE, doubled).faults
    one = (Route(0, (tuple(stop for route in BASE for stop in route.stops),)),)
    assert {"kelebihan muatan", "melewati jam kerja"} <= set(bench.judge(CASE, BASE, one).faults)
    same_truck = tuple(replace(route, vehicle=0) for route in BASE)
    assert "truk dipakai dua kali atau tidak ada" in bench.judge(CASE, BASE, same_truck).faults
