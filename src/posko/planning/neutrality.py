"""Equal treatment of groups of desa: counts against need, and waiting times, by permutation; with the power to see a difference.

Two questions. Did groups get more or fewer acts than their need explains (`compare_counts`)? Did groups wait longer (`compare_times`)?
Neither knows anything about votes: groups are kecamatan or dapil. Chance comes from a seed, so a run repeats on every machine.

Need must be given: where need differs between groups and is ignored, a test of this kind cries bias in most runs of a fair world
(`tests/planning/test_neutrality.py` shows both). Whether the need score itself is fair is not tested here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

RUNS = 9999
POWER_RUNS = 200
POWER_INNER = 199
LEVEL = 0.05
Floats = npt.NDArray[np.float64]
Wholes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Share:
    """One group: what was seen and what need explains, their ratio and its range (90 per cent). n: cases of the group."""

    group: str
    n: int
    expected: float
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """A comparison: cases, p of the worse of its two nulls, the groups. statistic: weighted squares between groups."""

    n: int
    p: float
    statistic: float
    groups: tuple[Share, ...]

    @property
    def widest(self) -> Share | None:
        """The group whose ratio is furthest from one; None without groups."""
        seen = [g for g in self.groups if g.expected > 0]
        return max(seen, key=lambda g: abs(np.log(max(g.ratio, 0.01)))) if seen else None


def expected(total: int, need: Sequence[float]) -> Floats:
    """A total spread over areas in proportion to their need (areas,). Need below nought, or nowhere, is a fault of the caller."""
    share = np.asarray(need, dtype=np.float64)
    if share.size == 0 or np.any(share < 0) or share.sum() <= 0:
        raise ValueError("need must be positive somewhere and negative nowhere")
    return np.asarray(share * total / share.sum(), dtype=np.float64)


# --- counts -------------------------------------------------------------------------------------------------------------------------


def compare_counts(counts: Sequence[int], need: Sequence[float], groups: Sequence[str], seed: int = 1, runs: int = RUNS) -> Compared:
    """Whether groups of areas got acts in proportion to need. counts, need, groups: one per area.

    Statistic: sum over groups of (seen - expected)^2 / expected. It is compared with two worlds without bias: every act falls on an area
    with a probability proportional to need, and: the areas' standardised residuals are shuffled over the areas, which allows for acts
    that come in bunches (one cause, several letters). The larger p counts.
    """
    y, e, names, member = _areas(counts, need, groups)
    observed = _between(y[None, :], e, member)[0]
    rng = np.random.default_rng(seed)
    p = max(_p_allotted(observed, y, e, member, rng, runs), _p_shuffled(observed, y, e, member, rng, runs)) if y.sum() else 1.0
    seen, due = member @ y, member @ e
    shares = tuple(Share(name, int(s), float(d), *_ratio(int(s), float(d))) for name, s, d in zip(names, seen, due, strict=True))
    return Compared(int(y.sum()), float(p), float(observed), shares)


def _areas(counts: Sequence[int], need: Sequence[float], groups: Sequence[str]) -> tuple[Wholes, Floats, list[str], Floats]:
    """(counts, expected, names of groups, membership groups x areas); areas without need and without acts are left out."""
    y, wanted = np.asarray(counts, dtype=np.int64), np.asarray(need, dtype=np.float64)
    if not (y.size == wanted.size == len(groups)):
        raise ValueError("counts, need and groups must be of one length")
    e = expected(int(y.sum()), need) if y.sum() else wanted
    kept = e > 0
    if np.any(y[~kept]):
        raise ValueError("an act in an area without need")
    names = sorted({g for g, k in zip(groups, kept, strict=True) if k})
    labels = np.asarray(groups, dtype=object)[kept]
    member = np.asarray([[1.0 if label == name else 0.0 for label in labels] for name in names])
    return y[kept], e[kept], names, member


def _between(y: npt.NDArray[np.number], e: Floats, member: Floats) -> Floats:
    """(runs,) from (runs, areas)."""
    due = member @ e
    return np.asarray((((y - e) @ member.T) ** 2 / due).sum(axis=1), dtype=np.float64)


def _p(observed: float, simulated: Floats) -> float:
    """With the observed world among the simulated ones (Davison and Hinkley 1997, 4.11); a rounding error is a tie."""
    return (1 + int((simulated >= observed - 1e-9).sum())) / (1 + simulated.size)


def _p_allotted(observed: float, y: Wholes, e: Floats, member: Floats, rng: np.random.Generator, runs: int) -> float:
    return _p(observed, _between(rng.multinomial(int(y.sum()), e / e.sum(), size=runs), e, member))


def _p_shuffled(observed: float, y: Wholes, e: Floats, member: Floats, rng: np.random.Generator, runs: int) -> float:
    z = (y - e) / np.sqrt(e)
    shuffled = rng.permuted(np.tile(z, (runs, 1)), axis=1) * np.sqrt(e)
    return _p(observed, _between(shuffled + e, e, member))


def _ratio(seen: int, due: float) -> tuple[float, float, float]:
    """Seen by due with the 90 per cent range of Byar's approximation to the Poisson limits (Breslow and Day 1987, 2.2)."""
    if due <= 0:
        return 1.0, 0.0, float("inf")
    z, up = 1.6449, seen + 1
    low = seen * (1 - 1 / (9 * seen) - z / (3 * sqrt(seen))) ** 3 if seen else 0.0
    return seen / due, max(0.0, low) / due, up * (1 - 1 / (9 * up) + z / (3 * sqrt(up))) ** 3 / due


