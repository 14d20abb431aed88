"""Reliability: how probably an island and every load is reached in time, and which options to try in which order.

Closed forms, no draws. A boat sails if the sea stays within its limit: log-normal about the forecast (`weather.sky`), log-normal
about a climate where nothing is forecast. If it sails, it arrives in time if its crossing, hazards with their own chance and a breakdown
with its repair fit into the time left. The error of forecasts persists: the errors of two hours are correlated by rho ** days (a Gaussian
AR(1) process), so that a sea that was too high for plan A is more probably too high for plan B as well. P(A fails, B fails, C sails) is
integrated over the error by Gauss-Legendre quadrature, going forward in time; deterministic.
What is assumed and not measured (persistence, climate, width of error, limit of a boat whose owner has not said) stands in `Sea`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import product
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from posko.domain import distribution as rules
from posko.domain import travel, weather

DAY = rules.DAY
PPM = 1_000_000
_NORMAL = NormalDist()
_ORDER = 64
_FAR = weather.FAR
Array = npt.NDArray[np.float64]
Spell = tuple[str, int, int]
"""A boat, and from when until when it is away."""


@dataclass(frozen=True)
class Sea:
    """What is known and assumed about the sea when a plan is made.

    waves: the forecasts that count; midnight_at (of voting day, local) gives the plan's minutes their instants; now_min: no hour of
    decision earlier than this is offered. deadline_min: an arrival later than this has failed (the law: H-1). persistence_permille:
    correlation of the error of forecasts for two times a day apart. limit_cm: for boats whose owner has not said (what the weather service
    advises fishing boats). worth_ppm: an option less probable is no plan A while there is a better one. tolerance_ppm: sequences so near
    to the best are chosen among by cost. guard_cost: rupiah for a day that goods lie on an island before the preferred one.
    """

    waves: tuple[weather.Wave, ...]
    midnight_at: datetime
    now_min: int = -30 * DAY
    deadline_min: int = 0
    persistence_permille: int = weather.PERSISTENCE_PERMILLE
    limit_cm: int = weather.LIMIT_CM
    worth_ppm: int = 500_000
    tolerance_ppm: int = 5_000
    guard_cost: int = 500_000
    step_min: int = 30
    error: weather.Error = field(default_factory=weather.Error)
    climate: weather.Climate = field(default_factory=weather.Climate)

    @property
    def model(self) -> weather.Model:
        """What of it the forecast of readiness assumes as well."""
        return weather.Model(self.error, self.climate, self.persistence_permille, self.limit_cm)


@dataclass(frozen=True)
class Try:
    """An option as reckoned: calm iff a standard normal error stays at or below `edge`; `sure`: chance that it arrives if it sails."""

    option: rules.Option
    day: int
    edge: float
    sure: float

    @property
    def chance(self) -> float:
        """That it succeeds when its hour comes."""
        return _NORMAL.cdf(self.edge) * self.sure


# --- chances ---------------------------------------------------------------------------------------------------------------------------


def in_time(left_min: int, spread: travel.Spread, vehicle: rules.Vehicle, hazards: Iterable[rules.Hazard]) -> float:
    """The probability that a way is done within the minutes left: its spread, each hazard by its own chance, a breakdown with repair."""
    delays = {0: 1.0}
    causes = [(h.delay_min, h.probability_permille / 1000) for h in hazards]
    causes.append((vehicle.repair_min, vehicle.breakdown_permille / 1000))
    for delay, chance in causes:
        grown: dict[int, float] = {}
        for before, p in delays.items():
            grown[before] = grown.get(before, 0.0) + p * (1 - chance)
            grown[before + delay] = grown.get(before + delay, 0.0) + p * chance
        delays = grown
    return sum(p * spread.within(left_min - delay) for delay, p in delays.items())


def calm(boat: rules.Vehicle, pier: str, island: str, depart_min: int, arrive_min: int, sea: Sea) -> tuple[float, dict[str, str | int]]:
    """The edge of the error up to which the sea is calm enough for a crossing, and the facts it was reckoned from."""
    limit = boat.wave_limit_cm or sea.limit_cm
    told: dict[str, str | int] = {"limit_cm": limit, "limit_known": int(boat.wave_limit_cm is not None)}
    start_at, end_at = (rules.instant(sea.midnight_at, minute) for minute in (depart_min, arrive_min))
    found = weather.sky(sea.waves, weather.areas(pier, island), limit, start_at, end_at, sea.model)
    wave = found.wave
    if wave is None:
        return found.edge, {**told, "basis": "iklim", "height_cm": sea.climate.height_cm}
    told |= {
        "basis": "prakiraan", "height_cm": wave.height_cm, "source": wave.source, "mark": wave.mark,
        "issued_min": round((wave.issued_at - sea.midnight_at).total_seconds() / 60), "lead_h": round(found.lead_h),
    }  # fmt: skip
    return found.edge, told


@lru_cache(maxsize=4096)
def _nodes(edge: float) -> tuple[Array, Array]:
    """Points and weights above an edge, where a standard normal error has failed."""
    x, w = np.polynomial.legendre.leggauss(_ORDER)
    low, high = min(edge, _FAR - 0.5), _FAR
    return (high - low) / 2 * x + (high + low) / 2, (high - low) / 2 * w


def _phi(z: Array) -> Array:
    return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _cdf(z: Array) -> Array:
    return 0.5 * (1 + np.array([math.erf(one) for one in z / math.sqrt(2)]))


def first_calm(edges: Sequence[float], times_min: Sequence[int], persistence_permille: int) -> list[float]:
    """For options in time: the probability that each is the first whose sea is calm. Errors are a Gaussian AR(1) process in time.

    edges and times_min have one length; times do not decrease. persistence 1000: one error for all; 0: independent.
    """
    found: list[float] = []
    points, mass = np.zeros(1), np.ones(1)
    for number, edge in enumerate(edges):
        model = weather.Model(persistence_permille=persistence_permille)
        rho = model.correlation(times_min[number] - times_min[number - 1]) if number else 0.0
        width = math.sqrt(max(0.0, 1 - rho * rho))
        if width < 0.05:  # practically the same error: what failed before stays failed unless the edge has moved
            below = points <= edge
            found.append(float(mass[below].sum()))
            points, mass = points[~below], mass[~below]
            continue
        found.append(float((mass * _cdf((edge - rho * points) / width)).sum()))
        new, weights = _nodes(edge)
        density = (mass[None, :] * _phi((new[:, None] - rho * points[None, :]) / width)).sum(axis=1) / width
        points, mass = new, weights * density
    return found


# --- options of an island --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """What options are weighed for: an island with all that goes there, in a network with a fleet under rules and a sea."""

    island: str
    loads: tuple[rules.Load, ...]
    network: rules.Network
    fleet: tuple[rules.Vehicle, ...]
    keep: rules.Rules
    sea: Sea

    @property
    def asked(self) -> tuple[str, tuple[rules.Load, ...], rules.Network, tuple[rules.Vehicle, ...], rules.Rules, Sea]:
        """As `options` asks for it."""
        return self.island, self.loads, self.network, self.fleet, self.keep, self.sea

    @property
    def service_min(self) -> int:
        """Unloading on the island."""
        return sum(load.service_min for load in self.loads)


def options(
    island: str, loads: Sequence[rules.Load], network: rules.Network, fleet: Sequence[rules.Vehicle], keep: rules.Rules, sea: Sea
) -> list[Try]:
    """Every option worth telling apart, in time: per day and boat the first departure in each stretch with one forecast.

    Where no boat takes everything, several of one pier go together and, if need be, come back for the rest (`convoy`).
    """
    case = Case(island, tuple(loads), network, tuple(fleet), keep, sea)
    volume, weight = sum(load.volume_ml for load in loads), sum(load.weight_g for load in loads)
    found: list[Try] = []
    for leg in network.piers(island):
        boats = [boat for boat in fleet if boat.boat and boat.start == leg.pier and boat.volume_ml >= volume and boat.weight_g >= weight]
        for boat in boats:
            for day in keep.sea_days:
                if day in boat.days:
                    found += _of_day(case, leg, (boat,), day)
    if not found:
        for leg in network.piers(island):
            for day in keep.sea_days:
                boats = [boat for boat in fleet if boat.boat and boat.start == leg.pier and day in boat.days]
                found += _of_day(case, leg, tuple(boats), day) if boats else []
    return sorted(found, key=lambda one: (one.option.depart_min, one.option.cost, one.option.boat))


@dataclass(frozen=True)
class Sailing:
    """One crossing of several that together bring an island its goods: the boat, what it carries, out, there, and ready to sail again."""

    boat: rules.Vehicle
    loads: tuple[rules.Load, ...]
    depart_min: int
    arrive_min: int
    free_min: int

    def takes(self, load: rules.Load) -> bool:
        """Whether a load still fits beside what it carries."""
        volume, weight = sum(one.volume_ml for one in (*self.loads, load)), sum(one.weight_g for one in (*self.loads, load))
        return volume <= self.boat.volume_ml and weight <= self.boat.weight_g


def convoy(case: Case, pier: str, boats: Sequence[rules.Vehicle], depart_min: int, day: int) -> tuple[Sailing, ...]:
    """The crossings of these boats, the first leaving at a minute, that bring everything in the island's hours of that day; () if they
    cannot.

    Each load is whole in one boat: in one that goes anyway, else in the smallest idle one that takes it, else on another crossing of the
    one that is back first. The largest boat goes first.
    """
    way = case.network.leg(rules.Kind.BOAT, pier, case.island)
    if way is None:
        return ()
    open_now: list[Sailing] = []
    for load in sorted(case.loads, key=lambda one: one.code):
        joined = next((n for n, one in enumerate(open_now) if one.takes(load)), None)
        if joined is not None:
            open_now[joined] = replace(open_now[joined], loads=(*open_now[joined].loads, load))
            open_now = _in_turn(case, open_now, depart_min, way)
            continue
        idle = [boat for boat in boats if all(one.boat.code != boat.code for one in open_now)]
        first = sorted(idle, key=lambda boat: ((boat.volume_ml if open_now else -boat.volume_ml), boat.code))
        new = [_sailing(case, boat, (load,), depart_min, way) for boat in first if Sailing(boat, (), 0, 0, 0).takes(load)]
        if not new:
            new = sorted(_again(case, boats, open_now, load, way), key=lambda one: (one.depart_min, one.boat.volume_ml, one.boat.code))
        if not new:
            return ()
        open_now.append(new[0])
    late = case.keep.island_latest_min - day * DAY
    in_hours = all(
        one.arrive_min <= late
        and one.depart_min >= one.boat.shift(day)[0]
        and one.arrive_min + sum(load.service_min for load in one.loads) <= one.boat.shift(day)[1]
        for one in open_now
    )
    return tuple(open_now) if in_hours else ()


def _in_turn(case: Case, sailings: Iterable[Sailing], depart_min: int, way: rules.Leg) -> list[Sailing]:
    """The same crossings when what they carry has changed: a boat that unloads longer leaves later for its next one."""
    made: list[Sailing] = []
    free: dict[str, int] = {}
    for one in sailings:
        made.append(_sailing(case, one.boat, one.loads, free.get(one.boat.code, depart_min), way))
        free[one.boat.code] = made[-1].free_min
    return made


def _sailing(case: Case, boat: rules.Vehicle, loads: tuple[rules.Load, ...], depart: int, way: rules.Leg) -> Sailing:
    arrive = depart + way.travel_min
    back = arrive + sum(load.service_min for load in loads) + way.travel_min
    return Sailing(boat, loads, depart, arrive, back + case.keep.handover_min)


def _again(case: Case, boats: Sequence[rules.Vehicle], gone: Sequence[Sailing], load: rules.Load, way: rules.Leg) -> list[Sailing]:
    """Another crossing of every boat that takes the load and may make one more."""
    made = []
    for boat in boats:
        own = [one for one in gone if one.boat.code == boat.code]
        if own and len(own) < boat.max_trips and Sailing(boat, (), 0, 0, 0).takes(load):
            made.append(_sailing(case, boat, (load,), max(one.free_min for one in own), way))
    return made


def _of_day(case: Case, leg: rules.SeaLeg, boats: tuple[rules.Vehicle, ...], day: int) -> list[Try]:
    way = case.network.leg(rules.Kind.BOAT, leg.pier, leg.island)
    ready = ready_at(case.network, case.fleet, case.keep, leg.pier, case.service_min, day)
    if way is None or ready is None:
        return []
    (first, notice), begins = ready, min(boat.shift(day)[0] for boat in boats)
    last = min(max(boat.shift(day)[1] for boat in boats), case.keep.island_latest_min - day * DAY) - way.travel_min
    found: list[Try] = []
    before: object = None
    for depart in range(max(begins, first), last + 1, case.sea.step_min):
        sailings = convoy(case, leg.pier, boats, depart, day) if depart - notice >= case.sea.now_min else ()
        if not sailings or not all(_open(case, leg, one) for one in sailings):
            before = None
            continue
        cost = sum(one.boat.cost_per_km * 2 * way.distance_m // 1000 for one in sailings)
        cost += sum({one.boat.code: one.boat.fixed_cost for one in sailings}.values())
        cost += case.sea.guard_cost * max(0, day - case.keep.island_day)
        made = _weighed(case, leg.pier, sailings, notice, cost)
        stretch = (made.option.why["height_cm"], made.option.why.get("issued_min"), made.option.why["in_time_ppm"])
        if stretch != before:
            found.append(made)
        before = stretch
    return found


def _open(case: Case, leg: rules.SeaLeg, one: Sailing) -> bool:
    return case.network.open(leg.pier, one.depart_min) and case.network.open(leg.island, one.arrive_min)


def _weighed(case: Case, pier: str, sailings: Sequence[Sailing], notice: int, cost: int) -> Try:
    """One departure with its chance and the facts behind it. Several boats meet one sea: it must be calm enough for the one that bears
    least, at the worst of the hours; then each must arrive."""
    first = sailings[0]
    edges = [calm(one.boat, pier, case.island, one.depart_min, one.arrive_min, case.sea) for one in sailings]
    edge, told = min(edges, key=lambda one: one[0])
    spread = case.network.spread(rules.Kind.BOAT, pier, case.island)
    hazards = [h for h in case.network.hazards if h.touches(pier, case.island)]
    sure = 1.0 if spread else 0.0
    for one in sailings:
        sure *= in_time(case.sea.deadline_min - one.depart_min, spread, one.boat, hazards) if spread else 0.0
    chance, day = _NORMAL.cdf(edge), rules.day_of(first.depart_min)
    told |= {"calm_ppm": round(chance * PPM), "in_time_ppm": round(sure * PPM), "day": day}
    if len(sailings) > 1:
        told |= {
            "boats": ",".join(dict.fromkeys(one.boat.code for one in sailings)), "crossings": len(sailings),
            "last_min": max(one.arrive_min for one in sailings), "free_min": max(one.free_min for one in sailings),
        }  # fmt: skip
    times = (first.depart_min, first.arrive_min, first.depart_min - notice)
    option = rules.Option("", first.boat.code, pier, *times, round(chance * sure * PPM), 0, cost, told)
    return Try(option, day, edge, sure)


def ready_at(
    network: rules.Network, fleet: Iterable[rules.Vehicle], keep: rules.Rules, pier: str, service_min: int, day: int
) -> tuple[int, int] | None:
    """The first minute of a day at which a boat can leave a pier with goods from the warehouse, and how long before that loading begins."""
    soonest: tuple[int, int] | None = None
    for truck in fleet:
        way = None if truck.boat or day not in truck.days else network.leg(truck.kind, truck.start, pier)
        if way is None:
            continue
        begins = truck.shift(day)[0]
        if keep.dark(begins) and not truck.night:
            begins = keep.dawn_min - day * DAY
        notice = keep.loading_min + way.travel_min + service_min + keep.handover_min
        soonest = min(soonest or (begins + notice, notice), (begins + notice, notice))
    return soonest


# --- plans A, B and C ------------------------------------------------------------------------------------------------------------------


def choose(island: str, tries: Sequence[Try], keep: rules.Rules, sea: Sea, most: int = 3) -> rules.IslandChoice | None:
    """The sequence of at most three options with the highest probability that one succeeds; among those as good the cheapest, then the
    nearest to the preferred day. None where there is no option at all.

    Plan A lies before the mainland's days and has at least even odds, as long as there is such an option; else the choice says which it is
    that is missing: "no_window_ahead" (it sails on a day of the mainland) or "no_safe_window" (nothing has even odds).
    """
    if not tries:
        return None
    worth = [one for one in tries if one.option.chance_ppm >= sea.worth_ppm]
    ahead = [one for one in worth if one.day > max(keep.mainland_days)]
    exception = "" if ahead else "no_window_ahead" if worth else "no_safe_window"
    firsts = ahead or worth or [max(tries, key=lambda one: (one.option.chance_ppm, one.day, -one.option.cost))]
    ranked = [(seq, _reaches(seq, sea)) for first in firsts for seq in _sequences(first, tries, most)]
    best = max(sum(reaches) for _, reaches in ranked)
    good = [(seq, reaches) for seq, reaches in ranked if sum(reaches) >= best - sea.tolerance_ppm / PPM]
    chosen, reaches = min(good, key=lambda one: _price(one, keep))
    named = _named(chosen, reaches)
    taken = {(option.boat, option.depart_min) for option in named}
    return rules.IslandChoice(island, named, round(sum(reaches) * PPM), _others(tries, taken), exception)


def _sequences(first: Try, tries: Sequence[Try], most: int) -> list[tuple[Try, ...]]:
    """An option alone, and with every pair of later ones whose hour of decision is later too; per hour only the most probable boat."""

    def rank(one: Try) -> tuple[float, bool, int]:
        return round(one.chance, 6), one.option.boat == first.option.boat, -one.option.cost

    later: dict[int, Try] = {}
    for one in tries:
        if one.option.decide_min >= first.option.decide_min + 30:
            there = later.get(one.option.depart_min)
            if there is None or rank(one) > rank(there):
                later[one.option.depart_min] = one
    rest = [later[minute] for minute in sorted(later)]
    found: list[tuple[Try, ...]] = [(first,)]
    if most > 1:
        found += [(first, one) for one in rest]
    if most > 2:
        found += [(first, a, b) for a, b in product(rest, rest) if b.option.decide_min >= a.option.decide_min + 30]
    return found


def _reaches(sequence: Sequence[Try], sea: Sea) -> list[float]:
    """The probability that each option is the one that brings the goods. A boat that sailed and fails leaves no goods for a next try."""
    key = tuple((one.edge, one.option.depart_min) for one in sequence)
    return [calm_first * one.sure for calm_first, one in zip(_cached(key, sea.persistence_permille), sequence, strict=True)]


@lru_cache(maxsize=20_000)
def _cached(key: tuple[tuple[float, int], ...], persistence_permille: int) -> tuple[float, ...]:
    return tuple(first_calm([edge for edge, _ in key], [minute for _, minute in key], persistence_permille))


def _price(ranked: tuple[tuple[Try, ...], list[float]], keep: rules.Rules) -> tuple[Any, ...]:
    """Expected cost where it succeeds, then nearness to the preferred day, more fallbacks, and the earlier hour."""
    sequence, reaches = ranked
    total = sum(reaches)
    cost = sum(one.option.cost * reach for one, reach in zip(sequence, reaches, strict=True)) / total if total else 0.0
    first = sequence[0]
    # Whole ten thousands: a fallback that is a little dearer is no reason to go without one.
    return round(cost / 10_000), abs(first.day - keep.island_day), -round(total, 6), first.option.depart_min, first.option.boat


def _others(tries: Sequence[Try], taken: set[tuple[str, int]]) -> tuple[rules.Option, ...]:
    """The best option of every day that was weighed and is not among the plans of that day."""
    best: dict[int, Try] = {}
    days = {one.day for one in tries if (one.option.boat, one.option.depart_min) in taken}
    for one in tries:
        if one.day not in days and (one.day not in best or one.chance > best[one.day].chance):
            best[one.day] = one
    return tuple(best[day].option for day in sorted(best, reverse=True))


def choices(
    loads: Iterable[rules.Load], network: rules.Network, fleet: Sequence[rules.Vehicle], keep: rules.Rules, sea: Sea
) -> dict[str, rules.IslandChoice]:
    """Plans A, B and C of every island that has an option, the longest crossing first.

    A boat that sails for one island is not offered to another for the same hours; nor is one that another may fall back on, unless there is
    no other ("shared_boat").
    """
    by_island: dict[str, list[rules.Load]] = {}
    for load in loads:
        if load.kind is rules.LoadKind.ISLAND:
            by_island.setdefault(load.place, []).append(load)

    def crossing(island: str) -> int:
        legs = network.piers(island)
        return -legs[0].travel_min if legs else 0

    sailing: list[Spell] = []
    fallback: list[Spell] = []
    found: dict[str, rules.IslandChoice] = {}
    for island in sorted(by_island, key=lambda code: (crossing(code), code)):
        tries = [
            one
            for one in options(island, by_island[island], network, fleet, keep, sea)
            if not any(_meets(one.option, spell) for spell in sailing)
        ]
        choice = choose(island, [one for one in tries if not any(_meets(one.option, spell) for spell in fallback)], keep, sea)
        if choice is None:
            choice = choose(island, tries, keep, sea)
            choice = replace(choice, exception=choice.exception or "shared_boat") if choice else None
        if choice is not None:
            found[island] = choice
            spells = [[(boat, o.depart_min, _away(o) + keep.handover_min + 60) for boat in o.boats] for o in choice.options]
            sailing, fallback = [*sailing, *spells[0]], [*fallback, *(one for later in spells[1:] for one in later)]
    return found


def _away(option: rules.Option) -> int:
    """The minute at which its boats are back, unloading left out."""
    return int(option.why.get("free_min", 2 * option.arrive_min - option.depart_min))


def _meets(option: rules.Option, spell: Spell) -> bool:
    boat, leaves, back = spell
    return boat in option.boats and option.depart_min < back and leaves < _away(option)


def home_min(
    boat: rules.Vehicle, pier: str, island: str, done_min: int, network: rules.Network, sea: Sea | None, *, any_day: bool = False
) -> int:
    """When a boat leaves an island again: as soon as it is home by daylight, both ends are open and no wave above its limit is forecast.

    It comes home on one of its days or the day after (any_day: whenever). Where there is no such time within two days, the first one by
    daylight: a person decides, and R09 warns.
    """
    days = {*boat.days, *(day - 1 for day in boat.days)}
    way = network.leg(rules.Kind.BOAT, island, pier)
    travel_min = way.travel_min if way else 0
    by_light: int | None = None
    for leave in (done_min + step for step in range(0, 2 * DAY, 10)):
        begins, ends = boat.shift(rules.day_of(leave))
        if not (begins <= leave and leave + travel_min <= ends and (any_day or rules.day_of(leave) in days)):
            continue
        if not (network.open(island, leave) and network.open(pier, leave + travel_min)):
            continue
        by_light = leave if by_light is None else by_light
        if sea is None or _below(boat, pier, island, leave, leave + travel_min, sea):
            return leave
    return done_min if by_light is None else by_light


def _below(boat: rules.Vehicle, pier: str, island: str, leave_min: int, arrive_min: int, sea: Sea) -> bool:
    times = (rules.instant(sea.midnight_at, minute) for minute in (leave_min, arrive_min))
    wave = weather.worst(sea.waves, weather.areas(pier, island), *times)
    return wave is None or wave.height_cm <= (boat.wave_limit_cm or sea.limit_cm)


# --- all islands under one sea ---------------------------------------------------------------------------------------------------------

_STEP = 0.05
MOST_ISLANDS = 10


def together(choices_: Sequence[rules.IslandChoice], persistence_permille: int = weather.PERSISTENCE_PERMILLE) -> int | None:
    """The probability (ppm) that every island has its goods by one of its plans, all boats on one sea; None without islands, or for more
    than `MOST_ISLANDS` of them.

    The error of the forecasts is one Gaussian AR(1) process for the region (`weather.Model`): an hour that is too high for one boat is more
    probably too high for the next. Followed forward in time on a grid, with the islands that are served by then; what sailed and failed is
    not tried again, ways and breakdowns are each boat's own luck. The product of the islands' chances would take four seas for one.
    """
    if not choices_ or len(choices_) > MOST_ISLANDS:
        return None
    grid = np.arange(-_FAR, _FAR + _STEP / 2, _STEP)
    start = _phi(grid)
    states: dict[frozenset[str], Array] = {frozenset(): start / start.sum()}
    tries = sorted((option.depart_min, choice.island, option) for choice in choices_ for option in choice.options)
    before: int | None = None
    for depart, island, option in tries:
        if before is not None and depart > before:
            kernel = _kernel(grid, (persistence_permille / 1000) ** ((depart - before) / DAY))
            states = {served: mass @ kernel for served, mass in states.items()}
        before = depart
        calm_ = grid <= _edge_of(int(option.why["calm_ppm"]))
        sure = int(option.why["in_time_ppm"]) / PPM
        for served, mass in list(states.items()):
            if island not in served:
                states[served] = np.where(calm_, 0.0, mass)
                more = served | {island}
                states[more] = states.get(more, np.zeros_like(grid)) + np.where(calm_, mass * sure, 0.0)
    everything = frozenset(choice.island for choice in choices_)
    return round(float(states.get(everything, np.zeros(1)).sum()) * PPM)


def _edge_of(calm_ppm: int) -> float:
    """The error up to which the sea is calm, from the chance that it is."""
    return _FAR if calm_ppm >= PPM else -_FAR if calm_ppm <= 0 else _NORMAL.inv_cdf(calm_ppm / PPM)


def _kernel(grid: Array, rho: float) -> Array:
    """From the error of one moment (rows) to that of a later one, correlated by rho; each row sums to one."""
    width = math.sqrt(max(1 - rho * rho, 1e-9))
    table = _phi((grid[None, :] - rho * grid[:, None]) / max(width, _STEP))
    made: Array = table / table.sum(axis=1, keepdims=True)
    return made


# --- the plan as it stands -------------------------------------------------------------------------------------------------------------


def settled(choice: rules.IslandChoice, trips: Sequence[rules.Trip], case: Case) -> rules.IslandChoice:
    """A choice whose plan A has the boats and the hours that the trips really have; chances reckoned again where they moved."""
    first = choice.options[0]
    by_code, boats = {load.code: load for load in case.loads}, {vehicle.code: vehicle for vehicle in case.fleet}
    sailings = []
    for trip in sorted(trips, key=lambda one: (one.depart_min, one.vehicle != first.boat, one.vehicle)):
        arrive = next(stop.arrive_min for stop in trip.stops if stop.place == choice.island)
        loads = tuple(by_code[code] for code in trip.loads if code in by_code)
        sailings.append(Sailing(boats[trip.vehicle], loads, trip.depart_min, arrive, trip.return_min + case.keep.handover_min))
    lead = sailings[0]
    same = (lead.boat.code, lead.depart_min, lead.arrive_min) == (first.boat, first.depart_min, first.arrive_min)
    if same and len(sailings) == 1 and "boats" not in first.why:
        return choice
    notice = first.depart_min - first.decide_min
    real = _weighed(case, lead_pier(trips), sailings, notice, first.cost)
    known = {(one.option.boat, one.option.depart_min): one for one in options(*case.asked)}
    later = [known.get((o.boat, o.depart_min)) for o in choice.options[1:] if o.decide_min >= real.option.decide_min + 30]
    sequence = [real, *(one for one in later if one)]
    reaches = _reaches(sequence, case.sea)
    return replace(choice, options=_named(sequence, reaches), chance_ppm=round(sum(reaches) * PPM))


def lead_pier(trips: Sequence[rules.Trip]) -> str:
    """The pier from which the first of these trips leaves."""
    return min(trips, key=lambda one: one.depart_min).start


def reckoned(choice: rules.IslandChoice, fleet: Iterable[rules.Vehicle], sea: Sea) -> int | None:
    """The probability (ppm) that one of an island's plans succeeds with the forecasts of another sea; None once the first hour of decision
    is past, or where a boat is gone: then it is the forecast of readiness that says what is still possible.
    """
    limits = {vehicle.code: vehicle for vehicle in fleet}
    edges, sures = [], []
    for option in choice.options:
        boats = [limits.get(code) for code in option.boats]
        last = int(option.why.get("last_min", option.arrive_min))
        if option.decide_min < sea.now_min or not all(boats):
            return None
        edges.append(min(calm(boat, option.pier, choice.island, option.depart_min, last, sea)[0] for boat in boats if boat))
        sures.append(int(option.why["in_time_ppm"]) / PPM)
    first = first_calm(edges, [option.depart_min for option in choice.options], sea.persistence_permille)
    return round(sum(chance * sure for chance, sure in zip(first, sures, strict=True)) * PPM)


def _named(sequence: Sequence[Try], reaches: Sequence[float]) -> tuple[rules.Option, ...]:
    return tuple(
        replace(one.option, letter=letter, reach_ppm=round(reach * PPM))
        for one, reach, letter in zip(sequence, reaches, "ABCDEF", strict=False)
    )


@dataclass
class _Day:
    """A vehicle's day so far: since when, over which ways and hazards, with how many minutes of halts and how many trips."""

    start: int
    ways: list[travel.Spread]
    hazards: list[rules.Hazard]
    fixed: int
    trips: int


