"""Half-life of a falling series, with its confidence interval."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import stdtrit

MIN_POINTS = 3
Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


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


def half_life(days: npt.ArrayLike, values: npt.ArrayLike, *, confidence: float = 0.95) -> HalfLife | None:
    """Half-life by log-linear least squares over all points; None where the series does not fall.

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
        raise ValueError(f"A half-life needs {MIN_POINTS} points; found {x.size} and {y.size}. [half-life-points]")
    if not (y > 0).all() or np.ptp(x) == 0:
        raise ValueError("A half-life needs values above zero on different days. [half-life-values]")
    fit = half_lives(x, y, np.array([x.size]), confidence=confidence).row(0, named=True)
    return HalfLife(**fit) if fit["k_per_day"] is not None else None


def half_lives(days: Numbers, values: Numbers, lengths: Whole, *, confidence: float) -> pl.DataFrame:
    """Half-life of each of many series that follow one another in the columns.

    Parameters
    ----------
    days, values
        Points of all series; values above zero.
    lengths
        Number of points of each series, at least 1.
    confidence
        Two-sided coverage of the interval.

    Returns
    -------
    polars.DataFrame
        One row per series: the fields of ``HalfLife``; all null with fewer than three points, on one day
        only, or where the series does not fall.
    """
    if not lengths.size:
        return pl.DataFrame(schema=dict.fromkeys(HalfLife.__dataclass_fields__, pl.Float64))
    starts = np.cumsum(lengths) - lengths

    def total(column: Numbers) -> Numbers:
        return np.add.reduceat(column, starts)

    # Centred within each series: sums of squares of raw days lose the digits that the residuals need.
    x = days - np.repeat(total(days) / lengths, lengths)
    logs = np.log(values)
    y = logs - np.repeat(total(logs) / lengths, lengths)
    sxx, sxy, syy = total(x * x), total(x * y), total(y * y)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = sxy / sxx
        residual = total((y - np.repeat(slope, lengths) * x) ** 2)
        stderr = np.sqrt(residual / (lengths - 2) / sxx)
        width = stderr * stdtrit(np.maximum(lengths - 2, 1), (1 + confidence) / 2)
        slowest = slope + width
        fits = pl.DataFrame(
            {
                "k_per_day": -slope,
                "half_life_days": math.log(2) / -slope,
                "half_life_low": math.log(2) / (width - slope),
                "half_life_high": np.where(slowest < 0, math.log(2) / -slowest, math.inf),
                "r2": sxy * sxy / (sxx * syy),
            }
        )
        falls = (lengths >= MIN_POINTS) & (sxx > 0) & (slope < 0)
    return fits.select(pl.when(pl.lit(pl.Series(falls))).then(pl.all()))


def falling_rows(values: Numbers, lengths: Whole) -> npt.NDArray[np.bool_]:
    """Rows of the falling part of each series: from the last of its highest values to the first of the lowest after.

    The rise before the peak and the rebound after the trough are not elimination. Equal values next to the
    peak or the trough belong to the fall: a titer shows that it fell only when it crosses a dilution step.

    >>> falling_rows(np.array([300.0, 800, 800, 140, 66, 90]), np.array([6])).tolist()
    [False, True, True, True, True, False]
    """
    if not values.size:
        return np.zeros(0, dtype=np.bool_)
    starts = np.cumsum(lengths) - lengths
    rows = np.arange(values.size)
    highest = np.repeat(np.maximum.reduceat(values, starts), lengths)
    peak = np.maximum.reduceat(np.where(values == highest, rows, -1), starts)
    tail = np.where(rows >= np.repeat(peak, lengths), values, math.inf)
    lowest = np.repeat(np.minimum.reduceat(tail, starts), lengths)
    trough = np.minimum.reduceat(np.where(tail == lowest, rows, values.size), starts)
    # Plateaus: stretches of equal values that do not cross from one series to the next.
    begins = np.append(True, values[1:] != values[:-1])
    begins[starts] = True
    plateau = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    last = np.append(first[1:], values.size) - 1
    falls_from, falls_to = first[plateau[peak]], last[plateau[trough]]
    return (rows >= np.repeat(falls_from, lengths)) & (rows <= np.repeat(falls_to, lengths))


def fraction_remaining(days: npt.ArrayLike, *, half_life_days: float) -> Numbers:
    """Share that is left of an antibody nobody makes any more, after ``days``: 2 ** (-days / half-life).

    What passive decay explains of a fall: log2 of the share is ``-days / half_life_days``.

    Raises
    ------
    ValueError
        A half-life not above zero.

    Examples
    --------
    >>> fraction_remaining([0, 21, 42], half_life_days=21).tolist()
    [1.0, 0.5, 0.25]
    """
    if not half_life_days > 0:
        raise ValueError(f"A half-life is above zero; found {half_life_days}. [half-life-days]")
    return np.asarray(np.exp2(-np.asarray(days, dtype=float) / half_life_days))
