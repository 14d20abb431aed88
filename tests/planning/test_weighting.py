"""Random weightings: against a naive count, with unknown values, ties, and one's own seed."""

import numpy as np
import pytest

from posko.planning import weighting

ROWS: list[list[float | None]] = [
    [900.0, 1.0, 0.9, 0.5, 40.0],
    [300.0, None, 0.2, None, 300.0],
    [10.0, 0.0, None, 1.0, 3.0],
    [250.0, 0.5, 0.5, 0.5, 12.0],
    [0.0, 0.0, 0.0, 0.0, 1.0],
]


def naive(table: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", top: int, draws: int, seed: int) -> list[float]:
    """The same draws, weighed and ranked one by one in plain Python."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(table.shape[1]), draws)
    unknown = [(i, j) for i in range(table.shape[0]) for j in range(table.shape[1]) if np.isnan(table[i, j])]
    drawn = rng.random((draws, len(unknown)))
    inside = [0] * len(table)
    for d in range(draws):
        totals = []
        for i, row in enumerate(table):
            total = 0.0
            for j, value in enumerate(row):
                known = drawn[d, unknown.index((i, j))] if np.isnan(value) else value
                total += weights[d, j] * known
            totals.append(total)
        for i, mine in enumerate(totals):
            inside[i] += sum(other > mine for other in totals) < top
    return [n / draws for n in inside]


@pytest.mark.parametrize("top", [1, 2, 4])
def test_the_shares_are_those_of_a_naive_count(top: int) -> None:
    table = weighting.scores(ROWS)
    found = weighting.acceptability(table, top, draws=400, seed=7)
    assert found.tolist() == pytest.approx(naive(table, top, 400, 7))


def test_criteria_with_units_are_measured_by_the_largest_and_nothing_by_nothing() -> None:
    table = weighting.scores(ROWS)
    assert table[:, 0].tolist() == pytest.approx([1, 1 / 3, 1 / 90, 25 / 90, 0])
    assert table[:, 4].max() == 1
    assert np.isnan(table[1, 1])
    assert weighting.scores([[0.0, 0.0, 0.0, 0.0, 0.0]]).tolist() == [[0.0] * 5]


def test_what_is_better_in_everything_is_always_first_and_what_is_worse_in_everything_never() -> None:
    table = weighting.scores(ROWS)
    best = np.vstack([table, np.ones(5)])
    assert weighting.acceptability(best, 1, draws=500)[-1] == 1
    assert weighting.acceptability(table, 1, draws=500)[-1] == 0


def test_exactly_the_first_are_in_where_nothing_ties_and_all_equals_are_in_where_it_does() -> None:
    table = weighting.scores(ROWS)
    assert weighting.acceptability(table, 2, draws=500).sum() == pytest.approx(2)
    equal = np.tile(np.full(5, 0.5), (4, 1))
    assert weighting.acceptability(equal, 1, draws=50).tolist() == [1.0] * 4


def test_the_same_input_gives_the_same_answer_and_another_seed_nearly_the_same() -> None:
    table = weighting.scores(ROWS)
    first = weighting.acceptability(table, 2)
    assert first.tolist() == weighting.acceptability(table, 2).tolist()
    assert np.abs(first - weighting.acceptability(table, 2, seed=1)).max() < 0.02


def test_a_value_that_nobody_stated_is_drawn_over_its_whole_range() -> None:
    base = [[0.0, 0.5, 0.5, 0.5, 0.0]] * 3
    unknown = [[0.0, None, 0.5, 0.5, 0.0], *base]
    shares = weighting.acceptability(weighting.scores(unknown), 1, draws=4000)
    assert shares[0] == pytest.approx(0.5, abs=0.03), "above the others as often as below them"


def test_few_items_are_all_in_and_no_items_are_no_error() -> None:
    assert weighting.acceptability(weighting.scores(ROWS[:2]), 3).tolist() == [1.0, 1.0]
    assert weighting.acceptability(np.empty((0, 5)), 3).tolist() == []
