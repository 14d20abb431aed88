"""Other agencies' classes as a file: rows of (place, class or indicator, number), read with every problem by sheet, row and column."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from posko.domain import aght as rules
from posko.domain import places, reports
from posko.domain.record import Problem
from posko.formats import table

COLUMNS = {
    "place": ("kode", "kode desa", "kode tps", "kode wilayah", "kode_desa", "kode_tps"),
    "desa": ("desa", "desa/kelurahan", "kelurahan", "nama desa"),
    "kecamatan": ("kecamatan", "nama kecamatan"),
    "label": ("kelas", "indikator", "klasifikasi", "variabel"),
    "count": ("jumlah", "banyaknya", "jumlah tps"),
}
NAMES = {"place": "kode", "desa": "desa", "kecamatan": "kecamatan", "label": "kelas atau indikator", "count": "jumlah"}
TEMPLATE = (("kode", "kecamatan", "desa", "kelas", "jumlah"),)
MOST = 100_000


@dataclass(frozen=True)
class Known:
    """Places a file may name: codes of desa and TPS, and (kecamatan, desa) names in lower case -> desa code."""

    codes: frozenset[str]
    names: Mapping[tuple[str, str], str]


def read(name: str, data: bytes, owner: rules.Owner, known: Known) -> tuple[tuple[rules.Cell, ...], list[Problem]]:
    """Cells, and everything wrong; with problems nothing is to be taken. table.Unreadable.

    The police's classes are their four; a row without a number counts one. Names of indicators about participants are not kept.
    """
    book = table.read(name, data)
    cells: list[rules.Cell] = []
    problems: list[Problem] = []
    for sheet in book.sheets:
        if not sheet.hidden and any(cell not in (None, "") for row in sheet.rows for cell in row):
            _sheet(sheet, owner, known, cells, problems)
    if not cells and not problems:
        problems.append(Problem("", 0, "", "layer.no_rows"))
    return tuple(cells), problems


def _sheet(sheet: table.Sheet, owner: rules.Owner, known: Known, cells: list[rules.Cell], problems: list[Problem]) -> None:
    head, columns = _header(sheet)
    missing = [field for field in ("label",) if field not in columns]
    if "place" not in columns and "desa" not in columns:
        missing.append("place")
    if missing:
        problems.extend(Problem(sheet.name, head + 1, NAMES[field], "layer.no_column", {"column": NAMES[field]}) for field in missing)
        return
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(sheet.rows[head + 1 :], start=head + 2):
        if all(cell in (None, "") for cell in row):
            continue
        typed = {field: _text(row[at]) if at < len(row) else "" for field, at in columns.items()}
        before = len(problems)
        place = _place(typed, known, sheet.name, number, problems)
        label = _label(typed, owner, sheet.name, number, problems)
        count = _count(typed, sheet.name, number, problems)
        if len(problems) > before:
            continue
        if label != rules.NEAR_PARTICIPANTS and (place, label) in seen:
            facts: dict[str, str | int] = {"value": f"{place} {label}", "row": seen[place, label]}
            problems.append(Problem(sheet.name, number, NAMES["place"], "layer.twice", facts))
            continue
        seen[place, label] = number
        cells.append(rules.Cell(place, label, count))


def _header(sheet: table.Sheet, known: Mapping[str, tuple[str, ...]] = COLUMNS) -> tuple[int, dict[str, int]]:
    """The row with the most known column names among the first ten, and which field stands in which column."""
    best: tuple[int, dict[str, int]] = (0, {})
    for number, row in enumerate(sheet.rows[:10]):
        found = {}
        for at, cell in enumerate(row):
            field = next((f for f, names in known.items() if _text(cell).lower() in names), None)
            if field and field not in found:
                found[field] = at
        if len(found) > len(best[1]):
            best = (number, found)
    return best


def _place(typed: Mapping[str, str], known: Known, sheet: str, row: int, problems: list[Problem]) -> str:
    raw = typed.get("place", "")
    if raw:
        try:
            code = places.dotted(raw)
        except places.BadCode:
            code = ""
        if code in known.codes:
            return code
        problems.append(Problem(sheet, row, NAMES["place"], "layer.unknown_place", {"value": raw[:40]}))
        return ""
    desa, kecamatan = _plain(typed.get("desa", "")), _plain(typed.get("kecamatan", ""))
    hits = {code for (k, d), code in known.names.items() if d == desa and (not kecamatan or k == kecamatan)}
    if len(hits) == 1:
        return hits.pop()
    code = "layer.two_places" if hits else "layer.unknown_place"
    problems.append(
        Problem(sheet, row, NAMES["desa"], code, {"value": f"{typed.get('kecamatan', '')} {typed.get('desa', '')}".strip()[:60]})
    )
    return ""


def _label(typed: Mapping[str, str], owner: rules.Owner, sheet: str, row: int, problems: list[Problem]) -> str:
    raw = typed.get("label", "")
    if not raw:
        problems.append(Problem(sheet, row, NAMES["label"], "layer.no_label"))
        return ""
    if owner is rules.Owner.POLRES:
        plain = _plain(raw.replace("_", " "))
        if plain not in rules.POLICE_CLASSES:
            facts: dict[str, str | int] = {"value": raw[:40], "choices": ", ".join(rules.POLICE_CLASSES)}
            problems.append(Problem(sheet, row, NAMES["label"], "layer.unknown_class", facts))
        return plain
    return rules.neutral_label(raw)


def _count(typed: Mapping[str, str], sheet: str, row: int, problems: list[Problem]) -> int:
    raw = typed.get("count", "")
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3})+", raw):
        raw = raw.replace(".", "")
    if not raw:
        return 1
    if not (raw.isascii() and raw.isdigit() and int(raw[:9]) <= MOST):
        problems.append(Problem(sheet, row, NAMES["count"], "layer.bad_count", {"value": raw[:20]}))
        return 0
    return int(raw[:9])


def _text(cell: table.Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


# --- sets of labels --------------------------------------------------------------------------------------------------------

LABEL_COLUMNS = {
    "group": ("kelompok", "group", "daftar"),
    "code": ("kode", "code"),
    "name": ("nama", "name", "label"),
    "note": ("catatan", "note", "keterangan"),
}
LABEL_HEAD = ("kelompok", "kode", "nama", "catatan")
_GROUPS = {"gatra": "gatra", "bidang": "gatra", "variabel": "variabel", "variable": "variabel"}
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}")
MOST_LABELS = 200


def label_table(rows: Iterable[rules.Label]) -> list[tuple[str, str, str, str]]:
    """A set as a table with its head: what the template holds and what `read_labels` reads."""
    return [LABEL_HEAD, *((one.group, one.code, one.name, one.note) for one in rows)]


def read_labels(name: str, data: bytes) -> tuple[tuple[rules.Label, ...], list[Problem]]:
    """Rows of a set, and everything wrong; with problems nothing is to be taken. table.Unreadable."""
    book = table.read(name, data)
    found: list[rules.Label] = []
    problems: list[Problem] = []
    for sheet in book.sheets:
        if not sheet.hidden and any(cell not in (None, "") for row in sheet.rows for cell in row):
            _label_sheet(sheet, found, problems)
    if not found and not problems:
        problems.append(Problem("", 0, "", "layer.no_rows"))
    elif not problems:
        problems += _label_gaps(found)
    return tuple(found), problems


def _label_sheet(sheet: table.Sheet, found: list[rules.Label], problems: list[Problem]) -> None:
    head, columns = _header(sheet, LABEL_COLUMNS)
    missing = [field for field in ("group", "code", "name") if field not in columns]
    if missing:
        words = dict(zip(LABEL_COLUMNS, LABEL_HEAD, strict=True))
        problems.extend(Problem(sheet.name, head + 1, words[f], "layer.no_column", {"column": words[f]}) for f in missing)
        return
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(sheet.rows[head + 1 :], start=head + 2):
        if all(cell in (None, "") for cell in row):
            continue
        typed = {field: _text(row[at]) if at < len(row) else "" for field, at in columns.items()}
        wrong = _label_problems(typed, sheet.name, number, seen)
        problems.extend(wrong)
        if wrong:
            continue
        group, code = _GROUPS[_plain(typed["group"])], typed["code"].lower()
        seen[group, code] = number
        found.append(rules.Label(code, typed["name"], group, typed.get("note", "")))
        if len(found) > MOST_LABELS:
            problems.append(Problem(sheet.name, number, "", "labels.too_many", {"most": MOST_LABELS}))
            return


def _label_problems(typed: Mapping[str, str], sheet: str, row: int, seen: Mapping[tuple[str, str], int]) -> list[Problem]:
    wrong = []
    group, code = _GROUPS.get(_plain(typed["group"]), ""), typed["code"].lower()
    if not group:
        wrong.append(Problem(sheet, row, "kelompok", "labels.group", {"value": typed["group"][:30]}))
    if not _CODE.fullmatch(code):
        wrong.append(Problem(sheet, row, "kode", "labels.code", {"value": typed["code"][:30]}))
    elif (group, code) in seen:
        wrong.append(Problem(sheet, row, "kode", "layer.twice", {"value": f"{group} {code}", "row": seen[group, code]}))
    if not typed["name"] or len(typed["name"]) > rules.LABEL_LONGEST:
        wrong.append(Problem(sheet, row, "nama", "labels.name", {"longest": rules.LABEL_LONGEST}))
    if len(typed.get("note", "")) > 120:
        wrong.append(Problem(sheet, row, "catatan", "labels.note", {"longest": 120}))
    if reports.guard(f"{typed['name']} {typed.get('note', '')}"):
        wrong.append(Problem(sheet, row, "nama", "labels.guarded"))
    return wrong


def _label_gaps(found: Iterable[rules.Label]) -> list[Problem]:
    """What a whole set must have: both lists, and one variable that R21 reads."""
    groups = [one.group for one in found]
    wrong = [Problem("", 0, "kelompok", "labels.no_group", {"value": group}) for group in rules.GROUPS if group not in groups]
    marked = sum(one.group == "variabel" and one.note.startswith(rules.INFORMATION_MARK) for one in found)
    return wrong if marked == 1 else [*wrong, Problem("", 0, "catatan", "labels.mark", {"n": marked})]


SENTENCES = {
    "labels.group": "{value} bukan kelompok; tulis gatra atau variabel",
    "labels.code": "kode {value} tidak dapat dipakai; huruf kecil, angka, garis bawah, paling panjang 20",
    "labels.name": "nama belum diisi atau lebih dari {longest} huruf",
    "labels.note": "catatan lebih dari {longest} huruf",
    "labels.guarded": "label menyebut peserta pemilu, agama, suku, atau sebutan lain yang tidak dipakai Posko",
    "labels.no_group": "kelompok {value} tidak punya satu baris pun",
    "labels.mark": "tandai tepat satu variabel dengan R21 di awal catatannya: sinyal kabar bohong membacanya; sekarang {n}",
    "labels.too_many": "lebih dari {most} label",
    "layer.no_rows": "tidak ada baris yang dapat dibaca",
    "layer.no_column": "kolom {column} tidak ada; beri nama kolom seperti pada contoh",
    "layer.unknown_place": "{value} bukan desa atau TPS di daerah ini",
    "layer.two_places": "{value} cocok dengan dua desa; isi kecamatannya atau kodenya",
    "layer.no_label": "kelas atau indikator belum diisi",
    "layer.unknown_class": "{value} bukan kelas Polri; pilihannya: {choices}",
    "layer.bad_count": "{value} bukan bilangan bulat",
    "layer.twice": "{value} sudah ada pada baris {row}",
}


def sentences(problems: Iterable[Problem]) -> list[str]:
    """Lembar "TPS", baris 4, kolom kelas: ..."""
    found = []
    for problem in problems:
        where = [f"lembar {problem.sheet}"] * bool(problem.sheet) + [f"baris {problem.row}"] * bool(problem.row)
        where += [f"kolom {problem.column}"] * bool(problem.column)
        said = SENTENCES[problem.code].format(**problem.facts)
        found.append(f"{', '.join(where).capitalize()}: {said}." if where else f"{said.capitalize()}.")
    return found
