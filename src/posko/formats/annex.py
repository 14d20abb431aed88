"""The annex of a pack as XLSX: one sheet a part, real numbers and real dates, a source and a time beside each row, the hash on top.

Made from the snapshot alone; the same snapshot and agency give the same bytes. Text stays text: nothing runs as a formula.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import xlsxwriter

from posko.formats import text

Cell = str | int | float | datetime | None
UNKNOWN = "?"
"""Where nobody knew the number; an empty cell is one that does not apply."""


@dataclass(frozen=True)
class Sheet:
    """A sheet: its columns (heading, width in characters, kind) and its rows. Kinds: text | whole | share | moment | digits (a code)."""

    name: str
    about: str
    columns: tuple[tuple[str, int, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str


SOURCE = (("Sumber", 34, "text"), ("Waktu data", 22, "moment"))


def sheets(values: Mapping[str, Any]) -> list[Sheet]:
    """Every part of a pack (formats.rakor.pack) as a sheet."""
    v, at = values, _moment(values["frozen_at"])
    return [
        _meeting(v), _agenda(v, at), _figures(v), _gauge(v, at), _needs(v, at), _kecamatan(v, at), _tps(v, at), _causes(v, at),
        _plan(v, at), *_aght(v, at), _counts(v, at), _letters(v, at), _decisions(v, at), _changes(v, at), _hashes(v),
    ]  # fmt: skip


def _moment(written: str) -> datetime | None:
    """An instant as a spreadsheet keeps it: the clock of Belitung (WIB), without zone."""
    return datetime.fromisoformat(written).astimezone(UTC).astimezone(text.WIB).replace(tzinfo=None) if written else None


def _origin(v: Mapping[str, Any], part: str) -> str:
    """The source of a part; its time has a column of its own."""
    return str(v["sources"][part]).removesuffix(f", {v['frozen']}")


def _known(value: int) -> Cell:
    return UNKNOWN if value < 0 else value


def _share(part: int, whole: int) -> Cell:
    return part / whole if whole > 0 and part >= 0 else None


def _meeting(v: Mapping[str, Any]) -> Sheet:
    rows: list[tuple[Cell, ...]] = [
        ("Rapat", v["title_meeting"]), ("Pemilihan", v["election"]), ("Waktu", v["time"]), ("Tempat", v["venue"]), ("Hadir", v["present"]),
        ("Diundang, belum tercatat hadir", v["invited"]), ("Catatan", v["note"] or "—"), ("Angka dibekukan", v["frozen"]),
        ("Pemungutan suara", f"{v['voting']} ({v['days_left']})"), ("Salinan untuk", v["reader"]), ("Tanda", ", ".join(v["marks"]) or "—"),
        ("Sidik jari paket (SHA-256)", v["digest"]), ("Akar jurnal", v["journal_root"]), ("Banyaknya catatan jurnal", v["journal_size"]),
    ]  # fmt: skip
    return Sheet("Rapat", "Rapat dan paket", (("Hal", 32, "text"), ("Isi", 80, "text")), tuple(rows), "")


def _agenda(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (("No.", 6, "whole"), ("Butir", 60, "text"), ("Mengapa", 44, "text"), ("Tenggat (WIB)", 22, "moment"), *SOURCE)
    origin = _origin(v, "agenda")
    rows = [(n, a["label"], a["why"], _moment(a["due_at"]), origin, at) for n, a in enumerate(v["agenda"], start=1)]
    return Sheet("Agenda", "Agenda: terlambat dahulu", columns, tuple(rows), "Tidak ada butir yang terlambat atau mendesak.")


def _figures(v: Mapping[str, Any]) -> Sheet:
    columns = (
        ("Kode", 18, "text"), ("Angka", 56, "text"), ("Jumlah", 12, "whole"), ("Dari", 12, "whole"), ("Bagian", 10, "share"),
        ("Tanda", 22, "text"), *SOURCE,
    )  # fmt: skip
    rows = []
    for f in v["figures"]:
        whole = None if f["whole"] < 0 else f["whole"]
        share, marks = _share(f["value"], f["whole"]), ", ".join(f["marks"])
        rows.append((f["code"], f["label"], _known(f["value"]), whole, share, marks, f["origin"], _moment(f["at"])))
    return Sheet("Angka", "Angka yang dibicarakan", columns, tuple(rows), "Belum ada angka.")


def _gauge(v: Mapping[str, Any], at: Cell) -> Sheet:
    amounts = ("Kebutuhan", "Dipesan", "Dikirim", "Diterima", "Diterima baik", "Rusak", "Hilang")
    columns = (
        ("Barang", 40, "text"), *((name, 13, "whole") for name in amounts), ("Bagian baik", 12, "share"), ("Tanda", 30, "text"), *SOURCE,
    )  # fmt: skip
    rows = []
    for g in v["gauge"]:
        need, *counts = g["values"]
        share = _share(min(counts[3], need), need) if need > 0 else None
        rows.append((g["name"], _known(need), *counts, share, ", ".join(g["marks"]), _origin(v, "gauge"), at))
    return Sheet("Penerimaan", v["gauge_note"], columns, tuple(rows), "Belum ada barang.")


def _needs(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (
        ("Kode", 18, "text"),
        ("Barang", 44, "text"),
        ("Jumlah", 14, "whole"),
        ("Kepastian aturan", 26, "text"),
        ("Sumber", 90, "text"),
        SOURCE[1],
    )
    rows = [(n["item"], n["name"], _known(n["value"]), n["grade"], _origin(v, "needs"), at) for n in v["needs"]]
    return Sheet(
        "Kebutuhan", "Kebutuhan menurut aturan; ? = belum diketahui, ditanyakan", columns, tuple(rows), "Kebutuhan belum dihitung."
    )


def _kecamatan(v: Mapping[str, Any], at: Cell) -> Sheet:
    names = ("Siap", "Belum siap", "Belum diketahui", "TPS")
    columns = (("Kecamatan", 28, "text"), *((name, 16, "whole") for name in names), *SOURCE)
    rows = [(r["name"], *r["values"], sum(r["values"]), _origin(v, "readiness"), at) for r in v["readiness"]]
    return Sheet("Kesiapan kecamatan", "Kesiapan TPS per kecamatan", columns, tuple(rows), "Belum ada TPS.")


def _tps(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (("Kode TPS", 26, "text"), ("Keadaan", 20, "text"), *SOURCE)
    rows = [(code, state, _origin(v, "readiness"), at) for code, state in v["tps"]]
    return Sheet("Kesiapan TPS", "Keadaan tiap TPS", columns, tuple(rows), "Belum ada TPS.")


def _causes(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (("Sebab", 70, "text"), ("TPS", 10, "whole"), *SOURCE)
    rows = [(c["sentence"], c["value"], _origin(v, "readiness"), at) for c in v["causes"]]
    about = "Yang menahan TPS; satu TPS dapat tertahan oleh beberapa sebab, baris ini tidak dijumlahkan"
    return Sheet("Sebab", about, columns, tuple(rows), "Tidak ada sebab yang tercatat.")


def _plan(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (("Hal", 30, "text"), ("Isi", 50, "text"), *SOURCE)
    rows = [(r["name"], r["value"], _origin(v, "plan"), at) for r in v["plan"]]
    return Sheet("Rencana distribusi", "Rencana distribusi", columns, tuple(rows), "Belum ada rencana distribusi.")


def _aght(v: Mapping[str, Any], at: Cell) -> list[Sheet]:
    """The register; a copy that may not carry it has the hash in its place."""
    if v["aght_withheld"]:
        row = ("Rincian tidak dimuat untuk " + v["aght_room"], v["aght_withheld"])
        return [Sheet("AGHT", "AGHT", (("Keterangan", 50, "text"), ("Sidik jari bagian (SHA-256)", 70, "text")), (row,), "")]
    names = ("Dampak rendah (pemilih)", "Dampak rata-rata (pemilih)", "Dampak tinggi (pemilih)")
    columns = (
        ("Kode", 12, "text"), ("Jenis", 14, "text"), ("Uraian", 50, "text"), ("Tempat", 28, "text"), ("Kemungkinan", 13, "share"),
        *((name, 14, "whole") for name in names), ("Keadaan", 14, "text"), ("Tanda", 14, "text"), *SOURCE,
    )  # fmt: skip
    rows = []
    for a in v["aght"]:
        chance, *losses = a["values"]
        about = (a["code"], a["kind"], a["title"], a["place"], chance / 1000, *losses)
        rows.append((*about, a["standing"], a["estimate"], _origin(v, "aght"), at))
    return [Sheet("AGHT", "Register AGHT", columns, tuple(rows), "Tidak ada AGHT yang tercatat.")]


def _counts(v: Mapping[str, Any], at: Cell) -> Sheet:
    names = {"issued": "Terbit", "agreed": "Diterima", "refused": "Ditolak", "waiting": "Menunggu", "overdue": "Terlambat"}
    columns = (("Kepada", 16, "text"), *((name, 12, "whole") for name in names.values()), *SOURCE)
    rows = [(c["addressee"], *(c["values"][n] for n in names), _origin(v, "recommendations"), at) for c in v["letter_counts"]]
    return Sheet("Rekomendasi", "Surat rekomendasi: jumlah", columns, tuple(rows), "Belum ada rekomendasi yang terbit.")


def _letters(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (
        ("Nomor", 28, "text"), ("Perihal", 60, "text"), ("Kepada", 14, "text"), ("Keadaan", 36, "text"), ("Tenggat (WIB)", 22, "moment"),
        *SOURCE,
    )  # fmt: skip
    rows = [
        (r["code"], r["subject"], r["addressee"], r["state"], _moment(r["due_at"]), _origin(v, "recommendations"), at)
        for r in v["recommendations"]
    ]
    hidden = f"; judul surat kepada {v['letters_withheld']} tidak dimuat" if v["letters_withheld"] else ""
    return Sheet("Surat", f"Surat rekomendasi yang boleh dibaca salinan ini{hidden}", columns, tuple(rows), "Tidak ada.")


def _decisions(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (
        ("Kode", 12, "text"), ("Rapat", 12, "text"), ("Keputusan", 70, "text"), ("Pelaksana", 14, "text"), ("Tenggat (WIB)", 22, "moment"),
        ("Keadaan", 16, "text"), ("Diputuskan (WIB)", 22, "moment"), ("Atas paket", 12, "text"), ("Tanda", 14, "text"), *SOURCE,
    )  # fmt: skip
    rows = []
    for d in v["decisions"]:
        about = (d["code"], d["meeting"], d["text"], d["owner"], _moment(d["due_at"]), d["state"], _moment(d["decided_at"]), d["snapshot"])
        rows.append((*about, ", ".join(d["marks"]), _origin(v, "decisions"), at))
    return Sheet("Keputusan", "Keputusan dan keadaannya", columns, tuple(rows), "Belum ada keputusan.")


def _changes(v: Mapping[str, Any], at: Cell) -> Sheet:
    columns = (
        ("Kode", 18, "text"), ("Angka", 56, "text"), ("Sebelumnya", 12, "whole"), ("dari", 12, "whole"), ("Sekarang", 12, "whole"),
        ("dari", 12, "whole"), ("Selisih", 12, "whole"), *SOURCE,
    )  # fmt: skip
    rows = []
    for c in v["changes"]:
        before, before_of, after, after_of, change = (None if i < 4 and n < 0 else n for i, n in enumerate(c["values"]))
        origin = f"paket {v['before']} dan {v['code']}"
        rows.append((c["code"], c["label"], before, before_of, after, after_of, change, origin, at))
    about = f"Perubahan sejak {v['before']} (SHA-256 {v['before_digest']})" if v["before"] else "Perubahan"
    empty = "Tidak ada angka yang berubah." if v["before"] else "Ini paket pertama."
    return Sheet("Perubahan", about, columns, tuple(rows), empty)


def _hashes(v: Mapping[str, Any]) -> Sheet:
    columns = (("Bagian", 28, "text"), ("SHA-256", 70, "text"), ("Dimuat", 12, "text"))
    rows = [(s["name"], s["hash"], "ya" if s["held"] else "tidak") for s in v["sections"]]
    about = "Sidik jari tiap bagian; periksa dengan ./posko rakor verify BERKAS.json"
    return Sheet("Sidik jari", about, columns, tuple(rows), "")


# --- writing -------------------------------------------------------------------------------------------------------------------------

FORMATS = {"text": "@", "whole": "#,##0", "share": "0.0%", "moment": '[$-421]d mmm yyyy hh.mm "WIB"'}
HEADER_ROW = 3


def xlsx(values: Mapping[str, Any]) -> bytes:
    """The annex of a pack. Rows 1 and 2 of each sheet say what it is and the hash; row 4 is the header, frozen, with a filter."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    frozen = datetime.fromisoformat(values["frozen_at"]).astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": values["title"], "author": "Posko", "keywords": values["digest"], "created": frozen})
    looks = {
        name: book.add_format(
            {
                "num_format": number,
                "valign": "top",
                "text_wrap": name == "text",
                **({"align": "left", "indent": 1} if name == "text" else {}),
            }
        )
        for name, number in FORMATS.items()
    }
    looks["title"] = book.add_format({"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"})
    looks["hash"] = book.add_format({"font_size": 9, "font_color": "#55626C", "text_wrap": True, "valign": "top"})
    looks["head"] = book.add_format({"bold": True, "bg_color": "#E8EDF0", "text_wrap": True, "valign": "top"})
    for sheet in sheets(values):
        _write(book.add_worksheet(sheet.name), sheet, values, looks)
    book.close()
    return target.getvalue()


