"""posko needs: exact numbers from a file, or a message a tired operator understands and nothing on stdout."""

import json
from pathlib import Path

import pytest

from posko.cli import main

HEAD = "tps_code,desa_code,voters\n"
ROW = "19.06.01.2001.001,19.06.01.2001,288\n"


def run(tmp_path: Path, text: str | bytes, *options: str) -> int:
    file = tmp_path / "pemilih.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return main.run(["needs", str(file), "--rules", "pemilu-2024", *options])


def test_the_answer_is_one_json_object_with_whole_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + ROW + "1906022001001,1906022001,300\n", "--json") == 0
    assert json.loads(capsys.readouterr().out) | {"unknown": []} == {
        "rules": "pemilu-2024",
        "tps": 2,
        "kecamatan": 2,
        "voters": 588,
        "items": {
            "KOTAK": {"total": 14, "tps": 10, "ppk": 4, "grade": "verified"},
            "SURAT_SUARA": {"total": 3000, "by_contest": dict.fromkeys(("PPWP", "DPR", "DPD", "DPRD_PROV", "DPRD_KAB"), 600)},
            "BILIK": {"total": 8, "tps": 8, "grade": "verified"},
            "TINTA": {"total": 4, "tps": 4, "grade": "verified"},
        },
        "unknown": [],
    }


def test_jakarta_gets_four_boxes_per_tps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, HEAD + "31.73.01.1001.001,31.73.01.1001,300\n", "--json") == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert (items["KOTAK"]["tps"], items["SURAT_SUARA"]["total"]) == (4, 4 * 306)


WRONG = {
    "empty": ("", "kosong"),
    "no rows": (HEAD, "belum ada satu TPS"),
    "a missing column": ("tps_code,voters\nx,1\n", "kolom desa_code tidak ada"),
    "a column of persons": (HEAD.strip() + ",nik\n" + ROW.strip() + ",1\n", "data pribadi"),
    "an extra column": (HEAD.strip() + ",catatan\n" + ROW.strip() + ",x\n", "catatan tidak dikenal"),
    "a short row": (HEAD + "19.06.01.2001.001,5\n", "Baris 2: ada 2 kolom"),
    "lost zeros": (HEAD + "19.06.01.2001.1,19.06.01.2001,5\n", "kehilangan nol"),
    "scientific": (HEAD + "1.90601E+12,19.06.01.2001,5\n", "ditulis Excel"),
    "another desa": (HEAD + "19.06.01.2001.001,19.06.01.2002,5\n", "tidak cocok"),
    "twice": (HEAD + ROW + ROW, "Baris 3, kolom tps_code: TPS 19.06.01.2001.001 sudah ada di baris 2"),
    "negative": (HEAD + ROW.replace("288", "-5"), "di bawah nol"),
    "a separator": (HEAD + ROW.replace("288", "1.234"), "ribuan atau pecahan"),
    "words": (HEAD + ROW.replace("288", "banyak"), "bukan bilangan"),
    "no count": (HEAD + ROW.replace("288", ""), "jumlah pemilih kosong"),
    "too many": (HEAD + ROW.replace("288", "28800"), "terlalu banyak"),
    "a number of a person": (HEAD + ROW.replace("288", "1906010101010001"), "NIK"),
    "another encoding": (HEAD.encode() + b"\xff\xfe", "UTF-8"),
    "a workbook": (b"PK\x03\x04", "buku kerja Excel"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_refused_with_row_and_column_and_nothing_is_computed(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, message = WRONG[kind]
    assert run(tmp_path, text, "--json") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert "1906010101010001" not in said.err


def test_an_unknown_rulebook_or_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["needs", str(tmp_path / "x.csv"), "--rules", "pemilu-2024"]) == 2
    file = tmp_path / "a.csv"
    file.write_text(HEAD + ROW)
    assert main.run(["needs", str(file), "--rules", "pemilu-1955"]) == 2
    assert "pemilu-2024" in capsys.readouterr().err
