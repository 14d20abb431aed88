"""Arrivals: with what probability is a line of goods complete in the warehouse by its deadline, and how surely do we know?

Model (every prior is an assumption, stated on the page; the record so far moves it):
- transit of a surat jalan: log-normal; mean and precision of log-days Normal-Gamma (Murphy 2007, "Conjugate Bayesian analysis of the
  Gaussian distribution", eq. 85-91). What is already on its way has lived that long: its distribution is cut off below and the draws of
  the parameters are weighted by how well they explain that it is not here yet.
- what is promised and not sent: comes at the day in force plus a lateness, normal with Normal-Gamma parameters; with probability q
  (Beta: how many orders were moved) the day is moved once more by an exponential number of days (Gamma: past moves). Cut off likewise.
- what a supplier owes and has not sent, and what this delivery will lose: replaced after a log-normal cycle of its own.
- losses: each piece with probability p, Beta; pieces of one delivery get wet together, so the record counts for at most WEIGHT pieces.
The parts are independent given the parameters, so the distribution of the last arrival is a product; everything is computed in closed form
on a grid of days for each draw of the parameters (Rao-Blackwell), and only the parameters are drawn. The mean over draws is the
probability; the 5 % and 95 % points of the draws say how much is not known.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from posko.domain import receipts as rules

Floats = NDArray[np.float64]

DRAWS = 400
STEPS = 241
WEIGHT = 2_000
TINY = 1e-12
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class NormalGamma:
    """Belief about a normal: mean m, worth k observations; precision Gamma(a, rate b)."""

    m: float
    k: float
    a: float
    b: float

    def learnt(self, seen: tuple[float, ...]) -> "NormalGamma":
        """The belief after observations."""
        n = len(seen)
        if n == 0:
            return self
        mean = sum(seen) / n
        spread = sum((x - mean) ** 2 for x in seen)
        k = self.k + n
        return NormalGamma(
            (self.k * self.m + n * mean) / k,
            k,
            self.a + n / 2,
            self.b + spread / 2 + self.k * n * (mean - self.m) ** 2 / (2 * k),
        )

    def drawn(self, rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
        """Means and standard deviations."""
        precision = rng.gamma(self.a, 1 / self.b, draws)
        return rng.normal(self.m, 1 / np.sqrt(self.k * precision)), 1 / np.sqrt(precision)


@dataclass(frozen=True)
class Priors:
    """Assumptions before any delivery. Beltim's goods come by sea from Tanjung Priok in some two days, and a few on land at both ends.

    Loss: ballots 0.11 % (Bangka Tengah 2024: 814 of 727,920), other goods 0.5 % (Tangerang 4.5, Ketapang 5.3 per mille).
    """

    transit: NormalGamma = NormalGamma(math.log(5.0), 2, 2, 0.3)
    lateness: NormalGamma = NormalGamma(0.0, 1, 2, 32.0)
    replacement: NormalGamma = NormalGamma(math.log(14.0), 2, 2, 0.3)
    slip: tuple[float, float] = (2.0, 14.0)
    moved: tuple[float, float] = (1.0, 4.0)
    loss_ballots: tuple[float, float] = (1.0, 900.0)
    loss_other: tuple[float, float] = (1.0, 199.0)


PRIORS = Priors()


_ERFCC = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
)  # fmt: skip


def erfc(x: Floats) -> Floats:
    """The complementary error function to 1.2e-7 of its value everywhere (Press et al., Numerical Recipes, erfcc): tails stay right."""
    z = np.abs(x)
    t = 1 / (1 + 0.5 * z)
    poly = np.zeros_like(t)
    for factor in reversed(_ERFCC):
        poly = poly * t + factor
    poly = poly - z * z
    tail = t * np.exp(poly)
    found: Floats = np.where(x >= 0, tail, 2 - tail)
    return found


def above(x: Floats) -> Floats:
    """P(Z > x) of a standard normal."""
    found: Floats = 0.5 * erfc(x / math.sqrt(2))
    return found


@dataclass(frozen=True)
class _Part:
    """One thing that must arrive: P(not yet by each day of the grid) per draw, given that it is not here now; the weight of each draw."""

    name: str
    later: Floats
    log_weight: Floats


def _cut(name: str, later: Floats, now: Floats) -> _Part:
    """Condition on not having come until now. later [draws, steps], now [draws]: P(later than then), P(later than now)."""
    safe = np.maximum(now, TINY)[:, None]
    return _Part(name, np.clip(np.maximum(later, TINY * 1e-3) / safe, 0, 1), np.log(np.maximum(now, TINY)))


def _log_normal(name: str, mean: Floats, sd: Floats, elapsed: float, days: Floats) -> _Part:
    def later(after: Floats) -> Floats:
        return above((np.log(np.maximum(after, 1e-6)) - mean[:, None]) / sd[:, None])

    return _cut(name, later(elapsed + days[None, :]), later(np.full((1, 1), elapsed))[:, 0])


@dataclass(frozen=True)
class _World:
    """Draws of all parameters."""

    transit: tuple[Floats, Floats]
    lateness: tuple[Floats, Floats]
    replacement: tuple[Floats, Floats]
    slip_rate: Floats
    moved: Floats
    lost: Floats


def _world(history: rules.History, ballots: bool, seed: int, draws: int, priors: Priors) -> _World:
    rng = np.random.default_rng(seed)
    logs = tuple(math.log(max(0.1, d)) for d in history.transit)
    cycles = tuple(math.log(max(0.5, d)) for d in history.replacement)
    a, b = priors.loss_ballots if ballots else priors.loss_other
    share = min(1.0, WEIGHT / history.counted) if history.counted else 0.0
    lost, sound = history.lost * share, (history.counted - history.lost) * share
    return _World(
        priors.transit.learnt(logs).drawn(rng, draws),
        priors.lateness.learnt(history.lateness).drawn(rng, draws),
        priors.replacement.learnt(cycles).drawn(rng, draws),
        rng.gamma(priors.slip[0] + len(history.slips), 1 / (priors.slip[1] + sum(history.slips)), draws),
        rng.beta(priors.moved[0] + history.moved, priors.moved[1] + max(0, history.orders - history.moved), draws),
        rng.beta(a + lost, b + max(0.0, sound), draws),
    )


def _promise(world: _World, due: float, days: Floats) -> _Part:
    """Comes `due` days from now (below nought: overdue) plus lateness, and one more move with probability `moved`."""
    (mean, sd), rate, q = world.lateness, world.slip_rate, world.moved

    def later(day: Floats) -> Floats:
        x = day - due - mean[:, None]
        s, r = sd[:, None], rate[:, None]
        plain = above(x / s)
        # Normal plus exponential: P(> x) = P(Z > x/s) + exp(-r x + r2 s2 / 2) P(Z < x/s - r s), the second factor in logarithms.
        tail = np.exp(np.minimum(0, np.log(np.maximum(above(r * s - x / s), 1e-300)) - r * x + (r * s) ** 2 / 2))
        both: Floats = (1 - q[:, None]) * plain + q[:, None] * np.clip(plain + tail, 0, 1)
        return both

    return _cut("promise", later(days[None, :]), later(np.zeros((1, 1)))[:, 0])


def few_lost(pieces: int, slack: int, rate: Floats) -> Floats:
    """P(at most `slack` of `pieces` are lost), each with `rate`. Exact sum for up to 500, beyond that the normal approximation."""
    if slack >= pieces:
        return np.ones_like(rate)
    if slack <= 500:
        k = np.arange(slack + 1)
        ways = np.array([math.lgamma(pieces + 1) - math.lgamma(i + 1) - math.lgamma(pieces - i + 1) for i in k])
        r = np.clip(rate, 1e-15, 1 - 1e-15)[:, None]
        found: Floats = np.minimum(1, np.exp(ways + k * np.log(r) + (pieces - k) * np.log1p(-r)).sum(axis=1))
        return found
    spread = np.sqrt(np.maximum(pieces * rate * (1 - rate), 1e-9))
    return 1 - above((slack + 0.5 - pieces * rate) / spread)


def _sum_of(first: Floats, second: Floats) -> Floats:
    """The distribution function of a sum, on the grid: both [draws, steps]."""
    mass = np.diff(second, axis=1, prepend=0)
    size = 2 * first.shape[1]
    found = np.fft.irfft(np.fft.rfft(first, size, axis=1) * np.fft.rfft(mass, size, axis=1), size, axis=1)[:, : first.shape[1]]
    clipped: Floats = np.clip(found, 0, 1)
    return clipped


@dataclass(frozen=True)
class Spread:
    """The whole answer: days from now [steps], P(complete by day) per draw [draws, steps], weights of the draws, and what holds back."""

    days: Floats
    by_day: Floats
    weights: Floats
    holds: str

    def at(self, day: float) -> Floats:
        """P(complete by a day) for each draw; between grid points in a straight line."""
        place = min(max(day, 0.0), float(self.days[-1])) / float(self.days[1])
        low = min(int(place), len(self.days) - 2)
        part = place - low
        found: Floats = (1 - part) * self.by_day[:, low] + part * self.by_day[:, low + 1]
        return found

    def mean(self) -> Floats:
        """P(complete by day) [steps]."""
        found: Floats = self.weights @ self.by_day
        return found

    def quantile(self, values: Floats, share: float) -> float:
        """The weighted quantile of one value per draw."""
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(self.weights[order])
        return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])


def spread(question: rules.Question, seed: int, draws: int = DRAWS, priors: Priors = PRIORS) -> Spread:
    """The distribution of the day on which the line is complete, given that everything it needs is stock, under way, promised or owed."""
    world = _world(question.history, question.ballots, seed, draws, priors)
    left = _since(question.deadline_at or question.at, question.at)
    far = max([60.0, left + 20, *(_since(p.due_at, question.at) + 60 for p in question.promises)])
    days = np.linspace(0, far, STEPS)
    parts = [_log_normal("way", *world.transit, _since(question.at, w.sent_at), days) for w in question.on_the_way]
    parts += [_promise(world, _since(p.due_at, question.at), days) for p in question.promises]
    parts += [_log_normal("owed", *world.replacement, _since(question.at, o.since_at), days) for o in question.owed]
    arrived, log_weight = np.ones((draws, STEPS)), np.zeros(draws)
    factors: dict[str, Floats] = {}
    for part in parts:
        arrived = arrived * (1 - part.later)
        log_weight = log_weight + part.log_weight
        factors[part.name] = factors.get(part.name, np.ones((draws, STEPS))) * (1 - part.later)
    weights = np.exp(log_weight - log_weight.max())
    weights = weights / weights.sum()
    coming, slack = question.coming, question.good + question.coming - (question.need or 0)
    enough = few_lost(coming, slack, world.lost)[:, None]
    mean, sd = world.replacement
    again = 1 - above((np.log(np.maximum(days[None, :], 1e-6)) - mean[:, None]) / sd[:, None])
    by_day = np.maximum.accumulate(np.clip(enough * arrived + (1 - enough) * _sum_of(arrived, again), 0, 1), axis=1)
    found = Spread(days, by_day, weights, "")
    return Spread(days, by_day, weights, _worst(found, factors, arrived, left))


def _worst(found: Spread, factors: dict[str, Floats], arrived: Floats, left: float) -> str:
    """The part that alone lowers the probability at the deadline most."""

    def at(by_day: Floats) -> float:
        return float(found.weights @ Spread(found.days, by_day, found.weights, "").at(left))

    costs = {name: 1 - at(by_day) for name, by_day in factors.items()}
    costs["loss"] = at(arrived) - at(found.by_day)
    name = max(costs, key=lambda n: (costs[n], n))
    return name if costs[name] > 0.005 else ""


def _since(moment: datetime, start: datetime) -> float:
    return (moment - start) / _DAY


@lru_cache(maxsize=4096)
def outlook(question: rules.Question, seed: int) -> rules.Outlook:
    """The forecast of one line. The same question and seed give the same answer; answers are remembered."""
    if question.need is None:
        return rules.Outlook(question.key, "unknown", None, seed=seed)
    if question.good >= question.need:
        return rules.Outlook(question.key, "complete", 1000, 1000, 1000, seed=seed)
    if question.uncovered:
        return rules.Outlook(question.key, "uncovered", 0, 0, 0, "uncovered", uncovered=question.uncovered, seed=seed)
    found = spread(question, seed)
    mean = found.mean()
    early, middle, late = (_day(found, mean, share, question.at) for share in (0.05, 0.5, 0.95))
    if question.deadline_at is None:
        return rules.Outlook(question.key, "no_deadline", None, None, None, found.holds, early, middle, late, seed=seed)
    if question.deadline_at <= question.at:
        return rules.Outlook(question.key, "passed", 0, 0, 0, found.holds, early, middle, late, seed=seed)
    by_draw = found.at(_since(question.deadline_at, question.at))
    permille = _permille(float(found.weights @ by_draw))
    low, high = (_permille(found.quantile(by_draw, share)) for share in (0.05, 0.95))
    return rules.Outlook(
        question.key, "estimated", permille, min(low, permille), max(high, permille), found.holds, early, middle, late, seed=seed
    )


def _permille(share: float) -> int:
    """Never surer than the model can be: an estimate is at least 1 and at most 999."""
    return min(999, max(1, round(share * 1000)))


def _day(found: Spread, mean: Floats, share: float, at: datetime) -> datetime | None:
    """When the probability reaches a share; None where it does not within the grid."""
    step = int(np.searchsorted(mean, share))
    return at + float(found.days[step]) * _DAY if step < len(mean) else None
