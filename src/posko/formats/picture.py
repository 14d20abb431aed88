"""Pictures and scanned PDFs as uploaded: checked by their bytes, pictures written anew without metadata.

A photo from a phone says where and when it was taken and with which device; none of it is kept. The pixels are decoded and encoded again,
so nothing else that a file can carry survives either. A PDF is kept as it came: only its active parts are looked for and refused.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import zxingcpp
from PIL import Image, ImageOps

from posko.domain import record

MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONG_EDGE_PX = 2560
_DECODERS = ("JPEG", "PNG", "WEBP")  # MPO, the double JPEG of some phones, is found by the decoder of JPEG
_KINDS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp"}
_OTHERS = (
    (b"ftypheic", "HEIC"), (b"ftypheix", "HEIC"), (b"ftypmif1", "HEIC"), (b"ftyphevc", "HEIC"), (b"ftypavif", "AVIF"), (b"GIF8", "GIF"),
    (b"BM", "BMP"), (b"II*\0", "TIFF"), (b"MM\0*", "TIFF"), (b"PK\x03\x04", "ZIP, Word atau Excel"), (b"ftyp", "video"),
)  # fmt: skip
_ACTIVE = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|OpenAction|RichMedia|SubmitForm|ImportData)(?![A-Za-z])")
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z])")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
# What a damaged picture makes the decoders raise.
_BROKEN = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError, EOFError, struct.error)


class Unusable(record.Refusal):
    """A file that cannot be kept as evidence; the subclasses say why."""

    code: ClassVar[str] = "picture.unusable"


class EmptyFile(Unusable):
    """No bytes."""

    code: ClassVar[str] = "picture.empty"


class TooBig(Unusable):
    """More than 12 MB."""

    code: ClassVar[str] = "picture.too_big"


class NotAPicture(Unusable):
    """Neither JPEG, PNG, WebP nor PDF, whatever its name says. `seen`: what it seems to be, in Indonesian."""

    code: ClassVar[str] = "picture.not_a_picture"


class TooManyPixels(Unusable):
    """More than 40 million pixels, before one of them is decoded."""

    code: ClassVar[str] = "picture.too_many_pixels"


class Corrupt(Unusable):
    """Begins as a picture or PDF and breaks off or cannot be decoded."""

    code: ClassVar[str] = "picture.corrupt"


class ActivePdf(Unusable):
    """A PDF that does something when opened, or carries other files."""

    code: ClassVar[str] = "picture.active_pdf"


class LockedPdf(Unusable):
    """A PDF under a password: nobody could read this evidence later."""

    code: ClassVar[str] = "picture.locked_pdf"


@dataclass(frozen=True)
class Picture:
    """kind: jpeg | png | webp | pdf. data: the bytes to keep. width and height in pixels, 0 for a PDF."""

    kind: str
    data: bytes
    width: int
    height: int


def check(data: bytes, name: str) -> Picture:
    """A file as uploaded, made safe to keep. The bytes decide what it is; `name` only stands in the refusal. Unusable.

    Same bytes give the same bytes (with one version of Pillow). The long edge is at most 2560 px; of an animation the first frame stays.
    """
    name = name[:80]
    if not data:
        raise EmptyFile(file=name)
    if len(data) > MOST_BYTES:
        raise TooBig(file=name, most=MOST_BYTES // 1024 // 1024)
    if data.startswith(b"%PDF-"):
        return _pdf(data, name)
    image, form = _decoded(data, name)
    if max(image.size) > LONG_EDGE_PX:
        share = LONG_EDGE_PX / max(image.size)
        size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return Picture(_KINDS[form], _encoded(image, _KINDS[form]), image.width, image.height)


def thumbnail(data: bytes, edge_px: int = 320) -> bytes:
    """A small JPEG of a picture that `check` wrote, for lists."""
    with Image.open(io.BytesIO(data), formats=_DECODERS) as opened:
        small = opened.convert("RGB")
    small.thumbnail((edge_px, edge_px), Image.Resampling.BOX)
    return _encoded(small, "jpeg")


def codes(data: bytes, name: str = "") -> list[str]:
    """The texts of all codes in a photo, for phones whose browser gives no camera. Unusable; a PDF is NotAPicture here."""
    if not data:
        raise EmptyFile(file=name[:80])
    if len(data) > MOST_BYTES:
        raise TooBig(file=name[:80], most=MOST_BYTES // 1024 // 1024)
    image, _ = _decoded(data, name[:80])
    grey = image.convert("L")
    wanted = zxingcpp.barcode_formats_from_str("QRCode,DataMatrix,Aztec,PDF417,Code128,Code39,EAN13")
    for look in _looks(grey):
        found = [code.text for code in zxingcpp.read_barcodes(look, formats=wanted) if code.text]
        if found:
            return list(dict.fromkeys(found))
    return []


def _looks(grey: Image.Image) -> Iterator[Image.Image]:
    """A photo is often dim, or so large that its grain hides the modules: the first look that sees something counts."""
    yield grey
    yield ImageOps.autocontrast(grey, cutoff=2)
    yield grey.reduce(max(2, max(grey.size) // 1200))


def _decoded(data: bytes, name: str) -> tuple[Image.Image, str]:
    """Upright pixels in a mode that can be written, with nothing attached; and the format they came in."""
    try:
        opened = Image.open(io.BytesIO(data), formats=_DECODERS)
    except Image.DecompressionBombError:
        raise TooManyPixels(file=name, most=MOST_PIXELS // 1_000_000) from None
    except _BROKEN:
        if data.startswith((b"\xff\xd8\xff", b"\x89PNG", b"RIFF")):
            raise Corrupt(file=name) from None
        raise NotAPicture(file=name, seen=_seen(data)) from None
    with opened:
        form = str(opened.format)
        if opened.width * opened.height > MOST_PIXELS:
            raise TooManyPixels(file=name, most=MOST_PIXELS // 1_000_000)
        try:
            opened.seek(0)
            opened.load()
            return _bare(opened), form
        except (Image.DecompressionBombError, *_BROKEN):
            raise Corrupt(file=name) from None


def _bare(opened: Image.Image) -> Image.Image:
    turned: Image.Image = opened
    try:
        turned = ImageOps.exif_transpose(opened)
    except _BROKEN:
        turned = opened  # broken EXIF says nothing about how the phone was held; the pixels are good
    clear = "transparency" in turned.info or turned.mode in {"RGBA", "LA", "PA", "La", "RGBa"}
    if turned.mode.startswith("I;16"):
        turned = turned.point(lambda value: value / 256)
    mode = "RGBA" if clear else "L" if turned.mode in {"1", "L", "I", "F"} or turned.mode.startswith("I;16") else "RGB"
    pixels = turned.convert(mode)
    bare = Image.new(mode, pixels.size)  # Pillow writes comments and profiles of the picture it loaded; a new one has none
    bare.paste(pixels)
    return bare


def _encoded(image: Image.Image, kind: str) -> bytes:
    target = io.BytesIO()
    if kind == "jpeg":
        image.save(target, "JPEG", quality=85, optimize=False, progressive=False)
    elif kind == "png":
        image.save(target, "PNG", compress_level=6)
    else:
        image.save(target, "WEBP", quality=85, method=4)
    return target.getvalue()


def _seen(data: bytes) -> str:
    head = data[:32]
    for sign, word in _OTHERS:
        if head.startswith(sign) or (sign.startswith(b"ftyp") and head[4:12].startswith(sign)):
            return word
    plain = data[:400].lstrip().lower()
    return "halaman web" if plain.startswith((b"<!doctype html", b"<html", b"<svg", b"<?xml")) else "isi yang tidak dikenal"


def _pdf(data: bytes, name: str) -> Picture:
    if b"%%EOF" not in data[-4096:]:
        raise Corrupt(file=name)
    # Names may hide behind #xx; object streams are compressed and not looked into, therefore a PDF is only ever handed out as a download.
    plain = _ESCAPED.sub(lambda hit: bytes([int(hit[1], 16)]), data)
    active = _ACTIVE.search(plain)
    if active:
        raise ActivePdf(file=name, what=active[1].decode())
    if _LOCKED.search(plain):
        raise LockedPdf(file=name)
    return Picture("pdf", data, 0, 0)
