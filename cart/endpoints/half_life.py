"""Half-life of a falling series, with its confidence interval."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

MIN_POINTS = 3


@dataclass(frozen=True)
class HalfLife:
    """Fit of ln(value) = a - k day.

    ``half_life_low`` and ``half_life_high`` invert the confidence interval of k; where that reaches 0 the upper
    end is infinite.
    """

    k_per_day: float
    half_life_days: float
    half_life_low: float
    half_life_high: float
    r2: float


def half_life(
    days: npt.ArrayLike, values: npt.ArrayLike, *, confidence: float = 0.95
) -> HalfLife | None:
    """Half-life by log-linear least squares; None where the series does not fall.

    Parameters
    ----------
    days, values
        At least three points of equal length; values above zero, exact (not censored).
    confidence
        Two-sided coverage of the interval; Student's t with n - 2 degrees of freedom on the slope.

    Raises
    ------
    ValueError
        Fewer than three points, a value not above zero, or all on one day.

    Examples
    --------
    >>> fit = half_life([0, 14, 28, 56, 84, 112], [800, 520, 330, 140, 66, 25])
    >>> round(fit.half_life_days, 3), round(fit.half_life_high, 3)
    (22.707, 23.753)

    Source
    ------
    R: ``lm(log(y) ~ day)``, interval of the slope inverted.
    """
    x, y = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    if x.size < MIN_POINTS or x.size != y.size:
        raise ValueError(f"A half-life needs {MIN_POINTS} points; found {x.size}. [half-life-points]")
    if not (y > 0).all() or np.ptp(x) == 0:
        raise ValueError("A half-life needs values above zero on different days. [half-life-values]")
    fit = stats.linregress(x, np.log(y))
    slope = float(fit.slope)
    if slope >= 0:
        return None
    width = float(fit.stderr) * float(stats.t.ppf((1 + confidence) / 2, x.size - 2))
    fastest, slowest = slope - width, slope + width
    return HalfLife(
        k_per_day=-slope,
        half_life_days=math.log(2) / -slope,
        half_life_low=math.log(2) / -fastest,
        half_life_high=math.log(2) / -slowest if slowest < 0 else math.inf,
        r2=float(fit.rvalue) ** 2,
    )


def falling_part(values: npt.ArrayLike) -> slice:
    """From the last of the highest values to the first of the lowest values after it.

    The rise before the peak and the rebound after the trough are not elimination.

    >>> falling_part([300, 800, 520, 140, 66, 90])
    slice(1, 5, None)
    """
    y = np.asarray(values, dtype=float)
    start = int(y.size - 1 - np.argmax(y[::-1]))
    end = start + int(np.argmin(y[start:]))
    return slice(start, end + 1)
