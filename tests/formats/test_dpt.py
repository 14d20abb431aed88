"""Voter files as offices send them."""

import io
from typing import Any

import pytest
import xlsxwriter

from posko.domain import places
from posko.formats import dpt, table


def tps(desa: str, name: str, kecamatan: str, number: int) -> places.Tps:
    return places.Tps(
        places.tps_code(desa, number), number, f"TPS {number:03}", desa, name, desa[:8], kecamatan, "reguler", "", False, -2.9, 108.2
    )


TPS = [
    tps("19.06.02.2001", "Gantung", "Gantung", 1),
    tps("19.06.02.2001", "Gantung", "Gantung", 2),
    tps("19.06.02.2002", "Selingsing", "Gantung", 1),
    tps("19.06.03.2001", "Dendang", "Dendang", 901),
]
GOOD = [
    ["1906022001001", "1906022001", "270"],
    ["19.06.02.2001.002", "19.06.02.2001", "281"],
    ["1906022002001", "1906022002", "190"],
    ["1906032001901", "1906032001", "12"],
]


def csv(rows: list[list[Any]], head: str = "tps_code,desa_code,voters") -> bytes:
    return "\n".join([head, *(",".join(str(c) for c in r) for r in rows)]).encode()


def book(rows: list[list[Any]], merges: tuple[tuple[int, int, int, int, str], ...] = ()) -> bytes:
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = made.add_worksheet("Rekap")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is not None:
                sheet.write(r, c, value)
    for merge in merges:
        sheet.merge_range(*merge)
    made.close()
    return target.getvalue()


def read(data: bytes, **said: Any) -> dpt.Reading:
    return dpt.read("berkas.csv", data, TPS, region="19.06", limit=300, **said)


def one(index: int, column: int, value: str) -> bytes:
    rows = [list(r) for r in GOOD]
    rows[index][column] = value
    return csv(rows)


def codes(reading: dpt.Reading) -> list[tuple[str, int, str]]:
    return [(p.code, p.row, p.column) for p in reading.problems]


def test_the_minimal_file_is_read_with_its_zeros_dotted_or_not() -> None:
    reading = read(csv(GOOD))
    assert reading.ready
    assert reading.minimal
    assert {v.tps: v.dpt for v in reading.voters} == {t.code: n for t, n in zip(TPS, (270, 281, 190, 12), strict=True)}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_semicolons_a_bom_and_the_old_code_page_do_not_matter(encoding: str) -> None:
    assert read(csv(GOOD).decode().replace(",", ";").encode(encoding)).ready


@pytest.mark.parametrize(
    ("data", "code", "row", "column"),
    [
        (one(0, 2, ""), "dpt.count_empty", 2, "C"),
        (one(1, 2, "banyak"), "dpt.not_a_number", 3, "C"),
        (one(1, 2, "-5"), "dpt.negative_count", 3, "C"),
        (one(1, 2, "27.5"), "dpt.decimal", 3, "C"),
        (one(1, 2, "#REF!"), "dpt.formula_error", 3, "C"),
        (one(1, 2, "=A1"), "dpt.formula", 3, "C"),
        (one(1, 2, "27000000"), "dpt.too_many", 3, "C"),
        (one(1, 0, "1.90602E+12"), "dpt.code_scientific", 3, "A"),
        (one(1, 0, "190602200100"), "dpt.code_bad", 3, "A"),
        (one(1, 0, "1902022001002"), "dpt.wrong_region", 3, "A"),
        (one(1, 0, "1906022001077"), "dpt.unknown_tps", 3, "A"),
        (one(1, 0, "1906022001001"), "dpt.duplicate", 3, "A"),
        (one(1, 1, "1906022002"), "dpt.desa_differs", 3, "B"),
        (csv(GOOD[:3]), "dpt.missing_tps", 0, ""),
        (csv([*GOOD, ["Jumlah", "", "999"]]), "dpt.total", 6, "C"),
    ],
)
def test_what_is_wrong_is_named_with_row_and_column(data: bytes, code: str, row: int, column: str) -> None:
    reading = read(data)
    assert (code, row, column) in codes(reading)
    assert not reading.ready


def test_codes_that_excel_made_numbers_are_named_not_repaired() -> None:
    rows: list[list[Any]] = [["tps_code", "desa_code", "voters"], [1906022001001, "1906022001", 270]]
    reading = dpt.read("a.xlsx", book(rows), TPS, region="19.06")
    assert ("dpt.code_number", 2, "A") in codes(reading)


@pytest.mark.parametrize(("written", "mark", "value"), [("1.234", ".", 1234), ('"1,234"', ",", 1234)])
def test_a_dot_or_comma_before_three_digits_is_asked_never_guessed(written: str, mark: str, value: int) -> None:
    data = one(1, 2, written)
    asked = read(data)
    assert [q.key for q in asked.questions] == ["separator"]
    assert not asked.ready
    answered = read(data, answers={"separator": mark})
    assert {v.tps: v.dpt for v in answered.voters}[TPS[1].code] == value
    assert ("dpt.decimal", 3, "C") in codes(read(data, answers={"separator": "none"}))


