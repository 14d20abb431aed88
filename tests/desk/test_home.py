"""One page per role: its own blocks, buttons that lead where the policy lets them, and nothing of another place."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests import beltim

PAGE = "/pemilu-2024/beranda/"
ROLES = ("ani", "fajar", "lutfi", "budi", "putri", "nia", "citra", "gita", "hadi", "indra", "juwita", "kartika")


@pytest.mark.django_db
def test_every_role_lands_on_its_page_and_every_link_of_it_opens(installation: Any, client_for: Callable[[str], Client]) -> None:
    beltim.at("places")  # with voters and needs the page has the same links, one less
    dead = {}
    for name in ROLES:
        client = client_for(name)
        assert client.get("/")["Location"] == PAGE
        page = client.get(PAGE)
        assert page.status_code == 200, name
        body = page.content.decode().partition("<main")[2] or page.content.decode()
        links = set(re.findall(r'href="(/[^"#?]*)', body))
        assert links, name
        for link in links:
            answer = client.get(link)
            if answer.status_code not in {200, 302} or "/masuk/" in answer.headers.get("Location", ""):
                dead[name, link] = answer.status_code
    assert dead == {}


@pytest.mark.django_db
def test_each_agency_sees_first_what_is_asked_of_it(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    def titles(name: str) -> list[str]:
        return re.findall(r'<section class="card" aria-label="([^"]+)"', client_for(name).get(PAGE).content.decode())

    assert titles("indra")[1:3] == ["Yang diminta dari kami", "Yang kami janjikan"]
    assert titles("hadi")[1:3] == ["Pengamanan dan pengawalan", "Kunci gudang"]
    assert {"Berkas pengawas", "Uji netral", "Jurnal", "Pengaduan tentang posko"} <= set(titles("juwita"))
    assert titles("citra")[2:4] == ["Laporan masuk", "AGHT"]
    assert "Halaman publik" in titles("fajar")
    assert titles("nia") == ["Tugas saya"]
    assert not {"AGHT", "Laporan masuk"} & set(titles("budi"))
    assert not {"AGHT", "Laporan masuk", "Rekomendasi"} & set(titles("kartika"))


@pytest.mark.django_db
def test_the_page_says_how_many_more_tasks_wait_than_it_lists_and_what_the_days_run_to(
    db_beltim: Any, client_for: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(count: int) -> str:
        row = {"href": "/x/", "text": "Jawab", "due_at": None, "overdue": False}
        monkeypatch.setattr("posko.desk.home.shell.tasks_of", lambda *_: [row] * count)
        return client_for("ani").get(PAGE).content.decode()

    assert "2 hal lagi di Tugas saya" in page(7)
    assert "hal lagi di Tugas saya" not in page(5)
    assert "hari menuju pemungutan suara, pukul 07.00" in page(5)


@pytest.mark.django_db
def test_nia_of_a_kpps_has_three_buttons_for_her_own_station_and_no_other_page(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    nia = client_for("nia")
    page = nia.get(PAGE).content.decode()
    buttons = re.findall(r'class="btn btn-big" href="([^"]+)"', page)
    assert len(buttons) == 3
    own, other = "19.06.02.2001.001", "19.06.02.2001.002"
    assert any(own in link for link in buttons)
    assert other not in page
    check = next(link for link in buttons if (own in link and "periksa" in link) or link.endswith("cek/") or own in link)
    assert nia.get(check).status_code == 200
    assert nia.get(check.replace(own, other)).status_code == 403
    for closed in ("papan", "serah", "kesiapan", "penerimaan", "pengepakan", "aght", "rekomendasi", "rakor", "jurnal", "posko"):
        assert nia.get(f"/pemilu-2024/{closed}/").status_code in {403, 404}, closed


@pytest.mark.django_db
def test_nia_reports_her_station_and_comes_back_to_her_page(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    from django.urls import reverse

    from posko.store import readiness
    from tests.scene import RAKOR_AT

    nia = client_for("nia")
    address = reverse("desk:readiness_check", args=["pemilu-2024", "19.06.02.2001.001"])
    sent = {"items": "yes", "seals": "yes", "place": "yes", "kpps": "yes", "send": "1"}
    assert nia.post(address, sent)["Location"] == PAGE
    (check,) = readiness.checks("pemilu-2024", RAKOR_AT, "19.06.02.2001.001")
    assert (check.person, check.agency) == ("p-nia", "KPPS")


@pytest.mark.django_db
def test_the_roster_says_who_is_where_and_prints(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    hadi = client_for("hadi")
    assert "Belum ada personel" in hadi.get(PAGE + "pengamanan/").content.decode()
    beltim.step("pledges")
    page = hadi.get(PAGE + "pengamanan/").content.decode()
    assert "personel dalam" in page
    assert "[SIMULASI]" in page
    paper = hadi.get(PAGE + "pengamanan.pdf")
    assert paper.content[:4] == b"%PDF"
    assert paper.content == hadi.get(PAGE + "pengamanan.pdf").content
    assert paper.content != hadi.get(PAGE + "pengamanan.pdf?kertas=f4").content
    assert client_for("nia").get(PAGE + "pengamanan/").status_code == 403
