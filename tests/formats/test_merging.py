"""Reports from a file: what is read, what is passed over, and every problem by row and column."""

from datetime import datetime, timedelta, timezone

import pytest

from posko.domain import merging as rules
from posko.formats import merging as formats
from posko.planning import tellings

HEAD = "report_id,narrative,kecamatan,desa,tps_no,category_code,event_at,received_at\n"
ROW = "L-1,segel putus,Manggar,Lalang,004,LOG-SEAL,2024-02-13T11:50+07:00,\n"
WIB = timezone(timedelta(hours=7))


def read(text: str) -> rules.Telling:
    reports, problems = formats.read("a.csv", text.encode())
    assert not problems
    return reports[0]


def test_a_row_becomes_a_report_and_other_columns_are_passed_over() -> None:
    assert read("nama_pelapor," + HEAD + "Rahasia," + ROW) == rules.Telling(
        "L-1", "segel putus", "", "Manggar", "Lalang", "004", "", "LOG-SEAL", datetime(2024, 2, 13, 11, 50, tzinfo=WIB)
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_are_understood(separator: str) -> None:
    assert read((HEAD + ROW).replace(",", separator)).desa == "Lalang"


def test_the_least_file_has_a_number_and_a_title() -> None:
    assert read("\ufeffReport_ID,Title\nL-1,segel putus\n") == rules.Telling("L-1", "", "segel putus")


@pytest.mark.parametrize(
    ("written", "tps"),
    [("4", "4"), ("TPS 04", "04"), ("4.0", "4"), ("001, 002", "001 002"), ("TPS 1 dan 3", "1 3"), ("-", ""), ("nan", ""), ("", "")],
)
def test_a_tps_number_as_people_and_spreadsheets_write_it(written: str, tps: str) -> None:
    assert read(HEAD + ROW.replace("004", f'"{written}"')).tps == tps


@pytest.mark.parametrize("written", ["13/02/2024 11:50", "13-02-2024 11.50", "2024-02-13 11:50", "2024-02-13T04:50Z"])
def test_a_time_without_a_zone_is_wib(written: str) -> None:
    assert read(HEAD + ROW.replace("2024-02-13T11:50+07:00", written)).happened_at == datetime(2024, 2, 13, 11, 50, tzinfo=WIB)


def test_a_row_without_words_is_kept_and_compared_by_its_fields() -> None:
    assert read(HEAD + ROW.replace("segel putus", "")).words == ""


WRONG = {
    "empty": ("", 0, "", "empty"),
    "only a head": (HEAD, 0, "", "no_rows"),
    "no number": ("narrative\nx\n", 1, "", "column_missing"),
    "no words": ("report_id,desa\nx,y\n", 1, "", "column_missing"),
    "a column twice": ("report_id,title,title\nx,y,z\n", 1, "", "column_twice"),
    "an empty number": (HEAD + ROW.replace("L-1", ""), 2, "report_id", "id_empty"),
    "a number twice": (HEAD + ROW + ROW, 3, "report_id", "id_twice"),
    "no time": (HEAD + ROW.replace("2024-02-13T11:50+07:00", "kemarin"), 2, "event_at", "time"),
    "a month of 13": (HEAD + ROW.replace("2024-02-13T11:50+07:00", "01/13/2024"), 2, "event_at", "time"),
    "a long number as tps": (HEAD + ROW.replace("004", "19060120"), 2, "tps_no", "tps"),
    "no tps": (HEAD + ROW.replace("004", "empat"), 2, "tps_no", "tps"),
    "a short row": (HEAD + "L-1,segel\n", 2, "", "width"),
    "an open quote": (HEAD + 'L-1,"segel putus,,,,,,\n', 2, "", "quote"),
    "a page": ("<html><body>report_id</body></html>", 0, "", "not_csv"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_problem_is_named_by_row_and_column_and_nothing_is_read(kind: str) -> None:
    text, row, column, code = WRONG[kind]
    reports, problems = formats.read("a.csv", text.encode())
    assert reports == []
    assert [(p.row, p.column, p.code) for p in problems] == [(row, column, f"merging.{code}")]
    assert all(formats.sentence(p).endswith(".") for p in problems)


@pytest.mark.parametrize(
    ("data", "code"), [(b"PK\x03\x04x", "not_csv"), (b"%PDF-1.7", "not_csv"), (HEAD.encode() + b"\xff\xfe\n", "encoding")]
)
def test_a_workbook_a_paper_and_another_encoding_are_no_csv(data: bytes, code: str) -> None:
    assert [p.code for p in formats.read("a", data)[1]] == [f"merging.{code}"]


def test_a_row_after_words_over_two_lines_is_counted_as_the_editor_shows_it() -> None:
    _, problems = formats.read("a.csv", (HEAD + 'L-2,"dua\nbaris",,,,,,\n' + ROW.replace("004", "x")).encode())
    assert [p.row for p in problems] == [4]


def test_more_reports_than_are_compared_at_once_are_refused() -> None:
    rows = "".join(f"L-{n},segel putus\n" for n in range(formats.MOST + 1))
    assert [p.code for p in formats.read("a.csv", ("report_id,title\n" + rows).encode())[1]] == ["merging.many"]


def test_made_up_reports_survive_being_written_and_read() -> None:
    made = tellings.make(20, 3, 0.3)
    said = formats.as_csv([one.telling for one in made], {one.telling.id: one.group for one in made})
    assert formats.read("a.csv", said.encode()) == ([one.telling for one in made], [])


def test_groups_are_lists_of_report_ids() -> None:
    assert formats.as_json([("A", "B")]) == '[["A", "B"]]'
    assert formats.as_json([]) == "[]"


def test_every_barrier_and_every_problem_can_be_said() -> None:
    facts = {"one": "1", "other": "2", "unit": "lembar", "hours": 30}
    assert all(formats.barrier_words(rules.Barrier("digits", code, facts)) for code in formats._BARRIERS)
    facts = {"one": "3", "other": "9", "unit": "tps"}
    assert formats.barrier_words(rules.Barrier("digits", "amount", facts)) == "jumlah berbeda: 3 dan 9 TPS"
    places = {name.removeprefix("name:") for name in ("tps", "dapil", "rt", "rw", "segel", "kotak", "sms", "tanggal")}
    assert places <= set(formats._BARRIERS)
