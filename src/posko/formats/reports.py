"""Reports out of a file (XLSX or CSV) and back as a template; the printed card of SMS codes; the words for kinds of reports.

`read` returns every row that may be filed and all problems with sheet, row and column; a file with one problem is not imported at all.
Columns about persons, participants, religion or ethnicity are refused with the whole file, before anything of it is kept.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from posko.domain import record
from posko.domain import reports as rules
from posko.formats import document, orders, table, text

CATEGORIES = {
    rules.Category.LOG: "Perlengkapan pemungutan suara",
    rules.Category.GEO: "Cuaca, laut, jalan",
    rules.Category.NET: "Listrik dan sinyal",
    rules.Category.VOT: "Daftar pemilih",
    rules.Category.SEC: "Keamanan",
    rules.Category.INF: "Kabar yang beredar",
    rules.Category.HR: "Petugas",
    rules.Category.VIO: "Dugaan pelanggaran",
    rules.Category.OTHER: "Hal lain",
}
CHANNELS = {
    rules.Channel.FACE: "Datang langsung",
    rules.Channel.PHONE: "Telepon",
    rules.Channel.MESSAGE: "Pesan",
    rules.Channel.LETTER: "Surat",
    rules.Channel.MEDIA: "Media",
    rules.Channel.PUBLIC: "Halaman umum",
}
SOURCES = {
    rules.Source.CITIZEN: "Warga",
    rules.Source.KPU: "Petugas KPU, PPK, PPS, KPPS",
    rules.Source.POLICE: "Petugas keamanan",
    rules.Source.OFFICIAL: "Petugas pemerintah atau desa",
    rules.Source.MEDIA: "Media",
    rules.Source.UNKNOWN: "Tidak diketahui",
}

MOST_ROWS = 5_000
MOST_PROBLEMS = 500
SHEET = "Laporan"
HEADERS = (
    "waktu kejadian", "diterima", "tentang", "uraian", "desa", "tps", "keterangan tempat", "saluran", "sumber", "kontak",
)  # fmt: skip
_NEEDED = ("tentang", "uraian")
_WORDS = {"uraian", "keterangan tempat", "kontak"}
"""Columns of people's own words: long numbers are hidden there, as on every form, and refused elsewhere."""
_FORBIDDEN = {
    "identity": re.compile(
        r"(no|nomor|nmr)? ?(nik|nkk|kk|ktp|e ktp|paspor|induk kependudukan)( pelapor| terlapor)?|(tempat|tanggal|tgl) ?lahir|ttl|umur|usia"
    ),
    "person": re.compile(
        r"nama( lengkap| pelapor| terlapor| pelaku| saksi| korban| orang)?|name|terlapor|pelaku|alamat( lengkap| rumah| pelapor)?|email"
        r"|jenis kelamin|pekerjaan|(no|nomor) (hp|telepon|telp|wa)( pelapor)?"
    ),
    "participant": re.compile(
        r"(nama )?(partai|parpol|caleg|paslon|calon|kandidat|peserta pemilu|tim sukses|timses)( \w+)?|(no|nomor) urut( \w+)?"
        r"|pilihan( politik)?"
    ),
    "support": re.compile(r"dukungan( \w+)?|pendukung|simpatisan|basis massa|perolehan suara|elektabilitas"),
    "religion": re.compile(r"agama|kepercayaan|religion"),
    "ethnicity": re.compile(r"suku( bangsa)?|etnis|ras|ethnicity"),
}
_SIXTEEN = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){15}(?!\d)")


@dataclass(frozen=True)
class Row:
    """A row that may be filed: what was said, when it came (None: with the import), its row in the file."""

    filing: rules.Filing
    received_at: datetime | None
    number: int


@dataclass(frozen=True)
class Reading:
    """The rows of a file, everything that is wrong with it, the columns that are not read, and the hash of what its rows say."""

    rows: tuple[Row, ...]
    problems: tuple[record.Problem, ...]
    ignored: tuple[str, ...]
    content_sha256: str

    @property
    def ready(self) -> bool:
        """Whether it can be imported: no problem, and something in it."""
        return not self.problems and bool(self.rows)


