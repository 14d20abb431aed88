"""What may happen to a plan, and the difference between two plans."""

from dataclasses import replace

import pytest

from posko.domain import distribution as rules
from posko.domain import replanning as repairs
from tests.planning.test_routes import FLEET, H1, KEEP, LOADS, NETWORK, load

GIVEN = repairs.Given(tuple(LOADS), NETWORK, tuple(FLEET), KEEP)


def trip(code: str, *stops: tuple[str, str, int], depart: int = H1 + 400, metres: int = 1000) -> rules.Trip:
    halts = tuple(rules.Stop(place, (name,), minute, minute + 20) for place, name, minute in stops)
    return rules.Trip(code, code[:2], "G", depart, halts, halts[-1].depart_min + 30, metres)


def plan(*trips: rules.Trip) -> rules.Plan:
    return rules.Plan(trips, (), 1, "tangan")


ONE = trip("T1-1", ("A", "A1", H1 + 420), ("B", "B1", H1 + 500))
TWO = trip("T2-1", ("A", "A2", H1 + 420), ("C", "C1", H1 + 520))


def told(new: rules.Plan, new_loads: list[rules.Load] | None = None) -> repairs.Changes:
    return repairs.changes(plan(ONE, TWO), LOADS, new, new_loads or LOADS)


def test_the_same_plan_changes_nothing() -> None:
    same = told(plan(ONE, TWO))
    assert (same.kept, same.changed, same.waybills, same.kept_permille) == (("T1-1", "T2-1"), (), 0, 1000)


def test_a_later_hour_is_a_change_of_times_only_and_says_how_much_later() -> None:
    later = trip("T1-1", ("A", "A1", H1 + 420), ("B", "B1", H1 + 545))
    (change,) = told(plan(later, TWO)).changed
    assert (change.trip, change.what, change.later_min) == ("T1-1", (repairs.What.TIMES,), 45)


def test_another_order_is_no_change_of_loads() -> None:
    turned = trip("T1-1", ("B", "B1", H1 + 450), ("A", "A1", H1 + 520))
    (change,) = told(plan(turned, TWO)).changed
    assert change.what == (repairs.What.ORDER, repairs.What.TIMES)
    assert told(plan(turned, TWO)).moved == ()


def test_a_load_that_changes_its_vehicle_is_named_on_both_waybills() -> None:
    less, more = trip("T1-1", ("A", "A1", H1 + 420)), trip("T2-1", ("A", "A2", H1 + 420), ("B", "B1", H1 + 500), ("C", "C1", H1 + 620))
    made = told(plan(less, more))
    moved = repairs.Moved("B1", "T1-1", "T2-1")
    assert made.moved == (moved,)
    assert [(c.trip, c.came, c.went) for c in made.changed] == [("T1-1", (), (moved,)), ("T2-1", (moved,), ())]
    assert (made.waybills, made.loads) == (2, 6)


def test_other_contents_of_a_load_change_its_waybill_though_the_trip_is_the_same() -> None:
    loads = [replace(item, boxes=item.boxes + 5) if item.code == "C1" else item for item in LOADS]
    (change,) = told(plan(ONE, TWO), loads).changed
    assert (change.trip, change.what) == ("T2-1", (repairs.What.CONTENTS,))


def test_a_trip_that_another_vehicle_takes_over_whole_counts_once() -> None:
    heir = replace(ONE, code="T3-1", vehicle="T3")
    made = told(plan(heir, TWO))
    assert (made.taken_over, made.dropped, made.added, made.waybills) == ((("T1-1", "T3-1"),), (), (), 1)
    assert {moved.load for moved in made.moved} == {"A1", "B1"}


def test_trips_that_are_gone_or_new_are_told_apart() -> None:
    made = told(plan(TWO, trip("T3-1", ("A", "A1", H1 + 420)), trip("T3-2", ("B", "B1", H1 + 620))))
    assert (made.dropped, made.added, made.kept) == (("T1-1",), ("T3-1", "T3-2"), ("T2-1",))


