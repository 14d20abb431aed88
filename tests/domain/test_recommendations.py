"""Recommendations: many eyes, a frozen text, a refusal that is a good end, spoken advice that is caught up with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import pledges
from posko.domain import recommendations as rules
from posko.domain.recommendations import Act, Event, Nature, Outcome, State

AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
VOTING = datetime(2024, 2, 14, 0, tzinfo=UTC)
EVE = datetime(2024, 2, 13, 3, tzinfo=UTC)
SLOTS = rules.Slots("AGHT-01, B2", "Atap bocor", "p 0,29", "Menyarankan agar KPU menutup atap gudang", "Gudang kering", "Bilik basah")
PEOPLE = {
    "p-citra": "KEJARI", "p-gita": "KEJARI", "p-tono": "KEJARI", "p-ani": "KPU", "p-fajar": "KPU", "p-hadi": "POLRES", "p-indra": "PEMDA",
}  # fmt: skip


def a_text(**more: Any) -> rules.Text:
    said = {"subject": "Perbaikan atap", "addressee": "KPU", "nature": Nature.SEGERA, "due_at": AT + timedelta(days=9), "slots": SLOTS}
    return rules.text(**{**said, "voting_at": VOTING, "at": AT, **more})


def event(act: Act, person: str, at: datetime = AT, text: rules.Text | None = None, **said: str) -> Event:
    return Event(act, person, PEOPLE[person], at, said, text)


def draft(**more: Any) -> rules.Recommendation:
    return rules.drafted("REK-01", event(Act.DRAFT, "p-citra", text=a_text(**more)), VOTING)


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
UNMEASURED = event(Act.MEASURE, "p-citra", why="Hujan belum turun lagi")
ISSUED = (SUBMIT, APPROVE, ISSUE)
ACCEPTED = (*ISSUED, RECEIVE, event(Act.ACCEPT, "p-fajar"))
DONE = (*ACCEPTED, FOLLOW, CLAIM, VERIFY)


def test_the_whole_way_from_draft_to_closed() -> None:
    rec = after(*DONE, UNMEASURED, event(Act.CLOSE, "p-gita"))
    assert rec.state is State.DITUTUP
    assert rec.ended
    assert rec.awaited == ()
    assert rec.action is not None
    assert rec.action.evidence == "Foto dan nota 5 Desember"
    assert rules.replay("REK-01", rec.events, VOTING) == rec == rules.fold("REK-01", rec.events, VOTING)


# --- whose eyes ------------------------------------------------------------------------------------------------------------


def test_the_author_never_reviews() -> None:
    with pytest.raises(rules.OwnWork):
        after(SUBMIT, event(Act.APPROVE, "p-citra"))


def test_with_two_reviewers_three_different_persons_stand_behind_a_letter() -> None:
    two = event(Act.SUBMIT, "p-citra", reviewers="2")
    with pytest.raises(rules.NoStep):
        after(two, APPROVE)
    with pytest.raises(rules.OwnWork):
        after(two, event(Act.REVIEW, "p-citra"))
    read = after(two, event(Act.REVIEW, "p-tono"))
    assert read.state is State.TELAAH_2
    for again in ("p-tono", "p-citra"):
        with pytest.raises(rules.OwnWork):
            rules.apply(read, event(Act.APPROVE, again))
    assert rules.apply(read, APPROVE).state is State.DISETUJUI


def test_with_one_reviewer_there_is_no_first_reading() -> None:
    with pytest.raises(rules.NoStep):
        after(SUBMIT, event(Act.REVIEW, "p-tono"))


def test_a_text_that_came_back_is_read_by_everybody_again() -> None:
    two = event(Act.SUBMIT, "p-citra", reviewers="2")
    back = after(two, event(Act.REVIEW, "p-tono"), event(Act.RETURN, "p-gita", note="Sebut luasnya"), two)
    assert (back.state, back.reviewer) == (State.TELAAH_1, "")
    with pytest.raises(rules.BadProfile):
        after(event(Act.SUBMIT, "p-citra", reviewers="0"))


def test_whoever_would_pass_a_text_on_may_send_it_back() -> None:
    two = after(event(Act.SUBMIT, "p-citra", reviewers="2"))
    assert rules.permission(two, Act.RETURN) == "recommendations.review"
    assert rules.permission(after(SUBMIT), Act.RETURN) == "recommendations.approve"
    assert rules.permission(rules.apply(two, event(Act.REVIEW, "p-tono")), Act.RETURN) == "recommendations.approve"


def test_whoever_followed_up_never_verifies() -> None:
    rec = replace(after(*ACCEPTED, FOLLOW, CLAIM), followers=("p-citra",))
    with pytest.raises(rules.OwnWork):
        rules.apply(rec, VERIFY)
    assert rec.action is not None
    named = replace(rec, followers=(), action=replace(rec.action, owner="p-citra"))
    with pytest.raises(rules.OwnWork):
        rules.apply(named, VERIFY)


def test_only_the_addressee_answers_and_only_the_post_issues() -> None:
    with pytest.raises(rules.NotAddressed):
        after(*ISSUED, event(Act.RECEIVE, "p-hadi"))
    with pytest.raises(rules.NotAddressed):
        after(*ISSUED, RECEIVE, event(Act.ACCEPT, "p-gita"))
    with pytest.raises(rules.NotOurs):
        after(SUBMIT, APPROVE, event(Act.ISSUE, "p-fajar", number="R-1"))


@pytest.mark.parametrize(("agency", "person"), [("POLRES", "p-hadi"), ("PEMDA", "p-indra")])
def test_every_addressee_answers_for_itself(agency: str, person: str) -> None:
    slots = replace(SLOTS, saran=f"Menyarankan agar {agency} menutup jalan")
    rec = draft(addressee=agency, slots=slots)
    for each in (*ISSUED, event(Act.RECEIVE, person), event(Act.ACCEPT, person)):
        rec = rules.apply(rec, each)
    assert rec.state is State.DISETUJUI_PENERIMA
    with pytest.raises(rules.NotAddressed):
        rules.apply(rec, FOLLOW)


def test_the_signer_withdraws_with_a_reason_while_nothing_is_decided() -> None:
    assert after(*ISSUED, event(Act.WITHDRAW, "p-gita", reason="Keadaan berubah")).state is State.DICABUT
    with pytest.raises(rules.NotSigner):
        after(*ISSUED, event(Act.WITHDRAW, "p-tono", reason="Keadaan berubah"))
    with pytest.raises(rules.NoStep):
        after(*ACCEPTED, event(Act.WITHDRAW, "p-gita", reason="Keadaan berubah"))


# --- answers ---------------------------------------------------------------------------------------------------------------


def test_a_refusal_with_reason_is_an_end_and_breaks_no_deadline() -> None:
    rec = after(*ISSUED, RECEIVE, REFUSE)
    assert (rec.state, rec.ended, rec.reason_code) == (State.DITOLAK, True, "alternatif_lain")
    assert not rec.overdue(VOTING + timedelta(days=365))
    assert rec.late(VOTING + timedelta(days=365)) == ()
    assert rules.next_acts(rec) == ()


@pytest.mark.parametrize(
    "said", [{}, {"reason": "tidak bisa"}, {"reason_code": "alternatif_lain", "reason": "  "}, {"reason_code": "x", "reason": "y"}]
)
def test_a_refusal_needs_a_known_code_and_words(said: dict[str, str]) -> None:
    with pytest.raises(rules.NeedsReason):
        after(*ISSUED, RECEIVE, event(Act.REFUSE, "p-fajar", **said))


def test_a_question_is_answered_and_the_addressees_clock_stood_still_meanwhile() -> None:
    asked_at = AT + timedelta(hours=10)
    asked = after(*ISSUED, RECEIVE, event(Act.ASK, "p-ani", asked_at, question="Atap yang mana?"))
    assert (asked.state, asked.awaited[0].agency, asked.due_at) == (State.BUTUH_KLARIFIKASI, "KEJARI", asked_at + timedelta(hours=24))
    with pytest.raises(rules.NoStep):
        rules.apply(asked, event(Act.ACCEPT, "p-fajar"))
    with pytest.raises(rules.NotOurs):
        rules.apply(asked, event(Act.CLARIFY, "p-fajar", answer="Timur"))
    with pytest.raises(rules.Empty):
        rules.apply(asked, event(Act.CLARIFY, "p-citra", answer=" "))
    told = rules.apply(asked, event(Act.CLARIFY, "p-citra", asked_at + timedelta(hours=5), answer="Sisi timur"))
    assert (told.state, told.answer) == (State.DITERIMA, "Sisi timur")
    assert told.due_at == AT + timedelta(hours=2) + timedelta(days=5) + timedelta(hours=5)


def test_the_four_statuses_settle_the_work_or_send_it_back() -> None:
    claimed = after(*ACCEPTED, FOLLOW, CLAIM)
    for outcome, state in (
        ("sesuai", State.VERIFIKASI), ("tidak_dapat", State.VERIFIKASI), ("belum_sesuai", State.TINDAK_LANJUT),
        ("belum_ditindaklanjuti", State.TINDAK_LANJUT),
    ):  # fmt: skip
        rec = rules.apply(claimed, event(rules.verdict_act(outcome), "p-citra", outcome=outcome, note="Dilihat"))
        assert (rec.state, rec.status) == (state, outcome)
    with pytest.raises(rules.Empty):
        rules.verdict_act("bagus")
    with pytest.raises(rules.Empty):
        rules.apply(claimed, event(Act.VERIFY, "p-citra", outcome="belum_sesuai", note="Dilihat"))


def test_the_status_of_the_audit_board_stands_from_acceptance_on() -> None:
    assert after(*ISSUED, RECEIVE).status == ""
    assert after(*ACCEPTED).status == Outcome.BELUM_DITINDAKLANJUTI.value
    assert after(*ACCEPTED, FOLLOW).status == Outcome.BELUM_SESUAI.value
    assert after(*DONE).status == Outcome.SESUAI.value


# --- effect ----------------------------------------------------------------------------------------------------------------

MEASURED = {"before": "264", "after": "0.5", "unit": "pemilih", "source": "Kajian", "measured_at": DUE}


def test_an_effect_is_two_numbers_with_unit_source_and_time_or_a_reason() -> None:
    measured = after(*DONE, event(Act.MEASURE, "p-citra", **MEASURED)).effect
    assert measured is not None
    assert (measured.measured, measured.before, measured.after) == (True, "264", "0.5")
    unmeasured = after(*DONE, UNMEASURED).effect
    assert unmeasured is not None
    assert (unmeasured.measured, unmeasured.why) == (False, "Hujan belum turun lagi")


@pytest.mark.parametrize("missing", sorted(MEASURED))
def test_an_effect_with_a_missing_part_is_no_effect(missing: str) -> None:
    with pytest.raises(rules.Empty):
        after(*DONE, event(Act.MEASURE, "p-citra", **{**MEASURED, missing: " "}))


def test_nothing_is_closed_before_its_effect_was_looked_at() -> None:
    with pytest.raises(rules.NoStep):
        after(*DONE, event(Act.CLOSE, "p-gita"))


@pytest.mark.parametrize(
    ("typed", "plain"), [("1.234", "1234"), ("0,9", "0.9"), ("12", "12"), ("1.234.567,25", "1234567.25"), (" 7 ", "7")]
)
def test_numbers_are_read_as_indonesians_write_them(typed: str, plain: str) -> None:
    assert rules.number(typed) == plain


@pytest.mark.parametrize("typed", ["", "abc", "1,2,3", "0.904", "-1", "1.23", "٣", "9" * 40, "1e3"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(rules.BadNumber):
        rules.number(typed)


# --- the text --------------------------------------------------------------------------------------------------------------


def test_a_text_is_revised_before_it_is_submitted_or_after_it_came_back_never_later() -> None:
    other = a_text(subject="Judul lain")
    returned = after(SUBMIT, event(Act.RETURN, "p-gita", note="Sebut luas yang bocor"), event(Act.REVISE, "p-citra", text=other))
    assert (returned.state, returned.text.subject) == (State.DRAF, "Judul lain")
    for events in ((SUBMIT,), (SUBMIT, APPROVE), ISSUED, ACCEPTED):
        with pytest.raises(rules.NoStep):
            after(*events, event(Act.REVISE, "p-citra", text=other))


def test_only_its_author_revises_a_draft() -> None:
    with pytest.raises(rules.NotAuthor):
        after(event(Act.REVISE, "p-gita", text=a_text()))


def test_what_is_issued_is_what_was_approved() -> None:
    changed = replace(after(SUBMIT, APPROVE), text=a_text(subject="Diselundupkan"))
    with pytest.raises(rules.Changed):
        rules.apply(changed, ISSUE)


@pytest.mark.parametrize("slot", rules.REQUIRED)
def test_every_required_slot_is_filled(slot: str) -> None:
    with pytest.raises(rules.Empty):
        a_text(slots=replace(SLOTS, **{slot: " \n "}))


@pytest.mark.parametrize("word", ["wajib", "HARUS", "memerintahkan"])
def test_the_post_advises_and_does_not_command(word: str) -> None:
    with pytest.raises(rules.Commands):
        a_text(slots=replace(SLOTS, saran=f"KPU {word} menutup atap"))


@pytest.mark.parametrize("saran", ["KPU menutup atap gudang", "Tutup atap gudang", "Agar KPU menutup atap"])
def test_advice_begins_as_advice(saran: str) -> None:
    with pytest.raises(rules.NotAdvice):
        a_text(slots=replace(SLOTS, saran=saran))


@pytest.mark.parametrize(
    "saran",
    [
        "Menyarankan agar KPU menutup atap dan memindahkan barang",
        "Menyarankan agar KPU menutup atap, lalu memindahkan barang",
        "Menyarankan agar KPU menutup atap. Barang dipindah",
        "Menyarankan agar KPU menutup atap; barang dipindah",
        "Menyarankan agar KPU:\n1. menutup atap\n2. memindahkan barang",
    ],
)
def test_one_recommendation_advises_one_action(saran: str) -> None:
    with pytest.raises(rules.ManyActions):
        a_text(slots=replace(SLOTS, saran=saran))


@pytest.mark.parametrize(
    "saran",
    [
        "Menyarankan agar KPU menutup atap gudang di Kec. Manggar dan Kec. Gantung",
        "Menyarankan agar KPU menyewa kapal dan mesin cadangan",
        "Menyarankan agar KPU menutup atap paling lambat pukul 07.00 WIB.",
        "Menyarankan agar KPU memindah No. 3 dan No. 4 ke palet",
    ],
)
def test_one_action_on_several_objects_stays_one(saran: str) -> None:
    assert a_text(slots=replace(SLOTS, saran=saran)).slots.saran == saran


@pytest.mark.parametrize(
    ("slot", "words", "stops"),
    [
        ("fakta", "Dilaporkan oleh Bapak Ahmad di gudang", True),
        ("analisis", "Menurut Sdr. Rahmat atap bocor", True),
        ("tembusan", "Ahmad Rahmat, S.H.", True),
        ("fakta", "Ketua PPK dan Pimpinan gudang melihat sendiri", False),
        ("fakta", "Di Pulau Buku Limau dan Jalan Ibu Kota", False),
        ("fakta", "Bapak Ketua PPK melapor", False),
    ],
)
def test_offices_are_named_and_persons_are_not(slot: str, words: str, stops: bool) -> None:
    found = rules.lint("Hal", "KPU", replace(SLOTS, **{slot: words}))
    assert any(f.code == "names_person" for f in found) == stops
    if stops:
        with pytest.raises(rules.NamesPerson):
            a_text(slots=replace(SLOTS, **{slot: words}))


def test_the_linter_asks_to_read_again_without_stopping() -> None:
    doubtful = replace(SLOTS, saran="Menyarankan agar panitia menutup atap secepatnya", ukuran="Keadaan membaik")
    found = rules.lint("Hal", "KPU", doubtful, has_basis=False)
    assert {f.code for f in found} == {"no_owner", "vague", "not_countable", "no_basis"}
    assert not any(f.stops for f in found)
    assert rules.lint("Hal", "KPU", SLOTS) == ()


def test_the_post_writes_to_four_agencies_only() -> None:
    with pytest.raises(rules.UnknownAddressee):
        a_text(addressee="PARTAI")


# --- deadlines -------------------------------------------------------------------------------------------------------------


def test_a_deadline_lies_between_now_and_the_vote() -> None:
    assert a_text(due_at=VOTING).due_at == VOTING
    for due_at in (AT, VOTING + timedelta(seconds=1)):
        with pytest.raises(rules.DeadlinePast):
            a_text(due_at=due_at)
    for written in ("besok", "2023-12-01T03:00:00Z", ""):
        with pytest.raises((rules.DeadlinePast, rules.Empty)):
            after(*ACCEPTED, event(Act.FOLLOW, "p-ani", action="Menutup", owner="Logistik", due_at=written))


def test_a_deadline_lies_before_the_last_moment_at_which_the_action_helps() -> None:
    due_at = AT + timedelta(days=9)
    assert a_text(useful_until=due_at).useful_until == due_at
    with pytest.raises(rules.TooLateToHelp):
        a_text(useful_until=due_at - timedelta(seconds=1))


@pytest.mark.parametrize(("days", "hours"), [(60, 14 * 24), (10, 5 * 24), (5, 48), (1, 12)])
def test_a_deadline_is_proposed_from_the_days_left(days: int, hours: int) -> None:
    at = VOTING - timedelta(days=days)
    assert rules.proposed_due(VOTING, at) == at + timedelta(hours=hours)


def test_a_proposed_deadline_never_lies_after_the_last_useful_moment() -> None:
    useful = AT + timedelta(days=1)
    assert rules.proposed_due(VOTING, AT, useful) == useful
    assert rules.proposed_due(VOTING, AT, AT) is None
    assert rules.proposed_due(VOTING, VOTING) is None
    assert rules.proposed_due(VOTING, VOTING, oral=True) == VOTING + timedelta(hours=2)


@pytest.mark.parametrize(
    ("days", "acknowledge_h", "decide_h"),
    [(31, 24, 120), (30, 12, 72), (8, 12, 72), (7, 4, 24), (3, 4, 24), (2, 1, 4), (1, 1, 4), (0, 0.25, 1)],
)
def test_the_nearer_the_vote_the_shorter_the_clock(days: int, acknowledge_h: float, decide_h: float) -> None:
    clock = rules.sla(VOTING, VOTING - timedelta(days=days))
    assert (clock.acknowledge, clock.decide) == (timedelta(hours=acknowledge_h), timedelta(hours=decide_h))


def test_silence_of_the_addressee_becomes_overdue() -> None:
    rec = after(*ISSUED)
    assert not rec.overdue(AT + timedelta(hours=24))
    assert rec.overdue(AT + timedelta(hours=24, seconds=1))


def test_reminders_come_at_half_of_the_time_and_at_the_deadline() -> None:
    waited = after(*ISSUED).awaited[0]
    moments = (
        (timedelta(hours=11, minutes=59), ""),
        (timedelta(hours=12), "half"),
        (timedelta(hours=23), "half"),
        (timedelta(days=1), "due"),
    )
    assert [waited.reminder(AT + later) for later, _ in moments] == [word for _, word in moments]
    assert after(SUBMIT).awaited[0].reminder(VOTING) == ""


def test_what_is_late_comes_before_the_rakor_oldest_first() -> None:
    silent, slow = after(*ISSUED), replace(after(*ACCEPTED), code="REK-02")
    late = rules.escalated([draft(), slow, silent, after(*ISSUED, RECEIVE, REFUSE)], VOTING)
    assert [(e.code, e.act) for e in late] == [("REK-01", Act.RECEIVE), ("REK-02", Act.FOLLOW)]
    assert rules.escalated([silent], AT + timedelta(hours=24)) == []


# --- the same matter once ----------------------------------------------------------------------------------------------------


def issued_as(code: str, **more: Any) -> rules.Recommendation:
    rec = rules.drafted(code, event(Act.DRAFT, "p-citra", text=a_text(**more)), VOTING)
    for each in ISSUED:
        rec = rules.apply(rec, each)
    return rec


OTHER_WORDS = replace(SLOTS, saran="Menyarankan agar KPU memperbaiki talang gudang")


def test_the_same_action_for_the_same_cause_is_not_sent_twice_while_the_first_is_open() -> None:
    first = issued_as("REK-01", aght=("AGHT-01",), remedy="posko-tindakan/1:LINDUNGI-GUDANG")
    with pytest.raises(rules.DoubleDispatch):  # by the library's code, whatever the words and the version of the list
        rules.check_double(a_text(aght=("AGHT-01", "AGHT-02"), remedy="posko-tindakan/2:LINDUNGI-GUDANG", slots=OTHER_WORDS), [first])
    with pytest.raises(rules.DoubleDispatch):  # by the words, in any order and with other numbers
        rules.check_double(a_text(aght=("AGHT-01",), slots=replace(SLOTS, saran="Menyarankan agar KPU gudang 2 menutup atap")), [first])


def test_another_cause_action_addressee_or_a_closed_letter_is_another_matter() -> None:
    first = issued_as("REK-01", aght=("AGHT-01",), remedy="x:LINDUNGI-GUDANG")
    polres = replace(SLOTS, saran="Menyarankan agar POLRES menutup atap gudang")
    for other in (
        a_text(aght=("AGHT-02",)), a_text(), a_text(aght=("AGHT-01",), slots=OTHER_WORDS),
        a_text(aght=("AGHT-01",), addressee="POLRES", slots=polres), a_text(aght=("AGHT-01",), supersedes="REK-01"),
    ):  # fmt: skip
        rules.check_double(other, [first])
    same = a_text(aght=("AGHT-01",))
    rules.check_double(same, [first], code="REK-01")
    rules.check_double(same, [draft(aght=("AGHT-01",)), replace(first, state=State.DITOLAK)])
    signal = "R10|leg:batun"
    with pytest.raises(rules.DoubleDispatch):
        rules.check_double(a_text(signals=(signal,)), [issued_as("REK-03", signals=(signal,))])


def test_a_newer_version_follows_one_issued_letter_to_the_same_addressee() -> None:
    old = issued_as("REK-01")
    newer = a_text(supersedes="REK-01")
    assert rules.check_supersedes(newer, [old]) == old
    assert rules.check_supersedes(a_text(), [old]) is None
    pemda = replace(SLOTS, saran="Menyarankan agar PEMDA menutup atap")
    for text, standing in (
        (newer, [draft()]), (newer, []), (a_text(supersedes="REK-01", addressee="PEMDA", slots=pemda), [old]),
        (newer, [old, issued_as("REK-02", supersedes="REK-01")]),
    ):  # fmt: skip
        with pytest.raises(rules.CannotSupersede):
            rules.check_supersedes(text, standing)


def test_a_replaced_letter_has_ended_and_names_its_newer_version() -> None:
    rec = after(*ACCEPTED, event(Act.REPLACE, "p-gita", by="REK-09"))
    assert (rec.state, rec.ended, rec.replaced_by) == (State.DIGANTI, True, "REK-09")
    assert Act.REPLACE not in rules.next_acts(after(*ACCEPTED))
    with pytest.raises(rules.NoStep):
        after(*ISSUED, RECEIVE, REFUSE, event(Act.REPLACE, "p-gita", by="REK-09"))


# --- spoken advice -----------------------------------------------------------------------------------------------------------

SAID = {"number": "R-009/POSKO/II/2024", "channel": "telepon", "heard_by": "Perwira jaga"}
SHORT = rules.Slots("", "Truk belum berangkat", "", "Menyarankan agar POLRES mengawal truk terakhir", "", "")


def oral_text(at: datetime = EVE, **more: Any) -> rules.Text:
    said = {"due_at": at + timedelta(hours=2), "at": at, "addressee": "POLRES", "slots": SHORT, "oral": True}
    return a_text(**{**said, **more})


def spoken(at: datetime = EVE, **said: str) -> rules.Recommendation:
    return rules.drafted("REK-01", event(Act.SPEAK, "p-gita", at, oral_text(at), **{**SAID, **said}), VOTING)


def test_spoken_advice_is_issued_frozen_and_owes_a_confirmation_and_a_second_look() -> None:
    rec = spoken()
    assert (rec.state, rec.number, rec.digest) == (State.TERBIT, SAID["number"], rec.text.digest(SAID["number"]))
    assert [a.act for a in rec.awaited] == [Act.RECEIVE, Act.CONFIRM, Act.REVIEW_AFTER]
    assert rules.next_acts(rec) == (Act.RECEIVE, Act.CONFIRM, Act.REVIEW_AFTER, Act.WITHDRAW, Act.REMIND)
    done = rules.apply(rec, event(Act.CONFIRM, "p-gita", EVE + timedelta(hours=1)))
    done = rules.apply(done, event(Act.REVIEW_AFTER, "p-citra", EVE + timedelta(hours=9), verdict="wajar", note="Sesuai keadaan"))
    assert done.oral is not None
    assert (done.oral.open, done.oral.reviewer, done.state) == (False, "p-citra", State.TERBIT)
    for again in (event(Act.CONFIRM, "p-gita"), event(Act.REVIEW_AFTER, "p-citra", verdict="wajar", note="x")):
        with pytest.raises(rules.NoStep):
            rules.apply(done, again)


@pytest.mark.parametrize(
    ("at", "may"),
    [
        (datetime(2024, 2, 12, 16, 59, tzinfo=UTC), False),  # 12 February 23.59 WIB
        (datetime(2024, 2, 12, 17, 0, tzinfo=UTC), True),  # 13 February 00.00 WIB
        (datetime(2024, 2, 14, 16, 59, tzinfo=UTC), True),  # 14 February 23.59 WIB
        (datetime(2024, 2, 14, 17, 0, tzinfo=UTC), False),
    ],
)
def test_advice_is_spoken_on_the_day_before_and_on_the_day_only(at: datetime, may: bool) -> None:
    assert rules.may_speak(VOTING, at) == may
    if not may:
        text = replace(oral_text(), due_at=at)
        with pytest.raises(rules.NotYetOral):
            rules.drafted("REK-01", event(Act.SPEAK, "p-gita", at, text, **SAID), VOTING)


def test_a_confirmation_is_due_within_six_hours_and_a_late_one_stays_late() -> None:
    rec = spoken()
    due = EVE + timedelta(hours=6)
    assert [a.act for a in rec.late(due)] == [Act.RECEIVE]
    assert [a.act for a in rec.late(due + timedelta(seconds=1))] == [Act.RECEIVE, Act.CONFIRM]
    for at, late in ((due, False), (due + timedelta(seconds=1), True)):
        oral = rules.apply(rec, event(Act.CONFIRM, "p-gita", at)).oral
        assert oral is not None
        assert oral.confirmed_late == late


def test_who_spoke_or_confirmed_does_not_review_and_who_reviewed_does_not_confirm() -> None:
    said = {"verdict": "wajar", "note": "x"}
    with pytest.raises(rules.OwnWork):
        rules.apply(spoken(), event(Act.REVIEW_AFTER, "p-gita", **said))
    confirmed = rules.apply(spoken(), event(Act.CONFIRM, "p-tono"))
    with pytest.raises(rules.OwnWork):
        rules.apply(confirmed, event(Act.REVIEW_AFTER, "p-tono", **said))
    with pytest.raises(rules.OwnWork):
        rules.apply(rules.apply(spoken(), event(Act.REVIEW_AFTER, "p-tono", **said)), event(Act.CONFIRM, "p-tono"))
    with pytest.raises(rules.Empty):
        rules.apply(spoken(), event(Act.REVIEW_AFTER, "p-citra", verdict="bagus", note="x"))


def test_refused_spoken_advice_still_owes_its_confirmation_and_breaks_no_deadline_of_the_addressee() -> None:
    rec = rules.apply(
        rules.apply(spoken(), event(Act.RECEIVE, "p-hadi", EVE)), event(Act.REFUSE, "p-hadi", reason_code="lainnya", reason="x")
    )
    assert rec.ended
    assert not rec.overdue(VOTING)
    assert [a.act for a in rec.late(VOTING)] == [Act.CONFIRM]
    assert rules.next_acts(rec) == (Act.CONFIRM, Act.REVIEW_AFTER)


def test_spoken_advice_needs_facts_advice_channel_and_listener() -> None:
    for slots in (replace(SHORT, fakta=""), replace(SHORT, saran="")):
        with pytest.raises(rules.Empty):
            oral_text(slots=slots)
    for missing in ({"heard_by": ""}, {"channel": ""}, {"channel": "surat"}):
        with pytest.raises(rules.Empty):
            spoken(**missing)


def test_spoken_advice_may_run_to_the_end_of_the_voting_day() -> None:
    end = datetime(2024, 2, 14, 17, tzinfo=UTC)
    assert oral_text(due_at=end).due_at == end
    with pytest.raises(rules.DeadlinePast):
        oral_text(due_at=end + timedelta(seconds=1))


def test_a_written_letter_owes_no_confirmation() -> None:
    for act in (Act.CONFIRM, Act.REVIEW_AFTER):
        with pytest.raises(rules.NoStep):
            after(*ISSUED, event(act, "p-tono", verdict="wajar", note="x"))


# --- rule R20 ----------------------------------------------------------------------------------------------------------------

LIMITS = rules.Limits()


def rules_of(
    rec: rules.Recommendation, at: datetime, assessed: dict[str, datetime] | None = None, limits: rules.Limits = LIMITS
) -> list[str]:
    return [s.rule for s in rules.signals_of(rec, assessed or {}, at, limits)]


def test_an_accepted_recommendation_past_its_deadline_is_signalled_to_its_owner() -> None:
    rec = after(*ACCEPTED, FOLLOW)
    due = AT + timedelta(days=5)
    assert rules_of(rec, due) == []
    late = rules.signals_of(rec, {}, due + timedelta(seconds=1), LIMITS)
    assert [(s.rule, s.to, s.severity, s.since_at) for s in late] == [("R20", ("KPU", "KEJARI"), "high", due)]
    assert rules_of(rec, due + timedelta(hours=5), limits=rules.Limits(grace_h=5)) == []
    assert rules_of(rec, due + timedelta(hours=5, seconds=1), limits=rules.Limits(grace_h=5)) == ["R20"]


def test_near_the_vote_it_is_critical() -> None:
    rec = after(*ACCEPTED, FOLLOW)
    assert rules.signals_of(rec, {}, VOTING - timedelta(days=3), LIMITS)[0].severity == "critical"
    assert rules.signals_of(rec, {}, VOTING - timedelta(days=4), LIMITS)[0].severity == "high"


def test_good_ends_and_what_was_never_issued_are_no_matter_of_r20() -> None:
    for rec in (after(*ISSUED, RECEIVE, REFUSE), after(*DONE), draft(), after(SUBMIT, APPROVE)):
        assert rules_of(rec, VOTING) == []


def test_a_letter_that_nobody_acknowledges_in_its_time_is_r20_once_and_the_same_deadline_as_its_escalation() -> None:
    rec = after(*ISSUED)
    due = AT + timedelta(hours=24)
    assert rules_of(rec, due) == []
    late = due + timedelta(seconds=1)
    (found,) = rules.signals_of(rec, {}, late, LIMITS)
    assert (found.rule, found.subject, found.severity, found.to) == ("R20.diam", "recommendation:REK-01", "high", ("KPU", "KEJARI"))
    (matter,) = rules.escalated([rec], late)
    assert (found.since_at, found.args) == (matter.due_at, (matter.code,))
    assert rules.signals_of(rec, {}, VOTING - timedelta(days=3), LIMITS)[0].severity == "critical"
    patient = replace(LIMITS, silent_h=2)
    assert rules.signals_of(rec, {}, due + timedelta(hours=2), patient) == []
    assert [s.rule for s in rules.signals_of(rec, {}, due + timedelta(hours=2, seconds=1), patient)] == ["R20.diam"]


def test_a_letter_that_nobody_answers_is_r20_but_not_while_the_post_owes_an_explanation() -> None:
    rec = after(*ISSUED, RECEIVE)
    due = RECEIVE.at + timedelta(days=5)
    assert rules_of(rec, due) == []
    assert rules_of(rec, due + timedelta(seconds=1)) == ["R20.jawab"]
    asked = rules.apply(rec, event(Act.ASK, "p-fajar", AT + timedelta(hours=3), question="Atap mana?"))
    assert rules_of(asked, VOTING) == []
    told = rules.apply(asked, event(Act.CLARIFY, "p-citra", AT + timedelta(hours=5), answer="Sisi timur"))
    assert rules_of(told, due + timedelta(hours=2)) == []  # the two hours do not count
    assert rules_of(told, due + timedelta(hours=2, seconds=1)) == ["R20.jawab"]


def test_a_risk_not_looked_at_for_72_hours_under_an_accepted_recommendation_is_signalled() -> None:
    rec = replace(after(*ACCEPTED), text=replace(a_text(), aght=("AGHT-01", "AGHT-02")))
    looked = {"AGHT-01": AT}
    assert rules_of(rec, AT + timedelta(hours=72), looked) == []
    assert rules_of(rec, AT + timedelta(hours=72, seconds=1), looked) == ["R20.nilai"]
    assert rules_of(rec, AT + timedelta(days=8), {}) == []  # closed items are not in the table


def test_spoken_advice_without_confirmation_after_six_hours_is_critical() -> None:
    rec = rules.apply(spoken(), event(Act.RECEIVE, "p-hadi", EVE))
    rec = rules.apply(rec, event(Act.ACCEPT, "p-hadi", EVE))
    rec = replace(rec, text=replace(rec.text, due_at=VOTING))
    assert rules_of(rec, EVE + timedelta(hours=6)) == []
    found = rules.signals_of(rec, {}, EVE + timedelta(hours=6, seconds=1), LIMITS)
    assert [(s.rule, s.severity, s.to) for s in found] == [("R20.lisan", "critical", ("KEJARI",))]
    assert rules_of(rules.apply(rec, event(Act.CONFIRM, "p-gita", EVE)), VOTING) == []


# --- hashes, numbers, figures --------------------------------------------------------------------------------------------------


def test_the_hash_depends_on_every_word_and_on_the_number() -> None:
    text = a_text()
    others = (
        a_text(subject="Lain"), a_text(slots=replace(SLOTS, risiko="Lain")), a_text(remedy="x:Y"), a_text(signals=("R10|leg:a",)),
        a_text(supersedes="REK-01"), a_text(useful_until=VOTING), a_text(aght=("AGHT-01",)),
    )  # fmt: skip
    assert len({text.digest(), text.digest("R-1"), *(other.digest() for other in others)}) == len(others) + 2


def test_numbers_of_letters_carry_month_and_year_of_the_place() -> None:
    midnight = datetime(2023, 12, 31, 17, tzinfo=UTC)
    assert rules.letter_number(7, "POSKO-PEMILU", midnight) == "R-007/POSKO-PEMILU/I/2024"
    assert rules.note_number(7, "POSKO-PEMILU", midnight) == "ND-007/POSKO-PEMILU/I/2024"


def test_an_event_that_does_not_follow_is_shown_and_changes_nothing() -> None:
    twice = (*after(*ISSUED, RECEIVE).events, RECEIVE)
    with pytest.raises(rules.NoStep):
        rules.replay("REK-01", twice, VOTING)
    rec = rules.fold("REK-01", twice, VOTING)
    assert (rec.state, rec.odd) == (State.DITERIMA, (RECEIVE,))


def test_figures_carry_their_denominators() -> None:
    measured = after(*DONE, event(Act.MEASURE, "p-citra", **MEASURED))
    recs = [draft(), after(*ISSUED), after(*ISSUED, RECEIVE, REFUSE), measured, after(*DONE, UNMEASURED)]
    found = rules.kpis(recs, AT + timedelta(days=2))
    assert (found.issued, found.acknowledge_min) == (4, 120)
    names = ("acknowledged", "acknowledged_in_time", "accepted", "partly", "refused", "on_time", "verified", "measured", "oral_in_time")
    shares = {name: (getattr(found, name).part, getattr(found, name).whole) for name in names}
    assert shares == {
        "acknowledged": (3, 4), "acknowledged_in_time": (3, 4), "accepted": (2, 3), "partly": (0, 3), "refused": (1, 3),
        "on_time": (2, 2), "verified": (2, 2), "measured": (1, 2), "oral_in_time": (0, 0),
    }  # fmt: skip
    assert found.reasons == (("alternatif_lain", 1),)
    assert found.oral_in_time.permille is None


def test_without_letters_there_are_no_figures() -> None:
    found = rules.kpis([draft()], AT)
    assert (found.issued, found.acknowledge_min, found.accepted.permille) == (0, None, None)


# --- whatever people try -------------------------------------------------------------------------------------------------------

FULL = {
    "note": "catatan", "reason": "alasan", "reason_code": "lainnya", "number": "R-1", "action": "x", "owner": "Logistik", "due_at": DUE,
    "evidence": "foto", "question": "apa?", "answer": "itu", "verdict": "wajar", "by": "REK-09", "why": "belum", "channel": "radio",
    "heard_by": "Perwira jaga",
}  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(list(Act)), st.sampled_from(sorted(PEOPLE)), st.sampled_from(list(Outcome)), st.sampled_from("12")),
    max_size=60,
)
REFUSALS = (rules.NoStep, rules.OwnWork, rules.NotAddressed, rules.NotOurs, rules.NotAuthor, rules.NotSigner, rules.Empty)


def hold(rec: rules.Recommendation, frozen: str) -> str:
    """The invariants of the life cycle; gives the hash under which the text was frozen."""
    acts = [e.act for e in rec.events]
    if rec.oral is None:
        assert rec.author not in {rec.approver, rec.reviewer}
        assert not rec.reviewer or rec.reviewer != rec.approver
        if rec.state in rules.FROZEN:
            assert rec.approver
            assert rec.reviewers == 1 or rec.reviewer
    else:
        assert rec.oral.speaker not in {rec.oral.reviewer}
        assert not rec.oral.reviewer or rec.oral.reviewer != rec.oral.confirmer
    if rec.state in rules.FROZEN:
        frozen = frozen or rec.text.digest(rec.number)
        assert rec.digest == frozen == rec.text.digest(rec.number)
        assert rec.signer
    if rec.state is State.DITOLAK:
        assert rec.reason
        assert rec.reason_code
    if rec.ended:
        assert not rec.overdue(VOTING + timedelta(days=999))
    if rec.verifier:
        assert rec.verifier not in rec.followers
        assert PEOPLE[rec.verifier] != rec.addressee
    if rec.state is State.DITUTUP:
        assert rec.effect is not None
        assert rec.outcome in rules.SETTLED
    answers = {Act.RECEIVE, Act.ASK, Act.ACCEPT, Act.ACCEPT_PARTLY, Act.REFUSE, Act.FOLLOW, Act.CLAIM}
    assert all(e.agency == rec.addressee for e in rec.events if e.act in answers)
    assert acts.count(Act.ISSUE) <= 1
    return frozen


@given(STEPS, st.booleans())
def test_whatever_people_try_the_invariants_hold(steps: list[tuple[Act, str, Outcome, str]], oral: bool) -> None:
    rec = spoken() if oral else draft()
    frozen = hold(rec, "")
    for act, person, outcome, reviewers in steps:
        text = a_text(subject=f"Judul {len(rec.events)}")
        try:
            rec = rules.apply(rec, event(act, person, text=text, **{**FULL, "outcome": outcome.value, "reviewers": reviewers}))
        except REFUSALS:
            continue
        frozen = hold(rec, frozen)
    assert rules.replay("REK-01", rec.events, VOTING) == rec == rules.fold("REK-01", rec.events, VOTING)


@given(st.data(), st.booleans(), st.sampled_from("12"))
def test_any_allowed_walk_ends_or_goes_on_but_never_gets_stuck(data: st.DataObject, oral: bool, reviewers: str) -> None:
    rec = spoken() if oral else draft()
    people = {"KEJARI": ("p-citra", "p-gita", "p-tono"), "KPU": ("p-fajar",), "POLRES": ("p-hadi",)}
    for number in range(25):
        acts = rules.next_acts(rec)
        owing = rec.oral is not None and rec.oral.open
        assert bool(acts) == (not rec.ended or owing)
        assert bool(rec.awaited) == bool(acts)
        assert {a.act for a in rec.awaited} <= set(acts)
        if not acts:
            break
        act = data.draw(st.sampled_from(acts))
        side = people[rules.side_of(rec, act)]
        able = [p for p in side if not rules.excluded(rec, act, p)]
        assert able, f"nobody of three may {act} in {rec.state}"
        outcome = "sesuai" if act is Act.VERIFY else "belum_sesuai"
        said = {**FULL, "outcome": outcome, "reviewers": reviewers, "due_at": rules.written(VOTING), "note": f"Langkah {number}"}
        rec = rules.apply(rec, event(act, able[0], text=a_text(), **said))


# --- until when advice can help ------------------------------------------------------------------------------------------------

GANTUNG = ("19.06.02.2001.003", "19.06.02.2001.004")
LATER_VOTE = datetime(2024, 2, 24, 0, tzinfo=UTC)
DAY_AFTER = datetime(2024, 2, 15, 3, tzinfo=UTC)
POSTPONED = rules.Horizon(rules.Until.DELAYED, LATER_VOTE, GANTUNG, "Keputusan KPU tentang pemungutan suara susulan")
COUNTING = rules.Horizon(rules.Until.COUNTED, datetime(2024, 2, 15, 5, tzinfo=UTC), (), "Jadwal penghitungan di TPS")


def late_text(horizon: rules.Horizon | None, at: datetime, due_at: datetime, **more: Any) -> rules.Text:
    return a_text(at=at, due_at=due_at, horizon=horizon, known=GANTUNG, **more)


def test_after_voting_opened_nobody_is_advised_by_default() -> None:
    with pytest.raises(rules.AfterHorizon):
        late_text(None, DAY_AFTER, DAY_AFTER + timedelta(hours=1))
    with pytest.raises(rules.AfterHorizon):
        late_text(None, VOTING - timedelta(hours=2), VOTING + timedelta(seconds=1))
    assert late_text(None, VOTING - timedelta(hours=2), VOTING).horizon is None


def test_advice_is_possible_until_the_end_of_what_was_stated_and_not_a_second_longer() -> None:
    during = VOTING + timedelta(hours=12)
    assert late_text(COUNTING, during, COUNTING.ends_at).horizon == COUNTING
    with pytest.raises(rules.AfterHorizon):
        late_text(COUNTING, during, COUNTING.ends_at + timedelta(seconds=1))
    with pytest.raises(rules.AfterHorizon):
        late_text(COUNTING, COUNTING.ends_at, COUNTING.ends_at + timedelta(hours=1))


def test_tps_that_vote_later_are_advised_in_writing_with_the_clocks_of_their_own_day() -> None:
    text = late_text(POSTPONED, DAY_AFTER, DAY_AFTER + timedelta(days=5))
    rec = rules.drafted("REK-01", event(Act.DRAFT, "p-citra", DAY_AFTER, text), VOTING)
    for act, who, said in ((Act.SUBMIT, "p-citra", {}), (Act.APPROVE, "p-gita", {}), (Act.ISSUE, "p-gita", {"number": "R-1"})):
        rec = rules.apply(rec, event(act, who, DAY_AFTER, **said))
    assert rec.state is State.TERBIT
    assert rules.days_left(rec.vote_at, DAY_AFTER) == 9
    assert rec.due_ack_at == DAY_AFTER + timedelta(hours=12)  # nine days before, not the minutes of the day itself
    rec = rules.apply(rec, event(Act.RECEIVE, "p-ani", DAY_AFTER))
    assert rec.due_at == DAY_AFTER + timedelta(hours=72)
    rec = rules.apply(rec, event(Act.ACCEPT, "p-fajar", DAY_AFTER))
    plan = {"action": "Memindahkan TPS", "owner": "Subbag teknis"}
    with pytest.raises(rules.AfterHorizon):
        rules.apply(rec, event(Act.FOLLOW, "p-ani", DAY_AFTER, due_at=rules.written(LATER_VOTE + timedelta(seconds=1)), **plan))
    assert rules.apply(rec, event(Act.FOLLOW, "p-ani", DAY_AFTER, due_at=rules.written(LATER_VOTE), **plan)).state is State.TINDAK_LANJUT


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"basis": "  "}, rules.HorizonBasis),
        ({"kind": rules.Until.OPENS}, rules.HorizonBasis),
        ({"places": ()}, rules.HorizonPlaces),
        ({"places": ("19.06.99.2001.001",)}, rules.HorizonPlaces),
        ({"ends_at": VOTING}, rules.HorizonMoment),
        ({"ends_at": VOTING + timedelta(hours=5)}, rules.HorizonMoment),  # the same day is no later day
        ({"ends_at": VOTING + timedelta(days=91)}, rules.HorizonMoment),
        ({"kind": rules.Until.COUNTED, "ends_at": VOTING + timedelta(days=3, seconds=1)}, rules.HorizonMoment),
    ],
)
def test_a_later_day_is_stated_with_its_tps_its_date_and_its_basis(change: dict[str, Any], why: type[rules.BadHorizon]) -> None:
    with pytest.raises(why):
        rules.check_horizon(replace(POSTPONED, **change), VOTING, GANTUNG)
    assert rules.check_horizon(POSTPONED, VOTING, GANTUNG) == POSTPONED


def test_a_draft_whose_moment_has_passed_is_not_issued_but_goes_back() -> None:
    rec = after(SUBMIT, APPROVE)
    with pytest.raises(rules.AfterHorizon):
        rules.apply(rec, event(Act.ISSUE, "p-gita", VOTING, number="R-1"))
    assert rules.apply(rec, event(Act.ISSUE, "p-gita", VOTING - timedelta(seconds=1), number="R-1")).state is State.TERBIT
    assert rules.apply(rec, event(Act.RETURN, "p-gita", VOTING, note="Terlambat")).state is State.DIKEMBALIKAN


def test_advice_is_spoken_on_the_eve_of_a_later_vote_and_while_counting_goes_on() -> None:
    assert not rules.may_speak(VOTING, DAY_AFTER)
    assert rules.may_speak(VOTING, DAY_AFTER, COUNTING)
    assert not rules.may_speak(VOTING, COUNTING.ends_at + timedelta(seconds=1), COUNTING)
    assert not rules.may_speak(VOTING, DAY_AFTER, POSTPONED)
    assert rules.may_speak(VOTING, LATER_VOTE - timedelta(days=1), POSTPONED)


def test_the_moment_is_hashed_where_it_was_stated() -> None:
    plain = late_text(None, AT, AT + timedelta(days=9))
    assert plain.digest() == a_text().digest()
    assert late_text(COUNTING, AT, AT + timedelta(days=9)).digest() != plain.digest()
    assert replace(plain, pledges=("JNJ-0001",)).digest() != plain.digest()


# --- speaking about a letter ---------------------------------------------------------------------------------------------------

CALL = event(Act.REMIND, "p-gita", AT + timedelta(hours=30), channel="telepon", heard_by="Ketua KPU", note="Surat sudah sampai?")


def test_a_reminder_belongs_to_its_letter_and_changes_no_state_and_no_clock() -> None:
    before = after(*ISSUED)
    rec = rules.apply(before, CALL)
    assert (rec.state, rec.due_at, rec.digest, rec.reminders) == (before.state, before.due_at, before.digest, (CALL,))
    assert rec.oral is None
    assert [s.facts["reminders"] for s in rules.signals_of(rec, {}, VOTING, LIMITS)] == [1]


def test_calls_whose_words_were_erased_stay_two_calls() -> None:
    second = replace(CALL, at=CALL.at + timedelta(minutes=3), said={**CALL.said, "note": "Sekretaris menelepon kembali"})
    told = [draft().events[0], *ISSUED, CALL, second]
    gone = [replace(e, said={**e.said, "heard_by": "[dihapus]", "note": "[dihapus]"}) if e.act is Act.REMIND else e for e in told]
    for events in (told, gone):
        rec = rules.fold("REK-01", events, VOTING)
        assert (len(rec.reminders), rec.odd) == (2, ())


@pytest.mark.parametrize("heard_by", ["Pak Budi", "Ketua KPU, Ibu Sari", "Andi, S.H"])
def test_who_heard_it_is_an_office_and_no_name(heard_by: str) -> None:
    with pytest.raises(rules.NamesPerson):
        rules.check_heard(heard_by)
    rules.check_heard("Ketua KPU; Bapak Kepala Dinas")


@pytest.mark.parametrize("code", ["19.06", "19.06.02", "19.06.02.2001", "19.06:G01"])
def test_a_vote_on_another_day_is_of_tps_and_of_nothing_wider(code: str) -> None:
    known = (*GANTUNG, code)
    with pytest.raises(rules.HorizonPlaces):
        rules.check_horizon(replace(POSTPONED, places=(GANTUNG[0], code)), VOTING, known)
    assert rules.check_horizon(replace(COUNTING, places=(code,)), VOTING, known).places == (code,)


def test_only_open_letters_are_spoken_about_and_the_same_words_once() -> None:
    for ended in (draft(), after(SUBMIT, APPROVE), after(*ISSUED, RECEIVE, REFUSE)):
        with pytest.raises(rules.NoStep):
            rules.apply(ended, CALL)
    rec = after(*ISSUED, CALL)
    with pytest.raises(rules.SaidJustNow):
        rules.apply(rec, replace(CALL, at=CALL.at + timedelta(minutes=4)))
    assert len(rules.apply(rec, replace(CALL, at=CALL.at + timedelta(minutes=5))).reminders) == 2
    with pytest.raises(rules.Empty):
        rules.apply(rec, event(Act.REMIND, "p-gita", VOTING, channel="merpati", heard_by="Ketua KPU"))
    with pytest.raises(rules.NotOurs):
        rules.apply(rec, event(Act.REMIND, "p-ani", VOTING, channel="telepon", heard_by="Ketua KPU"))


# --- who reads what was said ---------------------------------------------------------------------------------------------------


def test_what_the_post_says_to_itself_is_not_read_by_the_addressee() -> None:
    back = event(Act.RETURN, "p-gita", note="Kurang jelas")
    rec = after(SUBMIT, back, SUBMIT, APPROVE, ISSUE, RECEIVE, event(Act.ASK, "p-fajar", AT + timedelta(hours=3), question="Atap mana?"))
    assert [e.act for e in rec.events if rules.readable(rec, e, "KPU")] == [Act.ISSUE, Act.RECEIVE, Act.ASK]
    for agency in ("KEJARI", "BAWASLU"):
        assert all(rules.readable(rec, e, agency) for e in rec.events)
    assert not any(rules.readable(rec, e, "POLRES") for e in rec.events)
    assert not any(rules.readable(draft(), e, "KPU") for e in draft().events)


@pytest.mark.parametrize(
    ("codes", "area"),
    [
        (("19.06.02.2001.003", "19.06.02.2001.004"), "19.06.02.2001"),
        (("19.06.02.2001.003", "19.06.02.2004.001"), "19.06.02"),
        (("19.06.02.2001.003", "19.06.03.2001.001"), "19.06"),
        (("19.06:G01",), "19.06"),
        (("19.07.01.2001",), "19.06"),
        ((), "19.06"),
    ],
)
def test_a_recommendation_belongs_to_the_narrowest_area_with_all_its_causes(codes: tuple[str, ...], area: str) -> None:
    assert rules.area(codes, "19.06") == area


# --- the drop of risk ----------------------------------------------------------------------------------------------------------


def closed(code: str, *items: str, start: datetime = AT) -> rules.Recommendation:
    rec = after(*DONE, UNMEASURED, event(Act.CLOSE, "p-gita", start + timedelta(days=6)))
    return replace(rec, code=code, text=replace(rec.text, aght=items), issued_at=start)


def risk(expected: int, low: int, high: int, day: int) -> rules.Risk:
    return rules.Risk(expected, low, high, AT + timedelta(days=day))


def test_the_drop_of_risk_is_what_the_items_were_at_issue_and_are_at_closing() -> None:
    rec = closed("REK-01", "AGHT-01")
    end = rules.closed_at(rec)
    assert end == AT + timedelta(days=6)
    risks = {("AGHT-01", AT): risk(264, 0, 500, -1), ("AGHT-01", end): risk(12, 0, 40, 5)}
    (found,) = rules.drops([rec], risks)
    assert (found.expected, found.low, found.high, found.why) == (252, -40, 500, None)


def test_what_was_not_measured_is_said_and_never_counted_as_nothing() -> None:
    still, none = closed("REK-01", "AGHT-01"), closed("REK-02")
    end = AT + timedelta(days=6)
    risks = {("AGHT-01", AT): risk(264, 0, 500, -1), ("AGHT-01", end): risk(264, 0, 500, -1)}
    refused = replace(after(*ISSUED, RECEIVE, REFUSE), code="REK-03")
    recs = [still, none, refused, replace(after(*ISSUED), code="REK-04"), draft()]
    found = rules.drops(recs, risks)
    assert [(d.code, d.why) for d in found] == [
        ("REK-01", rules.NoDrop.NOT_LOOKED), ("REK-02", rules.NoDrop.NO_ITEM), ("REK-03", rules.NoDrop.NOT_DONE),
        ("REK-04", rules.NoDrop.OPEN),
    ]  # fmt: skip
    assert rules.whole_drop(recs, found, risks) is None


def test_an_item_of_two_letters_counts_once_in_the_sum() -> None:
    one, two = closed("REK-01", "AGHT-01"), closed("REK-02", "AGHT-01", start=AT + timedelta(days=2))
    ends = (AT + timedelta(days=6), AT + timedelta(days=8))
    risks = {
        ("AGHT-01", AT): risk(300, 10, 500, -1), ("AGHT-01", ends[0]): risk(100, 5, 200, 5),
        ("AGHT-01", AT + timedelta(days=2)): risk(290, 10, 500, 1), ("AGHT-01", ends[1]): risk(20, 0, 50, 7),
    }  # fmt: skip
    recs = [one, two]
    found = rules.drops(recs, risks)
    assert [d.expected for d in found] == [200, 270]
    whole = rules.whole_drop(recs, found, risks)
    assert whole is not None
    assert (whole.items, whole.expected, whole.low, whole.high) == (("AGHT-01",), 280, -40, 500)


def test_what_had_to_be_said_again_is_counted_of_the_issued() -> None:
    first = replace(after(*ISSUED, RECEIVE, REFUSE), code="REK-01")
    again = replace(after(*ISSUED), code="REK-02", issued_at=AT + timedelta(days=3))
    other = replace(again, code="REK-03", text=a_text(remedy="x:Y", slots=replace(SLOTS, saran="Menyarankan agar KPU menambah palet")))
    newer = replace(
        other, code="REK-04", text=a_text(supersedes="REK-03", slots=replace(SLOTS, saran="Menyarankan agar KPU membeli terpal"))
    )
    assert rules.kpis([first, other], VOTING).repeated == rules.Share(0, 2)
    assert rules.kpis([first, again, other, newer, draft()], VOTING).repeated == rules.Share(2, 4)
    assert rules.kpis([after(*ISSUED, CALL), first], VOTING).reminded == rules.Share(1, 2)


# --- pledges -------------------------------------------------------------------------------------------------------------------


def pledge(**more: Any) -> pledges.Pledge:
    said: dict[str, Any] = {
        "code": "JNJ-0001", "owner": "PEMDA", "kind": pledges.Kind.GENSET, "asset": "GENSET-1", "count": 1, "places": ("19.06.03",),
        "from_at": AT, "until_at": VOTING,
    }  # fmt: skip
    return pledges.Pledge(**{**said, **more})


def gone(at: datetime) -> tuple[pledges.Step, ...]:
    return (pledges.Step(pledges.Act.WITHDRAW, pledges.State.WITHDRAWN, at, "p-indra", "PEMDA", "rusak"),)


def test_a_letter_leans_only_on_what_stands_and_is_its_addressees() -> None:
    text = a_text(pledges=("JNJ-0001",), addressee="PEMDA", slots=replace(SLOTS, saran="Menyarankan agar Pemda meminjamkan genset"))
    rules.check_pledges(text, [pledge()], AT)
    rules.check_pledges(replace(text, addressee="KPU"), [pledge()], AT)
    for known, at in (([], AT), ([pledge(steps=gone(AT))], AT), ([pledge(owner="POLRES")], AT), ([pledge()], VOTING)):
        with pytest.raises(rules.BadPledge):
            rules.check_pledges(text, known, at)


def test_a_withdrawn_pledge_is_lost_to_an_open_letter_until_somebody_spoke_about_it() -> None:
    text = replace(a_text(), pledges=("JNJ-0001",))
    rec = replace(after(*ISSUED), text=text)
    assert rules.lost(rec, [pledge()]) == []
    taken = pledge(steps=gone(AT + timedelta(hours=1)))
    assert rules.lost(rec, [taken]) == [taken]
    assert rules.lost(rules.apply(rec, CALL), [taken]) == []
    assert rules.lost(replace(after(*ISSUED, RECEIVE, REFUSE), text=text), [taken]) == []
    assert rules.lost(replace(after(*DONE), text=text), [taken]) == []
