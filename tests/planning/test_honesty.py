"""Were the probabilities honest: cases computed by hand, the identity of the parts, and forecasters whose faults are known."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import drill as rules
from posko.planning import honesty

MILLION = rules.MILLION
Ints = "np.ndarray[tuple[int, int], np.dtype[np.int64]]"


def judged(said: object, ready: object, planned: object = None, **more: int) -> rules.Judgement:
    made = np.atleast_2d(np.asarray(said, dtype=np.int64))
    came = np.atleast_2d(np.asarray(ready, dtype=bool))
    plan = np.ones_like(came) if planned is None else np.asarray(planned, dtype=bool)
    return honesty.judge(-240, made, came, plan, **{"seed": 1, "resamples": 200, **more})


def test_four_cases_by_hand() -> None:
    # 0.9 ready, 0.9 not ready, 0.5 ready, 0.1 not ready: squares 0.01, 0.81, 0.25, 0.01; base rate one half; the plan says all in time.
    found = judged([900_000, 900_000, 500_000, 100_000], [1, 0, 1, 0])
    assert found.brier.value == 270_000
    assert found.base.value == 250_000
    assert found.schedule.value == 500_000
    assert found.skill_base.value == -80_000
    assert found.skill_schedule.value == 460_000
    assert found.bias.value == 100_000
    assert found.log_score.value == pytest.approx(-(log(0.9) + log(0.1) + log(0.5) + log(0.9)) / 4 * MILLION, abs=1)
    assert found.sharpness == round((0.09 + 0.09 + 0.25 + 0.09) / 4 * MILLION)
    assert (found.cases, found.ready, found.replays) == (4, 2, 1)


def test_parts_of_the_score_by_hand() -> None:
    # Two bins of two: said 0.9 (one of two came), said 0.1 (none of two came). Base rate 1/4.
    parts = honesty.decomposed(np.array([900_000, 900_000, 200_000, 200_000]), np.array([True, False, False, False]))
    assert parts["reliability"] == round(0.5 * (0.4**2 + 0.2**2) * MILLION)
    assert parts["resolution"] == round((0.5 * (0.5 - 0.25) ** 2 + 0.5 * 0.25**2) * MILLION)
    assert parts["uncertainty"] == 187_500
    assert parts["within"] == 0


@given(st.lists(st.tuples(st.integers(0, MILLION), st.booleans()), min_size=1, max_size=60))
def test_the_score_is_the_sum_of_its_parts(cases: list[tuple[int, bool]]) -> None:
    said, ready = np.array([p for p, _ in cases]), np.array([o for _, o in cases])
    parts = honesty.decomposed(said, ready)
    brier = float(((said / MILLION - ready) ** 2).mean())
    assert sum(parts[name] for name in ("reliability", "uncertainty", "within")) - parts["resolution"] == pytest.approx(
        brier * MILLION, abs=3
    )
    found = judged(said, ready, resamples=20)
    assert found.reliability - found.resolution + found.uncertainty + found.within == found.brier.value
    assert found.within == pytest.approx(parts["within"], abs=3)
    assert sum(one.cases for one in found.bins) == len(cases)
    assert sum(one.came_true for one in found.bins) == found.ready


def test_wilson_by_the_textbook() -> None:
    # 8 of 10: 0.490 to 0.943 (Brown, Cai and DasGupta 2001, the usual example); nothing of ten: 0 to 0.278.
    assert honesty.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert honesty.wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert honesty.wilson(10, 10)[1] == 1.0
    assert honesty.wilson(0, 0) == (0.0, 1.0)


def test_certainty_and_the_edges_of_the_bins_have_a_place() -> None:
    found = honesty.bins(np.array([0, 99_999, 100_000, 990_000, MILLION]), np.array([False, False, True, True, True]))
    assert [one.cases for one in found] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found[-1].until_ppm == MILLION
    assert found[-1].happened_ppm == MILLION
    assert found[2].happened_ppm == 0
    assert (found[2].low_ppm, found[2].high_ppm) == (0, MILLION)


def test_a_wrong_certainty_costs_a_bounded_amount() -> None:
    found = judged([MILLION, 0], [0, 1])
    assert found.brier.value == MILLION
    assert found.log_score.value == round(-log(honesty.SMALLEST) * MILLION)


def simulated(seed: int, replays: int = 200, tps: int = 60) -> tuple["np.ndarray", "np.ndarray"]:  # type: ignore[type-arg]
    """True probabilities, shared by the TPS of a replay in part, and what came of them."""
    rng = np.random.default_rng(seed)
    true = np.clip(rng.beta(4, 2, (replays, 1)) * 0.7 + rng.beta(2, 2, (replays, tps)) * 0.3, 0, 1)
    return true, rng.random((replays, tps)) < true


def test_an_honest_forecaster_is_called_fair() -> None:
    true, ready = simulated(1)
    found = judged(np.rint(true * MILLION), ready)
    assert found.honesty == (rules.Honesty.FAIR,)
    assert found.bias.low < 0 < found.bias.high
    assert found.skill_base.low > 0
    assert found.reliability < 2_000


@pytest.mark.parametrize(
    ("bend", "word"),
    [
        (lambda p: np.clip(p + 0.15, 0, 1), rules.Honesty.OPTIMISTIC),
        (lambda p: np.clip(p - 0.15, 0, 1), rules.Honesty.PESSIMISTIC),
        (lambda p: np.clip(0.6 + (p - 0.6) * 2.2, 0, 1), rules.Honesty.OVERCONFIDENT),
        (lambda p: 0.6 + (p - 0.6) * 0.4, rules.Honesty.UNDERCONFIDENT),
    ],
)
def test_a_bent_forecaster_is_found_out(bend: object, word: rules.Honesty) -> None:
    true, ready = simulated(2)
    found = judged(np.rint(bend(true) * MILLION), ready)  # type: ignore[operator]
    assert word in found.honesty
    assert found.reliability > judged(np.rint(true * MILLION), ready).reliability


def test_with_few_replays_no_word_is_said() -> None:
    true, ready = simulated(3, replays=rules.LEAST_REPLAYS - 1)
    assert judged(np.rint(true * MILLION), ready).honesty == (rules.Honesty.TOO_FEW,)


def test_tps_that_fail_together_widen_the_interval() -> None:
    rng = np.random.default_rng(4)
    bad = rng.random((100, 1)) < 0.2
    ready = np.broadcast_to(~bad, (100, 50))
    alone = rng.random((100, 50)) >= 0.2
    said = np.full((100, 50), 800_000)
    together, apart = judged(said, ready).bias, judged(said, alone).bias
    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_the_same_seed_gives_the_same_interval() -> None:
    true, ready = simulated(5, replays=40)
    said = np.rint(true * MILLION)
    assert judged(said, ready, seed=7) == judged(said, ready, seed=7)
    assert judged(said, ready, seed=7).brier != judged(said, ready, seed=8).brier


def test_where_the_reference_cannot_be_beaten_skill_is_no_gain() -> None:
    all_ready = judged([MILLION, MILLION], [1, 1])
    assert (all_ready.brier.value, all_ready.skill_base.value, all_ready.skill_schedule.value) == (0, 0, 0)
    assert judged([900_000, 900_000], [1, 1]).skill_schedule.value == -MILLION


@pytest.mark.parametrize(
    ("said", "ready"),
    [
        (np.zeros((0, 3), np.int64), np.zeros((0, 3), bool)),
        (np.zeros((2, 3), np.int64), np.zeros((2, 4), bool)),
        (np.full((1, 1), MILLION + 1), np.ones((1, 1), bool)),
        (np.full((1, 1), -1), np.ones((1, 1), bool)),
    ],
)
def test_what_is_no_forecast_is_refused(said: "np.ndarray", ready: "np.ndarray") -> None:  # type: ignore[type-arg]
    with pytest.raises(rules.BadJudgement):
        honesty.judge(0, said, ready, np.ones(ready.shape, bool), seed=1)
