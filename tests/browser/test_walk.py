"""Every page of the thread, at desk and phone width, and the walk from voter count to rakor pack by links alone."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

E = "/pemilu-2024"
PAGES = {
    "ani": [
        "papan",
        "tugas",
        "dpt",
        "aturan",
        "kebutuhan",
        "penerimaan",
        "penerimaan/prakiraan",
        "stok",
        "sortir",
        "pengepakan",
        "pengepakan/kotak",
        "segel",
        "label",
        "uji-petik",
        "geser",
        "distribusi",
        "kesiapan",
        "aght",
        "rekomendasi",
        "rakor",
        "jurnal",
        "tempat",
        "cari",
    ],
    "lutfi": ["tugas", "penerimaan", "stok", "sortir", "pengepakan/meja", "segel/periksa", "label/uji"],
    "budi": ["papan", "tugas", "kesiapan"],
    "citra": ["papan", "laporan", "aght", "rekomendasi", "rakor"],
    "juwita": ["papan", "kebutuhan", "laporan", "aght", "rekomendasi", "rakor", "jurnal"],
}
CASES = [(name, page, width) for name, pages in PAGES.items() for page in pages for width in ("desktop", "phone")]


@pytest.mark.parametrize(("name", "page_name", "width"), CASES)
def test_every_page_of_the_menu_opens_and_fits_the_screen(open_as: Callable[..., Any], name: str, page_name: str, width: str) -> None:
    page = open_as(name, f"{E}/{page_name}/", width=width)
    assert page.locator("h1, .huge").first.is_visible()
    overflow = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 1, f"{page_name} is {overflow} px too wide at {width}"


def test_ani_walks_from_voter_count_to_rakor_pack_by_the_menu(open_as: Callable[..., Any]) -> None:
    page = open_as("ani", "/")
    for label in ("Pemilih", "Kebutuhan", "Penerimaan", "Distribusi", "Kesiapan", "Rekomendasi", "Rakor"):
        page.locator(".menu").get_by_role("link", name=label, exact=True).click()
        page.wait_for_load_state()
        assert page.locator("h1").first.is_visible()
    assert "Hotel Guest" in page.locator("main").inner_text()


def test_the_board_says_the_days_the_gauge_and_the_tps(open_as: Callable[..., Any]) -> None:
    text = open_as("ani", f"{E}/papan/").locator("main").inner_text()
    assert "H-71" in text
    assert "69,5" in text
    assert "363" in text
    assert "REKONSTRUKSI" in text


def test_eka_of_the_public_reports_without_an_account_on_a_phone(open_as: Callable[..., Any]) -> None:
    page = open_as("eka", "/lapor/", width="phone")
    assert page.locator("form textarea").first.is_visible()
    targets = page.evaluate(
        "() => [...document.querySelectorAll('main button, main .btn')].map(b => Math.round(b.getBoundingClientRect().height))"
    )
    assert targets
    assert min(targets) >= 48


def test_a_stranger_is_sent_to_sign_in(open_as: Callable[..., Any]) -> None:
    page = open_as("eka", f"{E}/aght/")
    assert re.search(r"/masuk/", page.url)


def test_budi_of_a_ppk_may_not_open_aght(open_as: Callable[..., Any]) -> None:
    page = open_as("budi", f"{E}/aght/")
    assert "Bukan bagian Anda" in page.locator("main").inner_text()