@pytest.mark.parametrize(
    "head", ["NIK", "No. KK", "Nama Pemilih", "Nama Lengkap", "NAMA", "Tanggal Lahir", "Alamat", "No KTP", "Jenis Kelamin"]
)
def test_a_column_of_persons_refuses_the_whole_file(head: str) -> None:
    with pytest.raises(dpt.PersonalData) as refused:
        read(csv([[*r, "x"] for r in GOOD], f"tps_code,desa_code,voters,{head}"))
    assert refused.value.facts["column"] == "D"


@pytest.mark.parametrize("value", ["1906020101900001", "190602 010190 0001", "'1906020101900001"])
def test_a_number_of_sixteen_digits_refuses_the_whole_file_and_is_not_repeated(value: str) -> None:
    with pytest.raises(dpt.PersonalData) as refused:
        read(csv([[*r, value] for r in GOOD], "tps_code,desa_code,voters,catatan"))
    assert "19060201" not in str(refused.value.facts)


@pytest.mark.parametrize("head", ["Partai", "Agama", "Suku", "Perolehan Suara"])
def test_columns_that_have_no_place_here_refuse_the_whole_file(head: str) -> None:
    with pytest.raises(dpt.ForbiddenColumn):
        read(csv([[*r, "x"] for r in GOOD], f"tps_code,desa_code,voters,{head}"))


RECAP: list[list[Any]] = [
    ["REKAPITULASI DAFTAR PEMILIH TETAP"],
    [],
    ["No", "Nama Kecamatan", "Nama Desa/Kelurahan", "No. TPS", "Jumlah Pemilih", None, None],
    [None, None, None, None, "L", "P", "L+P"],
    [1, 2, 3, 4, 5, 6, 7],
    [1, "GANTUNG", "Gantung", "001", 130, 140, 270],
    [2, None, None, "002", 140, 141, 281],
    [3, "GANTUNG", "Selingsing", "TPS 1", 90, 100, 190],
    [None, "Jumlah Kec. Gantung", None, None, 360, 381, 741],
    [],
    [4, "DENDANG", "Dendang", 901, 6, 6, 12],
    [None, "TOTAL", None, None, 366, 387, 753],
    [],
    ["Manggar, tanggal penetapan"],
]
MERGED = ((2, 4, 2, 6, "Jumlah Pemilih"),)


def recap(change: dict[tuple[int, int], Any] | None = None) -> bytes:
    rows = [list(r) for r in RECAP]
    for (r, c), value in (change or {}).items():
        rows[r][c] = value
    return book(rows, MERGED)


def test_a_recap_with_merged_heads_names_subtotals_and_notes_is_read() -> None:
    reading = read(recap())
    assert codes(reading) == []
    assert reading.questions == ()
    assert (reading.columns.first, reading.columns.last) == (3, 4)
    assert {v.tps: (v.dpt, v.male, v.female) for v in reading.voters}[TPS[0].code] == (270, 130, 140)
    assert reading.ready
    assert not reading.minimal


def test_men_and_women_must_add_up() -> None:
    assert ("dpt.sum", 6, "G") in codes(read(recap({(5, 6): 275})))


def test_a_total_that_does_not_fit_its_rows_is_named() -> None:
    assert ("dpt.total", 12, "G") in codes(read(recap({(11, 6): 999})))


def test_a_name_that_is_only_alike_is_asked_and_the_answer_holds_for_all_its_rows() -> None:
    data = recap({(7, 2): "Selinsing"})
    reading = read(data)
    assert [(q.kind, q.rows, q.choices[0][0]) for q in reading.questions] == [("desa", (8,), "19.06.02.2002")]
    assert not reading.voters or not reading.ready
    assert read(data, answers={reading.questions[0].key: "19.06.02.2002"}).ready


def test_a_village_without_its_kecamatan_is_never_joined_by_name_alone() -> None:
    rows: list[list[Any]] = [["Desa", "No TPS", "Jumlah Pemilih"], ["Gantung", "1", 270], ["Dendang", "901", 12]]
    reading = read(book(rows))
    assert [(q.written, q.likely) for q in reading.questions] == [("Gantung", "19.06.02.2001"), ("Dendang", "19.06.03.2001")]


def test_voters_beyond_the_planned_size_are_a_warning() -> None:
    reading = read(one(0, 2, "420"))
    assert [(w.code, w.row) for w in reading.warnings] == [("dpt.over_limit", 2)]
    assert reading.ready


def test_a_file_of_later_voters_only_needs_no_dpt() -> None:
    reading = read(b"tps_code,dptb,dpk\n1906022001001,3,1\n")
    assert reading.additional
    assert reading.ready
    assert (reading.voters[0].dptb, reading.voters[0].dpk) == (3, 1)


def test_a_file_without_a_known_header_says_what_is_missing() -> None:
    assert read(b"a,b,c\nx,y,z\n").columns.missing == ("place", "count")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_can_be_filled_and_read_again(kind: str) -> None:
    rows = table.read(f"t.{kind}", dpt.template(kind, TPS)).sheets[0].rows
    assert rows[0] == dpt.HEADER
    filled: list[list[Any]] = [list(rows[0]), *([r[0], r[1], 200, None, None] for r in rows[1:])]
    assert dpt.read("t.xlsx", table.xlsx({"a": filled}), TPS, region="19.06").ready
