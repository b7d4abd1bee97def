"""Geometric means and ratios with t intervals on the logarithm."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.proportions import check_confidence

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """A mean with its t interval and standard deviation; these are None with one value."""

    values: int
    mean: float
    low: float | None
    high: float | None
    deviation: float | None


@dataclass(frozen=True)
class GeometricMean:
    """exp of the mean of ln, its interval, exp of the standard deviation of ln, and the coefficient of variation.

    ``cv_percent``: 100 sqrt(exp(s2) - 1). All but the mean are None with one value.
    """

    values: int
    mean: float
    low: float | None
    high: float | None
    deviation: float | None
    cv_percent: float | None


def present_numbers(values: npt.ArrayLike) -> Numbers:
    """Values as an array of finite numbers.

    Raises
    ------
    ParameterError
        None at all, or one that is missing or infinite: whoever is not evaluable is left out, and counted, before.
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1 or numbers.size == 0 or not np.isfinite(numbers).all():
        raise ParameterError(
            f"A statistic is of one or more finite numbers; found {numbers.tolist()!r}. Leave out, and count, the "
            "subjects without one. [statistic-values]"
        )
    return numbers


def mean(values: npt.ArrayLike, *, confidence: float = 0.95) -> Mean:
    """Mean with the t interval m +- t(n-1) s / sqrt(n).

    Parameters
    ----------
    values
        Finite numbers, one per subject.
    confidence
        Two-sided coverage.

    Source: Student 1908; R: ``t.test``.

    >>> found = mean([-1, -2, -3])
    >>> found.mean, round(found.low, 3), round(found.high, 3)
    (-2.0, -4.484, 0.484)
    """
    check_confidence(confidence)
    numbers = present_numbers(values)
    middle = float(numbers.mean())
    if numbers.size == 1:
        return Mean(1, middle, None, None, None)
    deviation = float(numbers.std(ddof=1))
    width = float(stdtrit(numbers.size - 1, (1 + confidence) / 2)) * deviation / math.sqrt(numbers.size)
    return Mean(numbers.size, middle, middle - width, middle + width, deviation)


def geometric_mean(values: npt.ArrayLike, *, confidence: float = 0.95) -> GeometricMean:
    """Geometric mean: the mean of ln, its t interval, and back.

    Parameters
    ----------
    values
        Numbers above zero, one per subject. What is below a limit has no logarithm of its own: impute by a named
        rule before, or leave the subject out and count it.
    confidence
        Two-sided coverage of the interval, t with n - 1 degrees of freedom on ln.

    Source: R: ``exp(t.test(log(x)))``; the coefficient of variation is that of the log-normal distribution.

    Raises
    ------
    ParameterError
        A value not above zero or missing.

    >>> found = geometric_mean([120, 85, 240])
    >>> round(found.mean, 2), round(found.low, 2), round(found.high, 2), round(found.cv_percent, 1)
    (134.77, 36.25, 501.11, 56.8)
    """
    return _exponential(mean(_logs(values), confidence=confidence))


def _exponential(logs: Mean) -> GeometricMean:
    return GeometricMean(
        logs.values,
        math.exp(logs.mean),
        _exp(logs.low),
        _exp(logs.high),
        _exp(logs.deviation),
        None if logs.deviation is None else 100 * math.sqrt(math.expm1(logs.deviation**2)),
    )


def paired_ratio(followup: npt.ArrayLike, baseline: npt.ArrayLike, *, confidence: float = 0.95) -> GeometricMean:
    """Geometric mean of follow-up / baseline within subjects.

    Parameters
    ----------
    followup, baseline
        Numbers above zero of the same subjects in the same order.

    Source: R: ``exp(t.test(log(followup), log(baseline), paired = TRUE))``.

    >>> found = paired_ratio([60, 20, 10], [120, 85, 240])
    >>> round(found.mean, 4), round(found.low, 4), round(found.high, 3)
    (0.1699, 0.0072, 4.024)
    """
    later, sooner = _logs(followup), _logs(baseline)
    if later.size != sooner.size:
        raise ParameterError(
            f"A paired ratio has a follow-up for each baseline; found {later.size} and {sooner.size}. "
            "[statistic-values]"
        )
    return _exponential(mean(later - sooner, confidence=confidence))


def ratio_of_means(first: npt.ArrayLike, second: npt.ArrayLike, *, confidence: float = 0.95) -> GeometricMean:
    """Ratio of the geometric means of two groups, first / second, with Welch's t interval on ln.

    Parameters
    ----------
    first, second
        Numbers above zero, one per subject; the groups need not be of one size.

    Returns
    -------
    GeometricMean
        ``values``: of both groups. No interval where a group has one value, or neither varies. ``deviation`` and
        ``cv_percent`` are None: the groups have their own.

    Notes
    -----
    se2 = s1^2/n1 + s2^2/n2; degrees of freedom by Welch and Satterthwaite, se2^2 / (sum (s^2/n)^2 / (n - 1)).

    Source: Welch BL, Biometrika 1947;34:28-35; R: ``exp(t.test(log(first), log(second)))``.

    >>> found = ratio_of_means([20000, 50000, 30000], [10000, 15000, 9000])
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3)
    (2.811, 1.099, 7.195)
    """
    check_confidence(confidence)
    one, other = _logs(first), _logs(second)
    difference = float(one.mean() - other.mean())
    values = one.size + other.size
    if min(one.size, other.size) == 1:
        return GeometricMean(values, math.exp(difference), None, None, None, None)
    parts = np.array([one.var(ddof=1) / one.size, other.var(ddof=1) / other.size])
    error = float(parts.sum())
    if error == 0:
        return GeometricMean(values, math.exp(difference), None, None, None, None)
    freedom = error**2 / float((parts**2 / np.array([one.size - 1, other.size - 1])).sum())
    width = float(stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(error)
    low, high = math.exp(difference - width), math.exp(difference + width)
    return GeometricMean(values, math.exp(difference), low, high, None, None)


def _logs(values: npt.ArrayLike) -> Numbers:
    numbers = present_numbers(values)
    if not (numbers > 0).all():
        raise ParameterError(
            f"A geometric mean is of numbers above zero; found {float(numbers.min()):g}. Impute what is below a limit "
            "by a named rule, or leave it out. [statistic-values]"
        )
    return np.asarray(np.log(numbers))


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)
