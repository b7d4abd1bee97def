"""Serial decline of lung function inside normal limits: slope per year with its interval, and a flag.

In very early disease FVC and DLCO fall for years before they leave the normal range; the thresholds of progression
are relative to the subject's own baseline and do not ask for an abnormal value.
"""

import numpy as np
import polars as pl
from scipy.special import stdtrit

from cart.endpoints.disease.ild_progression import ild_progression
from cart.endpoints.disease.items import Item, checked
from cart.endpoints.errors import ParameterError

MIN_POINTS = 3
_SERIES = (Item("years", "time in years", -100, 100), Item("value", "value", 0, 1000))
_LLN = Item("lln", "lower limit of normal", 0, 1000)
_KEYS = ("subject_id", "measure")


def serial_slopes(rows: pl.DataFrame, *, confidence: float = 0.95) -> pl.DataFrame:
    """Slope of each series of one subject and measure, by least squares.

    Parameters
    ----------
    rows
        Columns subject_id, measure (e.g. ``FVC``), years (from baseline, may be negative), value (e.g. % predicted,
        one unit a series), lln (lower limit of normal in the unit of the value; null where not known), in any order.
        Rows without years or value are passed over.
    confidence
        Two-sided coverage of the interval.

    Returns
    -------
    One row per series in the order of subject and measure: subject_id, measure, points, slope_per_year, slope_low,
    slope_high (unit of the value a year; Student's t with points - 2 degrees of freedom), first, last (values of the
    earliest and latest time; mean of those of one time; no last one with
    one time only), within_normal (the last one is not below its limit; null
    without a limit) and reason (why there is no slope).

    Notes
    -----
    A slope needs three points and two different times. With all points on a line the interval has no width.

    Source: ordinary least squares, as R's ``lm(value ~ years)`` and ``confint``.

    Raises
    ------
    ParameterError
        A coverage outside (0, 1), or an impossible value.

    >>> rows = pl.DataFrame({"subject_id": 1, "measure": "FVC", "years": [0.0, 1, 2, 3], "lln": 80.0,
    ...     "value": [110.0, 107, 103, 100]})
    >>> found = serial_slopes(rows).row(0, named=True)
    >>> round(found["slope_per_year"], 3), round(found["slope_low"], 3), round(found["slope_high"], 3)
    (-3.4, -4.008, -2.792)
    >>> found["first"], found["last"], found["within_normal"]
    (110.0, 100.0, True)
    """
    if not 0 < confidence < 1:
        raise ParameterError(f"A coverage lies between 0 and 1; found {confidence:g}. [confidence]")
    measured = pl.concat([rows.select(_KEYS), checked(rows, (*_SERIES, _LLN))], how="horizontal")
    series = measured.select(_KEYS).unique()
    points = measured.drop_nulls(["years", "value"])
    x, y = pl.col("years") - pl.col("years").mean(), pl.col("value") - pl.col("value").mean()
    sxx = (x * x).sum()
    slope = (x * y).sum() / sxx
    is_first, is_last = (pl.col("years") == end for end in (pl.col("years").min(), pl.col("years").max()))
    last_value, last_limit = (pl.col(name).filter(is_last).mean() for name in ("value", "lln"))
    sums = points.group_by(_KEYS).agg(
        pl.len().cast(pl.Int64).alias("points"),
        sxx.alias("sxx"),
        slope.alias("slope"),
        # Of the residuals themselves: a difference of sums of squares gives a perfect line a width.
        ((y - slope * x) ** 2).sum().alias("residual"),
        pl.col("value").filter(is_first).mean().alias("first"),
        pl.when(pl.col("years").n_unique() > 1).then(last_value).alias("last"),
        (last_value >= last_limit).alias("within_normal"),
    )
    fits = series.join(sums, on=_KEYS, how="left").with_columns(pl.col("points").fill_null(0))
    fitted = (pl.col("points") >= MIN_POINTS) & (pl.col("sxx") > 0)
    fits = fits.with_columns(
        pl.when(fitted).then(pl.col("slope")).alias("slope_per_year"), _half_width(confidence).alias("half_width")
    )
    reason = (
        pl.when(pl.col("points") < MIN_POINTS)
        .then(pl.format("{} points, " + str(MIN_POINTS) + " needed", "points"))
        .when(pl.col("slope_per_year").is_null())
        .then(pl.lit("all points at one time"))
        .otherwise(pl.lit(""))
    )
    low, high = (pl.col("slope_per_year") + sign * pl.col("half_width") for sign in (-1, 1))
    return fits.sort(_KEYS).select(
        *_KEYS,
        "points",
        "slope_per_year",
        low.alias("slope_low"),
        high.alias("slope_high"),
        "first",
        "last",
        "within_normal",
        reason.alias("reason"),
    )


def serial_decline(rows: pl.DataFrame, *, definition: str = "omeract-2015") -> pl.DataFrame:
    """Flag of each subject: its fall from first to last value at the thresholds of progression, normal or not.

    Parameters
    ----------
    rows
        As for ``serial_slopes``; the measures ``FVC`` and ``DLCO`` in % predicted are read.
    definition
        Id of a definition of progression that reads FVC and DLCO alone.

    Returns
    -------
    One row per subject in order: subject_id, rel_fvc_decline, rel_dlco_decline (per cent of the first value),
    declined (yes, no, null where what is missing decides), way, within_normal (the last FVC and DLCO are not below
    their limits; null where that is not known) and reason.

    Notes
    -----
    Declined inside normal limits is ``declined`` with ``within_normal``. The window of the definition is not asked
    for: a slow fall counts.

    >>> rows = pl.DataFrame({"subject_id": 1, "measure": ["FVC", "FVC", "DLCO", "DLCO"], "years": [0.0, 2, 0, 2],
    ...     "value": [120.0, 112, 100, 84], "lln": [80.0, 80, 75, 75]})
    >>> serial_decline(rows).select("declined", "way", "within_normal").row(0)
    (True, 'FVC5-10+DLCO>=15', True)
    """
    slopes = serial_slopes(rows)
    subjects = slopes.select("subject_id").unique().sort("subject_id")
    for measure in ("fvc", "dlco"):
        of_measure = slopes.filter(pl.col("measure") == measure.upper()).select(
            "subject_id",
            pl.col("first").alias(f"{measure}_pct_base"),
            pl.col("last").alias(f"{measure}_pct_fu"),
            pl.col("within_normal").alias(f"{measure}_normal"),
        )
        subjects = subjects.join(of_measure, on="subject_id", how="left")
    fallen = ild_progression(subjects, definition=definition)
    return pl.concat([subjects, fallen], how="horizontal").select(
        "subject_id",
        "rel_fvc_decline",
        "rel_dlco_decline",
        pl.col("progression").alias("declined"),
        "way",
        (pl.col("fvc_normal") & pl.col("dlco_normal")).alias("within_normal"),
        "reason",
    )


def _half_width(confidence: float) -> pl.Expr:
    """Half of the interval of the slope."""
    free = pl.col("points") - 2
    t = free.map_batches(
        lambda column: pl.Series(stdtrit(np.maximum(column.to_numpy(), 1), (1 + confidence) / 2)),
        return_dtype=pl.Float64,
    )
    return t * (pl.col("residual") / free / pl.col("sxx")).sqrt()
