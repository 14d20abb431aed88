"""Tables: CSV and XLSX files to rows of plain values and back.

What is read: every cell where the spreadsheet shows it, so that a problem can be named by sheet, row and column. What is written
never runs as a formula, keeps leading zeros, and is the same bytes for the same rows.
"""

import csv as csv_module
import html
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

import python_calamine
import xlsxwriter

from posko.domain import record
from posko.formats import text, watermark

# A cell: text, whole number, number, or nothing. Dates and times arrive as text; a formula's error as "#DIV/0!", one never computed as "=".
Cell = str | int | float | None
Row = tuple[Cell, ...]

MOST_BYTES = 5_000_000
MOST_UNPACKED = 60_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 200
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


class Unreadable(record.Refusal):
    """A file that is no table we read; the subclasses say why."""

    code: ClassVar[str] = "table.unreadable"


class TooBig(Unreadable):
    """More bytes, rows or columns than a voter recap can have."""

    code: ClassVar[str] = "table.too_big"


class NoFile(Unreadable):
    """A form for a table came without one."""

    code: ClassVar[str] = "table.no_file"


class EmptyFile(Unreadable):
    """No bytes, or no cell with anything in it."""

    code: ClassVar[str] = "table.empty"


class Protected(Unreadable):
    """A workbook under a password."""

    code: ClassVar[str] = "table.protected"


class OldExcel(Unreadable):
    """The .xls of before 2007."""

    code: ClassVar[str] = "table.old_excel"


class Corrupt(Unreadable):
    """Looks like XLSX and cannot be opened: usually half a download."""

    code: ClassVar[str] = "table.corrupt"


class WrongKind(Unreadable):
    """PDF, picture, Word, anything that is neither CSV nor XLSX."""

    code: ClassVar[str] = "table.wrong_kind"


@dataclass(frozen=True)
class Sheet:
    """A sheet; rows start at row 1 as the spreadsheet shows it. `merged`: (first row, first column, last row, last column), 0-based."""

    name: str
    rows: tuple[Row, ...]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: bool = False


@dataclass(frozen=True)
class Workbook:
    """All sheets of a file. kind: csv | xlsx."""

    kind: str
    sheets: tuple[Sheet, ...]


def column_letter(index: int) -> str:
    """0 -> A, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read(name: str, data: bytes) -> Workbook:
    """A file as uploaded. The bytes decide what it is, not the name; Unreadable."""
    if not data.strip():
        raise EmptyFile(file=name[:120])
    if len(data) > MOST_BYTES:
        raise TooBig(file=name[:120], most=MOST_BYTES // 1_000_000)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        raise Protected(file=name[:120]) if locked else OldExcel(file=name[:120])
    if data.startswith(b"PK"):
        book = _xlsx(name, data)
    elif _binary(data):
        raise WrongKind(file=name[:120])
    else:
        book = Workbook("csv", (Sheet("", _csv(name, data)),))
    if not any(cell not in (None, "") for sheet in book.sheets for row in sheet.rows for cell in row):
        raise EmptyFile(file=name[:120])
    return book


def _binary(data: bytes) -> bool:
    if data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc", b"{\\rtf")):
        return True
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    return b"\0" in data[:8192]


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _csv(name: str, data: bytes) -> tuple[Row, ...]:
    written = _decoded(data)
    if re.match(r"\s*(<!doctype|<html|<\?xml)", written, re.IGNORECASE):
        raise WrongKind(file=name[:120])
    first, _, rest = written.partition("\n")
    if re.fullmatch(r"sep=[,;\t]\r?", first):
        # Excel's own line; it stays as an empty row so that row numbers agree with the spreadsheet.
        written, delimiter = "\n" + rest, first[4]
    else:
        delimiter = _delimiter(written)
    try:
        rows = [
            tuple(cell.strip().replace("\u00a0", " ") for cell in row)
            for row in csv_module.reader(io.StringIO(written, newline=""), delimiter=delimiter)
        ]
    except csv_module.Error as error:
        raise Corrupt(file=name[:120]) from error
    _measure(name, rows)
    return tuple(rows)


def _delimiter(written: str) -> str:
    """The one that splits the most lines alike, outside quotes: a decimal comma inside a semicolon file does not deceive it."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in written.splitlines()[:60] if line.strip()]
    best, best_score = ",", 0
    for delimiter in (";", "\t", ","):
        counts = [line.count(delimiter) for line in lines]
        common = max(set(counts), key=lambda c: (counts.count(c), c), default=0)
        score = counts.count(common) if common else 0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _measure(name: str, rows: Sequence[Sequence[object]]) -> None:
    if len(rows) > MOST_ROWS or max((len(r) for r in rows), default=0) > MOST_COLUMNS:
        raise TooBig(file=name[:120], most=MOST_BYTES // 1_000_000)


def _xlsx(name: str, data: bytes) -> Workbook:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {part.filename: part.file_size for part in archive.infolist()}
            if sum(parts.values()) > MOST_UNPACKED:
                raise TooBig(file=name[:120], most=MOST_BYTES // 1_000_000)
            if "xl/workbook.xml" not in parts:
                raise WrongKind(file=name[:120])
            lost = _lost(archive)
        book = python_calamine.load_workbook(io.BytesIO(data))
        sheets = []
        for number, about in enumerate(book.sheets_metadata):
            if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            if sheet.total_height > MOST_ROWS or sheet.total_width > MOST_COLUMNS:
                raise TooBig(file=name[:120], most=MOST_BYTES // 1_000_000)
            rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
            _restore(rows, lost.get(about.name, {}))
            merged = tuple((a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or [])
            hidden = about.visible != python_calamine.SheetVisibleEnum.Visible
            sheets.append(Sheet(about.name, tuple(tuple(r) for r in rows), merged, hidden))
    except python_calamine.PasswordError as error:
        raise Protected(file=name[:120]) from error
    except (python_calamine.CalamineError, zipfile.BadZipFile, KeyError, ValueError, OSError, RuntimeError, NotImplementedError) as error:
        raise Corrupt(file=name[:120]) from error
    return Workbook("xlsx", tuple(sheets))


def _cell(value: object) -> Cell:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, int):
        return value
    if isinstance(value, datetime | date | time | timedelta):
        return str(value)
    written = str(value).strip().replace("\u00a0", " ") if value is not None else ""
    return written or None


_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)>")
_TARGET = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)>")
_C = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*"([^"]*)"')


