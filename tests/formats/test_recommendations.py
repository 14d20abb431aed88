"""The library of actions and the papers: versioned data, one verb each; the same bytes, A4 and F4."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import recommendations as rules
from posko.domain.recommendations import Act, Event, Nature
from posko.formats import document
from posko.formats import recommendations as papers

AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
VOTING = datetime(2024, 2, 14, 0, tzinfo=UTC)
SLOTS = rules.Slots(
    "AGHT-01, B2", "Atap bocor", "p 0,29", "Menyarankan agar KPU menutup atap gudang", "Gudang kering", "Bilik basah", "Bawaslu\n\nPolres"
)


def issued(**more: Any) -> rules.Recommendation:
    text = rules.text("Perbaikan atap", "KPU", Nature.SEGERA, AT + timedelta(days=9), SLOTS, voting_at=VOTING, at=AT, **more)
    events = (
        Event(Act.DRAFT, "p-citra", "KEJARI", AT, {}, text),
        Event(Act.SUBMIT, "p-citra", "KEJARI", AT, {"note_number": "ND-001/POSKO-PEMILU/XII/2023", "reviewers": "1"}),
        Event(Act.APPROVE, "p-gita", "KEJARI", AT, {}),
        Event(Act.ISSUE, "p-gita", "KEJARI", AT, {"number": "R-001/POSKO-PEMILU/XII/2023"}),
    )
    return rules.replay("REK-01", events, VOTING)


def spoken() -> rules.Recommendation:
    at = datetime(2024, 2, 13, 3, tzinfo=UTC)
    slots = rules.Slots("", "Truk belum berangkat", "", "Menyarankan agar Polres mengawal truk", "", "")
    text = rules.text("Kawal truk", "POLRES", Nature.SEGERA, at + timedelta(hours=4), slots, voting_at=VOTING, at=at, oral=True)
    said = {"number": "R-009/POSKO-PEMILU/II/2024", "channel": "telepon", "heard_by": "Perwira jaga"}
    return rules.drafted("REK-09", Event(Act.SPEAK, "p-gita", "KEJARI", at, said, text), VOTING)


def test_every_action_of_the_library_makes_advice_that_the_linter_lets_through() -> None:
    library = papers.library()
    assert re.fullmatch(r"posko-tindakan/\d+", library.version)
    assert len({r.code for r in library.remedies}) == len(library.remedies) > 25
    for remedy in library.remedies:
        assert remedy.addressee in rules.ADDRESSEES
        saran = papers.opening(remedy, remedy.addressee)
        found = rules.lint("Hal", remedy.addressee, rules.Slots("a", "b", "c", saran, remedy.measure, "e"))
        assert not found, (remedy.code, found)
        assert not remedy.object.endswith(".")
        assert remedy.measure.endswith(".")
    assert {r.source for r in library.remedies} == {"", "bawaslu"}


def test_actions_answer_known_rules_and_the_fitting_ones_come_first() -> None:
    library = papers.library()
    known = {f"R{n:02}" for n in range(1, 23)}
    assert {rule for r in library.remedies for rule in r.rules} <= known
    first = library.fitting(("R10",), ())[:2]
    assert {r.code for r in first} == {"KAPAL-CADANGAN", "KENDARAAN-CADANGAN"}
    assert {r.code for r in library.fitting((), ("NET",))[:3]} == {"PINJAM-GENSET", "RENCANA-LURING", "HUBUNGI-UNIT"}
    assert len(library.fitting(("R10",), ())) == len(library.remedies)


def test_an_action_is_found_by_its_code_and_version_and_another_version_is_not_guessed() -> None:
    library = papers.library()
    found = library.find("PATROLI")
    assert found is not None
    assert library.find(library.key(found)) == found
    assert library.find("posko-tindakan/99:PATROLI") is None
    assert library.find("TIDAK-ADA") is None
    assert papers.action_words("posko-tindakan/99:PATROLI") == "posko-tindakan/99:PATROLI"


@pytest.mark.parametrize("paper", papers.PAPERS)
def test_letter_and_note_have_the_same_bytes_whenever_they_are_printed(paper: str) -> None:
    rec = issued(aght=("AGHT-01",), signals=("R11|site:gudang",), remedy="posko-tindakan/1:LINDUNGI-GUDANG", supersedes="REK-00")
    for template, values in (
        ("surat-rekomendasi", papers.letter(rec, "Belitung Timur", ["[SIMULASI]"], paper)),
        ("nota-dinas", papers.note(rec, "Belitung Timur", ["[SIMULASI]"], paper)),
    ):
        data = document.pdf(template, values, AT)
        assert data.startswith(b"%PDF")
        assert data == document.pdf(template, values, AT)
        assert values["paper"] == paper
        assert values["marks"] == ["[SIMULASI]"]


def test_a_letter_says_number_hash_addressee_and_that_it_replaces() -> None:
    rec = issued(supersedes="REK-00")
    values = papers.letter(rec, "Belitung Timur", [], "kuarto")
    assert values["paper"] == "a4"
    assert (values["number"], values["digest"], values["supersedes"]) == (rec.number, rec.digest, "REK-00")
    assert values["addressee"] == "Ketua Komisi Pemilihan Umum Kabupaten Belitung Timur"
    assert values["copies"] == ["Bawaslu", "Polres"]
    assert values["spoken"] == ""


def test_the_letter_of_spoken_advice_says_how_and_when_it_was_spoken_and_leaves_out_what_was_not_said() -> None:
    values = papers.letter(spoken(), "Belitung Timur", [])
    assert "secara lisan lewat telepon pada 13 Feb. 2024, 10.00 WIB, diterima oleh Perwira jaga" in values["spoken"]
    assert (values["basis"], values["risk"]) == ("", "")
    assert document.pdf("surat-rekomendasi", values, AT).startswith(b"%PDF")


def test_the_note_names_what_the_linter_asks_and_there_is_none_for_a_bare_draft() -> None:
    values = papers.note(issued(), "Belitung Timur", [])
    assert values["findings"] == ["Tidak ada butir AGHT atau sinyal yang mendasari."]
    draft = rules.drafted("REK-01", issued().events[0], VOTING)
    for make in (papers.note, papers.letter):
        with pytest.raises(rules.NoStep):
            make(draft, "Belitung Timur", [])
    with pytest.raises(rules.NoStep):
        papers.note(spoken(), "Belitung Timur", [])
