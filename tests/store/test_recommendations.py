"""Recommendations in the store: every step by the right person, the past readable, the inbox right, words erasable."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from posko.domain import access as access_rules
from posko.domain import aght as aght_rules
from posko.domain import pledges as pledge_rules
from posko.domain import recommendations as rules
from posko.domain import reports as report_rules
from posko.domain.recommendations import Act, Nature, Slots, State
from posko.domain.record import Actor, Election
from posko.store import access, aght, evidence, places, pledges, rakor, recommendations, record

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
EVE = datetime(2024, 2, 13, 3, tzinfo=UTC)
E = "pemilu-2024"
SLOTS = Slots("AGHT-01, B2", "Atap bocor", "Peluang 28,7 %", "Menyarankan agar KPU menutup atap gudang", "Gudang kering", "Bilik basah")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def actors(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("desa_list", "kecamatan_list", "sites"):
        monkeypatch.setattr(places, name, lambda _region: [])
    return installation.actors


@pytest.fixture
def third(actors: Any) -> Any:
    """A second analyst of the Kejari."""
    grants = [access_rules.Grant("kejari.analis", "19.06", datetime(2023, 6, 1, tzinfo=UTC))]
    actors["tono"] = access.add_user("tono", "posko-demo", "Tono", "KEJARI", grants, actors["kartika"], AT - timedelta(days=1))
    return actors


def draft(actors: Any, **more: Any) -> str:
    said: dict[str, Any] = {
        "subject": "Perbaikan atap", "addressee": "KPU", "nature": Nature.SEGERA, "due_at": AT + timedelta(days=9), "slots": SLOTS,
        "actor": actors["citra"], "at": AT, "aght": ("AGHT-01",),
    }  # fmt: skip
    return recommendations.draft(E, **{**said, **more})


Step = tuple[str, Act, dict[str, str]]


def go(actors: Any, code: str, *steps: Step, start: datetime = AT) -> rules.Recommendation:
    for n, (who, what, said) in enumerate(steps, 1):
        rec = recommendations.act(E, code, what, said, actors[who], start + timedelta(minutes=n))
    return rec


SUBMIT: Step = ("citra", Act.SUBMIT, {})
ISSUED: tuple[Step, ...] = (SUBMIT, ("gita", Act.APPROVE, {}), ("gita", Act.ISSUE, {}))
RECEIVED: tuple[Step, ...] = (*ISSUED, ("ani", Act.RECEIVE, {}))
FOLLOWED: tuple[Step, ...] = (
    *RECEIVED, ("fajar", Act.ACCEPT, {}),
    ("ani", Act.FOLLOW, {"action": "Menutup atap", "owner": "Logistik", "due_at": rules.written(AT + timedelta(days=3))}),
)  # fmt: skip


def entries(kind: str) -> list[tuple[str, str]]:
    """(facts, private) of the journal's entries of a kind."""
    ids = record.Entry.objects.filter(kind=kind).order_by("leaf_index").values_list("entry_id", flat=True)
    found = [record.Opening.objects.get(entry_id=i) for i in ids]
    return [(bytes(o.facts).decode(), bytes(o.private or b"").decode()) for o in found]


def test_an_issued_letter_has_a_number_a_hash_a_mandate_and_an_entry(actors: Any) -> None:
    code = draft(actors)
    rec = go(actors, code, *ISSUED)
    assert rec.number == "R-001/POSKO-PEMILU/XII/2023"
    assert rec.note_number == "ND-001/POSKO-PEMILU/XII/2023"
    assert rec.digest == rec.text.digest(rec.number)
    said = json.loads(entries("recommendation.issued")[0][0])
    assert said == {"number": rec.number, "digest": rec.digest, "mandate": "kejari.pimpinan@19.06"}
    again = recommendations.get(E, code, AT + timedelta(hours=1))
    assert (again.state, again.digest, again.text) == (State.TERBIT, rec.digest, rec.text)


def test_words_stand_in_the_part_that_can_be_erased_and_codes_in_the_part_that_stays(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *RECEIVED, ("fajar", Act.REFUSE, {"reason_code": "alternatif_lain", "reason": "Barang dipindah"}))
    facts, private = entries("recommendation.drafted")[0]
    assert "Atap bocor" in private
    assert "Atap bocor" not in facts
    assert json.loads(facts)["text_digest"] == recommendations.get(E, code, AT).text.digest()
    facts, private = entries("recommendation.refused")[0]
    assert json.loads(facts) == {"reason_code": "alternatif_lain"}
    assert json.loads(private) == {"reason": "Barang dipindah"}