def arrivals(
    plan: rules.Plan, loads: Iterable[rules.Load], network: rules.Network, fleet: Iterable[rules.Vehicle], keep: rules.Rules
) -> dict[str, int]:
    """For every load the probability in ppm that it is in time: for the mainland by its latest minute, for islands that one of their
    plans succeeds (without plans: by its latest minute, the sea left out).

    The time to a stop is a sum of ways; sums of log-normals are matched by a log-normal of the same mean and variance (Fenton 1960). Trips
    of one vehicle and day follow one another. Waiting for a window opens no slack: all the time from the first departure to the latest
    minute counts. Hazards on the way and breakdowns come by their own chance.
    """
    by_load = {load.code: load for load in loads}
    vehicles = {vehicle.code: vehicle for vehicle in fleet}
    found: dict[str, int] = {}
    for code in sorted({trip.vehicle for trip in plan.trips}):
        day: _Day | None = None
        for trip in plan.of_vehicle(code):
            if day is None or rules.day_of(trip.depart_min) != rules.day_of(day.start) or vehicles[code].boat:
                day = _Day(trip.depart_min, [], [], 0, 0)
            else:
                day.fixed += keep.loading_min
            found |= _trip_chances(trip, day, vehicles[code], by_load, network)
    chosen = {choice.island: choice.chance_ppm for choice in plan.choices}
    return {code: chosen.get(by_load[code].place, chance) for code, chance in sorted(found.items())}


