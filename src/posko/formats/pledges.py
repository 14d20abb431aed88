"""Pledges in words and tables: how their codes are called, and the police's plan per TPS as a file with every problem named."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from posko.domain import pledges as rules
from posko.domain.record import Problem
from posko.formats import table, text

KINDS = {
    rules.Kind.VEHICLE: "kendaraan", rules.Kind.BOAT: "kapal atau perahu", rules.Kind.GENSET: "genset", rules.Kind.BUILDING: "gedung",
    rules.Kind.CREW: "regu BPBD", rules.Kind.LINMAS: "Linmas", rules.Kind.POLICE: "personel Polri", rules.Kind.OTHER: "lainnya",
}  # fmt: skip
STATES = {
    rules.State.OFFERED: ("waiting", "ditawarkan"), rules.State.CONFIRMED: ("good", "pasti"), rules.State.IN_USE: ("done", "dipakai"),
    rules.State.RETURNED: ("plain", "dikembalikan"), rules.State.WITHDRAWN: ("refused", "ditarik"),
}  # fmt: skip
ANSWERS = {
    rules.Answer.OPEN: ("waiting", "belum dijawab"), rules.Answer.PARTLY: ("waiting", "dijawab sebagian"),
    rules.Answer.MET: ("done", "terpenuhi"), rules.Answer.DECLINED: ("refused", "tidak dapat"), rules.Answer.CANCELLED: ("plain", "batal"),
}  # fmt: skip
REASONS = {
    "rusak": "rusak", "tugas_lain": "dipakai tugas lain", "perintah_pimpinan": "perintah pimpinan", "jadwal_berubah": "jadwal berubah",
    "diganti": "diganti dengan yang lain", "salah_catat": "salah catat", "lainnya": "lainnya", "tidak_punya": "tidak punya",
    "sudah_dipakai": "sudah dipakai", "bukan_kewenangan": "bukan kewenangan", "biaya_tidak_ada": "biaya tidak ada",
    "waktu_tidak_cukup": "waktu tidak cukup", "utuh": "utuh", "sebagian_kembali": "sebagian kembali",
}  # fmt: skip
AGENCIES = {"PEMDA": "Pemda", "POLRES": "Polres", "KPU": "KPU", "KEJARI": "Kejari"}

COLUMNS = {
    "tps": ("kode tps", "tps", "kode"),
    "unit": ("regu", "unit", "tim"),
    "count": ("personel", "jumlah personel", "jumlah"),
    "from": ("mulai", "dari"),
    "until": ("selesai", "sampai"),
    "pattern": ("pola",),
}
NAMES = {"tps": "kode tps", "unit": "regu", "count": "personel", "from": "mulai", "until": "selesai", "pattern": "pola"}
HEADER = ("kode tps", "nama tps", "desa", "regu", "personel", "mulai", "selesai", "pola")
FORBIDDEN = ("nama personel", "nama petugas", "nama anggota", "nrp", "nik", "no hp", "telepon", "agama", "suku", "partai", "caleg")


@dataclass(frozen=True)
class Unit:
    """A team of the file: so many people for these TPS in this time. row: where it stands first."""

    code: str
    count: int
    tps: tuple[str, ...]
    from_at: datetime
    until_at: datetime
    pattern: str
    row: int


def moment(written: str) -> datetime | None:
    """2024-02-13 18:00, 13/02/2024 18.00 in WIB as UTC; None where it cannot be read."""
    tidy = re.sub(r"\s+", " ", written.strip().replace("T", " "))
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%d/%m/%Y %H.%M", "%d-%m-%Y %H:%M", "%d-%m-%Y %H.%M"):
        try:
            return datetime.strptime(tidy, form).replace(tzinfo=text.WIB).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def read(name: str, data: bytes, tps: Iterable[str]) -> tuple[tuple[Unit, ...], list[Problem]]:
    """Teams, and everything wrong; with problems nothing is to be taken. table.Unreadable.

    A row is a team at a TPS; a team that guards several TPS has several rows with the same number, time and pattern, and counts once.
    """
    book, known = table.read(name, data), frozenset(tps)
    units: dict[str, Unit] = {}
    problems: list[Problem] = []
    for sheet in book.sheets:
        if not sheet.hidden and any(cell not in (None, "") for row in sheet.rows for cell in row):
            _sheet(sheet, known, units, problems)
    if not units and not problems:
        problems.append(Problem("", 0, "", "pledges.no_rows"))
    return tuple(units.values()), problems


def _sheet(sheet: table.Sheet, known: frozenset[str], units: dict[str, Unit], problems: list[Problem]) -> None:
    head, columns = _header(sheet, problems)
    missing = [field for field in ("tps", "unit", "count", "from", "until") if field not in columns]
    if missing:
        problems.extend(Problem(sheet.name, head + 1, NAMES[field], "pledges.no_column", {"column": NAMES[field]}) for field in missing)
        return
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(sheet.rows[head + 1 :], start=head + 2):
        typed = {field: _text(row[at]) if at < len(row) else "" for field, at in columns.items()}
        if not any(typed[field] for field in ("unit", "count", "from", "until")):
            continue  # a TPS of the template that has nobody yet
        found = _row(typed, known, sheet.name, number, problems)
        if found is None:
            continue
        before = seen.setdefault((found.code, found.tps[0]), number)
        if before != number:
            problems.append(Problem(sheet.name, number, NAMES["tps"], "pledges.twice", {"value": found.tps[0], "row": before}))
            continue
        _join(found, units, sheet.name, problems)


def _header(sheet: table.Sheet, problems: list[Problem]) -> tuple[int, dict[str, int]]:
    best: tuple[int, dict[str, int]] = (0, {})
    row_words: list[str] = []
    for at, row in enumerate(sheet.rows[:15]):
        words = [re.sub(r"\s+", " ", _text(cell).lower().replace("_", " ")) for cell in row]
        found = {field: words.index(w) for field, names in COLUMNS.items() for w in names if w in words}
        if len(found) > len(best[1]):
            best = (at, found)
            row_words = words
    if best[1]:
        for column, word in enumerate(row_words):
            if any(bad in word for bad in FORBIDDEN):
                problems.append(Problem(sheet.name, best[0] + 1, table.column_letter(column), "pledges.forbidden", {"column": word[:40]}))
    return best


def _row(typed: Mapping[str, str], known: frozenset[str], sheet: str, number: int, problems: list[Problem]) -> Unit | None:
    before = len(problems)

    def wrong(field: str, code: str) -> None:
        problems.append(Problem(sheet, number, NAMES[field], code, {"value": typed.get(field, "")[:40]}))

    if typed["tps"] not in known:
        wrong("tps", "pledges.unknown_tps")
    unit = ""
    try:
        unit = rules.check_asset(typed["unit"])
    except rules.BadAsset:
        wrong("unit", "pledges.bad_unit")
    people = typed["count"]
    if not (people.isascii() and people.isdigit() and 1 <= int(people[:9]) <= rules.MOST_COUNT):
        wrong("count", "pledges.bad_people")
    from_at, until_at = moment(typed["from"]), moment(typed["until"])
    for field, found in (("from", from_at), ("until", until_at)):
        if found is None:
            wrong(field, "pledges.bad_time")
    if from_at and until_at and until_at <= from_at:
        wrong("until", "pledges.ends_first")
    pattern = typed.get("pattern", "")
    if pattern and pattern not in rules.PATTERNS:
        wrong("pattern", "pledges.bad_pattern")
    if len(problems) > before or from_at is None or until_at is None:
        return None
    return Unit(unit, int(people), (typed["tps"],), from_at, until_at, pattern, number)


def _join(found: Unit, units: dict[str, Unit], sheet: str, problems: list[Problem]) -> None:
    old = units.get(found.code)
    if old is None:
        units[found.code] = found
        return
    for field, same in (
        ("count", old.count == found.count), ("from", old.from_at == found.from_at), ("until", old.until_at == found.until_at),
        ("pattern", old.pattern == found.pattern),
    ):  # fmt: skip
        if not same:
            problems.append(Problem(sheet, found.row, NAMES[field], "pledges.differs", {"unit": found.code, "row": old.row}))
            return
    units[found.code] = Unit(old.code, old.count, (*old.tps, *found.tps), old.from_at, old.until_at, old.pattern, old.row)


def _text(cell: table.Cell) -> str:
    return "" if cell is None else str(cell).strip()


PROBLEMS = {
    "pledges.no_rows": "Tidak ada baris yang terisi. Isi regu, personel, mulai, dan selesai di samping TPS.",
    "pledges.no_column": "Kolom “{column}” tidak ada. Pakai berkas contoh.",
    "pledges.forbidden": "Kolom “{column}” tidak diterima: Posko hanya mencatat jumlah, tidak mencatat orang. Hapus kolom itu.",
    "pledges.unknown_tps": "Kode TPS “{value}” tidak ada di pemilihan ini.",
    "pledges.bad_unit": "Regu “{value}” bukan kode. Contoh: REGU-07.",
    "pledges.bad_people": "Personel “{value}” bukan bilangan bulat 1 sampai 5.000.",
    "pledges.bad_time": "Waktu “{value}” tidak terbaca. Tulis 2024-02-13 18:00 (WIB).",
    "pledges.ends_first": "Selesai “{value}” tidak sesudah mulai.",
    "pledges.bad_pattern": "Pola “{value}” tidak ada dalam daftar. Kosongkan, atau pakai kode dari lembar Pola.",
    "pledges.twice": "TPS {value} sudah tertulis untuk regu ini di baris {row}.",
    "pledges.differs": "Regu {unit} tertulis lain di baris {row}: jumlah, waktu, dan pola satu regu sama di semua barisnya.",
}


def sentence(problem: Problem) -> str:
    """A problem in words, without its place."""
    return PROBLEMS[problem.code].format(**problem.facts)


def patterns_sheet() -> list[list[object]]:
    """The patterns as a sheet: people read which they mean, the program chooses none."""
    head: list[object] = ["Kode pola", "Polisi", "TPS", "Linmas", "Pemilihan", "Sumber"]
    rows = ([p.code, p.police, p.tps, p.linmas or "tidak disebut", p.election, p.source] for p in rules.PATTERNS.values())
    return [head, *(list[object](row) for row in rows)]
