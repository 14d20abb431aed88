"""The projector in a real browser: keys turn the pages without leaving the screen, live and frozen, black, help, and a broken line."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def opened(open_as: Callable[..., Any], number: int = 1) -> Any:
    """A page of the first pack of the demo."""
    return open_as("ani", f"/pemilu-2024/rakor/paket/SNP-001/layar/{number}/")


def on(page: Any, number: int) -> bool:
    page.locator(f'[data-slide][data-number="{number}"]').wait_for()
    return f"/layar/{number}/" in page.url


def test_arrows_home_end_and_typed_numbers_turn_the_pages(open_as: Callable[..., Any]) -> None:
    page = opened(open_as)
    page.evaluate("window.same = true")
    last = page.locator("[data-page]").count()
    for key, number in (("ArrowRight", 2), ("PageDown", 3), (" ", 4), ("ArrowLeft", 3), ("End", last), ("Home", 1)):
        page.keyboard.press(key)
        assert on(page, number), key
    page.keyboard.press("ArrowLeft")  # there is nothing before the first
    page.keyboard.type("10")
    assert page.locator(".layar-jump").inner_text() == "Halaman 10"
    page.keyboard.press("Enter")
    assert on(page, 10)
    assert page.evaluate("window.same"), "the document stays, so that full screen stays"


def test_l_turns_to_live_numbers_and_back_t_to_dark_and_both_stay_with_the_pages(open_as: Callable[..., Any]) -> None:
    page = opened(open_as, 3)
    page.keyboard.press("l")
    page.locator('[data-live="1"]').wait_for()
    assert "angka langsung belum dibekukan" in page.locator(".layar-mark").inner_text()
    page.keyboard.press("t")
    page.locator('html[data-tema="gelap"]').wait_for()
    page.keyboard.press("ArrowRight")
    assert on(page, 4)
    assert page.url.endswith("?data=langsung&tema=gelap")
    page.keyboard.press("l")
    page.locator('[data-live="0"]').wait_for()


def test_b_blackens_the_screen_any_key_brings_it_back_and_a_question_mark_explains(open_as: Callable[..., Any]) -> None:
    page = opened(open_as, 3)
    page.keyboard.press("b")
    assert page.locator(".layar-black").is_visible()
    page.keyboard.press("ArrowRight")
    assert not page.locator(".layar-black").is_visible()
    assert on(page, 3)
    page.keyboard.press("?")
    assert page.locator(".layar-help").is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert not page.locator(".layar-help").is_visible()
    assert on(page, 3)


def test_when_a_page_cannot_be_read_the_last_one_stays_and_says_so(open_as: Callable[..., Any]) -> None:
    page = opened(open_as, 2)
    page.route("**/layar/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Masuk dahulu</p>"))
    page.keyboard.press("ArrowRight")
    page.get_by_text("Sambungan terputus").wait_for()
    assert on(page, 2)
    page.unroute("**/layar/**")
    page.keyboard.press("ArrowRight")
    assert on(page, 3)
    assert not page.get_by_text("Sambungan terputus").count()


def test_quick_presses_are_all_heard(open_as: Callable[..., Any]) -> None:
    page = opened(open_as)
    for _ in range(4):
        page.keyboard.press("PageDown")
    assert on(page, 5)


def test_no_page_needs_scrolling_on_a_projector(open_as: Callable[..., Any]) -> None:
    page = opened(open_as)
    for number in range(1, page.locator("[data-page]").count() + 1):
        page.goto(re.sub(r"/layar/\d+/", f"/layar/{number}/", page.url))
        for width, height in ((1920, 1080), (1280, 720)):
            page.set_viewport_size({"width": width, "height": height})
            high, wide = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
            assert (high, wide) == (height, width), number


def test_a_short_text_is_copied_by_its_button(open_as: Callable[..., Any]) -> None:
    page = opened(open_as)
    page.goto(re.sub(r"layar/.*", "bentuk/", page.url))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Salin teks Publik").click()
    page.get_by_text("Tersalin").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#isi-publik").input_value()