def test_nothing_that_a_form_says_becomes_a_number_a_mandate_or_a_profile(actors: Any) -> None:
    code = draft(actors)
    forged = {"number": "R-999", "mandate": "raja", "reviewers": "2", "note_number": "ND-999"}
    rec = go(actors, code, ("citra", Act.SUBMIT, forged), ("gita", Act.APPROVE, {}), ("gita", Act.ISSUE, forged))
    assert (rec.number, rec.note_number, rec.reviewers) == ("R-001/POSKO-PEMILU/XII/2023", "ND-001/POSKO-PEMILU/XII/2023", 1)


def test_whoever_signs_holds_the_office_on_that_day(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED[:2])
    grant = next(g for a in access.accounts() if a.person == "p-gita" for g, _ in a.grants)
    access.GrantRow.objects.filter(pk=grant).update(until_at=AT + timedelta(hours=1))
    with pytest.raises(rules.NoMandate):
        recommendations.act(E, code, Act.ISSUE, {}, actors["gita"], AT + timedelta(hours=1))
    assert recommendations.act(E, code, Act.ISSUE, {}, actors["gita"], AT + timedelta(minutes=59)).state is State.TERBIT


def test_an_hour_before_it_was_still_a_draft(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED)
    assert recommendations.get(E, code, AT).state is State.DRAF
    with pytest.raises(rules.Unknown):
        recommendations.get(E, code, AT - timedelta(seconds=1))


def test_a_refusal_with_reason_ends_it(actors: Any) -> None:
    code = draft(actors)
    rec = go(actors, code, *RECEIVED, ("fajar", Act.REFUSE, {"reason_code": "alternatif_lain", "reason": "Barang dipindah"}))
    assert (rec.state, rec.ended) == (State.DITOLAK, True)
    assert recommendations.escalated(E, EVE) == []
    assert recommendations.signals(E, EVE) == []


def test_a_refused_step_leaves_nothing_behind(actors: Any) -> None:
    code = draft(actors)
    size, _ = record.root()
    with pytest.raises(rules.OwnWork):
        go(actors, code, SUBMIT, ("citra", Act.APPROVE, {}))
    assert record.root()[0] == size + 1
    assert recommendations.get(E, code, AT + timedelta(hours=1)).state is State.TELAAH_1


def test_the_post_names_no_participants_and_commands_nobody(actors: Any) -> None:
    with pytest.raises(report_rules.Guarded):
        draft(actors, subject="Spanduk partai di gudang")
    with pytest.raises(rules.Commands):
        draft(actors, slots=Slots("a", "b", "c", "KPU wajib menutup atap", "d", "e"))
    assert recommendations.listing(E, AT) == []
    code = draft(actors)
    with pytest.raises(report_rules.Guarded):
        recommendations.revise(
            E, code, subject="Spanduk partai", addressee="KPU", nature=Nature.BIASA, due_at=AT + timedelta(days=1), slots=SLOTS,
            actor=actors["citra"], at=AT,
        )  # fmt: skip


# --- the profile of the office ------------------------------------------------------------------------------------------------


def test_two_readers_need_three_people(actors: Any) -> None:
    with pytest.raises(rules.TooFewPeople):
        recommendations.set_profile(E, 2, "Surat penting", actors["gita"], AT)
    for wrong in (0, 3):
        with pytest.raises(rules.BadProfile):
            recommendations.set_profile(E, wrong, "Surat penting", actors["gita"], AT)
    with pytest.raises(rules.Empty):
        recommendations.set_profile(E, 1, "  ", actors["gita"], AT)
    assert recommendations.profile(E, AT) == recommendations.Profile()


def test_the_profile_holds_for_what_is_submitted_after_it(third: Any, cast: Any) -> None:
    before = draft(third)
    go(third, before, SUBMIT)
    recommendations.set_profile(E, 2, "Surat penting dibaca dua orang", third["gita"], AT + timedelta(minutes=2))
    assert recommendations.profile(E, AT).reviewers == 1
    later = AT + timedelta(hours=1)
    assert recommendations.act(E, before, Act.APPROVE, {}, third["gita"], later).state is State.DISETUJUI
    code = draft(third, subject="Lain", aght=("AGHT-02",), at=later)
    go(third, code, SUBMIT, start=later)
    assert waits(cast, "gita", later + timedelta(minutes=5)) == ["disetujui", "telaah_1"]
    recommendations.act(E, code, Act.REVIEW, {}, third["tono"], later + timedelta(minutes=6))
    with pytest.raises(rules.OwnWork):
        recommendations.act(E, code, Act.APPROVE, {}, third["tono"], later + timedelta(minutes=7))
    rec = recommendations.act(E, code, Act.APPROVE, {}, third["gita"], later + timedelta(minutes=8))
    assert (rec.reviewer, rec.approver) == ("p-tono", "p-gita")


