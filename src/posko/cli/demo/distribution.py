"""Distribution: the example's fleet, a draft plan on 5 December 2023, checked, with its surat jalan."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.domain import distribution as rules
from posko.formats import fleet, scenario, text
from posko.planning import routes
from posko.store import distribution

# The fleet is entered after the needs are known and before the rakor.
FLEET_AT = datetime(2023, 12, 4, 3, 0, tzinfo=UTC)
PLAN_AT = datetime(2023, 12, 5, 1, 30, tzinfo=UTC)
# Enough for this size, and the same plan on every machine.
ITERATIONS = 3000


def run(ctx: Context) -> None:
    """Fleet and handling rules, then a plan for the first election."""
    folder = ctx.root / "scenarios" / "beltim-2024"
    facts = scenario.read(folder)
    ani = ctx.people["ani"]
    sized = fleet.read(folder / "fleet.toml", facts.sites, facts.sea_legs)
    for election in facts.elections:
        distribution.set_up(election, sized.vehicles, sized.rules, sized.sizes, sized.outside, ani, FLEET_AT)
    given = distribution.inputs(ctx.election, PLAN_AT)
    stop = routes.Stop(iterations=ITERATIONS)
    made = routes.plan(given.loads, given.network, given.fleet, given.rules, seed=1, stop=stop, sea=distribution.sea(ctx.election, PLAN_AT))
    stored = distribution.record_plan(ctx.election, made, given.digest, ani, PLAN_AT)
    _say(ctx, stored)


def _say(ctx: Context, stored: distribution.StoredPlan) -> None:
    said = stored.summary()
    marks = ", ".join(stored.marks)
    ctx.say(f"    Rencana {stored.number}: layak, {said['islands']} dari {said['islands_total']} pulau terjangkau, 0 pelanggaran ({marks})")
    ctx.say(
        f"    {text.angka(int(said['tps_reached']))} dari {text.angka(int(said['tps']))} TPS, {text.angka(int(said['boxes']))} kotak, "
        f"{said['vehicles']} kendaraan, {said['trips']} perjalanan, {text.angka(round(int(said['distance_m']) / 1000))} km"
    )
    minutes = stored.plan.arrivals()
    for load in stored.inputs.loads:
        if load.kind is rules.LoadKind.ISLAND:
            node = stored.inputs.network.node(load.place)
            ctx.say(f"    {node.name if node else load.place}: tiba {text.waktu(stored.instant(minutes[load.code]))}")
    ctx.say(f"    {len(stored.waybills)} surat jalan, sidik rencana {stored.plan_hash[:16]}")
