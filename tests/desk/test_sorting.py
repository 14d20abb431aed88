"""Sorting on the screen: a carton from the scan to its bundles by the forms alone, refusals in words, papers, second persons."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from posko.domain import labels as label_rules
from posko.domain import receipts as receipt_rules
from posko.domain import stock as stock_rules
from posko.domain.record import Actor
from posko.formats import table
from posko.store import needs, packing, receipts, record, sorting, stock
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
BASE = f"/{E}/sortir/"
CODES = {n: label_rules.encoded(n * 37 + 5) for n in (1, 2, 3)}
SHEETS = {1: ("DPRD_KAB", "BELTIM-1"), 2: ("DPRD_KAB", "BELTIM-2"), 3: ("DPR", "BABEL")}


@pytest.fixture
def hall(db_beltim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cartons of 500 accepted the day before, one team."""
    came = RAKOR_AT - timedelta(days=1)
    place = stock.warehouse(E)
    found = {
        CODES[n]: receipt_rules.Carton(CODES[n], *design, 500, f"B-{n}", "TRM-001", place, "good", "", came, "[SIMULASI]")
        for n, design in SHEETS.items()
    }
    monkeypatch.setattr(receipts, "get_carton", lambda _e, code, _at: found.get(code))
    monkeypatch.setattr(receipts, "cartons", lambda _e, _at, receipt="": list(found.values()))
    good, supplier = (stock_rules.Account(place, c) for c in (stock_rules.Condition.GOOD, stock_rules.Condition.SUPPLIER))
    lines = [("DPRD_KAB", "BELTIM-1"), ("DPRD_KAB", "BELTIM-2"), ("DPR", "")]
    moved = [stock_rules.Posting(("SURAT_SUARA", *line), 500, supplier, good, "receipt.accepted", "receipt:TRM-001") for line in lines]
    stock.post(E, moved, "e" * 64, came)
    sorting.form_team(E, "REGU-A", 5, Actor("p-ani", "KPU"), came)


def post(client: Any, path: str, **values: Any) -> str:
    return str(client.post(BASE + path, values, follow=True).content.decode())


def opened(client: Any, n: int = 1) -> str:
    return post(client, "meja/", team="REGU-A", code=label_rules.qr_text("carton", CODES[n]))


def closed(client: Any, n: int = 1, **values: Any) -> str:
    return post(client, f"karton/{CODES[n]}/hasil/", **{"good": "496", "reject-spot": "2", "reject-torn": "1", "size": "50", **values})


