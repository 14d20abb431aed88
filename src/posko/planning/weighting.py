"""Which items stand high whatever one weighs: stochastic multicriteria acceptability (SMAA) over five criteria.

Nobody can say how much reversibility counts against cost. So every weighting is tried: weights are drawn uniformly from all that are
not negative and sum to one (Dirichlet(1, ..., 1)), a value that nobody stated is drawn uniformly from its whole range anew each time, and
what is reported is the share of draws in which an item is among the first `top`. Lahdelma, Hokkanen, Salminen 1998, European Journal of
Operational Research 106, 137-143; rank acceptability as in Lahdelma and Salminen 2001, Operations Research 49, 444-454.

It is a second view beside the ranking by expected loss and changes nothing of it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SEED = 20240214
DRAWS = 10_000
"""At this many draws a share is known to within one percentage point (two standard errors)."""
SCALED = (0, 4)
"""The criteria that come in units of their own (voters, TPS) and are divided by the largest of all items."""


def scores(rows: Sequence[Sequence[float | None]]) -> NDArray[np.float64]:
    """Items x criteria in 0..1, the higher the sooner; nan where nobody said. Columns of SCALED are divided by their largest value."""
    table = np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
    for column in SCALED:
        most = float(table[:, column].max()) if len(table) else 0.0
        table[:, column] = table[:, column] / most if most > 0 else 0.0
    return table


def acceptability(table: NDArray[np.float64], top: int, draws: int = DRAWS, seed: int = SEED) -> NDArray[np.float64]:
    """Items -> share of weightings (0..1) in which each is among the first `top`; equal totals are all in.

    table: items x criteria as `scores` gives them. The same input gives the same answer.
    """
    n, criteria = table.shape
    if n == 0 or top >= n:
        return np.ones(n)
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(criteria), draws)
    totals = weights @ np.nan_to_num(table).T  # draws x items
    unknown = np.argwhere(np.isnan(table))
    drawn = rng.random((draws, len(unknown)))
    for number, (item, criterion) in enumerate(unknown):
        totals[:, item] += weights[:, criterion] * drawn[:, number]
    last_in = np.partition(totals, n - top, axis=1)[:, n - top]
    inside: NDArray[np.float64] = (totals >= last_in[:, None]).mean(axis=0)
    return inside
