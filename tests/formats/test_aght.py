"""Another agency's classes from a file: every row understood or named, nothing about participants kept."""

from collections.abc import Sequence

import pytest

from posko.domain import aght as rules
from posko.domain.aght import NEAR_PARTICIPANTS, Cell, Label, Owner
from posko.formats import aght as files
from posko.formats import table

KNOWN = files.Known(
    frozenset({"19.06.01.2001", "19.06.01.2001.003", "19.06.02.2001"}),
    {("manggar", "lalang"): "19.06.01.2001", ("gantung", "gantung"): "19.06.02.2001", ("damar", "lalang"): "19.06.06.2002"},
)


def read(rows: Sequence[Sequence[object]], owner: Owner = Owner.BAWASLU) -> tuple[tuple[Cell, ...], list[str]]:
    cells, problems = files.read("lapis.csv", table.csv(rows).encode(), owner, KNOWN)
    return cells, files.sentences(problems)


def test_codes_and_names_are_understood_and_an_empty_number_counts_one() -> None:
    cells, wrong = read(
        [
            ("Rekap indikator", "", "", ""),
            ("Kode", "Kecamatan", "Desa", "Indikator", "Jumlah"),
            ("1906012001", "", "", "Sulit dijangkau", "2"),
            ("19.06.01.2001.003", "", "", "Kendala internet", ""),
            ("", "Gantung", "GANTUNG", "Rawan bencana", "1.234"),
        ]
    )  # fmt: skip
    assert wrong == []
    assert cells == (
        Cell("19.06.01.2001", "sulit dijangkau", 2),
        Cell("19.06.01.2001.003", "kendala internet", 1),
        Cell("19.06.02.2001", "rawan bencana", 1234),
    )  # fmt: skip


def test_the_same_table_as_xlsx_gives_the_same_cells() -> None:
    rows = [("kode", "kelas", "jumlah"), ("19.06.01.2001", "sangat rawan", 3)]
    cells, problems = files.read("x.xlsx", table.xlsx({"TPS": rows}), Owner.POLRES, KNOWN)
    assert (cells, problems) == (read(rows, Owner.POLRES)[0], [])
    assert cells == (Cell("19.06.01.2001", "sangat rawan", 3),)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("19.06.01.2999", "rawan", "1"), "kolom kode: 19.06.01.2999 bukan desa atau TPS"),
        (("", "rawan", "1"), "bukan desa atau TPS"),
        (("19.06.01.2001", "agak rawan", "1"), "agak rawan bukan kelas Polri"),
        (("19.06.01.2001", "", "1"), "kelas atau indikator belum diisi"),
        (("19.06.01.2001", "rawan", "1.5"), "1.5 bukan bilangan bulat"),
        (("19.06.01.2001", "rawan", "-1"), "-1 bukan bilangan bulat"),
        (("19.06.01.2001", "rawan", "999999999"), "bukan bilangan bulat"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(row: tuple[str, ...], said: str) -> None:
    cells, wrong = read([("kode", "kelas", "jumlah"), row], Owner.POLRES)
    assert cells == ()
    assert len(wrong) == 1
    assert "aris 2" in wrong[0]
    assert said in wrong[0]


def test_a_desa_named_twice_needs_its_kecamatan_and_a_row_stands_once() -> None:
    assert "dua desa" in read([("desa", "indikator"), ("Lalang", "listrik")])[1][0]
    wrong = read([("kode", "kelas"), ("19.06.01.2001", "rawan"), ("19.06.01.2001", "RAWAN")], Owner.POLRES)[1]
    assert "sudah ada pada baris 2" in wrong[0]


def test_missing_columns_and_empty_tables_are_named() -> None:
    assert any("kolom kelas atau indikator tidak ada" in line for line in read([("kode", "x"), ("19.06.01.2001", "y")])[1])
    assert any("kolom kode tidak ada" in line for line in read([("kelas", "x"), ("rawan", "y")])[1])
    assert read([("kode", "kelas")])[1] == ["Tidak ada baris yang dapat dibaca."]


def test_indicators_about_participants_lose_their_name_at_the_door() -> None:
    cells, wrong = read([("kode", "indikator"), ("19.06.01.2001", "Dekat posko kampanye"), ("19.06.01.2001", "Basis massa caleg")])
    assert wrong == []
    assert {cell.label for cell in cells} == {NEAR_PARTICIPANTS}


HEAD = ("Kelompok", "Kode", "Nama", "Catatan")
GOOD = [("gatra", "geografi", "Geografi", ""), ("Variabel", "6", "Lokasi", ""), ("variabel", "8", "Kabar", "R21 hoaks")]


def read_labels(rows: Sequence[Sequence[object]]) -> tuple[tuple[Label, ...], list[str]]:
    found, problems = files.read_labels("label.xlsx", table.xlsx({"Label": [list(row) for row in rows]}))
    return found, files.sentences(problems)


def test_a_set_of_labels_reads_back_what_its_own_table_says() -> None:
    found, wrong = read_labels([HEAD, *GOOD])
    assert (wrong, found[2]) == ([], Label("8", "Kabar", "variabel", "R21 hoaks"))
    assert read_labels(files.label_table(found)) == (found, [])
    built_in = rules.label_rows(rules.LABELS[rules.CURRENT_LABELS])
    assert read_labels(files.label_table(built_in)) == (tuple(built_in), [])
    csv, problems = files.read_labels("label.csv", table.csv(files.label_table(found)).encode())
    assert (csv, problems) == (found, [])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("Kode", "Nama"), ("6", "Lokasi")], "Lembar label, baris 1, kolom kelompok: kolom kelompok tidak ada"),
        ([HEAD, ("agama", "6", "Lokasi", "")], "Lembar label, baris 2, kolom kelompok: agama bukan kelompok"),
        ([HEAD, *GOOD, ("gatra", "dua kata", "x", "")], "Lembar label, baris 5, kolom kode: kode dua kata tidak dapat dipakai"),
        ([HEAD, *GOOD, ("gatra", "geografi", "x", "")], "Lembar label, baris 5, kolom kode: gatra geografi sudah ada pada baris 2"),
        ([HEAD, *GOOD, ("gatra", "x", "", "")], "Lembar label, baris 5, kolom nama"),
        ([HEAD, *GOOD, ("gatra", "x", "n" * 81, "")], "Lembar label, baris 5, kolom nama"),
        ([HEAD, *GOOD, ("gatra", "x", "y", "c" * 121)], "Lembar label, baris 5, kolom catatan"),
        ([HEAD, *GOOD, ("gatra", "x", "Massa partai", "")], "label menyebut peserta pemilu"),
        ([HEAD, *GOOD[1:]], "kelompok gatra tidak punya satu baris pun"),
        ([HEAD, *GOOD[:2]], "tandai tepat satu variabel dengan R21"),
        ([HEAD, *GOOD, ("variabel", "9", "Lain", "R21")], "sekarang 2"),
    ],
)
def test_what_is_wrong_with_a_set_is_named_by_sheet_row_and_column(rows: Sequence[Sequence[object]], said: str) -> None:
    assert said in " ".join(read_labels(rows)[1])
