"""Calls [SIMULASI]: duty telephones with numbers that nobody has, and the first calls of H 04.30 in the order of the list."""

from datetime import timedelta

from posko.cli.demo.context import Context
from posko.domain import calls as rules
from posko.formats import calls as words
from posko.store import calls, places, readiness, record

CALLS = (("ready", ()), ("not_ready", ("place",)), ("no_answer", ()), ("help", ()))
NUMBERED = 40


def run(ctx: Context) -> None:
    """Numbers before the eve; four calls by two callers between 04.30 and 04.42."""
    ani, citra = ctx.people["ani"], ctx.people["citra"]
    numbers = {(t.code, "KPPS"): f"08000000{n:04}" for n, t in enumerate(places.tps_list(ctx.election)[:NUMBERED], start=1)}
    desa = sorted({t.desa_code for t in places.tps_list(ctx.election)})
    numbers |= {(code, "PPS"): f"08000001{n:04}" for n, code in enumerate(desa, start=1)}
    calls.set_contacts(ctx.election, numbers, ani, ctx.eve_at - timedelta(hours=2))
    starts_at = record.election(ctx.election).voting_at - rules.ASK_FROM
    items = readiness.item_names(ctx.election, starts_at)
    queue = [line for line in calls.lines(ctx.election, starts_at) if line.open]
    for number, ((outcome, missing), line) in enumerate(zip(CALLS, queue, strict=False)):
        who, at = (ani, citra)[number % 2], starts_at + timedelta(minutes=rules.CALL_MIN * (number // 2 + 1))
        made = calls.record_call(ctx.election, line.case.tps, outcome, missing, who, at)
        ctx.say(f"    {line.case.tps}: {words.outcome(made, items)} [SIMULASI]")
    ctx.say(f"    {len(numbers)} telepon piket, {len(queue)} TPS perlu ditelepon pada 04.30 [SIMULASI]")
