"""Drafts in the store: one per person, seen before changed, undone by dropping, saved only without faults, stale when inputs change."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from posko.domain import distribution as plans
from posko.domain import worksheet as rules
from posko.domain.record import Actor
from posko.store import distribution, record, worksheet
from tests.store.test_distribution import ANI, AT, ELECTION, planned, with_fleet

__all__ = ["planned", "with_fleet"]
FAJAR = Actor("p-fajar", "KPU")
LATER = AT + timedelta(minutes=10)


@pytest.fixture
def opened(planned: distribution.StoredPlan) -> distribution.StoredPlan:
    worksheet.open_draft(ELECTION, planned.number, ANI, AT)
    return planned


def _sheet(at: Any = LATER) -> worksheet.Sheet:
    found = worksheet.sheet(ELECTION, ANI.person, at)
    assert found is not None
    return found


def _adjust(act: rules.Adjustment, at: Any = LATER) -> rules.Draft:
    return worksheet.adjust(ELECTION, act, _sheet(at).version, ANI, at)


def _village(draft: rules.Draft) -> tuple[str, str]:
    """A load of a desa on the mainland, and a trip by road that does not carry it."""
    trucks = [trip for trip in draft.trips if trip.vehicle.startswith("T")]
    load = next(c for c in trucks[0].loads if len(draft.loads[c].tps) > 1)
    return load, trucks[1].code


def test_a_draft_begins_as_its_plan_and_belongs_to_one_person(opened: distribution.StoredPlan) -> None:
    sheet = _sheet()
    assert set(sheet.draft.trips) == set(opened.plan.trips)
    assert (sheet.stale, sheet.version, sheet.draft.left) == (False, 0, {})
    assert worksheet.sheet(ELECTION, FAJAR.person, LATER) is None
    with pytest.raises(rules.AlreadyOpen):
        worksheet.open_draft(ELECTION, opened.number, ANI, LATER)
    with pytest.raises(rules.UnknownPlan):
        worksheet.open_draft(ELECTION, 99, FAJAR, LATER)


def test_two_planners_on_one_plan_see_one_another(opened: distribution.StoredPlan) -> None:
    worksheet.open_draft(ELECTION, opened.number, FAJAR, LATER)
    assert [(one.person, one.base) for one in worksheet.others(ELECTION, ANI.person, LATER)] == [("p-fajar", 1)]
    assert [one.person for one in worksheet.others(ELECTION, FAJAR.person, LATER)] == ["p-ani"]


def test_an_adjustment_is_kept_undone_and_was_never_there_before_its_instant(opened: distribution.StoredPlan) -> None:
    load, trip = _village(_sheet().draft)
    _adjust(rules.Move(load, trip.partition("-")[0], trip))
    assert len(_sheet().adjustments) == 1
    assert _sheet(AT).adjustments == ()
    undone = worksheet.undo(ELECTION, _sheet().version, ANI, LATER + timedelta(minutes=1))
    assert isinstance(undone, rules.Move)
    assert set(_sheet(LATER + timedelta(minutes=1)).draft.trips) == set(opened.plan.trips)
    with pytest.raises(rules.NothingToUndo):
        worksheet.undo(ELECTION, 0, ANI, LATER + timedelta(minutes=1))


def test_a_form_that_saw_an_older_draft_changes_nothing(opened: distribution.StoredPlan) -> None:
    seen, trip = _sheet().version, _sheet().draft.trips[0].code
    _adjust(rules.Lock(trip))
    before = record.root()
    for run in (
        lambda: worksheet.adjust(ELECTION, rules.Unlock(trip), seen, ANI, LATER),
        lambda: worksheet.undo(ELECTION, seen, ANI, LATER),
        lambda: worksheet.save(ELECTION, seen, "alasan", ANI, LATER),
    ):
        with pytest.raises(rules.ChangedMeanwhile):
            run()
    with pytest.raises(rules.NoDraft):
        worksheet.adjust(ELECTION, rules.Lock(trip), 0, FAJAR, LATER)
    assert record.root() == before


def test_a_refused_adjustment_writes_nothing(opened: distribution.StoredPlan) -> None:
    before = record.root()
    with pytest.raises(rules.UnknownLoad):
        _adjust(rules.Move("tidak ada", "T01"))
    assert record.root() == before
    assert _sheet().adjustments == ()


def test_a_draft_with_a_waiting_load_is_no_plan_and_one_without_reason_neither(opened: distribution.StoredPlan) -> None:
    load, _ = _village(_sheet().draft)
    _adjust(rules.Move(load, ""))
    with pytest.raises(rules.Unfinished) as refused:
        worksheet.save(ELECTION, _sheet().version, "alasan", ANI, LATER)
    assert refused.value.facts == {"faults": 0, "left": 1}
    with pytest.raises(rules.NoReason):
        worksheet.save(ELECTION, _sheet().version, "  ", ANI, LATER)


def test_a_saved_draft_is_the_plan_in_force_with_its_split_loads_and_its_reason(opened: distribution.StoredPlan) -> None:
    sheet = _sheet()
    load, _ = _village(sheet.draft)
    tps = sheet.draft.loads[load].tps
    _adjust(rules.Split(load, (tps[:1], tps[1:])))
    assert rules.faults(_sheet().draft, _sheet().given) == {}
    made = worksheet.save(ELECTION, _sheet().version, "jembatan sempit", ANI, LATER)
    assert (made.number, made.plan.method) == (2, "meja perencana, dari rencana 1")
    kept = {trip for trip, bill in made.waybills.items() if opened.waybills.get(trip) == bill}
    assert len(kept) >= len(opened.waybills) - 2, "only the papers of trips that the split touches are new"
    assert kept != set(opened.waybills)
    assert {f"{load}~1", f"{load}~2"} <= set(made.plan.arrivals())
    now = distribution.current_plan(ELECTION, LATER)
    assert now is not None
    assert now.number == 2
    assert not distribution.stale(made, ELECTION, LATER)
    assert distribution.stale(opened, ELECTION, LATER)
    assert len(made.arrivals()) == 363
    assert worksheet.reason_of(ELECTION, 2, LATER) == "jembatan sempit"
    closed = worksheet.WorksheetRow.objects.get(plan=2)
    assert record.entry(ELECTION, closed.closing_id).kind == "worksheet.saved"
    assert worksheet.reason_of(ELECTION, 1, LATER) == ""
    assert worksheet.sheet(ELECTION, ANI.person, LATER) is None
    assert list(distribution.splits(ELECTION, LATER)) == [load]
    distribution.join_load(ELECTION, load, ANI, LATER + timedelta(minutes=1))
    assert distribution.splits(ELECTION, LATER + timedelta(minutes=1)) == {}
    assert distribution.inputs(ELECTION, LATER + timedelta(minutes=1)).digest == opened.input_hash
    with pytest.raises(plans.UnknownSplit):
        distribution.join_load(ELECTION, load, ANI, LATER + timedelta(minutes=2))


def test_a_draft_does_not_undo_a_plan_that_came_into_force_after_it_was_opened(opened: distribution.StoredPlan) -> None:
    sheet = _sheet()
    newer = replace(opened.plan, method="perbaikan")
    distribution.record_plan(ELECTION, newer, opened.input_hash, ANI, LATER, base=opened)
    with pytest.raises(rules.Overtaken) as refused:
        worksheet.save(ELECTION, sheet.version, "pindah satu", ANI, LATER + timedelta(minutes=1))
    assert refused.value.facts["plan"] == 2


def test_a_draft_whose_inputs_changed_says_so_and_is_computed_with_the_new_ones(opened: distribution.StoredPlan) -> None:
    trip = next(trip for trip in opened.plan.trips if trip.vehicle.startswith("T"))
    _adjust(rules.Lock(trip.code))
    distribution.retire_vehicle(ELECTION, trip.vehicle, "rusak", ANI, LATER)
    sheet = _sheet()
    assert sheet.stale
    waiting = {code for one in opened.plan.trips if one.vehicle == trip.vehicle for code in one.loads}
    assert set(sheet.draft.left) == waiting
    assert sheet.adjustments == ()


def test_a_discarded_draft_leaves_the_plan_in_force(opened: distribution.StoredPlan) -> None:
    worksheet.discard(ELECTION, ANI, LATER)
    assert worksheet.sheet(ELECTION, ANI.person, LATER) is None
    now = distribution.current_plan(ELECTION, LATER)
    assert now is not None
    assert now.number == opened.number
    with pytest.raises(rules.NoDraft):
        worksheet.discard(ELECTION, ANI, LATER)
    assert worksheet.open_draft(ELECTION, opened.number, ANI, LATER) == "MEJA-002"


def test_the_reason_stays_with_its_plan_also_where_another_was_recorded_for_a_later_instant(opened: distribution.StoredPlan) -> None:
    given = distribution.inputs(ELECTION, AT)
    tomorrow = AT + timedelta(days=1)
    distribution.record_plan(ELECTION, opened.plan, given.digest, ANI, tomorrow)
    _adjust(rules.Lock(_sheet().draft.trips[0].code))
    made = worksheet.save(ELECTION, _sheet().version, "kunci saja", ANI, LATER)
    assert made.number == 3
    assert worksheet.reason_of(ELECTION, 3, LATER) == "kunci saja"
