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
