"""Slides: one deck for projector and PPTX; the file reads back with its numbers, fits its pages, and is the same bytes every time."""

import io
import re
import zipfile
from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

from posko.formats import document, rakor, slides
from tests.formats.test_rakor import a_snapshot, an_old_snapshot, decision, sections

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 80"><rect width="60" height="80" fill="#f3c9b5"/></svg>'


@pytest.fixture(autouse=True)
def _fonts() -> None:
    if not any(document.FONTS.glob("*.ttf")):
        pytest.skip("TIDAK DIUJI: fon dokumen belum dipasang")


def full() -> dict[str, Any]:
    """A pack whose slides are all full: long words, many rows, a map."""
    found = sections()
    found["map"] = SVG
    long = "Menyiapkan kapal cadangan, mesin tempel, dan awak untuk keempat pulau sebelum gelombang musim barat menutup jalur " * 5
    found["decisions"] = [decision(n, text=f"{n}. {long}"[:600]) for n in range(1, 15)]
    found["agenda"] = [{**found["agenda"][1], "label": f"{n}. {long}"[:160]} for n in range(1, 20)]
    row = found["gauge"]["rows"][0]
    found["gauge"]["rows"] = [{**row, "name": f"Alat bantu tunanetra pemilihan ke-{n}", "accepted": n * 60} for n in range(28)]
    name = found["readiness"]["kecamatan"][0]
    found["readiness"]["kecamatan"] = [{**name, "name": f"Simpang Renggiang {n}", "ready": n, "unknown": 3 * n} for n in range(9)]
    found["meeting"]["title"] = "Rapat koordinasi kesiapan logistik dan keamanan Pemilu serentak Kabupaten Belitung Timur tahap kedua"
    return found


def opened(values: dict[str, Any]) -> Any:
    return Presentation(io.BytesIO(slides.pptx(values)))


def words(page: Any) -> str:
    said = [shape.text_frame.text for shape in page.shapes if shape.has_text_frame]
    said += [cell.text for shape in page.shapes if shape.has_table for row in shape.table.rows for cell in row.cells]
    return "\n".join(said)


def test_every_slide_carries_the_hash_its_number_and_notes_with_the_source() -> None:
    values = rakor.pack(a_snapshot(), "KPU")
    book = opened(values)
    assert book.slide_width / book.slide_height == pytest.approx(16 / 9, abs=0.001)
    pages = list(book.slides)
    assert len(pages) == len(slides.deck(values)) == 12
    for number, page in enumerate(pages, start=1):
        assert values["digest"] in words(page)
        assert f"{number} dari 12" in words(page)
        assert values["digest"] in page.notes_slide.notes_text_frame.text
        assert page.shapes.title.text_frame.text
    assert "69,5 %" in words(pages[2])
    assert "REKONSTRUKSI" in words(pages[2])
    assert "Sumber: penerimaan, 5 Des. 2023, 10.00 WIB" in words(pages[2])
    assert "Unit diterima baik: 3.794 dari 5.459 (69,5 %) REKONSTRUKSI" in pages[2].notes_slide.notes_text_frame.text


def test_the_charts_are_native_and_their_numbers_are_those_of_the_snapshot() -> None:
    charts = [s.chart for page in opened(rakor.pack(a_snapshot(full()), "KPU")).slides for s in page.shapes if s.has_chart]
    assert len(charts) == 2
    share, states = charts
    assert next(iter(share.plots[0].categories)) == "Alat bantu tunanetra pemilihan ke-0 (0 dari 1.829)"
    assert list(share.plots[0].series[0].values)[1] == pytest.approx(3.3)
    assert [list(series.values)[4] for series in states.plots[0].series] == [4, 107, 12]
    assert [series.name for series in states.plots[0].series] == ["Siap", "Belum siap", "Belum diketahui"]


