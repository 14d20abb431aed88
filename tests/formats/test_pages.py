"""Files that strangers send: nothing is kept but what the eye sees."""

import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from posko.formats import document, pages, picture

AT = datetime(2023, 12, 5, tzinfo=UTC)


def a_photo(kind: str = "JPEG", size: tuple[int, int] = (800, 600), noise: bool = False) -> bytes:
    image = Image.effect_noise(size, 120).convert("RGB") if noise else Image.new("RGB", size, (90, 120, 80))
    exif = Image.Exif()
    exif[0x010F] = "KAMERA-RAHASIA"
    exif.get_ifd(0x8825)[2] = (2.0, 52.0, 30.0)
    target = io.BytesIO()
    image.save(target, kind, exif=exif)
    return target.getvalue()


def a_pdf(count: int = 2) -> bytes:
    """A paper with an author in its metadata."""
    sheets = [Image.new("RGB", (600, 800), (255, 255, 255 - 20 * n)) for n in range(count)]
    target = io.BytesIO()
    sheets[0].save(target, "PDF", save_all=True, append_images=sheets[1:], author="PENULIS-RAHASIA", title="JUDUL-RAHASIA")
    return target.getvalue()


def test_a_photo_loses_its_place_and_its_camera() -> None:
    sent = a_photo()
    assert b"KAMERA-RAHASIA" in sent
    kept = pages.bare(sent, "a.jpg")
    assert b"RAHASIA" not in kept.data
    with Image.open(io.BytesIO(kept.data)) as opened:
        assert dict(opened.getexif()) == {}


def test_a_pdf_becomes_pictures_of_its_pages_without_author_and_the_same_every_time() -> None:
    sent = a_pdf()
    wide = "PENULIS-RAHASIA".encode("utf-16-be")
    assert b"PENULIS-RAHASIA" in sent or wide in sent
    kept = pages.bare(sent, "a.pdf")
    assert kept.kind == "pdf"
    assert kept.data.startswith(b"%PDF-")
    assert b"RAHASIA" not in kept.data
    assert "RAHASIA".encode("utf-16-be") not in kept.data
    assert (
        kept.data.count(b"/Type /Page\n") + kept.data.count(b"/Type /Page ") + kept.data.count(b"/Type /Page>") >= 2
        or b"/Count 2" in kept.data
    )
    assert pages.bare(sent, "a.pdf").data == kept.data


def test_text_of_a_pdf_is_drawn_and_no_longer_text() -> None:
    sent = document.pdf("kartu-sms", CARD, AT)
    kept = pages.bare(sent, "kartu.pdf")
    assert b"/Font" in sent
    assert b"/Font" not in kept.data
    assert len(kept.data) > 10_000


CARD = {
    "paper": "a6", "title": "x", "region": "x",
    "rows": [{"place": "02 2001 001 R", "name": "TPS 001"}], "mark": "", "send_to": "", "version": 1,
    "codes": [{"written": "11 V", "sentence": "Surat suara kurang."}] * 4, "example": "LAPOR", "meaning": "x",
}  # fmt: skip


def test_too_many_pages_and_what_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(pages.TooManyPages):
        pages.bare(a_pdf(pages.MOST_PAGES + 1), "a.pdf")
    assert pages.bare(a_pdf(pages.MOST_PAGES), "a.pdf").kind == "pdf"
    with pytest.raises(pages.CannotDraw):
        pages.bare(b"%PDF-1.4\nbukan apa-apa\n%%EOF\n", "a.pdf")


def test_other_kinds_large_and_active_files_are_refused_by_name() -> None:
    for data, refusal in (
        (b"MZ" + b"\0" * 100, picture.NotAPicture),
        (b"x" * (pages.MOST_BYTES + 1), picture.TooBig),
        (b"%PDF-1.4 /JavaScript %%EOF", picture.ActivePdf),
        (b"", picture.EmptyFile),
    ):
        with pytest.raises(refusal) as found:
            pages.bare(data, "kiriman.bin")
        assert found.value.facts["file"] == "kiriman.bin"


def test_a_photo_that_came_as_a_large_png_is_kept_as_jpeg() -> None:
    sent = a_photo("PNG", (1500, 1200), noise=True)
    kept = pages.bare(sent, "a.png")
    assert kept.kind == "jpeg"
    assert len(kept.data) < len(sent)
    assert pages.bare(a_photo("PNG"), "a.png").kind == "png"
