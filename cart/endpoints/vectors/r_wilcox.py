"""The interval that R's ``wilcox.test`` falls back to with ties, repeated to its tolerance.

No endpoint uses it: ``statistics.hodges_lehmann`` is exact with ties too. It is here so that cases which R computed
can be compared with.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from cart.endpoints.statistics.geometric import Numbers

# Of R's uniroot as wilcox.test calls it.
_TOLERANCE, _STEPS = 1e-4, 1000


def is_approximated(differences: Numbers) -> bool:
    """Does R leave the exact distribution: a zero, two equal ranks, or 50 differences and more?"""
    sizes = np.abs(differences)
    return bool((sizes == 0).any() or np.unique(sizes).size < sizes.size or sizes.size >= 50)


def approximate_interval(differences: Numbers, *, confidence: float) -> tuple[float, float]:
    """Ends of the interval: where the corrected normal deviate of the signed-rank sum crosses its quantile.

    Notes
    -----
    Zeros are left out first. Where the deviate does not reach the quantile at the ends of the data, alpha is doubled
    until it does.

    >>> sleep = np.array([-1.2, -2.4, -1.3, -1.3, 0.0, -1.0, -1.8, -0.8, -4.6, -1.4])
    >>> [round(end, 6) for end in approximate_interval(sleep, confidence=0.95)]
    [-2.949921, -1.050018]
    """
    numbers = differences[differences != 0]
    if not numbers.size:
        # R has none either: "cannot compute confidence interval when all observations are zero or tied".
        return np.nan, np.nan
    least, greatest = float(numbers.min()), float(numbers.max())
    alpha = 1 - confidence
    while alpha < 1:
        upper = -float(ndtri(alpha / 2))
        if _deviate(numbers, least) - upper >= 0 and _deviate(numbers, greatest) + upper <= 0:
            break
        alpha *= 2
    if alpha >= 1:
        middle = float(np.median(numbers))
        return middle, middle
    quantile = -float(ndtri(alpha / 2))
    low = _root(lambda shift: _deviate(numbers, shift) - quantile, least, greatest)
    high = _root(lambda shift: _deviate(numbers, shift) + quantile, least, greatest)
    return low, high


def _deviate(numbers: Numbers, shift: float) -> float:
    moved = numbers - shift
    moved = moved[moved != 0]
    if not moved.size:
        return 0.0
    ranks = rankdata(np.abs(moved))
    count = moved.size
    centred = float(ranks[moved > 0].sum()) - count * (count + 1) / 4
    ties = np.unique(ranks, return_counts=True)[1]
    spread = np.sqrt(count * (count + 1) * (2 * count + 1) / 24 - float((ties**3 - ties).sum()) / 48)
    return float((centred - np.sign(centred) / 2) / spread) if spread > 0 else 0.0


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Brent's root finder with R's tolerance: the function has steps, so the way there decides the last digits."""
    before, best = low, high
    at_before, at_best = function(before), function(best)
    if at_before == 0:
        return before
    if at_best == 0:
        return best
    other, at_other = before, at_before
    for _ in range(_STEPS):
        last_step = best - before
        if abs(at_other) < abs(at_best):
            before, best, other = best, other, best
            at_before, at_best, at_other = at_best, at_other, at_best
        enough = 2 * float(np.finfo(float).eps) * abs(best) + _TOLERANCE / 2
        step = (other - best) / 2
        if abs(step) <= enough or at_best == 0:
            return best
        if abs(last_step) >= enough and abs(at_before) > abs(at_best):
            step = _interpolated(step, last_step, enough, (before, best, other), (at_before, at_best, at_other))
        if abs(step) < enough:
            step = enough if step > 0 else -enough
        before, at_before = best, at_best
        best += step
        at_best = function(best)
        if (at_best > 0) == (at_other > 0) and at_best != 0 and at_other != 0:
            other, at_other = before, at_before
    return best


def _interpolated(
    half: float, last_step: float, enough: float, points: tuple[float, float, float], at: tuple[float, float, float]
) -> float:
    """The secant or inverse quadratic step where it is short enough, else the half."""
    before, best, other = points
    at_before, at_best, at_other = at
    width = other - best
    if before == other:
        ratio = at_best / at_before
        over, under = width * ratio, 1 - ratio
    else:
        first, second, third = at_before / at_other, at_best / at_other, at_best / at_before
        over = third * (width * first * (first - second) - (best - before) * (second - 1))
        under = (first - 1) * (second - 1) * (third - 1)
    under = -under if over > 0 else under
    over = abs(over)
    if over < 0.75 * width * under - abs(enough * under) / 2 and over < abs(last_step * under / 2):
        return over / under
    return half
