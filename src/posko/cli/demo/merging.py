"""Merging: what is surely the same is confirmed by Citra, the doubtful is left for whoever looks at the demo."""

from datetime import timedelta

from posko.cli.demo.context import Context
from posko.store import merging

SURE = 30
"""Tenths; a proposal below it is left open."""


def run(ctx: Context) -> None:
    """Confirms the surest proposals an hour before the rakor and an hour before the eve of voting."""
    confirmed = 0
    for at in (ctx.rakor_at - timedelta(hours=1), ctx.eve_at - timedelta(hours=1)):
        for proposal in merging.proposals(ctx.election, at).groups:
            if proposal.score >= SURE:
                merging.confirm(ctx.election, proposal.numbers, ctx.people["citra"], at)
                confirmed += 1
    left = len(merging.proposals(ctx.election, ctx.eve_at).groups)
    ctx.say(f"    {confirmed} gabungan laporan dikonfirmasi, {left} usul menunggu keputusan [SIMULASI]")
