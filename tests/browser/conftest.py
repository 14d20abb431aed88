"""One demo, one server, one Chromium, one saved sign-in per person."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = {"desktop": (1280, 800), "phone": (360, 740)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="TIDAK DIUJI: Chromium is absent"))


@pytest.fixture(scope="session")
def demo_var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo that an earlier part made (POSKO_DEMO_VAR), or a new one: tests write into it."""
    var = tmp_path_factory.mktemp("demo") / "var"
    made = os.environ.get("POSKO_DEMO_VAR")
    if made and (Path(made) / "demo-selesai").exists():
        shutil.copytree(made, var)
        return var
    run = subprocess.run(
        [sys.executable, "-m", "posko", "demo", "--no-serve"],
        cwd=ROOT, env={**os.environ, "POSKO_VAR": str(var)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return var


@pytest.fixture(scope="session")
def site(demo_var: Path) -> Iterator[str]:
    """The address of a running server on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (demo_var / "server.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "4",
         "posko.server.wsgi:application"],
        cwd=ROOT, env={**os.environ, "POSKO_VAR": str(demo_var)}, stdout=log, stderr=log,
    )  # fmt: skip
    address = f"http://localhost:{port}"
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(address + "/masuk/", timeout=2)
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None, (demo_var / "server.log").read_text()
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(10)
        log.close()


ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def play() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(play: Any) -> Iterator[Any]:
    browser = play.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def saved(chromium: Any, site: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str | None]:
    """The path of a saved sign-in; made once per person. None for the public."""
    folder = tmp_path_factory.mktemp("sesi")
    made: dict[str, str] = {}

    def state(name: str) -> str | None:
        if name == "eka":
            return None
        if name not in made:
            context = chromium.new_context(locale="id-ID")
            page = context.new_page()
            page.goto(site + "/masuk/")
            page.locator("form[data-login] [name=username]").fill(name)
            page.locator("form[data-login] [name=password]").fill("posko-demo")
            page.locator("form[data-login] button[type=submit]").click()
            page.wait_for_url(re.compile(r"/(?!masuk)"))
            made[name] = str(folder / f"{name}.json")
            context.storage_state(path=made[name])
            context.close()
        return made[name]

    return state


@pytest.fixture
def open_as(chromium: Any, site: str, saved: Callable[[str], str | None]) -> Iterator[Callable[..., Any]]:
    """open_as("ani", "/pemilu-2024/papan/", width="phone") -> a Playwright page; foreign hosts and script errors fail the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def go(name: str, path: str = "/", width: str = "desktop") -> Any:
        size = WIDTHS[width]
        context = chromium.new_context(
            locale="id-ID", viewport={"width": size[0], "height": size[1]}, storage_state=saved(name), has_touch=width == "phone"
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request", lambda request: None if request.url.startswith((site, "data:", "blob:")) else wrong.append(f"foreign: {request.url}")
        )
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on(
            "console",
            lambda message: wrong.append(f"console: {message.text}") if message.type == "error" and "403" not in message.text else None,
        )
        page.goto(site + path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not wrong, wrong