def _lost(archive: zipfile.ZipFile) -> dict[str, dict[tuple[int, int], str]]:
    """What the reader drops in silence, by sheet and 0-based (row, column): formula errors, and formulas without a computed value."""
    book = archive.read("xl/workbook.xml").decode("utf-8", errors="replace")
    links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", errors="replace")
    targets = {}
    for found in _TARGET.findall(links):
        a = dict(_ATTRIBUTE.findall(found))
        targets[a.get("Id", "")] = a.get("Target", "")
    lost: dict[str, dict[tuple[int, int], str]] = {}
    for found in _SHEET.findall(book):
        a = dict(_ATTRIBUTE.findall(found))
        target = next((targets[v] for k, v in a.items() if k.endswith(":id") and v in targets), "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path in archive.namelist():
            lost[html.unescape(a.get("name", ""))] = _lost_in(archive.read(path).decode("utf-8", errors="replace"))
    return lost


def _lost_in(sheet: str) -> dict[tuple[int, int], str]:
    found = {}
    for attributes, inner in _C.findall(sheet):
        if 't="e"' not in attributes and not re.search(r"<(?:\w+:)?f\b", inner):
            continue
        a = dict(_ATTRIBUTE.findall(attributes))
        at = re.fullmatch(r"([A-Z]+)(\d+)", a.get("r", ""))
        if at is None:
            continue
        value = re.search(r"<(?:\w+:)?v[^>]*>(.*?)</(?:\w+:)?v>", inner, re.DOTALL)
        column = 0
        for letter in at[1]:
            column = column * 26 + ord(letter) - 64
        if a.get("t") == "e":
            found[(int(at[2]) - 1, column - 1)] = value[1] if value else "#N/A"
        elif value is None:
            found[(int(at[2]) - 1, column - 1)] = "="
    return found


def _restore(rows: list[list[Cell]], lost: Mapping[tuple[int, int], str]) -> None:
    for (row, column), value in lost.items():
        if row >= MOST_ROWS or column >= MOST_COLUMNS:
            continue
        while len(rows) <= row:
            rows.append([])
        rows[row].extend([None] * (column + 1 - len(rows[row])))
        rows[row][column] = value


# --- writing ------------------------------------------------------------------------------------------------------------------------


def _plain(value: object) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return text.waktu(value)
    if isinstance(value, date):
        return text.tanggal_pendek(value)
    return str(value)


def xlsx(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """Sheets by name, the first row of each its header: bold, frozen, with a filter. Text stays text: no formula, no lost zero.

    In a drill every sheet says so: a note at its first cell that stays open, a red tab, and the head of every printed page. No cell
    changes, so that a template can still be read back.
    """
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    book = xlsxwriter.Workbook(target, options)
    book.set_properties({"created": _EPOCH})
    head, words, whole, other = (
        book.add_format(f)
        for f in (
            {"bold": True, "bg_color": "#E8EDF0", "text_wrap": True, "valign": "top"},
            {"num_format": "@"},
            {"num_format": "#,##0"},
            {},
        )
    )
    used: set[str] = set()
    for name, rows in sheets.items():
        sheet = book.add_worksheet(_sheet_name(name, used))
        widths: dict[int, int] = {}
        number = -1
        for number, row in enumerate(rows):
            for column, value in enumerate(map(_plain, row)):
                widths[column] = max(widths.get(column, 8), min(len(str(value)) + 2, 60))
                if isinstance(value, str):
                    sheet.write_string(number, column, value[:32_000], head if number == 0 else words)
                else:
                    sheet.write_number(number, column, value, head if number == 0 else whole if isinstance(value, int) else other)
        for column, width in widths.items():
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        if watermark.shown():
            sheet.set_tab_color("#B3261E")
            sheet.set_header(f"&C&B&14{watermark.shown()}")
            sheet.write_comment(0, 0, watermark.shown(), {"visible": True, "color": "#FBDEDB", "author": "Posko"})
        if number > 0 and widths:
            sheet.autofilter(0, 0, number, max(widths))
    book.close()
    return target.getvalue()


def _sheet_name(name: str, used: set[str]) -> str:
    clean = re.sub(r"[\[\]:*?/\\]", " ", name).strip("' ")[:31] or "Lembar"
    candidate, n = clean, 2
    while candidate.lower() in used:
        candidate = f"{clean[:27]} {n}"
        n += 1
    used.add(candidate.lower())
    return candidate


def csv(rows: Iterable[Sequence[object]]) -> str:
    """Comma-separated with CRLF; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    target = io.StringIO()
    writer = csv_module.writer(target, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_harmless(_plain(value)) for value in row])
    return target.getvalue()


def _harmless(value: str | int | float) -> str | int | float:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
