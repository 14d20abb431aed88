"""Stage weather: which waves are forecast, and how surely may a boat meet them?

A forecast of the weather service is recorded as it was issued: a height, a place, a time, a source. How far the sea may differ from it
is an assumption of ours until forecasts have been compared with what boats reported: log-normal, wider with every day of lead.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist
from typing import ClassVar

from posko.domain import record, travel


class BadForecast(record.Refusal):
    """A forecast that ends before it starts, or of waves that cannot be."""

    code: ClassVar[str] = "weather.bad_forecast"


@dataclass(frozen=True)
class Wave:
    """A forecast of waves for a pier or an island: highest height in centimetres between two instants, issued when, by whom."""

    place: str
    from_at: datetime
    until_at: datetime
    height_cm: int
    issued_at: datetime
    source: str
    mark: str = ""

    def __post_init__(self) -> None:
        if self.until_at <= self.from_at or not 0 <= self.height_cm <= 2000:
            raise BadForecast(place=self.place, height=self.height_cm)

    def covers(self, from_at: datetime, until_at: datetime) -> bool:
        """Whether any moment of the time asked for lies in it."""
        return self.from_at < until_at and from_at < self.until_at


@dataclass(frozen=True)
class Error:
    """How far the sea differs from its forecast: standard deviation of the logarithm at no lead, and more per day of lead (permille)."""

    start_permille: int = 150
    per_day_permille: int = 70
    basis: travel.Basis = travel.Basis.ASSUMED

    def sigma(self, lead_h: float) -> float:
        """For a forecast so many hours ahead."""
        return (self.start_permille + self.per_day_permille * max(0.0, lead_h) / 24) / 1000


def chance_calm(height_cm: int, limit_cm: int, lead_h: float, error: Error | None = None) -> float:
    """The probability that the sea stays at or below a boat's limit, given the forecast height and its lead in hours."""
    if height_cm <= 0:
        return 1.0
    if limit_cm <= 0:
        return 0.0
    return NormalDist().cdf(math.log(limit_cm / height_cm) / (error or Error()).sigma(lead_h))


def worst(waves: Iterable[Wave], places: Iterable[str], from_at: datetime, until_at: datetime) -> Wave | None:
    """The highest wave of the newest forecasts for these places in a time; None where nothing is forecast.

    Of two forecasts for one place and overlapping times the one issued later counts.
    """
    asked = set(places)
    here = [wave for wave in waves if wave.place in asked and wave.covers(from_at, until_at)]
    standing = [
        wave
        for wave in here
        if not any(
            other.place == wave.place and other.issued_at > wave.issued_at and other.covers(wave.from_at, wave.until_at) for other in here
        )
    ]
    return max(standing, key=lambda wave: (wave.height_cm, wave.place), default=None)