def read(name: str, data: bytes, places: Mapping[str, str], at: datetime, inside: Callable[[str], bool] = lambda _place: True) -> Reading:
    """A file as uploaded. places: code -> name ("Lalang, Manggar"; TPS, desa, sites). `table.Unreadable`, ForbiddenColumn.

    inside: whether whoever imports may read reports from a place ("": from none); a row from elsewhere is a problem of its own.
    """
    book = table.read(name, data)
    sheets = [s for s in book.sheets if s.name.strip().lower().startswith(SHEET.lower())]
    sheets = sheets or [s for s in book.sheets if any(_columns(row).keys() >= set(_NEEDED) for row in s.rows[:10])] or list(book.sheets[:1])
    for sheet in book.sheets:
        _refuse_columns(sheet)
    reader = _Reader(places, at, inside)
    for sheet in sheets:
        reader.sheet(sheet)
    if len(reader.rows) + len(reader.bad) > MOST_ROWS:
        reader.problems = [record.Problem("", 0, "", "reports_file.too_many_rows", {"most": text.angka(MOST_ROWS)})]
    elif not reader.rows and not reader.problems:
        reader.problems.append(record.Problem("", 0, "", "reports_file.empty"))
    said = "\n".join(map(repr, reader.raw))
    found = sorted(reader.problems, key=lambda p: (p.sheet, p.row, p.column))
    return Reading(tuple(reader.rows), tuple(found), tuple(reader.ignored), hashlib.sha256(said.encode()).hexdigest())


def _norm(cell: table.Cell) -> str:
    return re.sub(r"[^a-z0-9]+", " ", str(cell or "").lower()).strip()


def _columns(row: Sequence[table.Cell]) -> dict[str, int]:
    return {_norm(cell): index for index, cell in reversed(list(enumerate(row))) if _norm(cell) in HEADERS}


def _refuse_columns(sheet: table.Sheet) -> None:
    """ForbiddenColumn for a header of such a column in the first rows, where headers stand."""
    for number, row in enumerate(sheet.rows[:10], start=1):
        if sum(cell not in (None, "") for cell in row) < 2:
            continue  # a title
        for column, cell in enumerate(row):
            word = _norm(cell) if isinstance(cell, str) and len(cell) < 60 else ""
            rule = next((rule for rule, pattern in _FORBIDDEN.items() if word and pattern.fullmatch(word)), "")
            if rule:
                raise rules.ForbiddenColumn(sheet=sheet.name or "berkas", row=number, column=table.column_letter(column), rule=rule)


