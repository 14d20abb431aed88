"""Minutes: nobody writes over another, no figure is typed, what is approved is what was seen, and an amendment hangs on what it amends."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from posko.domain import minutes, rakor

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
FIGURE = minutes.Figure("SNP-001", "ready", "TPS siap", 0, 363, "pemeriksaan TPS", AT)
SEATS = tuple(rakor.Attendance(a, there) for a, there in (("KPU", True), ("PEMDA", True), ("BAWASLU", False)))
MEETING = rakor.Meeting("RKR-001", "Rakor", "Manggar", AT, SEATS)


def frozen(*, code: str = "SNP-001") -> rakor.Snapshot:
    row: rakor.Value = {
        "code": "ready", "label": "TPS siap", "numerator": 0, "denominator": 363, "source": "pemeriksaan TPS", "at": AT.isoformat(),
        "marks": ["PERKIRAAN"],
    }  # fmt: skip
    content = rakor.freeze({"figures": [row]})
    return rakor.Snapshot(code, "RKR-001", AT, content, rakor.recompute(content))


def final(*amendments: minutes.Amendment, **more: object) -> minutes.Final:
    content = rakor.canonical({"format": minutes.FORMAT, "sections": [], "decisions": []})
    made = minutes.Final(
        "NTL-001", "RKR-001", content, hashlib.sha256(content).hexdigest(), AT, ("KPU", "PEMDA", "BAWASLU"), ("KPU", "PEMDA"), amendments
    )
    return replace(made, **more)  # type: ignore[arg-type]


def amended(before: minutes.Final, text: str = "dua orang") -> minutes.Final:
    at = AT + timedelta(hours=1)
    number = len(before.amendments) + 1
    digest = minutes.amendment_digest(before.current, number, "Lain-lain", text, "salah tulis", at)
    return replace(before, amendments=(*before.amendments, minutes.Amendment(number, "Lain-lain", text, "salah tulis", digest, at)))


def voice(agency: str, digest: str, said: minutes.Voice = minutes.Voice.APPROVED, text: str = "") -> minutes.Approval:
    return minutes.Approval(agency, said, "Ketua", text, digest, AT)


def test_a_text_names_figures_of_frozen_numbers_and_nothing_that_looks_like_one() -> None:
    known = minutes.figures_of(frozen())
    assert [(f.numerator, f.denominator, f.marks) for f in known] == [(0, 363, ("PERKIRAAN",))]
    text = f"Siap {FIGURE.token}, palet 40, [angka SNP-1 x], [angka SNP-001 dua kata]."
    assert minutes.cited(text) == (("SNP-001", "ready"),)
    pieces = minutes.parts(text)
    assert pieces[:2] == ("Siap ", ("SNP-001", "ready"))
    assert "".join(p if isinstance(p, str) else FIGURE.token for p in pieces) == text
    assert minutes.parts("") == ()


def test_a_part_is_saved_only_upon_the_version_that_was_seen_and_with_figures_that_exist() -> None:
    part = minutes.Section("lain", "Lain-lain", "lama", 3)
    minutes.check_save(part, f"baru {FIGURE.token}", 3, [FIGURE])
    for seen in (2, 4, -1):
        with pytest.raises(minutes.SeenOlder):
            minutes.check_save(part, "baru", seen, [FIGURE])
    with pytest.raises(minutes.UnknownFigure):
        minutes.check_save(part, "[angka SNP-002 ready]", 3, [FIGURE])
    minutes.check_save(part, "x" * minutes.LONGEST_TEXT, 3, [])
    with pytest.raises(minutes.TooLong):
        minutes.check_save(part, "x" * (minutes.LONGEST_TEXT + 1), 3, [])


def test_what_was_written_of_an_item_stays_when_the_item_leaves_the_agenda() -> None:
    item = rakor.Matter("person", "1", "Gudang", "")
    written = {"person:1": minutes.Section("person:1", "Gudang", "atap bocor", 1), "person:2": minutes.Section("person:2", "Kapal", "", 2)}
    assert [s.key for s in minutes.layout([item], written)] == ["pembukaan", "person:1", "lain", "penutup"]
    assert [s.key for s in minutes.layout([], written)] == ["pembukaan", "person:1", "lain", "penutup"]
    assert minutes.layout([item], written)[1].text == "atap bocor"


def test_minutes_are_finished_with_somebody_there_frozen_numbers_and_something_said() -> None:
    said = (minutes.Section("lain", "Lain-lain", "atap bocor", 1),)
    minutes.check_finish(MEETING, [frozen()], said, [])
    nobody = replace(MEETING, agencies=(rakor.Attendance("KPU", False),))
    for meeting, snapshots, parts, refusal in (
        (nobody, [frozen()], said, minutes.NobodyThere),
        (MEETING, [], said, minutes.NothingFrozen),
        (MEETING, [frozen()], (minutes.Section("lain", "Lain-lain", " "),), minutes.NothingSaid),
        (replace(MEETING, cancelled=True), [frozen()], said, rakor.Cancelled),
    ):
        with pytest.raises(refusal):
            minutes.check_finish(meeting, snapshots, parts, [])


def test_the_seen_hash_changes_with_every_saved_part_and_every_decision() -> None:
    parts = (minutes.Section("lain", "Lain-lain", "x", 1),)
    decided = rakor.Decision("KPT-001", "RKR-001", "x", "KPU", AT, AT, "SNP-001")
    seen = minutes.draft_digest(parts, [decided])
    assert seen == minutes.draft_digest(parts, [decided])
    assert seen != minutes.draft_digest((replace(parts[0], version=2),), [decided])
    assert seen != minutes.draft_digest(parts, [replace(decided, version=2)])
    assert seen != minutes.draft_digest(parts, [])


def test_frozen_minutes_with_one_altered_letter_cannot_be_built_nor_an_amendment_of_them() -> None:
    good = amended(amended(final()), "tiga orang")
    assert good.current == good.amendments[-1].digest != good.digest
    with pytest.raises(rakor.Changed):
        replace(good, content=good.content + b" ")
    first, second = good.amendments
    with pytest.raises(rakor.Changed):
        replace(good, amendments=(replace(first, text="satu orang"), second))
    with pytest.raises(rakor.Changed):
        replace(good, amendments=(second,))


def test_an_answer_is_about_the_newest_version_from_an_agency_that_was_there() -> None:
    made = final()
    yes, no = minutes.Voice.APPROVED, minutes.Voice.OBJECTED
    minutes.check_answer(made, "PEMDA", yes, "Asisten I", "", made.current)
    minutes.check_answer(made, "PEMDA", no, "Asisten I", "angka lain", made.current)
    for agency, said, office, text, seen, refusal in (
        ("BAWASLU", yes, "Ketua", "", made.current, minutes.NotAttended),
        ("PEMDA", yes, "Asisten I", "", "0" * 64, minutes.SeenOther),
        ("PEMDA", no, "Asisten I", " ", made.current, minutes.NoText),
        ("PEMDA", yes, "", "", made.current, rakor.NotAnOffice),
        ("PEMDA", yes, "Pak Indra", "", made.current, rakor.NotAnOffice),
    ):
        with pytest.raises(refusal):
            minutes.check_answer(made, agency, said, office, text, seen)
    spoken = replace(made, approvals=(voice("PEMDA", made.current),))
    with pytest.raises(minutes.AlreadyAnswered):
        minutes.check_answer(spoken, "PEMDA", yes, "Asisten I", "", made.current)
    minutes.check_answer(spoken, "PEMDA", no, "Asisten I", "angka lain", made.current)


def test_an_amendment_asks_everybody_again_and_an_answer_counts_as_received() -> None:
    made = final()
    spoken = replace(made, approvals=(voice("KPU", made.current), voice("PEMDA", made.current, minutes.Voice.OBJECTED, "x")))
    assert spoken.complete
    assert set(spoken.holders()) == {"KPU", "PEMDA"}
    later = amended(spoken)
    assert not later.complete
    assert later.voices() == {}
    assert later.holders() == {}


def test_the_last_word_of_an_agency_counts() -> None:
    made = final()
    both = replace(made, approvals=(voice("PEMDA", made.digest, minutes.Voice.OBJECTED, "x"), voice("PEMDA", made.digest)))
    assert both.voices()["PEMDA"].voice is minutes.Voice.APPROVED


def test_receipt_is_confirmed_once_by_those_on_the_list() -> None:
    made = final()
    minutes.check_receipt(made, "BAWASLU", made.current)
    with pytest.raises(minutes.NotOnList):
        minutes.check_receipt(made, "POLRES", made.current)
    with pytest.raises(minutes.SeenOther):
        minutes.check_receipt(amended(made), "BAWASLU", made.current)
    held = replace(made, received=(minutes.Received("BAWASLU", made.current, AT),))
    with pytest.raises(minutes.AlreadyReceived):
        minutes.check_receipt(held, "BAWASLU", made.current)


def test_minutes_are_read_by_who_was_asked_or_there_and_by_those_who_read_all() -> None:
    assert [a for a in ("KPU", "KEJARI", "BAWASLU", "PEMDA", "POLRES") if minutes.may_read(a, MEETING)] == [
        "KPU",
        "KEJARI",
        "BAWASLU",
        "PEMDA",
    ]
