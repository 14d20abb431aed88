"""Stage travel: how long does a way take, how surely, and when is it open?

Minutes are whole. A time is stated by two numbers that people on the spot can give: how long it usually takes, and how long at the most
nine times out of ten. Between them stands a log-normal curve, as in the literature on delays of transport; its tail is never cut off.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import ClassVar

from posko.domain import record

_NORMAL = NormalDist()
# The point of a standard normal that nine of ten stay below.
_TENTH = _NORMAL.inv_cdf(0.9)
DAY = 24 * 60


class BadSpread(record.Refusal):
    """A time that cannot be: negative, or at most shorter than usual."""

    code: ClassVar[str] = "travel.bad_spread"


class Basis(StrEnum):
    """How a number is known. What is ASSUMED says so wherever it goes."""

    MEASURED = "terukur"
    SOURCED = "sumber"
    ASSUMED = "asumsi"


@dataclass(frozen=True)
class Spread:
    """A time in minutes: the usual one, and the one that only one case in ten exceeds. Equal numbers: certain."""

    usual_min: int
    tenth_min: int
    basis: Basis = Basis.ASSUMED

    def __post_init__(self) -> None:
        if not 0 <= self.usual_min <= self.tenth_min:
            raise BadSpread(usual=self.usual_min, tenth=self.tenth_min)

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm."""
        return math.log(self.tenth_min / self.usual_min) / _TENTH if self.usual_min else 0.0

    def within(self, minutes: int) -> float:
        """The probability that it takes at most so many minutes."""
        if self.sigma == 0.0:
            return float(minutes >= self.usual_min)
        return _NORMAL.cdf(math.log(minutes / self.usual_min) / self.sigma) if minutes > 0 else 0.0

    def quantile(self, share: float) -> int:
        """The minutes that this share of cases stays within, rounded to the nearest; share in (0, 1)."""
        if self.sigma == 0.0:
            return self.usual_min
        return round(self.usual_min * math.exp(self.sigma * _NORMAL.inv_cdf(share)))

    def stretched(self, permille: int) -> "Spread":
        """Everything so many thousandths as long, rounded up: night, rain, a bad road."""
        return Spread(-(-self.usual_min * permille // 1000), -(-self.tenth_min * permille // 1000), self.basis)

    def later(self, minutes: int) -> "Spread":
        """A certain delay on top."""
        return Spread(self.usual_min + minutes, self.tenth_min + minutes, self.basis)


@dataclass(frozen=True)
class Opening:
    """When a way may be used: minutes of the local day, e.g. daylight 330 to 1050, or a tide. until below from: over midnight."""

    from_min: int
    until_min: int
    why: str = ""

    def __post_init__(self) -> None:
        if not (0 <= self.from_min <= DAY and 0 <= self.until_min <= DAY):
            raise BadSpread(usual=self.from_min, tenth=self.until_min)

    def holds(self, minute: int) -> bool:
        """Whether a minute (any day) lies in it."""
        here = minute % DAY
        if self.from_min <= self.until_min:
            return self.from_min <= here <= self.until_min
        return here >= self.from_min or here <= self.until_min


# --- ways that somebody timed ----------------------------------------------------------------------------------------------

KINDS = ("darat", "laut")
# How a time came about; a code, so that no name of a driver stands in the journal for ever.
SOURCES = ("ukur", "gps", "sopir", "peta")
# Where a file gives one time only: nine of ten journeys stay within so many thousandths of it. An assumption, and marked as one.
TENTH_PERMILLE = 1_400
_LONGEST_MIN = 3 * DAY


class BadTiming(record.Refusal):
    """A way from a place to itself, of no kind we know, without a time, or with one that cannot be."""

    code: ClassVar[str] = "travel.bad_timing"


class NoTimings(record.Refusal):
    """Nothing to record: every way of the file is known with the same numbers."""

    code: ClassVar[str] = "travel.no_timings"


class UnknownWay(record.Refusal):
    """No time stands for this way, or another one stands by now."""

    code: ClassVar[str] = "travel.unknown_way"


class ReasonMissing(record.Refusal):
    """Taking a time back says why."""

    code: ClassVar[str] = "travel.reason_missing"


@dataclass(frozen=True)
class Timing:
    """A way as somebody timed it, from `place` to `to`: usual minutes and those that one journey in ten exceeds.

    distance_m 0: not measured.
    tenth_assumed: only the usual time was given, the other follows from TENTH_PERMILLE.
    """

    kind: str
    place: str
    to: str
    usual_min: int
    tenth_min: int
    distance_m: int = 0
    source: str = "ukur"
    tenth_assumed: bool = False

    def __post_init__(self) -> None:
        known = self.kind in KINDS and self.source in SOURCES and self.place and self.to and self.place != self.to
        if not known or not 0 < self.usual_min <= self.tenth_min <= _LONGEST_MIN or not 0 <= self.distance_m <= 1_000_000:
            raise BadTiming(place=self.place, to=self.to, usual=self.usual_min, tenth=self.tenth_min)

    @property
    def way(self) -> tuple[str, str, str]:
        """What the newest of several is chosen by: kind and direction."""
        return self.kind, self.place, self.to

    @property
    def code(self) -> str:
        """The way as a subject of the journal."""
        return f"{self.kind}/{self.place}/{self.to}"


def assumed_tenth(usual_min: int, permille: int = TENTH_PERMILLE) -> int:
    """The time that nine of ten journeys stay within where only the usual one is known, rounded up."""
    return -(-usual_min * permille // 1000)
