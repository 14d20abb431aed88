"""Pictures and scans: the bytes decide, metadata goes, what is no picture is refused in words that help."""

import io
import struct
import zlib
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from posko.domain import record
from posko.formats import picture

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def photo(form: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any) -> bytes:
    image = Image.new(mode, size)
    image.paste(200 if mode in {"L", "1", "I;16", "P"} else (200, 30, 30, 255)[: len(image.getbands())], (0, 0, size[0] // 2, size[1] // 2))
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Telepon rahasia"
    exif[0x0112] = 6  # held upright: turn by 90 degrees
    exif[0x8825] = {1: "S", 2: (2.0, 52.0, 30.0), 3: "E", 4: (108.0, 16.0, 10.0)}
    return photo(exif=exif, comment=b"catatan pribadi", icc_profile=b"profil" * 20, xmp=b"<x:xmpmeta>Manggar</x:xmpmeta>")


def test_a_photo_loses_place_device_comment_and_profile_and_stands_upright() -> None:
    data = with_gps()
    assert b"Telepon rahasia" in data
    assert b"catatan pribadi" in data
    assert b"Manggar" in data
    kept = picture.check(data, "IMG_0001.jpg")
    assert (kept.kind, kept.width, kept.height) == ("jpeg", 480, 640)
    for secret in (b"Exif", b"Telepon", b"catatan", b"xmpmeta", b"ICC_PROFILE", b"profil"):
        assert secret not in kept.data
    again = Image.open(io.BytesIO(kept.data))
    assert not again.getexif()
    assert not {"comment", "icc_profile", "exif", "xmp"} & set(again.info)
    corner = again.convert("RGB").getpixel((470, 10))
    assert isinstance(corner, tuple)
    assert corner[0] > 150, "the red quarter was at the left top and is now at the right top"


def test_png_text_and_webp_exif_go_too() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "nama orang")
    notes.add_itxt("XML:com.adobe.xmp", "nama orang")
    exif = Image.Exif()
    exif[0x010F] = "nama orang"
    for data in (photo("PNG", pnginfo=notes, icc_profile=b"nama orang"), photo("WEBP", exif=exif, xmp=b"nama orang")):
        assert b"nama orang" in data or b"iCCP" in data
        kept = picture.check(data, "x")
        assert b"nama orang" not in kept.data
        assert not {"Author", "exif", "xmp", "icc_profile"} & set(Image.open(io.BytesIO(kept.data)).info)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_bytes_decide_not_the_name_and_the_same_bytes_give_the_same_bytes(form: str) -> None:
    kept = picture.check(photo(form), "surat.pdf")
    assert kept.kind == form.lower()
    assert kept == picture.check(photo(form), "other.exe")
    assert Image.open(io.BytesIO(kept.data)).size == (640, 480)


@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", "1"), ("PNG", "L"), ("PNG", "LA"), ("PNG", "P"), ("PNG", "RGBA"), ("PNG", "I;16"), ("JPEG", "L"), ("JPEG", "CMYK")],
)
def test_every_way_to_write_pixels_is_taken(form: str, mode: str) -> None:
    assert picture.check(photo(form, mode=mode), "x").width == 640


def test_sixteen_bits_keep_their_light() -> None:
    target = io.BytesIO()
    Image.new("I;16", (8, 8), 40_000).save(target, "PNG")
    light = Image.open(io.BytesIO(picture.check(target.getvalue(), "x").data)).getpixel((3, 3))
    assert isinstance(light, int | float)
    assert abs(light - 156) <= 1


def test_the_long_edge_is_cut_and_small_pictures_stay() -> None:
    assert (picture.check(photo(size=(2560, 10)), "x").width, picture.check(photo(size=(2561, 100)), "x").width) == (2560, 2560)
    tall = picture.check(photo(size=(1000, 5000)), "x")
    assert (tall.width, tall.height) == (512, 2560)


def test_of_an_animation_the_first_frame_stays() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "green")]
    for form in ("WEBP", "PNG"):
        target = io.BytesIO()
        frames[0].save(target, form, save_all=True, append_images=frames[1:], duration=50)
        kept = Image.open(io.BytesIO(picture.check(target.getvalue(), "x").data))
        assert getattr(kept, "n_frames", 1) == 1
        first = kept.convert("RGB").getpixel((20, 20))
        assert isinstance(first, tuple)
        assert first[0] > 200


