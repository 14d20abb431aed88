"""Documents: a Typst template and values give a PDF, the same bytes on every machine."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst
import zxingcpp

from posko.formats import watermark

_HERE = Path(__file__).resolve().parent
TEMPLATES = _HERE / "typst"
FONTS = _HERE.parents[2] / "static" / "vendor" / "fonts"


class FontsMissing(RuntimeError):
    """The fonts that every document needs have not been brought in yet."""


def pdf(template: str, values: dict[str, Any], at: datetime) -> bytes:
    """The PDF of `typst/<template>.typ` with `values` (readable there as data.json); `at` is the document's time stamp.

    Same template, values and `at` give the same bytes. Numbers and dates come formatted (formats.text); `posko.typ` reads the
    common keys: paper "a4" | "f4", landscape, agency, place, title, number, subtitle, marks [..], footer, stamp. In a drill every page
    of every document says so, whatever its template.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    if not any(FONTS.glob("*.ttf")):
        raise FontsMissing(f"Fon dokumen tidak ada di {FONTS}. Jalankan ./posko sekali agar fon dipasang.")
    sources: Any = {  # the stubs do not know the compile-from-memory form
        "main": _over_every_page(watermark.shown()) + (TEMPLATES / f"{template}.typ").read_bytes(),
        "posko.typ": (TEMPLATES / "posko.typ").read_bytes(),
        **{shared.name: shared.read_bytes() for shared in sorted(TEMPLATES.glob("_*.typ"))},  # what several templates share
        "data.json": json.dumps(values, ensure_ascii=False, sort_keys=True).encode(),
    }
    return typst.compile(
        sources,
        format="pdf",
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        timestamp=int(at.astimezone(UTC).timestamp()),
    )


def _over_every_page(words: str) -> bytes:
    """Typst that writes words across each page and along its upper edge, before the template has its say; nothing for no words."""
    if not words:
        return b""
    return (
        "#set page(foreground: layout(size => block(width: size.width, height: size.height, {\n"
        f'  let said = "{words}"\n'
        '  set text(font: "Noto Sans", weight: 700, fill: rgb(179, 38, 30, 64))\n'
        "  place(center + horizon, rotate(-32deg, text(size: size.width / 17, said)))\n"
        "  place(top + center, dy: 2mm, text(size: calc.min(size.width / 30, 11pt), fill: rgb(179, 38, 30), said))\n"
        "})))\n"
    ).encode()


def qr_svg(text: str) -> str:
    """A QR code with its quiet zone as SVG, error correction M."""
    return str(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_svg(add_quiet_zones=True))
