"""Seals [SIMULASI]: two cartons of numbered cable ties for the warehouse, and a lot of paper seals without numbers."""

from posko.cli.demo.context import Context
from posko.cli.demo.receipts import day
from posko.formats import text
from posko.store import seals, stock

MARK = "[SIMULASI]"
RANGES = (("BT000001", "BT002200"), ("BT002201", "BT004400"))
LOT, PAPER = "KERTAS-01", 45_000
SPOILED = ("BT000007", "BT002240")


def run(ctx: Context) -> None:
    """Give them out two days before packing; two broke in the hands of those who tried them."""
    at = day(2024, 1, 30)
    home = stock.warehouse(ctx.election)
    made = [seals.issue_range(ctx.election, first, last, home, ctx.people["ani"], at, mark=MARK) for first, last in RANGES]
    seals.issue_count(ctx.election, LOT, PAPER, home, ctx.people["ani"], at, mark=MARK)
    reason = "patah saat dicoba"
    seals.spoil(ctx.election, SPOILED, ctx.people["lutfi"], day(2024, 1, 31), reason=reason, mark=MARK)
    issued = sum(r.quantity for r in made)
    ranges = "; ".join(f"{r.text(r.first)} sampai {r.text(r.last)}" for r in made)
    ctx.say(f"    {text.angka(issued)} kabel ties bernomor dibagikan kepada gudang: {ranges} · {MARK}")
    ctx.say(f"    {len(SPOILED)} patah saat dicoba; {text.angka(PAPER)} segel kertas tanpa nomor dicatat menurut jumlah ({LOT})")
