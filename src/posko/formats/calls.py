"""What a caller says to a TPS, by what holds it back; outcomes in words; duty telephones out of a table."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from posko.domain import calls as rules
from posko.domain import readiness as readiness_rules
from posko.domain import record
from posko.formats import readiness as states
from posko.formats import table

OUTCOMES: Mapping[rules.Outcome, tuple[str, str]] = {
    rules.Outcome.READY: ("plain", "kata telepon siap"), rules.Outcome.NOT_READY: ("overdue", "kata telepon belum siap"),
    rules.Outcome.NO_ANSWER: ("unknown", "tidak diangkat"), rules.Outcome.WRONG_NUMBER: ("waiting", "salah nomor"),
    rules.Outcome.HELP: ("waiting", "perlu bantuan"),
}  # fmt: skip
"""Outcome -> (state with its shape, word)."""
STANDINGS: Mapping[rules.Standing, tuple[str, str]] = {
    rules.Standing.OPEN: ("waiting", "telepon sekarang"), rules.Standing.AGAIN: ("waiting", "telepon lagi"),
    rules.Standing.WAITING: ("unknown", "dicoba lagi nanti"), rules.Standing.CLAIMED: ("plain", "sedang ditelepon"),
    rules.Standing.HELP: ("overdue", "menunggu bantuan"), rules.Standing.ANSWERED: ("done", "sudah menjawab"),
    rules.Standing.NONE: ("plain", "telepon tidak mengubah apa-apa"),
}  # fmt: skip
CAUSES: Mapping[str, str] = {
    "unheard": "belum ada kabar", "tps": "petugas atau tempat", "check": "kurang menurut pemeriksaan atau telepon",
    "last_way": "jalan terakhir dari desa", "unplanned": "belum masuk rencana", "hazard": "gangguan di tempat atau jalan",
    "breakdown": "kendaraan rusak", "road": "jalan lebih lama", "plan": "rencana terlalu larut", "supply": "barang belum datang",
    "work": "pengepakan belum selesai", "sea": "gelombang", "gate": "dermaga tutup", "": "tidak ada sebab",
}  # fmt: skip
_ALL = (
    "Apakah semua kotak dan perlengkapan sudah ada di TPS?",
    "Apakah segel semua kotak utuh?",
    "Apakah tempat sudah siap dan KPPS sudah hadir lengkap?",
)
QUESTIONS: Mapping[str, tuple[str, str, str]] = {
    "unheard": _ALL,
    "tps": (
        "Berapa anggota KPPS yang sudah hadir, dan siapa yang belum (jabatannya saja)?",
        "Apakah tenda, meja, bilik, dan penerangan sudah berdiri?",
        "Apakah kotak tersimpan di atas 30 cm dari lantai dan tetap kering?",
    ),
    "check": (
        "Kekurangan yang tercatat: {lacks}. Apakah sudah dilengkapi?",
        "Kalau belum: siapa yang mengantar, dan pukul berapa tiba?",
        "Apakah ada hal lain yang kurang?",
    ),
    "last_way": (
        "Di mana kotak TPS ini sekarang: di kantor desa atau di TPS?",
        "Pukul berapa berangkat ke TPS, dan dengan apa?",
        "Apakah jalan ke TPS dapat dilewati sekarang?",
    ),
    "supply": ("Barang apa yang belum ada?", "Apakah PPS atau PPK punya cadangannya?", "Apakah sisanya sudah lengkap?"),
    "work": ("Apakah kotak TPS ini sudah lengkap dan disegel?", "Kalau belum, apa yang belum?", "Apakah perlengkapan lain sudah ada?"),
    "road": ("Di mana kendaraan pengantar sekarang?", "Pukul berapa perkiraan tiba?", "Apakah ada jalan lain atau kendaraan lain?"),
    "hazard": (
        "Bagaimana keadaan tempat dan jalan sekarang (air, angin, pohon tumbang)?",
        "Apakah kotak aman dan kering?",
        "Apakah TPS perlu pindah tempat, dan ke mana?",
    ),
}  # fmt: skip
SAME = {"breakdown": "road", "plan": "road", "sea": "road", "gate": "road", "unplanned": "last_way"}
ANSWERS: tuple[tuple[str, str], ...] = (
    ("Semua siap", "Ucapkan terima kasih. Catat “Siap”. Petugas tetap melihat ke TPS: kata telepon belum membuat TPS siap."),
    ("Ada barang kurang", "Tanyakan apa dan berapa. Jangan menyuruh meminjam dari TPS lain; KPU yang menggeser dengan berita acara."),
    ("Segel rusak atau tidak cocok", "Minta kotak jangan dibuka, difoto, dan dijaga; PPS dan pengawas TPS diberi tahu sekarang."),
    ("KPPS kurang", "Minta ketua KPPS menghubungi PPS untuk pengganti; catat “KPPS”."),
    ("Tempat tergenang atau gelap", "Minta kotak dinaikkan paling sedikit 30 cm atau dipindah ke tempat kering bersama pengawas."),
    ("Perlu dijemput atau diantar", "Jangan menjanjikan waktu. Catat “Perlu bantuan”; koordinator menindaklanjuti."),
)
GREETING = (
    "Selamat pagi. Saya petugas posko kesiapan pemilihan KPU {region}. Apakah ini telepon piket {place}? Saya hanya menanyakan kesiapan"
    " TPS, paling lama {minutes} menit."
)
CLOSING = "Terima kasih. Kalau ada perubahan, hubungi posko. Percakapan ini dicatat tanpa nama."


@dataclass(frozen=True)
class Script:
    """What to say: greeting, three questions, what to do with each answer, and the end."""

    greeting: str
    questions: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    closing: str


def script(cause: str, region: str, place: str, lacks: str) -> Script:
    """The script for the cause that holds a TPS back; what nobody has a script for is asked everything."""
    questions = QUESTIONS.get(SAME.get(cause, cause), _ALL)
    if cause == "check" and not lacks:
        questions = _ALL
    asked = tuple(question.format(lacks=lacks) for question in questions)
    return Script(GREETING.format(region=region, place=place, minutes=rules.CALL_MIN), asked, ANSWERS, CLOSING)


def lacking(reasons: Iterable[readiness_rules.Reason]) -> str:
    """What is recorded as missing, for the question about it."""
    blocking = [r for r in reasons if r.code in readiness_rules.BLOCKING]
    said = states.short_reasons(blocking)
    return said[:1].lower() + said[1:]


def lack_words(missing: Iterable[str], names: Mapping[str, str]) -> str:
    """What was said to be missing, in words."""
    return ", ".join(states.LACKS.get(one, names.get(one, one)) for one in missing)


def outcome(call: rules.Call, names: Mapping[str, str]) -> str:
    """An outcome in words, with what was said to be missing."""
    word = OUTCOMES[call.outcome][1]
    if call.missing:
        return f"{word}: kurang {lack_words(call.missing, names)}"
    if call.outcome is rules.Outcome.HELP and call.settled_at is not None:
        return f"{word} (sudah ditangani)"
    return word


# --- duty telephones out of a table --------------------------------------------------------------------------------------

COLUMNS = ("kode", "peran", "nomor")
HEAD = ("Kode TPS atau desa", "Peran", "Nomor", "Tempat")
_NAMES = re.compile(r"\bnama\b|nik|alamat|lahir|agama|partai|kelamin", re.IGNORECASE)
PROBLEMS = {
    "calls.no_columns": "Judul kolom {value} tidak ditemukan. Baris pertama: Kode TPS atau desa, Peran, Nomor.",
    "calls.personal": "Kolom {value} tampak berisi data orang. Posko hanya menyimpan nomor telepon piket; hapus kolom itu.",
    "calls.no_rows": "Belum ada baris yang diisi.",
    "calls.unknown": "{value} bukan kode TPS atau desa pemilihan ini.",
    "calls.bad_role": "{value} bukan peran; tulis KPPS atau PPS.",
    "calls.bad_number": "Bukan nomor telepon: 8 sampai 15 angka, boleh diawali +. Simpan kolomnya sebagai teks supaya nol di"
    " depan tidak hilang.",
    "calls.twice": "{value} sudah ada di baris {first}.",
}


@dataclass(frozen=True)
class Reading:
    """Numbers by (place, role), or all problems with sheet, row and column."""

    numbers: Mapping[tuple[str, str], str]
    problems: tuple[record.Problem, ...]


def template(rows: Iterable[Sequence[object]]) -> bytes:
    """The sheet to fill in; numbers already known are not written into it."""
    return table.xlsx({"Telepon piket": [HEAD, *rows]})


def read(name: str, data: bytes, known: Iterable[str]) -> Reading:
    """Duty telephones of a file. table.Unreadable; rows without a number are left out."""
    sheet = table.read(name, data).sheets[0]
    problems: list[record.Problem] = []
    where = _columns(sheet, problems)
    found: dict[tuple[str, str], str] = {}
    seen: dict[tuple[str, str], int] = {}
    codes = set(known)
    for row, cells in enumerate(() if problems else sheet.rows[1:], start=2):
        code, role, number = (
            str(cells[where[c]] if where[c] < len(cells) and cells[where[c]] is not None else "").strip() for c in COLUMNS
        )
        if not number:
            continue
        role = role.upper() or "KPPS"
        wrong = _wrong(code, role, number, codes, seen)
        if wrong:
            column, problem, said = wrong
            problems.append(record.Problem(sheet.name, row, table.column_letter(where[column]), f"calls.{problem}", said))
            continue
        seen[code, role] = row
        found[code, role] = rules.number(number)
    if not found and not problems:
        problems.append(record.Problem(sheet.name, 0, "", "calls.no_rows"))
    return Reading({} if problems else found, tuple(problems))


def _text(cells: Sequence[table.Cell], column: int) -> str:
    cell = cells[column] if column < len(cells) else None
    return "" if cell is None else str(cell).strip()


def _wrong(
    code: str, role: str, number: str, codes: set[str], seen: Mapping[tuple[str, str], int]
) -> tuple[str, str, dict[str, str | int]] | None:
    """The first thing wrong in a row: column, problem, facts. A number is never repeated in a message."""
    if code not in codes:
        return "kode", "unknown", {"value": code[:30]}
    if role not in rules.ROLES:
        return "peran", "bad_role", {"value": role[:20]}
    if (code, role) in seen:
        return "kode", "twice", {"value": f"{code} {role}", "first": seen[code, role]}
    try:
        rules.number(number)
    except rules.BadNumber:
        return "nomor", "bad_number", {}
    return None


def _columns(sheet: table.Sheet, problems: list[record.Problem]) -> dict[str, int]:
    where: dict[str, int] = {}
    for index, cell in enumerate(sheet.rows[0] if sheet.rows else ()):
        head = str(cell or "").strip()
        first = head.lower().split(" ")[0]
        if first in COLUMNS:
            where.setdefault(first, index)
        elif _NAMES.search(head):
            problems.append(record.Problem(sheet.name, 1, table.column_letter(index), "calls.personal", {"value": head[:30]}))
    problems += [record.Problem(sheet.name, 1, "", "calls.no_columns", {"value": column}) for column in COLUMNS if column not in where]
    return where
