"""The audit: Bawaslu says what need is, and runs it before the rakor and on the eve of voting."""

from datetime import timedelta

from posko.cli.demo.context import Context
from posko.domain import neutrality as rules
from posko.store import neutrality

WORDS = {"too_few": "belum cukup data", "alarm": "perlu diperiksa", "nothing_found": "tidak ditemukan beda"}


def run(ctx: Context) -> None:
    """Needs the steps transfers, pledges, reports, aght and recommendations before it."""
    juwita = ctx.people["juwita"]
    reason = "[SIMULASI] Satu jam perjalanan menambah seperempat beban; satu laporan dihitung seperti satu TPS."
    neutrality.register(ctx.election, 250, 1000, reason, juwita, ctx.rakor_at - timedelta(days=4))
    for at, word in ((ctx.rakor_at - timedelta(hours=2), "5 Desember 2023"), (ctx.eve_at - timedelta(hours=2), "13 Februari 2024")):
        made = neutrality.run(ctx.election, juwita, at)
        verdicts = [rules.verdict(one) for one in rules.runs(made)]
        told = ", ".join(f"{verdicts.count(code)} {said}" for code, said in WORDS.items() if code in verdicts)
        ctx.say(f"    Uji netral {made.code} ({word}): {told}")
