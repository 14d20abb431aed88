"""Recommendations: many eyes, a frozen text, a refusal that is a good end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import recommendations as rules
from posko.domain.recommendations import Act, Event, Nature, State

AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
VOTING = datetime(2024, 2, 14, 0, tzinfo=UTC)
SLOTS = rules.Slots("AGHT-01, B2", "Atap bocor", "p 0,29", "Menyarankan agar KPU menutup atap gudang", "Gudang kering", "Bilik basah")
PEOPLE = {"p-citra": "KEJARI", "p-gita": "KEJARI", "p-tono": "KEJARI", "p-ani": "KPU", "p-fajar": "KPU", "p-hadi": "POLRES"}


def a_text(**more: object) -> rules.Text:
    given_ = {"subject": "Perbaikan atap", "addressee": "KPU", "nature": Nature.SEGERA, "due_at": AT + timedelta(days=9), "slots": SLOTS}
    return rules.text(**{**given_, "voting_at": VOTING, "at": AT, **more})  # type: ignore[arg-type]


def event(act: Act, person: str, at: datetime = AT, text: rules.Text | None = None, **said: str) -> Event:
    return Event(act, person, PEOPLE[person], at, said, text)


def draft() -> rules.Recommendation:
    return rules.drafted("REK-01", event(Act.DRAFT, "p-citra", text=a_text()), VOTING)


def after(*events: Event) -> rules.Recommendation:
    rec = draft()
    for each in events:
        rec = rules.apply(rec, each)
    return rec


SUBMIT = event(Act.SUBMIT, "p-citra")
APPROVE = event(Act.APPROVE, "p-gita")
ISSUE = event(Act.ISSUE, "p-gita", number="R-001/POSKO/XII/2023")
RECEIVE = event(Act.RECEIVE, "p-ani", AT + timedelta(hours=2))
REFUSE = event(Act.REFUSE, "p-fajar", reason_code="alternatif_lain", reason="Barang dipindah ke gudang kedua")
DUE = rules.written(AT + timedelta(days=5))
FOLLOW = event(Act.FOLLOW, "p-ani", action="Menutup atap", owner="Subbag Logistik", due_at=DUE)
CLAIM = event(Act.CLAIM, "p-ani", evidence="Foto dan nota 5 Desember")
VERIFY = event(Act.VERIFY, "p-citra", outcome="sesuai", note="Gudang dilihat kering")
ACCEPTED = (SUBMIT, APPROVE, ISSUE, RECEIVE, event(Act.ACCEPT, "p-fajar"))


def test_the_whole_way_from_draft_to_closed() -> None:
    rec = after(*ACCEPTED, FOLLOW, CLAIM, VERIFY, event(Act.CLOSE, "p-gita", effect="tidak terukur"))
    assert rec.state is State.DITUTUP
    assert rec.ended
    assert rec.action is not None
    assert rec.action.evidence == "Foto dan nota 5 Desember"
    assert rules.replay("REK-01", rec.events, VOTING) == rec


def test_the_author_never_approves() -> None:
    with pytest.raises(rules.OwnWork):
        after(SUBMIT, event(Act.APPROVE, "p-citra"))


def test_a_refusal_with_reason_is_an_end_and_breaks_no_deadline() -> None:
    rec = after(SUBMIT, APPROVE, ISSUE, RECEIVE, REFUSE)
    assert (rec.state, rec.ended, rec.reason_code) == (State.DITOLAK, True, "alternatif_lain")
    assert not rec.overdue(VOTING + timedelta(days=365))
    assert rules.next_acts(rec.state) == ()


@pytest.mark.parametrize(
    "said", [{}, {"reason": "tidak bisa"}, {"reason_code": "alternatif_lain", "reason": "  "}, {"reason_code": "x", "reason": "y"}]
)
def test_a_refusal_needs_a_known_code_and_words(said: dict[str, str]) -> None:
    with pytest.raises(rules.NeedsReason):
        after(SUBMIT, APPROVE, ISSUE, RECEIVE, event(Act.REFUSE, "p-fajar", **said))


def test_only_the_addressee_answers_and_only_the_post_issues() -> None:
    with pytest.raises(rules.NotAddressed):
        after(SUBMIT, APPROVE, ISSUE, event(Act.RECEIVE, "p-hadi"))
    with pytest.raises(rules.NotAddressed):
        after(SUBMIT, APPROVE, ISSUE, RECEIVE, event(Act.ACCEPT, "p-gita"))
    with pytest.raises(rules.NotOurs):
        after(SUBMIT, APPROVE, event(Act.ISSUE, "p-fajar", number="R-1"))


def test_a_text_is_revised_before_it_is_submitted_or_after_it_came_back_never_later() -> None:
    other = a_text(subject="Judul lain")
    returned = after(SUBMIT, event(Act.RETURN, "p-gita", note="Sebut luas yang bocor"), event(Act.REVISE, "p-citra", text=other))
    assert (returned.state, returned.text.subject) == (State.DRAF, "Judul lain")
    for events in ((SUBMIT,), (SUBMIT, APPROVE), (SUBMIT, APPROVE, ISSUE), ACCEPTED):
        with pytest.raises(rules.NoStep):
            after(*events, event(Act.REVISE, "p-citra", text=other))


def test_only_its_author_revises_a_draft() -> None:
    with pytest.raises(rules.NotAuthor):
        after(event(Act.REVISE, "p-gita", text=a_text()))


def test_what_is_issued_is_what_was_approved() -> None:
    changed = replace(after(SUBMIT, APPROVE), text=a_text(subject="Diselundupkan"))
    with pytest.raises(rules.Changed):
        rules.apply(changed, ISSUE)


def test_whoever_followed_up_never_verifies() -> None:
    rec = replace(after(*ACCEPTED, FOLLOW, CLAIM), followers=("p-citra",))
    with pytest.raises(rules.OwnWork):
        rules.apply(rec, VERIFY)
    assert rec.action is not None
    named = replace(rec, followers=(), action=replace(rec.action, owner="p-citra"))
    with pytest.raises(rules.OwnWork):
        rules.apply(named, VERIFY)


def test_a_claim_that_is_found_wanting_goes_back_to_work() -> None:
    rec = after(*ACCEPTED, FOLLOW, CLAIM, event(Act.SEND_BACK, "p-citra", note="Sisi timur masih basah"))
    assert rec.state is State.TINDAK_LANJUT


def test_the_signer_withdraws_with_a_reason_while_nothing_is_decided() -> None:
    assert after(SUBMIT, APPROVE, ISSUE, event(Act.WITHDRAW, "p-gita", reason="Keadaan berubah")).state is State.DICABUT
    with pytest.raises(rules.NotSigner):
        after(SUBMIT, APPROVE, ISSUE, event(Act.WITHDRAW, "p-tono", reason="Keadaan berubah"))
    with pytest.raises(rules.NoStep):
        after(*ACCEPTED, event(Act.WITHDRAW, "p-gita", reason="Keadaan berubah"))


@pytest.mark.parametrize("slot", rules.REQUIRED)
def test_every_required_slot_is_filled(slot: str) -> None:
    with pytest.raises(rules.Empty):
        a_text(slots=replace(SLOTS, **{slot: " \n "}))


@pytest.mark.parametrize("word", ["wajib", "HARUS", "memerintahkan"])
def test_the_post_advises_and_does_not_command(word: str) -> None:
    with pytest.raises(rules.Commands):
        a_text(slots=replace(SLOTS, saran=f"KPU {word} menutup atap"))


def test_a_deadline_lies_between_now_and_the_vote() -> None:
    assert a_text(due_at=VOTING).due_at == VOTING
    for due_at in (AT, VOTING + timedelta(seconds=1)):
        with pytest.raises(rules.DeadlinePast):
            a_text(due_at=due_at)
    for written in ("besok", "2023-12-01T03:00:00Z", ""):
        with pytest.raises((rules.DeadlinePast, rules.Empty)):
            after(*ACCEPTED, event(Act.FOLLOW, "p-ani", action="Menutup", owner="Logistik", due_at=written))


@pytest.mark.parametrize(
    ("days", "acknowledge_h", "decide_h"),
    [(31, 24, 120), (30, 12, 72), (8, 12, 72), (7, 4, 24), (3, 4, 24), (2, 1, 4), (1, 1, 4), (0, 0.25, 1)],
)
def test_the_nearer_the_vote_the_shorter_the_clock(days: int, acknowledge_h: float, decide_h: float) -> None:
    clock = rules.sla(VOTING, VOTING - timedelta(days=days))
    assert (clock.acknowledge, clock.decide) == (timedelta(hours=acknowledge_h), timedelta(hours=decide_h))


def test_silence_of_the_addressee_becomes_overdue() -> None:
    rec = after(SUBMIT, APPROVE, ISSUE)
    assert not rec.overdue(AT + timedelta(hours=24))
    assert rec.overdue(AT + timedelta(hours=24, seconds=1))


def test_the_hash_depends_on_every_word_and_on_the_number() -> None:
    text = a_text()
    digests = {text.digest(), text.digest("R-1"), a_text(subject="Lain").digest(), a_text(slots=replace(SLOTS, risiko="Lain")).digest()}
    assert len(digests) == 4


def test_numbers_of_letters_carry_month_and_year_of_the_place() -> None:
    midnight = datetime(2023, 12, 31, 17, tzinfo=UTC)
    assert rules.letter_number(7, "POSKO-PEMILU", midnight) == "R-007/POSKO-PEMILU/I/2024"


FULL = {
    "note": "catatan", "reason": "alasan", "reason_code": "lainnya", "number": "R-1", "action": "x", "owner": "Logistik", "due_at": DUE,
    "evidence": "foto", "outcome": "sesuai", "effect": "tidak terukur",
}  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(list(Act)), st.sampled_from(sorted(PEOPLE))), max_size=40)


@given(STEPS)
def test_whatever_people_try_the_invariants_hold(steps: list[tuple[Act, str]]) -> None:
    rec = draft()
    frozen = ""
    for act, person in steps:
        try:
            rec = rules.apply(rec, event(act, person, text=a_text(subject=f"Judul {len(rec.events)}"), **FULL))
        except (rules.NoStep, rules.OwnWork, rules.NotAddressed, rules.NotOurs, rules.NotAuthor, rules.NotSigner):
            continue
        assert rec.author != rec.approver
        if rec.state in rules.FROZEN:
            frozen = frozen or rec.text.digest(rec.number)
            assert rec.digest == frozen == rec.text.digest(rec.number)
            assert rec.approver
            assert rec.signer
        if rec.state is State.DITOLAK:
            assert rec.reason
            assert rec.reason_code
        if rec.outcome:
            verifier = next(e.person for e in reversed(rec.events) if e.act is Act.VERIFY)
            assert verifier not in rec.followers
    assert rules.replay("REK-01", rec.events, VOTING) == rec


@given(st.data())
def test_any_allowed_walk_ends_or_goes_on_but_never_gets_stuck(data: st.DataObject) -> None:
    rec = draft()
    own = {Act.REVISE: "p-citra", Act.SUBMIT: "p-citra"}
    for _ in range(12):
        acts = rules.next_acts(rec.state)
        assert bool(acts) != rec.ended
        if not acts:
            break
        act = data.draw(st.sampled_from(acts))
        person = own.get(act) or ("p-fajar" if rules.MOVES[act].side == "addressee" else "p-gita")
        rec = rules.apply(rec, event(act, person, text=a_text(), **FULL))
