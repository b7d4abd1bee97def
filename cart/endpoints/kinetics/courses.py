"""Courses of the constructs in blood: laboratory results to profiles, and their analysis with what it rests on."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.censoring import interval_high, is_exact
from cart.endpoints.kinetics.areas import METHODS, cleaned
from cart.endpoints.kinetics.profiles import nca_profiles
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Parameter

SERIES = ["subject_id", "analyte", "series"]
CONSTRUCTS = Parameter(
    "constructs",
    ["CAR_CD19", "CAR_BCMA", "CAR_CD19_UL", "CAR_BCMA_UL"],
    "",
    "copies/ug of genomic DNA and copies/uL of blood",
    "Codes of the analytes that count the transgene of each construct.",
    reads=True,
)
HORIZON = Parameter(
    "horizon_days",
    28.0,
    "d",
    "AUC0-28d, usual in CAR-T studies",
    "End of the area from the day of the infusion.",
    at_least=1,
    at_most=400,
)
METHOD = Parameter(
    "area_method",
    "lin-up-log-down",
    "",
    "PKNCA default",
    "How neighbouring samples are joined.",
    choices=METHODS,
)
SHORT = Parameter(
    "short_course",
    "bound",
    "",
    "own choice",
    "What stands for the area to the horizon where the last sample is earlier: a lower bound, the area to the last "
    "quantifiable sample, or that extrapolated by lambda_z.",
    choices=("bound", "last", "extrapolate"),
)
MIN_POINTS = Parameter(
    "min_points",
    3,
    "samples",
    "PKNCA default",
    "Fewest samples after Tmax of a terminal fit.",
    at_least=3,
    at_most=20,
)
FACTOR = Parameter(
    "adjusted_r2_factor",
    1e-4,
    "",
    "PKNCA default",
    "Fits so close to the greatest adjusted r2 are as good; the one with most points is taken.",
    at_most=1,
)
SPAN = Parameter("min_span_ratio", 2.0, "half-lives", "PKNCA default", "A fit over a shorter time is flagged.")
R2 = Parameter("min_r2", 0.9, "", "PKNCA default", "A fit with a smaller r2 is flagged.", at_most=1)
EXTRAPOLATION = Parameter(
    "max_extrapolation",
    20.0,
    "%",
    "PKNCA default",
    "An area to infinity that is extrapolated by more is flagged.",
    at_most=100,
)
PROFILE = (CONSTRUCTS, METHOD, HORIZON)
TERMINAL = (MIN_POINTS, FACTOR)
_ALL = (*PROFILE, *TERMINAL)


def courses(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """One row per subject and construct series with a sample after the infusion.

    Time is the protocol day; of several samples of a day the highest stands. Before the infusion there is no
    construct: every profile starts with 0 on day 0. Below the limit of quantification a sample counts as 0; above
    the upper limit as the limit, and ``above`` counts such samples.

    Returns
    -------
    polars.DataFrame
        Columns of ``nca_profiles``, ``SERIES``, name, unit, above, above_from, above_to (days between which the peak
        then lies), limit (highest limit of the samples below it), after_day (first sampled day past the horizon),
        before_day (last sampled day before it), at_horizon (sampled then), evidence.
    """
    values = {parameter.name: parameters.get(parameter.name, parameter.default) for parameter in _ALL}
    return inputs.kept(("courses", repr(sorted(values.items()))), lambda: _courses(inputs, values))


def sampled(inputs: Prepared, parameters: Mapping[str, Any]) -> bool:
    """Whether any subject has a sample after the infusion."""
    return inputs.evaluable(parameters[CONSTRUCTS.name])["after"].any()


def _courses(inputs: Prepared, values: Mapping[str, Any]) -> pl.DataFrame:
    samples = (
        inputs.evaluable(values["constructs"])
        .filter("after")
        .with_columns(
            pl.when(is_exact() | (pl.col("qualifier") == ">")).then("value").otherwise(0.0).alias("conc"),
            (pl.col("qualifier") == ">").alias("above"),
            interval_high().alias("high"),
        )
        .with_columns(pl.struct(SERIES).rank("dense").cast(pl.Int64).alias("profile"))
    )
    daily = samples.group_by("profile", pl.col("day").cast(pl.Float64).alias("time"), maintain_order=True).agg(
        pl.col("conc").max(), (pl.col("above") & (pl.col("conc") == pl.col("conc").max())).any().alias("above")
    )
    daily = daily.sort("profile", "time")
    # A sample of day 0 after the infusion takes the place of the 0 before it.
    begun = daily.filter(pl.col("time") == 0)["profile"]
    origin = daily.filter(~pl.col("profile").is_in(begun.implode())).select("profile").unique(maintain_order=True)
    points = pl.concat(
        [
            daily.select("profile", "time", "conc"),
            origin.with_columns(pl.lit(0.0).alias("time"), pl.lit(0.0).alias("conc")),
        ]
    )
    found = nca_profiles(
        points,
        horizon=values["horizon_days"],
        method=values["area_method"],
        min_points=values["min_points"],
        factor=values["adjusted_r2_factor"],
    )
    facts = _facts(samples)
    return (
        facts.join(_sampling(cleaned(daily), values["horizon_days"]), on="profile", how="left", maintain_order="left")
        .join(_above(daily), on="profile", how="left", maintain_order="left")
        .join(found, on="profile", how="left", maintain_order="left")
        .drop("profile")
    )


def _facts(samples: pl.DataFrame) -> pl.DataFrame:
    below = (pl.col("conc") == 0) & (pl.col("high") > 0)
    return samples.group_by("profile", *SERIES, maintain_order=True).agg(
        pl.concat_str("analyte", "series", separator=" ").str.strip_chars_end().first().alias("name"),
        pl.col("unit").first(),
        pl.col("high").filter(below).max().alias("limit"),
        pl.col("result_id").alias("evidence"),
    )


def _sampling(daily: pl.DataFrame, horizon: float) -> pl.DataFrame:
    """Days around the horizon, of the samples that count."""
    time = pl.col("time")
    return daily.group_by("profile", maintain_order=True).agg(
        (time == horizon).any().alias("at_horizon"),
        time.filter(time < horizon).max().fill_null(0.0).alias("before_day"),
        time.filter(time > horizon).min().alias("after_day"),
    )


def _above(daily: pl.DataFrame) -> pl.DataFrame:
    """Samples above the upper limit, and the days between which the peak lies because of them."""
    highest = pl.col("conc") == pl.col("conc").max()
    candidate = pl.col("time").filter(pl.col("above") | highest)
    return daily.group_by("profile", maintain_order=True).agg(
        pl.col("above").sum().cast(pl.Int64),
        candidate.min().alias("above_from"),
        candidate.max().alias("above_to"),
    )
