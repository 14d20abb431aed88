"""Contracts, moved delivery days and shipments out of an XLSX file in the KPU's terms, and back: nobody types a thing twice.

Three sheets, each may be missing: Kontrak, Jadwal, Kiriman. `read` returns what the file adds to the record, all the problems with sheet,
row and column, and how many rows are recorded already; a file that was exported and is imported again adds nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from posko.domain import places as places_rules
from posko.domain import receipts as rules
from posko.domain import record
from posko.formats import receipts as printed
from posko.formats import table, text

CONTRACT, SCHEDULE, SHIPMENT = "Kontrak", "Jadwal", "Kiriman"
LINE = ("kode barang", "nama barang", "jenis pemilihan", "dapil")
HEADERS: dict[str, tuple[str, ...]] = {
    CONTRACT: (*LINE, "jumlah", "satuan", "tahap", "penyedia", "no. kontrak", "tgl kontrak", "tgl harus tiba"),
    SCHEDULE: ("no. kontrak", *LINE, "tgl harus tiba baru", "alasan"),
    SHIPMENT: ("no. kontrak", *LINE, "no. surat jalan", "tgl kirim", "jumlah kirim", "pengangkut", "tujuan", "kode SILOG"),
}
_NEEDED = {
    CONTRACT: {"jumlah", "penyedia", "no. kontrak", "tgl kontrak", "tgl harus tiba"},
    SCHEDULE: {"no. kontrak", "tgl harus tiba baru"},
    SHIPMENT: {"no. kontrak", "no. surat jalan", "tgl kirim", "jumlah kirim"},
}
_CONTESTS = {
    "PPWP": "PPWP", "PRESIDEN": "PPWP", "DPR": "DPR", "DPRRI": "DPR", "DPD": "DPD", "DPRDPROV": "DPRD_PROV", "DPRDPROVINSI": "DPRD_PROV",
    "DPRDKAB": "DPRD_KAB", "DPRDKABUPATEN": "DPRD_KAB", "DPRDKABUPATENKOTA": "DPRD_KAB", "DPRDKABKOTA": "DPRD_KAB", "DPRDKOTA": "DPRD_KAB",
}  # fmt: skip
_TOTAL = re.compile(r"\b(jumlah|total|sub ?total|jml)\b", re.IGNORECASE)
_SERIAL = date(1899, 12, 30)


@dataclass(frozen=True)
class Known:
    """What the record has, and what this election may order. here: contest -> its dapil in this region."""

    demands: tuple[rules.Demand, ...]
    contracts: tuple[rules.Contract, ...] = ()
    orders: tuple[rules.Order, ...] = ()
    shipments: tuple[rules.Shipment, ...] = ()
    here: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What a file adds, what is wrong with it, and what needs a look. same: rows that are recorded already."""

    intake: rules.Intake
    problems: tuple[record.Problem, ...]
    warnings: tuple[record.Problem, ...]
    same: int
    sheets: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether it can be imported: no problem, and something new."""
        return not self.problems and self.intake.size > 0


def read(name: str, data: bytes, known: Known, at: datetime) -> Reading:
    """A file as uploaded; dates after `at` are no shipments yet. `table.Unreadable` for what is no table."""
    book = table.read(name, data)
    reader = _Reader(known, at)
    found = []
    for sheet in book.sheets:
        kind = next((k for k in HEADERS if sheet.name.strip().lower().startswith(k.lower())), "")
        if not kind and len(book.sheets) == 1:
            kind = _guessed(sheet)
        if kind:
            found.append((kind, sheet))
    for kind in HEADERS:  # contracts before what is delivered under them, in whatever order the sheets stand
        for k, sheet in found:
            if k == kind:
                reader.sheet(kind, sheet)
    if not found:
        reader.problem("", 0, "", "orders.no_sheet")
    return reader.reading(tuple(sheet.name for _, sheet in found))


def _norm(cell: table.Cell) -> str:
    words = re.sub(r"[^a-z0-9]+", " ", str(cell or "").lower()).strip()
    return re.sub(r"^(nomor|nomer)\b", "no", re.sub(r"^tanggal\b", "tgl", words))


def _guessed(sheet: table.Sheet) -> str:
    """The kind of a lone sheet (CSV, or renamed), by its header."""
    for row in sheet.rows[:10]:
        names = {_norm(cell) for cell in row}
        for kind, needed in _NEEDED.items():
            if {_norm(n) for n in needed} <= names:
                return kind
    return ""


class _Problem(Protocol):
    """Notes what is wrong, and where."""

    def __call__(self, sheet: str, row: int, column: str, code: str, /, **facts: str | int) -> None: ...


class _Reader:
    """One reading of one file."""

    def __init__(self, known: Known, at: datetime) -> None:
        self.known, self.at = known, at
        self.by_key = {d.key: d for d in known.demands}
        self.problems: list[record.Problem] = []
        self.warnings: list[record.Problem] = []
        self.same = 0
        self.contracts = {_bare(c.number): c for c in known.contracts}
        self.orders: dict[tuple[str, rules.Key], rules.Order] = {(_bare(o.contract), o.key): o for o in known.orders if o.contract}
        self.new_contracts: dict[str, rules.Contract] = {}
        self.new_orders: dict[tuple[str, rules.Key], rules.OrderLine] = {}
        self.moves: dict[tuple[str, rules.Key], rules.MoveLine] = {}
        self.new_shipments: dict[tuple[str, rules.Key], rules.ShipmentLine] = {}
        self.rows: dict[tuple[object, ...], int] = {}
        self.shipped: dict[tuple[str, rules.Key], int] = {}
        for s in known.shipments:
            if s.order.contract and not s.replaces:
                key = (_bare(s.order.contract), s.order.key)
                self.shipped[key] = self.shipped.get(key, 0) + s.quantity

    def problem(self, sheet: str, row: int, column: str, code: str, /, **facts: str | int) -> None:
        self.problems.append(record.Problem(sheet, row, column, code, facts))

    def reading(self, sheets: tuple[str, ...]) -> Reading:
        intake = rules.Intake(
            tuple(self.new_contracts.values()),
            tuple(self.new_orders.values()),
            tuple(self.moves.values()),
            tuple(self.new_shipments.values()),
        )
        return Reading(intake, tuple(self.problems), tuple(self.warnings), self.same, sheets)

    def sheet(self, kind: str, sheet: table.Sheet) -> None:
        for row in _rows(kind, sheet, self.problem):
            {CONTRACT: self.contract_row, SCHEDULE: self.schedule_row, SHIPMENT: self.shipment_row}[kind](row)

    # --- rows ------------------------------------------------------------------------------------------------------------

    def contract_row(self, row: "_Row") -> None:
        number, supplier = row.words("no. kontrak", 80), row.words("penyedia", 120)
        key, quantity = self.line(row), row.pieces("jumlah")
        signed, due_at = row.day("tgl kontrak"), row.day("tgl harus tiba")
        if row.bad or key is None or quantity is None or signed is None or due_at is None:
            return
        if signed > due_at:
            row.wrong("tgl harus tiba", "orders.due_before_contract")
            return
        tahap = self.tahap(row, key)
        if tahap is None or not self.once((CONTRACT, _bare(number), key), row, "no. kontrak"):
            return
        if not self.contract(row, number, signed, supplier, tahap):
            return
        before = self.orders.get((_bare(number), key))
        if before is None:
            self.new_orders[_bare(number), key] = rules.OrderLine(self.number(number), key, quantity, _end_of(due_at))
        elif before.quantity != quantity:
            row.wrong("jumlah", "orders.quantity_differs", order=before.code, before=text.angka(before.quantity), now=text.angka(quantity))
        elif _end_of(due_at) not in {_end_of(_local(before.due_at)), _end_of(_local(before.first_due_at))}:
            row.wrong("tgl harus tiba", "orders.use_schedule", order=before.code, before=text.tanggal_pendek(before.due_at))
        else:
            self.same += 1

    def contract(self, row: "_Row", number: str, signed: date, supplier: str, tahap: str) -> bool:
        """Whether the contract's own data agree with what the record or an earlier row says."""
        bare = _bare(number)
        before = self.contracts.get(bare) or self.new_contracts.get(bare)
        if before is None:
            self.new_contracts[bare] = rules.Contract(number, signed, supplier, tahap)
            return True
        if before.signed_on != signed:
            row.wrong("tgl kontrak", "orders.contract_date", number=number, before=text.tanggal_pendek(before.signed_on))
            return False
        if _bare(before.supplier) != _bare(supplier):
            row.wrong("penyedia", "orders.contract_supplier", number=number, before=before.supplier)
            return False
        return True

    def tahap(self, row: "_Row", key: rules.Key) -> str | None:
        """The procurement stage of the line; the file may leave it out, and may not contradict the rulebook."""
        right = self.by_key[key].tahap
        said = row.text("tahap").upper().replace("TAHAP", "").strip()
        said = {"1": "I", "2": "II"}.get(said, said)
        if said and right and said != right:
            row.wrong("tahap", "orders.tahap", said=said[:10], right=right)
            return None
        return right or said[:5]

    def schedule_row(self, row: "_Row") -> None:
        number, key, due_at = row.words("no. kontrak", 80), self.line(row), row.day("tgl harus tiba baru")
        if row.bad or key is None or due_at is None:
            return
        place = (_bare(number), key)
        if not self.once((SCHEDULE, *place), row, "no. kontrak") or not self.ordered(row, number, key):
            return
        before = self.orders.get(place)
        now = before.due_at if before else self.new_orders[place].due_at
        if _end_of(_local(now)) == _end_of(due_at):
            self.same += 1
        elif not row.text("alasan"):
            row.wrong("alasan", "orders.reason_missing")
        else:
            self.moves[place] = rules.MoveLine(self.number(number), key, _end_of(due_at), row.text("alasan")[:400])

    def shipment_row(self, row: "_Row") -> None:
        number, waybill = row.words("no. kontrak", 80), row.words("no. surat jalan", 60)
        key, quantity, sent = self.line(row), row.pieces("jumlah kirim"), row.day("tgl kirim")
        if row.bad or key is None or quantity is None or sent is None:
            return
        if not self.once((SHIPMENT, _bare(waybill), key), row, "no. surat jalan") or not self.ordered(row, number, key):
            return
        place = (_bare(number), key)
        before = [s for s in self.known.shipments if _bare(s.waybill) == _bare(waybill) and s.order.key == key]
        if before and before[0].quantity == quantity:
            self.same += 1
        elif before:
            row.wrong("jumlah kirim", "orders.waybill_differs", waybill=waybill, before=text.angka(before[0].quantity))
        elif sent > _local(self.at):
            row.wrong("tgl kirim", "orders.not_sent_yet", day=text.tanggal_pendek(sent))
        elif self.fits(row, place, quantity):
            sent_at = min(self.at, datetime.combine(sent, time(8), text.WIB).astimezone(UTC))
            self.new_shipments[_bare(waybill), key] = rules.ShipmentLine(
                self.number(number), key, waybill, quantity, sent_at, row.text("pengangkut")[:120], row.text("tujuan")[:120],
                row.text("kode SILOG")[:60],
            )  # fmt: skip

    def fits(self, row: "_Row", place: tuple[str, rules.Key], quantity: int) -> bool:
        """Whether what was sent stays within what was ordered; replacements are recorded with their claim, not here."""
        order = self.orders.get(place)
        ordered = order.quantity if order else self.new_orders[place].quantity
        already = self.shipped.get(place, 0)
        if already + quantity > ordered:
            row.wrong(
                "jumlah kirim", "orders.over_ordered", ordered=text.angka(ordered), already=text.angka(already), now=text.angka(quantity)
            )
            return False
        self.shipped[place] = already + quantity
        return True

    def ordered(self, row: "_Row", number: str, key: rules.Key) -> bool:
        """Whether the contract has this line, in the record or on the sheet Kontrak."""
        if (_bare(number), key) in self.orders or (_bare(number), key) in self.new_orders:
            return True
        row.wrong("no. kontrak", "orders.no_order", number=number, line=self.called(key))
        return False

    def once(self, what: tuple[object, ...], row: "_Row", column: str) -> bool:
        if what in self.rows:
            row.wrong(column, "orders.duplicate", first=self.rows[what])
            return False
        self.rows[what] = row.number
        return True

    def number(self, number: str) -> str:
        """The contract's number as recorded: small differences of writing do not make another contract."""
        bare = _bare(number)
        found = self.contracts.get(bare) or self.new_contracts.get(bare)
        return found.number if found else number

    def called(self, key: rules.Key) -> str:
        demand = self.by_key.get(key)
        return printed.line_name(demand.name, demand.contest, demand.dapil) if demand else key[0]

    # --- the line of the gauge a row speaks of -----------------------------------------------------------------------------

    def line(self, row: "_Row") -> rules.Key | None:
        code, name = row.text("kode barang").upper(), row.text("nama barang")
        items = {d.item for d in self.known.demands}
        if not code:
            code = next((d.item for d in self.known.demands if _bare(d.name) == _bare(name)), "")
            if not code:
                row.wrong("kode barang", "orders.item_missing" if not name else "orders.item_unknown", value=name[:40])
                return None
        if code not in items:
            row.wrong("kode barang", "orders.item_unknown", value=code[:40])
            return None
        return self.keyed(row, code)

    def keyed(self, row: "_Row", item: str) -> rules.Key | None:
        lines = [d for d in self.known.demands if d.item == item]
        contests = {d.contest for d in lines if d.contest}
        said = row.text("jenis pemilihan")
        if not contests:
            if said and said != "-":
                row.wrong("jenis pemilihan", "orders.no_contest", value=said[:40])
                return None
            return (item, "", "")
        contest = _CONTESTS.get(re.sub(r"[^A-Z]", "", said.upper()), said.upper())
        if contest not in contests:
            row.wrong("jenis pemilihan", "orders.contest_unknown", value=said[:40], choices=", ".join(sorted(contests)))
            return None
        dapil = places_rules.dapil_on_line(contest, row.text("dapil").upper(), self.known.here)
        choices = sorted({d.dapil for d in lines if d.contest == contest})
        if dapil not in choices:
            named = [d for d in choices if d] or list(self.known.here.get(contest, ()))
            row.wrong("dapil", "orders.dapil_unknown", value=row.text("dapil")[:40], choices=", ".join(named) or "kosong")
            return None
        return (item, contest, dapil)


