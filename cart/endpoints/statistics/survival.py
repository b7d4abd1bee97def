"""Kaplan-Meier: curve with interval, median, follow-up, and its value at a time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.proportions import check_confidence

TRANSFORMS = ("log-log", "log", "plain")
CURVE_SCHEMA = {
    "time": pl.Float64,
    "at_risk": pl.Int64,
    "events": pl.Int64,
    "censored": pl.Int64,
    "survival": pl.Float64,
    "std_error": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
# As R: a curve within this of one half is at one half.
_TOLERANCE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True)
class MedianTime:
    """Median with its interval; None where the curve, or an end of its interval, does not come down to one half."""

    subjects: int
    events: int
    median: float | None
    low: float | None
    high: float | None


def kaplan_meier(
    times: npt.ArrayLike, events: npt.ArrayLike, *, confidence: float = 0.95, transform: str = "log-log"
) -> pl.DataFrame:
    """Product-limit estimate with Greenwood's standard error and a pointwise interval.

    Parameters
    ----------
    times
        Time of the event or of the last observation, at or above 0, one per subject.
    events
        True where the time is of the event, False where the subject was then last seen without it.
    confidence
        Two-sided coverage at each time.
    transform
        Scale on which the interval is symmetric: ``log-log``, ``log`` or ``plain``; the two latter are cut at 0 and 1.

    Returns
    -------
    polars.DataFrame
        One row per distinct time: time, at_risk, events, censored, survival, std_error, low, high. No interval
        (null) before the first event and where the curve is 0, for log-log; where it is 0, for log and plain; and
        no standard error where it is 0.

    Notes
    -----
    S = product of 1 - d/n over the event times up to t; of subjects with equal times, those with the event go first.
    Greenwood: var S = S^2 v with v = sum of d / (n (n - d)). Intervals: exp(-exp(ln(-ln S) +- z sqrt(v)/ln S)) for
    log-log, S exp(+-z sqrt(v)) for log, S +- z S sqrt(v) for plain. Whoever has no time is left out, and counted,
    before.

    Source: Kaplan EL, Meier P, JASA 1958;53:457-481; Kalbfleisch JD, Prentice RL 1980 for log-log. R:
    ``survfit(Surv(time, event) ~ 1, conf.type = "log-log")``.

    Raises
    ------
    ParameterError
        A time that is missing or below 0, another number of events than of times, an unknown transform.

    >>> curve = kaplan_meier([28, 35, 56, 84, 84], [1, 1, 0, 1, 0])
    >>> curve.select("time", "at_risk", pl.col("survival", "low", "high").round(3)).rows()[1]
    (35.0, 4, 0.6, 0.126, 0.882)
    """
    check_confidence(confidence)
    if transform not in TRANSFORMS:
        raise ParameterError(
            f"The interval of a curve is made on one of {', '.join(TRANSFORMS)}; found {transform!r}. "
            "[survival-interval]"
        )
    time, event = checked_times(times, events)
    distinct, place = np.unique(time, return_inverse=True)
    died = np.bincount(place, weights=event, minlength=distinct.size)
    left = np.bincount(place, minlength=distinct.size) - died
    at_risk = time.size - np.concatenate([[0.0], np.cumsum(died + left)[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - died / at_risk)
        spread = np.sqrt(np.cumsum(died / (at_risk * (at_risk - died))))
        low, high = _interval(survival, spread * ndtri((1 + confidence) / 2), transform)
        error = np.where(survival > 0, survival * spread, np.nan)
    columns = (distinct, at_risk, died, left, survival, error, low, high)
    whole = pl.DataFrame(dict(zip(CURVE_SCHEMA, columns, strict=True)), nan_to_null=True)
    return whole.cast(CURVE_SCHEMA)  # type: ignore[arg-type]


def median_time(curve: pl.DataFrame) -> MedianTime:
    """Median of a curve of :func:`kaplan_meier`, with the interval that its interval gives.

    Notes
    -----
    First time at which the curve is at or below one half; where it runs at one half for a while, the middle between
    that time and the next fall. The ends of the interval likewise, from ``low`` and ``high``. None is "not reached"
    (NR); with no event at all, nothing can be estimated (NE).

    Source: Brookmeyer R, Crowley J, Biometrics 1982;38:29-41; R: ``survfit`` prints the same.

    >>> median_time(kaplan_meier([7, 7, 7, 10, 14, 14, 28, 28, 35], [1, 1, 1, 1, 1, 1, 1, 1, 0]))
    MedianTime(subjects=9, events=8, median=14.0, low=7.0, high=28.0)
    """
    first = curve["at_risk"][0] if curve.height else 0
    found = (_half(curve["time"], curve[name]) for name in ("survival", "low", "high"))
    return MedianTime(first, int(curve["events"].sum()), *found)


def median_follow_up(
    times: npt.ArrayLike, events: npt.ArrayLike, *, confidence: float = 0.95, transform: str = "log-log"
) -> MedianTime:
    """Median follow-up by the reverse Kaplan-Meier estimate: the end of observation is the event.

    Notes
    -----
    A subject with the event was followed at least so long: it is censored there. ``events`` of the answer counts
    the subjects whose observation ended without the event.

    Source: Schemper M, Smith TL, Control Clin Trials 1996;17:343-346.

    >>> median_follow_up([28, 35, 56, 84, 84], [1, 1, 0, 1, 0]).median
    84.0
    """
    time, event = checked_times(times, events)
    return median_time(kaplan_meier(time, ~event, confidence=confidence, transform=transform))


def at_time(curve: pl.DataFrame, time: float) -> dict[str, float | int | None]:
    """The row of a curve in force at a time: of the last distinct time at or before it, ``at_risk`` at that time.

    Before the first time nobody has had the event; after the last the curve says nothing: all None.

    >>> curve = kaplan_meier([28, 35, 56, 84, 84], [1, 1, 0, 1, 0])
    >>> round(at_time(curve, 60)["survival"], 3), at_time(curve, 60)["at_risk"], at_time(curve, 90)["survival"]
    (0.6, 2, None)
    """
    past = curve.filter(pl.col("time") <= time)
    names = ("survival", "std_error", "low", "high")
    at_risk = int(curve.filter(pl.col("time") >= time).select(pl.col("events") + pl.col("censored")).sum().item())
    if at_risk == 0 and (not past.height or past["survival"][-1] > 0):
        return {"at_risk": 0, **dict.fromkeys(names)}
    if not past.height:
        return {"at_risk": at_risk, "survival": 1.0, **dict.fromkeys(names[1:])}
    return {"at_risk": at_risk, **past.select(names).row(-1, named=True)}


def checked_times(times: npt.ArrayLike, events: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Times and events as arrays.

    Raises
    ------
    ParameterError
        None, one missing or below 0, or another number of events.
    """
    time, event = np.asarray(times, dtype=float), np.asarray(events)
    if time.ndim != 1 or not time.size or not np.isfinite(time).all() or (time < 0).any() or event.shape != time.shape:
        raise ParameterError(
            f"A curve is of times at or above 0, each with an event or not; found times {time.tolist()!r} and "
            f"{event.size} events. Leave out, and count, the subjects without a time. [survival-times]"
        )
    if not np.isin(event, (0, 1)).all():
        raise ParameterError(f"An event is True or False; found {event.tolist()!r}. [survival-times]")
    return time, event.astype(bool)


def _interval(
    survival: npt.NDArray[np.float64], width: npt.NDArray[np.float64], transform: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if transform == "log-log":
        inside = np.where((survival > 0) & (survival < 1), survival, np.nan)
        middle, step = np.log(-np.log(inside)), width / np.log(inside)
        return np.exp(-np.exp(middle - step)), np.exp(-np.exp(middle + step))
    above = np.where(survival > 0, survival, np.nan)
    if transform == "log":
        return above * np.exp(-width), np.minimum(above * np.exp(width), 1)
    return np.maximum(above * (1 - width), 0), np.minimum(above * (1 + width), 1)


def _half(times: pl.Series, line: pl.Series) -> float | None:
    known = line.is_not_null() & (line < 0.5 + _TOLERANCE)
    time, height = times.filter(known), line.filter(known)
    if not time.len():
        return None
    below = time.filter(height < height[0])
    if abs(height[0] - 0.5) < _TOLERANCE and below.len():
        return float((time[0] + below[0]) / 2)
    return float(time[0])