# --- the inbox -----------------------------------------------------------------------------------------------------------------


def waits(cast: Any, who: str, at: datetime) -> list[str]:
    return [t.kind.partition(".")[2] for t in recommendations.waiting(cast[who], E, at)]


def test_each_state_waits_for_the_right_people(actors: Any, cast: Any) -> None:
    code = draft(actors)
    at = AT + timedelta(hours=1)
    assert (waits(cast, "citra", at), waits(cast, "gita", at), waits(cast, "ani", at)) == (["draf"], [], [])
    go(actors, code, SUBMIT)
    assert (waits(cast, "citra", at), waits(cast, "gita", at)) == ([], ["telaah_1"])
    go(actors, code, *ISSUED[1:], start=AT + timedelta(minutes=5))
    assert (waits(cast, "gita", at), waits(cast, "ani", at), waits(cast, "dedi", at)) == ([], ["terbit"], [])
    go(actors, code, ("ani", Act.RECEIVE, {}), start=AT + timedelta(minutes=10))
    assert (waits(cast, "ani", at), waits(cast, "fajar", at)) == ([], ["diterima"])
    go(actors, code, ("ani", Act.ASK, {"question": "Atap mana?"}), start=AT + timedelta(minutes=15))
    assert (waits(cast, "citra", at), waits(cast, "fajar", at)) == (["butuh_klarifikasi"], [])


def test_half_of_the_time_and_the_deadline_remind_the_addressee_and_whoever_wrote(actors: Any, cast: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED)
    issued = AT + timedelta(minutes=3)
    for later, kinds, words in (
        (timedelta(hours=11), [], ""),
        (timedelta(hours=12), ["ingatkan_half"], "separuh waktu"),
        (timedelta(hours=24), ["ingatkan_due"], "tenggat lewat"),
    ):
        assert waits(cast, "citra", issued + later) == waits(cast, "gita", issued + later) == kinds
        (task,) = recommendations.waiting(cast["ani"], E, issued + later)
        assert task.due_at == issued + timedelta(hours=24)
        assert (words in task.label) or not words


def test_only_allowed_acts_are_offered(actors: Any, cast: Any) -> None:
    code = draft(actors)
    rec = go(actors, code, SUBMIT)
    at = AT + timedelta(hours=1)
    assert recommendations.allowed(rec, cast["gita"], at) == [Act.RETURN, Act.APPROVE]
    for who in ("citra", "ani", "budi", "juwita", "dedi"):
        assert recommendations.allowed(rec, cast[who], at) == []


ADDRESSEES = (("BAWASLU", "juwita"), ("POLRES", "hadi"), ("PEMDA", "indra"))


@pytest.mark.parametrize(("agency", "who"), ADDRESSEES)
def test_every_addressee_has_its_own_task_reads_its_own_and_answers_there(agency: str, who: str, actors: Any, cast: Any) -> None:
    slots = replace(SLOTS, saran=f"Menyarankan agar {agency} menutup jalan")
    code = draft(actors, addressee=agency, slots=slots)
    go(actors, code, *ISSUED)
    at = AT + timedelta(hours=1)
    assert waits(cast, who, at) == ["terbit"]
    for other in ("ani", "fajar", *(w for a, w in ADDRESSEES if a != agency)):
        assert waits(cast, other, at) == []
    rec = recommendations.get(E, code, at)
    readers = {a for a in ("KEJARI", "KPU", "BAWASLU", "POLRES", "PEMDA") if recommendations.visible_to(rec, a)}
    assert readers == {"KEJARI", "BAWASLU", agency}
    assert recommendations.find(cast[who], E, "atap", at)
    assert not recommendations.find(cast["ani"], E, "atap", at)
    rec = go(actors, code, (who, Act.RECEIVE, {}), (who, Act.ACCEPT, {}), start=at)
    assert rec.state is State.DISETUJUI_PENERIMA
    with pytest.raises(rules.NotAddressed):
        go(
            actors,
            code,
            ("ani", Act.FOLLOW, {"action": "x", "owner": "y", "due_at": "2023-12-05T00:00:00Z"}),
            start=at + timedelta(hours=1),
        )


def test_drafts_are_seen_by_the_post_and_bawaslu_only(actors: Any) -> None:
    rec = recommendations.get(E, draft(actors), AT)
    assert [a for a in ("KEJARI", "BAWASLU", "KPU", "PEMDA", "POLRES") if recommendations.visible_to(rec, a)] == ["KEJARI", "BAWASLU"]


# --- proof, versions, one matter -------------------------------------------------------------------------------------------------


