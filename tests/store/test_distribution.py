"""Plans in the store: made from what stands, refused when it no longer stands, never changed."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from posko.cli.demo import distribution as step
from posko.desk import record as journal
from posko.domain import distribution as rules
from posko.domain import weather as sea_rules
from posko.domain.record import Actor
from posko.formats import fleet, scenario
from posko.planning import routes
from posko.server import jobs
from posko.store import distribution, needs, record, weather
from tests import erasing, kept

ROOT = Path(__file__).resolve().parents[2]
ELECTION = "pemilu-2024"
ANI = Actor("p-ani", "KPU")
AT = step.PLAN_AT


def make_fleet() -> None:
    folder = ROOT / "scenarios" / "beltim-2024"
    facts = scenario.read(folder)
    sized = fleet.read(folder / "fleet.toml", facts.sites, facts.sea_legs)
    distribution.set_up(ELECTION, sized.vehicles, sized.rules, sized.sizes, sized.outside, ANI, step.FLEET_AT)


@pytest.fixture
def with_fleet(db_beltim: Any) -> Any:
    kept.state(("fleet", make_fleet))
    return db_beltim


def _solve(given: distribution.Inputs) -> rules.Plan:
    return routes.plan(given.loads, given.network, given.fleet, given.rules, seed=1, stop=routes.Stop(iterations=40))


def make_plan() -> distribution.StoredPlan:
    given = distribution.inputs(ELECTION, AT)
    return distribution.record_plan(ELECTION, _solve(given), given.digest, ANI, AT)


@pytest.fixture
def planned(with_fleet: Any) -> distribution.StoredPlan:
    return kept.state(("plan", make_plan))


def test_the_example_plan_is_recorded_feasible_and_reaches_four_islands(planned: distribution.StoredPlan) -> None:
    said = planned.summary()
    assert (said["tps"], said["tps_reached"], said["boxes"]) == (363, 363, 1829)
    assert (said["islands"], said["islands_total"]) == (4, 4)
    assert set(planned.marks) == {"PERKIRAAN", "ARMADA ASUMSI", "PIN SEMENTARA"}
    assert len(planned.arrivals()) == 363


def test_a_recorded_plan_reads_back_as_it_was_made(planned: distribution.StoredPlan) -> None:
    distribution._kept.cache_clear()
    again = distribution.current_plan(ELECTION, AT)
    assert again is not None
    assert again.plan == planned.plan
    assert again.inputs.digest == planned.input_hash
    assert rules.violations(again.plan, again.inputs.loads, again.inputs.network, again.inputs.fleet, again.inputs.rules) == []


def test_a_plan_is_in_force_from_its_instant_and_a_later_one_replaces_it(planned: distribution.StoredPlan) -> None:
    assert distribution.current_plan(ELECTION, AT - timedelta(seconds=1)) is None
    later = AT + timedelta(hours=1)
    given = distribution.inputs(ELECTION, later)
    distribution.record_plan(ELECTION, _solve(given), given.digest, ANI, later)
    found = [distribution.current_plan(ELECTION, at) for at in (AT, later)]
    assert [plan.number for plan in found if plan] == [1, 2]


def test_a_plan_whose_inputs_changed_meanwhile_is_refused(with_fleet: Any) -> None:
    given = distribution.inputs(ELECTION, AT)
    made = _solve(given)
    distribution.retire_vehicle(ELECTION, "T12", "dipinjam dinas lain", ANI, AT)
    with pytest.raises(rules.InputsChanged):
        distribution.record_plan(ELECTION, made, given.digest, ANI, AT)


def test_a_plan_with_a_fault_or_with_something_left_behind_is_refused(with_fleet: Any) -> None:
    given = distribution.inputs(ELECTION, AT)
    made = _solve(given)
    late = replace(made, trips=(replace(made.trips[0], depart_min=made.trips[0].depart_min + 1), *made.trips[1:]))
    left = replace(made, unassigned=(rules.Unassigned("x", "not_enough", {}),))
    for spoilt in (late, left):
        with pytest.raises(rules.PlanViolates):
            distribution.record_plan(ELECTION, spoilt, given.digest, ANI, AT)
    assert distribution.current_plan(ELECTION, AT) is None


def test_a_plan_knows_when_its_inputs_no_longer_stand(planned: distribution.StoredPlan) -> None:
    assert not distribution.stale(planned, ELECTION, AT)
    distribution.put_hazard(ELECTION, rules.Hazard("19.06.03.2005", "genangan", 60, 700, source="aght:16"), ANI, AT)
    assert distribution.stale(planned, ELECTION, AT)
    distribution.put_hazard(ELECTION, rules.Hazard("19.06.03.2005", "genangan", 60, 700, source="aght:16"), ANI, AT, ended=True)
    assert not distribution.stale(planned, ELECTION, AT)


def test_without_needs_or_fleet_the_refusal_names_what_is_missing(db_beltim: Any) -> None:
    with pytest.raises(rules.NotReady) as missing:
        distribution.inputs(ELECTION, AT)
    assert missing.value.facts == {"what": "fleet"}
    with pytest.raises(rules.NotReady) as earlier:
        distribution.inputs(ELECTION, datetime.fromisoformat("2020-01-01T00:00:00+00:00"))
    assert earlier.value.facts == {"what": "needs"}


def test_a_vehicle_is_added_changed_and_retired_with_a_reason(with_fleet: Any) -> None:
    truck = next(v for v in distribution.fleet(ELECTION, AT) if v.code == "T01")
    with pytest.raises(rules.VehicleExists):
        distribution.save_vehicle(ELECTION, truck, "", ANI, AT, new=True)
    with pytest.raises(rules.ReasonMissing):
        distribution.save_vehicle(ELECTION, truck, " ", ANI, AT, new=False)
    with pytest.raises(rules.UnknownVehicle):
        distribution.retire_vehicle(ELECTION, "T99", "tidak ada", ANI, AT)
    distribution.save_vehicle(ELECTION, replace(truck, volume_ml=1, assumption=False), "diukur", ANI, AT, new=False)
    assert next(v for v in distribution.fleet(ELECTION, AT) if v.code == "T01").volume_ml == 1
    distribution.retire_vehicle(ELECTION, "T01", "rusak", ANI, AT)
    assert "T01" not in {v.code for v in distribution.fleet(ELECTION, AT)}
    assert "T01" in {v.code for v in distribution.fleet(ELECTION, AT - timedelta(seconds=1))}


def test_who_drives_a_vehicle_and_why_it_was_lost_are_private_words_that_go_when_two_people_erase_them(with_fleet: Any) -> None:
    truck = next(v for v in distribution.fleet(ELECTION, AT) if v.code == "T01")
    distribution.save_vehicle(ELECTION, replace(truck, carrier="Angkutan Pak Budi"), "disewa dari Budi", ANI, AT, new=False)
    given = distribution.inputs(ELECTION, AT)
    assert {one.carrier for one in given.fleet} == {""}, "a name is no input, and no plan keeps it"
    distribution.retire_vehicle(ELECTION, "T01", "dipakai Budi ke Manggar", ANI, AT + timedelta(minutes=1))
    rows = distribution.VehicleRow.objects.filter(code="T01")
    assert all("Budi" not in f"{row.reason}{row.facts}" for row in rows)
    openings = record.Opening.objects.filter(entry_id__in=[row.entry_id for row in rows])
    assert all(b"Budi" not in bytes(one.facts) + bytes(one.envelope) for one in openings)
    later = AT + timedelta(minutes=2)

    def lost() -> distribution.VehicleState:
        return next(state for state in distribution.vehicle_states(ELECTION, later) if state.vehicle.code == "T01")

    assert (lost().reason, lost().vehicle.carrier, lost().retired) == ("dipakai Budi ke Manggar", "Angkutan Pak Budi", True)
    assert {"vehicle.added", "vehicle.changed", "vehicle.retired"} <= journal.words().keys()
    for row in rows.exclude(entry_id=rows.first().entry_id):
        erasing.erase_private(row.entry_id, ANI, "diminta", later)
    assert (lost().reason, lost().vehicle.carrier, lost().retired) == (record.ERASED, record.ERASED, True)


def test_a_vehicle_from_before_its_words_were_private_is_read_from_its_row(with_fleet: Any) -> None:
    row = distribution.VehicleRow.objects.filter(code="T02").last()
    old = {**row.facts, "carrier": "PT Pos"}
    distribution.VehicleRow.objects.filter(pk=row.pk).update(facts=old, reason="diukur")
    state = next(one for one in distribution.vehicle_states(ELECTION, AT) if one.vehicle.code == "T02")
    assert (state.vehicle.carrier, state.reason) == ("PT Pos", "diukur")
    given = distribution.inputs(ELECTION, AT)
    hashed = rules.inputs_hash(given.loads, given.network, distribution.fleet(ELECTION, AT), given.rules)
    stored = distribution.record_plan(ELECTION, _solve(given), given.digest, ANI, AT)
    assert not distribution.stale(stored, ELECTION, AT)
    assert hashed != given.digest
    assert not distribution.stale(replace(stored, input_hash=hashed), ELECTION, AT), "a plan that still counted the name"
    assert {v.code: v.carrier for v in distribution.named_fleet(stored, ELECTION)}["T02"] == "PT Pos"


def test_every_write_is_in_the_journal(planned: distribution.StoredPlan) -> None:
    kinds = set(record.Entry.objects.values_list("kind", flat=True))
    assert {"handling.set", "vehicle.added", "plan.recorded"} <= kinds
    assert record.Entry.objects.filter(entry_id=planned.entry_id).exists()


def test_waybills_are_found_by_the_number_in_their_code(planned: distribution.StoredPlan) -> None:
    trip = planned.plan.trips[0].code
    assert distribution.waybill(planned.waybills[trip][1]) == (ELECTION, 1, trip)
    assert distribution.waybill("0" * 17) is None


def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    real = routes.plan
    monkeypatch.setattr(routes, "plan", lambda *args, seed, stop, sea: real(*args, seed=seed, sea=sea, stop=routes.Stop(iterations=40)))


def test_the_worker_takes_a_request_and_records_the_plan(with_fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _impatient(monkeypatch)
    asked = distribution.request_plan(ELECTION, 5, 1, ANI, AT)
    with pytest.raises(rules.AlreadyRequested):
        distribution.request_plan(ELECTION, 5, 1, ANI, AT)
    assert jobs.run_once()
    done = distribution.plan_request(ELECTION, asked.id)
    assert done is not None
    assert (done.state, done.plan_number) == ("done", 1)
    assert not jobs.run_once()


def test_the_worker_says_why_there_is_no_plan(with_fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _impatient(monkeypatch)
    distribution.retire_vehicle(ELECTION, "K01", "mesin rusak", ANI, AT)
    distribution.retire_vehicle(ELECTION, "K04", "disewa nelayan", ANI, AT)
    asked = distribution.request_plan(ELECTION, 5, 1, ANI, AT)
    assert jobs.run_once()
    failed = distribution.plan_request(ELECTION, asked.id)
    assert failed is not None
    assert (failed.state, failed.code) == ("failed", rules.Infeasible.code)
    assert {item.code for item in failed.unassigned} == {"no_boat"}
    assert distribution.current_plan(ELECTION, AT) is None


def test_a_fault_in_the_worker_is_kept_with_the_request(with_fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> rules.Plan:
        raise RuntimeError("no")

    monkeypatch.setattr(routes, "plan", broken)
    asked = distribution.request_plan(ELECTION, 5, 1, ANI, AT)
    assert jobs.run_once()
    failed = distribution.plan_request(ELECTION, asked.id)
    assert failed is not None
    assert failed.code == "distribution.broken"


def test_a_request_whose_worker_died_waits_again(with_fleet: Any) -> None:
    distribution.request_plan(ELECTION, 5, 1, ANI, AT)
    assert distribution.take_request(AT) is not None
    assert distribution.take_request(AT + timedelta(seconds=60)) is None
    assert distribution.take_request(AT + timedelta(seconds=601)) is not None


def test_the_operator_is_told_to_plan_and_to_plan_again(planned: distribution.StoredPlan, cast: Any) -> None:
    assert distribution.waiting(cast["ani"], ELECTION, AT) == []
    assert [task.kind for task in distribution.waiting(cast["ani"], ELECTION, AT - timedelta(hours=1))] == ["distribution.plan"]
    distribution.retire_vehicle(ELECTION, "P04", "rusak", ANI, AT)
    assert [task.kind for task in distribution.waiting(cast["ani"], ELECTION, AT)] == ["distribution.replan"]
    assert distribution.waiting(cast["citra"], ELECTION, AT) == []


def test_items_without_a_known_size_are_named(planned: distribution.StoredPlan) -> None:
    lines = {line.item for line in needs.lines(ELECTION, AT)}
    assert set(planned.inputs.unsized) <= lines


def test_r10_speaks_of_islands_from_h_minus_five_until_their_boats_are_settled(planned: distribution.StoredPlan) -> None:
    h5 = planned.midnight_at - timedelta(days=5)
    seen_at = max(h5, planned.occurred_at)
    assert distribution.signals(ELECTION, h5 - timedelta(seconds=1)) == []
    found = distribution.signals(ELECTION, seen_at)
    assert [(s.rule, s.mark) for s in found] == [("R10", "ARMADA ASUMSI")] * 4, "one boat a pier, none with a contract"
    boats = [v for v in distribution.fleet(ELECTION, seen_at) if v.boat]
    for boat in boats:
        distribution.save_vehicle(ELECTION, replace(boat, assumption=False), "kontrak ditandatangani", ANI, seen_at, new=False)
    later = seen_at + timedelta(minutes=1)
    assert {s.facts["unsigned"] for s in distribution.signals(ELECTION, later)} == {""}
    for boat in boats:
        distribution.save_vehicle(ELECTION, replace(boat, code=f"{boat.code}-C", assumption=False), "", ANI, later, new=True)
    assert distribution.signals(ELECTION, later + timedelta(minutes=1)) == []


# --- the sea -----------------------------------------------------------------------------------------------------------------------------

VOTING = datetime.fromisoformat("2024-02-14T00:00:00+07:00")


def _waves(*heights: int, at: datetime) -> None:
    """Forecasts for H-3, H-2 and H-1, issued now."""
    days = [VOTING - timedelta(days=day) for day in (3, 2, 1)]
    told = [sea_rules.Wave("19.06", day, day + timedelta(days=1), height, at, "BMKG") for day, height in zip(days, heights, strict=True)]
    weather.record_waves(ELECTION, told, ANI, at)


def _planned_at(at: datetime) -> distribution.StoredPlan:
    given, sea = distribution.inputs(ELECTION, at), distribution.sea(ELECTION, at)
    made = routes.plan(given.loads, given.network, given.fleet, given.rules, seed=1, stop=routes.Stop(iterations=40), sea=sea)
    return distribution.record_plan(ELECTION, made, given.digest, ANI, at)


def test_the_plan_keeps_its_choices_and_a_newer_forecast_that_moves_them_is_told(with_fleet: Any) -> None:
    at = VOTING - timedelta(days=5)
    _waves(220, 70, 110, at=at)
    stored = _planned_at(at)
    distribution._kept.cache_clear()
    again = distribution.current_plan(ELECTION, at)
    assert again is not None
    assert again.plan.choices == stored.plan.choices
    assert {rules.day_of(choice.options[0].depart_min) for choice in again.plan.choices} == {2}
    assert distribution.sea_changed(stored, ELECTION, at) == ()
    assert [s.rule for s in distribution.signals(ELECTION, at) if s.rule == "R09"] == []
    later = at + timedelta(hours=12)
    _waves(60, 250, 110, at=later)
    assert not distribution.stale(stored, ELECTION, later)
    assert len(distribution.sea_changed(stored, ELECTION, later)) == 4
    assert {s.facts["height"] for s in distribution.signals(ELECTION, later) if s.rule == "R09"} == {250}
    passed = VOTING - timedelta(days=1, hours=12)
    assert distribution.sea_changed(stored, ELECTION, passed) == ()  # the hour of decision lies behind: the people at the pier decide


def test_every_load_of_a_plan_has_a_chance(planned: distribution.StoredPlan) -> None:
    chances = distribution.chances(planned)
    assert set(chances) == {load.code for load in planned.inputs.loads}
    assert all(0 < ppm <= 1_000_000 for ppm in chances.values())
