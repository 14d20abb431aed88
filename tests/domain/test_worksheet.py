"""The planner's table: what is touched is timed again, nothing is ever lost, undoing gives the plan back, faults are shown."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given as hypothesis
from hypothesis import settings
from hypothesis import strategies as st

from posko.domain import distribution as d
from posko.domain import record
from posko.domain import worksheet as w
from tests.domain.test_distribution import CROSS, FLEET, GOOD, H1, ISLAND, KEEP, LOADS, MAIN, NETWORK

GOODS = {"KOTAK": d.Goods("KOTAK", 96_000, 2_260)}
PIECES = tuple(d.Piece(f"C.{n:03d}", "KOTAK", 5) for n in (1, 2, 3))
BIG = d.Load("c", "C", "C", d.LoadKind.VILLAGE, ("C.001", "C.002", "C.003"), 15, 0, 1_440_000, 33_900, 18, H1 + 300, H1 + 1000, PIECES)
GIVEN = w.Given(LOADS, NETWORK, FLEET, KEEP, GOODS)
WIDE = replace(
    GIVEN,
    loads=(*LOADS, BIG),
    network=replace(NETWORK, nodes=(*NETWORK.nodes, d.Node("C", "C", -2.7, 108.25, "desa"))),
)
BASE = w.begin(GOOD, GIVEN)


def _codes(draft: w.Draft, given: w.Given = GIVEN) -> dict[str, set[str]]:
    return {trip: {one.code for one in found} for trip, found in w.faults(draft, given).items()}


def _ends(draft: w.Draft) -> Counter[str]:
    brought = Counter(code for trip in draft.trips for stop in trip.stops if not stop.handover for code in stop.loads)
    brought.update(draft.left.keys())
    return brought


def test_a_draft_begins_as_its_plan_to_the_minute() -> None:
    assert set(BASE.trips) == set(GOOD.trips)
    assert BASE.left == {}
    assert w.faults(BASE, GIVEN) == {}


def test_a_moved_load_is_timed_as_early_as_the_rules_allow_and_the_rest_stays() -> None:
    draft = w.adjust(BASE, w.Move("b", "S"), GIVEN)
    made = draft.trip("S-1")
    assert made.depart_min == H1 + 360 + KEEP.loading_min
    assert made.stops[0].arrive_min == made.depart_min + NETWORK.leg(d.Kind.TRUCK, "G", "B").travel_min  # type: ignore[union-attr]
    assert draft.trip("T-2").loads == ("a",)
    assert draft.trip("T-1") == ISLAND
    assert draft.trip("K-1") == CROSS
    assert w.faults(draft, GIVEN) == {}


def test_a_load_that_does_not_fit_is_put_there_and_the_fault_stands_on_its_trip() -> None:
    draft = w.apply(GOOD, WIDE, [w.Move("c", "T", "T-2", 0)])
    assert _codes(draft, WIDE) == {"T-2": {"over_volume", "over_weight"}}


def test_a_load_taken_off_waits_with_a_reason_and_a_new_load_of_the_inputs_does_too() -> None:
    draft = w.apply(GOOD, WIDE, [w.Move("a", "")])
    assert {code: one.code for code, one in draft.left.items()} == {"a": "taken_off", "c": "new_load"}
    assert draft.trip("T-2").loads == ("b",)
    assert w.faults(draft, WIDE) == {}


def test_an_island_load_without_its_boat_waits_and_says_so() -> None:
    draft = w.adjust(w.adjust(BASE, w.Move("p", ""), GIVEN), w.Move("p", "T"), GIVEN)
    trip = draft.carrying("p", boat=False, given=GIVEN)
    assert trip is not None
    assert [(stop.place, stop.handover) for stop in trip.stops] == [("D", True)]
    assert draft.left["p"].code == "no_boat_yet"
    whole = w.adjust(draft, w.Move("p", "K"), GIVEN)
    assert whole.left == {}
    assert w.faults(whole, GIVEN) == {}


def test_a_boat_leaves_later_only_when_its_goods_come_too_late_for_its_hour() -> None:
    assert w.adjust(BASE, w.Depart("T-1", ISLAND.depart_min + 10), GIVEN).trip("K-1") == CROSS
    draft = w.adjust(BASE, w.Depart("T-1", ISLAND.depart_min + 300), GIVEN)
    there = draft.trip("T-1").stops[0].arrive_min
    assert draft.trip("K-1").depart_min == there + KEEP.handover_min
    assert w.faults(draft, GIVEN) == {}
    assert w.adjust(draft, w.Depart("T-1", None), GIVEN).trip("T-1") == ISLAND


def test_a_departure_that_cannot_be_is_kept_and_shown() -> None:
    draft = w.adjust(BASE, w.Depart("T-2", MAIN.depart_min - 1), GIVEN)
    assert draft.trip("T-2").depart_min == MAIN.depart_min - 1
    assert _codes(draft) == {"T-2": {"loading_too_short"}}


def test_stops_change_their_order_and_a_wrong_order_is_refused() -> None:
    draft = w.adjust(BASE, w.Reorder("T-2", (1, 0)), GIVEN)
    assert [stop.place for stop in draft.trip("T-2").stops] == ["B", "A"]
    assert w.adjust(draft, w.Reorder("T-2", (1, 0)), GIVEN).trip("T-2") == MAIN
    for order in ((0, 0), (0,), (0, 1, 2)):
        with pytest.raises(w.BadOrder):
            w.adjust(BASE, w.Reorder("T-2", order), GIVEN)


def test_within_one_trip_a_load_moves_before_the_stop_that_was_named() -> None:
    assert [s.place for s in w.adjust(BASE, w.Move("a", "T", "T-2", 2), GIVEN).trip("T-2").stops] == ["B", "A"]
    assert [s.place for s in w.adjust(BASE, w.Move("b", "T", "T-2", 0), GIVEN).trip("T-2").stops] == ["B", "A"]
    assert w.adjust(BASE, w.Move("a", "T", "T-2", 1), GIVEN).trip("T-2") == MAIN


def test_a_locked_trip_neither_gives_nor_takes_nor_is_timed_again() -> None:
    locked = w.adjust(BASE, w.Lock("T-2"), GIVEN)
    for act in (w.Move("a", "S"), w.Move("a", ""), w.Reorder("T-2", (1, 0)), w.Depart("T-2", None)):
        with pytest.raises(w.TripLocked):
            w.adjust(locked, act, GIVEN)
    assert w.adjust(w.adjust(locked, w.Unlock("T-2"), GIVEN), w.Move("a", "S"), GIVEN).trip("S-1").loads == ("a",)
    early = w.adjust(locked, w.Depart("T-1", ISLAND.depart_min + 900), GIVEN)
    assert early.trip("T-2") == MAIN


def test_a_pinned_load_goes_to_no_other_vehicle() -> None:
    pinned = w.adjust(BASE, w.Pin("a", "T"), GIVEN)
    with pytest.raises(w.PinnedElsewhere):
        w.adjust(pinned, w.Move("a", "S"), GIVEN)
    assert w.adjust(w.adjust(pinned, w.Unpin("a"), GIVEN), w.Move("a", "S"), GIVEN).trip("S-1").loads == ("a",)


def test_a_split_load_is_two_with_the_same_goods_and_can_go_two_ways() -> None:
    parts = (("C.001",), ("C.002", "C.003"))
    draft = w.apply(GOOD, WIDE, [w.Split("c", parts), w.Move("c~1", "S"), w.Move("c~2", "S", "S-1")])
    one, two = draft.loads["c~1"], draft.loads["c~2"]
    assert (one.boxes + two.boxes, one.volume_ml + two.volume_ml, one.weight_g + two.weight_g) == (15, BIG.volume_ml, BIG.weight_g)
    assert set(one.pieces) | set(two.pieces) == set(PIECES)
    assert draft.trip("S-1").stops[0].loads == ("c~1", "c~2")
    assert draft.splits == (("c", parts),)
    assert d.all_parted(WIDE.loads, dict(draft.splits), GOODS, KEEP)[-2:] == [one, two]


@pytest.mark.parametrize(
    "parts", [(), (("C.001", "C.002", "C.003"),), (("C.001",), ("C.002",)), (("C.001", "C.002"), ("C.002", "C.003")), ((), BIG.tps)]
)
def test_a_split_that_is_none_is_refused(parts: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises((w.BadSplit, d.BadParts)):
        w.apply(GOOD, WIDE, [w.Split("c", parts)])


def test_a_recorded_split_of_other_tps_no_longer_holds() -> None:
    assert d.all_parted([BIG], {"c": (("C.001",), ("C.009",))}, GOODS, KEEP) == [BIG]


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (w.Move("x", "T"), w.UnknownLoad),
        (w.Move("a", "X"), d.UnknownVehicle),
        (w.Move("a", "T", "X-1"), w.UnknownTrip),
        (w.Move("a", "S", "T-2"), w.UnknownTrip),
        (w.Move("a", "K"), w.LandByBoat),
        (w.Pin("a", "K"), w.LandByBoat),
        (w.Pin("x", "T"), w.UnknownLoad),
        (w.Lock("X-1"), w.UnknownTrip),
        (w.Depart("X-1", 0), w.UnknownTrip),
        (w.Depart("T-2", -11 * d.DAY), w.BadMinute),
        (w.Split("a", (("A.001",),)), w.BadSplit),
    ],
)
def test_what_cannot_be_is_refused(act: w.Adjustment, refusal: type[record.Refusal]) -> None:
    with pytest.raises(refusal):
        w.adjust(BASE, act, GIVEN)


def test_an_island_without_a_pier_takes_no_truck() -> None:
    dry = replace(GIVEN, network=replace(NETWORK, sea=()))
    with pytest.raises(w.IslandByRoad):
        w.apply(replace(GOOD, trips=(MAIN,)), dry, [w.Move("p", "T")])


def test_what_the_planner_sends_back_leaves_locked_trips_and_unknown_loads_alone() -> None:
    locked = w.adjust(BASE, w.Lock("T-2"), GIVEN)
    other = replace(MAIN, code="S-1", vehicle="S")
    draft = w.adjust(locked, w.Solved(replace(GOOD, trips=(ISLAND, CROSS, other))), GIVEN)
    assert draft.trip("T-2") == MAIN
    assert _ends(draft) == Counter({"a": 1, "b": 1, "p": 1})
    again = w.adjust(BASE, w.Solved(replace(GOOD, trips=(replace(MAIN, stops=(*MAIN.stops, d.Stop("Z", ("z",), 0, 0))),))), GIVEN)
    assert set(again.left) == {"p"}


def test_choices_for_a_waiting_load_are_tried_and_the_ones_that_fit_come_first() -> None:
    draft = w.apply(GOOD, WIDE, [w.Move("a", ""), w.Split("c", (("C.001",), ("C.002", "C.003")))])
    found = w.choices(draft, "a", WIDE)
    assert found
    assert found[0].brings == ()
    tried = w.adjust(draft, found[0].move, WIDE)
    assert "a" not in tried.left
    assert w.faults(tried, WIDE) == {}
    assert [len(one.brings) for one in found] == sorted(len(one.brings) for one in found)


def test_totals_count_rent_per_vehicle_and_day_and_kilometres() -> None:
    fleet = tuple(replace(one, fixed_cost=100_000, cost_per_km=2_000) for one in FLEET)
    found = w.totals(GOOD, LOADS, fleet)
    assert found.cost == 300_000 + sum(2_000 * trip.distance_m for trip in GOOD.trips) // 1000
    assert (found.vehicles, found.trips, found.tps, found.boxes, found.left) == (2, 3, 3, 15, 0)
    assert found.last_island_min == CROSS.stops[0].arrive_min


def test_adjustments_are_kept_as_plain_data_and_come_back_the_same() -> None:
    acts: list[w.Adjustment] = [
        w.Move("a", "S", "S-1", 2), w.Pin("a", "S"), w.Unpin("a"), w.Lock("T-1"), w.Unlock("T-1"), w.Split("c", (("x",), ("y", "z"))),
        w.Reorder("T-2", (1, 0)), w.Depart("T-2", -1000), w.Depart("T-2", None), w.Solved(GOOD),
    ]  # fmt: skip
    import json

    assert [w.adjustment_of(json.loads(json.dumps(w.adjustment_facts(act)))) for act in acts] == acts


def test_two_plans_are_compared_tps_by_tps() -> None:
    new = w.apply(GOOD, GIVEN, [w.Move("b", "S"), w.Depart("T-1", ISLAND.depart_min + 10)]).plan(1, "tangan")
    moved = {one.tps: (one.old_vehicle, one.new_vehicle) for one in w.shifts(GOOD, LOADS, new, LOADS)}
    assert moved == {"B.001": ("T", "S")}
    turned = w.apply(GOOD, GIVEN, [w.Reorder("T-2", (1, 0))]).plan(1, "")
    assert {one.tps: one.later_min > 0 for one in w.shifts(GOOD, LOADS, turned, LOADS)} == {"A.001": True, "B.001": False}
    gone = w.shifts(GOOD, LOADS, replace(GOOD, trips=(ISLAND, CROSS)), LOADS)
    assert {one.tps: (one.new_min, one.later_min) for one in gone} == {"A.001": (None, 0), "B.001": (None, 0)}


def test_a_truck_waits_for_what_is_not_at_the_warehouse_yet() -> None:
    late = replace(GIVEN, loads=tuple(replace(one, ready_min=H1 + 500) if one.code == "b" else one for one in LOADS))
    draft = w.apply(GOOD, late, [w.Move("b", "S")])
    assert draft.trip("S-1").depart_min == H1 + 500 + KEEP.loading_min
    assert w.faults(draft, late) == {}


_LOAD, _VEHICLE = st.sampled_from(["a", "b", "c", "c~1", "c~2", "p"]), st.sampled_from(["T", "S", "K", ""])
_TRIP, _AT = st.sampled_from(["", "T-1", "T-2", "S-1", "K-1", "S-2", "T-3"]), st.integers(-1, 3)
_ACT = st.one_of(
    st.builds(w.Move, _LOAD, _VEHICLE, _TRIP, _AT),
    st.builds(w.Move, _LOAD, _VEHICLE),
    st.builds(w.Pin, _LOAD, _VEHICLE),
    st.builds(w.Unpin, _LOAD),
    st.builds(w.Lock, _TRIP),
    st.builds(w.Unlock, _TRIP),
    st.just(w.Split("c", (("C.001",), ("C.002", "C.003")))),
    st.builds(w.Reorder, _TRIP, st.sampled_from([(0,), (1, 0), (0, 1)])),
    st.builds(w.Depart, _TRIP, st.one_of(st.none(), st.integers(-2880, -500))),
)


@settings(max_examples=60, deadline=None)
@hypothesis(st.lists(_ACT, max_size=10))
def test_whatever_is_done_every_load_ends_exactly_once_and_undoing_gives_the_plan_back(acts: list[w.Adjustment]) -> None:
    drafts = [w.begin(GOOD, WIDE)]
    done: list[w.Adjustment] = []
    for act in acts:
        try:
            drafts.append(w.adjust(drafts[-1], act, WIDE))
            done.append(act)
        except record.Refusal:
            continue
        ends = _ends(drafts[-1])
        assert set(ends) == set(drafts[-1].loads)
        assert set(ends.values()) == {1}
        tps = Counter(code for load in drafts[-1].loads.values() for code in load.tps)
        assert set(tps.values()) == {1}
        assert len(tps) == 6
        assert not {one.code for found in w.faults(drafts[-1], WIDE).values() for one in found} & {
            "not_delivered", "delivered_twice", "delivered_and_left", "unknown_load", "wrong_place", "too_fast", "halt_too_short",
            "wrong_distance", "wrong_start", "handed_over_twice", "left_without_reason", "unknown_vehicle",
        }  # fmt: skip
    for length in range(len(done), -1, -1):
        assert w.apply(GOOD, WIDE, done[:length]) == drafts[length]