def power_counts(n: int, need: Sequence[float], groups: Sequence[str], ratio: float, seed: int = 1, level: float = LEVEL) -> float:
    """How often `compare_counts` finds, at `level`, that the group in the middle by need gets `ratio` times its due. n: cases."""
    if n < 1:
        return 0.0
    names = sorted(set(groups))
    due = {name: sum(w for w, g in zip(need, groups, strict=True) if g == name) for name in names}
    favoured = sorted(names, key=lambda name: (due[name], name))[len(names) // 2]
    skewed = np.asarray([w * (ratio if g == favoured else 1.0) for w, g in zip(need, groups, strict=True)])
    rng = np.random.default_rng(seed)
    worlds = rng.multinomial(n, skewed / skewed.sum(), size=POWER_RUNS)
    found = sum(compare_counts(world.tolist(), need, groups, seed=seed + k, runs=POWER_INNER).p < level for k, world in enumerate(worlds))
    return found / POWER_RUNS


# --- times --------------------------------------------------------------------------------------------------------------------------


def compare_times(minutes: Sequence[float], groups: Sequence[str], strata: Sequence[str], seed: int = 1, runs: int = RUNS) -> Compared:
    """Whether groups waited alike. One entry per case; cases are only compared within their stratum (kind of case, distance, need).

    Times are taken on a logarithmic scale, less the median of their stratum, ranked; the statistic is the sum over groups of
    n x (mean rank - overall)^2. Groups are shuffled among the cases of each stratum. Ratios: geometric mean of a group against its
    strata (1: as elsewhere; 2: twice as long), their range by drawing the group's cases again.
    """
    if not (len(minutes) == len(groups) == len(strata)):
        raise ValueError("minutes, groups and strata must be of one length")
    if not minutes:
        return Compared(0, 1.0, 0.0, ())
    names, label, aligned, blocks = _cases(minutes, groups, strata)
    ranks = _ranks(aligned)
    observed = float(_spread(ranks[None, :], label, len(names))[0])
    rng = np.random.default_rng(seed)
    simulated = _spread(_shuffled(ranks, blocks, rng, runs), label, len(names))
    shares = tuple(_waited(name, aligned[label == k], rng) for k, name in enumerate(names))
    return Compared(len(minutes), _p(observed, simulated), observed, shares)


def _cases(minutes: Sequence[float], groups: Sequence[str], strata: Sequence[str]) -> tuple[list[str], Wholes, Floats, list[Wholes]]:
    """(names, group index, log minutes less the stratum's median, the cases of each stratum)."""
    names = sorted(set(groups))
    label = np.asarray([names.index(g) for g in groups], dtype=np.int64)
    logs = np.log(np.maximum(np.asarray(minutes, dtype=np.float64), 1.0))
    blocks = [np.asarray([i for i, s in enumerate(strata) if s == name], dtype=np.int64) for name in sorted(set(strata))]
    aligned = logs.copy()
    for block in blocks:
        aligned[block] -= np.median(logs[block])
    return names, label, aligned, blocks


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, ties share their mean."""
    _, inverse, counts = np.unique(np.round(values, 9), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse], dtype=np.float64)


def _spread(ranks: Floats, label: Wholes, groups: int) -> Floats:
    member = np.eye(groups)[label]
    n = member.sum(axis=0)
    means = (ranks @ member) / n
    return np.asarray((n * (means - ranks.mean(axis=1, keepdims=True)) ** 2).sum(axis=1), dtype=np.float64)


def _shuffled(ranks: Floats, blocks: list[Wholes], rng: np.random.Generator, runs: int) -> Floats:
    worlds = np.tile(ranks, (runs, 1))
    for block in blocks:
        worlds[:, block] = rng.permuted(worlds[:, block], axis=1)
    return worlds


def _waited(name: str, aligned: Floats, rng: np.random.Generator) -> Share:
    drawn = aligned[rng.integers(0, aligned.size, size=(999, aligned.size))].mean(axis=1)
    low, high = np.quantile(drawn, (0.05, 0.95))
    return Share(name, int(aligned.size), float(aligned.size), exp(float(aligned.mean())), exp(float(low)), exp(float(high)))


def power_times(
    minutes: Sequence[float], groups: Sequence[str], strata: Sequence[str], ratio: float, seed: int = 1, level: float = LEVEL
) -> float:
    """How often `compare_times` finds, at `level`, that the group in the middle by cases waits `ratio` times as long."""
    if len(set(groups)) < 2:
        return 0.0
    names, label, aligned, blocks = _cases(minutes, groups, strata)
    sizes = np.bincount(label, minlength=len(names))
    slow = sorted(range(len(names)), key=lambda k: (int(sizes[k]), k))[len(names) // 2]
    rng = np.random.default_rng(seed)
    found = 0
    for world in _shuffled(aligned, blocks, rng, POWER_RUNS):
        ranks = _ranks(world + np.where(label == slow, np.log(ratio), 0.0))
        observed = float(_spread(ranks[None, :], label, len(names))[0])
        found += _p(observed, _spread(_shuffled(ranks, blocks, rng, POWER_INNER), label, len(names))) < level
    return found / POWER_RUNS