def test_the_double_jpeg_of_some_phones_is_a_jpeg() -> None:
    target = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(target, "MPO", save_all=True, append_images=[Image.new("RGB", (64, 64), "blue")])
    assert picture.check(target.getvalue(), "x").kind == "jpeg"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(width + 1))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "refusal", "seen"),
    [
        (b"", picture.EmptyFile, None),
        (b"bukan foto", picture.NotAPicture, "isi yang tidak dikenal"),
        (b"<!DOCTYPE html><script>alert(1)</script>", picture.NotAPicture, "halaman web"),
        (b"  <svg onload=alert(1)>", picture.NotAPicture, "halaman web"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", picture.NotAPicture, "HEIC"),
        (b"GIF89a\x01\0\x01\0", picture.NotAPicture, "GIF"),
        (b"PK\x03\x04aaaa", picture.NotAPicture, "ZIP, Word atau Excel"),
        (b"\0\0\0\x18ftypmp42\0\0", picture.NotAPicture, "video"),
        (b"MZ\x90\0" + bytes(200), picture.NotAPicture, "isi yang tidak dikenal"),
        (b"\xff\xd8\xff\xe0" + bytes(100), picture.Corrupt, None),
        (photo("JPEG")[:900], picture.Corrupt, None),
        (photo("PNG")[:-60], picture.Corrupt, None),
        (photo("WEBP")[:-40], picture.Corrupt, None),
        (bomb(40_000, 40_000), picture.TooManyPixels, None),
        (bomb(8_001, 5_000), picture.TooManyPixels, None),
        (bytes(picture.MOST_BYTES + 1), picture.TooBig, None),
        (PDF[:-7], picture.Corrupt, None),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_what_is_no_usable_picture_is_refused_and_says_what_it_seems_to_be(data: bytes, refusal: type, seen: str | None) -> None:
    with pytest.raises(refusal) as caught:
        picture.check(data, "foto.jpg")
    assert caught.value.facts["file"] == "foto.jpg"
    if seen is not None:
        assert caught.value.facts["seen"] == seen


def test_forty_million_pixels_are_taken_and_one_row_more_is_not() -> None:
    assert picture.check(bomb(8_000, 5_000), "x").width == picture.LONG_EDGE_PX
    with pytest.raises(picture.TooManyPixels):
        picture.check(bomb(8_000, 5_001), "x")


def test_a_plain_scan_is_kept_as_it_is() -> None:
    kept = picture.check(PDF, "berita-acara.jpg")
    assert kept == picture.Picture("pdf", PDF, 0, 0)


@pytest.mark.parametrize(
    "word", [b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/EmbeddedFiles", b"/OpenAction", b"/J#61vaScript", b"/#4caunch"]
)
def test_a_pdf_that_acts_when_opened_or_carries_files_is_refused(word: bytes) -> None:
    with pytest.raises(picture.ActivePdf):
        picture.check(PDF.replace(b"/Type", word + b" 5 0 R /Type"), "x.pdf")


def test_longer_names_that_only_begin_so_are_harmless() -> None:
    assert picture.check(PDF.replace(b"/Type", b"/LaunchPadx 1 /Type"), "x.pdf").kind == "pdf"


def test_a_locked_pdf_is_refused() -> None:
    with pytest.raises(picture.LockedPdf):
        picture.check(PDF.replace(b"/Root", b"/Encrypt 9 0 R /Root"), "x.pdf")


@given(st.binary(max_size=400), st.integers(0, 600), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_no_bytes_at_all_make_anything_but_a_picture_or_a_refusal(noise: bytes, at: int, form: str) -> None:
    whole = photo(form, (60, 40), exif=Image.Exif().tobytes())
    for data in (noise, whole[:at] + noise + whole[at:], whole[:at] + noise):
        try:
            kept = picture.check(data, "x")
        except record.Refusal:
            continue
        assert kept.kind in {"jpeg", "png", "webp", "pdf"}


def test_codes_in_a_photo_are_read_also_turned_dim_and_small_in_a_large_picture() -> None:
    stamp = Image.fromarray(
        zxingcpp.create_barcode("PSK1:B:7X2K9QRT0V4MA1BC8", zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=6)
    )
    sheet = Image.new("L", (1600, 1200), 120)
    sheet.paste(stamp.point(lambda v: 60 + v // 4), (300, 200))
    sheet = sheet.rotate(17, fillcolor=120)
    target = io.BytesIO()
    sheet.save(target, "JPEG", quality=60)
    assert picture.codes(target.getvalue()) == ["PSK1:B:7X2K9QRT0V4MA1BC8"]
    assert picture.codes(photo()) == []
    with pytest.raises(picture.NotAPicture):
        picture.codes(PDF)
