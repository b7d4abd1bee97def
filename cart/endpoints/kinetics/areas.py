"""Areas under concentration profiles: which samples count, how two neighbours are joined, what lies at the horizon."""

import polars as pl

METHODS = ("lin-up-log-down", "linear", "lin-log")
_NEXT = [pl.col("time", "conc").shift(-1).over("profile").name.prefix("next_")]


def cleaned(points: pl.DataFrame) -> pl.DataFrame:
    """Samples that count: missing ones and those below the limit between two quantifiable ones are left out.

    Parameters
    ----------
    points
        profile, time, conc in the order of profile and time; conc is null where missing, 0 below the limit.
    """
    present = points.filter(pl.col("conc").is_not_null())
    seen = (pl.col("conc") > 0).cast(pl.Int64)
    before, after = seen.cum_sum().over("profile"), seen.cum_sum(reverse=True).over("profile")
    return present.filter(~((pl.col("conc") == 0) & (before > 0) & (after > 0)))


def peaks(points: pl.DataFrame) -> pl.DataFrame:
    """Of each profile: first_time, last_time, cmax, tmax (first of ties), tmax_last, tlast, clast.

    Times of the peak and of the last quantifiable sample are null where no sample is quantifiable.
    """
    quantifiable = pl.col("conc") > 0
    at_peak = quantifiable & (pl.col("conc") == pl.col("conc").max())
    return points.group_by("profile", maintain_order=True).agg(
        pl.col("time").first().alias("first_time"),
        pl.col("time").last().alias("last_time"),
        pl.len().cast(pl.Int64).alias("samples"),
        pl.col("conc").max().alias("cmax"),
        pl.col("time").filter(at_peak).first().alias("tmax"),
        pl.col("time").filter(at_peak).last().alias("tmax_last"),
        pl.col("time").filter(quantifiable).last().alias("tlast"),
        pl.col("conc").filter(quantifiable).last().alias("clast"),
    )


def joined(points: pl.DataFrame, *, method: str) -> pl.DataFrame:
    """Each sample with ``next_time`` and ``next_conc`` of its profile, ``log`` and the ``area`` between.

    ``log`` tells the logarithmic trapezoid (c2 - c1) dt / ln(c2/c1); the linear one is (c1 + c2) dt / 2. The last
    sample of a profile has none of them.
    """
    pairs = points.with_columns(*_NEXT)
    first, second = pl.col("conc"), pl.col("next_conc")
    if method == "lin-up-log-down":
        logarithmic = (second < first) & (second > 0)
    elif method == "lin-log":
        peak = pl.col("time").sort_by("conc", "time", descending=[True, False]).first().over("profile")
        logarithmic = (pl.col("next_time") > peak) & (first > 0) & (second > 0)
    else:
        logarithmic = pl.lit(value=False)
    gap = pl.col("next_time") - pl.col("time")
    # Between equal values the logarithm has no area: 0/0, as PKNCA has it.
    logs = pl.when(first != second).then(gap * (second - first) / (second / first).log())
    area = pl.when(logarithmic).then(logs).otherwise(gap * (first + second) / 2)
    return pairs.with_columns(logarithmic.alias("log"), area.alias("area"))


def summed(pairs: pl.DataFrame, keep: pl.Expr, name: str) -> pl.DataFrame:
    """Sum of the areas of the pairs kept of each profile; null where one of them has none."""
    kept = pl.col("area").filter(keep & pl.col("next_time").is_not_null())
    whole = pl.when(kept.is_null().any()).then(None).otherwise(kept.sum())
    return pairs.group_by("profile", maintain_order=True).agg(whole.alias(name))


