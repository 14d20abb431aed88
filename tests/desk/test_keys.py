"""The keys on the screen: Ani registers, Lutfi gives, Hadi confirms; at night the two open together."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from posko.store import keys, record

PAGE = "/pemilu-2024/kunci/"


@pytest.fixture
def place(installation: Any) -> str:
    from tests import beltim

    beltim.at("places")
    return next(iter(keys.warehouses("pemilu-2024")))


@pytest.mark.django_db
def test_a_key_goes_from_the_kpu_to_the_police_in_two_steps(place: str, client_for: Callable[[str], Client]) -> None:
    ani, lutfi, hadi = client_for("ani"), client_for("lutfi"), client_for("hadi")
    assert "Belum ada kunci" in hadi.get(PAGE).content.decode()
    ani.post(PAGE + "daftar/", {"site": place, "number": "1", "holder": "KPU"})
    twice = ani.post(PAGE + "daftar/", {"site": place, "number": "1", "holder": "KPU"}, follow=True).content.decode()
    assert "sudah terdaftar" in twice
    at = datetime(2030, 1, 1, tzinfo=UTC)
    (key,) = keys.listing("pemilu-2024", at)
    given = {"key": key.code, "seen": key.last_id, "act": "given", "to": "POLRES"}
    lutfi.post(PAGE + "langkah/", given)
    again = lutfi.post(PAGE + "langkah/", given, follow=True).content.decode()
    assert "sudah berpindah sejak halaman ini dibuka" in again
    assert "Benarkan penerimaan kunci" in hadi.get("/pemilu-2024/tugas/").content.decode()
    (key,) = keys.listing("pemilu-2024", at)
    assert (key.holder, key.underway) == ("KPU", "POLRES")
    hadi.post(PAGE + "langkah/", {"key": key.code, "seen": key.last_id, "act": "received"})
    (key,) = keys.listing("pemilu-2024", at)
    assert key.holder == "POLRES"
    page = client_for("juwita").get(PAGE).content.decode()
    assert "Serahkan kunci" not in page
    assert "Polres" in page
    assert client_for("juwita").post(PAGE + "langkah/", {}).status_code == 403
    assert hadi.get(PAGE + "ekspor.xlsx").content[:2] == b"PK"
    assert record.verify().faults == ()


@pytest.mark.django_db
def test_at_night_the_warehouse_opens_for_two_agencies_only(place: str, installation: Any, client_for: Callable[[str], Client]) -> None:
    record.set_clock(datetime(2024, 2, 12, 20, tzinfo=UTC), installation.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    lutfi = client_for("lutfi")
    assert "di luar jam kerja" in lutfi.get(PAGE).content.decode()
    asked = {"site": place, "why": "goods_out"}
    assert "dua lembaga" in lutfi.post(PAGE + "buka/", asked, follow=True).content.decode()
    same = lutfi.post(PAGE + "buka/", {**asked, "second": "oki", "second_password": "posko-demo"}, follow=True).content.decode()
    assert "dua orang dari dua lembaga" in same
    lutfi.post(PAGE + "buka/", {**asked, "second": "hadi", "second_password": "posko-demo"})
    (opening,) = keys.openings("pemilu-2024", datetime(2030, 1, 1, tzinfo=UTC))
    assert (opening.agency, opening.second_agency, opening.out_of_hours) == ("KPU", "POLRES", True)
    assert "barang keluar" in client_for("hadi").get(PAGE).content.decode()
