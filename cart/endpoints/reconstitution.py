"""Which B cells come back: the naive share at recovery, and the shares of the other subsets."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE, at_least, completed_answers
from cart.endpoints.censoring import interval_high, interval_low
from cart.endpoints.depletion import ANALYTE, COURSE, NEVER, NO_SAMPLE, UNDECIDED, course_of
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

NAIVE = "NAIVE_PCT"
SUBSETS = Parameter(
    "subsets",
    ["TRANS_PCT", "SWITCHED_PCT", "PLASMABLAST_PCT"],
    "",
    "transitional IgD+CD27-CD38++, switched memory IgD-CD27+, plasmablast IgD-CD27++CD38++",
    "Codes of the subsets beside the naive one, as shares of CD19+.",
    reads=True,
)
NAIVE_SHARE = Parameter(
    "naive_share",
    80.0,
    "%",
    "own proposal; naive = IgD+CD27-",
    "Naive share of CD19+ cells from which the returning B cells count as naive.",
    at_most=100,
)
WITHIN = Parameter(
    "within_days",
    28,
    "d",
    "own choice",
    "How far from the day of recovery the subset sample may lie.",
)


_COURSE = ("subject_id", "recovered_day", "recovered_id", "last_below_day", "first_below_day", "depleted")


def _nearest(
    inputs: Prepared, parameters: Mapping[str, Any], course: pl.DataFrame, analytes: Sequence[str]
) -> pl.DataFrame:
    """The share of each subset nearest to the confirmed recovery, the earlier of ties, as an interval.

    Samples up to the last count below the threshold are no candidates.
    """
    return (
        inputs.evaluable(analytes)
        .filter("after")
        .join(course.drop_nulls("recovered_day"), on="subject_id", how="inner")
        .with_columns((pl.col("day") - pl.col("recovered_day")).abs().alias("distance"))
        .filter((pl.col("distance") <= parameters["within_days"]) & (pl.col("day") > pl.col("last_below_day")))
        .sort("subject_id", "analyte", "distance", "position")
        .group_by("subject_id", "analyte", maintain_order=True)
        .first()
        .select("subject_id", "analyte", "day", "result_id", interval_low().alias("low"), interval_high().alias("high"))
    )


def _no_recovery(otherwise: str) -> pl.Expr:
    """Why there is no share, from the course; ``otherwise`` where the cells did recover."""
    return (
        pl.when(pl.col("first_below_day").is_null() & pl.col("depleted").is_null())
        .then(pl.lit(UNDECIDED))
        .when(pl.col("first_below_day").is_null())
        .then(pl.lit(NEVER))
        .when(pl.col("recovered_day").is_null())
        .then(pl.lit("no confirmed B-cell recovery yet"))
        .otherwise(pl.lit(otherwise))
    )


def naive_at_recovery(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Naive (IgD+CD27-) share of CD19+ at the sample nearest to the confirmed recovery; earlier of ties.

    ``text``: yes where the share is at least ``naive_share``. Samples up to the last count below the threshold
    are no candidates: a share of depleted B cells says nothing about those that return.
    """
    course = course_of(inputs, parameters).select(*_COURSE)
    shares = _nearest(inputs, parameters, course, [NAIVE]).drop("analyte")
    text = at_least(parameters["naive_share"], low=pl.col("low"), high=pl.col("high"))
    found, exact = pl.col("result_id").is_not_null(), pl.col("low") == pl.col("high")
    rows = (
        course.join(shares, on="subject_id", how="left")
        .with_columns(text.alias("text"))
        .select(
            "subject_id",
            "day",
            pl.when(exact).then("low").alias("value"),
            "low",
            "high",
            "text",
            pl.when(pl.col("text").is_null())
            .then(pl.lit(NOT_EVALUABLE))
            .when(exact)
            .then(pl.lit(EVALUABLE))
            .otherwise(pl.lit(BOUNDED))
            .alias("status"),
            pl.when(pl.col("text").is_not_null())
            .then(None)
            .when(found)
            .then(pl.lit("the censored naive share does not decide"))
            .otherwise(_no_recovery(f"no naive share within {parameters['within_days']} days of recovery"))
            .alias("reason"),
            pl.concat_list("recovered_id", "result_id").alias("evidence"),
        )
    )
    return completed_answers(
        rows,
        inputs.subjects_with_zero,
        code=NAIVE_RECOVERY.code,
        version=NAIVE_RECOVERY.version,
        unit=NAIVE_RECOVERY.unit,
        absent=inputs.absence(NO_SAMPLE),
    )


def subsets_at_recovery(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Share of each of ``subsets`` in CD19+ at its sample nearest to the confirmed recovery; ``series`` is the subset.

    The same samples are candidates as for the naive share. A subset that was not measured near recovery has no row
    beside one that was; a subject without any has one that says why. A censored share is an interval.
    """
    course = course_of(inputs, parameters).select(*_COURSE)
    found = _nearest(inputs, parameters, course, parameters["subsets"]).join(
        course.select("subject_id", "recovered_id"), on="subject_id", how="left", maintain_order="left"
    )
    exact = pl.col("low") == pl.col("high")
    rows = found.select(
        "subject_id",
        pl.col("analyte").alias("series"),
        "day",
        pl.when(exact).then("low").alias("value"),
        "low",
        "high",
        pl.when(exact).then(pl.lit(EVALUABLE)).otherwise(pl.lit(BOUNDED)).alias("status"),
        pl.concat_list("recovered_id", "result_id").alias("evidence"),
    )
    without = course.join(rows, on="subject_id", how="anti").select(
        "subject_id",
        pl.lit(NOT_EVALUABLE).alias("status"),
        _no_recovery(f"no share of a subset within {parameters['within_days']} days of recovery").alias("reason"),
    )
    return completed_answers(
        pl.concat([rows, without], how="diagonal"),
        inputs.subjects_with_zero,
        code=SUBSET_RECOVERY.code,
        version=SUBSET_RECOVERY.version,
        unit=SUBSET_RECOVERY.unit,
        absent=inputs.absence(NO_SAMPLE),
    )


NAIVE_RECOVERY = register(
    Definition(
        "BCNAIVE",
        "Naive share of B cells at recovery",
        "%",
        "1",
        "naive IgD+CD27-; the threshold is an own proposal",
        ("subjects", "time_zero", "observations"),
        naive_at_recovery,
        (*COURSE, NAIVE_SHARE, WITHIN),
        analytes=(ANALYTE, NAIVE),
        summary=("categories", "numbers"),
    )
)
SUBSET_RECOVERY = register(
    Definition(
        "BCSUBSET",
        "Other B-cell subsets at recovery",
        "%",
        "1",
        str(SUBSETS.source),
        ("subjects", "time_zero", "observations"),
        subsets_at_recovery,
        (*COURSE, SUBSETS, WITHIN),
        analytes=(ANALYTE,),
        summary=("numbers",),
    )
)