def test_proof_is_bound_to_the_step_that_it_proves(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *FOLLOWED)
    kept = evidence.keep(PDF, "nota.pdf")
    at = AT + timedelta(days=2)
    recommendations.act(E, code, Act.CLAIM, {"evidence": "Nota 2 Desember"}, actors["ani"], at, proofs=[kept, kept])
    (found,) = evidence.of(E, f"recommendation:{code}", at)
    assert (found.kept.sha256, found.person, found.mark) == (kept.sha256, "p-ani", "[SIMULASI]")
    assert json.loads(entries("recommendation.claimed_done")[0][0]) == {"proofs": kept.sha256}


def test_the_same_matter_is_not_sent_twice_while_the_first_letter_is_open(actors: Any) -> None:
    one, two = draft(actors), draft(actors, subject="Atap gudang KPU")
    go(actors, one, *ISSUED)
    go(actors, two, *ISSUED[:2], start=AT + timedelta(hours=1))
    with pytest.raises(rules.DoubleDispatch) as refused:
        recommendations.act(E, two, Act.ISSUE, {}, actors["gita"], AT + timedelta(hours=2))
    assert refused.value.facts == {"code": one, "number": "R-001/POSKO-PEMILU/XII/2023", "addressee": "KPU"}
    with pytest.raises(rules.DoubleDispatch):
        draft(actors, at=AT + timedelta(hours=2))
    refuse = {"reason_code": "lainnya", "reason": "Sudah"}
    go(actors, one, ("ani", Act.RECEIVE, {}), ("fajar", Act.REFUSE, refuse), start=AT + timedelta(hours=3))
    assert recommendations.act(E, two, Act.ISSUE, {}, actors["gita"], AT + timedelta(hours=4)).state is State.TERBIT


def test_of_two_who_issue_in_the_same_moment_the_second_is_refused_even_with_an_earlier_clock(actors: Any) -> None:
    one, two = draft(actors), draft(actors, subject="Atap gudang KPU")
    for code in (one, two):
        go(actors, code, *ISSUED[:2])
    at = AT + timedelta(hours=1)
    recommendations.act(E, one, Act.ISSUE, {}, actors["gita"], at)
    with pytest.raises(rules.DoubleDispatch):
        recommendations.act(E, two, Act.ISSUE, {}, actors["gita"], at - timedelta(seconds=1))


def test_of_two_who_answer_in_the_same_moment_the_second_finds_it_answered(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *RECEIVED)
    at = AT + timedelta(hours=1)
    recommendations.act(E, code, Act.ACCEPT, {}, actors["fajar"], at)
    with pytest.raises(rules.NoStep):
        recommendations.act(E, code, Act.REFUSE, {"reason_code": "lainnya", "reason": "x"}, actors["fajar"], at - timedelta(milliseconds=5))
    assert recommendations.get(E, code, at + timedelta(hours=1)).odd == ()


def test_a_newer_version_ends_the_older_letter_when_it_is_issued_not_before(actors: Any) -> None:
    old = draft(actors)
    go(actors, old, *RECEIVED)
    new = draft(actors, supersedes=old, at=AT + timedelta(hours=1))
    assert recommendations.newer_of(E, old, AT + timedelta(hours=1)) == new
    go(actors, new, *ISSUED[:2], start=AT + timedelta(hours=1))
    assert recommendations.get(E, old, AT + timedelta(hours=2)).state is State.DITERIMA
    rec = recommendations.act(E, new, Act.ISSUE, {}, actors["gita"], AT + timedelta(hours=3))
    assert (rec.state, rec.text.supersedes) == (State.TERBIT, old)
    ended = recommendations.get(E, old, AT + timedelta(hours=3))
    assert (ended.state, ended.replaced_by, ended.overdue(EVE)) == (State.DIGANTI, new, False)
    with pytest.raises(rules.CannotSupersede):
        draft(actors, supersedes=old, at=AT + timedelta(hours=4))


def test_a_newer_version_of_a_refused_letter_leaves_the_refusal_as_it_was(actors: Any) -> None:
    old = draft(actors)
    go(actors, old, *RECEIVED, ("fajar", Act.REFUSE, {"reason_code": "fakta_tidak_benar", "reason": "Atap sudah baru"}))
    new = draft(actors, supersedes=old, at=AT + timedelta(hours=1))
    go(actors, new, *ISSUED, start=AT + timedelta(hours=1))
    assert recommendations.get(E, old, EVE).state is State.DITOLAK


# --- spoken advice -----------------------------------------------------------------------------------------------------------------

SHORT = Slots("", "Truk belum berangkat", "", "Menyarankan agar Polres mengawal truk terakhir", "", "")


