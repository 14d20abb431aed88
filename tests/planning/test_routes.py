"""Routes on tiny instances, stopped by iterations: what is proposed may be driven, what cannot be brought says why."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from posko.domain import distribution as rules
from posko.domain import replanning
from posko.planning import routes

H1, H2 = -rules.DAY, -2 * rules.DAY
QUICK = routes.Stop(iterations=200)
KEEP = rules.Rules(island_day=2, mainland_days=(1,), loading_min=30, handover_min=20)
PLACES = {"G": (-2.883, 108.267, "gudang"), "A": (-2.872, 108.249, "desa"), "B": (-2.974, 108.161, "desa"), "C": (-2.913, 107.834, "desa")}
PLACES |= {"D": (-2.9, 108.3, "dermaga"), "P": (-3.8, 108.067, "pulau"), "Q": (-2.81, 108.4, "pulau")}
NETWORK = rules.Network(
    nodes=tuple(rules.Node(code, code, lat, lon, kind) for code, (lat, lon, kind) in PLACES.items()),
    sea=(rules.SeaLeg("D", "P", 360, 108_000), rules.SeaLeg("D", "Q", 90, 13_700)),
    detour_permille=1350,
    road_kmh=35,
)


def truck(code: str = "T1", **changes: object) -> rules.Vehicle:
    base = rules.Vehicle(code, code, rules.Kind.TRUCK, 10_000_000, 4_000_000, "G", 360, 1080, (2, 1), 700_000, 7_000)
    return replace(base, **changes)  # type: ignore[arg-type]


def boat(code: str = "B1", **changes: object) -> rules.Vehicle:
    return truck(code, **{"kind": rules.Kind.BOAT, "volume_ml": 3_000_000, "start": "D", "days": (2,), **changes})


def load(code: str, place: str, tps: int = 5, **changes: object) -> rules.Load:
    island = PLACES[place][2] == "pulau"
    day = H2 if island else H1
    base = rules.Load(
        code=code, place=place, name=f"Desa {place}", kind=rules.LoadKind.ISLAND if island else rules.LoadKind.VILLAGE,
        tps=tuple(f"{place}.{n:03d}" for n in range(tps)), boxes=5 * tps, booths=4 * tps, volume_ml=500_000 * tps, weight_g=40_000 * tps,
        service_min=10 + 2 * tps, earliest_min=day + 300, latest_min=day + (1050 if island else 900),
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


LOADS = [load("A1", "A", 10), load("A2", "A", 10), load("B1", "B", 10), load("C1", "C", 10), load("P1", "P", 1), load("Q1", "Q", 3)]
FLEET = [truck("T1"), truck("T2"), boat("B1"), boat("B2")]


def propose(loads: Sequence[rules.Load] = LOADS, fleet: Sequence[rules.Vehicle] = FLEET, network: rules.Network = NETWORK) -> rules.Plan:
    plan = routes.plan(loads, network, fleet, KEEP, seed=1, stop=QUICK)
    assert rules.violations(plan, loads, network, fleet, KEEP) == []
    return plan


def test_a_proposed_plan_brings_everything_and_has_no_fault() -> None:
    plan = propose()
    assert plan.feasible
    assert set(plan.arrivals()) == {item.code for item in LOADS}


def test_islands_are_reached_by_boat_a_day_ahead() -> None:
    plan = propose()
    assert {rules.day_of(plan.arrivals()[code]) for code in ("P1", "Q1")} == {2}
    assert {trip.vehicle for trip in plan.trips for stop in trip.stops if stop.place in {"P", "Q"}} == {"B1", "B2"}


def test_a_boat_that_cannot_be_home_by_dusk_stays_overnight() -> None:
    far = next(trip for trip in propose().trips if trip.stops[0].place == "P")
    assert rules.day_of(far.return_min) == 1


def test_one_truck_reloads_for_what_does_not_fit_at_once() -> None:
    loads = [load("A1", "A", 10), load("A2", "A", 10), load("A3", "A", 10)]
    plan = propose(loads, [truck("T1")])
    assert [trip.code for trip in plan.of_vehicle("T1")] == ["T1-1", "T1-2"]


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    assert rules.plan_facts(propose()) == rules.plan_facts(propose())


def test_too_few_vehicles_say_how_many_more_are_needed() -> None:
    loads = [load(f"C{n}", "C", 18) for n in range(4)]
    plan = propose(loads, [truck("T1")])
    assert {item.code for item in plan.unassigned} == {"not_enough"}
    assert len(plan.unassigned) == 2
    assert {remedy["code"] for item in plan.unassigned for remedy in item.remedies} >= {"add_vehicle"}


@pytest.mark.parametrize(
    ("loads", "fleet", "code"),
    [
        ([load("A1", "A", 30)], [truck()], "too_big"),
        ([load("A1", "A")], [boat()], "no_vehicle"),
        ([load("C1", "C", latest_min=H1 + 301)], [truck()], "too_far"),
        ([load("C1", "C")], [truck(shift_end_min=480)], "shift_too_short"),
        ([load("P1", "P")], [truck()], "no_boat"),
        ([load("P1", "P", 10)], [truck(), boat()], "boat_too_small"),
        ([load("P1", "P", 1, latest_min=H2 + 420)], [truck(), boat()], "too_far"),
    ],
)
def test_what_cannot_be_brought_says_why(loads: list[rules.Load], fleet: list[rules.Vehicle], code: str) -> None:
    assert [item.code for item in propose(loads, fleet).unassigned] == [code]


def test_an_island_without_a_crossing_is_said_to_have_none() -> None:
    assert propose([load("P1", "P")], network=replace(NETWORK, sea=())).unassigned[0].code == "no_sea_leg"


def test_a_second_crossing_that_comes_too_late_waits_for_another_boat() -> None:
    loads = [load("P1", "P", 5), load("P2", "P", 5)]
    plan = propose(loads, [truck(), boat()])
    assert [item.code for item in plan.unassigned] == ["boat_too_late"]
    assert not any("P" in code for trip in plan.trips for code in trip.loads if code == plan.unassigned[0].load)
    assert propose(loads, [truck(), boat(), boat("B2")]).feasible


def test_a_likely_hazard_on_the_way_makes_the_trip_longer() -> None:
    delayed = replace(NETWORK, hazards=(rules.Hazard("C", "genangan", 60, 700),))
    assert propose(network=delayed).arrivals()["C1"] > propose().arrivals()["C1"]


def test_a_budget_is_iterations_or_seconds_not_both() -> None:
    with pytest.raises(ValueError, match="iterations"):
        routes.Stop()
    assert str(routes.Stop(seconds=5)) == "5 detik"


def test_among_equal_trucks_the_first_codes_are_used() -> None:
    plan = propose([load("A1", "A", 10)], [truck(f"T{n}") for n in range(1, 6)])
    assert [trip.code for trip in plan.trips] == ["T1-1"]


# --- what a place, a night or a rule asks for ---------------------------------------------------------------------------------------------


def by_rule(keep: rules.Rules, loads: Sequence[rules.Load], fleet: Sequence[rules.Vehicle], network: rules.Network = NETWORK) -> rules.Plan:
    plan = routes.plan(loads, network, fleet, keep, seed=1, stop=QUICK)
    assert rules.violations(plan, loads, network, fleet, keep) == []
    return plan


def motor(code: str = "M1", **changes: object) -> rules.Vehicle:
    return truck(
        code, **{"kind": rules.Kind.MOTOR, "volume_ml": 600_000, "weight_g": 120_000, "fixed_cost": 50_000, "max_trips": 8, **changes}
    )


def test_a_narrow_place_is_served_by_motorcycle_and_the_rest_by_truck() -> None:
    keep = replace(KEEP, narrow=(("B", ("motor",)),))
    loads = [load("A1", "A", 10), load("B1", "B", 1), load("B2", "B", 1)]
    plan = by_rule(keep, loads, [truck(), motor()])
    assert {trip.vehicle: {stop.place for stop in trip.stops} for trip in plan.trips} == {"T1": {"A"}, "M1": {"B"}}
    assert len(plan.of_vehicle("M1")) == 2
    left = by_rule(keep, [load("B1", "B", 10)], [truck(), motor()]).unassigned
    assert [(item.code, item.remedies[0]["code"]) for item in left] == [("too_big", "split_load")]
    assert [item.code for item in by_rule(keep, loads[1:], [truck()]).unassigned] == ["no_narrow", "no_narrow"]


def test_where_the_rule_says_so_the_ppk_is_served_before_its_desa() -> None:
    places = {"19.06.03": (-2.91, 107.83, "ppk"), "19.06.03.2001": (-2.913, 107.834, "desa"), "19.06.04.2001": (-2.872, 108.249, "desa")}
    nodes = [rules.Node("G", "G", *PLACES["G"]), *(rules.Node(code, code, *where) for code, where in places.items())]
    network = rules.Network(tuple(nodes), (), 1350, 35)
    PLACES.update(places)
    ppk = replace(load("19.06.03", "19.06.03", 0), kind=rules.LoadKind.DISTRICT, tps=())
    loads = [load("x", "19.06.03.2001", 10), load("y", "19.06.04.2001", 10), ppk]
    plan = by_rule(replace(KEEP, ppk_first=True), loads, [truck(), truck("T2")], network)
    assert plan.feasible
    assert plan.arrivals()["19.06.03"] <= plan.arrivals()["x"]


def test_windows_kept_nine_times_out_of_ten_leave_earlier_or_say_that_they_could_not() -> None:
    way = NETWORK.leg(rules.Kind.TRUCK, "G", "C")
    assert way is not None
    tight = H1 + 360 + 30 + way.travel_min + 5
    loads = [load("C1", "C", latest_min=tight), load("A1", "A")]
    plan = by_rule(replace(KEEP, robust=True), loads, [truck()])
    assert plan.feasible  # nine of ten cannot be kept here, so the usual times are
    assert "9 dari 10" in plan.method


def test_a_day_for_the_far_and_a_day_for_the_near_are_both_days_of_the_mainland() -> None:
    keep = replace(KEEP, island_day=3, mainland_days=(2, 1))
    loads = [load(f"C{n}", "C", 18, earliest_min=H2 + 300) for n in range(3)]
    plan = by_rule(keep, loads, [truck(days=(2, 1), max_trips=2)])
    assert plan.feasible
    assert {rules.day_of(minute) for minute in plan.arrivals().values()} == {1, 2}


SIZES = {"KOTAK": rules.Goods("KOTAK", 100_000, 8_000)}


def kits(place: str, tps: int, boxes: int = 5) -> rules.Load:
    """A load of whole kits, each of so many boxes of 100 litres."""
    codes = [f"{place}.{n:03d}" for n in range(tps)]
    where = [rules.Destination(code, place, place, rules.LoadKind.ISLAND) for code in codes]
    pieces = [rules.Piece(code, "KOTAK", boxes) for code in codes]
    return replace(rules.loads_of(where, pieces, SIZES, KEEP)[0], tps=tuple(codes))


def test_an_island_whose_goods_no_boat_takes_gets_several_boats_and_every_kit_whole_in_one() -> None:
    whole = kits("Q", 9)  # 4.5 cubic metres; a boat takes three
    loads = rules.fitted([whole], NETWORK, FLEET, SIZES, KEEP)
    assert [len(load.tps) for load in loads] == [4, 5]
    assert sorted(piece.place for load in loads for piece in load.pieces) == sorted(piece.place for piece in whole.pieces)
    plan = propose(loads)
    assert plan.feasible
    assert {trip.vehicle for trip in plan.trips if trip.vehicle.startswith("B")} == {"B1", "B2"}
    assert rules.fitted([whole], NETWORK, [truck(), boat(volume_ml=5_000_000)], SIZES, KEEP) == [whole]
    assert rules.fitted([whole], NETWORK, [truck()], SIZES, KEEP) == [whole]  # nobody sails: the planner says so, of the whole island


def test_one_boat_crosses_again_for_what_it_could_not_take() -> None:
    loads = rules.fitted([kits("Q", 9)], NETWORK, [truck(), boat()], SIZES, KEEP)
    plan = propose(loads, [truck(), boat()])
    assert plan.feasible
    assert [trip.vehicle for trip in plan.trips if trip.vehicle.startswith("B")] == ["B1", "B1"]


def test_a_kit_that_no_boat_takes_is_left_and_the_others_go() -> None:
    loads = rules.fitted([kits("Q", 2, boxes=40), *LOADS[:1]], NETWORK, FLEET, SIZES, KEEP)
    assert [load.tps for load in loads[:2]] == [("Q.000",), ("Q.001",)]
    plan = propose(loads)
    assert {(item.load, item.code) for item in plan.unassigned} == {("Q~1", "boat_too_small"), ("Q~2", "boat_too_small")}
    assert set(plan.arrivals()) == {"A1"}


def test_the_loss_of_the_only_large_boat_parts_what_it_would_have_taken() -> None:
    big = boat("B9", volume_ml=6_000_000)
    given = replanning.Given((kits("Q", 9),), NETWORK, (*FLEET, big), KEEP)
    assert [len(load.tps) for load in replanning.after(given, replanning.VehicleLost("B9"), SIZES).loads] == [4, 5]
    assert replanning.after(given, replanning.VehicleLost("B1"), SIZES).loads == given.loads
