"""Surat jalan and the fleet file: what is printed, and the code on it reads back from the rendered page."""

import io
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from posko.cli import plan as command
from posko.domain import distribution as rules
from posko.formats import distribution as printed
from posko.formats import document, fleet, scenario
from posko.planning import routes

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2023, 12, 5, 3, 0, tzinfo=UTC)
MIDNIGHT = datetime(2024, 2, 13, 17, 0, tzinfo=UTC)
NAMES = {"KOTAK": "Kotak suara", "BILIK": "Bilik", "SURAT_SUARA": "Surat suara", "TINTA": "Tinta", "ALAT_COBLOS": "Alat coblos"}


@pytest.fixture(scope="module")
def case() -> command.Case:
    facts = scenario.read(ROOT / "scenarios" / "beltim-2024")
    return command.read_case(ROOT / "scenarios" / "beltim-2024", facts, "pemilu-2024")


@pytest.fixture(scope="module")
def plan(case: command.Case) -> rules.Plan:
    return routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=1, stop=routes.Stop(iterations=50))


def _values(case: command.Case, plan: rules.Plan, trips: list[rules.Trip]) -> dict[str, object]:
    return printed.waybills(
        trips,
        numbers={trip.code: (f"SJ/01/{trip.code}", rules.waybill_id("ab" * 32, trip.code)) for trip in plan.trips},
        loads={load.code: load for load in case.loads},
        vehicles={vehicle.code: vehicle for vehicle in case.fleet.vehicles},
        network=case.network,
        instant=lambda minute: MIDNIGHT + timedelta(minutes=minute),
        names=NAMES,
        places={},
        head={"agency": "KPU", "marks": ["PERKIRAAN"], "footer": "Rencana 1", "stamp": "x"},
    )


def test_the_fleet_file_gives_one_boat_per_island_at_its_pier(case: command.Case) -> None:
    boats = {vehicle.code: vehicle.start for vehicle in case.fleet.vehicles if vehicle.boat}
    assert boats == {"K01": "19.06:D01", "K02": "19.06:D02", "K03": "19.06:D03", "K04": "19.06:D01"}


def test_only_boxes_and_booths_take_room_on_a_vehicle(case: command.Case) -> None:
    assert {item for item, size in fleet.goods(case.fleet, {"TINTA": (900, 70)}).items() if size.volume_ml} == {"KOTAK", "BILIK"}


def test_what_the_rulebook_states_wins_over_the_fleet_file(case: command.Case) -> None:
    assert fleet.goods(case.fleet, {"KOTAK": (100_000, 0)})["KOTAK"] == rules.Goods("KOTAK", 100_000, 2260)


@pytest.mark.parametrize("text", ["25.00", "05.60", "pagi", "5"])
def test_an_hour_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        fleet.minute_of_day(text)


def test_the_example_is_feasible_reaches_all_islands_and_counts_1829_boxes(case: command.Case, plan: rules.Plan) -> None:
    assert rules.violations(plan, case.loads, case.network, case.fleet.vehicles, case.fleet.rules) == []
    assert plan.feasible
    assert sum(load.boxes for load in case.loads) == 1829
    assert sum(len(load.tps) for load in case.loads) == 363
    islands = {load.place for load in case.loads if load.kind is rules.LoadKind.ISLAND}
    assert islands == {"19.06:P01", "19.06:P02", "19.06:P03", "19.06:P04"}


def test_every_tps_stands_on_exactly_one_surat_jalan_by_its_end(case: command.Case, plan: rules.Plan) -> None:
    boats = {vehicle.code for vehicle in case.fleet.vehicles if vehicle.boat}
    trips = [trip for trip in plan.trips if trip.vehicle in boats or not trip.stops[0].handover]
    pages = _values(case, plan, trips)["trips"]
    assert isinstance(pages, list)
    codes = [row[0] for page in pages for row in page["rows"]]
    assert len(codes) == len(set(codes)) == 363 + 7


@pytest.mark.skipif(
    not any(document.FONTS.glob("*.ttf")) or not shutil.which("pdftoppm"), reason="TIDAK DIUJI: fonts (./posko) or pdftoppm"
)
def test_the_code_on_the_printed_page_reads_back(case: command.Case, plan: rules.Plan, tmp_path: Path) -> None:
    trip = plan.trips[0]
    made = document.pdf("surat-jalan", _values(case, plan, [trip]), AT)
    assert made == document.pdf("surat-jalan", _values(case, plan, [trip]), AT)
    (tmp_path / "a.pdf").write_bytes(made)
    page = subprocess.run(
        ["pdftoppm", "-r", "110", "-png", "-f", "1", "-l", "1", str(tmp_path / "a.pdf")], check=True, capture_output=True
    ).stdout
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))
    assert [code.text for code in found] == [rules.waybill_text(rules.waybill_id("ab" * 32, trip.code))]