class _Row:
    """A row under its header, with its place for problems."""

    def __init__(self, sheet: str, number: int, cells: Sequence[table.Cell], columns: Mapping[str, int], problem: _Problem) -> None:
        self.sheet, self.number, self.cells, self.columns, self.problem, self.bad = sheet, number, cells, columns, problem, False

    def cell(self, name: str) -> table.Cell:
        column = self.columns.get(name)
        return self.cells[column] if column is not None and column < len(self.cells) else None

    def text(self, name: str) -> str:
        cell = self.cell(name)
        return "" if cell is None else " ".join(str(cell).split())

    def wrong(self, name: str, code: str, **facts: str | int) -> None:
        self.bad = True
        column = self.columns.get(name)
        self.problem(self.sheet, self.number, f"{table.column_letter(column)} ({name})" if column is not None else name, code, **facts)

    def words(self, name: str, most: int) -> str:
        """Text that must be there, and that is no failed formula."""
        said = self.text(name)
        if not said:
            self.wrong(name, "orders.empty", what=name)
        elif said.startswith("#") or said == "=":
            self.wrong(name, "orders.formula", value=said[:20])
        elif len(said) > most:
            self.wrong(name, "orders.too_long", most=most)
        return said

    def pieces(self, name: str) -> int | None:
        """A whole number above nought: 1829, "1829" or "1.829"; 1,829 and 1829.5 are asked about."""
        said = self.text(name)
        found, fault = _pieces(self.cell(name), said)
        if fault:
            self.wrong(name, fault, value=said[:20], what=name)
        return None if fault else found

    def day(self, name: str) -> date | None:
        """A civil day: a date cell, 2023-12-31, 31/12/2023, 31-12-2023 or 31 Desember 2023."""
        said = self.text(name)
        found = parsed_day(said)
        if found is None or not date(2000, 1, 1) <= found <= date(2100, 1, 1):
            self.wrong(name, "orders.not_a_day" if said else "orders.empty", value=said[:30], what=name)
            return None
        return found


