"""Measured times from files: both shapes are read, every mistake is named with its cell, and then nothing is taken."""

import pytest

from posko.domain import travel as rules
from posko.formats import dpt, table, travel

PLACES = [
    travel.Place("19.06:G01", "Gudang KPU", "gudang", -2.88, 108.27),
    travel.Place("19.06:D01", "Dermaga Manggar", "dermaga", -2.86, 108.30),
    travel.Place("19.06:P01", "Pulau Buku Limau", "pulau", -2.81, 108.40),
    travel.Place("19.06.01.2001", "Lalang", "desa", -2.90, 108.25, ("Lalang Manggar",)),
    travel.Place("19.06.02.2001", "Gantung", "desa", -2.97, 108.16, ("Gantung Gantung",)),
    travel.Place("19.06.03.2001", "Lalang", "desa", -3.10, 108.10, ("Lalang Dendang",)),
    travel.Place("19.06.02", "PPK Gantung", "ppk"),
]
LEGS = [("19.06:D01", "19.06:P01")]


def _read(rows: list[list[object]], *, permille: int = 1400, source: str = "ukur", sheet: str = "Waktu") -> travel.Reading:
    return travel.read("a.xlsx", table.xlsx({sheet: rows}), PLACES, LEGS, permille, source)


def _codes(reading: travel.Reading) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.code) for one in reading.problems]


def test_a_list_is_read_by_code_or_name_with_distance_kind_and_source() -> None:
    found = _read(
        [
            list(travel.HEADER),
            ["19.06:G01", "Gantung", 40, 55, "26,5", "darat", "gps"],
            ["Dermaga Manggar", "Pulau Buku Limau", "90 menit", None, None, None, None],
        ]
    )
    assert found.problems == ()
    assert found.timings == (
        rules.Timing("darat", "19.06:G01", "19.06.02.2001", 40, 55, 26_500, "gps"),
        rules.Timing("laut", "19.06:D01", "19.06:P01", 90, 126, 0, "ukur", tenth_assumed=True),
    )


def test_a_matrix_is_read_with_nine_of_ten_behind_a_slash_and_kilometres_from_a_second_sheet() -> None:
    minutes = [["menit", "19.06:G01", "Gantung"], ["19.06:G01", None, "40/55"], ["Gantung", 42, 0]]
    km = [["km", "19.06:G01", "Gantung"], ["19.06:G01", None, 26.5], ["Gantung", None, None]]
    found = travel.read("a.xlsx", table.xlsx({"Matriks menit": minutes, "Matriks km": km}), PLACES, LEGS, 1500, "sopir")
    assert found.problems == ()
    assert found.timings == (
        rules.Timing("darat", "19.06.02.2001", "19.06:G01", 42, 63, 0, "sopir", tenth_assumed=True),
        rules.Timing("darat", "19.06:G01", "19.06.02.2001", 40, 55, 26_500, "sopir"),
    )


