"""Requests between agencies: who asks whom, what answers it, when it is late, what the early warning says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import requests as rules
from posko.domain.record import Actor
from posko.domain.requests import Act, Kind, Request, State, Step, Urgency

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANI, INDRA, HADI, OTHER = Actor("p-ani", "KPU"), Actor("p-indra", "PEMDA"), Actor("p-hadi", "POLRES"), Actor("p-fajar", "KPU")
ENOUGH = "Data per desa belum lengkap"


def asked(**more: Any) -> Request:
    values: dict[str, Any] = {"first_due_at": AT + 4 * DAY, "sent_at": AT, "urgency": Urgency.BIASA, "entry_id": "e0"}
    return Request("PMT-001", "KPU", "PEMDA", Kind.DATA, "Jumlah genset", "", **(values | more))


def after(request: Request, *steps: tuple[Act, Actor, dict[str, Any]], at: datetime = AT + HOUR) -> Request:
    for act, actor, more in steps:
        request = replace(request, steps=(*request.steps, rules.next_step(request, act, actor, at, **more)))
    return request


def given_ask(**more: Any) -> tuple[str, ...]:
    values: dict[str, Any] = {
        "asker": "KPU", "asked": "PEMDA", "kind": "data", "title": "Jumlah genset", "words": "", "urgency": "biasa", "due_at": AT + DAY,
        "named": (), "at": AT,
    }  # fmt: skip
    return rules.check_ask(**(values | more))


def test_a_request_names_the_organiser_or_the_post_beside_the_two() -> None:
    assert given_ask() == ()
    assert given_ask(asker="POLRES", named=("KEJARI", "KPU")) == ("KPU", "KEJARI")
    assert given_ask(named=("KPU", "PEMDA")) == ()  # the two themselves are no third party


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"asked": "KPU"}, rules.BadParties),
        ({"asked": "PPK"}, rules.BadParties),
        ({"asker": "ADMIN"}, rules.BadParties),
        ({"named": ("BAWASLU",)}, rules.BadParties),
        ({"kind": "uang"}, rules.BadKind),
        ({"urgency": "nanti"}, rules.BadKind),
        ({"title": ""}, rules.Untitled),
        ({"title": "x" * 121}, rules.Untitled),
        ({"words": "x" * 2001}, rules.Untitled),
        ({"due_at": AT}, rules.BadDeadline),
        ({"due_at": AT + rules.LATEST + HOUR}, rules.BadDeadline),
    ],
)
def test_what_may_not_be_asked_is_refused(more: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        given_ask(**more)


def test_the_bounds_of_a_request_are_allowed() -> None:
    given_ask(title="x" * 120, words="x" * 2000, due_at=AT + rules.LATEST)
    given_ask(due_at=AT + timedelta(seconds=1))


def test_the_asked_receives_and_answers_and_the_asker_closes() -> None:
    one = after(asked(), (Act.RECEIVE, INDRA, {}))
    assert one.state is State.RECEIVED
    one = after(one, (Act.GIVE, INDRA, {"words": "Tiga buah"}))
    assert (one.state, rules.possible(one, "PEMDA")) == (State.GIVEN, ())
    one = after(one, (Act.CLOSE, ANI, {}))
    assert (one.state, rules.possible(one, "KPU")) == (State.CLOSED, (Act.REOPEN,))


def test_an_answer_needs_no_receipt_first_and_a_file_may_stand_for_words() -> None:
    assert after(asked(), (Act.GIVE, INDRA, {"files": 1})).state is State.GIVEN
    with pytest.raises(rules.WordsMissing):
        rules.next_step(asked(), Act.GIVE, INDRA, AT)


@pytest.mark.parametrize(
    ("act", "actor"), [(Act.RECEIVE, ANI), (Act.GIVE, ANI), (Act.CLOSE, ANI), (Act.CLOSE, INDRA), (Act.WITHDRAW, INDRA), (Act.GIVE, HADI)]
)
def test_each_step_belongs_to_one_side_and_to_a_state(act: Act, actor: Actor) -> None:
    with pytest.raises(rules.NoStep):
        rules.next_step(asked(), act, actor, AT, words=ENOUGH, reason="tidak_ada")


def test_a_refusal_gives_a_reason_of_the_list_and_words() -> None:
    step = rules.next_step(asked(), Act.REFUSE, INDRA, AT, reason="dibatasi_aturan", words=ENOUGH)
    assert (step.state, step.reason) == (State.REFUSED, "dibatasi_aturan")
    with pytest.raises(rules.BadReason):
        rules.next_step(asked(), Act.REFUSE, INDRA, AT, reason="malas", words=ENOUGH)
    with pytest.raises(rules.WordsMissing):
        rules.next_step(asked(), Act.REFUSE, INDRA, AT, reason="tidak_ada", words="x" * 9)
    rules.next_step(asked(), Act.REFUSE, INDRA, AT, reason="tidak_ada", words="x" * 10)


def test_a_part_says_what_is_missing() -> None:
    with pytest.raises(rules.WordsMissing):
        rules.next_step(asked(), Act.GIVE_PART, INDRA, AT, files=1)
    assert after(asked(), (Act.GIVE_PART, INDRA, {"words": ENOUGH})).state is State.PARTLY


@pytest.mark.parametrize("to", ["KPU", "PEMDA", "", "PPK", "KEJARI"])
def test_what_is_not_theirs_goes_to_another_agency_that_has_not_passed_it_on(to: str) -> None:
    with pytest.raises(rules.BadForward):
        rules.next_step(asked(), Act.FORWARD, INDRA, AT, to=to, chain=("KEJARI",))


def test_an_office_outside_the_table_is_named_in_words() -> None:
    assert rules.next_step(asked(), Act.FORWARD, INDRA, AT, to="POLRES").to == "POLRES"
    with pytest.raises(rules.WordsMissing):
        rules.next_step(asked(), Act.FORWARD, INDRA, AT, to=rules.OUTSIDE)
    assert rules.next_step(asked(), Act.FORWARD, INDRA, AT, to=rules.OUTSIDE, words="Kantor PLN Manggar").state is State.FORWARDED


def test_passing_on_late_leaves_half_of_the_first_time() -> None:
    assert rules.forwarded_due(asked(), AT + DAY) == AT + 4 * DAY
    assert rules.forwarded_due(asked(), AT + 2 * DAY) == AT + 4 * DAY
    assert rules.forwarded_due(asked(), AT + 3 * DAY) == AT + 5 * DAY


def test_opening_again_sets_a_new_deadline_and_its_clock_begins_then() -> None:
    one = after(asked(), (Act.REFUSE, INDRA, {"reason": "belum_ada", "words": ENOUGH}))
    with pytest.raises(rules.BadDeadline):
        rules.next_step(one, Act.REOPEN, ANI, AT + HOUR, words=ENOUGH, due_at=AT)
    with pytest.raises(rules.WordsMissing):
        rules.next_step(one, Act.REOPEN, ANI, AT + HOUR, words="lagi", due_at=AT + 9 * DAY)
    one = after(one, (Act.REOPEN, ANI, {"words": ENOUGH, "due_at": AT + 9 * DAY}), at=AT + 5 * DAY)
    assert (one.state, one.due_at, one.since_at, one.half_at) == (State.REOPENED, AT + 9 * DAY, AT + 5 * DAY, AT + 7 * DAY)


def test_the_author_takes_the_last_step_back_within_ten_minutes_and_nobody_else_or_later() -> None:
    one = after(asked(), (Act.RECEIVE, INDRA, {}), (Act.GIVE, INDRA, {"words": "tiga"}))
    back = after(one, (Act.UNDO, INDRA, {}), at=AT + HOUR + rules.UNDO_FOR)
    assert (back.state, rules.standing(back.steps)) == (State.RECEIVED, one.steps[:1])
    with pytest.raises(rules.TooLate):
        rules.next_step(one, Act.UNDO, INDRA, AT + HOUR + rules.UNDO_FOR + timedelta(seconds=1))
    with pytest.raises(rules.TooLate):
        rules.next_step(one, Act.UNDO, ANI, AT + HOUR)
    with pytest.raises(rules.TooLate):
        rules.next_step(back, Act.UNDO, INDRA, AT + HOUR)


def test_undoing_a_reopening_brings_the_old_deadline_back() -> None:
    one = after(asked(), (Act.GIVE, INDRA, {"words": "tiga"}), (Act.REOPEN, ANI, {"words": ENOUGH, "due_at": AT + 9 * DAY}))
    assert one.due_at == AT + 9 * DAY
    back = after(one, (Act.UNDO, ANI, {}))
    assert (back.due_at, back.state) == (AT + 4 * DAY, State.GIVEN)


def test_what_was_passed_on_to_the_table_is_not_undone() -> None:
    sent = replace(rules.next_step(asked(), Act.FORWARD, INDRA, AT, to="POLRES"), child="PMT-002")
    with pytest.raises(rules.TooLate):
        rules.next_step(replace(asked(), steps=(sent,)), Act.UNDO, INDRA, AT)


def test_it_is_late_after_the_deadline_and_never_once_answered() -> None:
    one = asked()
    assert not one.overdue(AT + 4 * DAY)
    assert one.overdue(AT + 4 * DAY + timedelta(seconds=1))
    refused = after(one, (Act.REFUSE, INDRA, {"reason": "tidak_ada", "words": ENOUGH}))
    assert not refused.overdue(AT + 90 * DAY)


def test_reminders_come_at_half_time_and_at_the_deadline() -> None:
    one = asked()
    assert [one.reminder(AT + hours * HOUR) for hours in (47, 48, 95, 96, 200)] == ["", "half", "half", "due", "due"]
    assert after(one, (Act.GIVE, INDRA, {"words": "tiga"})).reminder(AT + 5 * DAY) == ""


def test_the_agenda_gets_the_oldest_deadline_first() -> None:
    first, second = asked(), replace(asked(), code="PMT-002", first_due_at=AT + 2 * DAY)
    assert [r.code for r in rules.overdue([first, second], AT + 5 * DAY)] == ["PMT-002", "PMT-001"]
    assert rules.overdue([first, second], AT + DAY) == []


LIMITS = rules.Limits()


def test_the_warning_begins_after_the_grace_and_counts_each_pair() -> None:
    grace = timedelta(hours=LIMITS.grace_h)
    late = [replace(asked(), code=f"PMT-{n}") for n in range(2)]
    assert rules.signals_of(late, AT + 4 * DAY + grace, LIMITS) == []
    (found,) = rules.signals_of(late, AT + 4 * DAY + grace + HOUR, LIMITS)
    assert (found.rule, found.subject, found.severity, found.to) == ("R20.permintaan", "requests:KPU>PEMDA", "watch", ("PEMDA", "KPU"))
    assert (found.facts["count"], found.facts["hours"], found.since_at) == (2, LIMITS.grace_h + 1, AT + 4 * DAY + grace)
    assert found.args == ()  # the page lists what its reader may read; the warning names no request


def test_many_or_a_very_urgent_one_make_it_high() -> None:
    late_at = AT + 9 * DAY
    many = [replace(asked(), code=f"PMT-{n}") for n in range(LIMITS.many)]
    assert [s.severity for s in rules.signals_of(many, late_at, LIMITS)] == ["high"]
    assert [s.severity for s in rules.signals_of(many[1:], late_at, LIMITS)] == ["watch"]
    urgent = replace(asked(), urgency=Urgency.SANGAT_SEGERA)
    assert [s.severity for s in rules.signals_of([urgent], late_at, LIMITS)] == ["high"]
    assert rules.signals_of([after(urgent, (Act.GIVE, INDRA, {"words": "tiga"}))], late_at, LIMITS) == []


@given(
    st.lists(st.sampled_from([Act.RECEIVE, Act.GIVE, Act.GIVE_PART, Act.REFUSE, Act.CLOSE, Act.REOPEN, Act.WITHDRAW, Act.UNDO]), max_size=8)
)
def test_any_order_of_steps_ends_in_a_state_from_which_only_possible_steps_go_on(acts: list[Act]) -> None:
    one, at = asked(), AT + HOUR
    for act in acts:
        actor = {"KPU": ANI, "PEMDA": INDRA}[rules.side_of(one, act)]
        if act is Act.UNDO and one.steps:
            actor = Actor(one.steps[-1].person, one.steps[-1].agency)
        allowed = rules.undoable(one, actor.person, at) if act is Act.UNDO else act in rules.possible(one, actor.agency)
        more: dict[str, Any] = {"words": ENOUGH, "reason": "lainnya", "due_at": at + DAY}
        if allowed:
            step = rules.next_step(one, act, actor, at, **more)
            one = replace(one, steps=(*one.steps, step))
            assert isinstance(step, Step)
        else:
            with pytest.raises((rules.NoStep, rules.TooLate)):
                rules.next_step(one, act, actor, at, **more)
        assert one.overdue(one.due_at + DAY) == (one.state in rules.OPEN)
