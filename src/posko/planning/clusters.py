"""Small-area statistics for a few dozen desa: shrinkage, a scan for clusters with its power, and Gi* with a false discovery rate.

At the size of a regency these are weak, and the callers must say so: on 39 desa a cluster of four at relative risk 3 is found in fewer
than half of the cases with 40 reports. Therefore nothing here gives a colour without an interval, a p and an n. Chance comes from a seeded
generator: the same counts have the same answer on every machine. What is counted is who was heard, which is not what happened.

counts: whole numbers per area. expected: positive numbers per area (voters or TPS), in any unit. minutes: square, from area to area.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lgamma

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Wholes = npt.NDArray[np.int64]
Vector = Sequence[float] | Floats
Matrix = Sequence[Sequence[float]]

LEAST_REPORTS = 20
"""Below so many reports no cluster is looked for: the power is too small for any answer to mean something."""
SIMULATIONS = 999
NEIGHBOURS = 5
DRAWS = 4000
POWER_RUNS = 300
_LEVEL = 0.05


# --- shrinkage ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shrunk:
    """One area: its rate relative to the region (1: as elsewhere), the middle 90 per cent of what it may be, P(above the region's)."""

    rate: float
    low: float
    high: float
    above: float


def shrink(counts: Sequence[int], expected: Vector, seed: int = 1) -> tuple[Shrunk, ...]:
    """Gamma-Poisson shrinkage with the spread between areas learnt from the data; empty where nothing was counted.

    y_i ~ Poisson(e_i r_i), r_i ~ Gamma(mean m, coefficient of variation c). m (log grid) and c (0.05 to 2, flat) are weighted by their
    negative binomial likelihood, drawn DRAWS times, and each draw gives r_i | y_i ~ Gamma(a + y_i, b + e_i) with a = 1 / c^2, b = a / m.
    An area with few voters is pulled to the region, and its interval is wide: it is never hot by one report.
    """
    y, e = np.asarray(counts, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    total = float(y.sum())
    if total == 0 or not np.all(e > 0):
        return ()
    e = e * total / e.sum()  # so that a rate of 1 is the region's
    rng = np.random.default_rng(seed)
    spread = np.linspace(0.05, 2.0, 40)
    shape = 1 / spread**2
    middle = np.exp(np.linspace(-1, 1, 25) * min(2.0, 4 / np.sqrt(total)))
    weights = np.array([[_log_likelihood(y, e, a, m) for m in middle] for a in shape])
    chances = np.exp(weights - weights.max()).ravel()
    drawn = rng.choice(chances.size, size=DRAWS, p=chances / chances.sum())
    a, m = shape[drawn // middle.size], middle[drawn % middle.size]
    b = a / m
    rates = rng.gamma(a[:, None] + y[None, :], 1 / (b[:, None] + e[None, :]))
    low, high = np.quantile(rates, (0.05, 0.95), axis=0)
    mean, above = rates.mean(axis=0), (rates > m[:, None]).mean(axis=0)
    return tuple(Shrunk(*map(float, each)) for each in zip(mean, low, high, above, strict=True))


def _log_likelihood(y: Floats, e: Floats, shape: float, mean: float) -> float:
    """Negative binomial: Poisson counts whose rates are gamma."""
    b = shape / mean
    known = np.array([lgamma(shape + n) - lgamma(shape) - lgamma(n + 1) for n in y])
    return float((known + shape * np.log(b / (b + e)) + y * np.log(e / (b + e))).sum())


# --- the scan ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scan:
    """The most likely cluster: its areas, how many were seen and expected there, the p of the whole map, n, and the power.

    p counts how often chance alone (the same n, spread by expectation) makes a cluster as strong anywhere. power: in how many of
    `power_runs` maps with a planted cluster of `planted` areas at relative risk `risk` the scan rejects at 5 per cent.
    """

    areas: tuple[int, ...]
    observed: int
    expected: float
    ratio: float
    p: float
    n: int
    simulations: int
    power: float
    power_runs: int
    planted: int
    risk: float


@lru_cache(maxsize=64)
def scan(
    counts: tuple[int, ...],
    expected: tuple[float, ...],
    minutes: tuple[tuple[float, ...], ...],
    seed: int = 1,
    simulations: int = SIMULATIONS,
    risk: float = 3.0,
    planted: int = 4,
) -> Scan | None:
    """Kulldorff's Poisson scan over circles of travel time with at most half of the expectation. None under LEAST_REPORTS reports.

    Kulldorff 1997, Communications in Statistics: Theory and Methods 26, 1481-1496. Only excess is looked for.
    """
    n = sum(counts)
    if n < LEAST_REPORTS or min(expected) <= 0:
        return None
    e = np.asarray(expected, dtype=np.float64) * n / sum(expected)
    zones = _zones(minutes, e)
    rng = np.random.default_rng(seed)
    found = _strength(np.asarray(counts, dtype=np.float64)[None, :], e, zones)
    best = int(found[0].argmax())
    by_chance = _strength(rng.multinomial(n, e / n, size=simulations).astype(np.float64), e, zones).max(axis=1)
    p = (1 + int((by_chance >= found[0, best] - 1e-9).sum())) / (simulations + 1)
    power = _power(n, e, minutes, zones, float(np.quantile(by_chance, 1 - _LEVEL)), rng, risk, planted)
    inside = zones[:, best] > 0
    seen, wanted = int(np.asarray(counts)[inside].sum()), float(e[inside].sum())
    rest = (n - seen) / (n - wanted) if n > wanted else 0.0
    ratio = (seen / wanted) / rest if rest > 0 else float("inf")
    areas = tuple(int(i) for i in np.flatnonzero(inside))
    return Scan(areas, seen, wanted, ratio, p, n, simulations, power, POWER_RUNS, planted, risk)


def _zones(minutes: Matrix, e: Floats) -> Floats:
    """Every circle once, as a column of ones: each area with its nearest, up to half of the expectation."""
    near = np.asarray(minutes, dtype=np.float64)
    kept: dict[tuple[int, ...], None] = {}
    for centre in range(len(e)):
        order = np.lexsort((np.arange(len(e)), near[centre], np.arange(len(e)) != centre))
        members: list[int] = []
        for area in order:
            members.append(int(area))
            if e[members].sum() > e.sum() / 2:
                break
            kept.setdefault(tuple(sorted(members)))
    zones = np.zeros((len(e), len(kept)))
    for column, areas in enumerate(kept):
        zones[list(areas), column] = 1.0
    return zones


def _strength(y: Floats, e: Floats, zones: Floats) -> Floats:
    """Log likelihood ratio of every map (rows) and zone (columns); nought where no more was seen than expected."""
    n = y.sum(axis=1, keepdims=True)
    inside, wanted = y @ zones, (e @ zones)[None, :] * n / e.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        outside = np.where(n - inside > 0, (n - inside) * np.log((n - inside) / (n - wanted)), 0.0)
        ratio = np.where(inside > 0, inside * np.log(inside / wanted), 0.0) + outside
    return np.where(inside > wanted, ratio, 0.0)


def _power(n: int, e: Floats, minutes: Matrix, zones: Floats, limit: float, rng: np.random.Generator, risk: float, planted: int) -> float:
    """The share of maps with a planted cluster around an area drawn by chance that the scan would call at 5 per cent."""
    near = np.asarray(minutes, dtype=np.float64)
    maps = np.empty((POWER_RUNS, len(e)))
    for run in range(POWER_RUNS):
        centre = int(rng.integers(len(e)))
        order = np.lexsort((np.arange(len(e)), near[centre], np.arange(len(e)) != centre))
        raised = e.copy()
        raised[order[:planted]] *= risk
        maps[run] = rng.multinomial(n, raised / raised.sum())
    return float((_strength(maps, e, zones).max(axis=1) > limit).mean())


# --- Gi* -----------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Local:
    """Gi* of one area: z, its p by permutation (upper tail), and whether it stands at a false discovery rate of 5 per cent."""

    z: float
    p: float
    stands: bool


def neighbours(minutes: Matrix, k: int = NEIGHBOURS) -> tuple[tuple[int, ...], ...]:
    """The k nearest areas of each area in minutes, itself first; ties go to the lower number."""
    near = np.asarray(minutes, dtype=np.float64)
    found = []
    for area in range(len(near)):
        order = np.lexsort((np.arange(len(near)), near[area], np.arange(len(near)) != area))
        found.append(tuple(int(i) for i in order[: k + 1]))
    return tuple(found)


def gi_star(values: Vector, near: Sequence[Sequence[int]]) -> Floats:
    """Getis and Ord's local Gi* as z, equal weights, each area among its own neighbours. Zeros where all values are equal.

    Ord and Getis 1995, Geographical Analysis 27, 286-306.
    """
    x = np.asarray(values, dtype=np.float64)
    z: Floats = _z(x[None, :], _indicator(near, len(x)))[0]
    return z


def _indicator(near: Sequence[Sequence[int]], n: int) -> Floats:
    """Column i holds a one for every area that counts for i."""
    weights = np.zeros((n, n))
    for area, mine in enumerate(near):
        weights[list(mine), area] = 1.0
    return weights


def _z(x: Floats, weights: Floats) -> Floats:
    n = x.shape[1]
    size = weights.sum(axis=0)[None, :]
    mean = x.mean(axis=1, keepdims=True)
    deviation = np.sqrt((x**2).mean(axis=1, keepdims=True) - mean**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (x @ weights - mean * size) / (deviation * np.sqrt((n * size - size**2) / (n - 1)))
    found: Floats = np.where(deviation > 1e-12, z, 0.0)
    return found


@lru_cache(maxsize=64)
def hot(
    values: tuple[float, ...], minutes: tuple[tuple[float, ...], ...], seed: int = 1, simulations: int = SIMULATIONS
) -> tuple[Local, ...]:
    """Gi* of every area with p from permutations of the others around it (conditional), and the rate of false discoveries held at 5 %."""
    near = neighbours(minutes)
    x = np.asarray(values, dtype=np.float64)
    z = gi_star(x, near)
    rng = np.random.default_rng(seed)
    p = np.ones(len(x))
    if np.ptp(x) > 0:
        for area, mine in enumerate(near):
            others = np.delete(x, area)
            draws = rng.permuted(np.broadcast_to(others, (simulations, len(others))), axis=1)[:, : len(mine) - 1]
            sums = draws.sum(axis=1) + x[area]
            p[area] = (1 + int((sums >= x[list(mine)].sum() - 1e-9).sum())) / (simulations + 1)
    stands = false_discovery(p)
    return tuple(Local(float(a), float(b), bool(c)) for a, b, c in zip(z, p, stands, strict=True))


def false_discovery(p: Vector, rate: float = _LEVEL) -> npt.NDArray[np.bool_]:
    """Which p stand when at most `rate` of those that stand may be false. Benjamini and Hochberg 1995."""
    found = np.asarray(p, dtype=np.float64)
    order = np.sort(found)
    limits = rate * np.arange(1, len(found) + 1) / len(found)
    passed = np.flatnonzero(order <= limits)
    return found <= (order[passed[-1]] if passed.size else -1.0)