def spoken(actors: Any, who: str = "gita", at: datetime = EVE, **more: Any) -> str:
    said: dict[str, Any] = {
        "subject": "Kawal truk terakhir", "addressee": "POLRES", "due_at": at + timedelta(hours=4), "slots": SHORT, "channel": "telepon",
        "heard_by": "Perwira jaga", "actor": actors[who], "at": at,
    }  # fmt: skip
    return recommendations.speak(E, **{**said, **more})


def test_spoken_advice_is_written_at_once_answered_confirmed_and_looked_at(actors: Any, cast: Any) -> None:
    code = spoken(actors)
    assert (waits(cast, "hadi", EVE), waits(cast, "gita", EVE), waits(cast, "citra", EVE)) == (
        ["terbit"], ["konfirmasi_lisan"], ["telaah_lisan"],
    )  # fmt: skip
    facts, private = entries("recommendation.spoken")[0]
    assert json.loads(facts)["number"] == "R-001/POSKO-PEMILU/II/2024"
    assert json.loads(facts)["digest"] == recommendations.get(E, code, EVE).digest
    assert "Perwira jaga" in private
    assert "Perwira jaga" not in facts
    rec = go(
        actors, code, ("hadi", Act.RECEIVE, {}), ("hadi", Act.ACCEPT, {}), ("gita", Act.CONFIRM, {}),
        ("citra", Act.REVIEW_AFTER, {"verdict": "wajar", "note": "Sesuai keadaan"}), start=EVE,
    )  # fmt: skip
    assert rec.oral is not None
    assert (rec.state, rec.oral.open) == (State.DISETUJUI_PENERIMA, False)
    assert json.loads(entries("recommendation.confirmed")[0][0]) == {"mandate": "kejari.pimpinan@19.06", "digest": rec.digest}
    assert recommendations.act(E, code, Act.FOLLOW, {"action": "x", "owner": "y", "due_at": "2024-02-14T10:00:00Z"}, actors["hadi"],
                               EVE + timedelta(hours=1)).state is State.TINDAK_LANJUT  # fmt: skip


def test_an_analyst_has_no_mandate_to_speak_and_nobody_speaks_weeks_before(actors: Any) -> None:
    with pytest.raises(rules.NoMandate):
        spoken(actors, "citra")
    with pytest.raises(rules.NotYetOral):
        spoken(actors, at=EVE - timedelta(days=3))
    assert recommendations.listing(E, EVE) == []


def test_a_confirmation_that_does_not_come_is_signalled_and_goes_to_the_rakor(actors: Any) -> None:
    code = spoken(actors)
    late = EVE + timedelta(hours=6, seconds=1)
    assert "R20.lisan" not in [s.rule for s in recommendations.signals(E, late - timedelta(seconds=1))]
    assert {(s.rule, s.mark) for s in recommendations.signals(E, late)} == {("R20.lisan", "[SIMULASI]"), ("R20.diam", "[SIMULASI]")}
    assert {(e.code, e.act) for e in recommendations.escalated(E, late)} == {(code, Act.RECEIVE), (code, Act.CONFIRM)}


def test_spoken_advice_is_no_way_around_one_letter_in_one_matter(actors: Any) -> None:
    spoken(actors, remedy="posko-tindakan/1:KAWAL-LOGISTIK")
    with pytest.raises(rules.DoubleDispatch):
        spoken(actors, at=EVE + timedelta(hours=1), remedy="posko-tindakan/1:KAWAL-LOGISTIK")


# --- escalation ----------------------------------------------------------------------------------------------------------------------


def matters(at: datetime) -> Iterable[tuple[str, str]]:
    return [(m.code, m.why) for m in rakor._recommendation_matters(E, at)]


def test_what_is_late_stands_on_the_agenda_of_the_next_rakor_by_itself(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED)
    issued = AT + timedelta(minutes=3)
    assert matters(issued + timedelta(hours=24)) == [(code, "TERBIT")]
    assert matters(issued + timedelta(hours=24, seconds=1)) == [(code, "lewat tenggat")]


def test_an_accepted_action_past_its_deadline_is_rule_r20(actors: Any) -> None:
    code = draft(actors, aght=())
    go(actors, code, *FOLLOWED)
    due = AT + timedelta(days=3)
    assert recommendations.signals(E, due) == []
    (found,) = recommendations.signals(E, due + timedelta(minutes=1))
    assert (found.rule, found.subject, found.to, found.args) == ("R20", f"recommendation:{code}", ("KPU", "KEJARI"), (code,))


