"""Terminal phase: the elimination rate from the last points of a profile."""

import math

import polars as pl

FIELDS = (
    "lambda_z",
    "half_life",
    "r2",
    "adjusted_r2",
    "points",
    "from_time",
    "to_time",
    "clast_predicted",
    "span_ratio",
)


def terminal_phases(
    points: pl.DataFrame, tops: pl.DataFrame, *, min_points: int, factor: float, with_peak: bool = False
) -> pl.DataFrame:
    """Best log-linear fit that ends at the last quantifiable sample, of each profile.

    Parameters
    ----------
    points, tops
        Cleaned samples, and their :func:`cart.endpoints.kinetics.areas.peaks`.
    min_points
        Fewest points of a fit.
    factor
        Fits whose adjusted r2 lies within this of the greatest are as good; of them the one with the most points.
    with_peak
        Whether the sample at Tmax may be a point.

    Returns
    -------
    polars.DataFrame
        profile and ``FIELDS``; null where there are too few points or the best fit does not fall.

    Notes
    -----
    ln c = a - lambda_z t by least squares; half-life = ln 2 / lambda_z; adjusted r2 = 1 - (1 - r2)(n - 1)/(n - 2);
    span ratio = (last - first time) / half-life.
    """
    # Times and logarithms are counted from the last quantifiable sample: sums of squares keep their digits.
    after = pl.col("time") >= pl.col("tmax") if with_peak else pl.col("time") > pl.col("tmax")
    x, y = pl.col("time") - pl.col("tlast"), (pl.col("conc") / pl.col("clast")).log()
    chosen = (
        points.join(tops.select("profile", "tmax", "tlast", "clast"), on="profile", maintain_order="left")
        .filter((pl.col("conc") > 0) & after)
        .select("profile", "time", "clast", "tlast", x.alias("x"), y.alias("y"))
        .reverse()
    )
    sums = chosen.with_columns(
        pl.col("x").cum_count().over("profile").cast(pl.Int64).alias("points"),
        *(
            value.cum_sum().over("profile").alias(name)
            for name, value in {
                "sx": pl.col("x"),
                "sy": pl.col("y"),
                "sxx": pl.col("x") ** 2,
                "sxy": pl.col("x") * pl.col("y"),
                "syy": pl.col("y") ** 2,
            }.items()
        ),
    )
    n = pl.col("points")
    xx, xy, yy = (
        pl.col("sxx") - pl.col("sx") ** 2 / n,
        pl.col("sxy") - pl.col("sx") * pl.col("sy") / n,
        pl.col("syy") - pl.col("sy") ** 2 / n,
    )
    fits = sums.filter(n >= min_points).with_columns(
        (-xy / xx).alias("lambda_z"), pl.when(yy > 0).then((xy**2 / (xx * yy)).clip(0, 1)).alias("r2")
    )
    fits = fits.with_columns((1 - (1 - pl.col("r2")) * (n - 1) / (n - 2)).alias("adjusted_r2"))
    enough = pl.col("adjusted_r2") > pl.col("adjusted_r2").max().over("profile") - factor
    best = (
        fits.filter(enough & (pl.col("lambda_z") > 0))
        .group_by("profile", maintain_order=True)
        # Each row has one point more than the row before.
        .last()
    )
    half_life = math.log(2) / pl.col("lambda_z")
    found = best.select(
        "profile",
        "lambda_z",
        half_life.alias("half_life"),
        "r2",
        "adjusted_r2",
        "points",
        pl.col("time").alias("from_time"),
        pl.col("tlast").alias("to_time"),
        (pl.col("clast") * ((pl.col("sy") + pl.col("lambda_z") * pl.col("sx")) / n).exp()).alias("clast_predicted"),
        ((pl.col("tlast") - pl.col("time")) / half_life).alias("span_ratio"),
    )
    return tops.select("profile").join(found, on="profile", how="left", maintain_order="left")
