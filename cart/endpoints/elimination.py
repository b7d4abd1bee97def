"""Half-life of the autoantibodies over the falling part of their series, and its ratio to that of IgG."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from cart.endpoints.answers import EVALUABLE, NOT_EVALUABLE
from cart.endpoints.comparison import INPUTS, SERIES, SHARED, complete, key_of, with_baseline
from cart.endpoints.half_life import MIN_POINTS, falling_rows, half_lives
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

CONFIDENCE = Parameter(
    "confidence",
    0.95,
    "",
    "two-sided 95 %",
    "Coverage of the confidence interval of the half-life.",
    at_least=0.5,
    at_most=0.9999,
)
IGG_HALF_LIFE = Parameter(
    "igg_half_life_days",
    21.0,
    "d",
    "IgG 21 d; sources 17-36 d",
    "Half-life of IgG that the autoantibody is compared with.",
    at_least=1,
    at_most=365,
)
SOURCE = "log-linear least squares; CI by inverting the t interval of the slope (R: lm(log(y) ~ day))"


def fitted_series(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Fit of every series: fields of ``HalfLife`` with ``points``, ``last_day``, ``evidence``.

    Points are the quantifiable results outside confounder windows, from the baseline of the series on, or from
    day 0 where it has none; of these, the falling part (``falling_rows``).
    """
    confidence = parameters["confidence"]
    samples = with_baseline(inputs, parameters).filter(pl.col("time_zero_on").is_not_null())
    begun = (pl.col("position") >= pl.col("base_position")).fill_null(pl.col("day") >= 0)
    points = samples.filter(pl.col("exact") & (pl.col("value") > 0) & pl.col("confounder").is_null() & begun).select(
        *SERIES, "day", "value", "result_id", "remark", "therapy_ids"
    )
    falling = points.filter(_falling(points))
    fitted = falling.group_by(SERIES, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("points"),
        pl.col("day").last().alias("last_day"),
        pl.col("remark").last(),
        pl.col("therapy_ids").explode(empty_as_null=False),
        pl.col("result_id").alias("evidence"),
    )
    fits = half_lives(
        falling["day"].cast(pl.Float64).to_numpy(),
        falling["value"].to_numpy(),
        fitted["points"].to_numpy(),
        confidence=confidence,
    )
    series = samples.group_by(SERIES, maintain_order=True).agg(pl.col("name").first())
    return series.join(pl.concat([fitted, fits], how="horizontal"), on=SERIES, how="left", maintain_order="left")


def _falling(points: pl.DataFrame) -> pl.Series:
    lengths = points.group_by(SERIES, maintain_order=True).len()["len"].cast(pl.Int64).to_numpy()
    return pl.Series(falling_rows(points["value"].to_numpy(), lengths.astype(np.int64)), dtype=pl.Boolean)


def _answers(
    inputs: Prepared, parameters: Mapping[str, Any], *, divisor: float, definition: Definition
) -> pl.DataFrame:
    key = (*key_of("fitted_series", parameters), parameters["confidence"])
    fitted = inputs.kept(key, lambda: fitted_series(inputs, parameters))
    found = pl.col("k_per_day").is_not_null()
    points = pl.col("points").fill_null(0)
    rows = fitted.select(
        "subject_id",
        pl.col("name").alias("series"),
        pl.when(found).then("last_day").alias("day"),
        (pl.col("half_life_days") / divisor).alias("value"),
        (pl.col("half_life_low") / divisor).alias("low"),
        (pl.col("half_life_high") / divisor).alias("high"),
        pl.when(found).then(pl.format("r2 {}, {} points", pl.col("r2").round(3), points)).alias("text"),
        pl.when(found).then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
        pl.when(found)
        .then(pl.col("remark"))
        .when(points < MIN_POINTS)
        .then(pl.format("{} quantifiable points in the falling part; {} are needed", points, MIN_POINTS))
        .otherwise(pl.lit("the series does not fall"))
        .alias("reason"),
        "evidence",
        pl.col("therapy_ids").alias("therapy_evidence"),
    )
    return complete(inputs, rows, definition=definition)


def elimination(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Half-life, days, with its confidence interval; infinite at the upper end where the slope's reaches 0.

    ``day``: last day of the falling part. ``text``: r2 and number of points.
    """
    return _answers(inputs, parameters, divisor=1.0, definition=HALF_LIFE)


def elimination_ratio(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Half-life divided by that of IgG (``igg_half_life_days``): about 1 where nothing is made any more."""
    return _answers(inputs, parameters, divisor=parameters["igg_half_life_days"], definition=RATIO)


HALF_LIFE = register(
    Definition(
        "TITERHL",
        "Autoantibody, half-life",
        "d",
        "1",
        SOURCE,
        INPUTS,
        elimination,
        (*SHARED, CONFIDENCE),
        summary=("numbers", "geometric"),
    )
)
RATIO = register(
    Definition(
        "TITERHLR",
        "Autoantibody, half-life against IgG",
        "1",
        "1",
        SOURCE,
        INPUTS,
        elimination_ratio,
        (*SHARED, CONFIDENCE, IGG_HALF_LIFE),
        summary=("numbers", "geometric"),
    )
)
