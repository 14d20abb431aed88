"""Step replanning: the plan made again when its inputs changed: the waves on the way to Batun, then the needs that were confirmed later."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.cli.demo.distribution import ITERATIONS
from posko.formats import text
from posko.planning import routes
from posko.store import distribution

# Before the rakor closes, and in the week before the goods leave.
AGAIN_AT = (datetime(2023, 12, 5, 2, 45, tzinfo=UTC), datetime(2024, 2, 9, 3, 0, tzinfo=UTC))


def run(ctx: Context) -> None:
    """Plans 2 and 3."""
    for at in AGAIN_AT:
        given = distribution.inputs(ctx.election, at)
        stop, sea = routes.Stop(iterations=ITERATIONS), distribution.sea(ctx.election, at)
        made = routes.plan(given.loads, given.network, given.fleet, given.rules, seed=1, stop=stop, sea=sea)
        stored = distribution.record_plan(ctx.election, made, given.digest, ctx.people["ani"], at)
        said = stored.summary()
        ctx.say(
            f"    {text.waktu(at)}: rencana {stored.number}, {said['islands']} dari {said['islands_total']} pulau, "
            f"{text.angka(int(said['tps_reached']))} dari {text.angka(int(said['tps']))} TPS, {said['trips']} perjalanan"
        )