class _Reader:
    """One reading of one file."""

    def __init__(self, places: Mapping[str, str], at: datetime, inside: Callable[[str], bool]) -> None:
        self.at = at
        self.inside = inside
        self.places = places
        self.by_name: dict[str, list[str]] = {}
        for code, name in places.items():
            for key in {_norm(name), _norm(name.split(",")[0])}:
                self.by_name.setdefault(key, []).append(code)
        self.rows: list[Row] = []
        self.problems: list[record.Problem] = []
        self.ignored: list[str] = []
        self.bad: set[tuple[str, int]] = set()
        self.seen: dict[object, int] = {}
        self.raw: list[tuple[str, ...]] = []

    def sheet(self, sheet: table.Sheet) -> None:
        head = max(range(min(10, len(sheet.rows))), key=lambda i: len(_columns(sheet.rows[i])), default=None)
        columns = _columns(sheet.rows[head]) if head is not None else {}
        missing = [name for name in _NEEDED if name not in columns]
        if head is None or missing:
            self.problems.append(record.Problem(sheet.name, (head or 0) + 1, "", "reports_file.columns", {"names": ", ".join(missing)}))
            return
        names = [_norm(cell) for cell in sheet.rows[head]]
        for index, name in enumerate(names):
            if name and names.index(name) != index and name in HEADERS:
                self.wrong(sheet, head + 1, index, "reports_file.column_twice", what=name)
            elif name and name not in HEADERS:
                self.ignored.append(str(sheet.rows[head][index])[:40])
        for number, cells in enumerate(sheet.rows[head + 1 :], start=head + 2):
            if any(cell not in (None, "") for cell in cells):
                self.row(sheet, number, cells, columns)

    def wrong(self, sheet: table.Sheet, row: int, column: int | None, code: str, **said: str | int) -> None:
        self.bad.add((sheet.name, row))
        where = f"{table.column_letter(column)} ({_norm_head(sheet, row, column)})" if column is not None else ""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(record.Problem(sheet.name, row, where.replace(" ()", ""), code, said))

    def row(self, sheet: table.Sheet, number: int, cells: Sequence[table.Cell], columns: Mapping[str, int]) -> None:
        def cell(name: str) -> str:
            index = columns.get(name)
            value = cells[index] if index is not None and index < len(cells) else None
            return "" if value is None else str(value).strip()

        def wrong(name: str, code: str, **said: str | int) -> None:
            self.wrong(sheet, number, columns.get(name), code, what=name, **said)

        self.raw.append(tuple(cell(name) for name in HEADERS))
        for index, value in enumerate(cells):
            outside = index not in {columns[name] for name in _WORDS if name in columns}
            if outside and value is not None and _SIXTEEN.search(str(value)):
                self.wrong(sheet, number, index, "reports_file.identity")
        for name in HEADERS:
            if cell(name) == "=" or re.match(r"#(REF|DIV/0|VALUE|N/A|NAME\?|NUM|NULL)", cell(name)):
                wrong(name, "reports_file.formula")
        chosen = {
            "tentang": _chosen(CATEGORIES, cell("tentang"), None),
            "saluran": _chosen(CHANNELS, cell("saluran"), rules.Channel.LETTER),
            "sumber": _chosen(SOURCES, cell("sumber"), rules.Source.UNKNOWN),
        }
        for name, value in chosen.items():
            if value is None or (name == "saluran" and value is rules.Channel.PUBLIC):
                choices = {"tentang": CATEGORIES, "saluran": CHANNELS, "sumber": SOURCES}[name].values()  # type: ignore[attr-defined]
                wrong(name, "reports_file.choice", value=cell(name)[:40] or "kosong", choices=", ".join(choices))
        happened_at = self.moment(cell("waktu kejadian"), lambda code, **said: wrong("waktu kejadian", code, **said))
        received_at = self.moment(cell("diterima"), lambda code, **said: wrong("diterima", code, **said))
        place = self.place(cell("desa"), cell("tps"), wrong)
        if (sheet.name, number) in self.bad:
            return
        if not self.inside(place):
            wrong("desa", "reports_file.outside", place=self.places.get(place, "Laporan tanpa tempat menjadi urusan seluruh daerah,"))
            return
        try:
            filing = rules.filing(
                cell("uraian"), category=rules.Category(chosen["tentang"]), channel=rules.Channel(chosen["saluran"]),
                source=rules.Source(chosen["sumber"]), place=place, at=received_at or self.at, place_note=cell("keterangan tempat"),
                contact=cell("kontak"), happened_at=happened_at,
            )  # fmt: skip
        except rules.Future:
            wrong("waktu kejadian", "reports_file.after_received")
            return
        except record.Refusal as refusal:
            self.wrong(sheet, number, columns["uraian"], refusal.code, **refusal.facts)
            return
        key = (filing.words.text, filing.place, filing.happened_at)
        if key in self.seen:
            wrong("uraian", "reports_file.twice", first=self.seen[key])
            return
        self.seen[key] = number
        self.rows.append(Row(filing, received_at, number))

    def moment(self, said: str, wrong: Any) -> datetime | None:
        """A time as typed, in WIB; a day alone is its noon, or now where noon has not come."""
        if not said:
            return None
        found = parsed_moment(said)
        if found is None:
            wrong("reports_file.moment", value=said[:30])
            return None
        if found > self.at:
            if ":" in said or "." in said[10:] or found.date() > self.at.astimezone(text.WIB).date():
                wrong("reports_file.future", value=said[:30])
                return None
            return self.at
        return found

    def place(self, desa: str, tps: str, wrong: Any) -> str:
        if not desa:
            if tps:
                wrong("desa", "reports_file.desa_missing")
            return ""
        found = [desa] if desa in self.places else self.by_name.get(_norm(desa), [])
        if len(found) != 1:
            choices = "; ".join(self.places[code] for code in found[:5])
            wrong("desa", "reports_file.several" if found else "reports_file.place", value=desa[:40], choices=choices)
            return ""
        if not tps:
            return found[0]
        number = re.sub(r"(?i)^tps\s*", "", tps)
        code = f"{found[0]}.{number.zfill(3)}"
        if not number.isdigit() or code not in self.places:
            wrong("tps", "reports_file.tps", value=tps[:20], desa=self.places[found[0]])
            return ""
        return code


def _norm_head(sheet: table.Sheet, row: int, column: int | None) -> str:
    """The name of a column, from the header above its row."""
    for cells in sheet.rows[: min(10, row)]:
        if len(_columns(cells)) >= len(_NEEDED) and column is not None and column < len(cells):
            return _norm(cells[column])
    return ""


