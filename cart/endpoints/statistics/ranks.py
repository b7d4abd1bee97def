"""Distributions of rank sums without ties, counted exactly."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@lru_cache(maxsize=64)
def _signed_rank(values: int) -> Numbers:
    """P(V = v) for v = 0.. of the signed-rank sum: every rank is in or out with probability one half."""
    chances = np.ones(1)
    for rank in range(1, values + 1):
        wider = np.zeros(chances.size + rank)
        wider[: chances.size] = chances / 2
        wider[rank:] += chances / 2
        chances = wider
    return chances


@lru_cache(maxsize=64)
def _rank_sum(first: int, second: int) -> Numbers:
    """P(U = u) for u = 0..first*second of the Mann-Whitney statistic.

    The greatest value is of the first group with probability first/(first + second); it then exceeds all of the
    second.
    """
    row = [np.ones(1)] * (second + 1)
    for one in range(1, first + 1):
        new = [np.ones(1)]
        for other in range(1, second + 1):
            chances = np.zeros(one * other + 1)
            chances[other:] = row[other] * one / (one + other)
            chances[: one * (other - 1) + 1] += new[other - 1] * other / (one + other)
            new.append(chances)
        row = new
    return row[second]


def signed_rank_tail(values: int) -> Numbers:
    """P(V <= v) for v = 0.. of the signed-rank sum of ``values`` ranks.

    >>> signed_rank_tail(3)[:3].tolist()
    [0.125, 0.25, 0.375]
    """
    return np.asarray(np.cumsum(_signed_rank(values)))


def rank_sum_tail(first: int, second: int) -> Numbers:
    """P(U <= u) for u = 0.. of the Mann-Whitney statistic of two groups.

    >>> [round(tail, 12) for tail in rank_sum_tail(2, 2).tolist()]
    [0.166666666667, 0.333333333333, 0.666666666667, 0.833333333333, 1.0]
    """
    return np.asarray(np.cumsum(_rank_sum(first, second)))
