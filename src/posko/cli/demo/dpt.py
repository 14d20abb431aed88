"""Step dpt: the scenario's estimates, imported for both elections."""

from posko.cli.demo.access import SINCE
from posko.cli.demo.context import Context
from posko.domain import dpt as rules
from posko.formats import scenario, text
from posko.store import dpt


def run(ctx: Context) -> None:
    """Voter counts per TPS."""
    facts = scenario.read(ctx.root / "scenarios" / "beltim-2024")
    for code, election in facts.elections.items():
        counts = [rules.TpsVoters(tps, voters, estimate=True) for tps, voters in election.voters.items()]
        run = dpt.import_voters(
            code, counts, label=f"Perkiraan per TPS, {election.election.name}", source=election.voters_source, based_on="",
            actor=ctx.people["ani"], at=SINCE,
        )  # fmt: skip
        ctx.say(f"    {election.election.name}: {text.angka(run.tps)} TPS, {text.angka(run.total)} pemilih PERKIRAAN")
