"""Hodges-Lehmann estimates with exact intervals: pseudo-median of one group, shift between two."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cart.endpoints.statistics.geometric import present_numbers
from cart.endpoints.statistics.proportions import check_confidence
from cart.endpoints.statistics.ranks import Numbers, rank_sum_tail, signed_rank_tail

# Tails that are equal on paper differ in binary in their last digits.
_HAIR = 1e-12


@dataclass(frozen=True)
class HodgesLehmann:
    """Estimate and interval.

    ``attained``: exact coverage of the interval without ties. Where even the widest interval stays below the
    confidence asked for, ``attained`` is below it: whoever shows the interval as one of 95 % must look.
    """

    values: int
    estimate: float
    low: float
    high: float
    attained: float


def pseudo_median(differences: npt.ArrayLike, *, confidence: float = 0.95) -> HodgesLehmann:
    """Median of the Walsh averages of one group, with the interval that inverts the signed-rank test.

    Parameters
    ----------
    differences
        Finite numbers, one per subject, such as changes from baseline.
    confidence
        Two-sided coverage asked for; 95 % takes six subjects.

    Notes
    -----
    Walsh averages: (x_i + x_j)/2 for i <= j, N = n(n+1)/2 in order. The interval is from the k-th least to the k-th
    greatest, k the smallest number, at least 1, with P(V <= k) >= (1 - confidence)/2; its coverage is
    1 - 2 P(V <= k-1). With ties or zeros the coverage is at least that, because the ends are included.

    Source: Hodges JL, Lehmann EL, Ann Math Stat 1963;34:598-611; R: ``wilcox.test(x, conf.int = TRUE, exact = TRUE)``
    without ties. With ties R takes a normal approximation; this does not.

    >>> pseudo_median([1.1, 2.3, 3.7, 0.4, 5.2, -1.3, 2.9, 4.4]).attained
    0.9609375
    >>> pseudo_median([-60, -65, -230])
    HodgesLehmann(values=3, estimate=-105.0, low=-230.0, high=-60.0, attained=0.75)
    """
    check_confidence(confidence)
    numbers = present_numbers(differences)
    return _interval(walsh_averages(numbers), signed_rank_tail(numbers.size), numbers.size, confidence)


def shift(first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95) -> HodgesLehmann:
    """Median of all differences first - second of two groups, with the interval that inverts the rank-sum test.

    Parameters
    ----------
    first, second
        Finite numbers, one per subject.
    confidence
        Two-sided coverage asked for; 95 % takes groups of 4 and 4, or 3 and 5.

    Notes
    -----
    As :func:`pseudo_median`, with the m n differences and the Mann-Whitney distribution.

    Source: Hodges JL, Lehmann EL, Ann Math Stat 1963;34:598-611; R: ``wilcox.test(x, y, conf.int = TRUE)``.

    >>> found = shift([12, 15, 19, 22], [5, 8, 9, 11])
    >>> found.estimate, found.low, found.high, round(found.attained, 4)
    (9.0, 1.0, 17.0, 0.9714)
    """
    check_confidence(confidence)
    one, other = present_numbers(first), present_numbers(second)
    pairs = np.sort(np.subtract.outer(one, other).ravel())
    return _interval(pairs, rank_sum_tail(one.size, other.size), one.size + other.size, confidence)


def walsh_averages(numbers: Numbers) -> Numbers:
    """(x_i + x_j)/2 for i <= j, in order.

    >>> walsh_averages(np.array([1.0, 3.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    first, second = np.triu_indices(numbers.size)
    return np.sort((numbers[first] + numbers[second]) / 2)


def _interval(ordered: Numbers, tail: Numbers, values: int, confidence: float) -> HodgesLehmann:
    alpha = (1 - confidence) / 2
    # tail[k - 1] is what lies outside on each side when the k-th from the end is taken.
    place = max(int(np.searchsorted(tail, alpha * (1 - _HAIR))), 1)
    return HodgesLehmann(
        values,
        float(np.median(ordered)),
        float(ordered[place - 1]),
        float(ordered[ordered.size - place]),
        float(max(1 - 2 * tail[place - 1], 0.0)),
    )
