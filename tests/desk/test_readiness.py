"""Readiness on the screen: Budi's walk on the phone, in his own kecamatan only."""

from collections.abc import Callable
from typing import Any

import pytest

from posko.store import places, readiness
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
BASE = "/pemilu-2024/kesiapan/"


def a_tps(kecamatan: str) -> str:
    return next(t.code for t in places.tps_list("pemilu-2024") if t.kecamatan_code == kecamatan)


def test_budi_answers_one_prompt_at_a_time_and_nothing_is_kept_before_he_sends(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    budi, code = client_for("budi"), a_tps("19.06.02")
    path = f"{BASE}tps/{code}/periksa/"
    said: dict[str, Any] = {}
    for step, prompt in (
        ({}, "Apakah semua barang lengkap?"),
        ({"items": "no"}, "Apa yang kurang?"),
        ({"missing": ["TINTA"]}, "Apakah semua segel utuh?"),
        ({"seals": "yes"}, "Apakah tempat TPS siap?"),
        ({"place": "unseen"}, "Apakah KPPS hadir"),
        ({"kpps": "yes"}, "Kirim laporan ini?"),
    ):
        said |= step
        page = (budi.post(path, said) if said else budi.get(path)).content.decode()
        assert prompt in page
    assert readiness.checks("pemilu-2024", RAKOR_AT) == []
    page = budi.post(path, {**said, "send": "1", "note": "atap bocor"}, follow=True).content.decode()
    assert "Laporan tersimpan" in page
    assert "Kurang menurut pemeriksaan: Tinta" in page
    (check,) = readiness.checks("pemilu-2024", RAKOR_AT)
    assert (check.person, check.missing, check.note) == ("p-budi", ("TINTA",), "atap bocor")


def test_budi_sees_and_checks_gantung_only(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    budi = client_for("budi")
    page = budi.get(BASE).content.decode()
    assert "Gantung" in page
    assert "dari 81 TPS siap" in page
    other = a_tps("19.06.01")
    assert budi.get(f"{BASE}tps/{other}/").status_code == 403
    assert budi.post(f"{BASE}tps/{other}/periksa/", {"send": "1"}).status_code == 403
    assert "dari 81 TPS" in budi.get(BASE + "?kecamatan=19.06.01").content.decode(), "the filter does not widen his region"


def test_the_regency_counts_tps_and_never_shows_silence_as_ready(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    page = client_for("juwita").get(BASE).content.decode()
    assert "dari 363 TPS siap" in page
    assert "Periksa TPS ini" not in client_for("juwita").get(f"{BASE}tps/{a_tps('19.06.02')}/").content.decode()
