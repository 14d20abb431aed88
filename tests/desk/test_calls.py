"""The call list on the screen: Ani and Budi telephone, Juwita watches, numbers are for callers only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from posko.formats import table
from posko.store import calls, places, readiness
from tests import pages
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
BASE = "/pemilu-2024/telepon/"
E = "pemilu-2024"


def a_tps(kecamatan: str, nth: int = 0) -> str:
    return [t.code for t in places.tps_list(E) if t.kecamatan_code == kecamatan][nth]


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_ani_takes_the_next_tps_reads_the_script_and_taps_what_came_of_it(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    page = text(ani.get(BASE))
    assert "TPS perlu ditelepon sekarang" in page
    assert "Belum ada perkiraan kesiapan" in page
    answer = ani.post(BASE + "berikutnya/", follow=True)
    code = answer.redirect_chain[-1][0].rstrip("/").rpartition("/")[2]
    page = text(answer)
    for words in ("Selamat pagi", "Apakah", "Kalau jawabannya begini", "Belum ada telepon piket", "TPS ini Anda pegang sampai"):
        assert words in page
    path = f"{BASE}tps/{code}/"
    assert "pilih juga apa yang kurang" in text(ani.post(path + "hasil/", {"outcome": "not_ready"}, follow=True))
    page = text(ani.post(path + "hasil/", {"outcome": "not_ready", "missing": ["TINTA", "kpps"]}, follow=True))
    assert "kata telepon belum siap: kurang Tinta, KPPS" in page
    assert calls.answers(E, RAKOR_AT) == {code: ("not_ready", RAKOR_AT)}
    assert "Kurang menurut telepon" in text(ani.get(f"/{E}/kesiapan/tps/{code}/"))
    (made,) = calls.history(E, code, RAKOR_AT)
    page = text(ani.post(path + "batal/", {"call": made.entry_id}, follow=True))
    assert "Hasil dibatalkan" in page
    assert readiness.phoned(E, RAKOR_AT) == {}


def test_two_callers_never_come_to_the_same_tps(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, fajar, budi = client_for("ani"), client_for("lutfi"), client_for("budi")
    code = a_tps("19.06.02")
    ani.post(f"{BASE}tps/{code}/ambil/")
    assert "sedang ditelepon orang lain" in text(budi.post(f"{BASE}tps/{code}/ambil/", follow=True))
    assert "Sedang ditelepon Ani" in text(budi.get(f"{BASE}tps/{code}/"))
    assert "sedang ditelepon orang lain" in text(budi.post(f"{BASE}tps/{code}/hasil/", {"outcome": "ready"}, follow=True))
    assert "sedang ditelepon" in text(ani.get(BASE))
    ani.post(f"{BASE}tps/{code}/lepas/")
    assert "TPS ini Anda pegang" in text(budi.post(f"{BASE}tps/{code}/ambil/", follow=True))
    assert fajar.post(f"{BASE}tps/{code}/ambil/").status_code == 403, "the warehouse does not telephone"


def test_budi_telephones_his_own_kecamatan_and_juwita_watches(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    budi, juwita, other = client_for("budi"), client_for("juwita"), a_tps("19.06.01")
    assert "dari 81 TPS perlu ditelepon" in text(budi.get(BASE))
    assert budi.post(f"{BASE}tps/{other}/hasil/", {"outcome": "ready"}).status_code == 403
    code = text(budi.post(BASE + "berikutnya/", follow=True))
    assert "Gantung" in code
    page = text(juwita.get(BASE))
    assert "dari 363 TPS" in page
    assert "Ambil TPS berikutnya" not in page
    assert juwita.get(f"{BASE}tps/{other}/").status_code == 403
    assert juwita.get(BASE + "piket/").status_code == 403


def test_numbers_are_typed_or_imported_and_shown_to_callers_only(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, budi, juwita, code = client_for("ani"), client_for("budi"), client_for("juwita"), a_tps("19.06.02")
    assert "Belum ada nomor" in text(ani.get(BASE + "piket/"))
    said = {"place": code, "role": "KPPS", "number": "0812-3456-7890"}
    assert "Telepon piket disimpan" in text(budi.post(BASE + "piket/", said, follow=True))
    assert budi.post(BASE + "piket/", {**said, "place": a_tps("19.06.01")}).status_code == 403
    assert "8 sampai 15 angka" in text(ani.post(BASE + "piket/", {**said, "number": "12"}, follow=True))
    assert 'href="tel:081234567890"' in text(ani.get(f"{BASE}tps/{code}/"))
    assert "081234567890" in text(ani.get(BASE + "cetak/"))
    assert "081234567890" not in text(juwita.get(BASE + "cetak/"))
    listed = pages.cells(ani.get(BASE + "daftar.xlsx"))
    assert code in listed
    assert "081234567890" not in listed
    (one,) = calls.contacts(E, RAKOR_AT)
    assert "081234567890" not in text(juwita.get(f"/{E}/jurnal/{one.entry_id}/")), "the journal is no way around"
    rows = [list(row) for row in table.read("t.xlsx", ani.get(BASE + "piket/templat.xlsx").content).sheets[0].rows]
    rows[1][2], rows[2][2] = "081111111111", "12"

    def send(sheet: list[Any]) -> str:
        return text(ani.post(BASE + "piket/impor/", {"file": SimpleUploadedFile("n.xlsx", table.xlsx({"N": sheet}))}, follow=True))

    page = send(rows)
    assert "1 hal harus diperbaiki" in page
    assert "lembar N, baris 3, kolom C" in page
    rows[2][2] = "082222222222"
    assert "2 nomor dibaca, 2 disimpan" in send(rows)
    assert "tampak berisi data orang" in send([[*rows[0], "Nama ketua"], rows[1]])


def test_help_becomes_a_task_and_ends_when_somebody_saw_to_it(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, code = client_for("ani"), a_tps("19.06.02")
    ani.post(f"{BASE}tps/{code}/hasil/", {"outcome": "help"})
    assert "minta bantuan lewat telepon" in text(ani.get(f"/{E}/tugas/"))
    (made,) = calls.history(E, code, RAKOR_AT)
    page = text(ani.post(f"{BASE}tps/{code}/ditangani/", {"call": made.entry_id}, follow=True))
    assert "bantuan sudah ditangani" in page
    assert "minta bantuan lewat telepon" not in text(ani.get(f"/{E}/tugas/"))


def test_the_projector_the_paper_and_the_table_say_the_same_order(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    sheet = table.read("x.xlsx", ani.get(BASE + "daftar.xlsx").content).sheets[0]
    first = str(sheet.rows[1][2])
    assert sheet.rows[1][0] == 1
    assert len(sheet.rows) == 364, "at the rakor nobody is ready"
    screen = text(ani.get(BASE + "?layar=1&penelepon=3"))
    assert "dengan 3 penelepon" in screen
    assert screen.count("</svg>telepon sekarang") == 15
    assert first in screen
    paper = text(ani.get(BASE + "cetak/"))
    assert paper.count("□ ____") == 363
    for odd in ("x", "9" * 5000):
        assert ani.get(BASE + "?penelepon=" + odd).status_code == 200
