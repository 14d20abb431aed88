"""Stock on the screen: every number leads on, a count hides the book, two people declare, breaks stand at the top."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from posko.domain import stock as rules
from posko.domain.record import Actor, Draft
from posko.domain.stock import Account, Condition, Posting
from posko.formats import table
from posko.store import receipts, record, stock
from tests import pages
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
BASE = f"/{E}/stok/"
ANI = Actor("p-ani", "KPU")
BOX = ("KOTAK", "", "")


def move(source: Condition, target: Condition, pieces: int, days: int) -> str:
    at, place = RAKOR_AT - timedelta(days=days), stock.warehouse(E)
    with transaction.atomic():
        prepared = record.prepare([Draft("receipt.accepted", E, "receipt:TRM-001", place, ANI, at, {"pieces": pieces})], at)
        moved = Posting(BOX, pieces, Account(place, source), Account(place, target), "receipt.accepted", "receipt:TRM-001")
        stock.post(E, [moved], prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return prepared[0].entry_id


@pytest.fixture
def hall(db_beltim: Any) -> str:
    """700 boxes came ten days ago."""
    return move(Condition.SUPPLIER, Condition.GOOD, 700, 10)


def post(client: Any, path: str, **values: Any) -> str:
    return str(client.post(BASE + path, values, follow=True).content.decode())


def counting(client: Any, pieces: str, **more: str) -> str:
    return post(client, "hitung/", place=stock.warehouse(E), line="KOTAK~~", condition="good", pieces=pieces, **more)


def test_a_number_leads_to_the_card_the_day_and_the_entry(hall: str, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    page = ani.get(BASE).content.decode()
    assert "Semua cocok" in page
    link = f"/{E}/stok/kartu/KOTAK~~/?tempat={stock.warehouse(E)}&amp;kondisi=good"
    assert f'<a href="{link}">700</a>' in page
    card = ani.get(link.replace("&amp;", "&")).content.decode()
    assert "pemasok → baik" in card
    day = ani.get(f"/{E}/stok/kartu/KOTAK~~/?hari=2023-11-25").content.decode()
    assert f"/{E}/jurnal/{hall}/" in day
    first, again = (ani.get(f"/{E}/stok/kartu/KOTAK~~/kartu-stok.pdf?kertas=f4").content for _ in range(2))
    assert first.startswith(b"%PDF")
    assert first == again
    book = table.read("stok.xlsx", ani.get(BASE + "stok.xlsx").content)
    assert book.sheets[0].rows[1][2:] == ("Kotak suara", "KOTAK", None, None, 700, 700)


def test_a_count_hides_the_book_and_its_difference_stands_at_the_top_until_two_declare_it(
    hall: str, client_for: Callable[[str], Any]
) -> None:
    ani, lutfi = client_for("ani"), client_for("lutfi")
    assert "700" not in pages.said(lutfi.get(BASE + "hitung/"))
    page = counting(lutfi, "698")
    assert "OPN-001" in page
    assert "belum dinyatakan" in page
    assert 'action="/pemilu-2024/stok/hitung/OPN-001/nyatakan/"' not in page, "the warehouse does not declare"
    assert "Hitungan fisik berbeda dari buku" in ani.get(BASE).content.decode()
    assert "Nyatakan selisih hitungan OPN-001" in ani.get(f"/{E}/tugas/").content.decode()
    asked = {"reason": "dihitung dua kali", "second": "fajar"}
    assert "tidak cocok" in post(ani, "hitung/OPN-001/nyatakan/", **asked, second_password="salah")
    assert "2 dinyatakan kurang" in post(ani, "hitung/OPN-001/nyatakan/", **asked, second_password="posko-demo")
    assert "Semua cocok" in ani.get(BASE).content.decode()


@pytest.mark.parametrize("pieces", ["-1", "", "satu", "1,5", "99999999999"])
def test_a_count_that_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    hall: str, client_for: Callable[[str], Any], pieces: str
) -> None:
    page = counting(client_for("lutfi"), pieces, note="rak timur")
    assert 'class="error"' in page
    assert "Ditolak: " not in page
    assert "rak timur" in page
    assert stock.counts(E, RAKOR_AT) == []


def test_a_break_is_listed_at_the_top_with_its_entry(hall: str, client_for: Callable[[str], Any]) -> None:
    entry = move(Condition.GOOD, Condition.PACKED, 800, 1)
    stock.PostingRow.objects.filter(entry_id=hall).update(quantity=699)
    page = client_for("juwita").get(BASE).content.decode()
    assert "2 hal tidak cocok" in page
    assert f"/{E}/jurnal/{entry}/" in page
    assert f"/{E}/jurnal/{hall}/" in page
    assert page.index("tidak cocok") < page.index("Neraca setiap barang")


def test_left_over_boxes_come_in_once_by_two(hall: str, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    asked = {"line": "KOTAK~~", "place": stock.warehouse(E), "pieces": "40", "reason": "gudang Pilkada 2020", "second": "fajar"}
    assert "40 sisa pemilihan lalu dimasukkan" in post(ani, "sisa/", **asked, second_password="posko-demo")
    assert "sudah pernah dimasukkan" in post(ani, "sisa/", **asked, second_password="posko-demo")
    assert client_for("lutfi").get(BASE + "sisa/").status_code == 403


def test_hadi_of_the_police_inspects_and_a_leak_warns_kpu_and_pemda(hall: str, client_for: Callable[[str], Any]) -> None:
    hadi = client_for("hadi")
    good = {f"check-{code}": "yes" for code, _, _ in rules.CHECKS}
    page = post(hadi, "periksa/baru/", place=stock.warehouse(E), note="ember di bawah talang", **{**good, "check-leak": "no"})
    assert "Pemeriksaan PRK-001 disimpan" in page
    assert "1 kekurangan" in page
    for name in ("ani", "indra"):
        assert "ada kebocoran atau genangan" in client_for(name).get(f"/{E}/tugas/").content.decode(), name
    assert "paling sedikit satu hal" in post(hadi, "periksa/baru/", place=stock.warehouse(E))
    assert hadi.get(BASE + "hitung/").status_code == 403


def test_empty_screens_say_what_to_do_first(installation: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    assert "Belum ada barang di gudang" in ani.get(BASE).content.decode()
    assert "Gudang belum pernah diperiksa" in ani.get(BASE + "periksa/").content.decode()
    assert "Hitung kebutuhan" in ani.get(f"/{E}/stok/hitung/").content.decode()


def test_older_receipts_are_brought_in_on_the_stock_page_once(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    assert "penerimaan belum ada di buku stok" not in ani.get(BASE).content.decode()
    at = RAKOR_AT - timedelta(days=3)
    actors = db_beltim.actors
    order = receipts.place_order(E, ("KOTAK", "", ""), 700, "pemasok", at + timedelta(days=9), actors["ani"], at)
    sent = receipts.announce_shipment(E, order.code, 700, "SJ-1", "kapal", actors["ani"], at)
    receipts.record_receipt(E, sent.code, 690, 4, actors["lutfi"], at + timedelta(hours=1))
    stock.PostingRow.objects.all().delete()
    stock.ControlRow.objects.all().delete()
    page = ani.get(BASE).content.decode()
    assert "1 penerimaan belum ada di buku stok" in page
    assert "Semua cocok" not in page
    assert "TRM-001" in ani.get(f"{BASE}penerimaan-lama/").content.decode()
    assert "penerimaan lama dimasukkan" not in post(ani, "penerimaan-lama/", second="ani", second_password="posko-demo")
    asked = {"second": "fajar", "second_password": "posko-demo"}
    assert "1 penerimaan lama dimasukkan" in post(ani, "penerimaan-lama/", **asked)
    assert "belum ada di buku stok" not in ani.get(BASE).content.decode()
    assert "Semua penerimaan sudah ada di buku stok" in post(ani, "penerimaan-lama/", **asked)
