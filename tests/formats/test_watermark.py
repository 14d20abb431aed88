"""Whatever is made in a drill says so, whoever makes it; and nothing made in a real installation does."""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst
from PIL import Image

from posko.formats import calendar, document, table, watermark

AT = datetime(2024, 2, 13, 5, 0, tzinfo=UTC)
PAGE = b"<!doctype html><html><head><title>Papan</title></head><body class='x'><main>isi</main></body></html>"
VALUES = {"title": "Jadwal piket", "paper": "a4", "landscape": True, "agency": "KPU", "marks": [], "days": ["Sen"] * 7, "rows": []}


@pytest.fixture(autouse=True)
def _reset() -> Iterator[None]:
    watermark.put(False)
    yield
    watermark.put(False)


def reds(pdf: bytes) -> int:
    """Strongly red pixels of the first page, as a person would see it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "paper.pdf").write_bytes(pdf)
        page = Path(folder) / "page.typ"
        page.write_text('#set page(width: 210mm, height: auto, margin: 0pt)\n#image("paper.pdf", width: 210mm)')
        drawn = typst.compile(str(page), root=folder, format="png", ppi=60.0)
    assert isinstance(drawn, bytes)
    with Image.open(io.BytesIO(drawn)) as opened:
        return sum(red > 140 and red - max(green, blue) > 40 for red, green, blue in opened.convert("RGB").get_flattened_data())


def test_a_page_gets_the_bar_once_and_the_word_in_its_title() -> None:
    assert watermark.page(PAGE) == PAGE
    watermark.put(True)
    marked = watermark.page(PAGE)
    assert b'<body class=\'x\'><div class="drill-mark" role="note">GLADI' in marked
    assert b"<title>[GLADI] Papan</title>" in marked
    assert watermark.page(marked) == marked
    assert watermark.page(b"<p>bagian</p>") == b"<p>bagian</p>"


def test_a_file_says_it_in_its_name_once() -> None:
    assert watermark.named("laporan.xlsx") == "laporan.xlsx"
    watermark.put(True)
    assert watermark.named("laporan.xlsx") == "GLADI-laporan.xlsx"
    assert watermark.named("GLADI-laporan.xlsx") == "GLADI-laporan.xlsx"


def test_a_document_is_marked_across_the_page_whatever_its_template() -> None:
    plain = document.pdf("jadwal-piket", VALUES, AT)
    watermark.put(True)
    marked = document.pdf("jadwal-piket", VALUES, AT)
    watermark.put(False)
    assert document.pdf("jadwal-piket", VALUES, AT) == plain
    assert reds(plain) == 0
    assert reds(marked) > 200


def test_a_table_is_marked_on_every_sheet_and_no_cell_changes() -> None:
    plain = table.xlsx({"Satu": [["a"], ["b"]], "Dua": [["c"]]})
    watermark.put(True)
    marked = table.xlsx({"Satu": [["a"], ["b"]], "Dua": [["c"]]})
    assert [sheet.rows for sheet in table.read("x.xlsx", marked).sheets] == [sheet.rows for sheet in table.read("x.xlsx", plain).sheets]
    with zipfile.ZipFile(io.BytesIO(marked)) as archive:
        comments = [name for name in archive.namelist() if "comments" in name]
        assert len(comments) == 2
        assert all(watermark.WORDS in archive.read(name).decode() for name in comments)
        assert all("GLADI" in archive.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
    assert b"GLADI" not in plain


def test_a_meeting_of_a_drill_cannot_be_taken_for_a_real_one_in_a_calendar() -> None:
    entry = calendar.Entry("r@posko", 1, "Rakor", "Aula", AT, AT, AT)
    assert b"GLADI" not in calendar.ics([entry], "Rakor")
    watermark.put(True)
    assert b"SUMMARY:[GLADI] Rakor" in calendar.ics([entry], "Rakor")