def test_a_stored_event_that_does_not_follow_is_shown_instead_of_breaking_every_page(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *RECEIVED)
    row = recommendations.Event.objects.get(act="received")
    recommendations.Event.objects.create(
        recommendation=row.recommendation, act="received", person="p-ani", agency="KPU", said={}, occurred_at=row.occurred_at,
        entry_id=row.entry_id,
    )  # fmt: skip
    rec = recommendations.get(E, code, AT + timedelta(hours=1))
    assert (rec.state, len(rec.odd)) == (State.DITERIMA, 1)


def test_a_letter_without_an_answer_is_one_warning_and_one_matter_of_the_rakor(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED)
    late = AT + timedelta(minutes=3, hours=24, seconds=1)
    (found,) = recommendations.signals(E, late)
    assert (found.rule, found.to, found.mark) == ("R20.diam", ("KPU", "KEJARI"), "[SIMULASI]")
    assert matters(late) == [(code, "lewat tenggat")]
    go(actors, code, ("ani", Act.RECEIVE, {}), start=late)
    assert recommendations.signals(E, late + timedelta(hours=1)) == []


# --- a phone call about a letter -------------------------------------------------------------------------------------------------------


def test_a_call_about_an_open_letter_is_no_second_letter_and_its_words_can_be_erased(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED)
    called = {"channel": "telepon", "heard_by": "Ketua KPU", "note": "Surat sudah di meja?"}
    rec = recommendations.act(E, code, Act.REMIND, called, actors["gita"], AT + timedelta(hours=3))
    assert (rec.state, len(rec.reminders)) == (State.TERBIT, 1)
    assert [r.number for r in recommendations.listing(E, EVE) if r.number] == ["R-001/POSKO-PEMILU/XII/2023"]
    facts, private = entries("recommendation.reminded")[0]
    assert json.loads(facts) == {"channel": "telepon"}
    assert json.loads(private) == {"heard_by": "Ketua KPU", "note": "Surat sudah di meja?"}
    with pytest.raises(report_rules.Guarded):
        recommendations.act(E, code, Act.REMIND, {**called, "note": "Spanduk partai"}, actors["gita"], AT + timedelta(hours=4))
    with pytest.raises(rules.NamesPerson):
        recommendations.act(E, code, Act.REMIND, {**called, "heard_by": "Pak Budi"}, actors["gita"], AT + timedelta(hours=4))
    with pytest.raises(rules.DoubleDispatch):
        draft(actors, at=AT + timedelta(hours=5))


def test_a_letter_whose_words_are_erased_stands_where_it_stood(actors: Any) -> None:
    code = draft(actors)
    go(actors, code, *ISSUED)
    for n, note in ((1, "Surat sudah di meja?"), (2, "Sekretaris menelepon kembali")):
        said = {"channel": "telepon", "heard_by": "Ketua KPU", "note": note}
        recommendations.act(E, code, Act.REMIND, said, actors["gita"], AT + timedelta(hours=3, minutes=n))
    before = recommendations.get(E, code, EVE)
    for event in recommendations.Event.objects.all():
        recommendations.WORDS["recommendation.drafted"](event.entry_id, "[dihapus, HPS-001]", EVE)
    after = recommendations.get(E, code, EVE)
    assert (after.state, after.number, after.digest, len(after.reminders), after.odd) == (before.state, before.number, before.digest, 2, ())


# --- after voting opened -------------------------------------------------------------------------------------------------------------

AFTER = datetime(2024, 2, 15, 3, tzinfo=UTC)
LATER = rules.Horizon(
    rules.Until.DELAYED, datetime(2024, 2, 24, tzinfo=UTC), ("19.06.02.2001.003",), "Keputusan KPU tentang pemungutan suara susulan"
)


def test_a_tps_that_votes_later_gets_a_written_letter_and_the_basis_can_be_erased(
    actors: Any, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pledges, "known_places", lambda _election: {"19.06.02.2001.003": None})
    with pytest.raises(rules.AfterHorizon):
        draft(actors, at=AFTER, due_at=AFTER + timedelta(days=3))
    code = draft(actors, at=AFTER, due_at=AFTER + timedelta(days=3), horizon=LATER)
    rec = go(actors, code, *ISSUED, start=AFTER)
    assert (rec.state, rec.number) == (State.TERBIT, "R-001/POSKO-PEMILU/II/2024")
    assert recommendations.get(E, code, AFTER + timedelta(hours=1)).text == rec.text
    assert (rec.text.horizon, rec.text.place) == (LATER, "19.06.02.2001.003")
    facts, private = entries("recommendation.drafted")[0]
    said = json.loads(facts)
    assert (said["text_horizon"], said["text_horizon_at"], said["text_horizon_places"]) == (
        "susulan", "2024-02-24T00:00:00Z", "19.06.02.2001.003",
    )  # fmt: skip
    assert "Keputusan KPU" in private
    assert "Keputusan KPU" not in facts
    (task,) = recommendations.waiting(cast["ani"], E, AFTER + timedelta(minutes=5))
    assert task.due_at == AFTER + timedelta(minutes=3, hours=12)


