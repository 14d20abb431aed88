"""Forecasts on screen: typed, pasted, corrected; who may."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from posko.server import jobs
from posko.store import record, weather

BASE = "/pemilu-2024/cuaca/"
ClientFor = Callable[[str], Client]
TYPED = {
    "place": "19.06:P04", "from_at": "2023-12-06T06:00", "until_at": "2023-12-06T12:00", "height": "1,25", "issued_at": "2023-12-05T07:00",
    "source": "BMKG",
}  # fmt: skip


def kept() -> list[int]:
    return [wave.height_cm for wave in weather.waves("pemilu-2024", record.clock(jobs._now()))]


def test_ani_types_a_forecast_corrects_it_and_takes_it_back(db_beltim: Any, client_for: ClientFor) -> None:
    ani = client_for("ani")
    assert "Belum ada prakiraan gelombang" in ani.get(BASE).content.decode()
    wrong = ani.post(BASE + "catat/", {**TYPED, "height": "tinggi", "until_at": ""}).content.decode()
    assert "Tulis tinggi dalam meter" in wrong
    assert "Pilih tanggal dan jam" in wrong
    assert "GEL-001" in ani.post(BASE + "catat/", TYPED, follow=True).content.decode()
    assert ani.post(BASE + "GEL-001/", {**TYPED, "height": "2,5", "why": "salah_ketik"}).status_code == 302
    assert kept() == [250]
    assert "Pilih alasan" in ani.post(BASE + "GEL-002/", {"withdraw": "1"}).content.decode()
    page = ani.post(BASE + "GEL-002/", {"withdraw": "1", "why": "ganda"}, follow=True).content.decode()
    assert kept() == []
    assert "dicatat dua kali" in page


def test_a_pasted_table_is_taken_whole_or_not_at_all(db_beltim: Any, client_for: ClientFor) -> None:
    ani, head = client_for("ani"), "tempat;mulai;selesai;gelombang (m)\n"
    good, bad = "Pulau Batun;2023-12-06 06:00;2023-12-06 12:00;2\n", "Pulau Batun;2023-12-06 06:00;2023-12-06 12:00;xx\n"
    text = ani.post(BASE + "impor/", {"pasted": head + good + bad}).content.decode()
    assert "1 hal harus diperbaiki" in text
    assert kept() == []
    assert ani.post(BASE + "impor/", {"pasted": head}).status_code == 200
    assert ani.get(BASE + "gelombang.xlsx").status_code == 200


def test_hours_of_a_pier_are_kept_and_taken_away(db_beltim: Any, client_for: ClientFor) -> None:
    ani, typed = client_for("ani"), {"place": "19.06:D01", "from_min": "06.30", "until_min": "11.00", "day": "2", "because": "pasang"}
    assert "06.30 sampai 11.00" in ani.post(BASE + "jam/", typed, follow=True).content.decode()
    assert "Tulis jam buka" in ani.post(BASE + "jam/", {**typed, "from_min": "pagi"}, follow=True).content.decode()
    assert "Tidak ada batas jam" in ani.post(BASE + "jam/", {**typed, "end": "1"}, follow=True).content.decode()


def test_others_read_and_do_not_write(db_beltim: Any, client_for: ClientFor) -> None:
    assert client_for("citra").get(BASE).status_code == 200
    assert client_for("citra").post(BASE + "catat/", TYPED).status_code == 403
    assert client_for("dedi").get(BASE).status_code == 403


def test_what_is_no_height_and_no_hour_is_told_beside_its_field(db_beltim: Any, client_for: ClientFor) -> None:
    ani = client_for("ani")
    page = ani.post(BASE + "catat/", {**TYPED, "height": "50"})
    assert page.status_code == 200
    assert "setinggi itu tidak mungkin" in page.content.decode()
    assert kept() == []
    good = {"place": "19.06:P04", "from_min": "06.30", "until_min": "11.00", "day": "1", "because": "pasang"}
    for wrong in ({"from_min": "²²"}, {"from_min": "6." + "0" * 5000}, {"until_min": "24.59"}, {"day": "²"}, {"day": "1" * 5000}):
        assert "Tulis jam buka" in ani.post(BASE + "jam/", {**good, **wrong}, follow=True).content.decode()
    assert weather.openings("pemilu-2024", record.clock(jobs._now())) == []
    assert "Jam buka dicatat" in ani.post(BASE + "jam/", good, follow=True).content.decode()
