"""Stage weather: which waves are forecast, and how surely may a boat meet them?

A forecast of the weather service is recorded as it was issued: a height, a place, a time, a source. How far the sea may differ from it
is an assumption of ours until forecasts have been compared with what boats reported: log-normal, wider with every day of lead.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import NormalDist
from typing import ClassVar

from posko.domain import record, travel


class UnknownForecast(record.Refusal):
    """No such forecast in this election, or it has been taken back already."""

    code: ClassVar[str] = "weather.unknown_forecast"


class UnknownPlace(record.Refusal):
    """Waves are told for a pier, an island or the whole sea of the region."""

    code: ClassVar[str] = "weather.unknown_place"


class NotYetIssued(record.Refusal):
    """A forecast cannot be issued later than now."""

    code: ClassVar[str] = "weather.not_yet_issued"


class ReasonMissing(record.Refusal):
    """Taking a forecast back or correcting it says why, from the list."""

    code: ClassVar[str] = "weather.reason_missing"


class BadOpening(record.Refusal):
    """A time of day in which nothing could sail."""

    code: ClassVar[str] = "weather.bad_opening"


class Source(StrEnum):
    """Who says it: one of a list, so that no name is typed."""

    BMKG = "BMKG"
    HARBOUR = "SYAHBANDAR"
    NAVY = "TNI-AL"
    FISHERS = "NELAYAN"


class Why(StrEnum):
    """Why a forecast is corrected or taken back."""

    TYPED_WRONG = "salah_ketik"
    WRONG_PLACE = "salah_tempat"
    TWICE = "ganda"
    RECALLED = "ditarik_sumber"


# A forecast reaches so far ahead at the most; later than that is a slip of the finger.
FURTHEST = timedelta(days=14)


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
    return NormalDist().cdf(_edge(height_cm, limit_cm, (error or Error()).sigma(lead_h)))


def _edge(height_cm: int, limit_cm: int, sigma: float) -> float:
    """How many standard deviations of the logarithm a boat's limit lies above a height, kept within what a normal can be."""
    return max(-FAR, min(FAR, math.log(limit_cm / height_cm) / sigma)) if height_cm > 0 else FAR


# How far apart two hours may be and still share their error, where a boat sails if its owner has not said: assumptions, as those below.
PERSISTENCE_PERMILLE = 600
LIMIT_CM = 125
FAR = 8.0


def areas(*codes: str) -> frozenset[str]:
    """The places whose forecasts count for a way between sites: the sites themselves and the sea of their region (19.06:D01 -> 19.06)."""
    return frozenset(codes) | {code.partition(":")[0] for code in codes if ":" in code}


def check(wave: Wave, known: Iterable[str], at: datetime) -> None:
    """What can be recorded: UnknownPlace, NotYetIssued, BadForecast where it reaches too far ahead."""
    if wave.place not in set(known):
        raise UnknownPlace(place=wave.place)
    if wave.issued_at > at:
        raise NotYetIssued(place=wave.place)
    if wave.until_at - wave.issued_at > FURTHEST or wave.until_at <= wave.issued_at:
        raise BadForecast(place=wave.place, height=wave.height_cm)


@dataclass(frozen=True)
class Gate:
    """When a pier or an island may be used on a day before voting (2 for H-2), or every day (0): a tide, daylight, leave of the harbour."""

    place: str
    day: int
    opening: travel.Opening

    def lets(self, place: str, minute: int) -> bool:
        """Whether it says nothing against using a place at a minute relative to voting day."""
        return place != self.place or self.day not in {0, -(minute // travel.DAY)} or self.opening.holds(minute)


@dataclass(frozen=True)
class Climate:
    """What the sea does where nothing is forecast: middle height and spread of its logarithm. An assumption for the west monsoon."""

    height_cm: int = 100
    sigma_permille: int = 450
    basis: travel.Basis = travel.Basis.ASSUMED


@dataclass(frozen=True)
class Model:
    """All that is assumed of the sea, the same for plans and forecasts: width of the error, climate, how long it lasts, a boat's limit.

    The errors of two hours are correlated by (persistence_permille / 1000) ** days between them: a Gaussian AR(1) process in time, one for
    the sea of a region. limit_cm: for boats whose owner has not said (what the weather service advises fishing boats).
    """

    error: Error = Error()
    climate: Climate = Climate()
    persistence_permille: int = PERSISTENCE_PERMILLE
    limit_cm: int = LIMIT_CM

    def correlation(self, minutes: float) -> float:
        """Of the errors of two moments so far apart."""
        return float((self.persistence_permille / 1000) ** (minutes / travel.DAY))


@dataclass(frozen=True)
class Sky:
    """The sea of a time for a boat: calm enough iff a standard normal error stays at or below `edge`; wave None: by the climate."""

    edge: float
    wave: "Wave | None"
    lead_h: float

    @property
    def calm(self) -> float:
        """The probability that the boat may go."""
        return NormalDist().cdf(self.edge)


def sky(waves: Iterable[Wave], places: Iterable[str], limit_cm: int, from_at: datetime, until_at: datetime, model: Model) -> Sky:
    """How surely a boat may meet the sea of a time: log-normal about the highest standing forecast, without one about the climate."""
    wave = worst(waves, places, from_at, until_at)
    if wave is None:
        return Sky(_edge(model.climate.height_cm, limit_cm, model.climate.sigma_permille / 1000), None, 0.0)
    lead_h = (from_at - wave.issued_at).total_seconds() / 3600
    return Sky(_edge(wave.height_cm, limit_cm, model.error.sigma(lead_h)), wave, lead_h)


def standing(waves: Iterable[Wave], places: Iterable[str], from_at: datetime, until_at: datetime) -> list[Wave]:
    """The forecasts for these places in a time that no later one replaces: of two for one place the one issued later counts, for the
    moments of which it speaks. Where it ends before the time asked for does, the earlier one still counts for the rest.
    """
    asked = set(places)
    here = [wave for wave in waves if wave.place in asked and wave.covers(from_at, until_at)]
    found = []
    for wave in here:
        later = [other for other in here if other.place == wave.place and other.issued_at > wave.issued_at]
        if not later or _left(later, max(from_at, wave.from_at), min(until_at, wave.until_at)):
            found.append(wave)
    return found


def _left(others: Iterable[Wave], since: datetime, until: datetime) -> bool:
    """Whether a moment of a time is left of which none of the others speaks."""
    for other in sorted(others, key=lambda wave: wave.from_at):
        if since >= until or other.from_at > since:
            break
        since = max(since, other.until_at)
    return since < until


def worst(waves: Iterable[Wave], places: Iterable[str], from_at: datetime, until_at: datetime) -> Wave | None:
    """The highest wave of the standing forecasts for these places in a time; None where nothing is forecast."""
    return max(standing(waves, places, from_at, until_at), key=lambda wave: (wave.height_cm, wave.place), default=None)