def test_lutfi_scans_a_carton_states_its_result_and_gets_bundles_to_label(hall: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    assert "Pindai karton yang akan dibuka" in lutfi.get(BASE + "meja/?regu=REGU-A").content.decode()
    page = opened(lutfi)
    assert "500 lembar menurut label" in page
    assert "Catat hasil karton ini" in page
    page = closed(lutfi)
    assert "496 lembar baik dalam 10 bundel" in page
    assert "menurut label 500 + ditemukan 0 = baik 496 + ditolak 3 + kurang 1" in page
    assert f"jenis=bundel&amp;karton={CODES[1]}" in page
    assert "[SIMULASI]" in page
    assert [b.quantity for b in sorting.bundles(E, RAKOR_AT)] == [50] * 9 + [46]
    board = lutfi.get(BASE).content.decode()
    assert "belum cukup data" in board, "no pace from one carton"
    assert "99,8" not in board


def test_the_same_team_scanning_its_open_carton_again_lands_on_its_result_form(hall: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    opened(lutfi)
    assert "hasilnya?" in opened(lutfi)
    sorting.form_team(E, "REGU-B", 5, Actor("p-ani", "KPU"), RAKOR_AT)
    assert "sudah dibuka oleh REGU-A" in post(lutfi, "meja/", team="REGU-B", code=CODES[1])


@pytest.mark.parametrize(("code", "sentence"), [
    (CODES[2], "satu meja satu dapil"), ("https://contoh.id", "bukan"), (CODES[1][:-1] + "A", ""), ("", ""),
    (label_rules.encoded(9), "tidak dikenal"),
])  # fmt: skip
def test_what_cannot_be_opened_is_refused_in_words_and_writes_nothing(
    hall: Any, client_for: Callable[[str], Any], code: str, sentence: str
) -> None:
    lutfi = client_for("lutfi")
    opened(lutfi)
    before = record.root()
    page = post(lutfi, "meja/", team="REGU-A", code=code)
    assert sentence.lower() in page.lower()
    assert 'class="error"' in page
    assert "Ditolak: " not in page, "every refusal has a sentence"
    assert record.root() == before


@pytest.mark.parametrize(("values", "sentence"), [
    ({"good": "-3"}, "bukan bilangan"), ({"good": ""}, "bukan bilangan"), ({"good": "99999"}, "bukan jumlah yang mungkin"),
    ({"sizes": "9x50 45"}, "Isi bundel berjumlah 495, lembar baik 496"), ({"size": "0"}, "bukan jumlah yang mungkin"),
    ({"reject-wrong_sheet": "2"}, "Sebutkan dapil"), ({"sizes": "999999999x1"}, ""),
])  # fmt: skip
def test_a_result_that_cannot_be_keeps_what_was_typed(
    hall: Any, client_for: Callable[[str], Any], values: dict[str, str], sentence: str
) -> None:
    lutfi = client_for("lutfi")
    opened(lutfi)
    page = closed(lutfi, **values)
    assert sentence in page
    assert 'class="error"' in page
    assert 'name="reject-torn" inputmode="numeric" autocomplete="off" value="1"' in page
    assert sorting.bundles(E, RAKOR_AT) == []


def test_sheets_of_another_dapil_reach_bawaslus_inbox_and_every_page_of_the_carton(hall: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    opened(lutfi)
    values = {"reject-spot": "", "reject-torn": "", "reject-wrong_sheet": "4", "stray-1": "DPRD_KAB~BELTIM-2", "stray-1-sheets": "4"}
    page = closed(lutfi, **values)
    assert "4 lembar DPRD Kabupaten · BELTIM-2" in page
    assert "Dapil lain di dalam karton" in lutfi.get(BASE).content.decode()
    inbox = client_for("juwita").get(f"/{E}/tugas/").content.decode()
    assert "berisi 4 lembar DPRD KAB BELTIM-2" in inbox
    assert "gawat" in inbox


def test_the_author_takes_a_result_back_and_others_need_two_people(hall: Any, client_for: Callable[[str], Any]) -> None:
    lutfi, oki = client_for("lutfi"), client_for("oki")
    opened(lutfi)
    closed(lutfi)
    assert "Batalkan hasil" not in oki.get(f"{BASE}karton/{CODES[1]}/").content.decode()
    assert "dalam 10 menit" in post(oki, f"karton/{CODES[1]}/batal/", what="closing")
    assert "terbuka lagi" in post(lutfi, f"karton/{CODES[1]}/batal/", what="closing")
    assert sorting.bundles(E, RAKOR_AT) == []
    closed(lutfi)
    fixed = {"good": "495", "reject-spot": "5", "size": "50", "reason": "salah hitung", "second": "oki"}
    assert "tidak cocok" in post(lutfi, f"karton/{CODES[1]}/koreksi/", **fixed, second_password="salah")
    assert "Hasil dikoreksi" in post(lutfi, f"karton/{CODES[1]}/koreksi/", **fixed, second_password="posko-demo")
    page = oki.get(f"{BASE}karton/{CODES[1]}/").content.decode()
    assert "Semua hasil yang pernah dicatat" in page
    assert "salah hitung" in page


def test_attendance_rate_and_pay_from_the_forms(hall: Any, client_for: Callable[[str], Any]) -> None:
    ani, lutfi = client_for("ani"), client_for("lutfi")
    opened(lutfi)
    closed(lutfi)
    assert "belum diketahui" in ani.get(BASE + "upah/").content.decode()
    assert "5 orang hadir" in post(lutfi, "regu/hadir/", team="REGU-A", day="2023-12-05", present="5", table="Meja 1")
    assert "Tulis alasan" in post(ani, "upah/tarif/", rupiah="250", basis="folded", **{"from": "2023-12-01"}, citation=" ")
    page = post(ani, "upah/tarif/", rupiah="250", basis="folded", **{"from": "2023-12-01"}, citation="Keputusan Sekretaris 1/2023")
    assert "Rp 124.000" in page, "496 sheets at 250"
    assert lutfi.post(BASE + "upah/tarif/", {}).status_code == 403
    book = table.read("upah.xlsx", ani.get(BASE + "upah/upah-sortir.xlsx").content)
    assert book.sheets[0].rows[1][:5] == ("REGU-A", "2023-12-05", "DPRD Kabupaten", 499, 496)
    for paper in ("upah/upah-sortir.pdf", "upah/upah-sortir.pdf?kertas=f4", "berita-acara.pdf", "berita-acara.pdf?kertas=f4"):
        first, again = (ani.get(BASE + paper).content for _ in range(2))
        assert first.startswith(b"%PDF")
        assert first == again


def test_rejected_sheets_are_destroyed_from_the_form_and_the_paper_names_both(hall: Any, client_for: Callable[[str], Any]) -> None:
    ani, lutfi = client_for("ani"), client_for("lutfi")
    opened(lutfi)
    closed(lutfi)
    typed = {"sheets-DPRD_KAB~BELTIM-1": "3", "witness": ["POLRES", "BAWASLU"], "reason": "rusak", "second": "fajar"}
    assert "hanya 3 lembar ditolak" in post(
        ani, "pemusnahan/baru/", **{**typed, "sheets-DPRD_KAB~BELTIM-1": "30"}, second_password="posko-demo"
    )
    assert "Pilih saksinya" in post(ani, "pemusnahan/baru/", **{**typed, "witness": []}, second_password="posko-demo")
    assert "PMS-001" in post(ani, "pemusnahan/baru/", **typed, second_password="posko-demo")
    assert ani.get(BASE + "pemusnahan/PMS-001/berita-acara.pdf?kertas=f4").content.startswith(b"%PDF")
    assert "Tidak ada surat suara ditolak" in ani.get(BASE + "pemusnahan/").content.decode()


def test_what_was_lost_is_asked_for_once(hall: Any, client_for: Callable[[str], Any]) -> None:
    ani, lutfi = client_for("ani"), client_for("lutfi")
    opened(lutfi)
    closed(lutfi)
    assert "Minta 4 lembar pengganti" in ani.get(BASE + "pengganti/").content.decode()
    assert "Minta 4 lembar surat suara pengganti" in ani.get(f"/{E}/tugas/").content.decode()
    assert "MPG-001" in post(ani, "pengganti/minta/")
    assert "sudah diminta" in post(ani, "pengganti/minta/")
    assert ani.get(BASE + "pengganti/MPG-001/permintaan.pdf").content.startswith(b"%PDF")


def test_a_bad_batch_is_named_with_its_numbers(hall: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    opened(lutfi)
    closed(lutfi, **{"good": "450", "reject-spot": "", "reject-torn": "", "reject-blurred": "50"})
    opened(lutfi, 2)
    closed(lutfi, 2, **{"good": "500", "reject-spot": "", "reject-torn": ""})
    page = lutfi.get(BASE + "kelompok-cetak/").content.decode()
    assert "lebih buruk dari biasa" in page
    assert "10,00 %" in page
    assert "Kelompok cetak B-1" in client_for("ani").get(f"/{E}/tugas/").content.decode()


def test_the_export_has_every_carton_with_its_rejects(hall: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    opened(lutfi)
    closed(lutfi)
    book = table.read("sortir.xlsx", lutfi.get(BASE + "sortir.xlsx").content)
    assert [s.name for s in book.sheets] == ["Papan", "Karton", "Kelompok cetak"]
    assert book.sheets[1].rows[1][0] == label_rules.spaced(CODES[1])


def test_empty_screens_say_what_to_do_first(installation: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    pages = {"": "Belum ada karton surat suara", "meja/": "Bentuk regu dahulu", "karton/": "Mulai di", "regu/": "Bentuk regu pertama",
             "kelompok-cetak/": "begitu hasil karton dicatat", "upah/": "Tarif belum ditetapkan", "pengganti/": "Hitung kebutuhan",
             "pemusnahan/": "Tidak ada surat suara ditolak"}  # fmt: skip
    for path, words in pages.items():
        assert words in ani.get(BASE + path).content.decode(), path


def test_what_no_box_needs_is_destroyed_from_the_form_once_packing_is_done(
    hall: Any, client_for: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ani, lutfi = client_for("ani"), client_for("lutfi")
    opened(lutfi)
    closed(lutfi)
    wanted = [n for n in needs.lines(E, RAKOR_AT, item="SURAT_SUARA") if (n.contest, n.dapil) == ("DPRD_KAB", "BELTIM-1")]
    boxes = [SimpleNamespace(contest="DPRD_KAB", tps=n.place, packed=n.quantity) for n in wanted]
    monkeypatch.setattr(packing, "boxes", lambda _e, _at: boxes[1:])
    page = ani.get(BASE + "pemusnahan/").content.decode()
    assert f"kotak masih kurang {wanted[0].quantity} lembar" in page
    assert "Catat pemusnahan kelebihan" not in page
    assert "Belum ada kelebihan" in ani.get(BASE + "pemusnahan/baru/?jenis=kelebihan").content.decode()
    typed = {
        "jenis": "kelebihan", "sheets-DPRD_KAB~BELTIM-1": "496", "witness": ["POLRES", "BAWASLU"], "reason": "berlebih", "second": "fajar",
        "second_password": "posko-demo",
    }  # fmt: skip
    assert "Selesaikan pengepakan" in post(ani, "pemusnahan/baru/", **typed)
    monkeypatch.setattr(packing, "boxes", lambda _e, _at: boxes)
    assert "Catat pemusnahan kelebihan" in ani.get(BASE + "pemusnahan/").content.decode()
    assert "(ada 496)" in ani.get(BASE + "pemusnahan/baru/?jenis=kelebihan").content.decode()
    assert "di depan Bawaslu dan Polres" in post(ani, "pemusnahan/baru/", **{**typed, "witness": ["POLRES"]})
    assert "bukan 497" in post(ani, "pemusnahan/baru/", **{**typed, "sheets-DPRD_KAB~BELTIM-1": "497"})
    assert "Kelebihan surat suara" in post(ani, "pemusnahan/baru/", **typed)
    assert "kelebihan surat suara" in ani.get(BASE + "pemusnahan/").content.decode()
    assert ani.get(BASE + "pemusnahan/PMS-001/berita-acara.pdf").content.startswith(b"%PDF")
    assert "Tidak ada surat suara ditolak" not in ani.get(BASE + "pemusnahan/").content.decode(), "rejected ones are another matter"
