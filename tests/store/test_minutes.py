"""Minutes in the store: two writers do not lose a word, what is frozen stays, and every agency is asked, chased and heard."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import minutes as rules
from posko.domain import rakor as rakor_rules
from posko.domain import reports as report_rules
from posko.store import minutes, rakor, record

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
CLOSE = AT + timedelta(hours=1)
E, M = "pemilu-2024", "RKR-001"
TOKEN = "[angka SNP-001 ready]"


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A meeting with one item, KPU, Pemda and Polres there, Bawaslu asked; one figure frozen, one decision taken."""

    def collect(_election: str, _meeting: str, at: datetime) -> dict[str, rakor_rules.Value]:
        size, root = record.root()
        figure: rakor_rules.Value = {
            "code": "ready", "label": "TPS siap", "numerator": 12, "denominator": 363, "source": "pemeriksaan TPS", "at": at.isoformat(),
            "marks": [],
        }  # fmt: skip
        return {"figures": [figure], "journal": {"size": size, "root": root}}

    monkeypatch.setattr(rakor, "collect", collect)
    monkeypatch.setattr(rakor, "_matters", lambda *_: [rakor_rules.Matter("shortage", "KOTAK~~", "Kotak suara", "kurang", None, 7)])
    ani = installation.actors["ani"]
    rakor.call_meeting(E, "Rakor", "Manggar", AT, ("KPU", "PEMDA", "POLRES", "BAWASLU"), ani, AT)
    rakor.attend(E, M, ("KPU", "PEMDA", "POLRES"), ani, AT)
    rakor.freeze(E, M, ani, AT)
    rakor.decide(E, M, "Pinjamkan 40 palet", "PEMDA", AT + timedelta(days=7), ani, AT, item="shortage:KOTAK~~")
    return installation.actors


def finished(actors: Any, at: datetime = CLOSE) -> rules.Final:
    minutes.save(E, M, "lain", f"Siap {TOKEN}.", 0, actors["ani"], at)
    seen = rules.draft_digest(minutes.sections(E, M, at), rakor.decisions(E, at, M))
    return minutes.finish(E, M, seen, actors["ani"], at)


def test_two_writers_of_one_part_lose_no_word_and_writers_of_two_parts_do_not_meet(scene: Any) -> None:
    assert [s.key for s in minutes.sections(E, M, AT)] == ["pembukaan", "shortage:KOTAK~~", "lain", "penutup"]
    minutes.save(E, M, "lain", "Atap bocor", 0, scene["ani"], AT)
    with pytest.raises(rules.SeenOlder):
        minutes.save(E, M, "lain", "Genset", 0, scene["citra"], AT)
    minutes.save(E, M, "penutup", "Sampai Januari", 0, scene["citra"], AT)
    minutes.save(E, M, "lain", "Atap bocor. Genset", 1, scene["citra"], AT)
    assert [(s.version, s.text, s.person) for s in minutes.history(E, M, "lain", AT)] == [
        (2, "Atap bocor. Genset", scene["citra"].person), (1, "Atap bocor", scene["ani"].person),
    ]  # fmt: skip


def test_saving_what_already_stands_makes_no_version_and_an_unknown_part_is_refused(scene: Any) -> None:
    minutes.save(E, M, "lain", "Atap bocor", 0, scene["ani"], AT)
    size, _ = record.root()
    assert minutes.save(E, M, "lain", "Atap bocor", 0, scene["ani"], AT).version == 1, "a second press of the same button"
    assert record.root()[0] == size
    with pytest.raises(rules.UnknownSection):
        minutes.save(E, M, "person:9", "x", 0, scene["ani"], AT)


def test_words_pass_the_guard_lose_numbers_of_persons_and_stand_in_the_private_part(scene: Any) -> None:
    with pytest.raises(report_rules.Guarded):
        minutes.save(E, M, "lain", "Pendukung calon bupati datang", 0, scene["ani"], AT)
    saved = minutes.save(E, M, "lain", "Hubungi 1906021203040001 soal atap", 0, scene["ani"], AT)
    assert "1906021203040001" not in saved.text
    entry = record.Entry.objects.get(kind="minutes.written")
    opening = record.Opening.objects.get(entry_id=entry.entry_id)
    assert b"atap" not in bytes(opening.facts)
    assert b"atap" in bytes(opening.private)


def test_a_figure_comes_from_the_frozen_numbers_of_this_meeting_only(scene: Any) -> None:
    with pytest.raises(rules.UnknownFigure):
        minutes.save(E, M, "lain", "[angka SNP-002 ready]", 0, scene["ani"], AT)
    final = finished(scene)
    assert [(r["snapshot"], r["code"], r["numerator"], r["denominator"]) for r in final.said["figures"]] == [("SNP-001", "ready", 12, 363)]  # type: ignore[index, union-attr, call-overload]


