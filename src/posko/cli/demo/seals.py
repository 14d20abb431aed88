"""Seals [SIMULASI]: numbered cable ties for two teams, and a lot of paper seals without numbers."""

from posko.cli.demo.context import Context
from posko.cli.demo.receipts import day
from posko.formats import text
from posko.store import seals

MARK = "[SIMULASI]"
RANGES = (("BT000001", "BT002200", "REGU-SEGEL-1"), ("BT002201", "BT004400", "REGU-SEGEL-2"))
LOT, PAPER = "KERTAS-01", 45_000
SPOILED = ("BT000007", "BT002240")


def run(ctx: Context) -> None:
    """Give them out two days before packing; two broke in the hands of those who tried them."""
    at = day(2024, 1, 30)
    made = [seals.issue_range(ctx.election, first, last, team, ctx.people["ani"], at, mark=MARK) for first, last, team in RANGES]
    seals.issue_count(ctx.election, LOT, PAPER, "GUDANG", ctx.people["ani"], at, mark=MARK)
    reason = "patah saat dicoba"
    seals.spoil(ctx.election, SPOILED, ctx.people["lutfi"], day(2024, 1, 31), reason=reason, mark=MARK)
    issued = sum(r.quantity for r in made)
    ranges = "; ".join(f"{r.text(r.first)} sampai {r.text(r.last)} untuk {r.to}" for r in made)
    ctx.say(f"    {text.angka(issued)} kabel ties bernomor dibagikan: {ranges} · {MARK}")
    ctx.say(f"    {len(SPOILED)} patah saat dicoba; {text.angka(PAPER)} segel kertas tanpa nomor dicatat menurut jumlah ({LOT})")
