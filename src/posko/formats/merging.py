"""Reports from a CSV file to be grouped, and groups as JSON or as a table for people. Needs no database.

Read are report_id and narrative or title; kecamatan, desa, tps_no, category_code, event_at, received_at where present; every other column
is passed over unread. A row without words is compared by its fields. Everything wrong is named by row and column.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from posko.domain import merging
from posko.domain.record import Problem
from posko.formats import table, text

COLUMNS = ("report_id", "title", "narrative", "kecamatan", "desa", "tps_no", "category_code", "event_at", "received_at")
MOST = 5_000
"""Comparing is by pairs: a file of more reports is grouped by period."""
_TIMES = ("event_at", "received_at")

SENTENCES = {
    "merging.empty": "berkas kosong; baris pertama harus judul kolom, antara lain report_id dan narrative",
    "merging.not_csv": "berkas ini bukan CSV; simpan ulang sebagai CSV UTF-8",
    "merging.encoding": "berkas bukan teks UTF-8; simpan ulang sebagai CSV UTF-8",
    "merging.no_rows": "hanya ada judul kolom, belum ada laporan",
    "merging.column_missing": "kolom {value} tidak ada; yang wajib: report_id, dan narrative atau title",
    "merging.column_twice": "kolom {value} ada dua kali",
    "merging.id_empty": "nomor laporan kosong",
    "merging.id_twice": "nomor laporan {value} sudah ada di baris {first}",
    "merging.time": "{value} bukan waktu; bentuknya 2024-02-11T06:40+07:00, atau kosong",
    "merging.tps": "{value} bukan nomor TPS; tulis angka, misalnya 004, atau kosong",
    "merging.width": "ada {have} kolom, judulnya {want}; periksa tanda koma atau tanda kutip di baris ini",
    "merging.many": "{have} laporan dalam satu berkas; paling banyak {most}, bagilah menurut tanggal",
    "merging.quote": "tanda kutip tidak ditutup di sekitar baris ini",
}


def sentence(problem: Problem) -> str:
    """Baris 3, kolom event_at: ..."""
    where = [f"baris {problem.row}"] * bool(problem.row) + [f"kolom {problem.column}"] * bool(problem.column)
    said = SENTENCES[problem.code].format(**problem.facts)
    head = ", ".join(where)
    return f"{head[0].upper()}{head[1:]}: {said}." if head else f"{said[0].upper()}{said[1:]}."


def read(name: str, data: bytes) -> tuple[list[merging.Telling], list[Problem]]:
    """Reports of a file, or none and all problems."""
    problems: list[Problem] = []

    def bad(row: int, column: str, code: str, **facts: str | int) -> None:
        problems.append(Problem(name, row, column, f"merging.{code}", facts))

    rows = _rows(data, bad)
    if problems or not rows:
        return [], problems
    head = [unicodedata.normalize("NFKC", cell).strip().lower() for cell in rows[0][1]]
    for column in COLUMNS:
        if head.count(column) > 1:
            bad(rows[0][0], "", "column_twice", value=column)
    if "report_id" not in head:
        bad(rows[0][0], "", "column_missing", value="report_id")
    if "narrative" not in head and "title" not in head:
        bad(rows[0][0], "", "column_missing", value="narrative")
    if not problems and len(rows) == 1:
        bad(0, "", "no_rows")
    if len(rows) - 1 > MOST:
        bad(0, "", "many", have=text.angka(len(rows) - 1), most=text.angka(MOST))
    if problems:
        return [], problems
    first: dict[str, int] = {}
    tellings = []
    for number, row in rows[1:]:
        if len(row) != len(head):
            bad(number, "", "width", have=len(row), want=len(head))
            continue
        telling = _telling(number, dict(zip(head, map(_cell, row), strict=True)), bad)
        if telling.id and first.setdefault(telling.id, number) != number:
            bad(number, "report_id", "id_twice", value=telling.id[:40], first=first[telling.id])
        tellings.append(telling)
    return ([], problems) if problems else (tellings, [])


def _rows(data: bytes, bad: Callable[..., None]) -> list[tuple[int, list[str]]]:
    """Rows with the line on which each begins, empty ones left out."""
    if not data.strip():
        bad(0, "", "empty")
        return []
    if data[:4].startswith((b"PK", b"%PDF", b"\xd0\xcf", b"\x89PNG", b"\xff\xd8")) or b"\0" in data[:4096]:
        bad(0, "", "not_csv")
        return []
    try:
        said = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        bad(0, "", "encoding")
        return []
    if re.match(r"\s*[<{\[]", said):
        bad(0, "", "not_csv")
        return []
    first = said.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else "\t" if first.count("\t") > first.count(",") else ","
    reader = csv.reader(io.StringIO(said, newline=""), delimiter=separator, strict=True)
    found, line = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append((line, row))
            line = reader.line_num + 1
    except csv.Error:
        bad(line, "", "quote")
    return found


def _telling(number: int, row: Mapping[str, str], bad: Callable[..., None]) -> merging.Telling:
    times: dict[str, datetime | None] = {}
    for column in _TIMES:
        value = row.get(column, "")
        times[column] = _moment(value)
        if value and times[column] is None:
            bad(number, column, "time", value=value[:40])
    tps = row.get("tps_no", "")
    listed = re.fullmatch(r"(?:tps|dan|[\s.,;/&-]|(?<!\d)\d{1,4}(?:\.0)?)+", tps, re.IGNORECASE)  # a spreadsheet makes 4.0 of 004
    numbers = re.findall(r"(?<![\d.])\d{1,4}", tps) if listed else []
    if tps and not numbers:
        bad(number, "tps_no", "tps", value=tps[:40])
    if not row["report_id"]:
        bad(number, "report_id", "id_empty")
    return merging.Telling(
        id=row["report_id"],
        words=row.get("narrative", ""),
        title=row.get("title", ""),
        kecamatan=row.get("kecamatan", ""),
        desa=row.get("desa", ""),
        tps=" ".join(numbers),
        category=row.get("category_code", ""),
        happened_at=times["event_at"],
        received_at=times["received_at"],
    )


def _cell(value: str) -> str:
    """A cell; what programs write for "nothing" is nothing."""
    plain = value.strip()
    return "" if plain.lower() in {"-", "nan", "none", "null"} else plain


def _moment(value: str) -> datetime | None:
    """An instant, ISO 8601 or 11/02/2024 06:40; without a zone it is WIB."""
    day_first = re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[ T]+(\d{1,2})[.:](\d{2}))?", value)
    try:
        if day_first:
            day, month, year, hour, minute = (int(part or 0) for part in day_first.groups())
            return datetime(year, month, day, hour, minute, tzinfo=text.WIB)
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=text.WIB)


def as_json(groups: Iterable[Sequence[str]]) -> str:
    """Groups as a list of lists of report ids, alone ones left out."""
    return json.dumps([list(group) for group in groups], ensure_ascii=False)


def as_table(groups: Sequence[Sequence[str]], tellings: Sequence[merging.Telling], contradicted: Sequence[merging.Comparison]) -> str:
    """Groups for people: who belongs together, then who is alike and kept apart by digits."""
    known = {one.id: one for one in tellings}
    lines = [f"{text.angka(len(tellings))} laporan, {text.angka(len(groups))} kelompok yang mungkin menceritakan hal yang sama."]
    for number, group in enumerate(groups, start=1):
        lines.append(f"\nKelompok {number}: {len(group)} laporan")
        lines += [f"  {id_:<14} {_place(known[id_]):<34} {_short(known[id_])}" for id_ in group]
    if contradicted:
        lines.append("\nMirip, tetapi angkanya bertentangan (tidak dikelompokkan):")
        lines += [f"  {c.a} dan {c.b}: {'; '.join(barrier_words(b) for b in c.barriers)}" for c in contradicted]
    lines.append("\nIni usul. Orang yang memutuskan; tidak ada laporan yang dihapus.")
    return "\n".join(lines)


def _place(telling: merging.Telling) -> str:
    parts = [telling.desa or telling.kecamatan, f"TPS {telling.tps}" if telling.tps else ""]
    return ", ".join(part for part in parts if part)[:34] or "tempat tidak disebut"


def _short(telling: merging.Telling) -> str:
    said = " ".join((telling.title or telling.words).split())
    return said if len(said) <= 70 else f"{said[:69]}…"


_BARRIERS = {
    "tps": "nomor TPS berbeda ({one} dan {other})",
    "segel": "nomor segel berbeda ({one} dan {other})",
    "kotak": "kode kotak berbeda ({one} dan {other})",
    "dapil": "dapil berbeda ({one} dan {other})",
    "rt": "RT berbeda ({one} dan {other})",
    "rw": "RW berbeda ({one} dan {other})",
    "sms": "kode SMS berbeda ({one} dan {other})",
    "tanggal": "tanggal berbeda ({one} dan {other})",
    "amount": "jumlah berbeda: {one} dan {other} {unit}",
    "desa": "desa berbeda ({one} dan {other})",
    "kecamatan": "kecamatan berbeda ({one} dan {other})",
    "site": "tempatnya berbeda",
    "category": "pokoknya berbeda ({one} dan {other})",
    "time": "waktunya berselisih {hours} jam, lebih dari sehari",
    "apart": "pernah diputuskan: bukan hal yang sama",
}


def barrier_words(barrier: merging.Barrier) -> str:
    """What contradicts, in words."""
    return capitals(_BARRIERS[barrier.code].format(**barrier.facts))


def capitals(words: str) -> str:
    """Units are compared in small letters; an abbreviation is shown as it is written: 3 tps becomes 3 TPS."""
    return re.sub(r"\b(?:tps|kpps)\b", lambda found: found[0].upper(), words)


def as_csv(tellings: Iterable[merging.Telling], groups: Mapping[str, int]) -> str:
    """Made-up reports as a file that `read` reads, with the number of their group."""
    rows: list[Sequence[object]] = [("report_id", "is_synthetic", *COLUMNS[1:], "duplicate_group")]
    for one in tellings:
        moments = [moment.isoformat(timespec="minutes") if moment else "" for moment in (one.happened_at, one.received_at)]
        rows.append(
            (one.id, "TRUE", one.title, one.words, one.kecamatan, one.desa, one.tps, one.category, *moments, f"G{groups[one.id]:04}")
        )
    return table.csv(rows)
