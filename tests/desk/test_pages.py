"""What tests read of a page leaves out what chance writes on it, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.middleware import csrf

import posko
from posko.store import record
from tests import pages

DIGITS = "517"


@pytest.mark.django_db
def test_a_hostile_root_token_and_version_are_not_said(
    installation: Any, client_for: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, size = f"{DIGITS}c{DIGITS}0" * 8, 1_517
    monkeypatch.setattr(record, "root", lambda *_args, **_more: (size, root))
    monkeypatch.setattr(csrf, "_mask_cipher_secret", lambda _secret: (DIGITS * 22)[:64])
    monkeypatch.setattr(posko, "__version__", f"1.{DIGITS}.0")
    sent = client_for("ani").get("/pemilu-2024/stok/hitung/").content.decode()
    assert sent.count(DIGITS) >= 2 + 1 + 1 + 22, "root, size, version, token"
    assert DIGITS not in pages.said(sent)
    assert "akar jurnal" in pages.said(sent)


HOSTILE = (
    f'<input type="hidden" name="csrfmiddlewaretoken" value="{DIGITS}a">',
    f'<input type="hidden" name="nonce" value="{DIGITS}a">',
    f'<script nonce="{DIGITS}" src="/static/posko/desk.{DIGITS}0aa.js"></script>',
    f'<a href="/pemilu-2024/jurnal/{DIGITS}{"0" * 61}/">catatan</a>',
    f'<span class="mono">{DIGITS}abc99…</span>',
    f'<span class="mono">{DIGITS}12345…{DIGITS}54321</span>',
    f"Sidik jari {DIGITS}0123456789abc.",
    f'<footer class="foot">akar jurnal <a class="mono" href="/{DIGITS}"><b>{DIGITS}</b></a> ({DIGITS} catatan) · Posko 1.{DIGITS}</footer>',
)
PLAIN = (
    f"<p>{DIGITS} barang</p>", f"<td>-{DIGITS}</td>", f"<p>1.{DIGITS} catatan</p>", f'<input name="good" value="{DIGITS}">',
    f'<a href="?jumlah={DIGITS}">x</a>', f'<span class="mono">{DIGITS}</span>', f"<!-- {DIGITS} -->", f"<title>{DIGITS}</title>",
    f'<script type="application/json">{{"sent": {DIGITS}}}</script>', f"&#53;17 barang {DIGITS[:0]}", f"<p>081{DIGITS}34567</p>",
    f"<textarea>{DIGITS}</textarea>", f'<footer class="foot">Data per {DIGITS}</footer>', f'<img src="/foto/{DIGITS}.jpg"/>',
    f'<footer class="foot"><span class="mono">0</span></footer><p>{DIGITS}</p>', f'<p data-nonce="a" data-sent="{DIGITS}">x</p>',
)  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE)
def test_what_chance_writes_is_not_said(html: str) -> None:
    assert DIGITS in html
    assert DIGITS not in pages.said(f"<main>{html}</main>")


@pytest.mark.parametrize("html", PLAIN)
def test_everything_else_is_said(html: str) -> None:
    assert DIGITS in pages.said(f"<main>{html}</main>")


def test_words_are_one_space_apart_whatever_stands_between() -> None:
    assert pages.said('<p>sisa\n  <strong title="dua">214</strong>&nbsp;unit</p>').strip() == "sisa dua 214 unit"
