"""Stage drill: were our probabilities honest, and does the team answer what happens?

Two things are drilled. The forecast, against replayed elections of a simulator that is not its model: `Judgement`. And the people, on a
copy of their own data with faults injected on a clock: `Script`, `score`. Both are exercises: nothing here tells of a real day.

Scores are whole millionths: a journal keeps integers.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from posko.domain import record

MILLION = 1_000_000


class BadJudgement(record.Refusal):
    """Too little to judge a forecast by, or numbers that cannot be."""

    code: ClassVar[str] = "drill.bad_judgement"


# --- honest probabilities ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """A figure in millionths with its 95 % interval over replays."""

    value: int
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise BadJudgement(low=self.low, high=self.high)

    def beyond(self, reference: int) -> int:
        """1 clearly above a reference, -1 clearly below, 0 where chance may have done it.

        Two words may be said at each of several instants, so the interval is stretched by a third on both sides (about 99 %).
        """
        low, high = self.value - (self.value - self.low) * 4 / 3, self.value + (self.high - self.value) * 4 / 3
        return (low > reference) - (high < reference)


@dataclass(frozen=True)
class Bin:
    """Cases whose probability lay in [from_ppm, until_ppm): what was said on average, how many came true, and Wilson's 95 % interval.

    Wilson's interval takes cases as independent; TPS of one replay are not, so it is too narrow. The intervals of the scores are not.
    """

    from_ppm: int
    until_ppm: int
    cases: int
    came_true: int
    said_ppm: int
    low_ppm: int
    high_ppm: int

    @property
    def happened_ppm(self) -> int:
        """The share that came true."""
        return round(MILLION * self.came_true / self.cases) if self.cases else 0


class Honesty(StrEnum):
    """What the figures say in one word."""

    FAIR = "fair"
    OPTIMISTIC = "optimistic"
    PESSIMISTIC = "pessimistic"
    OVERCONFIDENT = "overconfident"
    UNDERCONFIDENT = "underconfident"
    TOO_FEW = "too_few"


LEAST_REPLAYS = 20
"""With fewer replays no word is said about a forecast."""


@dataclass(frozen=True)
class Judgement:
    """A forecast at one instant of many replays, judged. Brier scores: 0 is perfect, lower is better; skill: 1 is perfect, 0 no better.

    at_min: when it was said, relative to 00:00 of voting day. base: the Brier score of always saying the share that was ready in the end
    (known only afterwards, so it is hard to beat); schedule: of believing the plan (1 where the planned arrival is in time).
    brier = reliability - resolution + uncertainty + within, exactly (Murphy 1973; Stephenson, Coelho and Jolliffe 2008 for `within`).
    bias: mean probability minus share ready. slope: of what happened on what was said; below 1: too sure of itself, above: too careful.
    log_score: mean of -ln p, with p kept between 1/10,000 and 9,999/10,000. sharpness: mean of p(1-p), the less the bolder.
    """

    at_min: int
    replays: int
    cases: int
    ready: int
    brier: Score
    base: Score
    schedule: Score
    skill_base: Score
    skill_schedule: Score
    log_score: Score
    bias: Score
    slope: Score
    reliability: int
    resolution: int
    uncertainty: int
    within: int
    sharpness: int
    bins: tuple[Bin, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.ready <= self.cases or self.cases < 1 or sum(one.cases for one in self.bins) != self.cases:
            raise BadJudgement(cases=self.cases, ready=self.ready)

    @property
    def honesty(self) -> tuple[Honesty, ...]:
        """What is clear beyond chance; FAIR when nothing is."""
        if self.replays < LEAST_REPLAYS:
            return (Honesty.TOO_FEW,)
        found = []
        words = (
            (self.bias.beyond(0), Honesty.OPTIMISTIC, Honesty.PESSIMISTIC),
            (self.slope.beyond(MILLION), Honesty.UNDERCONFIDENT, Honesty.OVERCONFIDENT),
        )
        found = [above if side > 0 else below for side, above, below in words if side]
        return tuple(found) or (Honesty.FAIR,)


@dataclass(frozen=True)
class Evaluation:
    """The forecast judged by a simulator: the same replays at several instants.

    seed and replays give the same figures again; input_hash names the plan and all that it was made from; forecaster: whom it judges.
    """

    forecaster: str
    seed: int
    replays: int
    scenarios: int
    tps: int
    input_hash: str
    judgements: tuple[Judgement, ...]

    def __post_init__(self) -> None:
        if not self.judgements or self.replays < 1:
            raise BadJudgement(replays=self.replays)
