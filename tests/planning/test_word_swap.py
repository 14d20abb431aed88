"""N6: swap fictitious names of parties, or the places, in a copy; nothing that decides may change but the names themselves.

The names are ours and of nobody: two flowers. They must be of one length, since a text that grows is another text.
"""

import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from posko.domain import aght, merging, recommendations, reports
from posko.formats import recommendations as library
from posko.planning import merging as kernel
from posko.planning import neutrality, tellings

SRC = Path(__file__).resolve().parents[2] / "src" / "posko"
ONE, OTHER = "Melatiraya", "Kenangaraya"[:10]
SENTENCES = (
    "Spanduk {} menutup jalan ke TPS 003.",
    "Saksi partai {} belum datang, kotak sudah di PPS.",
    "Gudang dekat posko {}: atap bocor, 200 lembar basah.",
    "Pendukung {} berkumpul di dermaga, kapal tidak bisa merapat.",
    "Jalan ke desa terputus, kata orang {}.",
)
PLACES = ("Manggar", "Gantung", "Dendang", "Kelapa Kampit", "Damar", "Simpang Renggiang", "Simpang Pesak")


def both(sentence: str) -> tuple[str, str]:
    return sentence.format(ONE), sentence.format(OTHER)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_guard_finds_the_same_labels_whichever_name_stands_there(sentence: str) -> None:
    one, other = both(sentence)
    assert reports.guard(one) == reports.guard(other)
    assert reports.kinds(reports.guard(one)) == reports.kinds(reports.guard(other))
    assert bool(reports.looks_like_a_person(one)) == bool(reports.looks_like_a_person(other))


def test_an_installation_s_own_list_guards_each_name_alike() -> None:
    for sentence in SENTENCES:
        one, other = both(sentence)
        found = [reports.kinds(reports.guard(text, extra=(ONE, OTHER))) for text in (one, other)]
        assert found[0] == found[1]
        assert "own_list" in found[0]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_linter_of_letters_says_the_same_of_both(sentence: str) -> None:
    findings = []
    for text in both(sentence):
        slots = recommendations.Slots("Dasar", text, text, f"Menyarankan agar KPU memeriksa {text}", "200 lembar diganti", text)
        findings.append([(f.code, f.slot) for f in recommendations.lint("Perihal", "KPU", slots)])
    assert findings[0] == findings[1]


def test_merging_groups_the_same_reports_whichever_name_they_mention() -> None:
    made = tellings.make(60, 2)
    gazetteer = merging.Gazetteer.of({(one.telling.kecamatan, one.telling.desa) for one in made})
    rng = random.Random(4)
    named = {one.telling.id: rng.random() < 0.5 for one in made}
    groups = []
    for name in (ONE, OTHER):
        readings = [
            merging.read(
                merging.Telling(
                    **{**one.telling.__dict__, "words": one.telling.words + (f" kata orang {name}" if named[one.telling.id] else "")}
                ),
                gazetteer,
            )
            for one in made
        ]
        groups.append(kernel.group(readings).groups)
    assert groups[0] == groups[1]
    assert groups[0]


def test_a_score_rests_on_grades_and_chains_and_sees_no_words() -> None:
    at = datetime(2024, 2, 1, tzinfo=UTC)
    scores = []
    for name in (ONE, OTHER):
        gradings = [
            aght.Grading(f"LAP-{k}", f"Jalan ditutup {name}", chain, letter, name, "p-1", digit, name, "p-2", at)
            for k, (chain, letter, digit) in enumerate([("a", "B", "2"), ("a", "C", "3"), ("b", "F", "3")])
        ]
        scores.append(aght.posterior(0.1, gradings).p)
    assert scores[0] == scores[1] != 0.1


def test_no_rule_and_no_kernel_names_a_place_of_the_regency() -> None:
    named = re.compile("|".join([*PLACES, "BELTIM-[0-9]", "BABEL-[0-9]"]))
    files = [*(SRC / "domain").glob("*.py"), *(SRC / "planning").glob("*.py")]
    assert len(files) > 30
    # Examples in docstrings and comments decide nothing, and made-up reports of the tests need places: code does neither.
    found = {}
    for file in files:
        if file.name == "tellings.py":
            continue
        code = re.sub(r'"""[\s\S]*?"""', "", file.read_text(encoding="utf-8"))
        code = "\n".join(line.partition("#")[0] for line in code.splitlines())
        if named.search(code):
            found[file.name] = named.search(code).group()  # type: ignore[union-attr]
    assert found == {}


def test_the_library_of_actions_names_no_place_and_no_participant() -> None:
    actions = library.library().remedies
    assert actions
    for one in actions:
        words = " ".join(str(v) for v in one.__dict__.values())
        assert not reports.guard(words), one
        assert not re.search(rf"\b(?:{'|'.join(PLACES)})\b", words, re.IGNORECASE), one


def test_the_audit_itself_is_the_same_when_dapil_change_their_names() -> None:
    counts, need = [4, 0, 9, 2, 7, 3], [3.0, 2.0, 5.0, 2.0, 4.0, 4.0]
    groups = ["A", "A", "B", "B", "C", "C"]
    other = [{"A": "Z", "B": "Y", "C": "X"}[g] for g in groups]
    one, two = neutrality.compare_counts(counts, need, groups), neutrality.compare_counts(counts, need, other)
    assert one.p == pytest.approx(two.p, abs=0.02)
    assert one.statistic == pytest.approx(two.statistic)