def test_a_cut_road_is_driven_round_and_the_rest_of_the_network_stays() -> None:
    cut = repairs.after(GIVEN, repairs.RoadCut("G", "B", "Polres")).network
    before, now = NETWORK.leg(rules.Kind.TRUCK, "G", "B"), cut.leg(rules.Kind.TRUCK, "G", "B")
    assert before
    assert now
    assert now.travel_min > before.travel_min
    assert cut.leg(rules.Kind.TRUCK, "G", "A") == NETWORK.leg(rules.Kind.TRUCK, "G", "A")
    assert cut.closures == (rules.Closure("G", "B", "Polres"),)


@pytest.mark.parametrize(
    "happened",
    [
        repairs.RoadCut("G", "G"),
        repairs.RoadCut("G", "Z"),
        repairs.RoadCut("G", "P"),
        repairs.VehicleLost("T9"),
        repairs.LateStock("PENA", 0),
        repairs.TpsMoved("X.001", "A"),
        repairs.TpsMoved("A.000", "A"),
        repairs.TpsMoved("A.000", "G"),
    ],
)
def test_what_names_nothing_that_exists_is_refused(happened: repairs.Disruption) -> None:
    with pytest.raises(repairs.BadDisruption):
        repairs.after(GIVEN, happened)


def test_places_too_near_to_one_another_name_no_road() -> None:
    near = replace(NETWORK, nodes=(*NETWORK.nodes, rules.Node("A2", "A2", -2.873, 108.249, "desa")))
    with pytest.raises(repairs.TooNear):
        repairs.after(replace(GIVEN, network=near), repairs.RoadCut("A", "A2"))


def test_late_goods_hold_back_the_loads_that_have_them_and_the_checker_sees_it() -> None:
    loads = tuple(replace(item, pieces=(rules.Piece(item.tps[0], "TINTA", 2),)) if item.code == "A1" else item for item in LOADS)
    late = repairs.after(replace(GIVEN, loads=loads), repairs.LateStock("TINTA", H1 + 480)).loads
    assert [item.code for item in late if item.ready_min is not None] == ["A1"]
    faults = rules.violations(plan(ONE, TWO), late, NETWORK, FLEET, KEEP)
    assert [(f.facts["trip"], f.facts["minutes"]) for f in faults if f.code == "leaves_before_ready"] == [("T1-1", 110)]


def test_goods_that_come_late_but_in_time_change_no_waybill() -> None:
    assert told(plan(ONE, TWO), list(rules.delayed(LOADS, {"A1": H1}))).waybills == 0


def test_the_goods_of_a_tps_that_moved_join_the_smallest_load_of_its_new_place() -> None:
    goods = {"KOTAK": rules.Goods("KOTAK", 96_000, 2_260)}
    loads = tuple(
        replace(load(code, place, 2), pieces=tuple(rules.Piece(f"{place}.{n:03d}", "KOTAK", 5) for n in range(2)))
        for code, place in (("A", "A"), ("B", "B"))
    )
    moved = repairs.after(replace(GIVEN, loads=loads), repairs.TpsMoved("A.001", "B"), goods).loads
    assert {item.code: item.tps for item in moved} == {"A": ("A.000",), "B": ("A.001", "B.000", "B.001")}
    assert {item.code: (item.boxes, item.volume_ml) for item in moved} == {"A": (5, 480_000), "B": (15, 1_440_000)}


def test_a_place_without_a_load_gets_one_of_its_own() -> None:
    loads = (replace(load("A", "A", 1), pieces=(rules.Piece("A.000", "KOTAK", 5),)),)
    (moved,) = repairs.after(replace(GIVEN, loads=loads), repairs.TpsMoved("A.000", "C")).loads
    assert (moved.code, moved.place, moved.tps, moved.kind) == ("C", "C", ("A.000",), rules.LoadKind.VILLAGE)


def test_history_is_no_fault_and_what_lies_ahead_is() -> None:
    faults = [
        rules.Violation("too_fast", {"trip": "T1-1"}),
        rules.Violation("too_late", {"trip": "T1-1"}),
        rules.Violation("too_fast", {"trip": "T2-1"}),
    ]
    left = rules.standing(faults, plan(replace(ONE, depart_min=H1), TWO), H1 + 10)
    assert [(fault.code, fault.facts["trip"]) for fault in left] == [("too_late", "T1-1"), ("too_fast", "T2-1")]