def test_the_same_snapshot_and_agency_give_the_same_bytes_and_no_clock_is_in_them() -> None:
    values = rakor.pack(a_snapshot(full()), "KPU")
    data = slides.pptx(values)
    assert slides.pptx(rakor.pack(a_snapshot(full()), "KPU")) == data
    assert slides.pptx(rakor.pack(a_snapshot(), "KPU")) != data

    def look(archive: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(archive)) as parts:
            assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            for name in parts.namelist():
                if name.endswith(".xlsx"):
                    look(parts.read(name))
                if name == "docProps/core.xml":
                    assert set(re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", parts.read(name))) == {b"2023-12-05T03:00:00Z"}

    look(data)


def test_pemdas_slides_hold_no_aght_and_no_foreign_letter_not_even_in_the_notes() -> None:
    for frozen in (a_snapshot(), an_old_snapshot()):
        data = slides.pptx(rakor.pack(frozen, "PEMDA"))
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            everything = b"".join(parts.read(name) for name in parts.namelist()).decode("utf-8", "ignore")
        assert "Gelombang" not in everything
        assert "Kawal kapal" not in everything
        assert "Genset cadangan gudang" in everything


def test_a_long_table_goes_on_over_several_slides_and_its_words_stand_whole_in_the_notes() -> None:
    values = rakor.pack(a_snapshot(full()), "KPU")
    for key, count in (("keputusan", 14), ("agenda", 19)):
        pages = [p for p in slides.deck(values) if p.key == key]
        assert 1 < len(pages) <= slides.MOST_PARTS
        assert pages[1].title.endswith(f"(2 dari {len(pages)})")
        assert sum(len(page.rows) for page in pages) == count
        assert len([note for page in pages for note in page.notes]) == count
    assert any(values["decisions"][0]["text"] in note for page in slides.deck(values) for note in page.notes)


def test_what_is_too_much_even_for_several_slides_is_counted_and_stands_in_the_notes() -> None:
    found = full()
    found["decisions"] *= 4
    pages = [p for p in slides.deck(rakor.pack(a_snapshot(found), "KPU")) if p.key == "keputusan"]
    shown = sum(len(page.rows) for page in pages)
    assert len(pages) == slides.MOST_PARTS
    assert pages[-1].more.startswith(f"{56 - shown} baris lagi")
    assert sum(len(page.notes) for page in pages) == 56


# --- does it fit? -------------------------------------------------------------------------------------------------------------------
# Measured with Noto Sans, which runs wider than the Arial of the slides, against the boxes as they stand in the file.

INCH = 914400


def box(shape: Any) -> tuple[float, float, float, float]:
    return tuple(side / INCH for side in (shape.left, shape.top, shape.left + shape.width, shape.top + shape.height))  # type: ignore[return-value]


def height_of(said: str, width: float, size: float, bold: bool) -> float:
    font = ImageFont.truetype(document.FONTS / f"NotoSans_{'700Bold' if bold else '400Regular'}.ttf", 100)
    lines = 0
    for paragraph in said.split("\n"):
        used = 0.0
        lines += 1
        for word in paragraph.split(" "):
            long = font.getlength(f"{word} ") * size / 100 / 72 * 0.93  # Arial's mean width is 0.88 to 0.92 of Noto Sans'
            if used and used + long > width:
                lines, used = lines + 1, 0.0
            used += long
    return lines * size * 1.2 / 72


def tall(shape: Any) -> float:
    frame = shape.text_frame
    font = frame.paragraphs[0].font
    return height_of(frame.text, shape.width / INCH, font.size.pt, bool(font.bold))


def table_height(shape: Any) -> float:
    total = 0.0
    for row in shape.table.rows:
        needed = []
        for column, cell in zip(shape.table.columns, row.cells, strict=True):
            font = cell.text_frame.paragraphs[0].font
            needed.append(height_of(cell.text, column.width / INCH - 0.16, font.size.pt, bool(font.bold)) + 0.1)
        total += max(row.height / INCH, *needed)
    return total


@pytest.mark.parametrize("content", [sections(), full()], ids=["plain", "full"])
def test_everything_lies_inside_its_slide_without_covering_anything_else_and_words_fit_their_boxes(content: dict[str, Any]) -> None:
    for number, page in enumerate(opened(rakor.pack(a_snapshot(deepcopy(content)), "KPU")).slides, start=1):
        for shape in page.shapes:
            left, top, right, bottom = box(shape)
            assert min(left, top) >= 0, (number, shape.name)
            assert right <= 13.334, (number, shape.name)
            assert bottom <= 7.5, (number, shape.name)
            if shape.has_table:
                assert top + table_height(shape) <= slides.BOTTOM + 0.02, (number, "table")
            elif shape.has_text_frame and shape.text_frame.text:
                assert tall(shape) <= (bottom - top) + 0.03, (number, shape.name, shape.text_frame.text)
        solid = [s for s in page.shapes if s.shape_type is not MSO_SHAPE_TYPE.PLACEHOLDER or s.text_frame.text]
        for one, other in combinations(solid, 2):
            a, b = box(one), box(other)
            apart = a[2] <= b[0] + 0.01 or b[2] <= a[0] + 0.01 or a[3] <= b[1] + 0.01 or b[3] <= a[1] + 0.01
            assert apart, (number, one.name, other.name, a, b)


# --- cutting words --------------------------------------------------------------------------------------------------------------------


@given(st.text("abc 0123456789.,", max_size=200), st.integers(10, 120))
def test_words_are_cut_between_words_and_no_number_is_cut_or_left_at_the_end(said: str, most: int) -> None:
    kept = slides.shorten(said, most)
    assert len(kept) <= max(most, 1)
    if kept != said:
        assert kept.endswith("…")
        body = kept[:-1].split()
        assert said.split()[: len(body)] == body
        assert not body or not any(c.isdigit() for c in body[-1])
