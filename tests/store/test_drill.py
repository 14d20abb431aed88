"""A drill in its copy: a clock that runs, faults that come in by the usual ways, a score from the journal; nothing in a real one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from posko.domain import drill as rules
from posko.domain import readiness as readiness_rules
from posko.domain import reports as report_rules
from posko.domain.record import Actor
from posko.store import distribution, drill, readiness, record, reports, weather
from tests import beltim, practice
from tests.planning.test_honesty import judged

ELECTION = "pemilu-2024"
ANI = Actor("p-ani", "KPU")


@pytest.fixture
def drilled(installation: Any) -> drill.Drill:
    beltim.at("distribution")
    return practice.begun()


def machine(minutes: int) -> Any:
    return practice.MACHINE_AT + timedelta(minutes=minutes)


def test_the_clock_of_a_drill_runs_at_its_speed_and_stands_after_the_end(drilled: drill.Drill) -> None:
    assert record.clock(machine(0)) == drilled.begins_at
    assert record.clock(machine(2)) == drilled.begins_at + timedelta(hours=2)
    assert record.clock(machine(-5)) == drilled.begins_at
    drill.end(ELECTION, drill.ACTOR, record.clock(machine(3)))
    assert record.clock(machine(300)) == drilled.begins_at + timedelta(hours=3)
    with pytest.raises(rules.Ended):
        drill.end(ELECTION, drill.ACTOR, record.clock(machine(4)))


def test_the_clock_stands_while_nobody_is_served_and_goes_on_from_there(drilled: drill.Drill) -> None:
    drill.pause(machine(1))
    drill.pause(machine(5))
    assert record.clock(machine(50)) == drilled.begins_at + timedelta(hours=1)
    drill.resume(machine(60))
    drill.resume(machine(61))
    assert record.clock(machine(62)) == drilled.begins_at + timedelta(hours=3)
    kinds = record.Entry.objects.filter(kind__startswith="drill.").order_by("leaf_index").values_list("kind", flat=True)
    assert list(kinds) == ["drill.begun", "drill.paused", "drill.resumed"]


def test_a_clock_that_ran_on_after_a_crash_is_wound_back_to_the_last_recorded_minute(drilled: drill.Drill) -> None:
    drill.pause(machine(1))
    assert drill.gap(machine(5)) is None
    with pytest.raises(rules.NotBegun):
        drill.wind_back(machine(5))
    drill.resume(machine(10))
    at = drilled.begins_at + timedelta(minutes=70)
    drill.inject_due(at)
    found = drill.gap(machine(500))  # nobody paused it; the service was killed
    assert found is not None
    assert (found.clock_at, found.recorded_at) == (drilled.begins_at + timedelta(minutes=60 + 490 * 60), at)
    assert drill.wind_back(machine(500)) == at
    assert drill.gap(machine(501)) is None
    drill.resume(machine(510))
    assert record.clock(machine(511)) == at + timedelta(hours=1)
    kinds = record.Entry.objects.filter(kind__startswith="drill.").exclude(kind="drill.injected").order_by("leaf_index")
    wanted = ["drill.begun", "drill.paused", "drill.resumed", "drill.wound_back", "drill.resumed"]
    assert list(kinds.values_list("kind", flat=True)) == wanted
    assert record.verify().faults == ()


def test_a_cut_road_is_answered_by_its_record_the_repair_and_the_sheet_that_was_handed_out(drilled: drill.Drill) -> None:
    at = drilled.begins_at + timedelta(minutes=265)
    drill.inject_due(at)
    entries = (("road.closed", "road:x", 20), ("plan.recorded", "plan:9", 40), ("repair.told", "repair:9", 100))
    for kind, subject, minutes in entries:
        with transaction.atomic():
            later = at + timedelta(minutes=minutes)
            record.append([distribution._draft(kind, ELECTION, subject, ANI, later, {})], at=later)
    result = drill.score(ELECTION, at + timedelta(minutes=200))
    bridge = {a.expectation.code: a for one in result.injects for a in one.answers if one.inject.code == "jembatan"}
    assert [(bridge[code].state, bridge[code].points) for code in ("dicatat", "perbaikan", "lembar")] == [
        (rules.State.ANSWERED, 10), (rules.State.ANSWERED, 20), (rules.State.LATE, 7),
    ]  # fmt: skip
    assert all("ASUMSI" in answer.expectation.basis for answer in bridge.values())
    late = next(one for one in result.injects if one.inject.code == "serah-terlambat")
    assert [answer.expectation.code for answer in late.answers] == ["kabar", "serah"]


def test_nobody_sets_the_clock_of_a_drill(drilled: drill.Drill) -> None:
    with pytest.raises(record.ClockRuns):
        record.set_clock(drilled.begins_at, ANI, machine(1))


def test_faults_come_in_when_their_time_has_come_and_once(drilled: drill.Drill) -> None:
    first = drilled.begins_at + timedelta(minutes=19)
    assert drill.inject_due(first) == []
    at = drilled.begins_at + timedelta(minutes=70)
    assert drill.inject_due(at) == ["ombak", "prakiraan-ombak", "truk-rusak"]
    assert drill.inject_due(at) == []
    told = reports.listing(ELECTION, at)
    assert [one.mark for one in told] == ["[SIMULASI]"]
    assert told[0].place == "19.06:P01"
    assert [(one.place, one.height_cm, one.mark) for one in weather.waves(ELECTION, at)] == [("19.06:D01", 250, "[SIMULASI]")]
    assert "T03" not in {vehicle.code for vehicle in distribution.fleet(ELECTION, at)}


def test_every_kind_of_fault_of_both_scripts_can_be_played(installation: Any) -> None:
    beltim.at("distribution")
    late = practice.script("banjir-malam")
    early = practice.script("gelombang-truk")
    both = replace(early, ends_min=late.ends_min, injects=(*early.injects, *late.injects))
    practice.make()
    running = drill.begin(ELECTION, both, 8, drill.ACTOR, practice.MACHINE_AT)
    assert len(drill.inject_due(running.ends_at)) == len(both.injects)
    assert drill._running(ELECTION).refused == ()
    assert {one.tps for one in readiness.checks(ELECTION, running.ends_at)} >= {"19.06.04.2003.001", "19.06.02.2001.004"}
    assert [one.kind for one in distribution.hazards(ELECTION, running.ends_at)] == ["jalan tergenang"]
    assert record.verify().faults == ()


def test_the_team_answers_on_the_usual_ways_and_the_journal_is_the_score(drilled: drill.Drill) -> None:
    at = drilled.begins_at + timedelta(minutes=70)
    drill.inject_due(at)
    number = reports.listing(ELECTION, at)[0].number
    reports.set_status(ELECTION, number, report_rules.Status.ASSESSING, Actor("p-citra", "KEJARI"), at + timedelta(minutes=30))
    result = drill.score(ELECTION, at + timedelta(minutes=200))
    found = {f"{one.inject.code}/{a.expectation.code}": a for one in result.injects for a in one.answers}
    assert (found["ombak/dinilai"].state, found["ombak/dinilai"].minutes) == (rules.State.ANSWERED, 30)
    assert found["truk-rusak/rencana"].state is rules.State.MISSED
    assert result.points == 10
    assert found["jalan-putus/rencana"].state is rules.State.WAITING


def test_what_the_worker_records_under_the_machines_time_is_scored_on_the_drills_clock(drilled: drill.Drill) -> None:
    at = drilled.begins_at + timedelta(minutes=70)
    drill.inject_due(at)
    with transaction.atomic():
        draft = distribution._draft("plan.recorded", ELECTION, "plan:9", ANI, at + timedelta(minutes=20), {"number": 9})
        record.append([draft], at=machine(2))
    drill.pause(machine(3))
    drill.resume(machine(500))
    result = drill.score(ELECTION, at + timedelta(minutes=900))
    answers = {a.expectation.code: a for one in result.injects for a in one.answers if one.inject.code == "truk-rusak"}
    assert (answers["rencana"].state, answers["rencana"].minutes) == (rules.State.ANSWERED, 20)


def test_a_check_by_the_team_counts_only_at_the_tps_that_was_hit(drilled: drill.Drill) -> None:
    at = drilled.begins_at + timedelta(hours=8)
    drill.inject_due(at)

    def check(tps: str, minutes: int) -> None:
        yes = readiness_rules.Answer.YES
        moment = at + timedelta(minutes=minutes)
        readiness.record_check(ELECTION, readiness_rules.Check(tps, yes, (), yes, yes, yes, moment, "p-budi", "PPK"), moment)

    def state() -> rules.State:
        result = drill.score(ELECTION, at + timedelta(minutes=100))
        return next(a.state for one in result.injects if one.inject.code == "kurang" for a in one.answers)

    check("19.06.04.2003.002", 20)
    assert state() is rules.State.OPEN
    check("19.06.04.2003.001", 40)
    assert state() is rules.State.ANSWERED


def test_what_the_record_refuses_is_kept_with_its_reason_and_not_scored(drilled: drill.Drill) -> None:
    distribution.retire_vehicle(ELECTION, "T03", "dijual", ANI, drilled.begins_at + timedelta(minutes=1))
    at = drilled.begins_at + timedelta(hours=12)
    drill.inject_due(at)
    running = drill.current()
    assert running is not None
    assert running.refused == (("truk-rusak", "distribution.unknown_vehicle"),)
    result = drill.score(ELECTION, at)
    assert next(one.at for one in result.injects if one.inject.code == "truk-rusak") is None
    assert result.due < running.script.points


def test_nothing_happens_after_the_end(drilled: drill.Drill) -> None:
    drill.end(ELECTION, drill.ACTOR, drilled.begins_at + timedelta(minutes=5))
    assert drill.inject_due(drilled.ends_at) == []
    running = drill.current()
    assert running is not None
    assert running.over(drilled.begins_at + timedelta(minutes=6))


def test_a_script_that_names_what_is_not_here_is_refused_before_it_begins(installation: Any) -> None:
    beltim.at("distribution")
    practice.make()
    found = practice.script()
    truck = next(one for one in found.injects if one.kind is rules.Kind.VEHICLE)
    foreign = replace(found, injects=(replace(truck, targets=("T03", "T99")),))
    with pytest.raises(rules.NoTarget) as refused:
        drill.begin(ELECTION, foreign, 8, drill.ACTOR, practice.MACHINE_AT)
    assert refused.value.facts["target"] == "T99"
    assert drill.current() is None


def test_one_drill_for_one_copy(drilled: drill.Drill) -> None:
    with pytest.raises(rules.AlreadyBegun):
        drill.begin(ELECTION, drilled.script, 8, drill.ACTOR, practice.MACHINE_AT)


def test_no_drill_begins_in_a_real_installation_and_no_fault_reaches_it(installation: Any) -> None:
    size = record.root()
    with pytest.raises(rules.NotADrill):
        drill.begin(ELECTION, practice.script(), 8, drill.ACTOR, practice.MACHINE_AT)
    assert drill.inject_due(practice.MACHINE_AT) == []
    with transaction.atomic(), pytest.raises(record.NoDrill):
        record.run_clock(practice.MACHINE_AT, 8, practice.MACHINE_AT)
    assert record.root() == size


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_installation SET drill = 1",
        "UPDATE record_installation SET clock_from = '2024-01-01 00:00:00'",
        "INSERT INTO record_installation (id, installation, name, region, demo, drill, clock_speed) VALUES (2, 'x', 'x', 'x', 0, 1, 1)",
        "DELETE FROM record_installation",
    ],
)
def test_a_real_installation_cannot_be_turned_into_a_drill(installation: Any, statement: str) -> None:
    from django.db import connection

    with pytest.raises(DatabaseError, match="a drill stays a drill"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE record_installation SET drill = 0", "DELETE FROM record_installation"])
def test_a_drill_cannot_be_turned_into_a_real_installation(installation: Any, statement: str) -> None:
    from django.db import connection

    practice.make()
    with pytest.raises(DatabaseError, match="a drill stays a drill"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert record.installation().drill


def test_folder_and_database_must_agree_on_what_this_is(installation: Any, settings: Any) -> None:
    record.require_mark()
    settings.DRILL = True
    with pytest.raises(record.Unmarked, match="sungguhan"):
        record.require_mark()
    practice.make()
    record.require_mark()
    settings.DRILL = False
    with pytest.raises(record.Unmarked, match="gladi"):
        record.require_mark()


def test_an_evaluation_is_kept_whole_in_the_journal_and_read_back(installation: Any) -> None:
    found = judged([900_000, 500_000, 100_000], [1, 0, 0])
    evaluation = rules.Evaluation("simulate", 1, 1, 200, 3, "ab" * 32, (found, found))
    at = practice.MACHINE_AT
    receipt = drill.record_evaluation(ELECTION, evaluation, ANI, at)
    assert [one.evaluation for one in drill.evaluations(ELECTION, at)] == [evaluation]
    assert drill.evaluations(ELECTION, at - timedelta(seconds=1)) == []
    leaf = record.entry(ELECTION, receipt.entry_id)
    assert leaf.kind == "forecast.judged"
    assert rules.evaluation_of(leaf.facts) == evaluation
