"""The questions of init: wrong answers are asked again, Enter takes what stands in brackets."""

from collections.abc import Callable
from datetime import date

import pytest

from posko.cli import founding, wizard
from posko.cli.founding import Chosen, FirstUser, Shipped

KNOWN = {
    "pemilu-2024": Shipped("pemilu-2024", "Pemilu 2024", ("PPWP", "DPR"), date(2024, 2, 14)),
    "pilkada-2024": Shipped("pilkada-2024", "Pilkada 2024", ("GUB",), None),
}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """answering([...]) gives these answers in turn; a question too many fails."""

    def give(answers: list[str]) -> None:
        left = iter(answers)
        monkeypatch.setattr("builtins.input", lambda _prompt: next(left))

    return give


def test_a_tired_person_gets_through_with_wrong_answers_and_enter(
    answering: Callable[[list[str]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answering(
        [
            "1906", "19.06", "", "Belitung Timur", "pemilu-2025", "pemilu-2024,pilkada-2024", "",
            "besok", "27-11-2024", "", "y", "Admin Posko", "admin",
            "", "", "", "Ani", "", "y", "ketua", "ppk.anggota", "admin", "budi", "", "19.02", "19.06.02", "mungkin", "t",
        ]
    )  # fmt: skip
    plan = wizard.questions("", "", KNOWN)
    assert plan.elections == (
        Chosen("pemilu-2024", "Pemilu 2024", ("PPWP", "DPR"), date(2024, 2, 14)),
        Chosen("pilkada-2024", "Pilkada 2024", ("GUB",), date(2024, 11, 27)),
    )
    assert plan.users == (
        FirstUser("admin", "Admin", "admin.sistem", "19.06"),
        FirstUser("operator", "Ani", "kpu.operator", "19.06"),
        FirstUser("budi", "Budi", "ppk.anggota", "19.06.02"),
    )
    assert founding.problems(plan) == []
    assert plan.scenario is not None
    assert plan.scenario.name == "beltim-2024"
    said = capsys.readouterr().out
    for words in (
        "harus seperti 19.06",
        "Belum diisi",
        "Tidak ada 'pemilu-2025'",
        "Tulis seperti",
        "huruf kecil",
        "Sudah dipakai",
        "di dalam 19.06",
    ):
        assert words in said


def test_what_was_given_as_a_flag_is_taken_with_enter(answering: Callable[[list[str]], None]) -> None:
    answering(["", "", "", "", "", "t", "", "", "", "", "", "", "t"])
    plan = wizard.questions("19.06", "Belitung Timur", KNOWN)
    assert (plan.region, plan.name, [e.code for e in plan.elections]) == ("19.06", "Belitung Timur", ["pemilu-2024"])
