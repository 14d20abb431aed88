"""The rulebook: what computes, what is asked, and the calendar."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from posko.domain import regulation as rules
from posko.domain.record import Grade
from tests.domain.test_needs import PEMILU

AT = datetime(2023, 9, 15, 3, tzinfo=UTC)
VOTING = datetime(2024, 2, 14, 0, tzinfo=UTC)


def said(item: str, use: str, quantity: int, at: datetime = AT) -> rules.Confirmation:
    return rules.Confirmation(item, use, quantity, "lampiran I", "p-ani", at)


@pytest.mark.parametrize("grade", list(Grade))
def test_only_sure_grades_compute_without_asking(grade: Grade) -> None:
    use = rules.Use("tps", "x", rules.Per.TPS, 4, rules.Formula.FIXED, "", grade)
    assert use.known is (grade in {Grade.LAW, Grade.REGULATION, Grade.VERIFIED, Grade.INFERRED})


def test_an_item_is_known_only_when_every_use_is() -> None:
    some = rules.confirmed(PEMILU, [said("SEGEL", "tps", 90), said("SEGEL", "ppk", 40)]).item("SEGEL")
    full = rules.confirmed(PEMILU, [said("SEGEL", u, 9) for u in ("tps", "ppk", "kpu")]).item("SEGEL")
    assert some is not None
    assert full is not None
    assert (some.known, full.known) == (False, True)


def test_the_latest_confirmation_counts() -> None:
    book = rules.confirmed(PEMILU, [said("ALAT_COBLOS", "bilik", 2, AT + timedelta(days=1)), said("ALAT_COBLOS", "bilik", 1)])
    item = book.item("ALAT_COBLOS")
    assert item is not None
    assert item.uses[0].amount == 2


def test_the_law_cannot_be_overridden_by_a_confirmation() -> None:
    with pytest.raises(rules.NothingToConfirm):
        rules.check_confirmation(PEMILU, "BILIK", "tps", 3, "lampiran I")
    assert rules.confirmed(PEMILU, [said("BILIK", "tps", 3)]).item("BILIK") == PEMILU.item("BILIK")


def test_a_confirmation_needs_a_quantity_and_a_citation() -> None:
    assert rules.check_confirmation(PEMILU, "ALAT_COBLOS", "bilik", None, "lampiran I") == 1
    with pytest.raises(rules.QuantityMissing):
        rules.check_confirmation(PEMILU, "SEGEL", "tps", None, "lampiran I")
    with pytest.raises(rules.CitationMissing):
        rules.check_confirmation(PEMILU, "SEGEL", "tps", 90, "  ")
    with pytest.raises(rules.UnknownUse):
        rules.check_confirmation(PEMILU, "PAYUNG", "tps", 1, "lampiran I")


def test_rows_hold_only_in_their_period() -> None:
    use = rules.Use("tps", "x", rules.Per.TPS, 4, rules.Formula.FIXED, "", Grade.LAW, date(2024, 1, 1), date(2024, 6, 30))
    days = (date(2023, 12, 31), date(2024, 1, 1), date(2024, 6, 30), date(2024, 7, 1))
    assert [use.holds(day) for day in days] == [
        False,
        True,
        True,
        False,
    ]


def test_the_calendar_counts_back_from_voting_day() -> None:
    found = {m.code: m for m in rules.calendar(PEMILU, VOTING)}
    assert found["PUNGUT"].due_at == VOTING
    assert (found["H1_KPPS"].h_minus, rules.local_date(found["H1_KPPS"].due_at)) == (1, date(2024, 2, 13))
    assert found["TAHAP1"].h_minus == 95
    assert found["PULAU"].grade is Grade.MEMORY


def test_reminders_come_14_7_3_and_1_days_before() -> None:
    milestone = [m for m in rules.calendar(PEMILU, VOTING) if m.code == "H1_KPPS"]
    subjects = [
        task.subject for days in range(20, -1, -1) for task in rules.reminders(milestone, milestone[0].due_at - timedelta(days=days))
    ]
    assert list(dict.fromkeys(subjects)) == [f"milestone:H1_KPPS:{n}" for n in (14, 7, 3, 1)]
    assert rules.reminders(milestone, milestone[0].due_at + timedelta(minutes=1)) == []


# --- other agencies' clocks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "working", "from_at", "until"),
    [
        (7, False, datetime(2023, 12, 4, 2, tzinfo=UTC), date(2023, 12, 11)),
        (7, True, datetime(2023, 12, 4, 2, tzinfo=UTC), date(2023, 12, 13)),
        (14, True, datetime(2023, 12, 4, 2, tzinfo=UTC), date(2023, 12, 22)),
        (1, True, datetime(2023, 12, 8, 2, tzinfo=UTC), date(2023, 12, 11)),  # a Friday
        (1, True, datetime(2023, 12, 9, 2, tzinfo=UTC), date(2023, 12, 11)),  # a Saturday
        (1, False, datetime(2023, 12, 4, 17, 30, tzinfo=UTC), date(2023, 12, 6)),  # half past midnight in WIB is already Tuesday
        (0, True, datetime(2023, 12, 4, 2, tzinfo=UTC), date(2023, 12, 4)),
    ],
)
def test_a_clock_runs_to_the_end_of_its_last_day(days: int, working: bool, from_at: datetime, until: date) -> None:
    clock = rules.Clock("BAWASLU_TANGANI", "x", days, working, "UU", Grade.IMPLIED)
    found = rules.runs_out(clock, from_at)
    assert (rules.local_date(found), found.astimezone(rules.WIB).hour) == (until, 23)


def test_a_rulebook_names_its_clocks() -> None:
    clock = rules.Clock("BAWASLU_TANGANI", "x", 7, False, "UU", Grade.IMPLIED)
    book = replace(PEMILU, clocks=(clock,))
    assert book.clock("BAWASLU_TANGANI") is clock
    assert book.clock("LAIN") is None
