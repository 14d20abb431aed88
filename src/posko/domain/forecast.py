"""Stage forecast: how probably will each TPS be ready at the deadline, why not, and which action adds most?

Probabilities are whole parts per million, expected numbers whole thousandths: a journal keeps integers, and a seed gives the same
answer on every machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from posko.domain import record, thresholds, travel


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


# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cause:
    """Why a TPS is not ready in a share of the cases (ppm of all cases): a stable code, what it is about, and its facts."""

    code: str
    subject: str
    share_ppm: int
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class TpsOutlook:
    """P(ready at the deadline) of one TPS; the causes of the rest, the largest first."""

    tps: str
    ready_ppm: int
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class PlaceOutlook:
    """A desa, kecamatan or regency: expected number of TPS not ready (thousandths), and P(all of its TPS ready)."""

    place: str
    tps: int
    not_ready_milli: int
    all_ppm: int


@dataclass(frozen=True)
class Gain:
    """What an action adds, at the same chance for both: TPS ready (thousandths) with a 90 % interval, and P(all)."""

    ready_milli: int
    low_milli: int
    high_milli: int
    all_ppm: int
    method: str
    seed: int
    input_hash: str


@dataclass(frozen=True)
class Action:
    """Something that can still be done: a stable code and its facts, who does it, what it costs (None: unknown) and how long it takes.

    by_at: the last moment at which it still helps as computed; tps: those that gain, the most first.
    """

    code: str
    subject: str
    facts: Mapping[str, str | int]
    gain: Gain
    cost_rp: int | None
    work_min: int | None
    by_at: datetime | None = None
    tps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assumed:
    """An input of the forecast and how it is known."""

    name: str
    value: str
    basis: travel.Basis


@dataclass(frozen=True)
class Outlook:
    """The forecast for an election at an instant. tps: the least likely first."""

    said_at: datetime
    deadline_at: datetime
    scenarios: int
    seed: int
    input_hash: str
    all_ppm: int
    not_ready_milli: int
    tps: tuple[TpsOutlook, ...]
    places: tuple[PlaceOutlook, ...] = ()
    actions: tuple[Action, ...] = ()
    inputs: tuple[Assumed, ...] = ()

    @property
    def at_risk(self) -> tuple[TpsOutlook, ...]:
        """Those that are more likely not ready than one in twenty."""
        return tuple(one for one in self.tps if one.ready_ppm < 950_000)
