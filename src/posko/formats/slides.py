"""A pack as slides: one thing at a time, large. The same deck is shown by the projector page and written as PPTX with native charts.

The PPTX is made from the snapshot alone: the same snapshot and agency give the same bytes (fixed times in every zip, also in the workbooks
behind the charts). What does not fit on a slide is counted there and stands whole in the speaker notes.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import typst
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches, Pt

from posko.formats import document, watermark

MOST_ROWS = 8
"""Rows of a table that can be read from six metres."""
GOOD, WARN, BAD, UNKNOWN, BLUE = "2B7F4F", "C2730E", "B3261E", "9AA5AD", "1F5F95"
INK, QUIET, LINE, PALE = "1D2830", "55626C", "DFE4E8", "F1F4F5"


@dataclass(frozen=True)
class Tile:
    """One number with its words. code: the figure of the snapshot that it is."""

    code: str
    value: str
    label: str
    detail: str = ""
    source: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Bars. kind: share (per cent of the need, tenths) | stack (counts that make a whole). series: (name, colour, one number a name)."""

    kind: str
    names: tuple[str, ...]
    series: tuple[tuple[str, str, tuple[int, ...]], ...]
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slide:
    """One page. part: which page of its table; widths: parts of the width; links: codes behind the rows; notes: for the speaker."""

    key: str
    title: str
    part: int = 1
    tiles: tuple[Tile, ...] = ()
    text: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    links: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    numeric: bool = False
    chart: Chart | None = None
    picture: str = ""
    picture_note: str = ""
    empty: str = ""
    more: str = ""
    marks: tuple[str, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()


# --- the deck ------------------------------------------------------------------------------------------------------------------------


def deck(values: Mapping[str, Any]) -> list[Slide]:
    """The pages of a pack (formats.rakor.pack), in the order of the meeting."""
    return [
        _cover(values), *_agenda(values), _figures(values), _gauge(values), _readiness(values), _causes(values), _plan(values),
        *_aght(values), _letters(values), *_changes(values), *_decisions(values), _proof(values),
    ]  # fmt: skip


def shorten(words: str, most: int) -> str:
    """At most `most` characters, cut between words, never behind a number that the lost words would explain."""
    if len(words) <= most:
        return words
    kept = words[: most - 1].rsplit(None, 1)[0].split() if words[: most - 1].strip().count(" ") else []
    while kept and any(c.isdigit() for c in kept[-1]):
        kept.pop()
    return f"{' '.join(kept)}…"


def _cover(v: Mapping[str, Any]) -> Slide:
    lines = (f"{v['time']}, {v['venue']}", f"Hadir: {v['present']}", f"Angka dibekukan {v['frozen']} ({v['days_left']})")
    notes = (*lines, f"Diundang dan belum tercatat hadir: {v['invited']}", v["note"], f"Salinan untuk: {v['reader']}")
    return Slide("sampul", v["title_meeting"], text=lines, marks=tuple(v["marks"]), notes=tuple(n for n in notes if n))


def _agenda(v: Mapping[str, Any]) -> list[Slide]:
    rows = [(str(i), row["label"], row["why"], row["due"]) for i, row in enumerate(v["agenda"], start=1)]
    empty = "" if rows else "Tidak ada butir yang terlambat atau mendesak."
    return _tables("agenda", "Agenda", ("", "Butir", "Mengapa", "Tenggat"), rows, (1, 10, 7, 5), empty, v["sources"]["agenda"])


TILES = (
    ("units:accepted", "Unit diterima baik", "dari barang yang sudah dipesan"),
    ("lines", "Baris barang yang lengkap", "dari semua baris barang"),
    ("supply", "TPS yang barang kritisnya bisa lengkap", "satu barang kritis yang belum ada menahan semua TPS"),
    ("ready", "TPS siap", "menurut pemeriksaan"),
)


def _figures(v: Mapping[str, Any]) -> Slide:
    known = {row["code"]: row for row in v["figures"]}
    tiles = [_tile(known[code], label, words) for code, label, words in TILES if code in known]
    notes = [_line(row) for row in v["figures"]]
    empty = "" if tiles else "Belum ada angka dalam paket ini."
    return Slide("angka", "Angka utama", tiles=tuple(tiles), empty=empty, notes=tuple(notes))


def _tile(row: Mapping[str, Any], label: str, words: str) -> Tile:
    """A share where there is something to divide; a count of TPS always as count."""
    of = f"{row['numerator']} dari {row['denominator']}" if row["denominator"] else row["numerator"]
    share = row["share"] if row["share"] not in {"", "—"} else ""
    by_share = bool(share) and row["code"].startswith("units")
    detail = of if by_share else f"{share} · {words}" if share else words
    return Tile(
        row["code"], share if by_share else of, label, f"{detail} {words}" if by_share else detail, row["source"], tuple(row["marks"])
    )


def told(row: Mapping[str, Any]) -> str:
    """A figure in words: 3.794 dari 5.459 (69,5 %)."""
    of = f" dari {row['denominator']}" if row["denominator"] else ""
    share = f" ({row['share']})" if row["share"] not in {"", "—"} else ""
    return f"{row['numerator']}{of}{share}"


def _line(row: Mapping[str, Any]) -> str:
    marks = f" {' '.join(row['marks'])}" if row["marks"] else ""
    return f"{row['label']}: {told(row)}{marks}. Sumber: {row['source']}."


def _gauge(v: Mapping[str, Any]) -> Slide:
    known = [g for g in v["gauge"] if g["permille"] >= 0]
    ordered = [g for g in known if g["values"][1] > 0] or known
    shown = sorted(ordered, key=lambda g: (g["permille"], g["name"]))[:MOST_ROWS]
    said = tuple(f"{g['accepted']} dari {g['need']}" for g in shown)
    chart = None
    if shown:
        values = tuple(g["permille"] for g in shown)
        chart = Chart("share", tuple(g["name"] for g in shown), (("Diterima baik, % kebutuhan", BLUE, values),), said)
    units = next((row for row in v["figures"] if row["code"] == "units:accepted"), None)
    notes = [
        f"{g['name']}: kebutuhan {g['need']}, dipesan {g['ordered']}, dikirim {g['shipped']}, diterima {g['received']},"
        f" baik {g['accepted']}." + (f" {' '.join(g['marks'])}" if g["marks"] else "")
        for g in v["gauge"]
    ]
    left = len(v["gauge"]) - len(shown)
    tiles = (_tile(units, "Unit diterima baik", TILES[0][2]),) if units else ()
    return Slide(
        "penerimaan", "Logistik diterima baik", tiles=tiles, chart=chart, source=v["sources"]["gauge"],
        empty="" if chart else "Belum ada barang yang kebutuhannya diketahui.",
        more=f"{left} baris barang lain: lihat lampiran. Urut dari yang paling kurang." if left else "Urut dari yang paling kurang.",
        marks=tuple(sorted({m for g in shown for m in g["marks"]})), notes=(*notes, v["gauge_note"]),
    )  # fmt: skip


def _readiness(v: Mapping[str, Any]) -> Slide:
    rows = v["readiness"]
    series = (("Siap", GOOD, 0), ("Belum siap", BAD, 1), ("Belum diketahui", UNKNOWN, 2))
    chart = None
    if rows:
        names = tuple(r["name"] for r in rows)
        said = tuple(f"{r['ready']} siap · {r['not_ready']} belum · {r['unknown']} belum diketahui" for r in rows)
        chart = Chart("stack", names, tuple((name, colour, tuple(r["values"][i] for r in rows)) for name, colour, i in series), said)
    ready, missing, unknown = v["readiness_values"]
    total = v["readiness_total"][-1]
    tile = Tile("ready", f"{v['readiness_total'][1]} dari {total}", "TPS siap", "TPS siap menurut pemeriksaan", v["sources"]["readiness"])
    notes = [
        f"{r['name']}: siap {r['ready']}, belum siap {r['not_ready']}, belum diketahui {r['unknown']}, dari {r['total']} TPS." for r in rows
    ]
    return Slide(
        "kesiapan", "TPS siap per kecamatan", tiles=(tile,) if ready + missing + unknown else (), chart=chart, picture=v["map"],
        picture_note=v["map_note"], source=v["sources"]["readiness"], empty="" if chart else "Belum ada TPS.", notes=tuple(notes),
    )  # fmt: skip


def _causes(v: Mapping[str, Any]) -> Slide:
    rows = [(row["sentence"], row["count"]) for row in v["causes"]]
    empty = "" if rows else "Tidak ada sebab yang tercatat."
    note = "Satu TPS dapat tertahan oleh beberapa sebab; baris ini tidak dijumlahkan."
    return _table("sebab", "Yang menahan TPS", ("Sebab", "TPS"), rows, (9, 2), empty, v["sources"]["readiness"], numeric=True, note=note)


def _plan(v: Mapping[str, Any]) -> Slide:
    rows = [(row["name"], row["value"]) for row in v["plan"]]
    empty = "" if rows else "Belum ada rencana distribusi."
    return _table("rencana", "Rencana distribusi", ("Hal", "Isi"), rows, (4, 8), empty, v["sources"]["plan"])


def _aght(v: Mapping[str, Any]) -> list[Slide]:
    if v["aght_withheld"]:
        why = f"Rincian AGHT tidak ditampilkan: {v['aght_room']} ada di antara pembacanya dan tidak berwenang membacanya."
        return [Slide("aght", "AGHT", empty=why, source=v["sources"]["aght"], notes=(f"Sidik jari bagian AGHT: {v['aght_withheld']}",))]
    rows = [(a["title"], a["place"], a["level"]) for a in v["aght"]]
    empty = "" if rows else "Tidak ada AGHT yang tercatat."
    return _tables(
        "aght", "AGHT", ("Uraian", "Tempat", "Tingkat"), rows, (8, 5, 6), empty, v["sources"]["aght"], links=[a["code"] for a in v["aght"]]
    )


def _letters(v: Mapping[str, Any]) -> Slide:
    counts = [(c["addressee"], c["issued"], c["agreed"], c["refused"], c["waiting"], c["overdue"]) for c in v["letter_counts"]]
    head = ("Kepada", "Terbit", "Diterima", "Ditolak", "Menunggu", "Terlambat")
    titles = [f"{r['code']}: {r['title']}. {r['state']}. Tenggat {r['due']}." for r in v["recommendations"]]
    hidden = f"Judul surat kepada {v['letters_withheld']} tidak ditampilkan di sini; jumlahnya ya." if v["letters_withheld"] else ""
    empty = "" if counts else "Belum ada rekomendasi yang terbit."
    slide = _table(
        "rekomendasi", "Rekomendasi", head, counts, (5, 3, 3, 3, 3, 3), empty, v["sources"]["recommendations"], numeric=True, note=hidden,
        extra=titles,
    )  # fmt: skip
    room = max(0, MOST_ROWS - 1 - len(counts))
    late = sorted(v["recommendations"], key=lambda r: (not r["overdue"], r["due_at"] or "9"))
    text = tuple(shorten(f"{r['subject']} ({r['addressee']}): {r['state']}", 110) for r in late[: room // 2])
    return replace(slide, text=text)


def _changes(v: Mapping[str, Any]) -> list[Slide]:
    rows = [(c["label"], c["before"], c["after"], c["change"]) for c in v["changes"]]
    empty = "" if rows else "Ini paket pertama." if not v["before"] else f"Tidak ada angka yang berubah sejak {v['before']}."
    title = f"Perubahan sejak {v['before']}" if v["before"] else "Perubahan"
    head = ("Angka", "Sebelumnya", "Sekarang", "Selisih")
    note = f"Sidik jari paket sebelumnya: {v['before_digest'][:16]}…" if v["before"] else ""
    return _tables("perubahan", title, head, rows, (8, 5, 5, 3), empty, v["sources"]["gauge"], numeric=True, note=note)


def _decisions(v: Mapping[str, Any]) -> list[Slide]:
    newest = sorted(v["decisions"], key=lambda d: d["decided_at"], reverse=True)
    rows = [(" ".join([*d["marks"], d["text"]]), d["owner"], d["due"], d["state"]) for d in newest]
    empty = "" if rows else "Belum ada keputusan."
    head = ("Keputusan", "Pelaksana", "Tenggat", "Keadaan")
    links = [d["code"] for d in newest]
    return _tables("keputusan", "Keputusan", head, rows, (9, 3, 5, 3), empty, v["sources"]["decisions"], links=links)


def _proof(v: Mapping[str, Any]) -> Slide:
    lines = (
        "Angka yang diperselisihkan diselesaikan dengan sidik jari dan sumbernya, bukan dengan ingatan.",
        f"Sidik jari paket (SHA-256): {v['digest']}",
        f"Akar jurnal atas {v['journal_size']} catatan: {v['journal_root']}",
        "Periksa sendiri: unduh JSON paket ini, lalu jalankan ./posko rakor verify BERKAS",
    )
    return Slide("periksa", "Cara memeriksa", text=lines, notes=tuple(f"{s['name']}: {s['hash']}" for s in v["sections"]))


def _table(
    key: str, title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[int, ...], empty: str, source: str, *,
    numeric: bool = False, note: str = "", links: Sequence[str] = (), extra: Iterable[str] = (),
) -> Slide:  # fmt: skip
    """A slide with a table: as many rows as are readable; the rest is counted, and all stand in the notes."""
    shown = _readable(head, rows, widths)
    left = len(rows) - len(shown)
    more = " ".join(part for part in (f"{left} baris lagi: lihat catatan pembicara dan lampiran." if left else "", note) if part)
    notes = [" · ".join(f"{h}: {cell}" if h else cell for h, cell in zip(head, row, strict=True)) for row in rows]
    return Slide(
        key, title, head=head, rows=shown, links=tuple(links[: len(shown)]), widths=widths, numeric=numeric, empty=empty, more=more,
        source=source, notes=(*notes, *extra),
    )  # fmt: skip


MOST_PARTS = 5


def _tables(
    key: str, title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[int, ...], empty: str, source: str, *,
    numeric: bool = False, note: str = "", links: Sequence[str] = (),
) -> list[Slide]:  # fmt: skip
    """A table that goes on over as many slides as it needs, at most MOST_PARTS."""
    parts: list[Slide] = []
    start = 0
    while not parts or start < len(rows):
        size = len(_readable(head, rows[start:], widths))
        end = len(rows) if len(parts) == MOST_PARTS - 1 else start + size
        here = (head, rows[start:end], widths, empty, source)
        parts.append(_table(key, title, *here, numeric=numeric, note=note, links=links[start:end]))
        start = max(end, start + 1)
    if len(parts) == 1:
        return parts
    return [replace(page, title=f"{title} ({n} dari {len(parts)})", part=n) for n, page in enumerate(parts, start=1)]


def _readable(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """The first rows, at most MOST_ROWS, that fit on a slide in type that is not too small; long cells are cut between words."""
    size, most = FITS[SMALLEST]
    shares = [(WIDTH - 2 * MARGIN) * part / sum(widths) for part in widths]
    used, shown = _height(head, shares, size), list[tuple[str, ...]]()
    for row in rows[:MOST_ROWS]:
        cells = tuple(shorten(cell, most) for cell in row)
        used += _height(cells, shares, size)
        if shown and used > BOTTOM - TOP:
            break
        shown.append(cells)
    return tuple(shown)


# --- PPTX ----------------------------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 13.333, 7.5
MARGIN, TOP, BOTTOM = 0.55, 1.35, 6.5
"""Inches. Between TOP and BOTTOM lies what a slide says; below it its source, its mark and the hash."""
FONT = "Arial"
EM = 0.53
"""The mean width of a letter in parts of the type size, on the wide side, so that an estimate of lines is never too small."""


def lines_of(words: str, width_in: float, size_pt: float) -> int:
    """How many lines words take at a type size, on the safe side; a word longer than the line is broken."""
    room = max(1, int(width_in * 72 / (size_pt * EM)))
    lines, used = 1, 0
    for word in words.split():
        long = len(word)
        if used and used + 1 + long > room:
            lines, used = lines + 1, 0
        lines += (long - 1) // room if long > room else 0
        used = used + (1 if used else 0) + (long if long <= room else long % room)
    return lines


FITS = ((22.0, 110), (20.0, 110), (18.0, 110), (16.0, 110), (14.0, 90), (12.0, 50))
SMALLEST = 3
"""Type sizes of tables and how long a cell may then be. Rows are left out before the type falls below FITS[SMALLEST]."""


def _height(cells: Sequence[str], widths: Sequence[float], size: float) -> float:
    """Inches that a row of a table takes at a type size."""
    return max(lines_of(cell, width - 0.2, size) for cell, width in zip(cells, widths, strict=True)) * size * 1.22 / 72 + 0.14


def pptx(values: Mapping[str, Any]) -> bytes:
    """The deck as PPTX: 16:9, editable tables and charts, speaker notes with sources; the hash on every slide."""
    book = Presentation()
    book.slide_width, book.slide_height = Inches(WIDTH), Inches(HEIGHT)
    pages = deck(values)
    for number, page in enumerate(pages, start=1):
        sheet = book.slides.add_slide(book.slide_layouts[5])
        _head(sheet, page)
        _body(sheet, page)
        _foot(sheet, page, values, f"{number} dari {len(pages)}")
        if watermark.shown():
            _words(sheet, (MARGIN, 0.08, WIDTH - 2 * MARGIN, 0.3), watermark.shown(), 16, bold=True, colour=BAD, name="gladi")
        sheet.notes_slide.notes_text_frame.text = _spoken(page, values)
    at = datetime.fromisoformat(values["frozen_at"]).astimezone(UTC)
    about = book.core_properties
    about.author = about.last_modified_by = "Posko"
    about.title, about.subject, about.keywords = values["title"], values["title_meeting"], values["digest"]
    about.created = about.modified = at.replace(tzinfo=None)
    about.revision = 1
    target = io.BytesIO()
    book.save(target)
    return _settled(target.getvalue(), at)


def _spoken(page: Slide, values: Mapping[str, Any]) -> str:
    said = [page.title, *page.notes]
    said += [f"Sumber: {page.source}."] if page.source else []
    return "\n".join([*said, f"Paket {values['code']}, dibekukan {values['frozen']}, SHA-256 {values['digest']}"])


def _words(
    sheet: Any, box: tuple[float, float, float, float], words: str, size: float, *, bold: bool = False, colour: str = INK,
    right: bool = False, name: str = "",
) -> Any:  # fmt: skip
    left, top, width, height = box
    shape = sheet.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR.TOP
    frame.text = words
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        _type(paragraph.font, size, bold, colour)
    if name:
        shape.name = name
    return shape


def _rgb(colour: str) -> Any:
    make: Any = RGBColor  # its stubs know no types
    return make(*bytes.fromhex(colour))


def _type(font: Any, size: float, bold: bool = False, colour: str = INK) -> None:
    font.name, font.size, font.bold = FONT, Pt(size), bold
    font.color.rgb = _rgb(colour)


def _head(sheet: Any, page: Slide) -> None:
    title = sheet.shapes.title
    cover = page.key == "sampul"
    title.left, title.top = Inches(MARGIN), Inches(1.5 if cover else 0.4)
    title.width, title.height = Inches(WIDTH - 2 * MARGIN - (0 if cover else 3.4)), Inches(1.9 if cover else 0.8)
    frame = title.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR.BOTTOM if cover else MSO_ANCHOR.MIDDLE
    frame.text = shorten(page.title, 90)
    frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    _type(frame.paragraphs[0].font, 40 if cover and len(page.title) < 70 else 32, True)
    marks = sorted({*page.marks, *(m for tile in page.tiles for m in tile.marks)})
    if marks:
        place = (MARGIN, 6.0, WIDTH - 2 * MARGIN, 0.4) if cover else (WIDTH - MARGIN - 3.3, 0.5, 3.3, 0.6)
        _words(sheet, place, " · ".join(marks), 14, bold=True, colour="6B4A00", right=not cover, name="tanda")


def _foot(sheet: Any, page: Slide, values: Mapping[str, Any], number: str) -> None:
    if page.source or page.more:
        said = " ".join(part for part in (page.more, f"Sumber: {page.source}." if page.source else "") if part)
        _words(sheet, (MARGIN, 6.52, WIDTH - 2 * MARGIN, 0.45), shorten(said, 230), 12, colour=QUIET, name="sumber")
    mark = f"{values['code']} · {values['frozen']} · SHA-256 {values['digest']}"
    _words(sheet, (MARGIN, 7.05, 11.2, 0.25), mark, 10, colour=QUIET, name="sidik jari")
    _words(sheet, (WIDTH - MARGIN - 1.0, 7.05, 1.0, 0.25), number, 10, colour=QUIET, right=True, name="halaman")


def _body(sheet: Any, page: Slide) -> None:
    if page.empty:
        _words(sheet, (MARGIN, 2.4, WIDTH - 2 * MARGIN, 2.0), page.empty, 28, colour=QUIET)
    elif page.key == "angka":
        _tiles(sheet, page.tiles)
    elif page.chart is not None:
        top = TOP
        if page.tiles:
            tile = page.tiles[0]
            _words(sheet, (MARGIN, top, 5.2, 0.95), tile.value, 54, bold=True, name=tile.code)
            _words(sheet, (MARGIN + 5.3, top + 0.12, WIDTH - 2 * MARGIN - 5.3, 0.85), tile.detail or tile.label, 18, colour=QUIET)
            top += 1.05
        wide = 7.3 if page.picture else WIDTH - 2 * MARGIN
        _chart(sheet, page.chart, (MARGIN, top, wide, BOTTOM - top))
        if page.picture:
            _picture(sheet, page.picture, (MARGIN + wide + 0.15, top, WIDTH - 2 * MARGIN - wide - 0.15, BOTTOM - top - 0.3))
            _words(
                sheet, (MARGIN + wide + 0.15, BOTTOM - 0.28, WIDTH - 2 * MARGIN - wide - 0.15, 0.25), page.picture_note, 11, colour=QUIET
            )
    elif page.rows:
        bottom = _grid(sheet, page, TOP)
        if page.text:
            _paragraphs(sheet, page.text, bottom + 0.25, 16)
    else:
        _paragraphs(sheet, page.text, 3.6 if page.key == "sampul" else TOP + 0.2, 24 if page.key == "sampul" else 20)


def _paragraphs(sheet: Any, texts: Sequence[str], top: float, size: float) -> None:
    """One box a paragraph, each as high as its lines, while there is room."""
    width = WIDTH - 2 * MARGIN
    for words in texts:
        height = lines_of(words, width, size) * size * 1.25 / 72
        if top + height > BOTTOM:
            return
        _words(sheet, (MARGIN, top, width, height), words, size)
        top += height + 0.14


def _tiles(sheet: Any, tiles: Sequence[Tile]) -> None:
    width, height = (WIDTH - 2 * MARGIN - 0.4) / 2, 2.5
    for index, tile in enumerate(tiles):
        left, top = MARGIN + (index % 2) * (width + 0.4), TOP + (index // 2) * height
        _words(sheet, (left, top, width, 0.36), tile.label, 18, bold=True, colour=QUIET)
        size = 60 if len(tile.value) <= 12 else 44
        _words(sheet, (left, top + 0.38, width, 1.0), tile.value, size, bold=True, name=tile.code)
        _words(sheet, (left, top + 1.42, width, 0.56), shorten(" · ".join([tile.detail, *tile.marks]), 110), 14)
        _words(sheet, (left, top + 2.02, width, 0.24), f"Sumber: {tile.source}", 11, colour=QUIET)


def _laid(page: Slide) -> tuple[list[float], float, list[tuple[str, ...]], list[float]]:
    """Widths of the columns, type size, rows and their heights: the largest type with which all rows fit."""
    whole = WIDTH - 2 * MARGIN
    widths = [whole * part / sum(page.widths) for part in page.widths]
    room = BOTTOM - TOP - (len(page.text) * 0.75 if page.text else 0)
    for size, most in FITS:
        rows = [tuple(shorten(cell, most) for cell in row) for row in (page.head, *page.rows)]
        heights = [
            max(lines_of(cell, width - 0.2, size) for cell, width in zip(row, widths, strict=True)) * size * 1.22 / 72 + 0.14
            for row in rows
        ]
        if sum(heights) <= room:
            break
    return widths, size, rows, heights


def _grid(sheet: Any, page: Slide, top: float) -> float:
    """A table; returns where it ends."""
    widths, size, rows, heights = _laid(page)
    frame = sheet.shapes.add_table(len(rows), len(page.head), Inches(MARGIN), Inches(top), Inches(sum(widths)), Inches(sum(heights)))
    table = frame.table
    table.horz_banding = False
    for index, width in enumerate(widths):
        table.columns[index].width = Inches(width)
    for y, (row, height) in enumerate(zip(rows, heights, strict=True)):
        table.rows[y].height = Inches(height)
        for x, words in enumerate(row):
            _cell(table.cell(y, x), words, size, head=y == 0, right=page.numeric and x > 0)
    return top + sum(heights)


def _cell(cell: Any, words: str, size: float, *, head: bool, right: bool) -> None:
    cell.margin_left = cell.margin_right = Inches(0.08)
    cell.margin_top = cell.margin_bottom = Inches(0.05)
    cell.vertical_anchor = MSO_ANCHOR.TOP
    cell.fill.solid()
    cell.fill.fore_color.rgb = _rgb(LINE if head else "FFFFFF")
    cell.text_frame.word_wrap = True
    cell.text = words
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    _type(paragraph.font, size, head, QUIET if head else INK)


def _chart(sheet: Any, chart: Chart, box: tuple[float, float, float, float]) -> None:
    """A native bar chart; its numbers can be edited. Shares are per cent with one decimal."""
    share = chart.kind == "share"
    make: Any = CategoryChartData  # its stubs know no types
    data = make(number_format='0.0"%"' if share else "0")
    names = [f"{n} ({s})" if share else n for n, s in zip(chart.names, chart.said, strict=True)] if chart.said else list(chart.names)
    data.categories = names
    for name, _, values in chart.series:
        data.add_series(name, [value / 10 for value in values] if share else list(values))
    kind = XL_CHART_TYPE.BAR_CLUSTERED if share else XL_CHART_TYPE.BAR_STACKED
    drawn = sheet.shapes.add_chart(kind, *(Inches(side) for side in box), data).chart
    drawn.font.name, drawn.font.size = FONT, Pt(14)
    drawn.has_title = False
    drawn.has_legend = not share
    if not share:
        drawn.legend.position, drawn.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    axis = drawn.category_axis
    axis.reverse_order = True
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    axis.format.line.color.rgb = _rgb(QUIET)
    axis.has_major_gridlines = False
    values = drawn.value_axis
    values.has_major_gridlines, values.visible, values.minimum_scale = False, False, 0
    if share:
        values.maximum_scale = 112  # room for the label behind a full bar
    plot = drawn.plots[0]
    plot.gap_width = 40
    if not share:
        plot.overlap = 100
    for series, (_, colour, numbers) in zip(plot.series, chart.series, strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = _rgb(colour)
        series.invert_if_negative = False
        for index, number in enumerate(numbers):
            if number or share:  # a nought in a stack has no room for its label
                _label(series.points[index].data_label, share, number, colour)


def _label(label: Any, share: bool, number: int, colour: str) -> None:
    frame = label.text_frame
    frame.text = f"{number // 10},{number % 10} %" if share else str(number)
    label.position = XL_LABEL_POSITION.OUTSIDE_END if share else XL_LABEL_POSITION.CENTER
    _type(frame.paragraphs[0].runs[0].font, 14, True, INK if share or colour == UNKNOWN else "FFFFFF")


def _picture(sheet: Any, svg: str, box: tuple[float, float, float, float]) -> None:
    """The map, as large as fits, in the middle of its box."""
    left, top, width, height = box
    shape = sheet.shapes.add_picture(io.BytesIO(png(svg)), Inches(left), Inches(top))
    scale = min(Inches(width) / shape.width, Inches(height) / shape.height)
    shape.width, shape.height = Emu(int(shape.width * scale)), Emu(int(shape.height * scale))
    shape.left = Emu(int(Inches(left) + (Inches(width) - shape.width) / 2))
    shape.name = "peta"


def png(svg: str, ppi: int = 220) -> bytes:
    """An SVG as PNG with the fonts of the documents; the same bytes for the same picture."""
    if not any(document.FONTS.glob("*.ttf")):
        raise document.FontsMissing(f"Fon dokumen tidak ada di {document.FONTS}. Jalankan ./posko sekali agar fon dipasang.")
    page = b'#set page(width: 150mm, height: auto, margin: 0mm)\n#image("peta.svg", width: 100%)'
    sources: Any = {"main": page, "peta.svg": svg.encode()}
    made = typst.compile(sources, format="png", ppi=ppi, font_paths=[str(document.FONTS)], ignore_system_fonts=True)
    return made if isinstance(made, bytes) else made[0]


_MOMENT = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def _settled(data: bytes, at: datetime) -> bytes:
    """A zip whose times are all the same, the workbooks inside it likewise: the same content gives the same bytes."""
    target = io.BytesIO()
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith(".xlsx"):
                part = _settled(part, at)
            elif name == "docProps/core.xml":
                part = _MOMENT.sub(rb"\g<1>" + stamp + rb"\g<3>", part)
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return target.getvalue()
