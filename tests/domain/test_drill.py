"""A script and its score: variants by seed, what may answer what, and states at their boundaries; over entries alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import drill as rules

START = datetime(2024, 2, 12, 22, 0, tzinfo=UTC)
READ = rules.Expectation("dinilai", ("report.graded",), 60, 10, subject="@", text="dinilai")
PLAN = rules.Expectation("rencana", ("plan.recorded", "plan.requested"), 90, 21, text="disusun ulang")
CHECKED = rules.Expectation("cek", ("tps.checked",), 30, 5, place="@", text="dicek")
TOLD = {"kategori": "GEO", "saluran": "phone", "sumber": "citizen", "kata": "[SIMULASI] ombak"}
WAVE = rules.Inject("ombak", -1120, rules.Kind.REPORT, "Ombak", ("19.06:P01", "19.06:P02"), TOLD, (READ, PLAN), 15)
TRUCK = rules.Inject("truk", -1070, rules.Kind.VEHICLE, "Truk", ("T03",), {"alasan": "[SIMULASI] rusak"}, (PLAN,))
LACK = rules.Inject("kurang", -900, rules.Kind.CHECK, "Kurang", ("19.06.04.2003.001",), {}, (CHECKED,))
SCRIPT = rules.Script("pagi", "Pagi", "", -1140, -420, 8, (WAVE, TRUCK, LACK))


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def entry(index: int, kind: str, minutes: int, subject: str = "", place: str = "19.06") -> rules.Entry:
    return rules.Entry(index, kind, subject, place, at(minutes))


HAPPENED = (
    rules.Happened("ombak", at(20), 100, 101, ("report:LAP-020",)),
    rules.Happened("truk", at(70), 110, 111, ("vehicle:T03",)),
    rules.Happened("kurang", at(240), 120, 121, ("tps:19.06.04.2003.001",)),
)


def scored(*entries: rules.Entry, now: int = 900, happened: Iterable[rules.Happened] = HAPPENED) -> dict[str, rules.Answer]:
    result = rules.score(SCRIPT, happened, entries, at(now))
    return {f"{one.inject.code}/{answer.expectation.code}": answer for one in result.injects for answer in one.answers}


def test_an_answer_in_time_earns_all_points_and_names_its_entry() -> None:
    found = scored(entry(105, "report.graded", 50, "report:LAP-020"))["ombak/dinilai"]
    assert (found.state, found.minutes, found.points, found.entry) == (rules.State.ANSWERED, 30, 10, 105)
    assert found.due_at == at(80)


@pytest.mark.parametrize(("minutes", "state", "points"), [(80, rules.State.ANSWERED, 10), (81, rules.State.LATE, 5)])
def test_the_last_minute_counts_and_the_next_is_late(minutes: int, state: rules.State, points: int) -> None:
    found = scored(entry(105, "report.graded", minutes, "report:LAP-020"))["ombak/dinilai"]
    assert (found.state, found.points) == (state, points)


def test_half_of_an_odd_number_of_points_is_rounded_down() -> None:
    assert scored(entry(130, "plan.recorded", 200))["ombak/rencana"].points == 10


def test_nothing_is_missed_before_its_time_is_over() -> None:
    assert scored(now=80)["ombak/dinilai"].state is rules.State.OPEN
    assert scored(now=81)["ombak/dinilai"].state is rules.State.MISSED


def test_what_has_not_happened_waits_and_is_not_due() -> None:
    result = rules.score(SCRIPT, HAPPENED, [], at(30))
    assert [one.at is not None for one in result.injects] == [True, False, False]
    assert result.count(rules.State.WAITING) == 2
    assert result.due == 0
    assert rules.score(SCRIPT, HAPPENED, [], at(900)).due == SCRIPT.points == 57


def test_another_report_is_no_answer_to_this_one() -> None:
    assert scored(entry(105, "report.graded", 50, "report:LAP-019"))["ombak/dinilai"].state is rules.State.MISSED


def test_an_entry_of_another_kind_is_no_answer() -> None:
    assert scored(entry(105, "report.filed", 50, "report:LAP-020"))["ombak/dinilai"].state is rules.State.MISSED


def test_a_check_counts_at_its_place_and_below_and_nowhere_else() -> None:
    assert scored(entry(130, "tps.checked", 250, place="19.06.04.2003.001"))["kurang/cek"].state is rules.State.ANSWERED
    assert scored(entry(130, "tps.checked", 250, place="19.06.04.2003.0011"))["kurang/cek"].state is rules.State.MISSED
    assert scored(entry(130, "tps.checked", 250, place="19.06.04.2003"))["kurang/cek"].state is rules.State.MISSED


def test_what_an_inject_wrote_itself_answers_nothing() -> None:
    assert scored(entry(120, "tps.checked", 240, place="19.06.04.2003.001"))["kurang/cek"].state is rules.State.MISSED


def test_what_was_done_before_an_inject_does_not_answer_it() -> None:
    assert scored(entry(99, "plan.recorded", 30))["ombak/rencana"].state is rules.State.MISSED
    assert scored(entry(105, "plan.recorded", 60))["truk/rencana"].state is rules.State.MISSED


def test_one_new_plan_may_deal_with_two_faults() -> None:
    found = scored(entry(115, "plan.recorded", 80))
    assert (found["ombak/rencana"].minutes, found["truk/rencana"].minutes) == (60, 10)


def test_the_first_answer_counts() -> None:
    found = scored(entry(116, "plan.requested", 75), entry(119, "plan.recorded", 85))["truk/rencana"]
    assert (found.minutes, found.entry) == (5, 116)


def test_an_answer_after_the_instant_that_is_looked_at_is_not_known_yet() -> None:
    assert scored(entry(116, "plan.requested", 75), now=74)["truk/rencana"].state is rules.State.OPEN


def test_the_teams_middle_time_is_that_of_what_was_answered() -> None:
    entries = [entry(105, "report.graded", 30, "report:LAP-020"), entry(115, "plan.recorded", 80)]
    assert rules.score(SCRIPT, HAPPENED, entries, at(900)).median_min == 10
    assert rules.score(SCRIPT, HAPPENED, [], at(900)).median_min is None


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["plan.recorded", "report.graded", "tps.checked"])), max_size=20))
def test_points_never_exceed_what_was_due_and_more_entries_never_cost_points(made: list[tuple[int, str]]) -> None:
    entries = [entry(200 + n, kind, minutes, "report:LAP-020", "19.06.04.2003.001") for n, (minutes, kind) in enumerate(sorted(made))]
    before = 0
    for count in range(len(entries) + 1):
        result = rules.score(SCRIPT, HAPPENED, entries[:count], at(900))
        assert before <= result.points <= result.due <= SCRIPT.points
        before = result.points


@given(st.integers(1, 10_000))
def test_a_variant_is_the_same_for_its_seed_and_stays_inside_the_script(seed: int) -> None:
    found = rules.variant(SCRIPT, seed)
    assert found == rules.variant(SCRIPT, seed)
    assert sorted(one.code for one in found.injects) == sorted(one.code for one in SCRIPT.injects)
    by_code = {one.code: one for one in found.injects}
    assert abs(by_code["ombak"].at_min - WAVE.at_min) <= WAVE.jitter_min
    assert set(by_code["ombak"].targets) == set(WAVE.targets)
    assert by_code["truk"].at_min == TRUCK.at_min
    assert found.points == SCRIPT.points


def test_seeds_differ_and_seed_zero_is_the_script_as_written() -> None:
    assert rules.variant(SCRIPT, 0) == SCRIPT
    assert len({rules.variant(SCRIPT, seed).digest for seed in range(1, 30)}) > 20
    assert {rules.variant(SCRIPT, seed).injects[0].target for seed in range(1, 30)} == set(WAVE.targets)


def test_a_script_is_kept_and_read_back_whole() -> None:
    assert rules.script_of(rules.script_facts(rules.variant(SCRIPT, 4))) == rules.variant(SCRIPT, 4)


def test_a_clock_too_fast_for_people_is_said_to_hurry() -> None:
    assert not rules.Script("a", "a", "", -1140, -420, 15, (LACK,)).hurried
    assert rules.Script("a", "a", "", -1140, -420, 16, (LACK,)).hurried


BROKEN: dict[str, Any] = {
    "twice the same code": lambda: replace(SCRIPT, injects=(WAVE, WAVE)),
    "nothing happens": lambda: replace(SCRIPT, injects=()),
    "outside its hours": lambda: replace(SCRIPT, begins_min=-1000),
    "a clock that stands": lambda: replace(SCRIPT, speed=0),
    "a clock that races": lambda: replace(SCRIPT, speed=rules.FASTEST + 1),
    "no target": lambda: replace(WAVE, targets=()),
    "a report without words": lambda: replace(WAVE, facts={}),
    "a fact nobody knows": lambda: replace(LACK, facts={"warna": "merah"}),
    "the same expectation twice": lambda: replace(WAVE, expects=(READ, READ)),
    "an answer at once": lambda: replace(READ, within_min=0),
    "an answer worth nothing": lambda: replace(READ, points=0),
    "no kind of answer": lambda: replace(READ, kinds=()),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_script_that_cannot_be_played_is_refused(fault: str) -> None:
    with pytest.raises(rules.BadScript):
        BROKEN[fault]()
