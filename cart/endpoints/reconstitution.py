"""Which B cells come back: the naive share at recovery."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import EVALUABLE, NOT_EVALUABLE, completed_answers
from cart.endpoints.depletion import SHARED, UNDECIDED, course_of
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

NAIVE = "NAIVE_PCT"
NAIVE_SHARE = Parameter("naive_share", 80.0, "%", "own proposal (DOMAIN section 5, [D]); naive = IgD+CD27-")
WITHIN = Parameter("within_days", 28, "d", "own choice: nearest subset sample this close to recovery")


def naive_at_recovery(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Naive (IgD+CD27-) share of CD19+ at the sample nearest to the confirmed recovery; earlier of ties.

    ``text``: yes where the share is at least ``naive_share``.
    """
    course = course_of(inputs, parameters).select(
        "subject_id", "recovered_day", "first_below_day", "recovered_id", "depleted"
    )
    shares = (
        inputs.evaluable([NAIVE])
        .filter(pl.col("after") & (pl.col("qualifier") == "="))
        .join(course.drop_nulls("recovered_day"), on="subject_id", how="inner")
        .with_columns((pl.col("day") - pl.col("recovered_day")).abs().alias("distance"))
        .filter(pl.col("distance") <= parameters["within_days"])
        .sort("subject_id", "distance", "day", "sequence", "result_id")
        .group_by("subject_id", maintain_order=True)
        .first()
        .select("subject_id", "day", "value", "result_id")
    )
    found = pl.col("value").is_not_null()
    rows = course.join(shares, on="subject_id", how="left").select(
        "subject_id",
        "day",
        "value",
        pl.when(pl.col("value") >= parameters["naive_share"])
        .then(pl.lit("yes"))
        .when(found)
        .then(pl.lit("no"))
        .alias("text"),
        pl.when(found).then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
        pl.when(found)
        .then(None)
        .when(pl.col("first_below_day").is_null() & pl.col("depleted").is_null())
        .then(pl.lit(UNDECIDED))
        .when(pl.col("first_below_day").is_null())
        .then(pl.lit("never depleted"))
        .when(pl.col("recovered_day").is_null())
        .then(pl.lit("no confirmed B-cell recovery yet"))
        .otherwise(pl.lit(f"no naive share within {parameters['within_days']} days of recovery"))
        .alias("reason"),
        pl.concat_list(pl.col("recovered_id"), pl.col("result_id")).list.drop_nulls().alias("evidence"),
    )
    return completed_answers(
        rows,
        inputs.subjects_with_zero,
        code=NAIVE_RECOVERY.code,
        version=NAIVE_RECOVERY.version,
        unit=NAIVE_RECOVERY.unit,
        absent=inputs.absence("no evaluable CD19+ count after infusion"),
    )


NAIVE_RECOVERY = register(
    Definition(
        "BCNAIVE",
        "Naive share of B cells at recovery",
        "%",
        "1",
        "DOMAIN section 5 (naive IgD+CD27-); threshold own proposal",
        ("subjects", "time_zero", "observations"),
        naive_at_recovery,
        (*SHARED, NAIVE_SHARE, WITHIN),
    )
)
