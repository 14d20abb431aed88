"""The audit in worlds with and without bias: it must be quiet in the fair ones and see the unfair ones."""

import numpy as np
import pytest

from posko.planning import neutrality as kernel

RNG = np.random.default_rng(7)
TPS = RNG.integers(3, 20, 39).astype(float)
KECAMATAN = [f"K{i % 7}" for i in range(39)]
HOURS = np.asarray([0.5 * int(k[1]) for k in KECAMATAN])  # the far kecamatan need more
NEED = (TPS * (1 + 0.5 * HOURS)).tolist()
DAPIL = [f"D{int(k[1]) % 3}" for k in KECAMATAN]


def worlds(weights: list[float], n: int, times: int = 120) -> list[list[int]]:
    share = np.asarray(weights) / sum(weights)
    return [np.random.default_rng(100 + k).multinomial(n, share).tolist() for k in range(times)]


def rejected(found: list[list[int]], need: list[float], groups: list[str]) -> float:
    return sum(kernel.compare_counts(y, need, groups, seed=k, runs=199).p < 0.05 for k, y in enumerate(found)) / len(found)


def test_a_fair_world_is_left_alone_and_ignoring_need_cries_bias_in_it() -> None:
    fair = worlds(NEED, 120)
    assert rejected(fair, NEED, KECAMATAN) <= 0.08
    assert rejected(fair, TPS.tolist(), KECAMATAN) >= 0.5


def test_a_dapil_that_gets_twice_its_due_is_seen_mostly_at_240_and_rarely_at_20() -> None:
    skewed = [w * (2 if g == "D1" else 1) for w, g in zip(NEED, DAPIL, strict=True)]
    assert rejected(worlds(skewed, 240), NEED, DAPIL) >= 0.9
    assert rejected(worlds(skewed, 20), NEED, DAPIL) <= 0.6


def test_acts_that_come_in_bunches_of_four_do_not_pass_for_bias() -> None:
    bunched = [[4 * y for y in world] for world in worlds(NEED, 30)]
    assert rejected(bunched, NEED, KECAMATAN) <= 0.1


def test_the_power_that_is_stated_is_the_power_that_simulation_finds() -> None:
    skewed = [w * (2 if g == "D0" else 1) for w, g in zip(NEED, DAPIL, strict=True)]
    by_need = sorted(set(DAPIL), key=lambda d: sum(w for w, g in zip(NEED, DAPIL, strict=True) if g == d))
    middle = [w * (2 if g == by_need[1] else 1) for w, g in zip(NEED, DAPIL, strict=True)]
    stated = kernel.power_counts(120, NEED, DAPIL, 2.0)
    assert abs(rejected(worlds(middle, 120, 200), NEED, DAPIL) - stated) < 0.12
    assert kernel.power_counts(120, NEED, DAPIL, 1.0) < 0.1 < stated
    assert skewed != middle or by_need[1] == "D0"


def test_counts_are_compared_as_the_formula_written_out_says() -> None:
    counts, need, groups = [3, 1, 0, 4], [1.0, 1.0, 2.0, 4.0], ["a", "a", "b", "b"]
    found = kernel.compare_counts(counts, need, groups)
    assert found.n == 8
    due = {"a": 8 * 2 / 8, "b": 8 * 6 / 8}
    assert found.statistic == pytest.approx((4 - due["a"]) ** 2 / due["a"] + (4 - due["b"]) ** 2 / due["b"])
    assert [(g.group, g.n, g.expected, g.ratio) for g in found.groups] == [("a", 4, 2.0, 2.0), ("b", 4, 6.0, pytest.approx(4 / 6))]
    assert found.groups[0].low < 2.0 < found.groups[0].high
    assert found.widest is not None
    assert found.widest.group == "a"


