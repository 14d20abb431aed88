"""Were the probabilities honest? Reliability, Brier score and its parts, skill, with intervals that know that TPS of a replay go together.

Brier (1950), Monthly Weather Review 78, 1-3. Murphy (1973), Journal of Applied Meteorology 12, 595-600: reliability - resolution +
uncertainty. Stephenson, Coelho and Jolliffe (2008), Weather and Forecasting 23, 752-757: with bins the identity needs two more parts, the
variance within bins and (twice) the covariance; here they are one number, `within`. Wilson (1927), JASA 22, 209-212.
Intervals: whole replays are drawn again with replacement (block bootstrap), 2.5 % and 97.5 % points.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from posko.domain import drill as rules

Floats = NDArray[np.float64]
MILLION = rules.MILLION
EDGES = (0, 100_000, 300_000, 500_000, 700_000, 800_000, 900_000, 950_000, 980_000, 990_000, 1_000_001)
"""Edges of the bins in ppm: finer where most TPS are, near certainty. The last bin holds 1."""
SMALLEST = 1e-4
"""A probability of 0 that comes true costs -ln of this and not infinity."""
RESAMPLES = 1000
_Z95 = 1.959963984540054


def wilson(hits: int, cases: int, z: float = _Z95) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) without cases."""
    if cases == 0:
        return 0.0, 1.0
    share = hits / cases
    middle = share + z * z / (2 * cases)
    half = z * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases))
    low, high = (middle - half) / (1 + z * z / cases), (middle + half) / (1 + z * z / cases)
    return (0.0 if hits == 0 else max(0.0, low)), (1.0 if hits == cases else min(1.0, high))


def judge(
    at_min: int, said_ppm: NDArray[np.int64], ready: NDArray[np.bool_], planned: NDArray[np.bool_], *, seed: int, resamples: int = RESAMPLES
) -> rules.Judgement:
    """All figures of one instant. said_ppm, ready: [replays, TPS]; planned: [TPS] or [replays, TPS], whether the schedule is in time.

    BadJudgement for nothing, for shapes that differ, and for what is no probability.
    """
    planned = np.broadcast_to(planned, ready.shape) if planned.shape in {ready.shape, ready.shape[1:]} else planned
    if said_ppm.ndim != 2 or not said_ppm.size or said_ppm.shape != ready.shape or planned.shape != ready.shape:
        raise rules.BadJudgement(said=str(said_ppm.shape), ready=str(ready.shape), planned=str(planned.shape))
    if said_ppm.min() < 0 or said_ppm.max() > MILLION:
        raise rules.BadJudgement(smallest=int(said_ppm.min()), largest=int(said_ppm.max()))
    said, came = said_ppm / MILLION, ready.astype(np.float64)
    whole, drawn = _sums(said, came, planned.astype(np.float64), seed, resamples)
    scores = {name: _score(value, drawn[name]) for name, value in whole.items()}
    parts = decomposed(said_ppm.ravel(), ready.ravel())
    return rules.Judgement(
        at_min=at_min,
        replays=len(said),
        cases=said.size,
        ready=int(ready.sum()),
        **scores,
        reliability=parts["reliability"],
        resolution=parts["resolution"],
        uncertainty=parts["uncertainty"],
        within=scores["brier"].value - parts["reliability"] + parts["resolution"] - parts["uncertainty"],
        sharpness=round(MILLION * float((said * (1 - said)).mean())),
        bins=bins(said_ppm.ravel(), ready.ravel()),
    )


def bins(said_ppm: NDArray[np.int64], ready: NDArray[np.bool_], edges: Sequence[int] = EDGES) -> tuple[rules.Bin, ...]:
    """The reliability diagram as values: every bin of `edges`, the empty ones too."""
    found = []
    for low, high in pairwise(edges):
        inside = (said_ppm >= low) & (said_ppm < high)
        cases, hits = int(inside.sum()), int(ready[inside].sum())
        said = round(float(said_ppm[inside].mean())) if cases else (low + min(high, MILLION)) // 2
        around = wilson(hits, cases)
        found.append(rules.Bin(low, min(high, MILLION), cases, hits, said, round(MILLION * around[0]), round(MILLION * around[1])))
    return tuple(found)


def decomposed(said_ppm: NDArray[np.int64], ready: NDArray[np.bool_], edges: Sequence[int] = EDGES) -> dict[str, int]:
    """Murphy's parts over the bins, and `within`, in millionths."""
    said, came = said_ppm / MILLION, ready.astype(np.float64)
    base = came.mean()
    where = np.searchsorted(np.asarray(edges[1:]), said_ppm, side="right")
    count = np.bincount(where, minlength=len(edges) - 1)
    full = count > 0
    mean_said = np.bincount(where, said, len(edges) - 1)[full] / count[full]
    mean_came = np.bincount(where, came, len(edges) - 1)[full] / count[full]
    weight = count[full] / len(said)
    apart = said - np.bincount(where, said, len(edges) - 1)[where] / count[where]
    parts = {
        "reliability": float((weight * (mean_said - mean_came) ** 2).sum()),
        "resolution": float((weight * (mean_came - base) ** 2).sum()),
        "uncertainty": float(base * (1 - base)),
        "within": float((apart**2).mean() - 2 * (apart * came).mean()),
    }
    return {name: round(MILLION * value) for name, value in parts.items()}


def _sums(said: Floats, came: Floats, planned: Floats, seed: int, resamples: int) -> tuple[dict[str, float], dict[str, Floats]]:
    """Every score of the whole and of replays drawn again. All of them follow from eight sums per replay."""
    bounded = np.clip(said, SMALLEST, 1 - SMALLEST)
    logs = -(came * np.log(bounded) + (1 - came) * np.log(1 - bounded))
    columns = (np.ones_like(said), said, came, said * said, said * came, (said - came) ** 2, (planned - came) ** 2, logs)
    per_replay = np.stack([column.sum(axis=1) for column in columns], axis=1)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(said), np.full(len(said), 1 / len(said)), size=resamples)
    drawn = _scores(times.astype(np.float64) @ per_replay)
    whole = _scores(per_replay.sum(axis=0, keepdims=True))
    return {name: float(value[0]) for name, value in whole.items()}, drawn


def _scores(sums: Floats) -> dict[str, Floats]:
    """Scores from sums, float[draws, 8] -> float[draws] each. Where the reference is perfect, skill is 0 if we are too, else -1."""
    cases, said, came, said2, both, squared, planned, logs = sums.T
    share, mean = came / cases, said / cases
    brier, base, schedule = squared / cases, share * (1 - share), planned / cases
    variance = said2 / cases - mean**2
    # One probability for everybody has no slope; it is neither too sure nor too careful.
    slope = np.divide(both / cases - mean * share, variance, out=np.ones_like(mean), where=variance > 1e-9)
    return {
        "brier": brier, "base": base, "schedule": schedule, "skill_base": _skill(brier, base), "skill_schedule": _skill(brier, schedule),
        "log_score": logs / cases, "bias": mean - share, "slope": slope,
    }  # fmt: skip


def _skill(ours: Floats, reference: Floats) -> Floats:
    beaten = np.where(ours > 0, -1.0, 0.0)
    return np.divide(reference - ours, reference, out=beaten, where=reference > 0)


def _score(value: float, drawn: Floats) -> rules.Score:
    """The figure and its interval; a figure outside what was drawn (few replays) widens the interval."""
    low, high = np.quantile(drawn, (0.025, 0.975))
    middle = round(MILLION * value)
    return rules.Score(middle, min(middle, round(MILLION * float(low))), max(middle, round(MILLION * float(high))))