def _write(page: Any, sheet: Sheet, values: Mapping[str, Any], looks: Mapping[str, Any]) -> None:
    mark = f"{values['code']} · dibekukan {values['frozen']} · salinan {values['reader']} · SHA-256 {values['digest']}"
    last, wide = len(sheet.columns) - 1, sum(width for _, width, _ in sheet.columns)
    for number, (words, look, size) in enumerate(((sheet.about, "title", 13), (mark, "hash", 9))):
        page.merge_range(number, 0, number, last, words, looks[look])
        page.set_row(number, LINE * size / 11 * _lines(words, int(wide * 11 / size)))
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEADER_ROW)
    page.set_footer(f"&L&8{values['code']} · SHA-256 {values['digest']}&R&8Halaman &P dari &N")
    for column, (name, width, _) in enumerate(sheet.columns):
        page.set_column(column, column, width)
        page.write_string(HEADER_ROW, column, name, looks["head"])
    page.freeze_panes(HEADER_ROW + 1, 0)
    if not sheet.rows:
        page.write_string(HEADER_ROW + 1, 0, sheet.empty, looks["text"])
        return
    for number, row in enumerate(sheet.rows, start=HEADER_ROW + 1):
        _row(page, number, row, sheet.columns, looks)
    page.autofilter(HEADER_ROW, 0, HEADER_ROW + len(sheet.rows), len(sheet.columns) - 1)


LINE = 15
"""Points that a line of a cell is high."""


def _lines(words: str, width: int) -> int:
    return max(1, -(-len(words) // max(1, width - 2)))


def _row(page: Any, number: int, row: Sequence[Cell], columns: Sequence[tuple[str, int, str]], looks: Mapping[str, Any]) -> None:
    lines = max((_lines(value, width) for value, (_, width, _) in zip(row, columns, strict=True) if isinstance(value, str)), default=1)
    if lines > 1:
        page.set_row(number, LINE * lines)
    for column, (value, (_, _, kind)) in enumerate(zip(row, columns, strict=True)):
        look = looks[kind]
        if value is None or value == "":
            page.write_blank(number, column, None, look)
        elif isinstance(value, datetime):
            page.write_datetime(number, column, value, look)
        elif isinstance(value, str):
            page.write_string(number, column, value[:32_000], looks["text"])
        else:
            page.write_number(number, column, value, look)