def test_p_equals_the_exact_share_of_all_allotments_on_a_case_small_enough_to_count() -> None:
    # 6 acts over two equal areas that are a group each: both on one side, 6-0, has probability 2 / 64 under the allotment
    found = kernel.compare_counts([6, 0], [1.0, 1.0], ["a", "b"], runs=19999)
    assert found.p >= 2 / 64 - 0.005
    # with two areas every shuffle of the residuals is as far out: the cautious p is one
    assert found.p == 1.0
    many = kernel.compare_counts([6] + [0] * 9, [1.0] * 10, [str(i) for i in range(10)], runs=999)
    assert many.p == 1.0  # one bunch anywhere is the same to the second null


def test_areas_without_need_are_left_out_and_acts_in_them_are_a_fault() -> None:
    assert kernel.compare_counts([1, 0, 2], [1.0, 0.0, 2.0], ["a", "b", "c"]).groups[-1].group == "c"
    with pytest.raises(ValueError, match="without need"):
        kernel.compare_counts([1, 1, 2], [1.0, 0.0, 2.0], ["a", "b", "c"])
    with pytest.raises(ValueError, match="one length"):
        kernel.compare_counts([1], [1.0, 2.0], ["a", "b"])
    with pytest.raises(ValueError, match="positive"):
        kernel.expected(3, [0.0, 0.0])


def test_nothing_to_compare_gives_a_p_of_one() -> None:
    assert kernel.compare_counts([0, 0], [1.0, 2.0], ["a", "b"]).p == 1.0
    assert kernel.compare_times([], [], []).p == 1.0
    assert kernel.power_counts(0, [1.0], ["a"], 2.0) == 0.0
    assert kernel.power_times([3.0], ["a"], ["x"], 2.0) == 0.0


def waits(seed: int, slow: str = "", n: int = 120) -> tuple[list[float], list[str], list[str]]:
    rng = np.random.default_rng(seed)
    groups = rng.choice(sorted(set(KECAMATAN)), n).tolist()
    # the far kecamatan have more of the slow kind: only comparing like with like is fair
    strata = ["jauh" if g in {"K5", "K6"} or rng.random() < 0.2 else "dekat" for g in groups]
    base = {"dekat": 30.0, "jauh": 300.0}
    minutes = [base[s] * float(np.exp(rng.normal(0, 0.6))) * (2 if g == slow else 1) for g, s in zip(groups, strata, strict=True)]
    return minutes, groups, strata


def test_waiting_longer_because_it_is_far_is_no_bias_and_waiting_longer_among_equals_is() -> None:
    fair = [waits(k) for k in range(80)]
    assert sum(kernel.compare_times(*w, seed=1, runs=199).p < 0.05 for w in fair) / 80 <= 0.1
    naive = sum(kernel.compare_times(m, g, ["semua"] * len(m), seed=1, runs=199).p < 0.05 for m, g, _ in fair) / 80
    assert naive >= 0.8
    unfair = [waits(k, slow="K2") for k in range(80)]
    assert sum(kernel.compare_times(*w, seed=1, runs=199).p < 0.05 for w in unfair) / 80 >= 0.6


def test_the_group_that_waits_twice_as_long_is_named_with_its_ratio() -> None:
    found = kernel.compare_times(*waits(3, slow="K2", n=700), runs=199)
    assert found.widest is not None
    assert found.widest.group == "K2"
    others = [g.ratio for g in found.groups if g.group != "K2"]
    assert 1.8 < found.widest.ratio / (sum(others) / len(others)) < 2.2
    assert found.widest.low < found.widest.ratio < found.widest.high
    assert found.n == 700


def test_power_of_times_grows_with_cases() -> None:
    few, many = (kernel.power_times(*waits(4, n=n), ratio=2.0) for n in (60, 400))
    assert few < many
    assert many > 0.8


def test_ties_share_their_rank() -> None:
    assert kernel._ranks(np.asarray([5.0, 1.0, 5.0, 9.0])).tolist() == [2.5, 1.0, 2.5, 4.0]


def test_a_seed_gives_the_same_answer_twice() -> None:
    y = worlds(NEED, 80, 1)[0]
    assert kernel.compare_counts(y, NEED, KECAMATAN, seed=3) == kernel.compare_counts(y, NEED, KECAMATAN, seed=3)
