"""Rakor: the same numbers hash the same everywhere, a changed number is seen, and a withheld section changes no hash."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import rakor

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
words = st.text('aß–é "1', max_size=6)
scalars = st.one_of(words, st.integers(-(10**9), 10**9))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12
)
sections = st.dictionaries(st.sampled_from(["figures", "aght", "agenda", "plan", "journal"]), values, max_size=5)


def figure(code: str, numerator: int, denominator: int) -> rakor.Value:
    return {"code": code, "label": code.title(), "numerator": numerator, "denominator": denominator}


def a_meeting(**attended: bool) -> rakor.Meeting:
    agencies = tuple(rakor.Attendance(name, there) for name, there in (attended or {"KPU": True, "PEMDA": True, "BAWASLU": False}).items())
    return rakor.Meeting("RKR-001", "Rakor kesiapan", "Hotel Guest, Manggar", AT, agencies)


@given(sections)
def test_a_snapshot_file_recomputes_to_its_own_hash(content: dict[str, rakor.Value]) -> None:
    data = rakor.freeze(content)
    assert rakor.recompute(data) == rakor.digest(content)
    assert rakor.freeze(json.loads(data)["sections"]) == data


@given(sections, st.sets(st.sampled_from(["figures", "aght", "agenda"])))
def test_withholding_sections_keeps_the_hash(content: dict[str, rakor.Value], hidden: set[str]) -> None:
    copy = rakor.copy_for(content, hidden)
    assert rakor.recompute(copy) == rakor.digest(content)
    assert not set(json.loads(copy)["sections"]) & hidden


def test_the_order_in_which_a_table_was_filled_does_not_matter_but_every_number_does() -> None:
    one, two = {"a": 1, "b": "ß–é"}, {"b": "ß–é", "a": 1}
    assert rakor.canonical(one) == rakor.canonical(two) == '{"a":1,"b":"ß–é"}'.encode()
    assert rakor.digest({"figures": one}) != rakor.digest({"figures": {**one, "a": 2}})


@pytest.mark.parametrize("value", [1.5, True, None, {"a": {1: "x"}}, ["a", 0.1], AT])
def test_what_would_not_hash_the_same_everywhere_is_refused(value: object) -> None:
    with pytest.raises(rakor.NotCanonical):
        rakor.canonical(value)  # type: ignore[arg-type]


def test_a_snapshot_with_one_altered_digit_cannot_be_built() -> None:
    data = rakor.freeze({"figures": [figure("ready", 0, 363)]})
    rakor.Snapshot("SNP-001", "RKR-001", AT, data, rakor.recompute(data))
    with pytest.raises(rakor.Changed):
        rakor.Snapshot("SNP-001", "RKR-001", AT, data.replace(b"363", b"364"), rakor.recompute(data))


def test_the_next_snapshot_shows_what_changed_and_only_that() -> None:
    before = {"figures": [figure("ready", 0, 363), figure("boxes", 1262, 1829), figure("gone", 3, 4)]}
    after = {"figures": [figure("ready", 0, 363), figure("boxes", 1829, 1829), figure("new", 5, 5)]}
    found = rakor.differences(before, after)
    assert [(d.code, d.before, d.after, d.change) for d in found] == [("boxes", 1262, 1829, 567), ("new", -1, 5, 5), ("gone", 3, -1, -3)]
    assert rakor.differences(after, after) == ()


def test_pemda_gets_the_pack_without_the_aght_register_and_who_was_not_there_gets_none() -> None:
    assert rakor.withheld_from("PEMDA", {"aght": {"rows": []}}) == ("aght",)
    assert rakor.withheld_from("POLRES", {"aght": {"rows": []}}) == ()
    meeting = a_meeting(KPU=True, PEMDA=True, POLRES=False)
    assert rakor.may_read("PEMDA", meeting)
    assert not rakor.may_read("POLRES", meeting)
    assert rakor.may_read("BAWASLU", meeting)


def test_a_decision_has_words_an_owner_at_the_table_frozen_numbers_and_a_day_to_come() -> None:
    meeting, day = a_meeting(), AT + timedelta(days=3)
    rakor.check_decision(meeting, "Pinjamkan 40 palet", "PEMDA", day, "SNP-001", AT)
    with pytest.raises(rakor.Untitled):
        rakor.check_decision(meeting, " ", "PEMDA", day, "SNP-001", AT)
    with pytest.raises(rakor.NotInvited):
        rakor.check_decision(meeting, "Pinjamkan", "POLRES", day, "SNP-001", AT)
    with pytest.raises(rakor.NothingFrozen):
        rakor.check_decision(meeting, "Pinjamkan", "PEMDA", day, "", AT)
    with pytest.raises(rakor.DeadlinePast):
        rakor.check_decision(meeting, "Pinjamkan", "PEMDA", AT, "SNP-001", AT)
    with pytest.raises(rakor.NoAgency):
        rakor.check_decision(meeting, "Pinjamkan", "", day, "SNP-001", AT)


def test_the_agenda_puts_overdue_matters_first_then_what_is_due_soon() -> None:
    matters = [
        rakor.Matter("aght", "A-1", "Gelombang", "tinggi", None, 9),
        rakor.Matter("deadline", "T-1", "Tahap I lengkap", "", AT + timedelta(days=5)),
        rakor.Matter("recommendation", "R-2", "Klaim", "", AT - timedelta(days=1)),
        rakor.Matter("decision", "P-1", "Palet", "", AT - timedelta(days=4)),
        rakor.Matter("deadline", "T-9", "Hari H", "", AT + timedelta(days=71)),
        rakor.Matter("shortage", "S-1", "Kotak kurang", "", None, 20),
    ]
    assert [m.code for m in rakor.agenda(matters, AT)] == ["P-1", "R-2", "T-1", "S-1", "A-1", "T-9"]
    assert len(rakor.agenda(matters, AT, most=2)) == 2


# --- agenda, letter, answers -----------------------------------------------------------------------------------------------


def matter(kind: str, code: str, **said: object) -> rakor.Matter:
    return rakor.Matter(kind, code, f"{kind} {code}", "", **said)  # type: ignore[arg-type]


def test_an_agenda_keeps_peoples_order_adds_what_is_new_and_forgets_what_is_settled() -> None:
    late, gone, new = matter("decision", "P-1"), matter("recommendation", "R-1"), matter("request", "M-1")
    kept = rakor.add_item(rakor.Agenda((gone, late)), "Gudang")
    after = rakor.merged(kept, [late, new])
    assert [m.key for m in after.items] == ["decision:P-1", "person:1", "request:M-1"]
    assert rakor.merged(after, [late, new]) == after, "looking twice changes nothing"


def test_a_dropped_item_stays_away_with_its_reason_until_somebody_restores_it() -> None:
    late = matter("decision", "P-1")
    dropped = rakor.drop_item(rakor.Agenda((late,)), late.key, "dibahas Senin")
    assert rakor.merged(dropped, [late]).items == ()
    assert dropped.dropped[0].reason == "dibahas Senin"
    assert rakor.restore_item(dropped, late.key).items == (late,)
    with pytest.raises(rakor.NoReason):
        rakor.drop_item(rakor.Agenda((late,)), late.key, " ")
    with pytest.raises(rakor.NoItem):
        rakor.restore_item(rakor.Agenda((late,)), late.key)


def test_what_comes_by_rule_is_limited_and_what_a_person_adds_is_not_lost_by_it() -> None:
    offered = [matter("deadline", f"T-{n:02}") for n in range(30)]
    now = rakor.merged(rakor.add_item(rakor.Agenda(), "Gudang"), offered)
    assert len(now.items) == rakor.MOST_DERIVED + 1
    assert now.items[0].key == "person:1"
    full = rakor.Agenda(tuple(matter("deadline", f"T-{n:02}") for n in range(rakor.MOST_ITEMS)))
    with pytest.raises(rakor.NoAgenda):
        rakor.add_item(full, "satu lagi")


def test_an_added_item_never_takes_the_name_of_one_that_was_dropped() -> None:
    now = rakor.add_item(rakor.Agenda(), "Gudang")
    now = rakor.add_item(rakor.drop_item(now, "person:1", "tidak jadi"), "Kapal")
    assert [m.key for m in now.items] == ["person:2"]


@given(st.integers(0, 4), st.integers(-9, 9))
def test_moving_an_item_loses_none_and_stops_at_the_ends(which: int, by: int) -> None:
    now = rakor.Agenda(tuple(matter("deadline", f"T-{n}") for n in range(5)))
    moved = rakor.move_item(now, f"deadline:T-{which}", by)
    assert sorted(m.code for m in moved.items) == [f"T-{n}" for n in range(5)]
    assert [m.code for m in moved.items].index(f"T-{which}") == min(4, max(0, which + by))
    assert (rakor.agenda_digest(moved) == rakor.agenda_digest(now)) is (moved.items == now.items)


def letter(meeting: rakor.Meeting, sent_at: datetime, number: str = "1/A") -> rakor.Invitation:
    content = rakor.invitation_content(meeting, [matter("person", "1")], number, "penting", "", "Pemilu", "KPU", "", sent_at)
    return rakor.Invitation(meeting.code, 1, meeting.version, content, hashlib.sha256(content).hexdigest(), sent_at)


def reply(
    agency: str = "PEMDA", answer: rakor.Answer = rakor.Answer.YES, people: int = 2, office: str = "", version: int = 1
) -> rakor.Reply:
    return rakor.Reply(agency, answer, people, office, version, AT)


def test_an_agency_answers_a_letter_that_was_sent_to_it_for_the_meeting_as_it_stands_until_it_begins() -> None:
    meeting, before = a_meeting(), AT - timedelta(days=1)
    sent = letter(meeting, AT - timedelta(days=3))
    rakor.check_reply(meeting, reply(), sent, before)
    rakor.check_reply(meeting, reply(answer=rakor.Answer.NO, people=0), sent, before)
    for said, refusal in (
        (reply("POLRES"), rakor.NotInvited),
        (reply(version=2), rakor.SeenOlder),
        (reply(people=0), rakor.BadCount),
        (reply(people=rakor.MOST_PEOPLE + 1), rakor.BadCount),
        (reply(answer=rakor.Answer.NO, people=1), rakor.BadCount),
        (reply(answer=rakor.Answer.DELEGATED), rakor.NotAnOffice),
        (reply(office="Pak Budi"), rakor.NotAnOffice),
    ):
        with pytest.raises(refusal):
            rakor.check_reply(meeting, said, sent, before)
    with pytest.raises(rakor.NotSent):
        rakor.check_reply(meeting, reply(), None, before)
    with pytest.raises(rakor.Began):
        rakor.check_reply(meeting, reply(), sent, AT)


def test_an_answer_is_asked_for_two_days_ahead_or_at_half_of_a_shorter_time() -> None:
    meeting = a_meeting()
    assert rakor.reply_by(meeting, AT - timedelta(days=10)) == AT - timedelta(days=2)
    assert rakor.reply_by(meeting, AT - timedelta(days=4)) == AT - timedelta(days=2)
    assert rakor.reply_by(meeting, AT - timedelta(days=1)) == AT - timedelta(hours=12)


def test_a_letter_that_says_the_same_is_the_same_letter_and_an_altered_one_cannot_be_built() -> None:
    meeting = a_meeting()
    one, other = letter(meeting, AT - timedelta(days=3)), letter(meeting, AT - timedelta(days=2))
    assert rakor.same_letter(one.content, other.content)
    assert not rakor.same_letter(one.content, letter(meeting, AT, "2/A").content)
    with pytest.raises(rakor.Changed):
        rakor.Invitation("RKR-001", 1, 1, one.content.replace(b"1/A", b"2/A"), one.digest, AT)


def test_a_meeting_moves_with_a_reason_before_it_begins_and_not_after_it_was_called_off() -> None:
    meeting, before, later = a_meeting(), AT - timedelta(hours=1), AT + timedelta(days=1)
    rakor.check_change(meeting, "Aula", later, 120, "aula dipakai", before)
    for place, starts_at, minutes, reason, at, refusal in (
        ("Aula", later, 120, " ", before, rakor.NoReason),
        (" ", later, 120, "x", before, rakor.Untitled),
        ("Aula", before, 120, "x", before, rakor.DeadlinePast),
        ("Aula", later, 14, "x", before, rakor.BadCount),
        (meeting.place, AT, 120, "x", before, rakor.NothingChanged),
        ("Aula", later, 120, "x", AT, rakor.Began),
    ):
        with pytest.raises(refusal):
            rakor.check_change(meeting, place, starts_at, minutes, reason, at)
    off = rakor.Meeting("RKR-001", "Rakor", "Aula", AT, meeting.agencies, cancelled=True)
    with pytest.raises(rakor.Cancelled):
        rakor.check_change(off, "Hotel", later, 120, "x", before)
    with pytest.raises(rakor.Cancelled):
        rakor.check_arrival(off, rakor.Attendance("KPU", True), AT)


def test_an_arrival_is_on_the_day_not_in_the_future_once_and_names_an_office() -> None:
    meeting = a_meeting()
    rakor.check_arrival(meeting, rakor.Attendance("BAWASLU", True, "", AT, "Ketua Bawaslu", 2), AT)
    for there, refusal in (
        (rakor.Attendance("KPU", True), rakor.AlreadyThere),
        (rakor.Attendance("BAWASLU", True, "", AT + timedelta(minutes=1)), rakor.WrongArrival),
        (rakor.Attendance("BAWASLU", True, "", AT - timedelta(hours=13)), rakor.WrongArrival),
        (rakor.Attendance("BAWASLU", True, "", AT, "Ibu Juwita"), rakor.NotAnOffice),
        (rakor.Attendance("BAWASLU", True, "", AT, "", -1), rakor.BadCount),
    ):
        with pytest.raises(refusal):
            rakor.check_arrival(meeting, there, AT)


# --- what becomes of a decision --------------------------------------------------------------------------------------------

Act = rakor.Act
DUE = AT + timedelta(days=7)
DECIDED = rakor.Decision("KPT-001", "RKR-001", "Pinjamkan 40 palet", "PEMDA", DUE, AT, "SNP-001")


def happened(*steps: rakor.Step) -> rakor.Decision:
    """A decision after steps, each checked before it is taken."""
    now = DECIDED
    for n, step in enumerate(steps):
        rakor.check_step(now, step)
        now = rakor.fold(DECIDED, steps[: n + 1])
    return now


def step(act: rakor.Act, agency: str = "PEMDA", text: str = "x", hours: int = 1, due_at: datetime | None = None) -> rakor.Step:
    return rakor.Step(act, agency, AT + timedelta(hours=hours), text, due_at)


def test_a_later_day_is_asked_by_the_owner_and_granted_by_another_chair() -> None:
    later = DUE + timedelta(days=3)
    asked = happened(step(Act.ASK_LATER, due_at=later))
    assert (asked.asked_due_at, asked.due_at) == (later, DUE)
    granted = happened(step(Act.ASK_LATER, due_at=later), step(Act.GRANT, "KPU"))
    assert (granted.due_at, granted.first_due_at, granted.asked_due_at) == (later, DUE, None)
    assert not granted.overdue(later)
    assert granted.overdue(later + timedelta(seconds=1))
    denied = happened(step(Act.ASK_LATER, due_at=later), step(Act.DENY, "KEJARI"))
    assert (denied.due_at, denied.asked_due_at) == (DUE, None)


@pytest.mark.parametrize(
    ("steps", "refusal"),
    [
        ([step(Act.ASK_LATER, due_at=DUE)], rakor.DeadlinePast),
        ([step(Act.ASK_LATER, "KPU", due_at=DUE + timedelta(days=1))], rakor.NotOwner),
        ([step(Act.ASK_LATER, text=" ", due_at=DUE + timedelta(days=1))], rakor.NoReason),
        ([step(Act.ASK_LATER, due_at=DUE + timedelta(days=1))] * 2, rakor.NothingAsked),
        ([step(Act.GRANT, "KPU")], rakor.NothingAsked),
        ([step(Act.ASK_LATER, due_at=DUE + timedelta(days=1)), step(Act.GRANT, "POLRES")], rakor.NotChair),
        ([step(Act.ASK_LATER, due_at=DUE + timedelta(days=1)), step(Act.DENY, "KPU", " ")], rakor.NoReason),
        ([step(Act.VERIFY, "KPU")], rakor.NotDone),
        ([step(Act.DONE), step(Act.VERIFY)], rakor.OwnWork),
        ([step(Act.DONE), step(Act.RETURN, "KPU", "")], rakor.NoReason),
        ([step(Act.DONE), step(Act.PROGRESS)], rakor.AlreadyDone),
        ([step(Act.DONE), step(Act.VERIFY, "KPU"), step(Act.RETURN, "KPU")], rakor.Verified),
    ],
)
def test_a_step_that_may_not_follow_is_refused(steps: list[rakor.Step], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        happened(*steps)


def test_a_chair_grants_nothing_to_itself() -> None:
    own = rakor.Decision("KPT-002", "RKR-001", "Tagih", "KPU", DUE, AT, "SNP-001", asked_due_at=DUE + timedelta(days=1))
    with pytest.raises(rakor.OwnWork):
        rakor.check_step(own, step(Act.GRANT, "KPU"))
    rakor.check_step(own, step(Act.GRANT, "KEJARI"))


def test_what_was_returned_is_open_again_and_what_was_verified_is_closed() -> None:
    returned = happened(step(Act.DONE), step(Act.RETURN, "KPU"))
    assert returned.state(AT) == "open"
    assert returned.state(DUE + timedelta(seconds=1)) == "overdue"
    closed = happened(step(Act.DONE), step(Act.RETURN, "KPU"), step(Act.DONE, text="lagi"), step(Act.VERIFY, "KEJARI"))
    assert (closed.state(AT), closed.verified_by, closed.answer) == ("verified", "KEJARI", "lagi")
    assert rakor.allowed_steps(closed, "KPU", AT) == ()


def test_the_page_offers_each_agency_only_the_steps_that_the_rules_allow() -> None:
    done = happened(step(Act.DONE))
    assert set(rakor.allowed_steps(DECIDED, "PEMDA", AT)) == {Act.PROGRESS, Act.ASK_LATER, Act.DONE}
    assert rakor.allowed_steps(DECIDED, "KPU", AT) == ()
    assert set(rakor.allowed_steps(done, "POLRES", AT)) == {Act.VERIFY, Act.RETURN}
    assert rakor.allowed_steps(done, "PEMDA", AT) == ()


def test_a_decision_is_written_anew_with_a_reason_only_where_it_changes_and_is_not_done() -> None:
    meeting = a_meeting()
    rakor.check_correction(DECIDED, meeting, "Pinjamkan 50 palet", "PEMDA", DUE, "salah ketik")
    for text, owner, due_at, reason, refusal in (
        (DECIDED.text, "PEMDA", DUE, "x", rakor.NothingChanged),
        ("Pinjamkan 50", "PEMDA", DUE, " ", rakor.NoReason),
        (" ", "PEMDA", DUE, "x", rakor.Untitled),
        ("Pinjamkan 50", "POLRES", DUE, "x", rakor.NotInvited),
        ("Pinjamkan 50", "PEMDA", AT, "x", rakor.DeadlinePast),
    ):
        with pytest.raises(refusal):
            rakor.check_correction(DECIDED, meeting, text, owner, due_at, reason)
    with pytest.raises(rakor.AlreadyDone):
        rakor.check_correction(happened(step(Act.DONE)), meeting, "Lain", "PEMDA", DUE, "x")


def test_a_pack_that_lost_words_keeps_its_digest_and_its_copy_still_gives_it() -> None:
    sections: dict[str, rakor.Value] = {"aght": {"rows": [{"title": "Jalan Pak Budi"}]}, "figures": [1, 2]}
    content, digest = rakor.freeze(sections), rakor.digest(sections)
    left = rakor.without(content, ["Jalan Pak Budi"], "[dihapus, HPS-001]")
    assert b"Budi" not in left
    found = rakor.Snapshot("PKT-1", "RKR-1", AT, left, digest)
    assert set(found.erased) == {"aght"}
    assert found.sections["figures"] == [1, 2]
    again = rakor.without(left, ["dihapus, HPS-001"], "[dihapus, HPS-002]")
    assert rakor.Snapshot("PKT-1", "RKR-1", AT, again, digest).erased == found.erased, "the first hash stays"
    copy = rakor.copy_for(found.sections, [], erased=found.erased)
    assert b"HPS-001" not in copy
    assert rakor.recompute(copy) == digest
    assert rakor.without(content, ["tidak ada di sini"], "x") == content
    with pytest.raises(rakor.Changed):
        rakor.Snapshot("PKT-1", "RKR-1", AT, left.replace(b"[1,2]", b"[1,3]"), digest)
