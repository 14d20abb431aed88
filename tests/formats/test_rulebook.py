"""Rulebook files: the shipped ones are right; a wrong one names all its faults with their lines."""

from pathlib import Path

import pytest

from posko.formats import rulebook

FILES = sorted((Path(__file__).resolve().parents[2] / "rulebooks").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_shipped_rulebook_reads_without_a_fault(path: Path) -> None:
    found, problems = rulebook.read(path.name, path.read_bytes())
    assert problems == []
    assert found is not None
    assert found.code == path.stem


def test_all_faults_are_named_with_their_lines() -> None:
    text = FILES[0].read_text() if FILES[0].stem == "pemilu-2024" else FILES[1].read_text()
    broken = (
        text.replace('grade = "verified"', 'grade = "sure"', 1)
        .replace("quantity = 4\n", "quantity = -4\n", 1)
        .replace("unit = ", "uint = ", 1)
    )
    found, problems = rulebook.read("x.toml", broken.encode())
    assert found is None
    assert {p.code for p in problems} >= {"rulebook.choice", "rulebook.negative", "rulebook.unknown_key", "rulebook.missing"}
    lines = broken.splitlines()
    for problem in problems:
        assert lines[problem.row - 1].strip().startswith("[")
        assert rulebook.sentence(problem).startswith("x.toml, baris")


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a = "])
def test_what_is_not_toml_is_one_problem(data: bytes) -> None:
    found, problems = rulebook.read("x.toml", data)
    assert found is None
    assert [p.code for p in problems] == ["rulebook.syntax"]


def test_clocks_of_other_agencies_are_read_and_their_faults_named() -> None:
    path = next(p for p in FILES if p.stem == "pemilu-2024")
    found, _ = rulebook.read(path.name, path.read_bytes())
    assert found is not None
    seven = found.clock("BAWASLU_TANGANI")
    assert seven is not None
    assert (seven.days, seven.working, seven.grade.computes) == (7, False, False)
    block = '\n[[clocks]]\ncode = "BAWASLU_TANGANI"\nname = "x"\nworking = true\narticle = "y"\ngrade = "law"\n'
    broken, problems = rulebook.read("x.toml", path.read_bytes() + block.encode())
    assert broken is None
    assert {p.code for p in problems} == {"rulebook.twice", "rulebook.missing"}
