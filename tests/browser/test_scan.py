"""Scanning in a real browser: a camera that sees a label, a hand scanner that types, a network that is gone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from posko.domain import labels
from tests.browser.conftest import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser
CARTON = labels.encoded(0x1234_5678_9ABC_DEF0_0007)
STATION, TRACE = "/pemilu-2024/pengepakan/meja/", "/pemilu-2024/pengepakan/jejak/"


def film(path: Path, text: str) -> None:
    """Ten frames of a label at 640 x 480 as raw video (YUV4MPEG2): what a fake camera plays in a loop."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = barcode.to_image(scale=7, add_quiet_zones=True)
    code = Image.frombytes("L", (image.shape[1], image.shape[0]), bytes(image))
    frame = Image.new("L", (640, 480), 200)
    frame.paste(code.rotate(6, expand=True, fillcolor=200), (140, 60))
    luma, chroma = frame.tobytes(), bytes([128]) * (320 * 240 * 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + luma + chroma) * 10)


@pytest.fixture
def camera_page(play: Any, site: str, saved: Callable[[str], str | None], tmp_path: Path) -> Iterator[Any]:
    """Lutfi's phone with the trace open, its camera looking at the label of a carton."""
    film(tmp_path / "label.y4m", labels.qr_text("carton", CARTON))
    fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    seen = (*ARGUMENTS, *fake, f"--use-file-for-fake-video-capture={tmp_path / 'label.y4m'}")
    browser = play.chromium.launch(executable_path=CHROMIUM, args=list(seen))
    context = browser.new_context(
        locale="id-ID", storage_state=saved("lutfi"), permissions=["camera"], viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto(site + TRACE)
    yield page
    browser.close()


def test_the_camera_reads_a_label_by_the_decoder_of_our_own_host(camera_page: Any) -> None:
    foreign: list[str] = []
    camera_page.on("request", lambda request: foreign.append(request.url) if "localhost" not in request.url else None)
    camera_page.get_by_role("button", name="Buka kamera").click()
    camera_page.wait_for_url("**kode=PSK1**", timeout=20_000)
    assert camera_page.locator("#kode").input_value().endswith(CARTON)
    assert not [url for url in foreign if not url.startswith(("data:", "blob:"))]


def test_a_hand_scanner_that_ends_with_tab_sends_like_one_that_ends_with_enter(open_as: Callable[..., Any]) -> None:
    page = open_as("lutfi", STATION)
    page.locator("[data-scan-input]").press_sequentially("19.06:G01-" + labels.with_check("19.06:G01")[-1])
    page.keyboard.press("Tab")
    page.get_by_role("heading", name="2. Pindai label kotak").wait_for()


def test_a_scan_that_cannot_be_sent_stays_in_its_field_and_says_so(chromium: Any, site: str, saved: Callable[[str], str | None]) -> None:
    context = chromium.new_context(locale="id-ID", storage_state=saved("oki"))  # its failed request is what this test is about
    page = context.new_page()
    page.goto(site + STATION)
    field = page.locator("[data-scan-input]")
    field.fill(labels.with_check("19.06:G01"))
    page.route("**/meja/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    field.press("Enter")
    page.locator("[data-scan-trouble]").wait_for()
    assert "Tidak terkirim" in page.locator("[data-scan-trouble]").inner_text()
    assert field.input_value() == labels.with_check("19.06:G01")
    context.close()
