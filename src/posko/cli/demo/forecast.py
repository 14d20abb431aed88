"""The forecast: an outlook for the rakor in December, with goods still to come, and one on the eve of voting."""

from datetime import datetime, timedelta

from posko.cli.demo.context import Context
from posko.formats import forecast as words
from posko.formats import text
from posko.store import forecast

# Looked at shortly before the meeting, and on the eve after the last hand-overs were told.
BEFORE_RAKOR = timedelta(minutes=1)
ON_THE_EVE = timedelta(minutes=1)
_SHOWN = 3


def run(ctx: Context) -> None:
    """Two outlooks, said with the TPS at risk, their causes and the next actions."""
    names = forecast.place_names(ctx.election)
    for at in (ctx.rakor_at - BEFORE_RAKOR, ctx.eve_at - ON_THE_EVE):
        outlook, plan = forecast.make(ctx.election, at)
        stored = forecast.record_outlook(ctx.election, outlook, plan, ctx.people["ani"], at, mark="[SIMULASI]")
        _say(ctx, stored, names, at)


def _say(ctx: Context, stored: forecast.Stored, names: dict[str, str], at: datetime) -> None:
    outlook = stored.outlook
    ctx.say(f"    Prakiraan {stored.number}, keadaan {text.waktu(at)}: {len(outlook.at_risk)} TPS terancam, rencana {stored.plan}")
    for one in outlook.at_risk[:_SHOWN]:
        ctx.say(f"      {names[one.tps]}: siap {words.percent(one.ready_ppm)}; {words.cause(one.causes[0])}")
    ctx.say(
        f"      {words.count(outlook.not_ready_milli)} dari {len(outlook.tps)} TPS diperkirakan tidak siap, "
        f"semua siap {words.percent(outlook.all_ppm)} (PERKIRAAN, benih {outlook.seed})"
    )
    for act in outlook.actions[:_SHOWN]:
        ctx.say(f"      {words.action(act)}: {words.gained(act.gain.ready_milli)} TPS")
