"""Drill: the forecast of the plan in force, judged by a simulator that is not its model, in a few replayed elections."""

from posko.cli import honesty
from posko.cli.demo.context import Context
from posko.domain import drill as rules
from posko.formats import drill as words
from posko.formats import text
from posko.store import drill

# Enough for a word about each instant; `posko gladi uji --catat` judges by two hundred.
REPLAYS = 24


def run(ctx: Context) -> None:
    """One evaluation, recorded at the rakor."""
    field = honesty.of_installation(ctx.election, ctx.rakor_at)
    assert field is not None
    found = honesty.evaluate(field, REPLAYS, seed=1)
    drill.record_evaluation(ctx.election, found, ctx.people["ani"], ctx.rakor_at)
    ctx.say(f"    [SIMULASI] {REPLAYS} pemilu tiruan × {text.angka(found.tps)} TPS, hakimnya bukan model prakiraan")
    for one in found.judgements:
        brier, base, plan = (text.desimal(score.value / rules.MILLION, 4) for score in (one.brier, one.base, one.schedule))
        verdict = ", ".join(honesty.VERDICTS[word] for word in one.honesty)
        ctx.say(f"    {words.moment_text(one.at_min)}: Brier {brier}, rata-rata {base}, jadwal {plan}: {verdict}")
