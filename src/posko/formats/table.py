"""Tables: CSV and XLSX files to rows, and rows to CSV and XLSX. What a reader's spreadsheet could execute is neutralised."""

import csv as csv_module
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

import python_calamine
import xlsxwriter

from posko.domain import record

Cell = str | int | float | bool | date | datetime | None
LARGEST = 12 * 1024 * 1024
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class Empty(record.Refusal):
    """The file has no rows."""

    code: ClassVar[str] = "table.empty"


class TooLarge(record.Refusal):
    """The file is larger than LARGEST."""

    code: ClassVar[str] = "table.too_large"


class Locked(record.Refusal):
    """The workbook is protected by a password."""

    code: ClassVar[str] = "table.locked"


class Unreadable(record.Refusal):
    """Neither CSV nor XLSX, or damaged."""

    code: ClassVar[str] = "table.unreadable"


@dataclass(frozen=True)
class Sheet:
    """Rows as the spreadsheet shows them: rows[0] is row 1. Cells of a CSV are text exactly as written."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Workbook:
    """All sheets of a file; `kind` is csv or xlsx."""

    kind: str
    sheets: tuple[Sheet, ...]


def read(name: str, data: bytes) -> Workbook:
    """The sheets of a file by its content, not its name. Refusals: Empty, TooLarge, Locked, Unreadable."""
    if len(data) > LARGEST:
        raise TooLarge(mb=len(data) // 1048576)
    if not data.strip():
        raise Empty(file=name)
    if data.startswith(_OLE):
        raise Locked(file=name) if b"E\x00n\x00c\x00r\x00y\x00p\x00t" in data else Unreadable(file=name)
    book = _workbook(name, data) if data.startswith(_ZIP) else Workbook("csv", (Sheet("CSV", _csv_rows(name, data)),))
    if not any(any(cell not in (None, "") for cell in row) for sheet in book.sheets for row in sheet.rows):
        raise Empty(file=name)
    return book


def _workbook(name: str, data: bytes) -> Workbook:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = tuple(
            Sheet(title, tuple(tuple(row) for row in book.get_sheet_by_name(title).to_python(skip_empty_area=False))) for title in book.sheet_names
        )
    except (python_calamine.CalamineError, ValueError, OSError) as bad:
        raise Unreadable(file=name) from bad
    return Workbook("xlsx", sheets)


def _csv_rows(name: str, data: bytes) -> tuple[tuple[Cell, ...], ...]:
    if b"\x00" in data[:4096]:
        raise Unreadable(file=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    first = text.splitlines()[0] if text.splitlines() else ""
    delimiter = max(",;\t", key=first.count)
    try:
        return tuple(tuple(row) for row in csv_module.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv_module.Error as bad:
        raise Unreadable(file=name) from bad


def _safe(cell: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_DANGEROUS) else cell


def csv(rows: Iterable[Sequence[object]]) -> str:
    """RFC 4180 text with a header row first; formulas neutralised."""
    out = io.StringIO()
    writer = csv_module.writer(out)
    for row in rows:
        writer.writerow(["" if cell is None else _safe(cell) for cell in row])
    return out.getvalue()


def xlsx(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook with one sheet per name; the first row is the header, frozen and filtered. The same rows give the same bytes."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001  (a fixed date keeps the bytes the same)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    for title, rows in sheets.items():
        sheet = book.add_worksheet(title[:31])
        widths: dict[int, int] = {}
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                value = cell if cell is None or isinstance(cell, str | int | float) else str(cell)
                sheet.write(y, x, value, head if y == 0 else None)
                widths[x] = min(60, max(widths.get(x, 8), len(str(value or "")) + 2))
        for x, width in widths.items():
            sheet.set_column(x, x, width)
        if rows:
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(rows) - 1, max(0, len(rows[0]) - 1))
    book.close()
    return out.getvalue()
