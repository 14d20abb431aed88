"""Alias files: what is written reads back, every wrong cell is named, a column nobody asked for stops the file."""

from datetime import UTC, datetime
from random import Random

import pytest

from posko.domain import labels as rules
from posko.domain import record
from posko.formats import aliases, table

RNG = Random(4)
BOX, CARTON = rules.new_code(RNG), rules.new_code(RNG)
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)


def read(*rows: str) -> aliases.Reading:
    return aliases.read("alias.csv", ("alias;jenis;kode\n" + "\n".join(rows)).encode())


def test_what_is_written_reads_back() -> None:
    there = [rules.Alias("SILOG-1", "box", BOX, "p", AT), rules.Alias("0012", "place", "19.06:G01", "p", AT)]
    found = aliases.read("alias.xlsx", aliases.write(there))
    assert [(r.alias, r.kind, r.code) for r in found.rows] == [("SILOG-1", "box", BOX), ("0012", "place", "19.06:G01")]
    assert found.problems == ()
    assert aliases.write(there) == aliases.write(there)


def test_the_template_has_a_header_and_asks_for_rows() -> None:
    assert [p.code for p in aliases.read("t.xlsx", aliases.write([])).problems] == ["aliases.no_rows"]


def test_a_qr_text_says_its_kind_itself_and_head_words_of_others_are_known() -> None:
    found = aliases.read("x.csv", f"Kode SILOG,Kode Posko\nA-1,PSK1:C:{CARTON}\n".encode())
    assert [(r.row, r.kind, r.code) for r in found.rows] == [(2, "carton", CARTON)]


@pytest.mark.parametrize(
    ("row", "where", "code"),
    [
        (f";kotak;{BOX}", "A", "aliases.empty"),
        ("S-1;kotak;", "C", "aliases.empty"),
        (f"S-1;;{BOX}", "B", "aliases.empty"),
        (f"S-1;lori;{BOX}", "B", "aliases.kind"),
        (f"ab;kotak;{BOX}", "A", "labels.bad_alias"),
        (f"{CARTON};kotak;{BOX}", "A", "labels.alias_is_ours"),
        (f"S-1;kotak;{BOX[:-1]}", "C", "labels.malformed"),
        (f"S-1;kotak;{BOX[:-1]}*", "C", "labels.bad_check"),
        ("S-1;kotak;https://contoh.id", "C", "labels.foreign"),
        (f"S-1;kotak;PSK1:C:{CARTON}", "C", "labels.wrong_kind"),
        (f"S-0;kotak;{BOX}", "A", "aliases.twice"),
    ],
)
def test_every_wrong_cell_is_named_by_row_and_column_and_the_good_rows_are_still_read(row: str, where: str, code: str) -> None:
    found = read(f"S-0;karton;{CARTON}", row)
    assert [(p.row, p.column, p.code) for p in found.problems] == [(3, where, code)]
    assert [r.alias for r in found.rows] == ["S-0"]


def test_a_number_instead_of_text_may_have_lost_its_zeros_and_is_refused() -> None:
    found = aliases.read("x.xlsx", table.xlsx({"A": [("alias", "jenis", "kode"), (123, "kotak", BOX)]}))
    assert [(p.column, p.code, p.facts["seen"]) for p in found.problems] == [("A", "aliases.number", "123")]


def test_a_column_that_nobody_asked_for_stops_the_file() -> None:
    found = aliases.read("x.csv", f"alias,jenis,kode,NIK petugas\nS-1,kotak,{BOX},1906010101010001\n".encode())
    assert [(p.row, p.column, p.code, p.facts["column"]) for p in found.problems] == [(1, "D", "aliases.strange_column", "NIK petugas")]


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "table.empty"), (b"a,b\n1,2\n", "aliases.no_header"), (b"\x89PNG", "table.wrong_kind"), (b"PK\x03\x04", "table.corrupt")],
)
def test_what_is_no_such_table_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(record.Refusal) as caught:
        aliases.read("x", data)
    assert caught.value.code == code
