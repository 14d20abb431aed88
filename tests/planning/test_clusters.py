"""Shrinkage, scan and Gi*: honest under chance, awake to a planted cluster, equal to other people's numbers."""

import math

import numpy as np
import pytest

from posko.planning import clusters

SIZE = 39
RNG = np.random.default_rng(7)
POINTS = RNG.uniform(0, 60, size=(SIZE, 2))
MINUTES = tuple(tuple(float(round(math.dist(a, b), 3)) for b in POINTS) for a in POINTS)
VOTERS = tuple(float(v) for v in RNG.integers(800, 6000, size=SIZE))


def spread(n: int, seed: int, raised: tuple[int, ...] = (), risk: float = 1.0) -> tuple[int, ...]:
    chances = np.array(VOTERS)
    chances[list(raised)] *= risk
    return tuple(int(c) for c in np.random.default_rng(seed).multinomial(n, chances / chances.sum()))


# --- shrinkage --------------------------------------------------------------------------------------------------------------


def test_nothing_counted_gives_nothing() -> None:
    assert clusters.shrink([0] * SIZE, VOTERS) == ()


def test_one_report_in_a_small_desa_is_not_hot() -> None:
    counts = list(spread(40, 1))
    small = int(np.argmin(VOTERS))
    counts[small] = 1
    mine = clusters.shrink(counts, VOTERS)[small]
    crude = (1 / VOTERS[small]) / (sum(counts) / sum(VOTERS))
    assert mine.rate < 1 + (crude - 1) * 0.7
    assert mine.low < 1 < mine.high


