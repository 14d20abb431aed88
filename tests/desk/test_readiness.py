"""Readiness on the screen: Budi's walk on the phone, in his own kecamatan only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from posko.domain import readiness as rules
from posko.formats import table
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


def test_the_chain_is_shown_as_counts_and_each_count_leads_to_its_tps(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    page = client_for("ani").get(BASE).content.decode()
    for words in ("Rantai kesiapan", "Kotak disegel, segel utuh", "Diserahkan kepada KPPS", "KPPS terlatih", "Simpan malam terakhir aman"):
        assert words in page
    listed = client_for("ani").get(BASE + "?syarat=trained&tegak=unknown").content.decode()
    assert "KPPS terlatih: belum diketahui" in listed
    assert client_for("ani").get(BASE + "?syarat=song&tegak=blue").status_code == 200


def test_a_tps_shows_its_requirements_with_due_times_and_where_their_facts_are(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    code = a_tps("19.06.02")
    page = client_for("ani").get(f"{BASE}tps/{code}/").content.decode()
    assert f"/pemilu-2024/pengepakan/tps/{code}/" in page
    assert "14 Feb. 2024, 06.00 WIB" in page, "officers are due an hour before the opening"
    sheet = table.read("x.xlsx", client_for("ani").get(BASE + "kesiapan.xlsx").content).sheets[0]
    assert len(sheet.rows) == 364
    assert len(sheet.rows[0]) == 7 + 2 * len(rules.CHAIN)


def test_the_place_is_asked_about_the_last_night_and_the_answers_travel_in_the_form(
    db_beltim: Any, client_for: Callable[[str], Any]
) -> None:
    budi, code = client_for("budi"), a_tps("19.06.02")
    path = f"{BASE}tps/{code}/periksa/"
    said = {"items": "yes", "seals": "yes"}
    assert "30 cm dari lantai" in budi.post(path, said).content.decode()
    said |= {"place": "yes", "site_pallet": "no", "site_power": "yes", "site_signal": "", "fallback": "1"}
    page = budi.post(path, said).content.decode()
    assert 'name="site_pallet" value="no"' in page
    assert 'name="site_signal"' not in page
    page = budi.post(path, {**said, "kpps": "yes", "send": "1"}, follow=True).content.decode()
    assert "Penyimpanan malam terakhir: kotak di lantai atau kurang dari 30 cm" in page
    (check,) = readiness.checks("pemilu-2024", RAKOR_AT)
    assert (check.site, check.fallback) == ({"pallet": rules.Answer.NO, "power": rules.Answer.YES}, True)


def test_officers_are_counted_in_ones_own_region_and_imported_whole_or_not_at_all(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    budi, ani, code = client_for("budi"), client_for("ani"), a_tps("19.06.02")
    page = budi.get(BASE + "kpps/").content.decode()
    assert "Belum ada TPS yang dihitung" in page
    said = {"wanted": "7", "there": "7", "trained": "6"}
    assert "Jumlah KPPS dicatat" in budi.post(BASE + "kpps/hitung/", {"place": code, **said}, follow=True).content.decode()
    assert budi.post(BASE + "kpps/hitung/", {"place": a_tps("19.06.01"), **said}).status_code == 403
    assert "tidak masuk akal" in budi.post(BASE + "kpps/hitung/", {"place": code, **said, "trained": "8"}, follow=True).content.decode()
    assert budi.post(BASE + "kpps/impor/").status_code == 403
    rows = list(table.read("t.xlsx", ani.get(BASE + "kpps/templat.xlsx").content).sheets[0].rows)
    assert len(rows) == 364
    good = [rows[0], [*rows[1][:1], 7, 7, 7], [*rows[2][:1], 7, 6, 6]]
    bad = [rows[0], [*rows[1][:1], 7, "tujuh", 7], ["19.06.02", 7, 7, 7], [*rows[2][:1], 7, 3, 5]]

    def send(sheet: list[Any]) -> str:
        sent = SimpleUploadedFile("kpps.xlsx", table.xlsx({"KPPS": sheet}))
        return str(ani.post(BASE + "kpps/impor/", {"file": sent}, follow=True).content.decode())

    page = send(bad)
    assert "3 hal harus diperbaiki" in page
    for where in ("lembar KPPS, baris 2, kolom C", "lembar KPPS, baris 3, kolom A", "lembar KPPS, baris 4, kolom B"):
        assert where in page
    assert len(readiness.crews("pemilu-2024", RAKOR_AT)) == 1
    assert "2 baris dibaca, 2 jumlah baru dicatat" in send(good)
    assert "tampak berisi data orang" in send([[*rows[0][:4], "Nama ketua"], [*rows[1][:1], 7, 7, 7, "x"]])
    assert "Pilih berkas" in ani.post(BASE + "kpps/impor/", follow=True).content.decode()


def test_a_due_time_is_set_by_the_kpu_and_never_against_the_law(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    assert "Tenggat disimpan" in ani.post(BASE + "tenggat/", {"code": "packed", "days": "5"}, follow=True).content.decode()
    assert readiness.due_days("pemilu-2024", RAKOR_AT)["packed"] == 5
    assert "undang-undang" in ani.post(BASE + "tenggat/", {"code": "handed", "days": "5"}, follow=True).content.decode()
    assert client_for("budi").post(BASE + "tenggat/", {"code": "packed", "days": "5"}).status_code == 403