def test_a_csv_with_semicolons_is_read_too() -> None:
    data = b"dari;ke;menit\n19.06:G01;Gantung;40\n"
    assert [t.usual_min for t in travel.read("a.csv", data, PLACES, LEGS, 1400, "ukur").timings] == [40]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["Entah", "Gantung", 40], [(2, "A", "travel.unknown_place")]),
        (["Lalang", "Gantung", 40], [(2, "A", "travel.ambiguous")]),
        (["", "Gantung", 40], [(2, "A", "travel.no_place")]),
        (["Gantung", "19.06.02.2001", 40], [(2, "C", "travel.same_place")]),
        (["19.06:G01", "Gantung", None, 50], [(2, "C", "travel.no_minutes")]),
        (["19.06:G01", "Gantung", 0], [(2, "C", "travel.bad_minutes")]),
        (["19.06:G01", "Gantung", -5], [(2, "C", "travel.bad_minutes")]),
        (["19.06:G01", "Gantung", 40.5], [(2, "C", "travel.bad_minutes")]),
        (["19.06:G01", "Gantung", 4321], [(2, "C", "travel.bad_minutes")]),
        (["19.06:G01", "Gantung", "1:20"], [(2, "C", "travel.bad_minutes")]),
        (["19.06:G01", "Gantung", 40, 39], [(2, "D", "travel.tenth_shorter")]),
        (["19.06:G01", "Gantung", 40, 50, "jauh"], [(2, "E", "travel.bad_km")]),
        (["19.06:G01", "Gantung", 40, 50, 0], [(2, "E", "travel.bad_km")]),
        (["19.06:G01", "Gantung", 40, 50, 20, "udara"], [(2, "F", "travel.bad_kind")]),
        (["19.06:G01", "Gantung", 40, 50, 20, "laut"], [(2, "C", "travel.no_sea_leg")]),
        (["19.06:D01", "19.06:P01", 40, 50, 20, "darat"], [(2, "C", "travel.no_road")]),
        (["19.06:G01", "19.06:P01", 40], [(2, "C", "travel.no_sea_leg")]),
        (["19.06:G01", "Gantung", 40, 50, 20, "darat", "tetangga"], [(2, "G", "travel.bad_source")]),
    ],
)
def test_every_mistake_of_a_row_is_named_with_its_cell_and_nothing_is_taken(
    row: list[object], expected: list[tuple[int, str, str]]
) -> None:
    found = _read([list(travel.HEADER), row, ["19.06:G01", "PPK Gantung", 41]])
    assert _codes(found) == expected
    assert found.timings == ()
    assert all(travel.sentence(one) for one in found.problems)


def test_all_mistakes_are_told_at_once() -> None:
    found = _read([list(travel.HEADER), ["Entah", "Gantung", 0], ["19.06:G01", "Di sana", "lama"]])
    assert len(found.problems) == 4


def test_two_numbers_for_one_way_are_a_mistake_and_the_same_twice_is_none() -> None:
    head = list(travel.HEADER)
    found = _read([head, ["19.06:G01", "Gantung", 40], ["19.06:G01", "19.06.02.2001", 41]])
    assert _codes(found) == [(3, "C", "travel.twice")]
    assert "baris 2" in str(found.problems[0].facts["first"])
    assert len(_read([head, ["19.06:G01", "Gantung", 40], ["19.06:G01", "19.06.02.2001", 40]]).timings) == 1


def test_a_matrix_names_its_wrong_cells() -> None:
    found = _read([["menit", "19.06:G01", "Gantung"], ["19.06:G01", 5, "empat"], ["Entah", 3, 4]])
    assert _codes(found) == [(2, "B", "travel.diagonal"), (2, "C", "travel.bad_minutes"), (3, "A", "travel.unknown_place")]


def test_kilometres_without_minutes_are_a_mistake() -> None:
    assert [p.code for p in _read([["km", "19.06:G01", "Gantung"], ["19.06:G01", None, 26.5]]).problems] == ["travel.km_alone"]


def test_what_can_hardly_be_is_warned_of_and_taken() -> None:
    found = _read([list(travel.HEADER), ["19.06:G01", "Gantung", 5], ["Gantung", "19.06:G01", 40, 50, 2]])
    assert [one.code for one in found.warnings] == ["travel.too_fast", "travel.too_short"]
    assert all(travel.sentence(one) for one in found.warnings)
    assert len(found.timings) == 2


def test_a_sheet_without_a_known_header_and_an_empty_form_say_so() -> None:
    assert [p.code for p in _read([["apa", "ini"], [1, 2]]).problems] == ["travel.no_header"]
    for kind in ("xlsx", "csv"):
        blank = travel.read(f"a.{kind}", travel.template(kind, PLACES, LEGS), PLACES, LEGS, 1400, "ukur")
        assert [p.code for p in blank.problems] == ["travel.empty"]
        assert blank.blank == 6


def test_a_file_with_persons_is_refused_whole() -> None:
    with pytest.raises(dpt.PersonalData):
        _read([[*travel.HEADER, "NIK"], ["19.06:G01", "Gantung", 40, None, None, None, None, "1906012345678901"]])
