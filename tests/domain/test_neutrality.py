"""R22: the alarm over a run of the neutrality test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
