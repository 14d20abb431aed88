"""Stage forecast: how probably will each TPS be ready? (The rule of its early warning only; the stage itself is not built yet.)"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from posko.domain import record, thresholds


@dataclass(frozen=True)
class Limits:
    """Threshold of R08. Bawaslu counts as late what comes after H-1."""

    arrival_permille: int = field(
        default=950, metadata=thresholds.bounds("R08", 500, 990, "permil", "kemungkinan tiba di PPS atau TPS sampai H-1", two=True)
    )


@dataclass(frozen=True)
class Arrival:
    """How probably the goods of a place are there by the end of H-1; permille None where nobody can say. said_at: of the forecast."""

    place: str
    name: str
    permille: int | None
    due_at: datetime
    said_at: datetime
    mark: str = ""


def arrival_signals(arrivals: Iterable[Arrival], limits: Limits | None = None) -> list[record.Signal]:
    """R08: less likely than wanted; critical below one half. What nobody can say is no warning and no all-clear: it is shown as unknown."""
    held = limits or Limits()
    found = []
    for one in arrivals:
        if one.permille is not None and one.permille < held.arrival_permille:
            said: dict[str, str | int] = {"place": one.name, "permille": one.permille, "wanted": held.arrival_permille}
            severity, subject = "critical" if one.permille < 500 else "high", f"arrival:{one.place}"
            found.append(record.Signal("R08", "GANGGUAN", subject, severity, ("KPU",), one.said_at, said, mark=one.mark, place=one.place))
    return found
