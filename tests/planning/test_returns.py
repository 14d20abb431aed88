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


ENDS = {"19.06.03": 10 * d.DAY + 19 * 60}


def onward(fleet: tuple[d.Vehicle, ...] = small.FLEET, loads: tuple[d.Load, ...] = (*LOADS, small.LOADS[1])) -> rules.Plan:
    collects = rules.onward_of(loads, small.GOODS, small.KEEP, ENDS, "19.06:G01")
    plan = returns.onward(collects, returns.Ground(small.NETWORK, fleet, small.RULES, small.KEEP), seed=1, stop=Stop(iterations=200))
    assert rules.violations(plan, collects, small.NETWORK, fleet, small.RULES, small.KEEP) == []
    return plan


def test_from_the_ppk_to_the_kpu_it_goes_by_daylight_after_the_recapitulation_results_first_on_as_many_days_as_it_takes() -> None:
    night = (replace(small.FLEET[0], night=True), small.FLEET[1])
    plan = onward(night)
    assert plan.left == ()
    assert {trip.end for trip in plan.trips} == {"19.06:G01"}
    assert {trip.code.partition("-")[0] for trip in plan.trips} == {"K"}
    assert min(trip.depart_min for trip in plan.trips) >= 11 * d.DAY + 330, "the recapitulation ends in the evening: the next morning"
    assert not any(trip.escort for trip in plan.trips)
    arrivals = plan.arrivals()
    assert len(arrivals) == 12
    assert max(m for code, m in arrivals.items() if code.startswith("hasil")) < min(m for code, m in arrivals.items() if code[:4] == "sisa")
    many = tuple(
        replace(load, code=f"{load.code}/{n}", tps=tuple(f"{t[:-3]}{n:03d}" for t in load.tps)) for load in LOADS for n in range(1, 5)
    )
    assert len({trip.arrive_min // d.DAY for trip in onward(loads=many).trips}) > 1


def test_a_ppk_whose_hour_nobody_knows_is_left_out_and_its_own_goods_travel_with_the_others() -> None:
    own = replace(small.LOADS[0], code="19.06.03", place="19.06.03", kind=d.LoadKind.DISTRICT, tps=(), boxes=2)
    far = replace(small.LOADS[0], code="19.06.04.2001", place="19.06.04.2001", tps=("19.06.04.2001.001",))
    collects = rules.onward_of([own, far, *LOADS], small.GOODS, small.KEEP, ENDS, "19.06:G01")
    assert {one.place for one in collects} == {"19.06.03"}
    assert {one.to for one in collects} == {"19.06:G01"}
    assert "hasil/19.06.03" in {one.code for one in collects}
    assert rules.onward_of([far], small.GOODS, small.KEEP, ENDS, "19.06:G01") == []


def test_without_a_vehicle_of_the_road_nothing_goes_onward_and_it_says_why() -> None:
    assert {why for _, why in onward(small.FLEET[1:]).left} == {"no_vehicle"}
