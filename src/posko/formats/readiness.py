"""The requirements of a TPS and the reasons of a verdict in words, the same on screens and pages; counts of officers out of a table."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from posko.domain import readiness as rules
from posko.domain import record
from posko.formats import table, text

SEEN = {"items": "kelengkapan barang", "seals": "segel", "place": "tempat", "kpps": "KPPS"}
REASONS = {
    "stock_short": "Stok kabupaten kurang: {name} {have} dari {need}",
    "not_delivered": "Belum dikirim; rencana tiba {at}",
    "not_delivered_group": "Belum sampai waktu kirimnya menurut rencana",
    "no_plan": "Belum ada rencana distribusi ke TPS ini",
    "no_report": "Belum ada laporan dari TPS",
    "unconfirmed": "Jumlah kebutuhan belum pasti: {name}",
    "no_needs": "Kebutuhan belum dihitung",
    "check_missing": "Kurang menurut pemeriksaan: {name}",
    "seal_broken": "Segel tidak utuh menurut pemeriksaan",
    "place_not_ready": "Tempat belum siap menurut pemeriksaan",
    "kpps_absent": "KPPS belum lengkap menurut pemeriksaan",
    "unseen": "Belum dilihat pemeriksa: {seen}",
    "stale": "Laporan terakhir sudah terlalu lama ({at})",
    "stale_group": "Laporan terakhir sudah terlalu lama",
    "told_ready": "Kata telepon siap ({at}), belum diperiksa di TPS",
    "told_ready_group": "Kata telepon siap, belum diperiksa di TPS",
    "told_missing": "Kurang menurut telepon ({at}): {lack}",
    "told_missing_group": "Kurang menurut telepon: {lack}",
    "no_boxes": "Kotak belum disiapkan: {have} dari {need}",
    "box_unpacked": "Kotak belum terisi lengkap: {have} dari {need}",
    "box_short": "Kotak disegel dengan isi kurang: {have} dari {need}",
    "box_wrong": "Kotak berisi surat suara dapil atau pemilihan lain: {have} dari {need}",
    "box_unsealed": "Kotak belum semua disegel: {have} dari {need}",
    "box_open": "Kotak dibuka lagi dan belum disegel: {have} dari {need}",
    "seal_mismatch": "Nomor segel tidak cocok: {have} dari {need} kotak",
    "not_loaded": "Belum dimuat; tenggat {at}",
    "not_departed": "Belum berangkat; tenggat {at}",
    "not_arrived": "Belum tiba; tenggat {at}",
    "not_handed": "Belum diserahkan kepada KPPS; tenggat {at}",
    "not_loaded_group": "Belum dimuat",
    "not_departed_group": "Belum berangkat",
    "not_arrived_group": "Belum tiba",
    "not_handed_group": "Belum diserahkan kepada KPPS",
    "kpps_short": "KPPS kurang menurut hitungan: {have} dari {need} orang",
    "few_trained": "KPPS terlatih terlalu sedikit: {have} dari {need} orang",
    "no_crew": "Jumlah KPPS belum dihitung",
    "storage_bad": "Penyimpanan malam terakhir: {lack}",
    "low_ground": "Lahan dapat tergenang",
    "no_reach": "{lack}, tanpa rencana pengganti",
    "unasked": "Belum ditanyakan: {lack}",
}
CHAIN = {
    "stock": "Stok barang kritis", "packed": "Isi kotak dan perlengkapan lengkap", "sealed": "Kotak disegel, segel utuh",
    "loaded": "Dimuat", "departed": "Berangkat", "arrived": "Tiba", "handed": "Diserahkan kepada KPPS",
    "present": "KPPS hadir dan lengkap", "trained": "KPPS terlatih",
    "place": "Tempat siap", "storage": "Simpan malam terakhir aman", "ground": "Lahan tidak tergenang", "reach": "Listrik dan sinyal",
}  # fmt: skip
GROUPS = {rules.Group.ITEMS: "Barang", rules.Group.LEGS: "Perjalanan", rules.Group.PEOPLE: "Orang", rules.Group.PLACE: "Tempat"}
STANDINGS = {
    rules.Standing.DONE: ("done", "terpenuhi"), rules.Standing.LATE: ("overdue", "terlambat"),
    rules.Standing.MISSING: ("waiting", "belum"), rules.Standing.UNKNOWN: ("unknown", "belum diketahui"),
}  # fmt: skip
"""Standing -> (state with its shape, word)."""
ASPECTS = {
    "pallet": "Kotak di atas palet atau meja, paling sedikit 30 cm dari lantai", "roof": "Atap tidak bocor",
    "drain": "Air di sekitar dapat mengalir, tidak merembes masuk", "ground": "Lahan TPS tidak tergenang bila hujan",
    "power": "Listrik dan penerangan ada", "signal": "Sinyal telepon ada",
}  # fmt: skip
LACKS = {
    "seals": "segel", "place": "tempat", "kpps": "KPPS", "goods": "kotak belum datang", "pallet": "kotak di lantai atau kurang dari 30 cm",
    "roof": "atap bocor", "drain": "air dapat merembes masuk", "power": "Tanpa listrik", "signal": "Tanpa sinyal",
}  # fmt: skip
UNASKED = {"pallet": "letak kotak", "roof": "atap", "drain": "aliran air", "ground": "genangan", "power": "listrik", "signal": "sinyal"}


def reason_sentence(reason: rules.Reason, grouped: bool = False) -> str:
    """A reason in words; grouped reasons leave the times out."""
    key = f"{reason.code}_group" if grouped and f"{reason.code}_group" in REASONS else reason.code
    values = {
        "name": reason.name or reason.item,
        "have": text.angka(reason.have),
        "need": text.angka(reason.need),
        "at": text.waktu(reason.at) if reason.at else "",
        "seen": SEEN.get(reason.item, reason.item),
        "lack": (UNASKED if reason.code == "unasked" else LACKS).get(reason.item, reason.name or reason.item),
    }
    return REASONS[key].format(**values) + (" (PERKIRAAN)" if reason.estimate else "")


def short_reasons(reasons: Iterable[rules.Reason]) -> str:
    """All reasons in one line: several of one kind that name items become a count."""
    groups: dict[str, list[rules.Reason]] = {}
    for reason in reasons:
        groups.setdefault(reason.code, []).append(reason)
    said = []
    for code, group in groups.items():
        head = REASONS[code].partition(":")[0]
        said.append(f"{head}: {text.angka(len(group))} barang" if len(group) > 2 else "; ".join(reason_sentence(r) for r in group))
    return "; ".join(said)


def requirement_reasons(one: rules.Requirement) -> str:
    """Why a requirement is not met, in one line: what is lacking of one kind stands together."""
    groups: dict[str, list[rules.Reason]] = {}
    for reason in one.reasons:
        groups.setdefault(reason.code, []).append(reason)
    said = []
    for code, group in groups.items():
        if "{lack}" not in REASONS[code]:
            said.append(short_reasons(group))
            continue
        lacks = ", ".join((UNASKED if code == "unasked" else LACKS).get(r.item, r.name or r.item) for r in group)
        said.append(REASONS[code].format(lack=lacks, at=text.waktu(group[0].at) if group[0].at else ""))
    return "; ".join(said)


# --- counts of officers out of a table -----------------------------------------------------------------------------------

CREW_COLUMNS = ("kode", "dibutuhkan", "ada", "terlatih")
CREW_HEAD = ("Kode TPS atau desa", "Dibutuhkan", "Ada", "Terlatih", "Tempat")
_PERSONAL = re.compile(r"nama|nik|alamat|telepon|hp|lahir|agama|partai|kelamin", re.IGNORECASE)
CREW_PROBLEMS = {
    "crew.no_columns": "Judul kolom {value} tidak ditemukan. Baris pertama: Kode TPS atau desa, Dibutuhkan, Ada, Terlatih.",
    "crew.personal": "Kolom {value} tampak berisi data orang. Posko hanya menerima jumlah; hapus kolom itu.",
    "crew.no_rows": "Belum ada baris yang diisi.",
    "crew.unknown": "{value} bukan kode TPS atau desa pemilihan ini.",
    "crew.number": "{value} bukan bilangan bulat.",
    "crew.empty": "Belum diisi.",
    "crew.bad": "Jumlah tidak masuk akal: perlu {wanted}, ada {there}, terlatih {trained}. Terlatih paling banyak sama dengan yang ada.",
    "crew.twice": "{value} sudah ada di baris {first}.",
}


@dataclass(frozen=True)
class CrewReading:
    """Counts per place, or all problems with sheet, row and column."""

    counts: Mapping[str, tuple[int, int, int]]
    problems: tuple[record.Problem, ...]


def crew_template(rows: Iterable[Sequence[object]]) -> bytes:
    """The sheet to fill in: one row a TPS with its name, and the three counts."""
    return table.xlsx({"KPPS": [CREW_HEAD, *rows]})


def read_crews(name: str, data: bytes, known: Iterable[str]) -> CrewReading:
    """Counts of KPPS per TPS or desa. table.Unreadable; rows without any count are left out."""
    sheet = table.read(name, data).sheets[0]
    problems: list[record.Problem] = []
    where = _crew_columns(sheet, problems)
    counts: dict[str, tuple[int, int, int]] = {}
    if not problems:
        codes = set(known)
        rows: dict[str, int] = {}
        for number, row in enumerate(sheet.rows[1:], start=2):
            cells = [row[where[column]] if where[column] < len(row) else None for column in CREW_COLUMNS]
            code = str(cells[0] or "").strip()
            if all(cell in (None, "") for cell in cells[1:]):
                continue
            before = len(problems)
            if code not in codes:
                problems.append(_crew_problem(sheet, number, where["kode"], "unknown", value=code[:30]))
            elif code in rows:
                problems.append(_crew_problem(sheet, number, where["kode"], "twice", value=code, first=rows[code]))
            numbers = [_crew_number(sheet, number, where[c], cell, problems) for c, cell in zip(CREW_COLUMNS[1:], cells[1:], strict=True)]
            if len(problems) == before:
                rows[code] = number
                counts[code] = (numbers[0], numbers[1], numbers[2])
                _crew_sense(sheet, number, where["dibutuhkan"], counts[code], problems)
        if not counts and not problems:
            problems.append(record.Problem(sheet.name, 0, "", "crew.no_rows"))
    return CrewReading({} if problems else counts, tuple(problems))


def _crew_columns(sheet: table.Sheet, problems: list[record.Problem]) -> dict[str, int]:
    heads = [str(cell or "").strip() for cell in (sheet.rows[0] if sheet.rows else ())]
    where: dict[str, int] = {}
    for index, head in enumerate(heads):
        first = head.lower().split(" ")[0]
        if first in CREW_COLUMNS:
            where.setdefault(first, index)
        elif _PERSONAL.search(head):
            problems.append(_crew_problem(sheet, 1, index, "personal", value=head[:30]))
    for column in CREW_COLUMNS:
        if column not in where:
            problems.append(record.Problem(sheet.name, 1, "", "crew.no_columns", {"value": column}))
    return where


def _crew_problem(sheet: table.Sheet, row: int, column: int, code: str, **said: str | int) -> record.Problem:
    return record.Problem(sheet.name, row, table.column_letter(column), f"crew.{code}", said)


def _crew_number(sheet: table.Sheet, row: int, column: int, cell: table.Cell, problems: list[record.Problem]) -> int:
    typed = str(cell if cell is not None else "").strip()
    if typed.isascii() and typed.isdigit() and len(typed) <= 3:
        return int(typed)
    problems.append(_crew_problem(sheet, row, column, "number" if typed else "empty", value=typed[:20]))
    return 0


def _crew_sense(sheet: table.Sheet, row: int, column: int, numbers: tuple[int, int, int], problems: list[record.Problem]) -> None:
    wanted, there, trained = numbers
    try:
        rules.check_crew(wanted, there, trained)
    except rules.BadCrew:
        problems.append(_crew_problem(sheet, row, column, "bad", wanted=wanted, there=there, trained=trained))
