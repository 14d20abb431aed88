"""Stage neutrality: does the post treat every part of the regency alike?

A run compares where acts went with where need was, and how long groups of desa waited, between kecamatan and between dapil. What need is
stands in a `NeedScore` that the overseer registers beforehand: TPS, hours of travel, and what was heard; never anything about votes. Shares
of votes are held by the auditor alone and are joined outside this program. Without the adjustment such a test cries bias where there is
none; below about sixty cases it sees next to nothing, and then it says "not enough data", never "neutral". Source of both figures:
simulation over 39 desa, repeated in the tests of `planning.neutrality`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from posko.domain import record, thresholds


class NotRegistered(record.Refusal):
    """What need is has to be said before looking."""

    code: ClassVar[str] = "neutrality.not_registered"


class BadScore(record.Refusal):
    """Weights below nought or beyond all sense."""

    code: ClassVar[str] = "neutrality.bad_score"


class SameScore(record.Refusal):
    """The score in force says the same: nothing to register."""

    code: ClassVar[str] = "neutrality.same_score"


class NoReason(record.Refusal):
    """A change of the yardstick without a reason."""

    code: ClassVar[str] = "neutrality.no_reason"


class Unknown(record.Refusal):
    """No such run."""

    code: ClassVar[str] = "neutrality.unknown"


@dataclass(frozen=True)
class Limits:
    """Thresholds of R22. They are the auditor's; inside this program nobody sets them."""

    least: int = field(
        default=60, metadata=thresholds.bounds("R22", 60, 60, "tindakan", "paling sedikit untuk menilai", owner="BAWASLU", law="auditor")
    )
    p_permille: int = field(
        default=50, metadata=thresholds.bounds("R22", 50, 50, "permil", "peluang salah alarm", owner="BAWASLU", law="auditor")
    )


# --- what is compared ----------------------------------------------------------------------------------------------------


class Metric(StrEnum):
    """What is looked at. The first three count acts against need; the last two are waiting times."""

    RECOMMENDATIONS = "recommendations"
    ESCORTS = "escorts"
    REPLACEMENTS = "replacements"
    ANSWER_TIME = "answer_time"
    REPLACEMENT_TIME = "replacement_time"


TIMES = frozenset({Metric.ANSWER_TIME, Metric.REPLACEMENT_TIME})


class Grouping(StrEnum):
    """Which groups of desa are compared."""

    KECAMATAN = "kecamatan"
    DAPIL = "dapil"


@dataclass(frozen=True)
class Area:
    """A desa as the audit sees it. hours: one way from the warehouse. heard: reports of different origin; short: TPS found short."""

    code: str
    name: str
    kecamatan: str
    dapil: str
    tps: int
    hours: float
    heard: int = 0
    short: int = 0

    def group(self, grouping: Grouping) -> str:
        """The name of its group."""
        return self.kecamatan if grouping is Grouping.KECAMATAN else self.dapil

    @property
    def stratum(self) -> str:
        """How far it is: cases wait for roads and boats, too."""
        return "dekat" if self.hours <= 1 else "jauh" if self.hours <= 3 else "seberang"


@dataclass(frozen=True)
class NeedScore:
    """The yardstick, in force from when it was registered: need = TPS x (1 + hours x hour_permille/1000) + heard x heard_permille/1000.

    BadScore beyond 0 to 10,000 permille.
    """

    version: int
    hour_permille: int
    heard_permille: int
    registered_at: datetime | None = None
    person: str = ""

    def __post_init__(self) -> None:
        for value in (self.hour_permille, self.heard_permille):
            if not 0 <= value <= 10_000:
                raise BadScore(value=value)

    def of(self, area: Area) -> float:
        """The need of a desa; nought where it has no TPS and nobody was heard."""
        return area.tps * (1 + area.hours * self.hour_permille / 1000) + area.heard * self.heard_permille / 1000


@dataclass(frozen=True)
class Case:
    """One act or one wait, in a desa. minutes: -1 for an act. running: the wait has not ended, minutes is what it has lasted so far."""

    metric: Metric
    area: str
    minutes: int = -1
    kind: str = ""
    running: bool = False


def needs(metric: Metric, areas: Sequence[Area], counts: Sequence[int], score: NeedScore) -> list[float]:
    """The need of each desa for a metric (areas,): replacements go where something was found short, all else by the score."""
    if metric is Metric.REPLACEMENTS:
        return [float(max(area.short, n)) for area, n in zip(areas, counts, strict=True)]
    return [max(score.of(area), float(n > 0)) for area, n in zip(areas, counts, strict=True)]


def stratum(case: Case, areas: Mapping[str, Area]) -> str:
    """Only like waits are compared: the same kind, about as far."""
    return f"{case.kind}|{areas[case.area].stratum}"


# --- what came out -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """A group in a result: cases, what need explains, ratio (of acts, or of waiting times) and its 90 per cent range, in permille."""

    name: str
    n: int
    expected_permille: int
    ratio_permille: int
    low_permille: int
    high_permille: int


@dataclass(frozen=True)
class Result:
    """One comparison of a run. p values in millionths; held_ppm: corrected for all comparisons of the run (Holm).

    power_permille: how often a group that gets 1.5 times, or twice, its due would be found at this n, uncorrected. other_ppm: p with half
    and with double the weights of the need score, where it has any.
    """

    metric: Metric
    grouping: Grouping
    n: int
    p_ppm: int
    held_ppm: int
    groups: tuple[Group, ...]
    power_permille: tuple[int, int] = (0, 0)
    other_ppm: tuple[int, ...] = ()
    running: int = 0

    @property
    def code(self) -> str:
        """Its name in signals and files."""
        return f"{self.metric.value}.{self.grouping.value}"

    @property
    def widest(self) -> Group | None:
        """The group furthest from its due."""
        seen = [g for g in self.groups if g.expected_permille > 0]
        return max(seen, key=lambda g: max(g.ratio_permille, 1_000_000 // max(g.ratio_permille, 1)), default=None)


@dataclass(frozen=True)
class Audit:
    """A run: when, on what, by whom, with which yardstick and seed; its results never change."""

    code: str
    ran_at: datetime
    score: NeedScore
    seed: int
    input_hash: str
    results: tuple[Result, ...]
    person: str = ""
    mark: str = ""
    entry_id: str = ""


def holm(p_ppm: Sequence[int]) -> list[int]:
    """P values (millionths) corrected for looking several times (Holm 1979): never smaller than before, in the order given."""
    order = sorted(range(len(p_ppm)), key=lambda i: p_ppm[i])
    held = [0] * len(p_ppm)
    worst = 0
    for rank, i in enumerate(order):
        worst = max(worst, min(1_000_000, p_ppm[i] * (len(p_ppm) - rank)))
        held[i] = worst
    return held


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


def runs(audit: Audit) -> list[Run]:
    """The comparisons of an audit as runs of R22: always adjusted, with the ratio of the group furthest from its due."""
    return [
        Run(r.code, r.n, r.held_ppm / 1e6, r.widest.ratio_permille / 1000 if r.widest else 1.0, True, audit.ran_at, audit.mark)
        for r in audit.results
    ]


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
