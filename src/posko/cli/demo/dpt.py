"""Step dpt: estimated voters per TPS, through the same import as any file."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.formats import dpt as files
from posko.formats import scenario, table, text
from posko.store import dpt, places

# The day the KPU set the DPT of 2024 nationally; the estimates stand from then on.
KNOWN_AT = {"pemilu-2024": datetime(2023, 7, 2, 3, tzinfo=UTC), "pilkada-2024": datetime(2023, 7, 2, 4, tzinfo=UTC)}


def run(ctx: Context) -> None:
    """Voters of each election that the scenario knows; no official table per TPS was published, so all are PERKIRAAN."""
    facts = scenario.read(ctx.root / "scenarios" / "beltim-2024")
    for code, known in facts.elections.items():
        rows = [
            ("tps_code", "desa_code", "voters"),
            *((t.code, t.desa_code, known.voters[t.code]) for t in known.tps_list if t.code in known.voters),
        ]
        if len(rows) == 1:
            continue
        data = table.csv(rows).encode()
        reading = files.read(f"{code}.csv", data, places.tps_list(code), region=facts.region, estimate=True)
        if not reading.ready:
            raise ValueError(f"{code}: {[*reading.problems[:3], *reading.questions[:3]]}")
        label = f"Perkiraan DPT {known.election.name}"
        found = dpt.import_voters(code, reading.voters, label=label, source=f"{code}.csv", actor=ctx.people["ani"], at=KNOWN_AT[code])
        ctx.say(f"    {known.election.name}: {text.angka(found.tps)} TPS, {text.angka(found.total)} pemilih PERKIRAAN")
