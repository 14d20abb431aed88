"""Searches by the worker: what is found waits for a person, is refused where the world has moved on, and survives presses and crashes."""

from datetime import timedelta

import pytest

from posko.domain import distribution as plans
from posko.domain import replanning as rules
from posko.domain import worksheet as table
from posko.domain.record import Actor
from posko.server import jobs
from posko.store import distribution, record, replanning, worksheet
from tests.store.test_distribution import ANI, AT, ELECTION, _solve, planned, with_fleet

__all__ = ["planned", "with_fleet"]
FAJAR = Actor("p-fajar", "KPU")
LATER = AT + timedelta(minutes=10)
CUT = rules.RoadCut("19.06.03.2002", "19.06.03.2005", "polres")


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's time is the test's, and it does not search long."""
    monkeypatch.setattr(jobs, "_now", lambda: LATER)
    monkeypatch.setattr(replanning, "TRIALS", 1000)
    monkeypatch.setattr(replanning, "ITERATIONS", 30)
    monkeypatch.setattr(worksheet, "ITERATIONS", 30)


def _found(number: int) -> replanning.Found:
    one = replanning.found(ELECTION, number, LATER)
    assert one is not None
    return one


def test_a_repair_is_searched_waits_and_is_taken_once(planned: distribution.StoredPlan) -> None:
    asked = replanning.ask(ELECTION, CUT, "polres", ANI, LATER)
    assert replanning.ask(ELECTION, CUT, "polres", FAJAR, LATER).id == asked.id  # the same question has one answer
    assert [one.state for one in distribution.searches(ELECTION, "repair", LATER)] == ["queued"]
    assert jobs.run_once()
    found = _found(asked.id)
    assert (found.request.state, found.changed, found.happened) == ("found", "", CUT)
    assert found.plan is not None
    assert found.plan.feasible
    assert distribution.current_plan(ELECTION, LATER) == planned  # nothing counts before somebody takes it
    assert distribution.disruptions(ELECTION, LATER) == []
    stored = replanning.take(ELECTION, asked.id, "", FAJAR, LATER)
    assert stored is not None
    assert (stored.number, stored.base, stored.plan.trips) == (2, 1, found.plan.trips)
    assert [one.kind for one in distribution.disruptions(ELECTION, LATER)] == ["road"]
    assert _found(asked.id).request.plan_number == 2
    with pytest.raises(plans.NotWaiting):
        replanning.take(ELECTION, asked.id, "", ANI, LATER)


def test_what_was_found_is_not_taken_where_the_plan_or_its_inputs_have_changed(planned: distribution.StoredPlan) -> None:
    asked = replanning.ask(ELECTION, CUT, "polres", ANI, LATER)
    jobs.run_once()
    distribution.put_hazard(ELECTION, plans.Hazard("19.06.03.2005", "genangan", 60, 700, source="aght:16"), ANI, LATER)
    assert _found(asked.id).changed == "inputs"
    given = distribution.inputs(ELECTION, LATER)
    distribution.record_plan(ELECTION, _solve(given), given.digest, ANI, LATER)
    assert _found(asked.id).changed == "plan"
    with pytest.raises(rules.PlanMoved):
        replanning.take(ELECTION, asked.id, "", ANI, LATER)
    assert distribution.disruptions(ELECTION, LATER) == []
    late = replanning.ask(ELECTION, rules.VehicleLost("T12"), "kpu", ANI, LATER)
    distribution.retire_vehicle(ELECTION, "T12", "dipinjam", ANI, LATER)
    jobs.run_once()
    assert _found(late.id).request.state == "failed"
    assert _found(late.id).request.code == "replanning.bad_disruption"


def test_a_search_is_cancelled_before_while_and_after_it_runs(planned: distribution.StoredPlan) -> None:
    first = replanning.ask(ELECTION, CUT, "polres", ANI, LATER)
    distribution.cancel_request(ELECTION, first.id, FAJAR, LATER)
    assert distribution.take_request(LATER) is None
    second = replanning.ask(ELECTION, CUT, "polres", ANI, LATER)
    assert second.id != first.id
    taken = distribution.take_request(LATER)
    assert taken is not None
    distribution.cancel_request(ELECTION, second.id, ANI, LATER)
    with pytest.raises(plans.Cancelled):
        jobs._watch(taken)(1, 2)
    with pytest.raises(plans.Cancelled):
        jobs.make_repair(taken)
    distribution.fail_request(taken, "distribution.broken", {}, LATER)
    assert _found(second.id).request.state == "cancelled"
    third = replanning.ask(ELECTION, CUT, "polres", ANI, LATER)
    jobs.run_once()
    distribution.cancel_request(ELECTION, third.id, ANI, LATER)
    with pytest.raises(plans.NotWaiting):
        replanning.take(ELECTION, third.id, "", ANI, LATER)
    with pytest.raises(plans.NotWaiting):
        distribution.cancel_request(ELECTION, third.id, ANI, LATER)


def test_a_plan_that_was_cancelled_while_it_was_made_is_not_recorded(planned: distribution.StoredPlan) -> None:
    distribution.request_plan(ELECTION, 5, 1, ANI, LATER)
    taken = distribution.take_request(LATER)
    assert taken is not None
    distribution.cancel_request(ELECTION, taken.id, ANI, LATER)
    given = distribution.inputs(ELECTION, LATER)
    with pytest.raises(plans.Cancelled):
        distribution.record_plan(ELECTION, planned.plan, given.digest, ANI, LATER, request=taken)
    assert distribution.current_plan(ELECTION, LATER) == planned


def test_repairs_come_first_and_a_request_under_which_workers_die_is_given_up(planned: distribution.StoredPlan) -> None:
    plan = distribution.request_plan(ELECTION, 5, 1, ANI, LATER)
    repair = replanning.ask(ELECTION, CUT, "polres", ANI, LATER)
    taken = distribution.take_request(LATER)
    assert taken is not None
    assert taken.id == repair.id
    assert distribution.beat(taken, 100, 1000, LATER + timedelta(seconds=30))
    silent = LATER + timedelta(seconds=30 + distribution.SILENT_S)
    assert distribution.take_request(silent).id == plan.id  # type: ignore[union-attr]  # the repair's worker spoke just now
    again = distribution.take_request(silent + timedelta(seconds=1))
    assert again is not None
    assert (again.id, again.attempts) == (repair.id, 2)
    assert not distribution.beat(taken, 200, 1000, silent)  # the worker that was taken for dead no longer has it
    with pytest.raises(plans.Cancelled):
        distribution.found_answer(taken, {}, silent)
    distribution.take_request(silent + timedelta(seconds=300))
    assert _found(repair.id).request.code == "distribution.worker_lost"


def test_only_so_many_searches_wait_at_a_time(planned: distribution.StoredPlan) -> None:
    vehicles = [vehicle.code for vehicle in planned.inputs.fleet][: distribution.OPEN_SEARCHES + 1]
    for vehicle in vehicles[:-1]:
        replanning.ask(ELECTION, rules.VehicleLost(vehicle), "kpu", ANI, LATER)
    with pytest.raises(plans.SearchRunning):
        replanning.ask(ELECTION, rules.VehicleLost(vehicles[-1]), "kpu", ANI, LATER)


def test_the_rest_of_a_draft_is_searched_and_taken_as_one_step(planned: distribution.StoredPlan) -> None:
    worksheet.open_draft(ELECTION, 1, ANI, AT)
    asked = worksheet.ask(ELECTION, 0, ANI, LATER)
    assert worksheet.ask(ELECTION, 0, ANI, LATER).id == asked.id
    jobs.run_once()
    found = worksheet.found(ELECTION, asked.id, ANI.person, LATER)
    assert found is not None
    assert (found.request.state, found.changed, found.wrong) == ("found", False, 0)
    assert worksheet.found(ELECTION, asked.id, FAJAR.person, LATER) is None
    worksheet.take(ELECTION, asked.id, ANI, LATER)
    sheet = worksheet.sheet(ELECTION, ANI.person, LATER)
    assert sheet is not None
    assert [type(one) for one in sheet.adjustments] == [table.Solved]
    with pytest.raises(plans.NotWaiting):
        worksheet.take(ELECTION, asked.id, ANI, LATER)
    stale = worksheet.ask(ELECTION, sheet.version, ANI, LATER)
    worksheet.adjust(ELECTION, table.Lock(sheet.draft.trips[0].code), sheet.version, ANI, LATER)
    now = worksheet.sheet(ELECTION, ANI.person, LATER)
    assert now is not None
    with pytest.raises(plans.SearchRunning):
        worksheet.ask(ELECTION, now.version, ANI, LATER)
    jobs.run_once()
    one = worksheet.found(ELECTION, stale.id, ANI.person, LATER)
    assert one is not None
    assert (one.request.state, one.request.code) == ("failed", "worksheet.changed_meanwhile")


def test_what_the_worker_could_not_do_is_recorded_at_the_time_of_the_clock(planned: distribution.StoredPlan) -> None:
    record.set_clock(LATER, ANI, LATER + timedelta(days=400))
    distribution.request_plan(ELECTION, 5, 1, ANI, LATER)
    taken = distribution.take_request(LATER + timedelta(days=400))
    assert taken is not None
    distribution.fail_request(taken, "distribution.broken", {}, LATER + timedelta(days=400))
    assert record.Entry.objects.get(kind="plan.failed").recorded_at == LATER


def test_a_trip_that_left_since_the_search_and_would_change_stands_in_the_way() -> None:
    stop = plans.Stop("A", ("a",), 60, 70)
    early, late = plans.Trip("T-1", "T", "G", 0, (stop,), 130, 10), plans.Trip("S-1", "S", "G", 100, (stop,), 230, 10)
    old, new = plans.Plan((early, late), (), 1, ""), plans.Plan((early, plans.Trip("R-1", "R", "G", 100, (stop,), 230, 10)), (), 1, "")
    assert rules.overdue(old, new, -10, 99) == ()
    assert rules.overdue(old, new, -10, 100) == ("R-1", "S-1")
    assert rules.overdue(old, old, -10, 500) == ()
    for happened in (CUT, rules.VehicleLost("T"), rules.TpsMoved("t", "b", "c"), rules.LateStock("TINTA", -5), None):
        assert rules.disruption_of(rules.disruption_facts(happened)) == happened
    with pytest.raises(rules.BadDisruption):
        rules.disruption_facts(rules.NewHazard(plans.Hazard("A", "banjir", 5, 5)))