def _pieces(cell: table.Cell, said: str) -> tuple[int, str]:
    """The number, or what is wrong with it."""
    if cell is None or not said:
        return 0, "orders.empty"
    if said.startswith("#") or said == "=":
        return 0, "orders.formula"
    try:
        found = cell if isinstance(cell, int) else rules.pieces(said) if isinstance(cell, str) else -1
    except record.Refusal:
        return 0, "orders.not_whole"
    if isinstance(cell, float):
        return 0, "orders.not_whole"
    if found < 1:
        return 0, "orders.not_positive"
    return found, "orders.too_many" if found > rules.MOST else ""


_MONTHS = {month.lower(): number for number, month in enumerate(text.MONTHS, start=1)} | {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "agt": 8, "agu": 8, "sep": 9, "sept": 9, "okt": 10, "nov": 11, "nop": 11,
    "nopember": 11, "des": 12, "pebruari": 2,
}  # fmt: skip


def parsed_day(said: str) -> date | None:
    """A day as an Indonesian office writes it (day before month), or None."""
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?", said)
    numbers = re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", said)
    words = re.fullmatch(r"(\d{1,2}) ([A-Za-z]+)\.? (\d{4})", said)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if numbers:
            return date(int(numbers[3]), int(numbers[2]), int(numbers[1]))
        if words and words[2].lower() in _MONTHS:
            return date(int(words[3]), _MONTHS[words[2].lower()], int(words[1]))
        if re.fullmatch(r"\d{5}", said):  # a day that the spreadsheet shows as a plain number
            return _SERIAL + timedelta(days=int(said))
    except ValueError:
        return None
    return None


