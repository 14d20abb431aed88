"""Calling the program wrongly, and what it answers."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from posko.cli import main
from posko.cli import test as testing

ROOT = Path(__file__).resolve().parents[2]


def test_the_list_of_commands_appears_at_once_and_without_loading_any() -> None:
    program = (
        "import sys; from posko.cli import main; main.run(['--help']); print([m for m in ('django', 'typer', 'numpy') if m in sys.modules])"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert time.monotonic() - began < 3
    assert done.stdout.rstrip().endswith("[]")
    for name in ("demo", "test", "init", "serve", "upgrade", "backup", "restore", "needs", "plan"):
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dmo"], "Maksud Anda: demo?"),
        (["xyzzy"], "Perintah xyzzy tidak ada"),
        (["demo", "--frsh"], "Pilihan --frsh tidak dikenal. Maksud Anda: --fresh?"),
        (["demo", "--port", "delapan"], "harus bilangan bulat"),
        (["demo", "--port", "700000"], "paling besar 65535"),
        (["demo", "--port"], "memerlukan nilai"),
        (["demo", "sekarang"], "Terlalu banyak masukan: sekarang"),
        (["restore"], "wajib diisi"),
        (["restore", "tidak-ada.tar.gz"], "tidak ada"),
        (["serve", "--certificate", "x.pem"], "diisi berdua"),
    ],
)
def test_wrong_use_gets_a_sentence_and_code_2(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_help_of_a_command_is_indonesian(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["serve", "--help"]) == 0
    said = capsys.readouterr().out
    assert "Cara pakai: ./posko serve" in said
    assert not [word for word in ("Usage", "Options", "Show this", "[default", "[required", "[OPTIONS") if word in said]


def test_a_command_that_is_not_built_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.COMMANDS, "nanti", main.Command("posko.cli.nowhere", "nanti", ""))
    assert main.run(["nanti"]) == 1
    assert "belum ada" in capsys.readouterr().err


def test_the_closing_lines_of_all_parts_are_summed() -> None:
    outcome = testing.Outcome()
    for closing in (
        "3 passed in 0.10s",
        "......\n1 failed, 2 passed, 4 skipped in 12.00s (0:00:12)\n",
        "2 passed, 1 error in 1.0s",
        "no tests ran in 0.01s",
    ):
        outcome.counts.update(testing.counts_of(closing))
    assert testing.closing(outcome, 61.5) == ["7 passed, 1 failed, 1 error, 4 skipped in 61.50s"]


def test_what_could_not_be_tested_fails_where_every_change_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    outcome = testing.Outcome()
    testing.absent(outcome, "peramban", "Chromium")
    assert outcome.broken == []
    monkeypatch.setenv("CI", "true")
    testing.absent(outcome, "peramban", "Chromium")
    assert outcome.broken == ["peramban (Chromium wajib ada di CI)"]
    assert "TIDAK DIUJI" in capsys.readouterr().out


def test_a_failing_part_is_named_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = testing.Outcome()
    testing.part(outcome, "gaya", lambda: (1, ""))
    testing.part(outcome, "unit", lambda: (0, "5 passed in 1.0s"))
    testing.part(outcome, "dokumen", lambda: (testing.NOTHING_COLLECTED, "no tests ran in 0.1s"))
    assert testing.closing(outcome, 1.0) == ["GAGAL: gaya", "5 passed, 0 failed in 1.00s"]
    capsys.readouterr()
