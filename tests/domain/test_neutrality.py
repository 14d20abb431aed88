"""R22: the alarm over a run of the neutrality test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from posko.domain import neutrality as rules

AT = datetime(2024, 2, 10, 1, tzinfo=UTC)
RUN = rules.Run("N1", 60, 0.049, 1.5, True, AT)


def test_r22_speaks_for_an_adjusted_run_over_enough_interventions_with_a_small_p() -> None:
    (found,) = rules.alarms([RUN])
    assert (found.rule, found.to, found.facts["p"], found.facts["effect"]) == ("R22", ("BAWASLU",), "0,049", "1,50")


def test_r22_is_silent_at_the_boundary_with_too_few_or_without_the_adjustment_for_need() -> None:
    assert rules.verdict(replace(RUN, p=0.05)) == "nothing_found"
    assert rules.verdict(replace(RUN, n=59)) == "too_few"
    assert rules.verdict(replace(RUN, adjusted=False)) == "not_adjusted"
    assert rules.alarms([replace(RUN, p=0.05), replace(RUN, metric="N2", n=59), replace(RUN, metric="N3", adjusted=False)]) == []


def test_r22_follows_the_latest_run_of_each_metric() -> None:
    assert rules.alarms([replace(RUN, p=0.5, run_at=AT + timedelta(days=1)), RUN]) == []
    assert len(rules.alarms([replace(RUN, metric="N2"), RUN])) == 2


# --- what is compared, and what came out -----------------------------------------------------------------------------------


NEAR = rules.Area("1", "Dekat", "Manggar", "BELTIM-1", tps=10, hours=0.5, heard=2, short=1)
FAR = rules.Area("2", "Jauh", "Dendang", "BELTIM-2", tps=10, hours=4.0)


def test_need_grows_with_tps_hours_and_what_was_heard_as_the_registered_weights_say() -> None:
    score = rules.NeedScore(1, hour_permille=250, heard_permille=1000)
    assert score.of(NEAR) == 10 * 1.125 + 2
    assert score.of(FAR) == 20.0
    assert rules.NeedScore(1, 0, 0).of(FAR) == 10.0


def test_weights_that_make_no_sense_are_refused() -> None:
    for bad in (-1, 10_001):
        with pytest.raises(rules.BadScore):
            rules.NeedScore(1, bad, 0)
        with pytest.raises(rules.BadScore):
            rules.NeedScore(1, 0, bad)
    assert rules.NeedScore(1, 10_000, 0).of(FAR) == 410.0


def test_replacements_are_measured_against_what_was_short_and_no_act_lies_where_need_is_nought() -> None:
    score = rules.NeedScore(1, 250, 1000)
    assert rules.needs(rules.Metric.REPLACEMENTS, [NEAR, FAR], [0, 3], score) == [1.0, 3.0]
    empty = rules.Area("3", "Kosong", "Gantung", "BELTIM-1", tps=0, hours=1)
    assert rules.needs(rules.Metric.RECOMMENDATIONS, [empty, empty], [2, 0], score) == [1.0, 0.0]


def test_only_waits_of_one_kind_and_about_as_far_are_compared() -> None:
    areas = {a.code: a for a in (NEAR, FAR)}
    assert rules.stratum(rules.Case(rules.Metric.ANSWER_TIME, "1", 5, "logistics"), areas) == "logistics|dekat"
    assert rules.stratum(rules.Case(rules.Metric.ANSWER_TIME, "2", 5, "logistics"), areas) == "logistics|seberang"
    assert replace(NEAR, hours=1.0).stratum == "dekat"
    assert replace(NEAR, hours=3.0).stratum == "jauh"


def test_holm_corrects_for_looking_several_times_and_never_lowers_a_p() -> None:
    assert rules.holm([10_000, 40_000, 30_000]) == [30_000, 60_000, 60_000]
    assert rules.holm([]) == []
    assert rules.holm([900_000, 800_000]) == [1_000_000, 1_000_000]
    found = rules.holm([5, 4, 3, 2, 1])
    assert all(after >= before for after, before in zip(found, [5, 4, 3, 2, 1], strict=True))


def group(name: str, ratio: int) -> rules.Group:
    return rules.Group(name, 10, 10_000, ratio, 500, 2000)


def test_the_widest_group_is_the_one_furthest_from_its_due_on_either_side() -> None:
    result = rules.Result(rules.Metric.ESCORTS, rules.Grouping.DAPIL, 80, 1, 1, (group("A", 1500), group("B", 500), group("C", 1100)))
    assert result.widest is not None
    assert result.widest.name == "B"
    assert result.code == "escorts.dapil"
    assert rules.Result(rules.Metric.ESCORTS, rules.Grouping.DAPIL, 0, 1_000_000, 1_000_000, ()).widest is None


def test_a_run_of_the_audit_speaks_through_r22_with_the_corrected_p_and_is_never_called_neutral() -> None:
    seen = rules.Result(rules.Metric.ESCORTS, rules.Grouping.DAPIL, 80, 1_000, 49_999, (group("A", 1500),))
    few = replace(seen, metric=rules.Metric.REPLACEMENTS, n=59)
    quiet = replace(seen, metric=rules.Metric.RECOMMENDATIONS, held_ppm=50_000)
    audit = rules.Audit("UJI-001", AT, rules.NeedScore(1, 250, 1000), 1, "h", (seen, few, quiet))
    assert [rules.verdict(run) for run in rules.runs(audit)] == ["alarm", "too_few", "nothing_found"]
    (signal,) = rules.alarms(rules.runs(audit))
    assert (signal.facts["metric"], signal.facts["effect"]) == ("escorts.dapil", "1,50")
