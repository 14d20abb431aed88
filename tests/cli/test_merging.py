"""posko aght group: groups from a file without an installation, or a message and nothing on stdout."""

import json
from pathlib import Path

import pytest

from posko.cli import main
from tests.cli import program

HEAD = "report_id,narrative,desa,tps_no\n"
ROWS = (
    'A,"[SIMULASI] Segel kotak TPS 004 putus saat diterima",Lalang,004\n'
    'B,"[SIMULASI] segel kotak tps 4 la putus pas datang",Lalang,4\n'
    'C,"[SIMULASI] Segel kotak TPS 005 putus saat diterima",Lalang,005\n'
)


def run(tmp_path: Path, text: str, *options: str) -> int:
    file = tmp_path / "laporan.csv"
    file.write_text(text, encoding="utf-8")
    return main.run(["aght", "group", str(file), *options])


def test_json_is_a_list_of_lists_of_report_ids_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + ROWS, "--json") == 0
    assert json.loads(capsys.readouterr().out) == [["A", "B"]]


def test_people_read_who_belongs_together_and_which_digits_contradict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + ROWS) == 0
    said = capsys.readouterr().out
    assert "3 laporan, 1 kelompok" in said
    assert "A dan C: nomor TPS berbeda (4 dan 5)" in said
    assert "Orang yang memutuskan" in said


def test_nothing_alike_is_an_empty_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + "A,segel putus,Lalang,\nB,atap bocor,Lenggang,\n", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "kosong"),
        ("report_id,desa\nA,B\n", "kolom narrative tidak ada"),
        (HEAD + "A,segel,Lalang,x\n", "Baris 2, kolom tps_no"),
        (HEAD, "belum ada laporan"),
    ],
)
def test_a_wrong_file_is_refused_with_row_and_column(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, text, "--json") == 2
    out = capsys.readouterr()
    assert out.out == ""
    assert said in out.err


def test_a_missing_file_a_folder_no_file_and_another_word_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["aght", "group", str(tmp_path / "x.csv")]) == 2
    assert main.run(["aght", "group", str(tmp_path)]) == 2
    assert main.run(["aght", "group"]) == 2
    assert main.run(["aght", "merge", "x.csv"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert [word in said.err for word in ("tidak ada", "folder", "wajib diisi", "Pilihannya: group, generate")] == [True] * 4


def test_help_names_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["aght", "--help"]) == 0
    assert "report_id" in capsys.readouterr().out


def test_it_needs_no_installation_and_no_database(tmp_path: Path) -> None:
    file = tmp_path / "laporan.csv"
    file.write_text(HEAD + ROWS, encoding="utf-8")
    done = program.run(tmp_path / "nothing", "aght", "group", str(file), "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [["A", "B"]])
    assert not (tmp_path / "nothing").exists()


def test_made_up_reports_come_out_as_they_go_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["aght", "generate", "--groups", "30", "--seed", "4"]) == 0
    made = capsys.readouterr().out
    assert all("[SIMULASI]" in line for line in made.splitlines()[1:])
    assert run(tmp_path, made, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) > 10