# --- promises ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def genset(actors: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A generator that the Pemda has promised."""
    monkeypatch.setattr(pledges, "known_places", lambda _election: {"19.06": None})
    made = pledge_rules.Pledge(
        "", "PEMDA", pledge_rules.Kind.GENSET, "GENSET-1", 2, ("19.06",), EVE - timedelta(days=2), EVE + timedelta(days=2)
    )
    return pledges.offer(E, [made], actors["indra"], AT)[0]


LEND = replace(SLOTS, saran="Menyarankan agar Pemda meminjamkan genset")


def test_a_letter_names_a_promise_and_the_promise_its_letter(actors: Any, genset: str) -> None:
    code = draft(actors, addressee="PEMDA", slots=LEND, pledged=[genset])
    assert recommendations.get(E, code, AT).text.pledges == (genset,)
    assert [r.code for r in recommendations.using(E, genset, AT)] == [code]
    assert json.loads(entries("recommendation.drafted")[0][0])["text_pledges"] == genset
    for bad in ("JNJ-9999", genset):
        with pytest.raises(rules.BadPledge):
            draft(actors, addressee="POLRES", slots=replace(SLOTS, saran="Menyarankan agar Polres menjaga gudang"), pledged=[bad])


def test_a_promise_taken_back_is_a_task_of_whoever_wrote_and_signed_until_they_spoke_about_it(actors: Any, cast: Any, genset: str) -> None:
    code = draft(actors, addressee="PEMDA", slots=LEND, pledged=[genset])
    go(actors, code, *ISSUED)
    at = AT + timedelta(hours=2)
    assert "janji_ditarik" not in waits(cast, "citra", at)
    pledges.act(E, genset, pledge_rules.Act.WITHDRAW, actors["indra"], at, reason="rusak")
    assert [waits(cast, who, at) for who in ("citra", "gita", "indra")] == [["janji_ditarik"], ["janji_ditarik"], ["terbit"]]
    said = {"channel": "telepon", "heard_by": "Dinas pekerjaan umum", "note": "Mencari genset lain"}
    recommendations.act(E, code, Act.REMIND, said, actors["citra"], at + timedelta(hours=1))
    assert "janji_ditarik" not in waits(cast, "citra", at + timedelta(hours=1))


def test_a_letter_is_not_issued_on_a_promise_that_was_taken_back(actors: Any, genset: str) -> None:
    code = draft(actors, addressee="PEMDA", slots=LEND, pledged=[genset])
    go(actors, code, *ISSUED[:2])
    pledges.act(E, genset, pledge_rules.Act.WITHDRAW, actors["indra"], AT + timedelta(hours=1), reason="rusak")
    with pytest.raises(rules.BadPledge):
        recommendations.act(E, code, Act.ISSUE, {}, actors["gita"], AT + timedelta(hours=2))


# --- places --------------------------------------------------------------------------------------------------------------------------


def test_an_analyst_of_one_kecamatan_reads_what_lies_there_and_nothing_else(actors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pledges, "known_places", lambda _election: {"19.06.02.2001.003": None, "19.06.03.2001.001": None})
    mine = draft(actors, at=AFTER, due_at=AFTER + timedelta(days=3), horizon=LATER)
    other = replace(LATER, places=("19.06.03.2001.001",))
    draft(actors, at=AFTER, due_at=AFTER + timedelta(days=3), horizon=other, subject="Lain", aght=("AGHT-02",))
    draft(actors, at=AT, subject="Kabupaten", aght=("AGHT-03",))
    grants = (access_rules.Grant("kejari.analis", "19.06.02", datetime(2023, 6, 1, tzinfo=UTC)),)
    local = access_rules.Person("p-tono", "KEJARI", grants)
    assert [r.code for r in recommendations.readable(recommendations.listing(E, AFTER), local, AFTER)] == [mine]
    assert [h.args for h in recommendations.find(local, E, "REK", AFTER)] == [(mine,)]


# --- the drop of risk ------------------------------------------------------------------------------------------------------------------


