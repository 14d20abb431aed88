"""Repairs in the store: waybills that hold keep their number, the others name what they replace, and a disruption ends again."""

from datetime import timedelta
from typing import Any

import pytest

from posko.domain import distribution as plans
from posko.domain import replanning as rules
from posko.planning import mending, routes
from posko.store import distribution, record, replanning
from tests.store.test_distribution import ANI, AT, ELECTION, planned, with_fleet

__all__ = ["planned", "with_fleet"]
LATER = AT + timedelta(hours=1)


def mended(happened: rules.Disruption | None, at: Any = LATER) -> tuple[replanning.Stand, plans.Plan]:
    stand = replanning.stand(ELECTION, happened, at)
    made = mending.mend(stand.stored.plan, stand.given, now_min=stand.now_min, trials=2000, stop=routes.Stop(iterations=40))
    return stand, made.plan


def repair(happened: rules.Disruption | None, note: str = "", at: Any = LATER) -> distribution.StoredPlan:
    stand, plan = mended(happened, at)
    stored = replanning.record_repair(ELECTION, happened, plan, stand.stored.number, "polres", note, ANI, at)
    assert stored is not None
    return stored


def busy(stored: distribution.StoredPlan) -> str:
    return next(trip.vehicle for trip in stored.plan.trips if trip.vehicle.startswith("T"))


def test_waybills_of_trips_that_stay_keep_their_number_and_the_others_name_what_they_replace(planned: distribution.StoredPlan) -> None:
    lost = busy(planned)
    now = repair(rules.VehicleLost(lost), "mogok")
    assert (now.number, now.base) == (2, 1)
    gone = {trip: bill for trip, bill in planned.waybills.items() if trip.startswith(lost)}
    stay = {trip: bill for trip, bill in planned.waybills.items() if trip not in gone}
    assert {trip: now.waybills[trip] for trip in stay} == stay
    assert lost not in {vehicle.code for vehicle in now.inputs.fleet}
    for _, identity in gone.values():
        state = distribution.waybill_state(identity, LATER)
        assert state
        assert not state.stands
        assert state.heir in now.waybills.values()
    kept = distribution.waybill_state(next(iter(stay.values()))[1], LATER)
    assert kept
    assert (kept.stands, kept.plan, kept.heir) == (True, 2, None)


def test_before_the_repair_the_old_waybill_holds(planned: distribution.StoredPlan) -> None:
    lost = busy(planned)
    repair(rules.VehicleLost(lost), "mogok")
    identity = planned.waybills[f"{lost}-1"][1]
    then = distribution.waybill_state(identity, LATER - timedelta(seconds=1))
    assert then
    assert then.stands
    assert distribution.waybill_state("0" * 17, LATER) is None


def test_the_end_of_a_chain_of_replacements_is_named(planned: distribution.StoredPlan) -> None:
    first = busy(planned)
    second = repair(rules.VehicleLost(first), "mogok")
    heir = distribution.waybill_state(planned.waybills[f"{first}-1"][1], LATER)
    assert heir
    assert heir.heir
    trip = next(trip for trip, bill in second.waybills.items() if bill == heir.heir)
    third = repair(rules.VehicleLost(trip.partition("-")[0]), "ban pecah", LATER + timedelta(hours=1))
    again = distribution.waybill_state(planned.waybills[f"{first}-1"][1], LATER + timedelta(hours=1))
    assert again
    assert again.heir in third.waybills.values()


def test_a_closed_road_flows_into_plans_until_it_is_opened_again(planned: distribution.StoredPlan) -> None:
    before = distribution.inputs(ELECTION, AT).digest
    now = repair(rules.RoadCut("19.06.03.2002", "19.06.03.2005", "polres"))
    assert now.inputs.network.closures == (plans.Closure("19.06.03.2002", "19.06.03.2005", "polres"),)
    assert not distribution.stale(now, ELECTION, LATER)
    (closed,) = distribution.disruptions(ELECTION, LATER)
    end_at = LATER + timedelta(hours=1)
    replanning.end(ELECTION, closed.entry_id, "air surut", ANI, end_at)
    assert distribution.disruptions(ELECTION, end_at) == []
    assert distribution.inputs(ELECTION, end_at).digest == before
    assert distribution.stale(now, ELECTION, end_at)
    kinds = [entry.kind for entry in record.Entry.objects.order_by("leaf_index")]
    assert kinds[-1] == "road.opened"
    assert "road.closed" in kinds
    with pytest.raises(rules.BadDisruption):
        replanning.end(ELECTION, closed.entry_id, "", ANI, end_at)


