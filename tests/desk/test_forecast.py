"""Prakiraan on screen: TPS by name first, then the number, then all; what to do; one click to a draft; who may."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from posko.formats import table
from posko.planning import advice
from posko.store import forecast, recommendations, record
from tests import kept
from tests.store.test_distribution import ANI, AT, ELECTION, make_fleet, make_plan

BASE = f"/{ELECTION}/prakiraan/"
ClientFor = Callable[[str], Client]
NOW = AT + timedelta(minutes=5)


def make_outlook() -> int:
    tried, advice._TRIED = advice._TRIED, 6
    try:
        outlook, plan = forecast.make(ELECTION, NOW, scenarios=400)
    finally:
        advice._TRIED = tried
    return forecast.record_outlook(ELECTION, outlook, plan, ANI, NOW).number


@pytest.fixture
def foreseen(db_beltim: Any) -> int:
    kept.state(("fleet", make_fleet))
    kept.state(("plan", make_plan))
    number: int = kept.state(("outlook", make_outlook))
    return number


def text(client: Client, url: str = BASE) -> str:
    return client.get(url).content.decode()


def test_an_empty_page_says_what_to_do_first(db_beltim: Any, client_for: ClientFor) -> None:
    page = text(client_for("ani"))
    assert "Belum ada prakiraan" in page
    assert "Susun rencana distribusi" in page
    refused = client_for("ani").post(BASE + "minta/", follow=True).content.decode()
    assert "Belum ada rencana distribusi" in refused


def test_the_page_names_tps_first_then_the_number_then_all(foreseen: int, client_for: ClientFor) -> None:
    page = text(client_for("ani"))
    parts = [
        "TPS terancam tidak siap",
        "Diperkirakan tidak siap",
        "Peluang semua TPS siap",
        "Tindakan berikutnya",
        "Per kecamatan",
        "Masukan",
    ]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "PERKIRAAN" in page
    assert "ASUMSI" in page
    assert "datang terlambat atau tidak lengkap" in page


def test_the_board_names_tps_at_risk_their_causes_and_the_next_three_actions(foreseen: int, client_for: ClientFor) -> None:
    page = text(client_for("ani"), f"/{ELECTION}/papan/")
    stored = forecast.current(ELECTION, NOW)
    assert stored is not None
    assert "Prakiraan pukul 07.00" in page
    assert forecast.place_names(ELECTION)[stored.outlook.at_risk[0].tps] in page
    block = page[page.index("Prakiraan pukul 07.00") :]
    assert block.count("TPS siap, semua siap") == 3


def test_a_tps_has_a_page_with_causes_and_what_to_do(foreseen: int, client_for: ClientFor) -> None:
    page = text(client_for("ani"), BASE + "tps/19.06.01.2010.001/")
    assert "Peluang siap pukul 07.00" in page
    assert "Yang perlu dilakukan" in page
    assert client_for("ani").get(BASE + "tps/19.06.01.9999.001/").status_code == 404


def test_asking_queues_a_request_and_history_keeps_the_old(foreseen: int, client_for: ClientFor) -> None:
    ani = client_for("ani")
    assert "sedang dihitung" in ani.post(BASE + "minta/", follow=True).content.decode()
    assert text(ani, f"{BASE}{foreseen}/").count("Riwayat") == 1
    assert ani.get(BASE + "77/").status_code == 404


def test_the_workbook_holds_every_tps(foreseen: int, client_for: ClientFor) -> None:
    answer = client_for("ani").get(BASE + "prakiraan.xlsx")
    book = table.read("prakiraan.xlsx", answer.content)
    assert [sheet.name for sheet in book.sheets] == ["TPS", "Wilayah", "Tindakan", "Pulau", "Masukan"]
    assert len(book.sheets[0].rows) == 364


def test_citra_makes_a_draft_of_an_action_with_its_number_and_evidence(foreseen: int, client_for: ClientFor) -> None:
    stored = forecast.current(ELECTION, NOW)
    assert stored is not None
    answer = client_for("citra").post(f"{BASE}{foreseen}/tindakan/1/", follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "dari prakiraan" in page, page[page.find("notice") : page.find("notice") + 600]
    made = recommendations.listing(ELECTION, record.clock(NOW))[-1].text
    assert stored.outlook.input_hash[:16] in made.slots.dasar
    assert "TPS (90 %" in made.slots.analisis
    assert client_for("citra").get(f"{BASE}{foreseen}/tindakan/99/").status_code == 404


def test_others_read_and_do_not_ask(foreseen: int, client_for: ClientFor) -> None:
    assert client_for("juwita").get(BASE).status_code == 200
    assert client_for("juwita").post(BASE + "minta/").status_code == 403
    assert client_for("ani").post(f"{BASE}{foreseen}/tindakan/1/").status_code == 403
    assert client_for("dedi").get(BASE).status_code == 403


def test_a_chance_that_nobody_knows_any_more_is_not_shown(foreseen: int, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    lately = forecast.lately(ELECTION, NOW)
    assert lately is not None
    tps = lately.stored.outlook.tps[0].tps
    without = replace(lately, tps={code: one for code, one in lately.tps.items() if code != tps}, waits=frozenset({tps}))
    monkeypatch.setattr(forecast, "lately", lambda _election, _at: without)
    page = text(client_for("ani"), f"{BASE}tps/{tps}/")
    assert "Peluang TPS ini belum diketahui" in page
    assert f"Prakiraan {foreseen} memakai kabar siap yang sesudah itu dibatalkan" in page
    assert "kabar siap dibatalkan, menunggu prakiraan" in text(client_for("ani"), f"/{ELECTION}/telepon/")


def test_the_page_says_that_late_trucks_are_taken_to_drive_on(foreseen: int, client_for: ClientFor) -> None:
    assert "dianggap tetap berangkat atau jalan terus sesudah jam kerjanya" in text(client_for("ani"))
