"""Mended plans on tiny instances: what has left stays, what is not hit stays, no rule is broken, and no plan changes fewer waybills."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations, product

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from posko.domain import distribution as rules
from posko.domain import replanning as repairs
from posko.domain.replanning import Given
from posko.planning import mending, routes
from tests.planning.test_routes import FLEET, H1, KEEP, LOADS, NETWORK, QUICK, boat, load, truck

GIVEN = Given(tuple(LOADS), NETWORK, tuple(FLEET), KEEP)


def planned(given: Given = GIVEN) -> rules.Plan:
    return routes.plan(given.loads, given.network, given.fleet, given.rules, seed=1, stop=QUICK)


def mend(old: rules.Plan, given: Given, now_min: int | None = None) -> rules.Plan:
    made = mending.mend(old, given, now_min=now_min, stop=QUICK).plan
    faults = rules.standing(rules.violations(made, given.loads, given.network, given.fleet, given.rules), made, now_min)
    assert faults == []
    return made


def test_a_plan_that_still_works_comes_back_as_it_was() -> None:
    old = planned()
    assert mend(old, GIVEN).trips == old.trips


def test_the_trips_of_a_lost_truck_go_whole_to_one_that_stood_idle() -> None:
    wide = replace(GIVEN, fleet=(*FLEET, truck("T3")))
    old = planned(wide)
    lost = next(trip.vehicle for trip in old.trips if trip.vehicle.startswith("T"))
    now = repairs.after(wide, repairs.VehicleLost(lost))
    told = repairs.changes(old, wide.loads, mend(old, now), now.loads)
    mine = [trip for trip in old.trips if trip.vehicle == lost]
    assert (told.waybills, len(told.kept)) == (len(mine), len(old.trips) - len(mine))


def test_a_longer_way_makes_one_trip_later_and_nothing_else() -> None:
    old = planned()
    hit = next(trip for trip in old.trips for stop in trip.stops if stop.place == "C")
    slow = repairs.after(GIVEN, repairs.NewHazard(rules.Hazard("C", "GENANGAN", 15, 900)))
    told = repairs.changes(old, LOADS, mend(old, slow), LOADS)
    assert hit.code in {change.trip for change in told.changed}
    assert all(set(change.what) <= {repairs.What.TIMES, repairs.What.ORDER, repairs.What.WAY} for change in told.changed)
    assert told.moved == ()


def test_what_has_left_stays_though_its_truck_is_lost_and_the_rest_is_brought_by_others() -> None:
    old = planned()
    first = min((trip for trip in old.trips if not trip.vehicle.startswith("B")), key=lambda trip: trip.depart_min)
    now = repairs.after(GIVEN, repairs.VehicleLost(first.vehicle))
    made = mending.mend(old, now, now_min=first.depart_min, stop=QUICK)
    assert first.code in made.frozen
    assert next(trip for trip in made.plan.trips if trip.code == first.code) == first


def test_a_trip_under_way_goes_on_by_another_way_and_says_so() -> None:
    old = planned()
    hit = next(trip for trip in old.trips for stop in trip.stops if stop.place == "C" and not trip.vehicle.startswith("B"))
    slow = repairs.after(GIVEN, repairs.NewHazard(rules.Hazard("C", "GENANGAN", 10, 900)))
    made = mending.mend(old, slow, now_min=hit.depart_min, stop=QUICK)
    again = next(trip for trip in made.plan.trips if trip.code == hit.code)
    assert hit.code in made.rerouted
    assert again.loads == hit.loads
    assert again.stops[-1].arrive_min >= hit.stops[-1].arrive_min + 10


def test_an_island_whose_boat_is_lost_gets_the_other_boat_of_its_pier() -> None:
    old = planned()
    boats = [trip for trip in old.trips if trip.vehicle.startswith("B")]
    wide = replace(GIVEN, fleet=(*FLEET, replace(FLEET[2], code="B3")))
    now = repairs.after(wide, repairs.VehicleLost(boats[0].vehicle))
    told = repairs.changes(old, wide.loads, mend(old, now), now.loads)
    assert [pair[0] for pair in told.taken_over] == [boats[0].code]
    assert told.waybills == 1


def test_an_island_without_any_boat_is_left_behind_with_the_reason_and_nothing_is_driven_to_the_pier_for_it() -> None:
    old = planned()
    now = replace(GIVEN, fleet=tuple(vehicle for vehicle in FLEET if not vehicle.boat))
    made = mend(old, now)
    assert {(left.load, left.code) for left in made.unassigned} == {("P1", "no_boat"), ("Q1", "no_boat")}
    assert all(left.remedies for left in made.unassigned)
    assert not any(stop.handover for trip in made.trips for stop in trip.stops)


def test_late_goods_wait_and_their_trip_leaves_later() -> None:
    old = planned()
    soon = min((trip for trip in old.trips if "A1" in trip.loads), key=lambda trip: trip.depart_min)
    late = replace(GIVEN, loads=rules.delayed(LOADS, {"A1": soon.depart_min - KEEP.loading_min + 10}))
    made = mend(old, late)
    carrying = next(trip for trip in made.trips if "A1" in trip.loads)
    assert carrying.depart_min >= soon.depart_min + 10


def test_what_hits_everything_is_planned_anew_and_says_so() -> None:
    loads = [load(f"{place}{n}", place, 10) for place in "ABC" for n in range(1, 5)]
    wide = Given(tuple(loads), NETWORK, tuple(truck(f"T{n}") for n in range(1, 7)), KEEP)
    old = planned(wide)
    gone = replace(wide, fleet=tuple(truck(f"U{n}") for n in range(1, 7)))
    made = mending.mend(old, gone, trials=1, stop=QUICK)
    assert made.plan.feasible
    assert made.fresh or repairs.changes(old, loads, made.plan, loads).kept == ()


# --- nothing changes fewer waybills ----------------------------------------------------------------------------------------------------

PLACES = "ABC"


def tiny(sizes: Sequence[int], places: Sequence[str], trucks: int) -> Given:
    loads = tuple(load(f"L{n}", place, size) for n, (size, place) in enumerate(zip(sizes, places, strict=True)))
    return Given(loads, NETWORK, tuple(truck(f"T{n}", max_trips=1, days=(1,)) for n in range(1, trucks + 1)), KEEP)


def every_plan(given: Given) -> Iterator[rules.Plan]:
    """All plans with one trip a truck that leaves as early as it may, or at the hour of nobody in particular."""
    codes = [item.code for item in given.loads]
    for where in product(range(len(given.fleet)), repeat=len(codes)):
        groups = [[code for code, number in zip(codes, where, strict=True) if number == k] for k in range(len(given.fleet))]
        for orders in product(*(list(permutations(group)) for group in groups)):
            trips = [t for k, order in enumerate(orders) if order and (t := driven(given, given.fleet[k], order))]
            if sum(len(t.loads) for t in trips) == len(codes):
                yield rules.Plan(tuple(trips), (), 1, "semua")


def driven(given: Given, vehicle: rules.Vehicle, order: Sequence[str]) -> rules.Trip | None:
    by_code = {item.code: item for item in given.loads}
    slot = mending._Slot(f"{vehicle.code}-1", vehicle, 1, tuple(order), None, vehicle.shift(1)[0], vehicle.shift(1)[1])
    work = mending._Work(given, None, 1)
    tasks = {c: mending._Task(by_code[c], by_code[c].place, by_code[c].earliest_min, by_code[c].latest_min, handover=False) for c in order}
    return work._timed(slot, list(order), slot.ready_min, tasks) if work._fits(vehicle, order) else None


def changed(old: rules.Plan, new: rules.Plan, given: Given) -> int:
    """Waybills that differ in their loads or order; hours alone are left out, because they follow."""
    before, now = ({t.vehicle: t.loads for t in p.trips} for p in (old, new))
    return sum(before.get(v.code) != now.get(v.code) for v in given.fleet)


@settings(max_examples=12, deadline=None, derandomize=True)
@drawn(
    st.lists(st.integers(3, 9), min_size=3, max_size=4).flatmap(
        lambda sizes: st.tuples(st.just(sizes), st.lists(st.sampled_from(PLACES), min_size=len(sizes), max_size=len(sizes)))
    ),
    st.integers(0, 3),
    st.integers(8, 16),
)
def test_no_plan_at_all_changes_fewer_loads_of_waybills(made: tuple[list[int], list[str]], which: int, grown: int) -> None:
    sizes, places = made
    before = tiny(sizes, places, 3)
    old = min((p for p in every_plan(before)), key=lambda p: (len(p.trips), p.distance_m), default=None)
    if old is None:
        return
    sizes = [grown if n == which % len(sizes) else size for n, size in enumerate(sizes)]
    now = tiny(sizes, places, 3)
    fewest = min(
        (changed(old, p, now) for p in every_plan(now) if not rules.violations(p, now.loads, NETWORK, now.fleet, KEEP)), default=None
    )
    mended = mending.mend(old, now, stop=QUICK)
    if fewest is None:
        assert not mended.plan.feasible
        return
    assert mended.plan.feasible
    assert rules.violations(mended.plan, now.loads, NETWORK, now.fleet, KEEP) == []
    assert changed(old, mended.plan, now) == fewest


@settings(max_examples=20, deadline=None, derandomize=True)
@drawn(st.sampled_from([*combinations("GABC", 2)]), st.integers(H1 + 300, H1 + 800))
def test_whatever_road_is_cut_and_whenever_what_has_left_and_what_is_not_hit_stays(road: tuple[str, str], now_min: int) -> None:
    old = planned()
    cut = repairs.after(GIVEN, repairs.RoadCut(*road))
    made = mending.mend(old, cut, now_min=now_min, stop=QUICK)
    after = {trip.code: trip for trip in made.plan.trips}
    gone = [trip for trip in old.trips if trip.depart_min <= now_min and trip.code not in made.rerouted]
    assert all(after[trip.code] == trip for trip in gone)
    if not made.fresh and made.plan.feasible:
        told = repairs.changes(old, LOADS, made.plan, cut.loads)
        faulty = rules.standing(rules.violations(old, cut.loads, cut.network, cut.fleet, cut.rules), old, now_min)
        assert bool(told.waybills) == bool(faulty or made.rerouted)


def test_a_plan_from_nothing_waits_for_late_goods_too() -> None:
    late = replace(GIVEN, loads=rules.delayed(LOADS, {"C1": H1 + 480}))
    made = planned(late)
    assert rules.violations(made, late.loads, NETWORK, FLEET, KEEP) == []
    assert next(trip for trip in made.trips if "C1" in trip.loads).depart_min >= H1 + 480 + KEEP.loading_min


def test_an_island_of_two_boats_gets_another_for_the_one_that_is_lost_and_its_plans_are_reckoned_again() -> None:
    parts = [load("Q1", "Q", 3), load("Q2", "Q", 4)]
    given = Given((*LOADS[:2], *parts), NETWORK, (truck("T1"), truck("T2"), *(boat(f"B{n}") for n in (1, 2, 3))), KEEP)
    old = planned(given)
    crossing = [trip for trip in old.trips if trip.vehicle.startswith("B")]
    assert len(crossing) == 2
    choices = (rules.IslandChoice("Q", (), 0), rules.IslandChoice("P", (), 0))
    old = replace(old, choices=choices)
    made = mend(old, repairs.after(given, repairs.VehicleLost(crossing[1].vehicle)))
    assert made.feasible
    assert crossing[0] in made.trips
    assert [one.island for one in made.choices] == ["P"]
    assert mend(old, given).choices == choices
