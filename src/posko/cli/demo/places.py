"""Step places: Belitung Timur from its scenario folder."""

from posko.cli.demo.access import SINCE
from posko.cli.demo.context import Context
from posko.formats import scenario, text
from posko.store import places


def run(ctx: Context) -> None:
    """Regions, sites, sea legs, and the TPS of both elections."""
    facts = scenario.read(ctx.root / "scenarios" / "beltim-2024")
    ani = ctx.people["ani"]
    places.load_region(
        facts.region, regions=facts.region_names, kecamatan=facts.kecamatan, desa=facts.desa, sites=facts.sites, sea_legs=facts.sea_legs,
        settings=facts.settings, conflicts=facts.conflicts, actor=ani, at=SINCE,
    )  # fmt: skip
    for code, election in facts.elections.items():
        places.load_tps(code, election.tps_list, election.dapil, ani, SINCE)
        special = sum(t.kind == "khusus" for t in election.tps_list)
        mark = " (SEMENTARA: hanya jumlah per kecamatan yang diketahui)" if election.election.provisional else ""
        ctx.say(f"    {election.election.name}: {text.angka(len(election.tps_list))} TPS, {special} khusus{mark}")
    islands = {t.island for t in facts.tps_list if t.island}
    on_islands = sum(bool(t.island) for t in facts.tps_list)
    ctx.say(f"    {len(facts.kecamatan)} kecamatan, {len(facts.desa)} desa, {len(islands)} pulau dengan {on_islands} TPS")