def test_many_reports_are_believed_and_the_interval_narrows() -> None:
    counts = [20] * 10
    counts[0] = 200
    few, many = clusters.shrink([c // 10 for c in counts], [1.0] * 10), clusters.shrink(counts, [1.0] * 10)
    crude = 200 / (sum(counts) / 10)
    assert many[0].rate == pytest.approx(crude, rel=0.12)
    assert many[0].above > 0.99
    assert many[1].high / many[1].low < few[1].high / few[1].low


def test_the_unit_of_the_expectation_does_not_matter() -> None:
    counts = spread(60, 2)
    assert clusters.shrink(counts, VOTERS) == clusters.shrink(counts, [v * 0.25 for v in VOTERS])


def test_nine_intervals_of_ten_hold_the_true_rate() -> None:
    rng = np.random.default_rng(11)
    inside = total = 0
    e = np.array(VOTERS) * 150 / sum(VOTERS)
    for run in range(40):
        true = rng.gamma(4, 1 / 4, size=SIZE)
        counts = rng.poisson(e * true)
        region = counts.sum() / e.sum()
        for one, rate in zip(clusters.shrink([int(c) for c in counts], VOTERS, seed=run), true, strict=True):
            inside += one.low <= rate / region <= one.high
            total += 1
    assert 0.86 <= inside / total <= 0.94


# --- the scan ---------------------------------------------------------------------------------------------------------------


def test_under_twenty_reports_no_cluster_is_looked_for() -> None:
    assert clusters.scan(spread(19, 1), VOTERS, MINUTES) is None
    assert clusters.scan(spread(20, 1), VOTERS, MINUTES) is not None


def test_chance_alone_is_called_a_cluster_in_about_five_of_a_hundred_maps() -> None:
    runs = 200
    called = sum(clusters.scan(spread(40, 1000 + run), VOTERS, MINUTES, run, 199).p <= 0.05 for run in range(runs))  # type: ignore[union-attr]
    assert 2 <= called <= 20  # 200 runs at 0.05: outside of this with probability below 0.005 on either side


def test_a_planted_cluster_is_found_where_it_was_planted() -> None:
    planted = clusters.neighbours(MINUTES, 3)[10]
    found = clusters.scan(spread(120, 3, planted, 8.0), VOTERS, MINUTES)
    assert found is not None
    assert found.p <= 0.01
    assert set(planted) & set(found.areas) >= set(planted[:3])
    assert found.ratio > 3
    assert found.observed <= found.n == 120


def test_power_grows_with_the_number_of_reports_and_stays_small_for_a_regency() -> None:
    powers = [clusters.scan(spread(n, 5), VOTERS, MINUTES).power for n in (20, 40, 160)]  # type: ignore[union-attr]
    assert powers[0] < 0.5 < powers[2]
    assert powers == sorted(powers)


def test_the_same_counts_have_the_same_answer() -> None:
    counts = spread(50, 9)
    assert clusters.scan.__wrapped__(counts, VOTERS, MINUTES) == clusters.scan.__wrapped__(counts, VOTERS, MINUTES)


def test_the_strength_of_a_zone_is_kulldorffs_ratio_worked_by_hand() -> None:
    counts, expected = (12, 3, 3, 6), (6.0, 6.0, 6.0, 6.0)
    line = tuple(tuple(float(abs(a - b)) for b in range(4)) for a in range(4))
    found = clusters.scan(counts, expected, line)
    assert found is not None
    assert (found.areas, found.observed, found.expected) == ((0,), 12, 6.0)
    assert found.ratio == pytest.approx((12 / 6) / (12 / 18))


# --- Gi* --------------------------------------------------------------------------------------------------------------------


def naive(values: list[float], near: tuple[tuple[int, ...], ...]) -> list[float]:
    """The formula of Ord and Getis, term by term, with no arrays."""
    n = len(values)
    mean = sum(values) / n
    s = math.sqrt(sum(v * v for v in values) / n - mean * mean)
    found = []
    for mine in near:
        w = [1.0 if j in mine else 0.0 for j in range(n)]
        top = sum(w[j] * values[j] for j in range(n)) - mean * sum(w)
        found.append(top / (s * math.sqrt((n * sum(v * v for v in w) - sum(w) ** 2) / (n - 1))))
    return found


def test_gi_star_equals_the_formula_term_by_term() -> None:
    values = [float(v) for v in spread(80, 4)]
    near = clusters.neighbours(MINUTES)
    assert clusters.gi_star(values, near) == pytest.approx(naive(values, near), abs=1e-10)


# esda 2.9.0 with libpysal 4.14.1: G_Local(y, fill_diagonal(W(four nearest)), transform="B", star=True).Zs, on the same points and values.
ESDA = (
    -0.561755, 1.301628, -0.232923, -0.123312, -0.561755, 0.20552, 1.192017, -0.561755, -0.452145, 0.972796, -1.000199, 0.972796,
    -0.452145, -0.561755, 0.972796, -0.013701, -0.342534, 0.643963, 0.863185, -0.561755, -0.123312, -0.342534, 1.082407, -0.561755,
)  # fmt: skip


def test_gi_star_equals_esda() -> None:
    points = [((7 * i * i + 3 * i) % 41, (5 * i * i + 11 * i) % 37) for i in range(24)]
    values = [(i * i * 3 + i) % 9 + (12 if i in (3, 8, 11) else 0) for i in range(24)]
    squared = [[float((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) for b in points] for a in points]
    assert clusters.gi_star(values, clusters.neighbours(squared, 4)) == pytest.approx(ESDA, abs=1e-6)


def test_equal_values_are_nowhere_hot() -> None:
    assert {(one.z, one.p, one.stands) for one in clusters.hot((2.0,) * SIZE, MINUTES)} == {(0.0, 1.0, False)}


def test_a_hot_corner_stands_and_chance_rarely_does() -> None:
    near = clusters.neighbours(MINUTES)
    values = [1.0 + 0.1 * (i % 3) for i in range(SIZE)]
    for area in near[20]:
        values[area] = 9.0
    assert clusters.hot(tuple(values), MINUTES)[20].stands
    rng = np.random.default_rng(3)
    false_alarms = sum(
        any(one.stands for one in clusters.hot(tuple(map(float, rng.normal(size=SIZE))), MINUTES, run, 199)) for run in range(60)
    )
    assert false_alarms <= 9


def test_false_discovery_is_benjamini_and_hochbergs_worked_example() -> None:
    # The fifteen p of their paper (1995, table 1): the first four stand at 5 per cent.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert list(clusters.false_discovery(p)) == [True] * 4 + [False] * 11
    assert not clusters.false_discovery([0.2, 0.9]).any()
