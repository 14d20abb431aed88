"""R08: goods that will probably not be there by H-1."""

from datetime import UTC, datetime

from posko.domain import forecast as rules

AT = datetime(2024, 2, 10, 1, tzinfo=UTC)


def severity(permille: int | None, limits: rules.Limits | None = None) -> str:
    found = rules.arrival_signals([rules.Arrival("19.06.02.2001", "Lalang", permille, AT, AT)], limits)
    return found[0].severity if found else ""


def test_r08_speaks_below_the_wanted_probability_and_is_critical_below_one_half() -> None:
    assert (severity(950), severity(949), severity(500), severity(499)) == ("", "high", "high", "critical")
    assert severity(949, rules.Limits(arrival_permille=900)) == ""


def test_r08_says_nothing_where_nobody_can_say() -> None:
    assert severity(None) == ""
