"""Stock on paper and in tables: the words for conditions and acts, the card of a line, the workbook."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from posko.domain import stock as rules
from posko.domain.stock import Condition
from posko.formats import receipts, text

CONDITION_WORDS = {
    Condition.UNACCEPTED: "belum disetujui",
    Condition.GOOD: "baik",
    Condition.QUARANTINE: "karantina",
    Condition.SORTING: "sedang disortir",
    Condition.FOLDED: "terlipat",
    Condition.REJECTED: "ditolak",
    Condition.PACKED: "dikemas",
    Condition.SUPPLIER: "pemasok",
    Condition.MISSING: "kurang",
    Condition.FOUND: "ditemukan",
    Condition.RETURNED: "dikembalikan",
    Condition.DESTROYED: "dimusnahkan",
    Condition.EARLIER: "sisa pemilihan lalu",
    Condition.SENT: "diserahkan",
}
# What moved the pieces, by the kind of its entry; an act of a stage that is not named here shows its own name.
ACT_WORDS = {
    "receipt.recorded": "Diterima dan dihitung",
    "receipt.accepted": "Penerimaan disetujui",
    "receipt.corrected": "Hitungan dikoreksi",
    "receipt.opened": "Stok awal dari penerimaan lama",
    "carton.opened": "Karton dibuka",
    "carton.closed": "Karton selesai disortir",
    "carton.opening_undone": "Pembukaan karton dibatalkan",
    "carton.closing_undone": "Hasil karton dibatalkan",
    "carton.result_corrected": "Hasil karton dikoreksi",
    "stock.adjusted": "Selisih dinyatakan",
    "stock.opened": "Sisa pemilihan lalu dimasukkan",
    "ballots.destroyed": "Dimusnahkan",
    "quarantine.returned": "Dikembalikan dari karantina",
    "quarantine.destroyed": "Dimusnahkan dari karantina",
    "shipment.misdirected": "Salah alamat",
    "packing.scanned": "Dikemas",
    "packing.overridden": "Dikemas dengan melewati pengaman",
    "packing.undone": "Pengemasan dibatalkan",
    "packing.unpacked": "Dikeluarkan dari kotak",
    "packing.set_aside": "Disisihkan saat mengemas",
    "transfer.sent": "Digeser ke TPS lain",
    "transfer.received": "Diterima dari TPS lain",
    "transfer.corrected": "Geseran dikoreksi",
    "transfer.cancelled": "Geseran dibatalkan",
}


@dataclass(frozen=True)
class CardRow:
    """One day's movements of one kind between two conditions, and what is on hand after them. entries: how many acts they are."""

    day: date
    act: str
    source: str
    target: str
    came: int
    went: int
    moved: int
    on_hand: int
    entries: int


def card(movements: Iterable[rules.Movement], day_of: Callable[[datetime], date], place: str = "", condition: str = "") -> list[CardRow]:
    """The card of a line, oldest first: on hand is what lies inside the places (of one place, in one condition, where they are named)."""
    chosen = {Condition(condition)} if condition else set(rules.INSIDE)

    def inside(account: rules.Account) -> bool:
        return account.condition in chosen and place in ("", account.place)

    groups: dict[tuple[date, str, str, str], list[rules.Movement]] = {}
    for one in movements:
        ends = (one.posting.source.condition.value, one.posting.target.condition.value)
        groups.setdefault((day_of(one.occurred_at), one.posting.act, *ends), []).append(one)
    rows, held = [], 0
    for (day, act, source, target), moves in sorted(groups.items(), key=lambda pair: (pair[0][0], pair[1][0].occurred_at)):
        came = sum(m.posting.quantity for m in moves if inside(m.posting.target) and not inside(m.posting.source))
        went = sum(m.posting.quantity for m in moves if inside(m.posting.source) and not inside(m.posting.target))
        held += came - went
        moved, entries = sum(m.posting.quantity for m in moves), len({m.entry_id for m in moves})
        rows.append(CardRow(day, act, source, target, came, went, moved, held, entries))
    return rows


def paper(name: str, where: str, rows: Sequence[CardRow], marks: Sequence[str]) -> dict[str, Any]:
    """Values for kartu-stok.typ."""
    return {
        "title": "Kartu stok",
        "subtitle": name,
        "where": where,
        "marks": list(marks),
        "rows": [
            {
                "day": text.tanggal_pendek(r.day), "act": ACT_WORDS.get(r.act, r.act), "way": f"{word(r.source)} → {word(r.target)}",
                "came": text.angka(r.came) if r.came else "", "went": text.angka(r.went) if r.went else "",
                "moved": text.angka(r.moved), "on_hand": text.angka(r.on_hand), "entries": text.angka(r.entries),
            }
            for r in rows
        ],
    }  # fmt: skip


def word(condition: str) -> str:
    """A condition as screens and papers call it."""
    return CONDITION_WORDS[Condition(condition)]


def workbook(
    held: Mapping[tuple[rules.Line, rules.Account], int],
    names: Mapping[rules.Line, str],
    sites: Mapping[str, str],
    equations: Iterable[rules.Equation],
) -> dict[str, list[list[Any]]]:
    """Sheets for formats.table.xlsx: what lies where, and the equation of every line."""
    inside = [c for c in rules.INSIDE if any(a.condition is c for _, a in held)]
    rows: list[list[Any]] = [
        ["Tempat", "Kode tempat", "Barang", "Kode", "Jenis pemilihan", "Dapil", *(CONDITION_WORDS[c] for c in inside), "Jumlah"]
    ]
    for place in sorted({a.place for _, a in held}):
        for line in sorted({line for line, a in held if a.place == place and a.condition in inside}):
            counts = [held.get((line, rules.Account(place, c)), 0) for c in inside]
            rows.append([sites.get(place, place), place, line_name(names, line), *line, *counts, sum(counts)])
    ways = ("Pemasok", "Ditemukan", "Sisa lalu", "Di gudang", "Kurang", "Dikembalikan", "Dimusnahkan", "Diserahkan")
    sums: list[list[Any]] = [["Barang", "Kode", "Jenis pemilihan", "Dapil", *ways]]
    for e in equations:
        parts = [e.supplied, e.found, e.earlier, e.on_hand, e.missing, e.returned, e.destroyed, e.sent]
        sums.append([line_name(names, e.line), *e.line, *parts])
    return {"Stok": rows, "Neraca": sums}


def line_name(names: Mapping[rules.Line, str], line: rules.Line) -> str:
    """How a line is called."""
    return receipts.line_name(names.get(line, line[0]), line[1], line[2])
