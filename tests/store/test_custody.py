"""Custody in the store: events are appended, the state follows from them, and the trips are where they were last seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posko.domain import custody as rules
from posko.domain import distribution as roads
from posko.domain.custody import Kind, Party
from posko.store import custody, distribution, packing, places, record, seals
from tests import beltim, erasing

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
DRIVER = Party("PENGANGKUT", "pengemudi")


@pytest.fixture
def scene(installation: Any) -> Any:
    """Belitung Timur with a plan that was searched for briefly; no box bears a label."""
    beltim.briefly_planned()
    return installation


@pytest.fixture
def road(scene: Any) -> custody.Ride:
    """A trip by road with at least two halts at a desa."""
    return next(one for one in custody.rides(E, distribution.PlanRow.objects.get().occurred_at) if fits(one))


def fits(one: custody.Ride) -> bool:
    """By road to several desa, the first of them with several TPS."""
    ashore = bool(one.vehicle and not one.vehicle.boat) and not any(stop.handover for stop in one.halts)
    return ashore and len(one.halts) > 1 and len(one.stored.load(one.halts[0].loads[0]).tps) > 1


LATE = timedelta(days=3)


def told(one: custody.Ride, kind: Kind, at: datetime, place: str = "", things: tuple[str, ...] = (), **more: Any) -> rules.Event:
    parties = {
        Kind.LOADED: {"giver": Party("KPU", "gudang", "p-lutfi"), "receiver": DRIVER},
        Kind.HANDED_OVER: {"giver": DRIVER, "receiver": Party("PPS", "ketua")},
    }.get(kind, {})
    return rules.Event("", kind, at, "", 0, "p-lutfi", place or one.trip.start, one.waybill, things, **{**parties, **more})


NAMES = custody.Words("Sopir satu", "Ketua dua")


def record_all(scene: Any, *events: rules.Event, at: datetime | None = None) -> list[rules.Event]:
    now = at or max(event.at for event in events)
    return custody.record_events(E, [custody.Told(event, NAMES) for event in events], scene.actors["lutfi"], now)


def way(one: custody.Ride, late_min: int = 0) -> list[rules.Event]:
    """Loaded, departed, arrived and handed over at the first halt, so many minutes after the plan."""
    late, first = timedelta(minutes=late_min), one.halts[0]
    items = custody.manifest(E, one, one.depart_at)
    things = tuple(item.thing for item in items)
    here = tuple(item.thing for item in items if item.place == first.place)
    arrive_at = one.stored.instant(first.arrive_min) + late
    return [
        told(one, Kind.LOADED, one.depart_at + late - timedelta(minutes=30), things=things, sent=9, received=9),
        told(one, Kind.DEPARTED, one.depart_at + late),
        told(one, Kind.ARRIVED, arrive_at, first.place),
        told(one, Kind.HANDED_OVER, arrive_at + timedelta(minutes=10), first.place, here),
    ]


def test_a_trip_is_followed_and_its_tps_are_delivered_when_the_pps_has_everything(scene: Any, road: custody.Ride) -> None:
    loaded, left, came, handed = way(road, 25)
    first, second = road.halts[:2]
    tps = {code for load in first.loads for code in road.stored.load(load).tps}
    where = custody.positions(E, loaded.at)[road.trip.code]
    assert (where.phase, where.late_min, where.eta) == ("unseen", None, {}), "nothing seen says nothing"
    record_all(scene, loaded, left, came, handed)
    where = custody.positions(E, loaded.at)[road.trip.code]
    assert (where.phase, where.place, where.eta_at) == ("loaded", road.trip.start, None)
    where = custody.positions(E, left.at)[road.trip.code]
    assert (where.phase, where.place, where.next_place, where.late_min) == ("departed", road.trip.start, first.place, 25)
    assert where.eta_at == road.stored.instant(first.arrive_min) + timedelta(minutes=25)
    assert where.eta[second.place] == road.stored.instant(second.arrive_min) + timedelta(minutes=25)
    assert custody.deliveries(E, came.at) == {}
    where = custody.positions(E, handed.at)[road.trip.code]
    assert (where.phase, where.place, where.next_place, where.done) == ("arrived", first.place, second.place, (first.place,))
    halt = second.arrive_min - first.depart_min
    assert where.eta_at == handed.at + timedelta(minutes=halt)
    assert custody.deliveries(E, handed.at) == dict.fromkeys(tps, handed.at)
    kinds = list(record.Entry.objects.order_by("leaf_index").values_list("kind", flat=True))[-4:]
    assert kinds == ["box.loaded", "trip.departed", "trip.arrived", "box.handed_over"]


def test_a_trip_whose_hour_of_departure_passed_unseen_is_late_and_nobody_says_when_it_comes(scene: Any, road: custody.Ride) -> None:
    where = custody.positions(E, road.depart_at + timedelta(minutes=40))[road.trip.code]
    assert (where.phase, where.late_min, where.overdue, where.eta_at) == ("unseen", 40, True, None)


def test_a_box_with_a_label_travels_by_its_code_and_its_tps_waits_for_it(scene: Any, road: custody.Ride) -> None:
    load = road.stored.load(road.halts[0].loads[0])
    tps = load.tps[0]
    packing.prepare_boxes(E, [tps], scene.actors["lutfi"], road.depart_at - LATE, Random(1))
    items = [item for item in custody.manifest(E, road, road.depart_at) if item.target == tps]
    boxes = [item for item in items if item.thing.startswith("B:")]
    kit = next(item for item in items if item.thing == f"K:{tps}")
    assert (len(boxes), kit.boxes) == (5, 0), "the rest of the TPS is one kit without boxes"
    loaded, left, came, handed = way(road)
    lost = boxes[-1].thing
    short = replace(
        handed,
        things=tuple(t for t in handed.things if t != lost),
        sent=len(handed.things),
        received=len(handed.things) - 1,
        missing=(lost,),
    )
    record_all(scene, loaded, left, came, short)
    assert tps not in custody.deliveries(E, short.at)
    assert load.tps[1] in custody.deliveries(E, short.at)
    (signal,) = [s for s in custody.signals(E, short.at) if s.rule == "R12.serah"]
    assert (signal.severity, signal.facts["sent"], signal.facts["received"], signal.args) == (
        "critical",
        len(handed.things),
        len(handed.things) - 1,
        (road.waybill,),
    )
    later = told(road, Kind.HANDED_OVER, short.at + timedelta(hours=1), short.place, (lost,))
    record_all(scene, later)
    assert custody.deliveries(E, later.at)[tps] == later.at
    assert not [s for s in custody.signals(E, later.at) if s.rule == "R12.serah"]


def test_goods_that_were_brought_to_another_desa_are_not_delivered(scene: Any, road: custody.Ride) -> None:
    loaded, left, came, handed = way(road)
    other = road.halts[1].place
    record_all(scene, loaded, left, replace(came, place=other), replace(handed, place=other))
    assert custody.state(E, handed.at).holdings[handed.things[0]].delivered_at == handed.at
    assert custody.deliveries(E, handed.at) == {}


def test_a_repetition_with_the_same_number_writes_nothing_and_other_words_under_it_are_refused(scene: Any, road: custody.Ride) -> None:
    event = replace(way(road)[0], device="web:0123", seq=7)
    (first,) = record_all(scene, event)
    before = record.root()
    (again,) = record_all(scene, event)
    assert (again, record.root()) == (first, before)
    with pytest.raises(rules.SameNumber):
        record_all(scene, replace(event, place=road.halts[0].place))
    assert record.root() == before
    assert first.device == "web:0123"
    assert record_all(scene, way(road)[1])[0].device.startswith("desk:")


def test_a_form_that_is_sent_twice_is_written_once_and_with_other_words_refused(scene: Any, road: custody.Ride) -> None:
    event, lutfi = way(road)[0], scene.actors["lutfi"]
    first = custody.record_event(E, event, NAMES, lutfi, event.at, once="web:1/1")
    before = record.root()
    assert custody.record_event(E, event, NAMES, lutfi, event.at, once="web:1/1") == first
    with pytest.raises(rules.SameNumber):
        custody.record_event(E, replace(event, sent=8), NAMES, lutfi, event.at, once="web:1/1")
    assert record.root() == before
    assert custody.record_event(E, event, NAMES, lutfi, event.at, once="web:1/2").id != first.id


def test_what_contradicts_is_recorded_and_only_what_cannot_be_is_refused(scene: Any, road: custody.Ride) -> None:
    handed = way(road)[3]
    record_all(scene, handed)
    assert {c.code for c in custody.state(E, handed.at).open_conflicts()} == {"before_loading"}
    before = record.root()
    for wrong, refusal in (
        (replace(handed, things=("K:19.06.99.0000.001",)), rules.UnknownThing),
        (replace(handed, things=("B:0000000000000000",)), rules.UnknownThing),
        (replace(handed, trip="0000000000000000"), rules.UnknownTrip),
        (replace(handed, corrects="f" * 64), rules.UnknownEvent),
    ):
        with pytest.raises(refusal):
            record_all(scene, wrong)
    with pytest.raises(rules.Future):
        record_all(scene, handed, at=handed.at - timedelta(minutes=1))
    with pytest.raises(rules.PartyMissing):
        custody.record_event(E, handed, custody.Words("Sopir satu"), scene.actors["lutfi"], handed.at)
    assert record.root() == before


def test_seals_read_at_a_hand_over_are_a_check_of_the_register_too(scene: Any, road: custody.Ride) -> None:
    load = road.stored.load(road.halts[0].loads[0])
    packing.prepare_boxes(E, [load.tps[0]], scene.actors["lutfi"], road.depart_at - LATE, Random(1))
    box = packing.labelled(E, road.depart_at)[0]
    seals.SealingRow.objects.create(
        election=E, box=box.code, place=road.trip.start, act="sealed", serials=["A0000001", "A0000002"], person="p-lutfi", second="p-oki",
        occurred_at=road.depart_at - LATE, entry_id="e" * 64,
    )  # fmt: skip
    loaded, left, came, handed = way(road)
    reading = rules.Reading(f"B:{box.code}", ("A0000001", "A0000009"))
    record_all(scene, loaded, left, came, replace(handed, seals="differ", readings=(reading,)))
    (conflict,) = custody.state(E, handed.at).open_conflicts()
    assert (conflict.code, conflict.facts["expected"]) == ("seals_differ", "A0000001 A0000002")
    (check,) = seals.checks(E, handed.at)
    assert (check.match, check.missing, check.strange, check.place) == (False, ("A0000002",), ("A0000009",), handed.place)
    assert [s.rule for s in seals.signals(E, handed.at)] == ["R06"]


def test_an_event_is_taken_back_by_a_new_one_and_the_old_one_stays(scene: Any, road: custody.Ride) -> None:
    loaded, left, *_ = way(road)
    first, second = record_all(scene, loaded, left)
    back = custody.take_back(E, second.id, "", scene.actors["lutfi"], left.at + timedelta(minutes=5))
    assert custody.positions(E, back.at)[road.trip.code].phase == "loaded"
    assert custody.positions(E, left.at)[road.trip.code].phase == "departed", "as it was known then"
    with pytest.raises(rules.TakenBack):
        custody.take_back(E, second.id, "", scene.actors["lutfi"], back.at)
    with pytest.raises(rules.TakenBack):
        custody.take_back(E, back.id, "", scene.actors["lutfi"], back.at)
    with pytest.raises(rules.ReasonMissing):
        custody.take_back(E, first.id, "", scene.actors["ani"], back.at)
    custody.take_back(E, first.id, "dimuat ke truk lain", scene.actors["ani"], back.at, second="p-lutfi")
    assert custody.state(E, back.at).holdings == {}
    entry = record.Entry.objects.order_by("-leaf_index").first()
    assert entry is not None
    assert entry.kind == "custody.corrected"
    assert record.entry(E, entry.entry_id).kind == "custody.corrected"
    assert first.id in str(record.opened(entry.entry_id))


def test_names_stand_in_no_fact_and_can_be_erased_while_the_hand_over_stays(scene: Any, road: custody.Ride) -> None:
    (loaded,) = record_all(scene, way(road)[0])
    opening = record.Opening.objects.get(entry_id=loaded.id)
    assert b"Ketua dua" not in bytes(opening.facts) + bytes(opening.envelope)
    assert custody.words([loaded.id])[loaded.id].receiver == "Ketua dua"
    erasing.erase_private(loaded.id, scene.actors["ani"], "diminta", loaded.at)
    assert custody.words([loaded.id])[loaded.id].receiver == record.ERASED
    assert custody.state(E, loaded.at).holdings[loaded.things[0]].holder == DRIVER


def test_r07_speaks_when_a_trip_is_not_seen_within_one_and_a_half_times_its_way(scene: Any, road: custody.Ride) -> None:
    loaded, left, came, _ = way(road)
    record_all(scene, loaded, left)
    span = timedelta(minutes=road.minutes_to(0)) * 1.5
    assert custody.signals(E, left.at + span) == []
    (found,) = custody.signals(E, left.at + span + timedelta(minutes=1))
    assert (found.rule, found.facts["thing"], found.facts["target"], found.place) == (
        "R07",
        road.number,
        road.name(came.place),
        came.place,
    )
    record_all(scene, came, at=left.at + 2 * span)
    assert custody.signals(E, left.at + 2 * span) == []


def test_r16_and_r17_speak_of_an_account_and_a_place_that_do_not_fit_the_plan(scene: Any, road: custody.Ride) -> None:
    loaded, left, came, _ = way(road)
    network = road.stored.inputs.network
    desa = [node.code for node in network.nodes if node.kind == "desa" and node.code not in {stop.place for stop in road.halts}]
    ways = {code: network.leg(roads.Kind.TRUCK, road.trip.start, code) for code in desa}
    off = max(ways, key=lambda code: ways[code].travel_min)  # type: ignore[union-attr]
    record_all(scene, loaded, left, replace(came, place=off, at=left.at + timedelta(minutes=1)))
    rules_found = {s.rule for s in custody.signals(E, left.at + timedelta(minutes=1))}
    assert rules_found == {"R16", "R17"}
    told_by_radio = [replace(e, here=False) for e in custody.events(E, left.at + timedelta(minutes=1))]
    assert custody.scans(rules.fold(told_by_radio)) == [], "who tells by radio is not where the trip is"


def test_tasks_lead_the_warehouse_and_the_pps_to_the_next_act(scene: Any, road: custody.Ride) -> None:
    lutfi, putri = scene.people["lutfi"], scene.people["putri"]
    assert not [t for t in custody.waiting(lutfi, E, road.depart_at - custody.BEFORE - timedelta(minutes=1)) if t.args == (road.waybill,)]
    (load,) = [t for t in custody.waiting(lutfi, E, road.depart_at - custody.BEFORE) if t.args == (road.waybill,)]
    assert (load.kind, load.due_at) == ("custody.load", road.depart_at)
    region = putri.grants[0].region
    mine = next(
        one
        for one in custody.rides(E, road.depart_at)
        if region in {stop.place for stop in one.halts} and not one.vehicle.boat  # type: ignore[union-attr]
    )
    loaded, left, *_ = way(mine)
    record_all(scene, loaded, left)
    tasks = {t.kind for t in custody.waiting(putri, E, left.at)}
    assert tasks == ({"custody.receive"} if custody.positions(E, left.at)[mine.trip.code].next_place == region else set())


def test_a_new_plan_takes_over_what_has_left_and_shows_what_it_no_longer_has(scene: Any, road: custody.Ride) -> None:
    loaded, left, *_ = way(road)
    record_all(scene, loaded, left)
    given = distribution.inputs(E, left.at)
    stored = distribution.record_plan(E, road.stored.plan, given.digest, scene.actors["ani"], left.at)
    assert stored.number == 2
    where = custody.positions(E, left.at)
    assert (where[road.trip.code].phase, where[road.trip.code].waybill) == ("departed", road.waybill)
    assert len(where) == len(stored.plan.trips)


def test_trips_of_an_older_plan_cost_one_question_and_not_one_each(scene: Any, road: custody.Ride) -> None:
    trips = [one for one in custody.rides(E, road.depart_at) if one.waybill != road.waybill]
    at = max(one.depart_at for one in trips)

    def questions(count: int) -> int:
        record_all(scene, *(told(one, Kind.DEPARTED, one.depart_at) for one in trips[:count]), at=at + count * timedelta(minutes=1))
        now = at + count * timedelta(minutes=1)
        custody.rides(E, now)  # plans and states are kept once they were read
        with CaptureQueriesContext(connection) as seen:
            custody.rides(E, now)
        return len(seen)

    given = distribution.inputs(E, at)
    turned = replace(road.stored.plan, trips=tuple(replace(t, code=f"{t.code}-X") for t in road.stored.plan.trips))
    distribution.record_plan(E, turned, given.digest, scene.actors["ani"], at)
    assert questions(1) == questions(9) <= 9


def test_a_kit_that_travels_in_two_parts_is_two_things_and_its_tps_waits_for_both(scene: Any, road: custody.Ride) -> None:
    load = road.stored.load(road.halts[0].loads[0])
    tps, at = load.tps[0], road.depart_at
    split = roads.KitSplit(tps, ((roads.BOX, 2), (roads.BOOTH, 4)))
    goods = distribution.goods(E, at)
    loads, held = roads.kits_split(road.stored.inputs.loads, [split], goods, road.stored.inputs.rules)
    assert held == [tps]
    stored = replace(road.stored, inputs=replace(road.stored.inputs, loads=tuple(loads)))
    first = replace(road.halts[0], loads=(f"{tps}:a", f"{tps}:b"))
    both = replace(road, stored=stored, trip=replace(road.trip, stops=(first,)))
    items = custody.manifest(E, both, at)
    assert {(item.thing, item.target, item.boxes) for item in items} == {(f"K:{tps}", tps, 3), (f"K:{tps}:b", tps, 2)}
    packing.prepare_boxes(E, [tps], scene.actors["lutfi"], at - timedelta(days=2), Random(1))
    items = custody.manifest(E, both, at)
    boxes = [item.thing for item in items if item.thing.startswith("B:")]
    assert (len(boxes), len(set(boxes))) == (5, 5), "every labelled box is on one paper"
    assert {custody.target_of(item.thing) for item in items} == {"", tps}
    with patch.object(distribution, "current_plan", lambda _election, _at: stored):
        things = tuple(item.thing for item in items)
        loaded, handed = told(both, Kind.LOADED, at, things=things), told(both, Kind.HANDED_OVER, at, first.place, things)
        short = replace(handed, things=tuple(t for t in things if not t.endswith(":b")))
        record_all(scene, loaded, short, at=at)
        assert tps not in custody.deliveries(E, at)
        with patch.object(distribution, "current_plan", lambda _election, _at: road.stored):
            assert tps not in custody.deliveries(E, at), "joined again after its second part had left: that part is still away"
        record_all(scene, replace(handed, things=(f"K:{tps}:b",)), at=at)
        assert tps in custody.deliveries(E, at)


def test_booths_that_came_in_two_parts_go_back_to_the_pps_in_two(scene: Any) -> None:
    fetched = [custody.Item(thing, "T", "D", 0, "") for thing in ("S:T:b", "K:T", "S:T")]
    fetched.append(custody.Item("S:U", "U", "D", 0, ""))
    with patch.object(custody, "manifests", lambda *_: {"one": fetched[:1], "other": fetched[1:]}):
        assert custody.rest_of(E, "T", datetime(2024, 2, 15, tzinfo=UTC)) == ["S:T", "S:T:b"]


def test_a_waybill_is_found_by_its_number_its_code_and_its_label(scene: Any, road: custody.Ride) -> None:
    for typed in (road.number, road.number.lower(), road.waybill, f"PSK1:N:{road.waybill}", f" {road.waybill[:4]}-{road.waybill[4:]} "):
        assert custody.ride(E, typed).waybill == road.waybill
    for typed in ("", "SJ/99/X", "PSK1:B:" + road.waybill, road.waybill[:-1]):
        with pytest.raises(rules.UnknownTrip):
            custody.ride(E, typed)
    hits = custody.find(scene.people["ani"], E, road.number, road.depart_at)
    assert [hit.args for hit in hits if hit.label == road.number] == [(road.waybill,)]


def test_every_trip_of_the_plan_says_what_it_carries_and_nothing_travels_twice(scene: Any, road: custody.Ride) -> None:
    trips = custody.rides(E, road.depart_at)
    things = [item.thing for one in trips for item in custody.manifest(E, one, road.depart_at) if not one.stop(item.place).handover]
    assert len(things) == len(set(things))
    assert {thing[2:] for thing in things} >= {tps.code for tps in places.tps_list(E)}
    boxes = sum(item.boxes for one in trips for item in custody.manifest(E, one, road.depart_at) if not one.stop(item.place).handover)
    assert boxes == road.stored.summary()["boxes"]


def test_the_demonstration_drives_every_trip_with_one_late_one_silent_and_one_box_refused(scene: Any) -> None:
    said = beltim.step("custody")
    eve = datetime(2024, 2, 13, 13, tzinfo=UTC)
    away = [p for p in custody.positions(E, eve).values() if p.phase != "done"]
    assert [(p.phase, p.overdue) for p in away] == [("departed", True)], "the boat to the island without a signal"
    assert {s.rule for s in custody.signals(E, eve)} == {"R07", "R12.serah"}
    assert [c.code for c in custody.state(E, eve).open_conflicts()] == ["count_differs"], "no box bears a label here, so no seal was read"
    assert len(custody.deliveries(E, eve)) == 361
    assert "terlambat 55 menit" in "".join(said)
    assert all(event.mark == "[SIMULASI]" for event in custody.events(E, eve))
