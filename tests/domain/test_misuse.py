"""Misuse of the post: what may be filed, which step follows, until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import misuse
from posko.domain.misuse import Case, Category, Channel, Outcome, Status, Step

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
SAID = "Petugas meminta daftar nama tamu"


def file(text: str = SAID, **more: Any) -> misuse.Filing:
    values: dict[str, Any] = {"category": Category.PROFILING, "channel": Channel.PUBLIC, "post": "", "posts": ("KEJARI",), "at": AT}
    return misuse.filing(text, **(values | more))


def case(*steps: Step) -> Case:
    return Case("SLH-001", "pemilu-2024", Category.LEAK, Channel.PUBLIC, "", AT, steps or (Step(Status.RECEIVED, AT),))


def test_words_are_cleaned_and_numbers_of_persons_hidden() -> None:
    made = file(f"  {SAID}\r\n{'9' * 16} 0812 3456 7890 ", contact="0812 3456 7890")
    assert made.words.text.startswith(SAID)
    assert "9999" not in made.words.text
    assert "0812" not in made.words.text
    assert made.words.contact == "0812 3456 7890"
    assert made.masked == 2


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("x" * 14, {}, "misuse.too_short"), ("x" * 3001, {}, "misuse.too_long"), (SAID, {"contact": "x" * 121}, "misuse.too_long"),
        (SAID, {"happened_at": AT + timedelta(seconds=1)}, "misuse.future"), (SAID, {"post": "LAIN"}, "misuse.unknown_post"),
    ],
)  # fmt: skip
def test_what_cannot_be_filed_is_refused(text: str, more: dict[str, Any], code: str) -> None:
    with pytest.raises(misuse.record.Refusal) as refusal:
        file(text, **more)
    assert refusal.value.code == code


def test_the_limits_themselves_may_be_filed() -> None:
    assert file("x" * 15).post == ""
    assert len(file("x" * 3000, contact="x" * 120, happened_at=AT, post="KEJARI").words.text) == 3000


@pytest.mark.parametrize(
    ("now", "then", "outcome", "good"),
    [
        (Status.RECEIVED, Status.LOOKING, None, True), (Status.RECEIVED, Status.ANSWERED, Outcome.NOT_OURS, True),
        (Status.LOOKING, Status.ANSWERED, Outcome.CORRECTED, True), (Status.ANSWERED, Status.LOOKING, None, True),
        (Status.LOOKING, Status.ANSWERED, None, False), (Status.RECEIVED, Status.LOOKING, Outcome.CORRECTED, False),
        (Status.LOOKING, Status.RECEIVED, None, False), (Status.LOOKING, Status.LOOKING, None, False),
        (Status.ANSWERED, Status.ANSWERED, Outcome.CORRECTED, False), (Status.RECEIVED, Status.RECEIVED, None, False),
    ],
)  # fmt: skip
def test_steps_follow_one_another_and_only_an_answer_has_an_outcome(now: Status, then: Status, outcome: Outcome | None, good: bool) -> None:
    if good:
        misuse.check_step(case(Step(now, AT)), then, outcome)
    else:
        with pytest.raises((misuse.NoStep, misuse.NoOutcome)):
            misuse.check_step(case(Step(now, AT)), then, outcome)


def test_the_promise_is_three_days_to_look_and_fourteen_to_answer() -> None:
    day = timedelta(days=1)
    first, look = Step(Status.RECEIVED, AT), Step(Status.LOOKING, AT + day)
    ended = Step(Status.ANSWERED, AT + 2 * day, Outcome.UNFOUNDED)
    assert misuse.due_at(case(first)) == AT + 3 * day
    assert misuse.due_at(case(first, look)) == AT + 14 * day
    assert misuse.due_at(case(first, look, ended)) is None
    assert misuse.due_at(case(first, look, ended, replace(look, since_at=AT + 20 * day))) == AT + 34 * day


def test_an_answer_is_short_and_hides_numbers() -> None:
    assert "9999" not in misuse.answer("Lihat " + "9" * 16)
    assert misuse.answer("") == ""
    assert len(misuse.answer("x" * 1000)) == 1000
    with pytest.raises(misuse.TooLong):
        misuse.answer("x" * 1001)
