"""Regulation: the calendar, and what an operator confirms. Quantities of seals and forms are examples [SIMULASI], not the annex."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.domain import regulation as rules
from posko.formats import text
from posko.store import regulation

MARK = "[SIMULASI]"
# Punch sets are ordered with tahap I, so their number is confirmed first; seals and forms only after the rakor of 5 December 2023.
EARLY_AT = datetime(2023, 9, 15, 3, tzinfo=UTC)
LATE_AT = datetime(2023, 12, 7, 3, tzinfo=UTC)
EARLY = (("ALAT_COBLOS", "bilik", 1),)
LATE = (
    ("SEGEL", "tps", 90),
    ("SEGEL", "ppk", 40),
    ("SEGEL", "kpu", 200),
    ("FORMULIR", "tps", 9),
    ("FORMULIR", "ppk", 6),
    ("FORMULIR", "kpu", 10),
    ("KABEL_TIES", "kotak", 6),
    ("TEMPLATE", "tps", 2),
)
CITATION = "[SIMULASI] angka contoh untuk demo; bukan dari lampiran Kep KPU 1281/2023"


def run(ctx: Context) -> None:
    """Confirmations on two days; the rulebook and the next deadlines."""
    ani = ctx.people["ani"]
    for at, rows in ((EARLY_AT, EARLY), (LATE_AT, LATE)):
        for item, use, quantity in rows:
            regulation.confirm(ctx.election, item, use, quantity, CITATION, ani, at, MARK)
    book, source = regulation.shipped("pemilu-2024")
    ctx.say(f"    {book.title} versi {source.version}: {len(book.items)} barang, {len(book.unknown())} menunggu konfirmasi operator")
    open_items = [item for item in regulation.rulebook(ctx.election, ctx.rakor_at).unknown() if item.critical]
    ctx.say(
        f"    5 Des. 2023 belum dikonfirmasi, kritis: {', '.join(item.name.lower() for item in open_items)} (7 Des. dikonfirmasi {MARK})"
    )
    coming = [m for m in regulation.milestones(ctx.election, ctx.rakor_at) if m.due_at >= ctx.rakor_at]
    ctx.say("    Tenggat: " + "; ".join(f"{m.name} {text.tanggal_pendek(m.due_at)} (H-{m.h_minus})" for m in _main(coming)))


def _main(coming: list[rules.Milestone]) -> list[rules.Milestone]:
    return [m for m in coming if m.code in {"TAHAP2", "PULAU", "H1_KPPS"}]
