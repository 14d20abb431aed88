"""Voter counts per TPS from the smallest file there is: `tps_code,desa_code,voters`. Read in one pass, fit for the whole nation.

The richer import with dry run, XLSX and matching of names belongs to the stage dpt; here only what needs follow from is read, and
everything wrong is named with row and column. Codes are text and keep their zeros.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from posko.domain.record import Problem

HEADER = ("tps_code", "desa_code", "voters")
MOST = 2_000
"""Far more voters than any TPS has: a number above it is a slip, such as two counts run together."""

_TPS = re.compile(r"\d\d\.\d\d\.\d\d\.\d{4}\.\d{3}|\d{13}")
_DESA = re.compile(r"\d\d\.\d\d\.\d\d\.\d{4}|\d{10}")
_PERSONAL = re.compile(r"nik|no_?kk|nkk|nama|name|lahir|birth|alamat|address|agama|religion|jenis_?kelamin|gender|partai|party|suku|ethnic")

SENTENCES = {
    "counts.encoding": "berkas bukan teks UTF-8; simpan ulang sebagai CSV UTF-8",
    "counts.not_csv": "berkas ini {kind}, bukan CSV; simpan sebagai CSV lebih dahulu",
    "counts.empty": "berkas kosong; baris pertama harus tps_code,desa_code,voters",
    "counts.no_rows": "hanya ada judul kolom, belum ada satu TPS pun",
    "counts.column_missing": "kolom {value} tidak ada; judul kolom harus tps_code,desa_code,voters",
    "counts.column_unknown": "kolom {value} tidak dikenal; hapus kolom itu, yang dibaca hanya tps_code,desa_code,voters",
    "counts.column_personal": "kolom {value} tampak berisi data pribadi; Posko hanya menerima jumlah pemilih. Hapus kolom itu",
    "counts.column_twice": "kolom {value} ada dua kali",
    "counts.width": "ada {have} kolom, seharusnya {want}; periksa tanda koma atau tanda kutip di baris ini",
    "counts.quote": "tanda kutip tidak ditutup di sekitar baris ini",
    "counts.code_empty": "kode kosong",
    "counts.code_scientific": "{value} ditulis Excel sebagai bilangan; atur kolom kode sebagai teks lalu isi kembali",
    "counts.code_zeros": "{value} kehilangan nol di depan nomor TPS; tiga angka terakhir harus lengkap, misalnya 001",
    "counts.tps_code": "{value} bukan kode TPS; bentuknya 19.06.01.2001.001 atau 13 angka",
    "counts.desa_code": "{value} bukan kode desa; bentuknya 19.06.01.2001 atau 10 angka",
    "counts.mismatch": "TPS {value} tidak berada di desa {desa}; dua kode di baris ini tidak cocok",
    "counts.twice": "TPS {value} sudah ada di baris {first}",
    "counts.personal": "{value} sepanjang NIK atau nomor KK; Posko hanya menerima jumlah pemilih",
    "counts.voters_empty": "jumlah pemilih kosong; tulis 0 bila memang tidak ada",
    "counts.voters_negative": "{value} di bawah nol",
    "counts.voters_separator": "{value}: titik atau koma bisa berarti ribuan atau pecahan; tulis angka saja, misalnya 1234",
    "counts.voters": "{value} bukan bilangan bulat",
    "counts.voters_many": "{value} pemilih di satu TPS terlalu banyak untuk benar; periksa angkanya",
}


def sentence(problem: Problem) -> str:
    """Baris 3, kolom voters: ..."""
    where = [f"baris {problem.row}"] * bool(problem.row) + [f"kolom {problem.column}"] * bool(problem.column)
    text = SENTENCES[problem.code].format(**problem.facts)
    head = ", ".join(where)
    return f"{head[0].upper()}{head[1:]}: {text}." if head else f"{text[0].upper()}{text[1:]}."


class Row(NamedTuple):
    """One TPS: codes as digits only (13 and 10), voters."""

    tps: str
    desa: str
    voters: int


@dataclass
class _Reading:
    name: str
    problems: list[Problem] = field(default_factory=list)

    def bad(self, row: int, column: str, code: str, **facts: str | int) -> None:
        self.problems.append(Problem(self.name, row, column, f"counts.{code}", facts))


def read(name: str, data: bytes) -> tuple[list[Row], list[Problem]]:
    """Rows of a CSV file, or none and all problems."""
    reading = _Reading(name)
    text = _text(reading, data)
    if reading.problems:
        return [], reading.problems
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else "\t" if first.count("\t") > first.count(",") else ","
    rows = csv.reader(text.splitlines(), delimiter=separator)
    try:
        where = _header(reading, next(rows, []))
        found = [] if reading.problems else list(_rows(reading, rows, where))
    except csv.Error:  # a quotation mark that never closes swallows the rest of the file
        reading.bad(rows.line_num, "", "quote")
        found = []
    if not found and not reading.problems:
        reading.bad(0, "", "no_rows")
    return ([] if reading.problems else found), reading.problems


def _text(reading: _Reading, data: bytes) -> str:
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0" or data[:4] == b"%PDF":
        reading.bad(0, "", "not_csv", kind="PDF" if data[:1] == b"%" else "buku kerja Excel")
        return ""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        reading.bad(0, "", "encoding")
        return ""
    if "\0" in text:
        reading.bad(0, "", "encoding")
    elif not text.strip():
        reading.bad(0, "", "empty")
    return text


def _header(reading: _Reading, titles: Sequence[str]) -> tuple[int, int, int, int]:
    """Where the three columns stand, and how wide a row is."""
    names = [title.strip().lower() for title in titles]
    for name in names:
        if name not in HEADER:
            reading.bad(1, name, "column_personal" if _PERSONAL.search(name) else "column_unknown", value=name or "(tanpa judul)")
        elif names.count(name) > 1:
            reading.bad(1, name, "column_twice", value=name)
    for name in HEADER:
        if name not in names:
            reading.bad(1, name, "column_missing", value=name)
    if reading.problems:
        return 0, 0, 0, 0
    return names.index("tps_code"), names.index("desa_code"), names.index("voters"), len(names)


def _rows(reading: _Reading, rows: Iterator[list[str]], where: tuple[int, int, int, int]) -> Iterator[Row]:
    tps_at, desa_at, voters_at, width = where
    first: dict[str, int] = {}
    desa_digits: dict[str, str] = {}
    for number, cells in enumerate(rows, start=2):
        if len(cells) != width:
            if any(cell.strip() for cell in cells):
                reading.bad(number, "", "width", have=len(cells), want=width)
            continue
        tps, desa, voters = cells[tps_at].strip(), cells[desa_at].strip(), cells[voters_at].strip()
        if not (tps or desa or voters):
            continue
        digits = tps.replace(".", "") if _TPS.fullmatch(tps) else _bad_code(reading, number, "tps_code", tps)
        village = desa_digits.get(desa)
        if village is None:
            village = desa.replace(".", "") if _DESA.fullmatch(desa) else _bad_code(reading, number, "desa_code", desa)
            if village:
                desa_digits[desa] = village
        if digits and village and digits[:10] != village:
            reading.bad(number, "tps_code", "mismatch", value=tps, desa=desa)
        if digits and first.setdefault(digits, number) != number:
            reading.bad(number, "tps_code", "twice", value=tps, first=first[digits])
        if voters.isascii() and voters.isdigit() and len(voters) < 8 and int(voters) <= MOST:
            yield Row(digits, village, int(voters))
        else:
            _bad_voters(reading, number, voters)


def _bad_code(reading: _Reading, row: int, column: str, value: str) -> str:
    digits = value.replace(".", "").replace(" ", "")
    if not value:
        code = "code_empty"
    elif re.fullmatch(r"[\d.,]+e\+?\d+", value, re.IGNORECASE):
        code = "code_scientific"
    elif digits.isdigit() and len(digits) == 16:
        code = "personal"
    elif column == "tps_code" and re.fullmatch(r"\d\d\.\d\d\.\d\d\.\d{4}\.\d{1,2}|\d{11,12}", value):
        code = "code_zeros"
    else:
        code = column
    reading.bad(row, column, code, value=_short(value, digits))
    return ""


def _bad_voters(reading: _Reading, row: int, value: str) -> None:
    digits = re.sub(r"[.,\s]", "", value)
    if not value:
        code = "voters_empty"
    elif digits.isdigit() and len(digits) == 16:
        code = "personal"
    elif re.fullmatch(r"-\s*\d+", value):
        code = "voters_negative"
    elif re.fullmatch(r"\d+([.,]\d+)+", value):
        code = "voters_separator"
    elif digits == value and value.isascii() and value.isdigit():
        code = "voters_many"
    else:
        code = "voters"
    reading.bad(row, "voters", code, value=_short(value, digits))


def _short(value: str, digits: str) -> str:
    """A value as it may be repeated on a screen: nothing that looks like a person's number is shown."""
    return f"angka {len(digits)} digit" if digits.isdigit() and len(digits) >= 14 else value[:40]
