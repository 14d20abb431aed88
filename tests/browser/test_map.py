"""The map that moves, in a real browser: over the server's picture, with its numbers, by keyboard and touch, gone without WebGL."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser
MAP = "/pemilu-2024/aght/peta/"
ON, OFF = 'figure[data-moving="on"]', 'figure[data-moving="off"]'
DETAIL = '#isi section[aria-label="Rincian tempat"]'


def drawn_colours(page: Any) -> int:
    """How many different colours the canvas of the map shows."""
    from io import BytesIO

    from PIL import Image

    shot = Image.open(BytesIO(page.locator(f"{ON} canvas.maplibregl-canvas").screenshot()))
    return len(shot.convert("RGB").quantize(64).getcolors() or [])


def bring(page: Any, name: str) -> None:
    """A desa to the middle of the map, its detail closed again."""
    page.locator("#peta-tempat").select_option(label=name)
    page.wait_for_function("() => JSON.parse(sessionStorage.getItem('posko.peta.view') ?? '{}').zoom > 10")
    page.get_by_role("button", name="Tutup rincian").click()
    page.locator(DETAIL).wait_for(state="hidden")


def test_the_map_is_drawn_over_the_picture_from_our_own_host_alone(open_as: Callable[..., Any]) -> None:
    page = open_as("citra", MAP)
    page.locator("figure[data-moving]").scroll_into_view_if_needed()
    page.locator(ON).wait_for(timeout=40_000)
    assert drawn_colours(page) > 8
    assert not page.locator("svg.peta").is_visible()
    page.emulate_media(media="print")
    assert page.locator("svg.peta").is_visible()
    assert not page.locator("canvas.maplibregl-canvas").is_visible()


def test_the_detail_of_a_place_is_the_row_of_the_table(open_as: Callable[..., Any]) -> None:
    page = open_as("citra", MAP + "?lapis=rugi")
    page.locator(ON).wait_for(timeout=40_000)
    row = page.locator("tr[id^=desa-]").first
    code = row.get_attribute("id").removeprefix("desa-")
    page.locator("#peta-tempat").select_option(value=code)
    shown = page.locator(DETAIL).inner_text()
    for cell in row.locator("th, td").all_inner_texts():
        assert all(line.strip() in shown for line in cell.splitlines() if line.strip()), (cell, shown)
    page.get_by_role("link", name="Laju laporan", exact=True).click()  # another layer is another page; the place stays open
    page.locator(ON).wait_for(timeout=40_000)
    assert page.locator(DETAIL).get_attribute("data-code") == code


def test_arrow_keys_move_the_map_and_not_the_day_and_enter_opens_what_lies_in_the_middle(open_as: Callable[..., Any]) -> None:
    page = open_as("citra", MAP)
    page.locator(ON).wait_for(timeout=40_000)
    bring(page, "Simpang Pesak")
    address, before = page.url, page.evaluate("sessionStorage.getItem('posko.peta.view')")
    page.keyboard.press("Enter")  # closing the detail gave the map the keyboard
    assert "Simpang Pesak" in page.locator(DETAIL).inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(before) => sessionStorage.getItem('posko.peta.view') !== before", arg=before)
    assert page.url == address


def test_a_telephone_loads_the_map_when_asked_and_goes_back_to_the_picture(open_as: Callable[..., Any]) -> None:
    page = open_as("citra", MAP, width="phone")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    assert page.locator(OFF).count() == 1
    assert page.locator("svg.peta").is_visible()
    page.get_by_role("button", name="Buka peta geser").click()
    page.locator(ON).wait_for(timeout=40_000)
    assert any("maplibre-gl.mjs" in url for url in loaded)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    bring(page, "Simpang Pesak")
    canvas = page.locator(f"{ON} canvas.maplibregl-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(DETAIL).wait_for()
    assert "Simpang Pesak" in page.locator(DETAIL).inner_text()
    page.get_by_role("button", name="Kembali ke gambar").click()
    assert page.locator("svg.peta").is_visible()
    assert "terhenti" not in page.locator(".mapswitch").inner_text()


def test_without_webgl_the_picture_stays_and_nothing_is_loaded(play: Any, site: str, saved: Callable[[str], str | None]) -> None:
    browser = play.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, "--disable-3d-apis"])
    page = browser.new_context(locale="id-ID", storage_state=saved("citra"), viewport={"width": 1280, "height": 800}).new_page()
    loaded: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(site + MAP)
    page.locator("svg.peta").scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.createElement('canvas').getContext('webgl2')") is None
    assert page.locator("svg.peta").is_visible()
    assert page.locator(".mapswitch").count() == 0
    assert not [url for url in loaded if "maplibre" in url]
    assert not wrong
    browser.close()


def test_a_library_that_does_not_arrive_leaves_the_picture_and_says_so(
    chromium: Any, site: str, saved: Callable[[str], str | None]
) -> None:
    context = chromium.new_context(locale="id-ID", storage_state=saved("citra"), viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.route("**/maplibre-gl.mjs", lambda route: route.abort())
    page.goto(site + MAP)
    page.get_by_text("Peta geser tidak bisa dibuka di sini").wait_for(timeout=20_000)
    assert page.locator("svg.peta").is_visible()
    context.close()
