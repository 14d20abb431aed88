"""Stage neutrality: does the post treat every part of the regency alike? (The rule of its alarm only; the audit is not built yet.)

The test itself compares where recommendations went with where need was (interventions against what a need score registered beforehand
expects); shares of votes are held by the auditor alone. Without the adjustment for need such a test cries bias where there is none, and
below about sixty interventions it sees nothing: then it says "not enough data", never "neutral".
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from posko.domain import record, thresholds


@dataclass(frozen=True)
class Limits:
    """Thresholds of R22. They are the auditor's; inside this program nobody sets them."""

    least: int = field(
        default=60, metadata=thresholds.bounds("R22", 60, 60, "tindakan", "paling sedikit untuk menilai", owner="BAWASLU", law="auditor")
    )
    p_permille: int = field(
        default=50, metadata=thresholds.bounds("R22", 50, 50, "permil", "peluang salah alarm", owner="BAWASLU", law="auditor")
    )


@dataclass(frozen=True)
class Run:
    """One run of a metric (N1 ... N7): interventions, p corrected for several looks, rate ratio per standard deviation (1 is alike)."""

    metric: str
    n: int
    p: float
    effect: float
    adjusted: bool
    run_at: datetime
    mark: str = ""


def verdict(run: Run, limits: Limits | None = None) -> str:
    """not_adjusted | too_few | alarm | nothing_found. Nothing found is not a proof of neutrality."""
    held = limits or Limits()
    if not run.adjusted:
        return "not_adjusted"
    if run.n < held.least:
        return "too_few"
    return "alarm" if run.p * 1000 < held.p_permille else "nothing_found"


def alarms(runs: Iterable[Run], limits: Limits | None = None) -> list[record.Signal]:
    """R22, for the auditor: the latest run of each metric where its verdict is an alarm."""
    latest = {run.metric: run for run in sorted(runs, key=lambda run: run.run_at)}
    return [
        record.Signal(
            "R22", "", f"metric:{run.metric}", "high", ("BAWASLU",), run.run_at,
            {"metric": run.metric, "n": run.n, "p": f"{run.p:.3f}".replace(".", ","), "effect": f"{run.effect:.2f}".replace(".", ",")},
            mark=run.mark,
        )
        for _, run in sorted(latest.items())
        if verdict(run, limits) == "alarm"
    ]  # fmt: skip