def whole_areas(points: pl.DataFrame, tops: pl.DataFrame, *, method: str) -> pl.DataFrame:
    """Of each profile: ``auc_last`` to Tlast, ``auc_all`` with the triangle to the next sample below the limit.

    Null where the profile has one sample, or none at time 0.
    """
    pairs = joined(points, method=method).join(tops.select("profile", "tlast"), on="profile", maintain_order="left")
    last = summed(pairs, pl.col("next_time") <= pl.col("tlast"), "auc_last")
    every = summed(pairs, pl.col("time") <= pl.col("tlast"), "auc_all")
    bare = (pl.col("samples") < 2) | (pl.col("first_time") > 0)
    return (
        tops.select("profile", "samples", "first_time")
        .join(last, on="profile", maintain_order="left")
        .join(every, on="profile", maintain_order="left")
        .select("profile", *(pl.when(~bare).then(name).alias(name) for name in ("auc_last", "auc_all")))
    )


def horizon_areas(
    points: pl.DataFrame, tops: pl.DataFrame, terminal: pl.DataFrame, *, method: str, horizon: float
) -> pl.DataFrame:
    """Area from 0 to the horizon of each profile, three ways that differ only after Tlast.

    ``to_horizon_last``: nothing after Tlast but samples that were taken; ``to_horizon_all``: to the horizon on the
    line to the next sample below the limit; ``to_horizon_inf``: extrapolated by lambda_z, null without it. A sample
    at the horizon, or one below the limit before it, counts as it is. Before the first sample the line rises from 0
    at time 0.
    """
    pairs = joined(points, method=method)
    bracket = pairs.filter((pl.col("time") < horizon) & (pl.col("next_time") > horizon))
    share = (horizon - pl.col("time")) / (pl.col("next_time") - pl.col("time"))
    straight = pl.col("conc") + share * (pl.col("next_conc") - pl.col("conc"))
    curved = (pl.col("conc").log() + share * (pl.col("next_conc").log() - pl.col("conc").log())).exp()
    between = bracket.select("profile", pl.when("log").then(curved).otherwise(straight).alias("between"))
    inside = points.filter(pl.col("time") <= horizon)
    ends = inside.group_by("profile", maintain_order=True).agg(pl.col("time", "conc").last().name.prefix("end_"))
    at = (
        tops.join(ends, on="profile", how="left", maintain_order="left")
        .join(between, on="profile", how="left", maintain_order="left")
        .join(terminal.select("profile", "lambda_z"), on="profile", how="left", maintain_order="left")
    )
    gap = horizon - pl.col("end_time")
    beyond = pl.col("tlast") < horizon
    decayed = pl.col("clast") * (-pl.col("lambda_z") * gap).exp()
    ended = (pl.col("end_conc") == 0) | (gap == 0)
    found = []
    for name, conc in (
        ("last", pl.lit(0.0)),
        ("all", pl.col("between").fill_null(0.0)),
        ("inf", pl.when(ended).then(0.0).otherwise(decayed)),
    ):
        # After Tlast the piece to the horizon is logarithmic, whatever the method; to 0 it has no area.
        tail = (
            pl.when(ended | (conc == 0))
            .then(0.0)
            .otherwise((pl.col("end_conc") - conc) * gap / (pl.col("end_conc") / conc).log())
        )
        found.append(pl.when(beyond).then(tail).otherwise(0.0).alias(f"tail_{name}"))
    extra = at.filter((gap > 0) & ~beyond).select(
        "profile", pl.lit(horizon).alias("time"), pl.col("between").alias("conc")
    )
    origin = tops.filter(pl.col("first_time") > 0).select(
        "profile", pl.lit(0.0).alias("time"), pl.lit(0.0).alias("conc")
    )
    sampled = pl.concat([inside.select("profile", "time", "conc"), extra, origin]).sort("profile", "time")
    body = summed(joined(sampled, method=method), pl.lit(value=True), "body")
    never = pl.col("tlast").is_null()
    # Between the dose and a first sample beyond the horizon nothing is known of the way.
    known = pl.col("end_time").is_not_null()
    return (
        at.select("profile", "tlast", "end_time", *found)
        .join(body, on="profile", how="left", maintain_order="left")
        .select(
            "profile",
            *(
                pl.when(known & never)
                .then(0.0)
                .when(known)
                .then(pl.col("body") + pl.col(f"tail_{name}"))
                .alias(f"to_horizon_{name}")
                for name in ("last", "all", "inf")
            ),
        )
    )
