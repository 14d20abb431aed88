"""Reports out of a file: all or nothing, every problem with its cell, no column about persons."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from posko.domain import reports as rules
from posko.formats import reports, table

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
PLACES = {
    "19.06.02.2001": "Lalang, Manggar",
    "19.06.02.2001.001": "TPS 001, Lalang",
    "19.06.02.2002": "Baru, Manggar",
    "19.06.05.2002": "Baru, Gantung",
    "19.06:G01": "Gudang KPU",
}
GOOD = ["5/12/2023 08.30", "", "Cuaca, laut, jalan", "Ombak tinggi di dermaga", "Lalang", "1", "", "Telepon", "Warga", ""]


def a_file(*rows: list[object], header: tuple[str, ...] = reports.HEADERS) -> bytes:
    return table.xlsx({"Laporan": [header, *rows]})


def read(data: bytes, name: str = "a.xlsx") -> reports.Reading:
    return reports.read(name, data, PLACES, AT)


def test_a_good_row_is_read_whole() -> None:
    reading = read(a_file(GOOD))
    assert reading.ready
    filing = reading.rows[0].filing
    assert (filing.place, filing.category, filing.channel) == ("19.06.02.2001.001", rules.Category.GEO, rules.Channel.PHONE)
    assert filing.happened_at == datetime(2023, 12, 5, 1, 30, tzinfo=UTC)
    assert filing.words.text == "Ombak tinggi di dermaga"


def test_the_template_that_is_filled_in_is_read_and_an_empty_one_is_not_ready() -> None:
    book = table.read("t.xlsx", reports.template(PLACES))
    assert tuple(book.sheets[0].rows[0]) == reports.HEADERS
    assert [p.code for p in read(reports.template(PLACES)).problems] == ["reports_file.empty"]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (0, "kemarin", "reports_file.moment"),
        (0, "6/12/2023 08.30", "reports_file.future"),
        (1, "4/12/2023 08.30", "reports_file.after_received"),
        (2, "", "reports_file.choice"),
        (2, "Ramalan", "reports_file.choice"),
        (3, "pendek", "reports.too_short"),
        (3, "x" * 2001, "reports.too_long"),
        (4, "Atlantis", "reports_file.place"),
        (4, "Baru", "reports_file.several"),
        (4, "", "reports_file.desa_missing"),
        (5, "99", "reports_file.tps"),
        (7, "Halaman umum", "reports_file.choice"),
        (4, "9" * 16, "reports_file.identity"),
        (6, "=", "reports_file.formula"),
    ],
)
def test_every_problem_names_its_cell_and_nothing_is_ready(column: int, value: str, code: str) -> None:
    bad = list(GOOD)
    bad[column] = value
    reading = read(a_file(GOOD, bad))
    assert not reading.ready
    problem = next(p for p in reading.problems if p.code == code)
    assert (problem.sheet, problem.row) == ("Laporan", 3)
    assert problem.column


def test_all_problems_of_a_file_are_found_at_once() -> None:
    reading = read(a_file(["kemarin", "", "Ramalan", "Ombak tinggi di dermaga", "Atlantis", "", "", "", "", ""]))
    assert len(reading.problems) == 3


def test_the_same_row_twice_is_a_problem() -> None:
    assert [p.facts["first"] for p in read(a_file(GOOD, GOOD)).problems] == [2]


def test_a_place_may_be_a_code_or_a_name_with_its_kecamatan() -> None:
    for typed, code in (("Baru, Gantung", "19.06.05.2002"), ("19.06.02.2002", "19.06.02.2002"), ("gudang kpu", "19.06:G01")):
        row = [*GOOD[:4], typed, "", *GOOD[6:]]
        assert read(a_file(row)).rows[0].filing.place == code


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("Nama pelapor", "person"), ("NIK", "identity"), ("No. KTP", "identity"), ("Partai", "participant"), ("nama caleg", "participant"),
        ("Agama", "religion"), ("Suku", "ethnicity"), ("perolehan suara", "support"), ("alamat", "person"), ("No HP", "person"),
    ],
)  # fmt: skip
def test_a_column_about_persons_refuses_the_whole_file_and_repeats_no_value(header: str, rule: str) -> None:
    with pytest.raises(rules.ForbiddenColumn) as refusal:
        read(a_file([*GOOD, "isi rahasia"], header=(*reports.HEADERS, header)))
    assert refusal.value.facts["rule"] == rule
    assert "rahasia" not in str(refusal.value.facts)


def test_other_columns_are_named_as_not_read() -> None:
    assert read(a_file([*GOOD, "x"], header=(*reports.HEADERS, "catatan kami"))).ignored == ("catatan kami",)


def test_identity_numbers_in_the_words_are_hidden() -> None:
    row = [*GOOD[:3], "Nomor saya " + "9" * 16 + " dan ombak tinggi", *GOOD[4:]]
    reading = read(a_file(row))
    assert reading.ready
    assert "9999" not in repr(reading.rows)


def test_the_same_rows_in_another_file_have_the_same_hash() -> None:
    csv = table.csv([reports.HEADERS, GOOD]).encode()
    assert read(a_file(GOOD)).content_sha256 == read(csv, "a.csv").content_sha256
    assert read(a_file(GOOD)).content_sha256 != read(a_file([*GOOD[:3], "Ombak rendah di dermaga", *GOOD[4:]])).content_sha256


def test_five_thousand_rows_are_read_and_one_more_is_refused() -> None:
    rows = [[*GOOD[:3], f"Ombak tinggi di dermaga hari ke {n}", *GOOD[4:]] for n in range(reports.MOST_ROWS + 1)]
    assert len(read(a_file(*rows[:-1])).rows) == reports.MOST_ROWS
    assert [p.code for p in read(a_file(*rows)).problems] == ["reports_file.too_many_rows"]


def test_a_bomb_and_what_is_no_table_are_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (table.MOST_UNPACKED + 1))
    with pytest.raises(table.TooBig):
        read(target.getvalue())
    with pytest.raises(table.WrongKind):
        read(b"%PDF-1.7 ...")


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("2023-12-05 10:00:00", 10),
        ("5/12/2023 10.00", 10),
        ("5 Desember 2023 pukul 08.30 WIB", 8),
        ("5-12-2023", 12),
        ("2023-12-05 00:00:00", 12),
    ],
)
def test_times_are_read_as_an_office_writes_them(said: str, hour: int) -> None:
    found = reports.parsed_moment(said)
    assert found is not None
    assert found.astimezone(reports.text.WIB).hour == hour


@pytest.mark.parametrize("said", ["kemarin", "31/2/2023", "5/12/2023 25.00", "12.30", ""])
def test_nonsense_is_no_time(said: str) -> None:
    assert reports.parsed_moment(said) is None


def test_the_card_is_the_same_paper_every_time_and_fits_one_page_a_place() -> None:
    tps = [(f"19.06.02.2001.{n:03}", f"TPS {n:03}, Lalang") for n in (1, 2)]
    small = reports.card("a6", tps, "Desa Lalang", "Belitung Timur", AT, mark="[SIMULASI]")
    assert small == reports.card("a6", tps, "Desa Lalang", "Belitung Timur", AT, mark="[SIMULASI]")
    assert b"/Count 2" in small
    many = [(f"19.06.02.2001.{n:03}", f"TPS {n:03}") for n in range(1, 41)]
    assert b"/Count 1" in reports.card("a4", many, "Desa Lalang", "Belitung Timur", AT)
