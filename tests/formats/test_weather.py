"""Tables of forecasts: what is read, what is named wrong, and that what is written reads back."""

from datetime import datetime

import pytest

from posko.domain import weather as rules
from posko.formats import table
from posko.formats import weather as printed

AT = datetime.fromisoformat("2024-02-09T08:00:00+07:00")
PLACES = {"19.06": "Laut Belitung Timur", "19.06:D01": "Dermaga Manggar", "19.06:P04": "Pulau Batun"}
HEAD = "tempat;mulai;selesai;gelombang (m);terbit;sumber\n"


def read(body: str, head: str = HEAD) -> tuple[tuple[rules.Wave, ...], list[str]]:
    waves, problems = printed.read("tempel.csv", (head + body).encode(), PLACES, AT)
    assert all(printed.sentence(problem) for problem in problems)
    return waves, [f"{p.row} {p.column} {p.code.partition('.')[2]}" for p in problems]


def test_names_codes_ranges_and_missing_issues_are_read() -> None:
    waves, wrong = read(
        "Pulau Batun;2024-02-12 06:00;2024-02-12 12:00;0,5 - 1,25;2024-02-09 07:00;bmkg\n"
        "19.06;12/02/2024 12.00;12/02/2024 18.00;2,5 m;;\n"
    )  # fmt: skip
    assert wrong == []
    assert [(w.place, w.height_cm, w.source) for w in waves] == [("19.06:P04", 125, "BMKG"), ("19.06", 250, "BMKG")]
    assert waves[1].issued_at == AT


def test_every_wrong_cell_is_named_by_row_and_column() -> None:
    waves, wrong = read(
        "Pulau Bintan;kemarin;2024-02-12 12:00;tinggi;2024-02-09 07:00;dukun\n"
        "Pulau Batun;2024-02-12 12:00;2024-02-12 06:00;1;2024-02-09 07:00;BMKG\n"
        "Pulau Batun;2024-02-12 06:00;2024-02-12 12:00;1;2024-02-10 07:00;BMKG\n"
    )
    assert wrong == [
        "2 tempat no_place", "2 mulai no_time", "2 gelombang (m) no_height", "2 sumber no_source", "3 selesai ends_first", "4 terbit later",
    ]  # fmt: skip
    assert waves == ()


def test_a_table_without_its_columns_or_rows_says_so() -> None:
    assert read("x;y\n", "tempat;tinggi\n")[1] == ["1 mulai no_column", "1 selesai no_column"]
    assert read(";;;;;\n")[1] == ["0  no_rows"]


def test_what_is_exported_can_be_uploaded_again() -> None:
    waves, _ = read("Pulau Batun;2024-02-12 06:00;2024-02-12 12:00;1,25;2024-02-09 07:00;TNI AL\n")
    again, problems = printed.read("gelombang.xlsx", table.xlsx({"Gelombang": printed.rows(waves, PLACES)}), PLACES, AT)
    assert (again, problems) == (waves, [])


@pytest.mark.parametrize(("typed", "cm"), [("1,25", 125), ("2.5 m", 250), ("0,5 - 1,25 m", 125), ("", None), ("-1", 100), ("satu", None)])
def test_heights_are_metres_and_of_a_range_the_higher_counts(typed: str, cm: int | None) -> None:
    assert printed.height_cm(typed) == cm
