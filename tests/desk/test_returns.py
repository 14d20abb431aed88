"""The way back on screen: what is missing, planning it, its figures and its papers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from posko.formats import document, land
from posko.server import jobs
from posko.store import distribution, places, record, returns
from tests import kept
from tests.store.test_distribution import ELECTION, make_fleet, make_plan

BASE = f"/{ELECTION}/arus-balik/"
pytestmark = pytest.mark.skipif(not land.LAND.is_file(), reason="TIDAK DIUJI: world-atlas is not installed (./posko)")
ClientFor = Callable[[str], Client]


@pytest.fixture
def planned(db_beltim: Any) -> distribution.StoredPlan:
    kept.state(("fleet", make_fleet))
    return kept.state(("plan", make_plan))


def test_without_a_plan_it_says_what_to_do_first(db_beltim: Any, client_for: ClientFor) -> None:
    assert "Belum ada rencana distribusi" in client_for("ani").get(BASE).content.decode()
    refused = client_for("ani").post(BASE + "susun/", follow=True).content.decode()
    assert "Susun rencana distribusi dahulu" in refused
    assert client_for("ani").get(BASE + "surat-jalan.pdf").status_code == 404


def test_ani_plans_the_way_back_and_prints_its_papers(
    planned: distribution.StoredPlan, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returns, "ITERATIONS", 60)
    ani = client_for("ani")
    assert "Belum ada rencana arus balik" in ani.get(BASE).content.decode()
    text = ani.post(BASE + "susun/", follow=True).content.decode()
    assert "lolos pemeriksaan" in text
    assert "1.815" in text  # every box of every TPS
    assert "tidak terbawa" not in text
    printed: list[dict[str, Any]] = []
    monkeypatch.setattr(document, "pdf", lambda _name, values, _at: printed.append(values) or b"%PDF")
    assert ani.get(BASE + "surat-jalan.pdf").status_code == 200
    at = record.clock(jobs._now())
    found = returns.current(ELECTION, at)
    assert found is not None
    assert len(printed[0]["trips"]) == len(found.plan.trips)
    rows = [row for trip in printed[0]["trips"] for row in trip["rows"]]
    assert {row[0] for row in rows} == {tps.code for tps in places.tps_list(ELECTION)}, "every TPS by its code and name"
    assert all(trip["signatures"][2][0] in {"Menerima (PPK)", "Menerima (dermaga)"} for trip in printed[0]["trips"])
    first = found.waybills[found.plan.trips[0].code]
    assert f'href="/{ELECTION}/serah/sj/{first[1]}/"' in text, "the number leads to the page that follows it"
    assert returns.given(ELECTION, at).faults(found.plan) == []
    assert ani.get(BASE + "surat-jalan.pdf?perjalanan=tidak-ada").status_code == 404


def test_the_way_from_the_ppk_to_the_kpu_waits_for_an_hour_that_somebody_says(
    planned: distribution.StoredPlan, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returns, "ITERATIONS", 60)
    ani, says = client_for("ani"), f"{BASE}rekapitulasi/"
    page = ani.get(BASE).content.decode()
    assert "Kapan rekapitulasi PPK selesai?" in page
    assert page.count("belum diketahui") == 7
    assert "Posko tidak menebaknya" in ani.post(BASE + "susun/", {"leg": "ppk"}, follow=True).content.decode()
    assert "sesudah penghitungan" in ani.post(says, {"ends:19.06.02": "2024-02-14T10:00"}, follow=True).content.decode()
    assert client_for("budi").post(says, {"ends:19.06.02": "2024-02-23T15:00"}).status_code == 403
    page = ani.post(says, {"ends:19.06.02": "2024-02-23T15:00", "ends:19.06.01": ""}, follow=True).content.decode()
    assert "Waktu rekapitulasi 1 PPK tersimpan" in page
    page = ani.post(BASE + "susun/", {"leg": "ppk"}, follow=True).content.decode()
    assert "Belum termasuk PPK Manggar" in page
    assert "Kotak hasil pertama di KPU" in page
    printed: list[dict[str, Any]] = []
    monkeypatch.setattr(document, "pdf", lambda _name, values, _at: printed.append(values) or b"%PDF")
    assert ani.get(BASE + "surat-jalan.pdf?leg=ppk").status_code == 200
    assert {trip["signatures"][0][0] for trip in printed[0]["trips"]} == {"Menyerahkan (PPK)"}
    assert {trip["signatures"][2][0] for trip in printed[0]["trips"]} == {"Menerima (KPU)"}
    assert "19.06.02" in {row[0] for trip in printed[0]["trips"] for row in trip["rows"]}, "the PPK's own boxes"


def test_others_see_it_and_do_not_plan_it(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    assert client_for("citra").get(BASE).status_code == 200
    assert client_for("citra").post(BASE + "susun/").status_code == 403
    assert client_for("dedi").get(BASE).status_code == 403
