"""Papers of the way: manifests by box, the roster for the police, the sheet of ways; each tells what is not known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posko.cli import plan as command
from posko.domain import distribution as rules
from posko.domain import packing, weather
from posko.formats import convoys, document, scenario
from posko.planning import routes

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2023, 12, 5, 3, 0, tzinfo=UTC)
MIDNIGHT = datetime(2024, 2, 13, 17, 0, tzinfo=UTC)
HEAD = {"agency": "KPU", "place": "Pemilu", "marks": ["PERKIRAAN"], "footer": "Rencana 1", "stamp": "x"}


@pytest.fixture(scope="module")
def papers() -> convoys.Papers:
    facts = scenario.read(ROOT / "scenarios" / "beltim-2024")
    case = command.read_case(ROOT / "scenarios" / "beltim-2024", facts, "pemilu-2024")
    plan = routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=1, stop=routes.Stop(iterations=50))
    return convoys.Papers(
        trips=plan.trips,
        loads={load.code: load for load in case.loads},
        vehicles={vehicle.code: vehicle for vehicle in case.fleet.vehicles},
        network=case.network,
        instant=lambda minute: MIDNIGHT + timedelta(minutes=minute),
        numbers={trip.code: (f"SJ/01/{trip.code}", rules.waybill_id("ab" * 32, trip.code)) for trip in plan.trips},
        tps={tps.code: tps for tps in facts.elections["pemilu-2024"].tps_list},
        head=HEAD,
        districts={one.code: one.name for one in facts.kecamatan},
    )


def _box(code: str, tps: str, contest: str = "DPR") -> packing.Box:
    return packing.Box(
        code, contest, tps, "BABEL", "tps", "19.06:G01", packing.State.SEALED, 1, 1, 0, 1, 1, AT, ("A1", "A2"), 2, False, (), "", AT
    )


def test_a_manifest_lists_every_box_of_its_trip_in_the_order_of_loading(papers: convoys.Papers) -> None:
    trip = max(papers.trips, key=lambda one: len(one.stops))
    made = convoys.manifest(convoys.Papers(**{**vars(papers), "trips": [trip]}), ())
    page = made["trips"][0]
    assert [group["place"] for group in page["groups"]] == [papers.place(stop.place) for stop in reversed(trip.stops)]
    counted = sum(int(row[0].split()[0]) for group in page["groups"] for row in group["rows"])
    assert counted == sum(papers.loads[code].boxes for code in trip.loads)
    assert f"{counted} dari {counted} kotak belum disiapkan" in page["notes"][0]


def test_a_prepared_box_stands_with_its_code_and_seals_and_the_rest_as_a_count(papers: convoys.Papers) -> None:
    trip = papers.trips[0]
    tps = next(code for load in trip.loads for code in papers.loads[load].tps)
    page = convoys.manifest(convoys.Papers(**{**vars(papers), "trips": [trip]}), [_box("AB12", tps)])["trips"][0]
    rows = [row for group in page["groups"] for row in group["rows"] if row[1] == f"{papers.tps[tps].name} {papers.tps[tps].desa_name}"]
    assert rows[0] == ["AB12", rows[0][1], "DPR", "A1, A2", "", ""]
    assert rows[1][0] == "4 kotak"


def test_the_roster_names_every_trip_once_and_every_tps_once_by_kecamatan(papers: convoys.Papers) -> None:
    made = convoys.escorts(papers)
    days = [section for section in made["sections"] if not section["title"].startswith("Kecamatan")]
    areas = [section for section in made["sections"] if section["title"].startswith("Kecamatan")]
    assert sum(len(section["rows"]) for section in days) == len(papers.trips)
    assert len(areas) == 7
    assert sum(int(row[5]) for section in areas for row in section["rows"]) == 363
    for section in made["sections"]:
        assert {len(row) for row in section["rows"]} == {len(section["header"])} == {len(section["columns"])}


@pytest.mark.parametrize(
    ("depart", "arrive", "expected"), [(-1110, -1080, []), (-1111, -1080, [(-1111, -1080)]), (-400, -390, []), (-391, -389, [(-391, -389)])]
)
def test_a_drive_that_begins_or_ends_in_the_dark_is_told(depart: int, arrive: int, expected: list[tuple[int, int]]) -> None:
    trip = rules.Trip("T-1", "T", "G", depart, (), arrive, 0)
    assert convoys.dark(trip) == expected


def test_the_roster_takes_the_light_of_the_rules_and_says_who_must_be_escorted(papers: convoys.Papers) -> None:
    early = papers.trips[-1]
    keep = rules.Rules(dawn_min=early.depart_min % rules.DAY + 1, dusk_min=20 * 60)
    trip = rules.Trip(**{**vars(early), "escort": True})
    made = convoys.escorts(convoys.Papers(**{**vars(papers), "trips": [trip], "keep": keep}))
    shadow = made["sections"][0]["rows"][0][6]
    assert convoys.hour(early.depart_min) in shadow
    assert "WAJIB KAWAL" in shadow
    assert "1 melewati gelap" in made["subtitle"]


def test_the_sheet_has_every_tps_with_voters_way_vehicle_and_hours(papers: convoys.Papers) -> None:
    voters = dict.fromkeys(papers.tps, 100)
    rows = convoys.routes(papers, voters, (), {"19.06.01.2001": "2 hal terbuka"})
    header, body = rows[0], rows[1:]
    assert header == list(convoys.ROUTE_HEADER)
    assert sum(row[header.index("Jumlah TPS")] or 0 for row in body) == 363
    assert sum(row[header.index("Pemilih")] or 0 for row in body) == 36_300
    assert {row[header.index("Kerawanan")] for row in body} == {"—", "2 hal terbuka"}
    island = next(row for row in body if "pulau" in str(row[header.index("Geografi")]))
    assert island[header.index("Gelombang (m)")] == "belum ada prakiraan"
    assert island[header.index("Waktu tempuh (menit)")] > 60
    assert {part for row in body for part in str(row[header.index("Dasar waktu")]).split(", ")} == {"asumsi", "sumber"}
    assert all(row[header.index("Kendaraan")] != "belum ada" for row in body)


def test_without_the_right_the_column_of_vulnerability_is_not_there(papers: convoys.Papers) -> None:
    rows = convoys.routes(papers, {}, (), None)
    assert "Kerawanan" not in rows[0]
    assert {len(row) for row in rows} == {len(convoys.ROUTE_HEADER) - 1}
    assert {row[rows[0].index("Pemilih")] for row in rows[1:] if row[rows[0].index("Jumlah TPS")]} == {None}


def test_a_forecast_of_waves_stands_at_the_islands_it_concerns(papers: convoys.Papers) -> None:
    trip = next(one for one in papers.trips if papers.vehicles[one.vehicle].boat)
    load = papers.loads[trip.loads[0]]
    wave = weather.Wave(load.place, papers.instant(trip.depart_min), papers.instant(trip.return_min), 150, AT, "BMKG")
    rows = convoys.routes(papers, {}, [wave], None)
    column = rows[0].index("Gelombang (m)")
    assert [row[column] for row in rows[1:] if row[2] == papers.place(load.place)] == [1.5]


@pytest.mark.skipif(not any(document.FONTS.glob("*.ttf")), reason="TIDAK DIUJI: fonts (./posko)")
def test_every_paper_prints_the_same_bytes_twice(papers: convoys.Papers) -> None:
    few = convoys.Papers(**{**vars(papers), "trips": papers.trips[:2]})
    sheet = convoys.route_sheet(papers, convoys.routes(papers, {}, (), {})[:6], ["catatan"])
    for template, values in (
        ("manifes", convoys.manifest(few, ())),
        ("daftar-distribusi", convoys.escorts(few)),
        ("daftar-distribusi", sheet),
    ):
        made = document.pdf(template, values, AT)
        assert made.startswith(b"%PDF")
        assert made == document.pdf(template, values, AT)