def test_late_goods_and_a_tps_that_moved_are_in_the_inputs_that_the_repair_was_made_from(planned: distribution.StoredPlan) -> None:
    tps = next(load for load in planned.inputs.loads if load.place == "19.06.03.2002").tps[0]
    now = repair(rules.TpsMoved(tps, "19.06.03.2005"))
    holder = next(load for load in now.inputs.loads if tps in load.tps)
    assert holder.place == "19.06.03.2005"
    assert tps in {piece.place for piece in holder.pieces}
    told = replanning.last_repair(ELECTION, LATER)
    assert told
    assert told.changes.waybills < 6
    item = holder.pieces[0].item
    late = rules.LateStock(item, -3 * plans.DAY)
    waits = {load.ready_min for load in replanning.stand(ELECTION, late, LATER).given.loads}
    assert -3 * plans.DAY in waits


def test_a_repair_that_was_looked_at_before_another_plan_came_is_refused_and_writes_nothing(planned: distribution.StoredPlan) -> None:
    happened = rules.VehicleLost(busy(planned))
    _, plan = mended(happened)
    size = record.Entry.objects.count()
    with pytest.raises(rules.PlanMoved):
        replanning.record_repair(ELECTION, happened, plan, 7, "polres", "mogok", ANI, LATER)
    short = plans.Plan(plan.trips, (plans.Unassigned("x", "not_enough", {}),), 1, "")
    with pytest.raises(rules.NotWhole):
        replanning.record_repair(ELECTION, happened, short, 1, "polres", "mogok", ANI, LATER)
    with pytest.raises(plans.ReasonMissing):
        replanning.record_repair(ELECTION, happened, plan, 1, "polres", "", ANI, LATER)
    assert record.Entry.objects.count() == size


def test_a_disruption_alone_is_recorded_and_makes_the_plan_old(planned: distribution.StoredPlan) -> None:
    assert replanning.record_repair(ELECTION, rules.VehicleLost("K01"), None, 1, "polres", "mesin rusak", ANI, LATER) is None
    assert distribution.stale(planned, ELECTION, LATER)


def test_without_a_plan_there_is_nothing_to_repair(with_fleet: Any) -> None:
    with pytest.raises(rules.NothingToRepair):
        replanning.stand(ELECTION, None, AT)


def test_what_nobody_disturbed_changes_no_hash_of_older_inputs(planned: distribution.StoredPlan) -> None:
    assert distribution.inputs(ELECTION, AT).digest == planned.input_hash
    assert all(load.ready_min is None for load in planned.inputs.loads)


def test_the_search_finds_an_old_waybill_and_leaves_those_that_hold_to_the_plan(planned: distribution.StoredPlan, cast: Any) -> None:
    lost = busy(planned)
    repair(rules.VehicleLost(lost), "mogok")
    number, identity = planned.waybills[f"{lost}-1"]
    for typed in (identity, f"PSK1:N:{identity}", number):
        (hit,) = replanning.find(cast["ani"], ELECTION, typed, LATER)
        assert hit.args == (identity,)
    holds = next(bill for trip, bill in planned.waybills.items() if not trip.startswith(lost))
    assert replanning.find(cast["ani"], ELECTION, holds[1], LATER) == []


def test_that_the_change_sheet_was_handed_out_is_recorded_once_and_for_the_plan_in_force(
    planned: distribution.StoredPlan, cast: Any
) -> None:
    with pytest.raises(rules.NothingToRepair):
        replanning.tell(ELECTION, 1, ANI, LATER)
    now = repair(rules.VehicleLost(busy(planned)), "mogok")
    assert [task.kind for task in replanning.waiting(cast["ani"], ELECTION, LATER)] == ["replanning.tell"]
    assert replanning.told(ELECTION, now.number, LATER) is None
    with pytest.raises(rules.PlanMoved):
        replanning.tell(ELECTION, 1, ANI, LATER)
    replanning.tell(ELECTION, now.number, ANI, LATER + timedelta(minutes=5))
    told = replanning.told(ELECTION, now.number, LATER + timedelta(minutes=5))
    assert told
    assert (told.person, told.occurred_at) == ("p-ani", LATER + timedelta(minutes=5))
    assert replanning.told(ELECTION, now.number, LATER) is None
    assert replanning.waiting(cast["ani"], ELECTION, LATER + timedelta(minutes=5)) == []
    with pytest.raises(rules.AlreadyTold):
        replanning.tell(ELECTION, now.number, ANI, LATER + timedelta(minutes=6))