def test_frozen_minutes_name_the_journal_and_the_snapshot_and_take_no_more_writing(scene: Any) -> None:
    final = finished(scene)
    said = final.said
    frozen = rakor.snapshot(E, "SNP-001", CLOSE)
    assert said["snapshots"][0]["digest"] == frozen.digest  # type: ignore[index, call-overload]
    entry = record.Entry.objects.get(entry_id=final.entry_id)
    assert said["journal"]["size"] == entry.leaf_index, "the head before its own entry"  # type: ignore[index, call-overload]
    assert final.digest.encode() in bytes(record.Opening.objects.get(entry_id=final.entry_id).facts)
    assert said["decisions"][0]["item"] == "shortage:KOTAK~~"  # type: ignore[index, call-overload]
    with pytest.raises(rules.Finished):
        minutes.save(E, M, "lain", "masih", 1, scene["ani"], CLOSE)
    with pytest.raises(rules.Finished):
        minutes.finish(E, M, "", scene["ani"], CLOSE)
    minutes.MinutesFinal.objects.update(content=final.content.replace(b"Manggar", b"Mangkar"))
    with pytest.raises(rakor_rules.Changed):
        minutes.get(E, final.code, CLOSE)


def test_exactly_what_was_on_the_screen_is_finished(scene: Any) -> None:
    minutes.save(E, M, "lain", "Atap bocor", 0, scene["ani"], AT)
    seen = rules.draft_digest(minutes.sections(E, M, AT), rakor.decisions(E, AT, M))
    minutes.save(E, M, "lain", "Atap bocor sekali", 1, scene["citra"], AT)
    with pytest.raises(rules.SeenOther):
        minutes.finish(E, M, seen, scene["ani"], AT)


def test_what_happens_after_the_meeting_changes_nothing_in_its_minutes(scene: Any) -> None:
    final = finished(scene)
    rakor.correct(E, "KPT-001", "Pinjamkan 50 palet", "PEMDA", AT + timedelta(days=8), "salah catat", 1, scene["ani"], CLOSE)
    rakor.freeze(E, M, scene["ani"], CLOSE)
    assert minutes.get(E, final.code, CLOSE + timedelta(days=1)).content == final.content


def test_every_invited_agency_gets_the_minutes_and_only_those_there_are_asked_to_approve(scene: Any, cast: Any) -> None:
    def waits(who: str, at: datetime = CLOSE) -> list[str]:
        return [t.kind for t in minutes.waiting(cast[who], E, at)]

    assert waits("ani", AT) == ["minutes.finish"]
    assert waits("indra", AT) == []
    final = finished(scene)
    assert [waits(w) for w in ("ani", "indra", "hadi", "juwita", "lutfi", "budi")] == [
        ["minutes.approve"], ["minutes.approve"], ["minutes.approve"], ["minutes.receive"], [], [],
    ]  # fmt: skip
    minutes.answer(E, final.code, rules.Voice.APPROVED, "Asisten I", "", final.current, scene["indra"], CLOSE)
    minutes.receive(E, final.code, final.current, scene["juwita"], CLOSE)
    assert [waits(w) for w in ("indra", "juwita")] == [[], []]
    with pytest.raises(rules.NotAttended):
        minutes.answer(E, final.code, rules.Voice.APPROVED, "Ketua", "", final.current, scene["juwita"], CLOSE)
    with pytest.raises(rules.AlreadyReceived):
        minutes.receive(E, final.code, final.current, scene["juwita"], CLOSE)
    found = minutes.get(E, final.code, CLOSE)
    assert set(found.holders()) == {"PEMDA", "BAWASLU"}
    assert not found.complete


def test_an_objection_stays_in_print_and_an_amendment_asks_again(scene: Any, cast: Any) -> None:
    final = finished(scene)
    minutes.answer(E, final.code, rules.Voice.OBJECTED, "Kabag Ops", "dua orang, bukan satu", final.current, scene["hadi"], CLOSE)
    first = minutes.amend(E, final.code, "Lain-lain", "dua orang", "salah tulis", final.current, scene["ani"], CLOSE)
    with pytest.raises(rules.SeenOther):
        minutes.amend(E, final.code, "Lain-lain", "tiga orang", "salah tulis", final.current, scene["ani"], CLOSE)
    found = minutes.get(E, final.code, CLOSE)
    assert found.current == first.digest
    assert found.voices() == {}
    assert [a.text for a in found.approvals if a.voice is rules.Voice.OBJECTED] == ["dua orang, bukan satu"]
    assert [t.kind for t in minutes.waiting(cast["hadi"], E, CLOSE)] == ["minutes.approve"]
    assert minutes.get(E, final.code, CLOSE).content == final.content
    with pytest.raises(rules.SeenOther):
        minutes.answer(E, final.code, rules.Voice.APPROVED, "Asisten I", "", final.digest, scene["indra"], CLOSE)
    for who in ("ani", "indra", "hadi"):
        minutes.answer(E, final.code, rules.Voice.APPROVED, "Ketua", "", first.digest, scene[who], CLOSE)
    assert minutes.get(E, final.code, CLOSE).complete


def test_minutes_are_found_by_their_words_by_those_who_may_read_them(scene: Any, cast: Any) -> None:
    final = finished(scene)
    assert [h.args for h in minutes.find(cast["indra"], E, "palet", CLOSE)] == [(M,)]
    assert minutes.find(cast["indra"], E, "sections", CLOSE) == [], "words, not the keys of the file"
    assert minutes.find(cast["juwita"], E, final.code.lower(), CLOSE)[0].label == "Notula NTL-001"
    assert minutes.find(cast["indra"], E, "palet", AT) == []
