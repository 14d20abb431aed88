"""Tables in and out."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from posko.formats import table


def book(fill: Callable[[Any], None]) -> bytes:
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True})
    fill(made)
    made.close()
    return target.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_csv_is_read_whatever_the_office_saved_it_as(delimiter: str, encoding: str) -> None:
    data = delimiter.join(["kode", "désa", "n"]) + "\r\n" + delimiter.join(["0019", "Buku Limau", "270"]) + "\r\n"
    assert table.read("a.csv", data.encode(encoding)).sheets[0].rows == (("kode", "désa", "n"), ("0019", "Buku Limau", "270"))


def test_a_semicolon_file_with_decimal_commas_is_split_at_the_semicolons() -> None:
    assert table.read("a.csv", b"a;b\n1,5;2,5\n").sheets[0].rows[1] == ("1,5", "2,5")


def test_rows_and_columns_of_a_workbook_stand_where_excel_shows_them() -> None:
    def fill(made: Any) -> None:
        made.add_worksheet("Kosong")
        sheet = made.add_worksheet("Data")
        sheet.write(3, 2, "0012")
        sheet.merge_range(5, 0, 6, 0, "Gantung")

    empty, data = table.read("a.xlsx", book(fill)).sheets
    assert empty.rows == ()
    assert data.rows[3][2] == "0012"
    assert data.merged == ((5, 0, 6, 0),)


def test_formula_errors_and_formulas_never_computed_are_not_lost() -> None:
    def fill(made: Any) -> None:
        sheet = made.add_worksheet("Data")
        sheet.write(0, 0, "n")
        sheet.write_formula(1, 0, "=1/0", None, "#DIV/0!")
        sheet.write_formula(2, 0, "=A1", None, "")
        sheet.write(3, 0, 7)

    rows = table.read("a.xlsx", book(fill)).sheets[0].rows
    assert rows[1][0] == "#DIV/0!"
    assert rows[3][0] == 7


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "table.empty"),
        (b"\n \n", "table.empty"),
        (b",,\n,,\n", "table.empty"),
        (b"a,b\n" * 3_000_000, "table.too_big"),
        (b"a\n" * 25_000, "table.too_big"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "table.protected"),
        (b"\xd0\xcf\x11\xe0" + b"Workbook", "table.old_excel"),
        (b"%PDF-1.7 ...", "table.wrong_kind"),
        (b"<html><body>masuk</body></html>", "table.wrong_kind"),
        (b"PK\x03\x04 half a download", "table.corrupt"),
    ],
)
def test_what_is_no_table_is_refused_by_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(table.Unreadable) as refused:
        table.read("berkas.xlsx", data)
    assert refused.value.code == code


def test_half_a_workbook_is_called_damaged() -> None:
    whole = table.xlsx({"A": [["a"], [1]]})
    with pytest.raises(table.Corrupt):
        table.read("a.xlsx", whole[: len(whole) // 2])


def test_written_sheets_keep_zeros_run_no_formula_and_are_the_same_bytes_again() -> None:
    rows: list[list[Any]] = [["kode", "n"], ["0019", 5], ["=1+1", 6]]
    data = table.xlsx({"Pemilih: [a]": rows})
    assert data == table.xlsx({"Pemilih: [a]": rows})
    assert table.read("a.xlsx", data).sheets[0].rows == (("kode", "n"), ("0019", 5), ("=1+1", 6))


def test_a_written_csv_runs_no_formula() -> None:
    assert table.csv([["a", -5, "=cmd", "+1", "@x", 'b"c']]) == 'a,-5,\'=cmd,\'+1,\'@x,"b""c"\r\n'