def _end_of(day: date) -> datetime:
    """The last second of a civil day in WIB."""
    return (datetime.combine(day, time(0), text.WIB) + timedelta(days=1) - timedelta(seconds=1)).astimezone(UTC)


def _local(moment: datetime) -> date:
    return moment.astimezone(text.WIB).date()


def _bare(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip().lower()


def _rows(kind: str, sheet: table.Sheet, problem: _Problem) -> Iterator[_Row]:
    """The data rows of a sheet under its header, which may stand below a title; totals and empty rows are passed over."""
    wanted = {_norm(name): name for name in HEADERS[kind]}
    head = max(range(min(15, len(sheet.rows))), key=lambda i: sum(_norm(c) in wanted for c in sheet.rows[i]), default=None)
    if head is None:
        return
    columns: dict[str, int] = {}
    for index, cell in enumerate(sheet.rows[head]):
        name = wanted.get(_norm(cell))
        if name and name in columns:
            problem(sheet.name, head + 1, table.column_letter(index), "orders.column_twice", what=name)
        elif name:
            columns[name] = index
    missing = [name for name in HEADERS[kind] if name in _NEEDED[kind] and name not in columns]
    if "kode barang" not in columns and "nama barang" not in columns:
        missing.insert(0, "kode barang")
    if missing:
        problem(sheet.name, head + 1, "", "orders.columns_missing", names=", ".join(missing))
        return
    for number, cells in enumerate(sheet.rows[head + 1 :], start=head + 2):
        filled = [c for c in cells if c not in (None, "")]
        if not filled or (len(filled) <= 3 and _TOTAL.search(str(filled[0]))):
            continue
        yield _Row(sheet.name, number, cells, columns, problem)


# --- writing -------------------------------------------------------------------------------------------------------------


def template(known: Known) -> bytes:
    """The form: every line of this election with its code and unit, the numbers left open; the same sheets that `read` takes."""
    rows: list[Sequence[object]] = [HEADERS[CONTRACT]]
    rows += [[d.item, d.name, d.contest, _full(d, known.here), "", d.unit, d.tahap, "", "", "", ""] for d in known.demands]
    return table.xlsx({"Isi contoh": _guide(), **_blank(), "Daftar barang": rows})


def _blank() -> dict[str, list[Sequence[object]]]:
    return {kind: [header] for kind, header in HEADERS.items()}


def _guide() -> list[Sequence[object]]:
    return [
        ("Lembar", "Isi"),
        (CONTRACT, "Satu baris per barang dalam kontrak. Salin kode barang, jenis pemilihan, dan dapil dari lembar Daftar barang."),
        (SCHEDULE, "Hanya bila penyedia menggeser hari tiba: kontrak, barang, tanggal baru, alasan. Tanggal lama tetap tersimpan."),
        (SHIPMENT, "Satu baris per barang dalam surat jalan. Kode SILOG boleh kosong."),
        ("Tanggal", "Contoh: 31/12/2023 atau 31 Desember 2023."),
        ("Jumlah", "Bilangan bulat, misalnya 1829 atau 1.829."),
    ]


def _full(demand: rules.Demand, here: Mapping[str, tuple[str, ...]]) -> str:
    """The dapil in full, as papers name it."""
    mine = here.get(demand.contest, ())
    return demand.dapil or (mine[0] if len(mine) == 1 else "")


def export(known: Known) -> bytes:
    """All contracts with their lines, all moved days, all shipments; `read` takes it back and finds nothing new.

    What no file may bring stands on sheets of its own, which are not read: orders without a contract, replacements (they name a claim).
    """
    by_key = {d.key: d for d in known.demands}
    sheets = _blank()
    bare: list[Sequence[object]] = [("pesanan", *HEADERS[CONTRACT])]
    again: list[Sequence[object]] = [("no. surat jalan", "barang", "tgl kirim", "jumlah kirim", "mengganti", "klaim", "kode SILOG")]
    history: list[Sequence[object]] = [("pesanan", "barang", "dari", "menjadi", "hari", "alasan", "dicatat", "tanda")]
    signed = {c.number: c for c in known.contracts}
    for o in known.orders:
        named = _named(o.key, by_key, known)
        row = [*named, o.quantity, _unit(o, by_key), o.tahap, o.supplier, o.contract, _date(signed.get(o.contract)), _said(o.first_due_at)]
        if o.contract:
            sheets[CONTRACT].append(row)
        else:
            bare.append([o.code, *row])
        if o.moves and o.contract:
            sheets[SCHEDULE].append([o.contract, *named, _said(o.due_at), o.moves[-1].reason])
        for m in o.moves:
            history.append([o.code, named[1], _said(m.from_at), _said(m.to_at), m.days, m.reason, text.waktu(m.moved_at), m.mark])
    for s in known.shipments:
        named = _named(s.order.key, by_key, known)
        if s.replaces or not s.order.contract:
            again.append([s.waybill, named[1], _said(s.sent_at), s.quantity, s.replaces, s.claim, s.silog])
        else:
            carried = [s.waybill, _said(s.sent_at), s.quantity, s.carrier, s.destination, s.silog]
            sheets[SHIPMENT].append([s.order.contract, *named, *carried])
    return table.xlsx({**sheets, "Riwayat tanggal": history, "Tanpa kontrak": bare, "Pengganti dan lain": again})


def _named(key: rules.Key, by_key: Mapping[rules.Key, rules.Demand], known: Known) -> list[str]:
    demand = by_key.get(key)
    return [key[0], demand.name if demand else "", key[1], _full(demand, known.here) if demand else key[2]]


def _unit(order: rules.Order, by_key: Mapping[rules.Key, rules.Demand]) -> str:
    return by_key[order.key].unit if order.key in by_key else ""


def _date(contract: rules.Contract | None) -> str:
    return contract.signed_on.strftime("%d/%m/%Y") if contract else ""


def _said(moment: datetime) -> str:
    return _local(moment).strftime("%d/%m/%Y")


def of(
    demands: Iterable[rules.Demand],
    contracts: Iterable[rules.Contract],
    orders: Iterable[rules.Order],
    shipments: Iterable[rules.Shipment],
    here: Mapping[str, tuple[str, ...]],
) -> Known:
    """What the record has, from lists."""
    return Known(tuple(demands), tuple(contracts), tuple(orders), tuple(shipments), here)