def _trip_chances(
    trip: rules.Trip, day: _Day, vehicle: rules.Vehicle, by_load: Mapping[str, rules.Load], network: rules.Network
) -> dict[str, int]:
    """The chances of what a trip brings; the day goes on to its end."""
    day.trips += 1
    fails = replace(vehicle, breakdown_permille=min(1000, day.trips * vehicle.breakdown_permille))
    found: dict[str, int] = {}
    here = trip.start
    for stop in trip.stops:
        _on(day, network, vehicle.kind, here, stop.place)
        dropped = [by_load[code] for code in stop.loads if code in by_load]
        for load in dropped:
            if not stop.handover:
                left = load.latest_min - day.start - day.fixed
                found[load.code] = round(in_time(left, total(day.ways), fails, day.hazards) * PPM)
        day.fixed += sum(load.service_min for load in dropped)
        here = stop.place
    _on(day, network, vehicle.kind, here, trip.start)
    return found


def _on(day: _Day, network: rules.Network, kind: rules.Kind, a: str, b: str) -> None:
    """The day goes one way further."""
    spread = network.spread(kind, a, b)
    if spread and a != b:
        day.ways.append(spread)
    day.hazards += [h for h in network.hazards if h.touches(a, b) and h not in day.hazards]


def total(ways: Sequence[travel.Spread]) -> travel.Spread:
    """The spread of a sum of independent ways: mean and variance add, a log-normal of the same two is taken (Fenton-Wilkinson)."""
    mean = variance = 0.0
    for way in ways:
        if not way.usual_min:
            continue
        one = way.usual_min * math.exp(way.sigma**2 / 2)
        mean, variance = mean + one, variance + one * one * math.expm1(way.sigma**2)
    if mean == 0.0:
        return travel.Spread(0, 0)
    sigma = math.sqrt(math.log1p(variance / (mean * mean)))
    usual = mean * math.exp(-sigma * sigma / 2)
    tenth = usual * math.exp(sigma * _NORMAL.inv_cdf(0.9))
    return travel.Spread(round(usual), max(round(usual), round(tenth)))


def robust(network: rules.Network, kind: rules.Kind, a: str, b: str) -> int | None:
    """Minutes that nine of ten journeys keep, delays that are counted included; None where there is no way."""
    leg, spread = network.leg(kind, a, b), network.spread(kind, a, b)
    if leg is None or spread is None:
        return None
    return max(leg.travel_min, leg.travel_min + spread.tenth_min - spread.usual_min)


def least_sure(chances: Mapping[str, int], most: int = 5) -> list[tuple[str, int]]:
    """The loads that are least surely in time, the least sure first."""
    return sorted(chances.items(), key=lambda one: (one[1], one[0]))[:most]
