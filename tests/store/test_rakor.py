"""Rakor in the store: a snapshot never changes, a decision waits for its owner, and only the owner reports it done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import evidence as evidence_rules
from posko.domain import rakor as rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.store import access, evidence, rakor, record

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
E = "pemilu-2024"


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A meeting over one figure that grows by the hour, without the stages before it."""

    def collect(_election: str, _meeting: str, at: datetime) -> dict[str, rules.Value]:
        hours = int((at - AT).total_seconds() // 3600)
        size, root = record.root()
        figure: rules.Value = {"code": "ready", "label": "TPS siap", "numerator": hours, "denominator": 363}
        return {"figures": [figure], "journal": {"size": size, "root": root}}

    def matters(_election: str, _meeting: str, at: datetime) -> list[rules.Matter]:
        late = [rules.Matter("deadline", "T-1", "Tahap I lengkap", "tenggat", AT + timedelta(days=5))]
        return late + ([rules.Matter("shortage", "KOTAK~~", "Kotak suara", "kurang", None, 7)] if at >= AT - timedelta(days=1) else [])

    monkeypatch.setattr(rakor, "collect", collect)
    monkeypatch.setattr(rakor, "_matters", matters)
    rakor.call_meeting(E, "Rakor", "Manggar", AT, ("KPU", "PEMDA", "POLRES", "BAWASLU"), installation.actors["ani"], AT)
    return installation.actors


def test_what_was_frozen_stays_and_its_hash_is_in_the_journal(scene: Any) -> None:
    first = rakor.freeze(E, "RKR-001", scene["ani"], AT)
    second = rakor.freeze(E, "RKR-001", scene["ani"], AT + timedelta(hours=2))
    assert rakor.snapshot(E, first.code, AT + timedelta(days=9)).content == first.content
    assert rakor.latest(E, AT + timedelta(hours=1)) == first
    assert rakor.latest(E, AT + timedelta(hours=2)) == second
    assert [d.change for d in rules.differences(first.sections, second.sections)] == [2]
    opening = record.Opening.objects.get(entry_id=first.entry_id)
    assert first.digest.encode() in bytes(opening.facts)
    assert first.digest == rules.recompute(first.content)


def test_a_row_altered_behind_our_back_is_an_error_and_not_a_page(scene: Any) -> None:
    frozen = rakor.freeze(E, "RKR-001", scene["ani"], AT)
    rakor.Snapshot.objects.filter(code=frozen.code).update(content=frozen.content.replace(b"363", b"362"))
    with pytest.raises(rules.Changed):
        rakor.snapshot(E, frozen.code, AT)


def test_a_decision_waits_in_the_inbox_of_its_owner_until_the_owner_reports_it(scene: Any, cast: Any) -> None:
    due_at = AT + timedelta(days=7)
    with pytest.raises(rules.NothingFrozen):
        rakor.decide(E, "RKR-001", "Pinjamkan 40 palet", "PEMDA", due_at, scene["ani"], AT)
    rakor.freeze(E, "RKR-001", scene["ani"], AT)
    made = rakor.decide(E, "RKR-001", "Pinjamkan 40 palet", "PEMDA", due_at, scene["ani"], AT)
    assert [t.due_at for t in rakor.waiting(cast["indra"], E, AT)] == [due_at]
    assert rakor.waiting(cast["hadi"], E, AT) == []
    with pytest.raises(rules.NotOwner):
        rakor.take_step(E, made.code, rules.Act.DONE, "sudah", scene["ani"], AT)
    rakor.take_step(E, made.code, rules.Act.DONE, "40 palet diantar", scene["indra"], AT + timedelta(days=1))
    assert rakor.waiting(cast["indra"], E, AT + timedelta(days=1)) == []
    assert [t.subject for t in rakor.waiting(cast["indra"], E, AT)] == ["decision:KPT-001"], "before that day it still waited"
    with pytest.raises(rules.AlreadyDone):
        rakor.take_step(E, made.code, rules.Act.DONE, "lagi", scene["indra"], AT + timedelta(days=2))


def test_attendance_is_noted_once_and_opens_the_pack(scene: Any) -> None:
    rakor.attend(E, "RKR-001", ("KPU", "PEMDA", "KPU"), scene["ani"], AT)
    rakor.attend(E, "RKR-001", ("PEMDA",), scene["ani"], AT)
    meeting = rakor.meeting(E, "RKR-001", AT)
    assert meeting.attended == {"KPU", "PEMDA"}
    assert rules.may_read("PEMDA", meeting)
    assert not rules.may_read("POLRES", meeting)


# --- before the meeting ------------------------------------------------------------------------------------------------------

BEFORE = AT - timedelta(days=4)


@pytest.fixture
def called(scene: Any) -> Any:
    """A second meeting, called four days ahead: RKR-002."""
    rakor.call_meeting(E, "Rakor sortir", "Aula KPU", AT, ("KPU", "PEMDA", "POLRES"), scene["ani"], BEFORE)
    return scene


def send(who: Any, at: datetime, number: str = "512/PP.09/1906/2023") -> rules.Invitation:
    seen = rules.invitation_seen(rakor.meeting(E, "RKR-002", at), rakor.agenda(E, "RKR-002", at))
    return rakor.send_invitation(E, "RKR-002", number, "penting", seen, who, at)


def kinds(person: Any, at: datetime) -> list[str]:
    return [t.kind for t in rakor.waiting(person, E, at) if "RKR-002" in t.args]


def test_an_agenda_follows_the_record_until_the_meeting_begins_and_nobody_changes_what_he_did_not_see(called: Any) -> None:
    ani = called["ani"]
    first = rakor.agenda(E, "RKR-002", BEFORE)
    assert [m.key for m in first.items] == ["deadline:T-1"]
    after = rakor.add_item(E, "RKR-002", "Atap gudang", "bocor", rules.agenda_digest(first), ani, BEFORE)
    with pytest.raises(rules.SeenOlder):
        rakor.add_item(E, "RKR-002", "Kapal", "", rules.agenda_digest(first), ani, BEFORE)
    rakor.drop_item(E, "RKR-002", "deadline:T-1", "dibahas Senin", rules.agenda_digest(after), ani, BEFORE)
    assert [m.key for m in rakor.agenda(E, "RKR-002", BEFORE).items] == ["person:1"]
    assert [m.key for m in rakor.agenda(E, "RKR-002", AT - timedelta(hours=1)).items] == ["person:1", "shortage:KOTAK~~"]
    assert [m.key for m in rakor.agenda(E, "RKR-002", AT + timedelta(hours=1)).items] == ["person:1"], "what was kept is on the table"


def test_words_of_the_agenda_stand_where_they_can_be_erased_and_pass_the_neutral_guard(called: Any) -> None:
    seen = rules.agenda_digest(rakor.agenda(E, "RKR-002", BEFORE))
    with pytest.raises(report_rules.Guarded):
        rakor.add_item(E, "RKR-002", "Massa partai", "", seen, called["ani"], BEFORE)
    rakor.add_item(E, "RKR-002", "Atap gudang bocor", "", seen, called["ani"], BEFORE)
    entry = record.Entry.objects.filter(kind="rakor.agenda_set").latest("leaf_index")
    opening = record.Opening.objects.get(entry_id=entry.entry_id)
    assert b"Atap" not in bytes(opening.facts)
    assert b"Atap gudang bocor" in bytes(opening.private)


def test_a_letter_waits_in_each_inbox_until_it_is_answered_and_the_host_answers_nobody(called: Any, cast: Any) -> None:
    assert kinds(cast["ani"], BEFORE) == ["rakor.send"]
    assert kinds(cast["indra"], BEFORE) == [], "nothing was sent yet"
    with pytest.raises(rules.NotSent):
        rakor.reply(E, "RKR-002", rules.Answer.YES, 2, "", 1, called["indra"], BEFORE)
    sent = send(called["ani"], BEFORE)
    assert rakor.invitations(E, "RKR-002", BEFORE)[0].content == sent.content
    assert [kinds(cast[w], BEFORE) for w in ("ani", "indra", "hadi", "juwita")] == [[], ["rakor.reply"], ["rakor.reply"], []]
    rakor.reply(E, "RKR-002", rules.Answer.DELEGATED, 2, "Asisten I", 1, called["indra"], BEFORE)
    assert kinds(cast["indra"], BEFORE) == []
    late = AT - timedelta(days=2)
    assert kinds(cast["ani"], late) == ["rakor.chase"]
    assert [t.label for t in rakor.waiting(cast["ani"], E, late) if t.kind == "rakor.chase"] == ["Rakor sortir: Polres belum menjawab"]
    rakor.reply(E, "RKR-002", rules.Answer.NO, 0, "", 1, called["hadi"], late)
    assert kinds(cast["ani"], late) == []
    assert kinds(cast["lutfi"], BEFORE) == [], "the warehouse has no seat at the table"


def test_a_meeting_that_moves_asks_everybody_again_and_one_called_off_tells_them(called: Any, cast: Any) -> None:
    send(called["ani"], BEFORE)
    rakor.reply(E, "RKR-002", rules.Answer.YES, 2, "", 1, called["indra"], BEFORE)
    later = AT + timedelta(days=1)
    moved = rakor.change_meeting(E, "RKR-002", "Aula Bupati", later, 90, "aula dipakai", 1, called["ani"], BEFORE)
    assert (moved.version, moved.place, moved.starts_at, moved.ends_at) == (2, "Aula Bupati", later, later + timedelta(minutes=90))
    assert kinds(cast["indra"], BEFORE) == ["rakor.moved"]
    with pytest.raises(rules.SeenOlder):
        rakor.reply(E, "RKR-002", rules.Answer.YES, 2, "", 1, called["indra"], BEFORE)
    with pytest.raises(rules.SeenOlder):
        rakor.cancel_meeting(E, "RKR-002", "hujan", 1, called["ani"], BEFORE)
    assert [m.place for m in rakor.changes(E, "RKR-002", BEFORE)] == ["Aula KPU", "Aula Bupati"]
    off = rakor.cancel_meeting(E, "RKR-002", "hujan", 2, called["ani"], BEFORE)
    assert (off.cancelled, off.version, off.reason) == (True, 3, "hujan")
    assert [kinds(cast[w], BEFORE) for w in ("indra", "hadi")] == [["rakor.cancelled"]] * 2
    rakor.acknowledge_cancelled(E, "RKR-002", called["indra"], BEFORE)
    rakor.acknowledge_cancelled(E, "RKR-002", called["indra"], BEFORE)
    assert kinds(cast["indra"], BEFORE) == []
    with pytest.raises(rules.NotInvited):
        rakor.acknowledge_cancelled(E, "RKR-002", called["juwita"], BEFORE)
    for act in (
        lambda: rakor.attend(E, "RKR-002", ("KPU",), called["ani"], later),
        lambda: rakor.freeze(E, "RKR-002", called["ani"], later),
        lambda: rakor.decide(E, "RKR-002", "x", "KPU", later + timedelta(days=1), called["ani"], later),
    ):
        with pytest.raises(rules.Cancelled):
            act()


def test_the_same_letter_is_not_sent_twice_and_not_over_a_change_that_was_not_seen(called: Any) -> None:
    seen = rules.invitation_seen(rakor.meeting(E, "RKR-002", BEFORE), rakor.agenda(E, "RKR-002", BEFORE))
    first = send(called["ani"], BEFORE)
    with pytest.raises(rules.NothingChanged):
        send(called["ani"], BEFORE + timedelta(hours=1))
    rakor.change_meeting(E, "RKR-002", "Aula Bupati", AT + timedelta(days=1), 90, "aula dipakai", 1, called["ani"], BEFORE)
    with pytest.raises(rules.SeenOlder):
        rakor.send_invitation(E, "RKR-002", "513/A", "penting", seen, called["ani"], BEFORE)
    with pytest.raises(rules.BadNumber):
        send(called["ani"], BEFORE, "nomor 5")
    second = send(called["ani"], BEFORE, "513/A")
    assert (second.version, second.meeting_version) == (2, 2)
    assert rakor.invitations(E, "RKR-002", BEFORE)[0].digest == first.digest, "the first letter stays as it was"
    rakor.RakorInvitation.objects.filter(version=1).update(content=first.content.replace(b"Aula KPU", b"Aula KPX"))
    with pytest.raises(rules.Changed):
        rakor.invitations(E, "RKR-002", BEFORE)


# --- a calendar's secret address ---------------------------------------------------------------------------------------------


def test_an_address_is_kept_as_a_hash_renewed_revoked_and_dead_with_the_account(called: Any, cast: Any) -> None:
    token = rakor.open_feed(called["indra"], BEFORE)
    assert not rakor.RakorFeed.objects.filter(token_hash=token).exists()
    assert token.encode() not in b"".join(bytes(o.facts) + bytes(o.private or b"") for o in record.Opening.objects.all())
    found = rakor.feed_person(token, BEFORE)
    assert found is not None
    assert found.id == cast["indra"].id
    assert rakor.feed_person(token[:-1], BEFORE) is None
    newer = rakor.open_feed(called["indra"], BEFORE + timedelta(hours=1))
    later = BEFORE + timedelta(hours=1)
    assert rakor.feed_person(token, later) is None
    assert rakor.feed_person(newer, later) is not None
    rakor.close_feed(called["indra"], later)
    rakor.close_feed(called["indra"], later)
    assert rakor.feed_person(newer, later) is None
    assert rakor.feed_since(cast["indra"].id, later) is None
    last = rakor.open_feed(called["indra"], later)
    access.User.objects.filter(person=cast["indra"].id).update(is_active=False)
    assert rakor.feed_person(last, later) is None


def test_a_calendar_holds_the_meetings_of_the_agency_and_of_nobody_without_a_seat(called: Any, cast: Any) -> None:
    codes = {who: [m.code for _, m in rakor.calendar(cast[who], AT)] for who in ("ani", "indra", "juwita", "citra", "budi", "dedi")}
    assert codes["ani"] == codes["citra"] == codes["juwita"] == ["RKR-002", "RKR-001"], "organiser, post and overseer see all"
    assert codes["indra"] == ["RKR-002", "RKR-001"]
    assert codes["budi"] == codes["dedi"] == []


# --- at the meeting and after it -----------------------------------------------------------------------------------------------


def test_an_arrival_noted_in_error_is_struck_with_a_reason_and_noted_anew(scene: Any) -> None:
    there = rules.Attendance("POLRES", True, "", AT - timedelta(minutes=10), "Kabag Ops", 2)
    rakor.arrive(E, "RKR-001", there, scene["ani"], AT)
    with pytest.raises(rules.AlreadyThere):
        rakor.arrive(E, "RKR-001", there, scene["ani"], AT)
    with pytest.raises(rules.NoReason):
        rakor.strike(E, "RKR-001", "POLRES", " ", scene["ani"], AT)
    rakor.strike(E, "RKR-001", "POLRES", "yang datang Pemda", scene["ani"], AT)
    assert rakor.meeting(E, "RKR-001", AT).attended == frozenset()
    with pytest.raises(rules.NotThere):
        rakor.strike(E, "RKR-001", "POLRES", "lagi", scene["ani"], AT)
    rakor.arrive(E, "RKR-001", there, scene["ani"], AT)
    found = next(a for a in rakor.meeting(E, "RKR-001", AT).agencies if a.agency == "POLRES")
    assert (found.office, found.people, found.arrived_at) == ("Kabag Ops", 2, AT - timedelta(minutes=10))
    assert rakor.meeting(E, "RKR-001", AT).present == (1, 4)


@pytest.fixture
def decided(scene: Any) -> Any:
    """Pemda lends 40 pallets within a week: KPT-001."""
    rakor.freeze(E, "RKR-001", scene["ani"], AT)
    rakor.decide(E, "RKR-001", "Pinjamkan 40 palet", "PEMDA", AT + timedelta(days=7), scene["ani"], AT)
    return scene


def test_the_words_of_a_decision_stand_in_the_private_part_of_its_entry(decided: Any) -> None:
    entry = rakor.decision(E, "KPT-001", AT).entry_id
    opening = record.Opening.objects.get(entry_id=entry)
    assert b"palet" not in bytes(opening.facts)
    assert b"Pinjamkan 40 palet" in bytes(opening.private)


def test_a_later_day_granted_moves_the_deadline_and_what_is_late_is_offered_to_the_next_agenda(decided: Any, cast: Any) -> None:
    day, later = AT + timedelta(days=6), AT + timedelta(days=10)
    rakor.take_step(E, "KPT-001", rules.Act.ASK_LATER, "truk rusak", decided["indra"], day, later)
    assert [t.kind for t in rakor.waiting(cast["ani"], E, day)] == ["rakor.later"]
    rakor.take_step(E, "KPT-001", rules.Act.GRANT, "", decided["ani"], day)
    found = rakor.decision(E, "KPT-001", day)
    assert (found.due_at, found.first_due_at) == (later, AT + timedelta(days=7))
    assert not found.overdue(AT + timedelta(days=8))
    assert rakor.decision(E, "KPT-001", day - timedelta(hours=1)).due_at == AT + timedelta(days=7), "as it stood before"


def test_a_proof_comes_with_the_report_and_another_agency_verifies_or_returns_it(
    decided: Any, cast: Any, tmp_path: Any, settings: Any
) -> None:
    settings.VAR = tmp_path
    (tmp_path / "desk.key").write_bytes(record._desk_key())
    kept = evidence.keep(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n", "bast.pdf")
    assert isinstance(kept, evidence_rules.Kept)
    day = AT + timedelta(days=1)
    rakor.take_step(E, "KPT-001", rules.Act.DONE, "40 palet diantar", decided["indra"], day, proofs=[kept, kept])
    assert [e.kept.sha256 for e in evidence.of(E, "decision:KPT-001", day, "rakor")] == [kept.sha256]
    assert [t.kind for t in rakor.waiting(cast["ani"], E, day)] == ["rakor.verify"]
    rakor.take_step(E, "KPT-001", rules.Act.RETURN, "baru 30", decided["ani"], day)
    assert [t.kind for t in rakor.waiting(cast["indra"], E, day)] == ["rakor.decision"]
    rakor.take_step(E, "KPT-001", rules.Act.DONE, "40 lengkap", decided["indra"], day)
    rakor.take_step(E, "KPT-001", rules.Act.VERIFY, "", decided["hadi"], day)
    found = rakor.decision(E, "KPT-001", day)
    assert (found.state(day), found.verified_by, [s.act.value for s in found.steps]) == (
        "verified",
        "POLRES",
        ["done", "return", "done", "verify"],
    )
    with pytest.raises(rules.Verified):
        rakor.take_step(E, "KPT-001", rules.Act.RETURN, "x", decided["ani"], day)


def test_a_decision_written_anew_names_the_old_one_and_keeps_its_code(decided: Any) -> None:
    old = rakor.decision(E, "KPT-001", AT)
    later = AT + timedelta(hours=1)
    new = rakor.correct(E, "KPT-001", "Pinjamkan 50 palet", "PEMDA", old.due_at, "salah catat", 1, decided["ani"], later)
    assert (new.code, new.version, new.text, new.decided_at) == ("KPT-001", 2, "Pinjamkan 50 palet", AT)
    with pytest.raises(rules.SeenOlder):
        rakor.correct(E, "KPT-001", "Pinjamkan 60 palet", "PEMDA", old.due_at, "salah", 1, decided["ani"], later)
    assert rakor.decision(E, "KPT-001", AT).text == "Pinjamkan 40 palet"
    assert [(d.version, why) for d, why in rakor.versions(E, "KPT-001", later)] == [(1, ""), (2, "salah catat")]
    envelope = record.Opening.objects.get(entry_id=new.entry_id).envelope
    assert f'"corrects":"{old.entry_id}"'.encode() in bytes(envelope)
    made = rakor.decide(E, "RKR-001", "Terpal", "PEMDA", old.due_at, decided["ani"], later)
    assert made.code == "KPT-002", "a version takes no number of its own"


def test_a_day_granted_before_a_decision_is_written_anew_gives_way_to_the_new_day(decided: Any) -> None:
    day, later, newest = AT + timedelta(days=1), AT + timedelta(days=10), AT + timedelta(days=12)
    rakor.take_step(E, "KPT-001", rules.Act.ASK_LATER, "truk rusak", decided["indra"], day, later)
    rakor.take_step(E, "KPT-001", rules.Act.GRANT, "", decided["citra"], day)
    rakor.correct(E, "KPT-001", "Pinjamkan 50 palet", "PEMDA", newest, "salah catat", 1, decided["ani"], day + timedelta(hours=1))
    assert rakor.decision(E, "KPT-001", day + timedelta(hours=1)).due_at == newest


def test_the_mark_of_a_demonstration_stands_on_what_its_people_make_up(scene: Any) -> None:
    assert rakor.meeting(E, "RKR-001", AT).mark == "[SIMULASI]"
    assert rakor.call_meeting(E, "Rakor nyata", "Manggar", AT, ("KPU",), scene["ani"], AT, mark="").mark == ""


def test_what_is_searched_is_found_by_those_who_are_asked(decided: Any, cast: Any) -> None:
    assert [h.kind for h in rakor.find(cast["indra"], E, "palet", AT)] == ["decision"]
    assert [h.args for h in rakor.find(cast["indra"], E, "manggar", AT)] == [("RKR-001",)]
    assert rakor.find(cast["indra"], E, " ", AT) == []
    assert isinstance(rakor.find(cast["ani"], E, "rakor", AT)[0], facts.Hit)