def _chosen(names: Mapping[Any, str], said: str, default: Any) -> Any:
    """The member that a cell means by its code or its name; None where it means none."""
    if not said:
        return default
    word = _norm(said)
    return next((member for member, name in names.items() if word in {_norm(name), _norm(member.value)}), None)


def parsed_moment(said: str) -> datetime | None:
    """2023-12-05 10:00, 5/12/2023 10.00, 5 Desember 2023, each read in WIB; a day alone is its noon. None for anything else."""
    found = re.fullmatch(r"(.+?)(?:[ T,]+(?:pukul )?(\d{1,2})[.:](\d{2})(?:[.:]\d{2})?(?: ?WIB)?)?", said.strip())
    day = orders.parsed_day(found[1].strip()) if found else None
    if found is None or day is None:
        return None
    try:
        clock = time(int(found[2]), int(found[3])) if found[2] else time(12)
    except ValueError:
        return None
    if found[2] == "0" * len(found[2] or "x") and int(found[3]) == 0 and len(said) == 19:
        clock = time(12)  # a spreadsheet's day without a time
    try:
        return datetime.combine(day, clock, text.WIB).astimezone(UTC)
    except OverflowError:  # the first morning of the calendar has no UTC
        return None


def template(places: Mapping[str, str]) -> bytes:
    """The form, its guide, the words to choose from and the names of places."""
    choices: list[Sequence[object]] = [("tentang", "saluran", "sumber")]
    columns = [list(CATEGORIES.values()), [n for c, n in CHANNELS.items() if c is not rules.Channel.PUBLIC], list(SOURCES.values())]
    choices += [tuple(column[i] if i < len(column) else "" for column in columns) for i in range(max(map(len, columns)))]
    guide: list[Sequence[object]] = [
        ("Kolom", "Isi"),
        ("waktu kejadian", "Boleh kosong. Contoh: 5/12/2023 10.00 (WIB)."),
        ("diterima", "Boleh kosong. Kapan laporan sampai kepada petugas, misalnya dari buku catatan."),
        ("tentang", "Wajib. Salin dari lembar Pilihan."),
        ("uraian", f"Wajib, {rules.TEXT_SHORTEST} sampai {rules.TEXT_LONGEST} huruf. Kata-kata pelapor, tanpa nama orang."),
        ("desa", "Boleh kosong. Nama atau kode dari lembar Tempat; bila nama sama, tulis dengan kecamatan: “Baru, Manggar”."),
        ("tps", "Boleh kosong. Nomor TPS di desa itu."),
        ("saluran, sumber", "Boleh kosong (dibaca: surat, tidak diketahui). Salin dari lembar Pilihan."),
        ("kontak", "Boleh kosong. Hanya dibaca analis Posko, dapat dihapus."),
        ("Jangan", "Jangan menambah kolom nama, NIK, partai, calon, agama, atau suku: berkasnya ditolak."),
        ("Batas", f"{text.angka(MOST_ROWS)} baris, 5 MB. Berkas masuk seluruhnya atau tidak sama sekali."),
    ]
    desa = [(code, name) for code, name in places.items() if code.count(".") < 4]
    return table.xlsx({SHEET: [HEADERS], "Petunjuk": guide, "Pilihan": choices, "Tempat": [("kode", "nama tempat"), *desa]})


# --- the card of codes -----------------------------------------------------------------------------------------------------------


def card(
    paper: str, places: Iterable[tuple[str, str]], title: str, region: str, at: datetime, *, send_to: str = "", mark: str = ""
) -> bytes:
    """The card of SMS codes as PDF, black on white. places: (code, name) of TPS, or of a desa.

    paper "a6": one card a page for one place each, for a pocket. "a4": one sheet with all places of a desa.
    """
    rows = [{"place": rules.sms_place(code), "name": name} for code, name in places]
    values = {
        "paper": paper, "title": title, "region": region, "rows": rows, "mark": mark, "send_to": send_to, "version": rules.SMS_VERSION,
        "codes": [{"written": f"{c.number} {c.written[2]}", "sentence": c.sentence} for c in rules.SMS_CODES],
        "example": f"LAPOR {rows[0]['place']} {rules.SMS_CODES[0].number}{rules.SMS_CODES[0].written[2]}" if rows else "",
        "meaning": rules.SMS_CODES[0].sentence,
    }  # fmt: skip
    return document.pdf("kartu-sms", values, at)
