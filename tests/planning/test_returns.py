"""Returns on a tiny kecamatan: what is proposed may be driven, results come first, what cannot come back says why."""

from dataclasses import replace

from posko.domain import distribution as d
from posko.domain import returns as rules
from posko.planning import returns
from posko.planning.routes import Stop
from tests.domain import test_returns as small

LOADS = tuple(
    replace(
        small.LOADS[0], code=f"{small.DESA}/{n}", pieces=tuple(replace(p, place=f"{small.DESA}.{n:03d}") for p in small.LOADS[0].pieces)
    )
    for n in range(1, 6)
)
COLLECTS = rules.collects_of([*LOADS, small.LOADS[1]], small.GOODS, small.KEEP)


def propose(fleet: tuple[d.Vehicle, ...] = small.FLEET, collects: list[rules.Collect] = COLLECTS) -> rules.Plan:
    ground = returns.Ground(small.NETWORK, fleet, small.RULES, small.KEEP)
    plan = returns.plan(collects, ground, seed=1, stop=Stop(iterations=200))
    assert rules.violations(plan, collects, small.NETWORK, fleet, small.RULES, small.KEEP) == []
    return plan


def test_everything_comes_back_results_first_in_several_trips_of_one_truck() -> None:
    plan = propose()
    assert plan.left == ()
    assert len([trip for trip in plan.trips if trip.vehicle == "T"]) >= 4
    arrivals = plan.arrivals()
    assert max(m for code, m in arrivals.items() if code.startswith("hasil/19.06.03")) < min(
        m for code, m in arrivals.items() if code.startswith("sisa/19.06.03")
    )


def test_a_truck_that_may_drive_in_the_dark_brings_the_first_results_in_the_night_with_an_escort() -> None:
    night = (replace(small.FLEET[0], night=True), small.FLEET[1])
    first, later = propose(night).first_results_min(), propose().first_results_min()
    assert first is not None
    assert later is not None
    assert first < d.DAY + 330 < later
    assert any(trip.escort for trip in propose(night).trips)


def test_what_cannot_come_back_says_why() -> None:
    assert {why for _, why in propose(small.FLEET[:1]).left} == {"no_boat"}
    assert {why for _, why in propose(small.FLEET[1:]).left} == {"no_vehicle", "not_enough"}
    tiny = (replace(small.FLEET[0], volume_ml=100_000), small.FLEET[1])
    assert {why for code, why in propose(tiny).left if code.startswith("hasil")} == {"not_enough"}


def test_a_vehicle_whose_road_is_cut_fetches_nothing_and_stops_nothing() -> None:
    closed = tuple(d.Closure(small.FLEET[0].start, node.code) for node in small.NETWORK.nodes if node.code != small.FLEET[0].start)
    cut = replace(small.NETWORK, closures=closed)
    plan = returns.plan(COLLECTS, returns.Ground(cut, small.FLEET, small.RULES, small.KEEP), seed=1, stop=Stop(iterations=50))
    assert not [trip for trip in plan.trips if trip.vehicle == "T"]
    assert {code for code, _ in plan.left} == {one.code for one in COLLECTS}
    assert rules.violations(plan, COLLECTS, cut, small.FLEET, small.RULES, small.KEEP) == []


def test_the_same_seed_gives_the_same_return() -> None:
    assert propose() == propose()
