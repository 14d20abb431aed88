"""The rest of a draft planned anew: locked trips stay to the minute, pinned loads stay with their vehicle, the result may be driven."""

from pathlib import Path

import pytest

from posko.cli import plan as command
from posko.domain import distribution as d
from posko.domain import worksheet as w
from posko.formats import scenario
from posko.planning import routes, worksheet

ROOT = Path(__file__).resolve().parents[2]
STOP = routes.Stop(iterations=40)


@pytest.fixture(scope="module")
def given() -> w.Given:
    facts = scenario.read(ROOT / "scenarios" / "beltim-2024")
    case = command.read_case(ROOT / "scenarios" / "beltim-2024", facts, "pemilu-2024")
    return w.Given(tuple(case.loads), case.network, tuple(case.fleet.vehicles), case.fleet.rules)


@pytest.fixture(scope="module")
def base(given: w.Given) -> d.Plan:
    return routes.plan(given.loads, given.network, given.fleet, given.rules, seed=1, stop=STOP)


def _solve(draft: w.Draft, given: w.Given) -> d.Plan:
    return worksheet.solve(draft, given, routes.plan, seed=1, stop=STOP)


def _violations(plan: d.Plan, given: w.Given) -> list[d.Violation]:
    return d.violations(plan, given.loads, given.network, given.fleet, given.rules)


def test_with_nothing_locked_the_rest_is_everything_and_the_plan_may_be_driven(base: d.Plan, given: w.Given) -> None:
    free = worksheet.rest(w.begin(base, given), given)
    assert (set(free.loads), free.fleet, free.stay) == (set(given.loads), given.fleet, ())
    made = _solve(w.begin(base, given), given)
    assert made.feasible
    assert _violations(made, given) == []


def test_locked_trips_stay_to_the_minute_with_what_hangs_on_them(base: d.Plan, given: w.Given) -> None:
    boat = next(trip for trip in base.trips if any(v.code == trip.vehicle and v.boat for v in given.fleet))
    feeder = next(trip for trip in base.trips if trip.code != boat.code and set(trip.loads) & set(boat.loads))
    truck = next(trip for trip in base.trips if trip.vehicle.startswith("T") and trip.code != feeder.code)
    draft = w.apply(base, given, [w.Lock(boat.code), w.Lock(truck.code)])
    made = _solve(draft, given)
    kept = {trip.code: trip for trip in made.trips}
    assert (kept[boat.code], kept[truck.code], kept[feeder.code]) == (boat, truck, feeder)
    assert made.feasible
    assert _violations(made, given) == []
    assert _solve(draft, given) == made


def test_a_vehicle_takes_part_with_the_longest_gap_its_locked_trips_leave(base: d.Plan, given: w.Given) -> None:
    trip = next(trip for trip in base.trips if trip.vehicle.startswith("T"))
    vehicle, day = given.vehicle(trip.vehicle), d.day_of(trip.depart_min)
    free = worksheet.rest(w.apply(base, given, [w.Lock(trip.code)]), given)
    gap = next(one for one in free.fleet if one.code == f"{vehicle.code}@{day}")
    assert (gap.days, gap.fixed_cost, gap.max_trips) == ((day,), 0, vehicle.max_trips - 1)
    assert gap.shift(day) == (trip.return_min, vehicle.shift(day)[1])
    assert not {code for load in free.loads for code in (load.code,)} & set(trip.loads)


def test_pinned_loads_are_brought_by_their_vehicle(base: d.Plan, given: w.Given) -> None:
    arrivals = {code: trip.vehicle for trip in base.trips for stop in trip.stops if not stop.handover for code in stop.loads}
    village = [load.code for load in given.loads if load.kind is d.LoadKind.VILLAGE]
    wanted = next(code for code in reversed(village) if arrivals[code] not in {"T01", ""})
    assert wanted != village[0]
    draft = w.apply(base, given, [w.Pin(wanted, "T01"), w.Pin(village[0], arrivals[village[0]])])
    made = _solve(draft, given)
    found = {code: trip.vehicle for trip in made.trips for stop in trip.stops if not stop.handover for code in stop.loads}
    assert (found[wanted], found[village[0]]) == ("T01", arrivals[village[0]])
    assert made.feasible
    assert _violations(made, given) == []


def test_what_the_planner_sent_back_is_the_draft_after_it(base: d.Plan, given: w.Given) -> None:
    draft = w.apply(base, given, [w.Pin(given.loads[0].code, "T02")])
    made = _solve(draft, given)
    after = w.adjust(draft, w.Solved(made), given)
    assert set(after.trips) == set(made.trips)
    assert w.faults(after, given) == {}