def test_risk_is_read_as_it_stood_when_a_letter_was_issued_and_closed(actors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code = draft(actors)
    due = AT + timedelta(days=3)
    steps = (
        ("citra", Act.VERIFY, {"outcome": "sesuai", "note": "Kering"}), ("citra", Act.MEASURE, {"why": "Belum hujan"}),
        ("gita", Act.CLOSE, {}),
    )  # fmt: skip
    go(actors, code, *FOLLOWED, ("ani", Act.CLAIM, {"evidence": "Nota"}), *steps)
    asked: list[datetime] = []

    def register(_election: str, at: datetime) -> list[Any]:
        asked.append(at)
        return [FakeItem("AGHT-01", at), FakeItem("AGHT-09", at)]

    monkeypatch.setattr(aght, "register", register)
    recs = recommendations.listing(E, due)
    risks = recommendations.risks(E, recs)
    assert sorted(risks) == [("AGHT-01", recs[0].issued_at), ("AGHT-01", rules.closed_at(recs[0]))]
    assert sorted(asked) == [recs[0].issued_at, rules.closed_at(recs[0])]


class FakeItem:
    """As much of an item as the drop of risk looks at."""

    outcome = None
    changes: tuple[Any, ...] = ()

    def __init__(self, code: str, at: datetime) -> None:
        self.code = code
        self.loss = aght_rules.Loss(0, 0, 0, 10, 0, 20)
        self.now = self
        self.assessed_at = at


# --- two at once, in threads of their own --------------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[2]


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Runs acts in threads that start together; the names of what they returned or raised, sorted."""
    gate, found = threading.Barrier(len(acts)), [""] * len(acts)

    def work(number: int) -> None:
        try:
            gate.wait()
            found[number] = type(acts[number]()).__name__
        except Exception as error:
            found[number] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def races() -> None:
    """Of two letters in one matter one is issued; of two answers one counts. Clocks a little apart, as requests have them."""
    since, admin = datetime(2023, 6, 1, tzinfo=UTC), Actor("p-kartika", "ADMIN")
    record.install(name="Uji", region="19.06", demo=True, at=since)
    record.create_election(Election(E, "Pemilu", "19.06", datetime(2024, 2, 14, tzinfo=UTC), ("PPWP",), E), admin, since)
    actors = {}
    for name, role in (("citra", "kejari.analis"), ("gita", "kejari.pimpinan"), ("ani", "kpu.operator"), ("fajar", "kpu.pimpinan")):
        record.root()  # a read between two transactions, for the guard of conftest
        agency = access_rules.ROLES[role]
        actors[name] = access.add_user(name, "posko-demo", name, agency, [access_rules.Grant(role, "19.06", since)], admin, since)
    record.root()
    one = draft(actors)
    record.root()
    two = draft(actors, subject="Atap gudang KPU")
    for code in (one, two):
        for n, step in enumerate(ISSUED[:2]):
            record.root()
            go(actors, code, step, start=AT + timedelta(minutes=5 * n))
    record.root()
    at = AT + timedelta(hours=1)
    apart = timedelta(milliseconds=300)
    issued = at_once(
        *(
            lambda code=code, later=later: recommendations.act(E, code, Act.ISSUE, {}, actors["gita"], at + later)
            for code, later in ((one, apart), (two, -apart))
        )
    )
    assert issued == ["DoubleDispatch", "Recommendation"], issued
    (sent,) = [r.code for r in recommendations.listing(E, EVE) if r.state is State.TERBIT]
    go(actors, sent, ("ani", Act.RECEIVE, {}), start=at + timedelta(hours=1))
    record.root()
    at += timedelta(hours=2)
    refuse = {"reason_code": "lainnya", "reason": "Sudah"}
    answered = at_once(
        lambda: recommendations.act(E, sent, Act.ACCEPT, {}, actors["fajar"], at + apart),
        lambda: recommendations.act(E, sent, Act.REFUSE, refuse, actors["fajar"], at - apart),
    )
    assert answered == ["NoStep", "Recommendation"], answered
    assert all(not r.odd for r in recommendations.listing(E, EVE))
    assert record.verify().faults == ()


PROGRAM = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "posko.server.settings"
import django
django.setup()
from tests import kept
kept.own_file()
from tests.store import test_recommendations
test_recommendations.races()
print("satu demi satu")
"""


def test_two_people_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    """In a process of its own, on a file: threads of one process share the tests' database in memory, and with it every lock."""
    env = {**os.environ, "POSKO_VAR": str(tmp_path), "POSKO_DATABASE_URL": "", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "satu demi satu", done.stdout + done.stderr


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_postgresql_two_people_at_once_come_one_after_the_other(transactional_db: None) -> None:
    assert connection.vendor == "postgresql"
    races()
    with connection.cursor() as cursor:  # the flush after this test must pass
        for table in ("journal_entry", "journal_opening", "journal_equivocation", "journal_key", "journal_head"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
