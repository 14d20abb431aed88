"""The papers of the plan on screen: who gets what, and that each opens."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
import python_calamine
from django.test import Client

from posko.formats import document
from posko.store import distribution
from tests.desk.test_distribution import planned, with_fleet
from tests.store.test_distribution import ELECTION

__all__ = ["planned", "with_fleet"]
BASE = f"/{ELECTION}/distribusi/"
ClientFor = Callable[[str], Client]


def _sheet(client: Client) -> list[list[Any]]:
    answer = client.get(BASE + "peta-jalur.xlsx")
    assert answer.status_code == 200
    return python_calamine.load_workbook(BytesIO(answer.content)).get_sheet_by_index(0).to_python()


def test_the_sheet_of_ways_tells_of_threats_only_to_whom_aght_is_open(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani, budi, indra = _sheet(client_for("ani")), _sheet(client_for("budi")), _sheet(client_for("indra"))
    assert "Kerawanan" in ani[0]
    assert "Kerawanan" not in budi[0] + indra[0]
    assert len(ani) == len(budi) == len(planned.inputs.loads) + 1
    assert sum(row[ani[0].index("Jumlah TPS")] or 0 for row in ani[1:]) == 363
    assert sum(row[ani[0].index("Pemilih")] or 0 for row in ani[1:]) == 95_791


def test_tracks_of_one_vehicle_and_of_all_open(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    budi, trips = client_for("budi"), planned.plan.of_vehicle("T01")
    root = ElementTree.fromstring(budi.get(BASE + "kendaraan/T01/rute.gpx").content)
    assert len([child for child in root if child.tag.endswith("rte")]) == len(trips)
    whole = json.loads(budi.get(BASE + "rute.geojson").content)
    assert sum(one["geometry"]["type"] == "LineString" for one in whole["features"]) == len(planned.plan.trips)
    assert budi.get(BASE + "kendaraan/T01/rute.kml").status_code == 404
    assert budi.get(BASE + "kendaraan/X99/rute.gpx").status_code == 404


@pytest.mark.skipif(not any(document.FONTS.glob("*.ttf")), reason="TIDAK DIUJI: fonts (./posko)")
def test_manifests_roster_and_sheet_print(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    hadi, trip = client_for("hadi"), planned.plan.trips[0].code
    for path in (f"manifes/{trip}.pdf", "kendaraan/T01/manifes.pdf", "pengawalan.pdf", "peta-jalur.pdf"):
        answer = hadi.get(BASE + path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf"), path
        assert answer.content.startswith(b"%PDF")
    assert hadi.get(BASE + "manifes/X99-1.pdf").status_code == 404
    assert client_for("dedi").get(BASE + "pengawalan.pdf").status_code == 403


def test_the_plan_and_vehicle_pages_lead_to_every_paper(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    text = client_for("ani").get(BASE).content.decode()
    for path in ("pengawalan.pdf", "peta-jalur.pdf", "peta-jalur.xlsx", "rute.gpx", "rute.geojson", "waktu/"):
        assert f'href="{BASE}{path}"' in text
    one = client_for("ani").get(BASE + "kendaraan/T01/").content.decode()
    assert f'href="{BASE}kendaraan/T01/rute.gpx"' in one
    assert f'href="{BASE}kendaraan/T01/manifes.pdf"' in one
