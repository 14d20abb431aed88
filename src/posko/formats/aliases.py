"""Aliases in and out of a table: what SILOG (or another system) calls which thing of ours. All problems at once, nothing half read."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from posko.domain import labels as rules
from posko.domain import record
from posko.formats import table

T = TypeVar("T")
HEADER = ("alias", "jenis", "kode")
_WORDS = {
    "alias": ("alias", "kode silog", "silog", "kode lain"),
    "jenis": ("jenis", "jenis barang"),
    "kode": ("kode", "kode posko", "posko"),
}
_COLUMN = {word: column for column, words in _WORDS.items() for word in words}
KINDS = {
    "kotak": "box", "karton": "carton", "bundel": "bundle", "sampul": "envelope", "segel": "seal", "surat jalan": "waybill",
    "tempat": "place",
}  # fmt: skip
KIND_WORDS = {kind: word for word, kind in KINDS.items()}


class NoHeader(record.Refusal):
    """No row with the columns alias, jenis and kode."""

    code: ClassVar[str] = "aliases.no_header"


@dataclass(frozen=True)
class Row:
    """One line of the file, its row as the spreadsheet shows it; texts in their stored form."""

    row: int
    alias: str
    kind: str
    code: str


@dataclass(frozen=True)
class Reading:
    """What a file says; `rows` are only those without a problem."""

    sheet: str
    rows: tuple[Row, ...]
    problems: tuple[record.Problem, ...]


def read(name: str, data: bytes) -> Reading:
    """A file as uploaded. `formats.table.Unreadable`, NoHeader; every wrong cell is a problem with sheet, row and column."""
    book = table.read(name, data)
    for sheet in book.sheets:
        for number, row in enumerate(sheet.rows[:20]):
            columns = _columns(row)
            if {"alias", "kode"} <= set(columns):
                return _read(sheet, number, columns)
    raise NoHeader(file=name[:120])


def _columns(row: Sequence[table.Cell]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, cell in enumerate(row):
        word = re.sub(r"[\s_]+", " ", str(cell or "").strip().lower())
        if word in _COLUMN:
            found.setdefault(_COLUMN[word], index)
    return found


def _read(sheet: table.Sheet, header: int, columns: dict[str, int]) -> Reading:
    rows: list[Row] = []
    problems: list[record.Problem] = list(_strange(sheet, header, columns))
    seen: dict[str, int] = {}
    for number, cells in enumerate(sheet.rows[header + 1 :], start=header + 2):
        values = {column: cells[index] if index < len(cells) else None for column, index in columns.items()}
        if all(value in (None, "") for value in values.values()):
            continue
        found = _row(sheet.name, number, values, columns)
        if isinstance(found, record.Problem):
            problems.append(found)
        elif found.alias in seen:
            column = table.column_letter(columns["alias"])
            problems.append(record.Problem(sheet.name, number, column, "aliases.twice", {"alias": found.alias, "first": seen[found.alias]}))
        else:
            seen[found.alias] = number
            rows.append(found)
    if not rows and not problems:
        problems.append(record.Problem(sheet.name, 0, "", "aliases.no_rows"))
    return Reading(sheet.name, tuple(rows), tuple(problems))


def _strange(sheet: table.Sheet, header: int, columns: dict[str, int]) -> Iterable[record.Problem]:
    """Columns that nobody asked for: they may hold what must not be kept, so their names are said and the file is not taken."""
    for index, cell in enumerate(sheet.rows[header]):
        if index not in columns.values() and cell not in (None, ""):
            yield record.Problem(sheet.name, header + 1, table.column_letter(index), "aliases.strange_column", {"column": str(cell)[:40]})


class _Wrong(Exception):
    """The first thing wrong in a row: column, code, facts."""

    def __init__(self, column: str, code: str, **said: str | int) -> None:
        super().__init__(code)
        self.column, self.code, self.said = column, code, said


def _row(sheet: str, number: int, values: dict[str, table.Cell], columns: dict[str, int]) -> Row | record.Problem:
    try:
        alias, code = (_text(values, column) for column in ("alias", "kode"))
        text = _or_wrong("alias", alias, rules.alias_text)
        kind = _kind(str(values.get("jenis") or ""))
        found = _or_wrong("kode", code, rules.read)
        if not (kind or found.kind):
            raise _Wrong("jenis", "aliases.empty")
        if kind and found.kind and kind != found.kind:
            raise _Wrong("kode", "labels.wrong_kind", seen=found.kind, wanted=kind)
    except _Wrong as wrong:
        where = table.column_letter(columns.get(wrong.column, columns["alias"]))
        return record.Problem(sheet, number, where, wrong.code, wrong.said)
    return Row(number, text, kind or found.kind, found.text)


def _text(values: dict[str, table.Cell], column: str) -> str:
    cell = values[column]
    if cell is None or cell == "":
        raise _Wrong(column, "aliases.empty")
    if not isinstance(cell, str):
        raise _Wrong(column, "aliases.number", seen=str(cell)[:40])
    return cell


def _kind(typed: str) -> str:
    word = re.sub(r"\s+", " ", typed.strip().lower())
    if word and word not in KINDS and word not in KIND_WORDS:
        raise _Wrong("jenis", "aliases.kind", seen=word[:40])
    return KINDS.get(word, word)


def _or_wrong(column: str, text: str, reader: Callable[[str], T]) -> T:
    try:
        return reader(text)
    except record.Refusal as refusal:
        raise _Wrong(column, refusal.code, **refusal.facts) from refusal


def write(aliases: Iterable[rules.Alias]) -> bytes:
    """The XLSX that `read` takes back; without aliases it is the template."""
    rows: list[Sequence[object]] = [HEADER]
    rows += [(a.text, KIND_WORDS[a.kind], rules.with_check(a.code) if a.kind == "place" else rules.spaced(a.code)) for a in aliases]
    return table.xlsx({"Alias": rows})
