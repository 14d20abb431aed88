"""The way back in the store: today's vehicles and roads, the leg onward only where its hour is known, and its custody."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from posko.domain import custody as rules
from posko.domain import distribution as roads
from posko.domain import returns as return_rules
from posko.domain.custody import Kind, Party
from posko.domain.record import Actor
from posko.planning.routes import Stop
from posko.store import custody, distribution, places, record, returns
from tests import beltim, kept

pytestmark = pytest.mark.django_db
E, ANI = "pemilu-2024", Actor("p-ani", "KPU")
DRIVER, PPS, PPK = Party(rules.CARRIER, "pengemudi"), Party("PPS", "ketua"), Party("PPK", "ketua")
Leg = return_rules.Leg


def _at() -> datetime:
    return distribution.PlanRow.objects.get().occurred_at + timedelta(hours=1)


def _brief_return() -> None:
    before, returns.ITERATIONS = returns.ITERATIONS, 60
    try:
        returns.make(E, ANI, _at())
    finally:
        returns.ITERATIONS = before


@pytest.fixture
def back(installation: Any) -> returns.StoredReturn:
    beltim.briefly_planned()
    kept.state(("brief return", _brief_return))
    found = returns.current(E, _at())
    assert found is not None
    return found


def fetched(one: custody.Ride) -> list[rules.Event]:
    """Driven as planned: come and loaded at every halt, handed over at the end."""
    blank: dict[str, Any] = {"trip": one.waybill, "way": "back"}
    items = custody.manifest(E, one, one.depart_at)
    found = [rules.Event("", Kind.DEPARTED, one.depart_at, "", 0, "p-oki", one.trip.start, **blank)]
    for stop in one.halts[:-1]:
        at, mine = one.stored.instant(stop.arrive_min), [item for item in items if item.place == stop.place]
        count, things = sum(item.boxes for item in mine), tuple(item.thing for item in mine)
        found.append(rules.Event("", Kind.ARRIVED, at, "", 0, "p-oki", stop.place, **blank))
        found.append(
            rules.Event("", Kind.LOADED, at + timedelta(minutes=9), "", 0, "p-oki", stop.place, things=things, giver=PPS, receiver=DRIVER,
                        sent=count, received=count, **blank)
        )  # fmt: skip
        found.append(rules.Event("", Kind.DEPARTED, one.stored.instant(stop.depart_min), "", 0, "p-oki", stop.place, **blank))
    end, at = one.halts[-1], one.stored.instant(one.trip.return_min)
    taker = Party(rules.CARRIER, "lainnya") if return_rules.pier(end.place) else PPK
    count, things = sum(item.boxes for item in items), tuple(item.thing for item in items)
    found.append(rules.Event("", Kind.ARRIVED, at, "", 0, "p-oki", end.place, **blank))
    found.append(
        rules.Event("", Kind.HANDED_OVER, at + timedelta(minutes=9), "", 0, "p-oki", end.place, things=things, giver=DRIVER, receiver=taker,
                    sent=count, received=count, **blank)
    )  # fmt: skip
    return found


def write(events: list[rules.Event]) -> list[rules.Event]:
    told = [custody.Told(event, custody.Words("Satu", "Dua")) for event in events]
    return custody.record_events(E, told, ANI, max(event.at for event in events))


def test_every_box_of_every_tps_comes_back_on_one_trip_and_its_paper_is_found_like_those_of_the_way_out(back: returns.StoredReturn) -> None:
    at = _at()
    trips = custody.rides_back(E, at)
    assert len(trips) == len(back.plan.trips)
    by_road = [one for one in trips if not return_rules.pier(one.end)]
    things = [item.thing for one in by_road for item in custody.manifest(E, one, at)]
    assert len(things) == len(set(things))
    assert {thing[2:] for thing in things if thing.startswith("K:")} == {tps.code for tps in places.tps_list(E)}
    assert {thing[2:] for thing in things if thing.startswith("S:")} == {tps.code for tps in places.tps_list(E)}
    standing = custody.returned(E, at)
    assert standing is not None
    assert (standing.boxes, standing.waiting) == (1815, 1815)
    one = trips[0]
    for typed in (one.number, one.number.lower(), one.waybill, roads.waybill_text(one.waybill)):
        assert custody.ride(E, typed) == one
    assert one.number.startswith("SJB/01/B-")
    assert {p.waybill for p in custody.positions(E, at).values()}.isdisjoint({p.trip for p in custody.positions_back(E, at).values()})


def test_a_trip_is_followed_from_the_desa_to_the_ppk_and_a_second_one_begins_where_the_first_ended(back: returns.StoredReturn) -> None:
    trips = custody.rides_back(E, _at())
    one = next(t for t in trips if t.vehicle and not t.vehicle.boat and len(t.halts) > 2 and t.trip.start.count(":"))
    steps = fetched(one)
    at_first, first = steps[1].at, one.halts[0]
    write(steps[:1])
    where = custody.positions_back(E, steps[0].at)[one.waybill]
    assert (where.phase, where.next_place, where.eta_at) == ("departed", first.place, at_first)
    write(steps[1:2])
    where = custody.positions_back(E, at_first)[one.waybill]
    assert (where.phase, where.place, where.next_place) == ("arrived", first.place, first.place)
    write(steps[2:3])
    where = custody.positions_back(E, steps[2].at)[one.waybill]
    assert (where.phase, where.place, where.next_place, where.done) == ("arrived", first.place, one.halts[1].place, (first.place,))
    assert custody.fetchable(E, one, first.place, steps[2].at) == []
    write(steps[3:])
    done_at = steps[-1].at
    assert custody.positions_back(E, done_at)[one.waybill].phase == "done"
    now = custody.state(E, done_at)
    assert now.conflicts == ()
    assert {held.holder.agency for held in now.holdings.values()} == {"PPK"}
    boxes = sum(item.boxes for item in custody.manifest(E, one, done_at))
    standing = custody.returned(E, done_at)
    assert standing is not None
    assert (standing.ppk, standing.waiting) == (boxes, 1815 - boxes)
    assert custody.deliveries(E, done_at) == {}, "what came back was never brought, as far as anybody recorded"
    again = next((t for t in trips if t.trip.vehicle == one.trip.vehicle and t.trip.start == one.end == t.end), None)
    if again is not None:
        write(fetched(again)[:1])
        assert custody.positions_back(E, again.depart_at)[again.waybill].next_place == again.halts[0].place


def test_an_island_comes_back_by_boat_and_from_the_pier_by_road_without_a_contradiction(back: returns.StoredReturn) -> None:
    trips = custody.rides_back(E, _at())
    boat = next(one for one in trips if return_rules.pier(one.end))
    island, at = boat.halts[0].place, boat.stored.instant(boat.trip.return_min)
    assert (boat.trip.start, boat.index(boat.end), boat.index(boat.end, coming=True)) == (boat.end, -1, 1)
    steps = fetched(boat)
    write(steps[:4])
    where = custody.positions_back(E, steps[3].at)[boat.waybill]
    assert (where.phase, where.place, where.next_place) == ("departed", island, boat.end)
    assert where.eta_at == at
    write(steps[4:5])
    assert custody.positions_back(E, at)[boat.waybill].phase == "arrived", "home again, and not about to leave"
    write(steps[5:])
    goods = {item.thing for item in custody.manifest(E, boat, at)}
    ashore = next(
        one for one in trips if one.takes_on(boat.end) and goods & {item.thing for item in custody.manifest(E, one, at) if item.boxes}
    )
    standing = custody.returned(E, steps[-1].at)
    assert standing is not None
    assert (standing.under_way, standing.ppk) == (sum(item.boxes for item in custody.manifest(E, boat, at)), 0), "on its way at the pier"
    last = fetched(ashore)
    write(last)
    now = custody.state(E, last[-1].at)
    assert now.conflicts == ()
    assert {now.holdings[thing].holder.agency for thing in goods} == {"PPK"}
    assert not [s for s in custody.signals(E, last[-1].at) if s.rule in {"R12.serah", "R17"}]


def test_an_event_says_whether_it_goes_out_or_back(back: returns.StoredReturn) -> None:
    one = custody.rides_back(E, _at())[0]
    left = fetched(one)[0]
    with pytest.raises(rules.OtherWay):
        write([replace(left, way="")])
    (recorded,) = write([left])
    taken = custody.take_back(E, recorded.id, "", Actor("p-oki", "KPU"), recorded.at + timedelta(minutes=1))
    assert taken.way == "back"
    line = rules.event_facts(recorded)
    assert rules.event_of(line) == recorded
    assert line["way"] == "back"


def test_readiness_before_the_vote_does_not_change_when_the_goods_come_back(back: returns.StoredReturn) -> None:
    out = next(one for one in custody.rides(E, _at()) if one.vehicle and not one.vehicle.boat and not one.halts[0].handover)
    items, first, stop_at = custody.manifest(E, out, out.depart_at), out.halts[0], out.stored.instant(out.halts[0].arrive_min)
    here = tuple(item.thing for item in items if item.place == first.place)
    blank: dict[str, Any] = {"trip": out.waybill, "things": here}
    lutfi = Party("KPU", "gudang")
    write([
        rules.Event("", Kind.LOADED, out.depart_at, "", 0, "p-oki", out.trip.start, giver=lutfi, receiver=DRIVER, **blank),
        rules.Event("", Kind.HANDED_OVER, stop_at, "", 0, "p-oki", first.place, giver=DRIVER, receiver=PPS, **blank),
    ])  # fmt: skip
    delivered = custody.deliveries(E, stop_at)
    assert delivered
    home = next(one for one in custody.rides_back(E, _at()) if one.takes_on(first.place) and not return_rules.pier(one.end))
    steps = fetched(home)
    write(steps)
    assert custody.deliveries(E, steps[-1].at) == delivered


def test_a_vehicle_that_was_lost_since_drives_no_return_and_one_that_was_added_may(back: returns.StoredReturn) -> None:
    at = _at() + timedelta(minutes=5)
    used = next(trip.vehicle for trip in back.plan.trips if trip.vehicle.startswith("T"))
    assert returns.lost_vehicles(back, at) == []
    distribution.retire_vehicle(E, used, "mesin mati", ANI, at)
    assert returns.lost_vehicles(back, at) == [used]
    truck = next(one for one in distribution.fleet(E, at) if not one.boat)
    distribution.save_vehicle(E, replace(truck, code="BARU-1"), "", ANI, at, new=True)
    now = returns.given(E, at)
    assert {used, "BARU-1"} & {one.code for one in now.ground.fleet} == {"BARU-1"}
    again = returns.current(E, at)
    assert again is not None
    assert used in again.fleet, "its papers still say which vehicle it was"


def test_the_leg_to_the_kpu_is_planned_only_for_ppk_whose_hour_somebody_said(back: returns.StoredReturn, monkeypatch: Any) -> None:
    at = _at()
    with pytest.raises(return_rules.NoRecapitulation) as unknown:
        returns.make(E, ANI, at, Leg.PPK)
    assert unknown.value.facts == {"missing": 7}
    midnight_at = record.midnight(E)
    with pytest.raises(return_rules.BadRecapitulation):
        returns.set_recapitulation(E, {"19.06.01": midnight_at}, ANI, at)
    ends_at = midnight_at + timedelta(days=9, hours=15)
    returns.set_recapitulation(E, {"19.06.01": ends_at, "19.06.02": ends_at}, ANI, at)
    before = record.root()
    returns.set_recapitulation(E, {"19.06.01": ends_at}, ANI, at)
    assert record.root() == before, "said once"
    monkeypatch.setattr(returns, "Stop", lambda iterations: Stop(iterations=min(iterations, 40)))
    made = returns.make(E, ANI, at, Leg.PPK)
    assert (made.number, made.leg, returns.current(E, at)) == (2, Leg.PPK, back)
    assert {one.place for one in made.collects.values()} == {"19.06.01", "19.06.02"}
    assert made.plan.left == ()
    assert min(trip.stops[0].depart_min for trip in made.plan.trips) > 9 * roads.DAY
    one = next(t for t in custody.rides_back(E, at) if t.back and t.back.leg is Leg.PPK)
    assert one.number.startswith("SJB/02/K-")
    assert one.halts[0].place in custody.targets(one, one.halts[0].place)
    assert custody.targets(one, one.end) == (one.end,)
    assert {"K:19.06.01", "K:19.06.02"} <= {
        item.thing for t in custody.rides_back(E, at) if t.back and t.back.leg is Leg.PPK for item in custody.manifest(E, t, at)
    }, "the boxes of the PPK travel too"


def test_a_return_from_before_it_kept_its_goods_is_read_from_its_plan(back: returns.StoredReturn) -> None:
    returns.ReturnRow.objects.update(frozen={})
    returns._stored.cache_clear()
    older = returns.current(E, _at())
    assert older is not None
    assert (older.collects, older.plan) == (back.collects, back.plan)
    assert older.fleet.keys() == back.fleet.keys()
    returns._stored.cache_clear()
