"""Keys of the warehouse: nobody holds one without having said so; out of hours two agencies open."""

from datetime import UTC, datetime, timedelta

import pytest

from posko.domain import keys as rules
from posko.domain.keys import Act

AT = datetime(2024, 2, 12, 3, tzinfo=UTC)  # Monday, 10.00 WIB


def key(*steps: tuple[Act, str, str]) -> rules.Key:
    events = [rules.Event(Act.REGISTER, "KPU", "p-ani", AT, "KPU", "e0")]
    events += [
        rules.Event(act, agency, "p-x", AT + timedelta(minutes=n), to, f"e{n}") for n, (act, agency, to) in enumerate(steps, start=1)
    ]
    return rules.fold("19.06:G01/K1", "19.06:G01", 1, events)


def test_a_key_changes_hands_when_the_receiver_says_so_and_not_before() -> None:
    given = key((Act.GIVE, "KPU", "POLRES"))
    assert (given.holder, given.underway) == ("KPU", "POLRES")
    assert given.waiting_since == AT + timedelta(minutes=1)
    taken = key((Act.GIVE, "KPU", "POLRES"), (Act.RECEIVE, "POLRES", ""))
    assert (taken.holder, taken.underway, taken.since_at) == ("POLRES", "", AT + timedelta(minutes=2))


def test_a_hand_over_is_taken_back_and_a_lost_key_stays_lost() -> None:
    assert key((Act.GIVE, "KPU", "POLRES"), (Act.KEEP, "KPU", "")).underway == ""
    lost = key((Act.LOSE, "KPU", ""))
    assert lost.lost
    with pytest.raises(rules.Gone):
        rules.check(lost, Act.GIVE, "KPU", "POLRES", "e1")


@pytest.mark.parametrize(
    ("steps", "act", "agency", "to", "refusal"),
    [
        ((), Act.GIVE, "POLRES", "PEMDA", rules.NotHolder),
        ((), Act.GIVE, "KPU", "KPU", rules.NoHolder),
        ((), Act.GIVE, "KPU", "KEJARI", rules.NoHolder),
        ((), Act.RECEIVE, "POLRES", "", rules.NothingUnderway),
        ((), Act.KEEP, "KPU", "", rules.NothingUnderway),
        ((), Act.LOSE, "PEMDA", "", rules.NotHolder),
        (((Act.GIVE, "KPU", "POLRES"),), Act.RECEIVE, "PEMDA", "", rules.NotReceiver),
        (((Act.GIVE, "KPU", "POLRES"),), Act.RECEIVE, "KPU", "", rules.NotReceiver),
        (((Act.GIVE, "KPU", "POLRES"),), Act.GIVE, "KPU", "PEMDA", rules.Underway),
    ],
)
def test_what_an_agency_may_not_do_with_a_key(
    steps: tuple[tuple[Act, str, str], ...], act: Act, agency: str, to: str, refusal: type[Exception]
) -> None:
    held = key(*steps)
    with pytest.raises(refusal):
        rules.check(held, act, agency, to, held.last_id)


def test_a_stale_form_moves_no_key() -> None:
    with pytest.raises(rules.SeenOther):
        rules.check(key((Act.GIVE, "KPU", "POLRES"), (Act.KEEP, "KPU", "")), Act.GIVE, "KPU", "POLRES", "e0")


def test_registering_asks_for_a_new_number_and_a_holder_that_may_hold() -> None:
    assert rules.key_code("19.06:G01", 7) == "19.06:G01/K7"
    for number in (0, 100):
        with pytest.raises(rules.BadNumber):
            rules.key_code("19.06:G01", number)
    with pytest.raises(rules.Exists):
        rules.check_register("a/K1", ["a/K1"], "KPU")
    with pytest.raises(rules.NoHolder):
        rules.check_register("a/K1", [], "BAWASLU")
    rules.check_register("a/K2", ["a/K1"], "POLRES")


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        (datetime(2024, 2, 12, 0, 59, tzinfo=UTC), True), (datetime(2024, 2, 12, 1, 0, tzinfo=UTC), False),
        (datetime(2024, 2, 12, 9, 59, tzinfo=UTC), False), (datetime(2024, 2, 12, 10, 0, tzinfo=UTC), True),
        (datetime(2024, 2, 11, 3, 0, tzinfo=UTC), True),
    ],
)  # fmt: skip
def test_out_of_hours_and_on_sunday_two_agencies_open(at: datetime, closed: bool) -> None:
    assert rules.out_of_hours(at) == closed
    rules.check_opening("KPU", "POLRES", at)
    if closed:
        for second in ("", "KPU"):
            with pytest.raises(rules.OneAgency):
                rules.check_opening("KPU", second, at)
    else:
        rules.check_opening("KPU", "", at)
