"""Two groups compared by exact tests: Fisher, Wilcoxon, log-rank."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr
from scipy.stats import fisher_exact, rankdata

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.geometric import Numbers, present_numbers
from cart.endpoints.statistics.survival import checked_times

EXACT, NORMAL = "exact", "normal approximation"
# 2 * 9 subjects have 48,620 assignments; a quarter of a million takes a second.
MOST_ASSIGNMENTS = 250_000
_CHUNK = 20_000
# Sums that are equal on paper differ in binary in their last digits.
_HAIR = 1e-9


@dataclass(frozen=True)
class Comparison:
    """Two-sided p-value, and by which way: ``exact`` or ``normal approximation``."""

    p: float
    way: str


def fisher(first_events: int, first: int, second_events: int, second: int) -> Comparison:
    """Fisher's exact test of two proportions.

    Parameters
    ----------
    first_events, first, second_events, second
        Events and evaluable subjects of each group.

    Notes
    -----
    Sum of the hypergeometric probabilities that are not above that of the table seen.

    Source: Fisher RA 1935; R: ``fisher.test``. Computed by ``scipy.stats.fisher_exact``.

    Raises
    ------
    ParameterError
        Counts that do not fit, or a group without subjects.

    >>> round(fisher(7, 9, 2, 9).p, 4)
    0.0567
    """
    if not (0 <= first_events <= first and 0 <= second_events <= second and first and second):
        raise ParameterError(
            "Events are counted among the subjects of each group, of which there is one at least; found "
            f"{first_events} of {first} and {second_events} of {second}. [comparison-groups]"
        )
    table = [[first_events, first - first_events], [second_events, second - second_events]]
    return Comparison(float(fisher_exact(table).pvalue), EXACT)


def wilcoxon(first: npt.ArrayLike, second: npt.ArrayLike) -> Comparison:
    """Rank-sum test of two groups, exact with ties too.

    Parameters
    ----------
    first, second
        Finite numbers, one per subject.

    Notes
    -----
    Permutation test of the sum of the mid-ranks, see :func:`permutation`. Without ties it is the test of Mann and
    Whitney.

    Source: Wilcoxon F, Biometrics Bull 1945;1:80-83; R: ``coin::wilcox_test(distribution = "exact")``.

    >>> round(wilcoxon([12, 15, 19, 22], [5, 8, 9, 11]).p, 4)
    0.0286
    """
    one, other = present_numbers(first), present_numbers(second)
    return permutation(rankdata(np.concatenate([one, other])), one.size)


def log_rank(
    first_times: npt.ArrayLike, first_events: npt.ArrayLike, second_times: npt.ArrayLike, second_events: npt.ArrayLike
) -> Comparison:
    """Log-rank test of two curves by permutation of its scores.

    Parameters
    ----------
    first_times, first_events, second_times, second_events
        As :func:`cart.endpoints.statistics.survival.kaplan_meier`, of each group.

    Notes
    -----
    Score of a subject: its event (0 or 1) less the Nelson-Aalen hazard, sum of d/n over the event times up to its
    own, of both groups together. The sum over one group is observed less expected events. Where nobody has an event
    all scores are equal and p is 1. Permutation supposes that censoring is alike in both groups.

    Source: Peto R, Peto J, J R Stat Soc A 1972;135:185-207; R: ``coin::logrank_test(distribution = "exact")`` with
    ties by hazard.

    >>> round(log_rank([28, 35, 56, 84], [1, 1, 1, 1], [84, 112, 140, 168], [0, 1, 0, 1]).p, 4)
    0.0286
    """
    one, one_event = checked_times(first_times, first_events)
    other, other_event = checked_times(second_times, second_events)
    return permutation(
        log_rank_scores(np.concatenate([one, other]), np.concatenate([one_event, other_event])), one.size
    )


def log_rank_scores(times: Numbers, events: npt.NDArray[np.bool_]) -> Numbers:
    """Event less hazard of every subject; the scores add up to 0.

    >>> log_rank_scores(np.array([1.0, 2.0]), np.array([True, True])).tolist()
    [0.5, -0.5]
    """
    distinct, place = np.unique(times, return_inverse=True)
    died = np.bincount(place, weights=events, minlength=distinct.size)
    at_risk = np.cumsum(np.bincount(place, minlength=distinct.size)[::-1])[::-1]
    return np.asarray(events - np.cumsum(died / at_risk)[place])


def permutation(scores: npt.ArrayLike, first: int) -> Comparison:
    """Two-sided permutation test of the sum of scores of the first group.

    Parameters
    ----------
    scores
        One number per subject; those of the first group come first.
    first
        Subjects of the first group.

    Returns
    -------
    Comparison
        p = share of all assignments of subjects to the groups whose sum is as far from its mean as the one seen, or
        farther. With more than ``MOST_ASSIGNMENTS`` of them by the normal approximation with the permutation
        variance, m k / (n (n - 1)) sum (a - mean)^2, and ``way`` says so.

    Raises
    ------
    ParameterError
        A group without subjects.

    >>> permutation([3, 4, 1, 2], 2)
    Comparison(p=0.3333333333333333, way='exact')
    """
    numbers = present_numbers(scores)
    second = numbers.size - first
    if first < 1 or second < 1:
        raise ParameterError(
            f"Two groups are compared that have a subject each; found {first} and {second}. [comparison-groups]"
        )
    centred = numbers - numbers.mean()
    spread = float(np.abs(centred).max())
    seen = abs(float(centred[:first].sum())) - _HAIR * spread
    if spread == 0:
        return Comparison(1.0, EXACT)
    # The smaller group has the fewer places to fill; its sum is that of the other, turned round.
    size = min(first, second)
    assignments = math.comb(numbers.size, size)
    if assignments > MOST_ASSIGNMENTS:
        variance = first * second / (numbers.size * (numbers.size - 1)) * float((centred**2).sum())
        return Comparison(min(2 * float(ndtr(-max(seen, 0) / math.sqrt(variance))), 1.0), NORMAL)
    as_far = sum(int((np.abs(centred[part].sum(axis=1)) >= seen).sum()) for part in _subsets(numbers.size, size))
    return Comparison(as_far / assignments, EXACT)


def _subsets(values: int, size: int) -> Iterator[npt.NDArray[np.int64]]:
    """All subsets of ``size`` places, some thousands at a time."""
    whole = itertools.combinations(range(values), size)
    while chunk := list(itertools.islice(whole, _CHUNK)):
        yield np.array(chunk, dtype=np.int64)
