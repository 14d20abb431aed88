"""Step returns: the way back after the count, planned on the eve from the plan in force."""

from posko.cli.demo.context import Context
from posko.cli.demo.reports import wib
from posko.formats import text
from posko.store import returns

AT = (2024, 2, 13, 9, 0)


def run(ctx: Context) -> None:
    """One return, checked."""
    at = wib(*AT)
    made = returns.make(ctx.election, ctx.people["ani"], at)
    first = made.plan.first_results_min()
    stored = returns.given(ctx.election, at).stored
    when = text.waktu(stored.instant(first)) if first is not None else "-"
    ctx.say(
        f"    Arus balik {made.number}: {len(made.plan.trips)} perjalanan, {len(made.plan.left)} muatan tidak terbawa; "
        f"kotak hasil pertama di PPK {when} (ASUMSI)"
    )
