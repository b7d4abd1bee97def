"""B-cell depletion and recovery from the CD19+ series.

Depleted: a CD19+ count below the threshold after infusion. A value that is censored above the threshold
(``<20`` with a threshold of 10) does not tell and is passed over; it is never depleted. Times are interval
censored. Recovery: the first of ``confirm_n`` consecutive samples at or above the threshold; fewer are a blip.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE, ONGOING, completed_answers
from cart.endpoints.baseline import baseline_rows, missing_baseline
from cart.endpoints.censoring import IMPUTATIONS, imputed, interval_high, interval_low
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

ANALYTE = "CD19_ABS"
NO_SAMPLE = "no evaluable CD19+ count after infusion"
UNDECIDED = "every CD19+ count below its limit has a limit above the threshold"
PRIOR_DEPLETION = "baseline already depleted: depletion not attributable to CAR-T; flag prior anti-CD20"

THRESHOLD = Parameter(
    "threshold", 10.0, "cells/uL", "complete depletion < 10 cells/uL, rituximab label as quoted in DOMAIN section 5"
)
CONFIRM = Parameter("confirm_n", 2, "samples", "recovery confirmed by the next sample, DOMAIN section 5")
BASELINE = Parameter(
    "baseline_rule",
    "before-conditioning",
    "",
    "last evaluable value before conditioning, DOMAIN section 4",
)
IMPUTATION = Parameter(
    "below_lloq", "half", "x LLOQ", "convention LLOQ/2, DOMAIN section 3", choices=tuple(IMPUTATIONS)
)
SHARED = (THRESHOLD, CONFIRM)


def classified(samples: pl.DataFrame, *, threshold: float) -> pl.DataFrame:
    """Samples with ``low``, ``high`` and ``below``: True, False, or null where the interval does not tell.

    A count below an LLOQ at the threshold is below it; below an LLOQ above the threshold does not tell.
    """
    low, high = interval_low(pl.col("value"), pl.col("qualifier")), interval_high(pl.col("value"), pl.col("qualifier"))
    below = (
        pl.when(pl.col("qualifier") == "<")
        .then(pl.when(pl.col("value") <= threshold).then(pl.lit(value=True)))
        .when(pl.col("qualifier") == ">")
        .then(pl.when(pl.col("value") >= threshold).then(pl.lit(value=False)))
        .otherwise(pl.col("value") < threshold)
    )
    return samples.with_columns(low.alias("low"), high.alias("high"), below.alias("below"))


def depletion_course(samples: pl.DataFrame, *, threshold: float, confirm_n: int) -> pl.DataFrame:
    """Course of depletion of each subject, from its samples after time zero.

    Parameters
    ----------
    samples
        Columns subject_id, day (protocol day), qualifier, value, result_id; in the order of collection, after
        time zero, evaluable.
    threshold
        Depleted below this, cells/uL.
    confirm_n
        Consecutive samples at or above the threshold that make a recovery.

    Returns
    -------
    polars.DataFrame
        One row per subject: depleted (null where undecided), first_below_day, previous_day (last sample known
        not depleted, or day 0), last_below_day, recovered_day, recovered_id, duration_min, duration_max,
        undetectable, nadir_low, nadir_high, nadir_day, last_day, evidence.
    """
    told = (
        classified(samples, threshold=threshold)
        .with_columns(pl.int_range(pl.len()).over("subject_id").alias("position"))
    )
    known = told.filter(pl.col("below").is_not_null()).with_columns(
        pl.col("below").rle_id().over("subject_id").alias("stretch")
    )
    first = known.filter("below").group_by("subject_id").agg(
        pl.col("day").first().alias("first_below_day"), pl.col("position").first().alias("first_below")
    )
    known = known.join(first, on="subject_id", how="left")
    before = (
        known.filter(~pl.col("below") & (pl.col("position") < pl.col("first_below")))
        .group_by("subject_id")
        .agg(pl.col("day").last().alias("previous_day"))
    )
    recovery = (
        known.filter(~pl.col("below") & (pl.col("position") > pl.col("first_below")))
        .group_by("subject_id", "stretch", maintain_order=True)
        .agg(
            pl.len().alias("length"),
            pl.col("day").first().alias("recovered_day"),
            pl.col("position").first().alias("recovered"),
            pl.col("result_id").first().alias("recovered_id"),
        )
        .filter(pl.col("length") >= confirm_n)
        .group_by("subject_id", maintain_order=True)
        .first()
        .select("subject_id", "recovered_day", "recovered", "recovered_id")
    )
    last_below = (
        known.join(recovery, on="subject_id", how="left")
        .filter(pl.col("below") & (pl.col("position") < pl.col("recovered").fill_null(math.inf)))
        .group_by("subject_id")
        .agg(pl.col("day").last().alias("last_below_day"))
    )
    lowest = (
        told.sort("subject_id", "low", "high", "position")
        .group_by("subject_id", maintain_order=True)
        .agg(
            pl.col("low").first().alias("nadir_low"),
            pl.col("high").first().alias("nadir_high"),
            pl.col("day").first().alias("nadir_day"),
            pl.col("result_id").first().alias("nadir_id"),
        )
    )
    whole = told.group_by("subject_id", maintain_order=True).agg(
        (pl.col("below").any() | pl.when(pl.col("below").is_not_null().any()).then(pl.lit(value=False)).first()).alias(
            "told_below"
        ),
        pl.col("below").is_null().any().alias("some_undecided"),
        ((pl.col("qualifier") == "<") & pl.col("below")).any().alias("undetectable"),
        pl.col("day").last().alias("last_day"),
        pl.col("result_id").alias("evidence"),
    )
    course = whole.join(lowest, on="subject_id", how="left")
    for part in (first.drop("first_below"), before, recovery.drop("recovered"), last_below):
        course = course.join(part, on="subject_id", how="left")
    found = pl.col("first_below_day").is_not_null()
    return course.with_columns(
        # One undecided count is enough to make "never depleted" unprovable.
        pl.when(found).then(pl.lit(value=True)).when(~pl.col("some_undecided")).then(pl.lit(value=False)).alias(
            "depleted"
        ),
        # The infusion itself bounds the beginning: before it nothing is attributable to it.
        pl.when(found).then(pl.col("previous_day").fill_null(0)).alias("previous_day"),
        (pl.col("last_below_day") - pl.col("first_below_day")).alias("duration_min"),
    ).with_columns((pl.col("recovered_day") - pl.col("previous_day")).alias("duration_max")).drop(
        "told_below", "some_undecided"
    )


def course_of(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Depletion course of every subject under these parameters (``depletion_course``)."""
    after = inputs.evaluable([ANALYTE]).filter("after")
    return depletion_course(after, threshold=parameters["threshold"], confirm_n=parameters["confirm_n"])


def _complete(inputs: Prepared, rows: pl.DataFrame, code: str) -> pl.DataFrame:
    subjects = inputs.subjects_with_zero
    definition = _DEFINITIONS[code]
    return completed_answers(
        rows,
        subjects,
        code=code,
        version=definition.version,
        unit=definition.unit,
        absent=inputs.absence(NO_SAMPLE),
    )


def depleted(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Was the subject depleted, and when: first day below in (low, high].

    ``text`` yes or no; ``reason`` says where the baseline was already depleted (prior anti-CD20), or why there
    is no answer.
    """
    course = course_of(inputs, parameters)
    base = classified(
        baseline_rows(
            inputs.evaluable([ANALYTE]), rule=parameters["baseline_rule"], by=["subject_id"]
        ),
        threshold=parameters["threshold"],
    ).select("subject_id", pl.col("below").alias("base_below"), pl.col("result_id").alias("base_id"))
    told = pl.col("depleted").is_not_null()
    rows = course.join(base, on="subject_id", how="left").select(
        "subject_id",
        pl.col("first_below_day").alias("day"),
        pl.col("first_below_day").cast(pl.Float64).alias("value"),
        pl.col("previous_day").cast(pl.Float64).alias("low"),
        pl.col("first_below_day").cast(pl.Float64).alias("high"),
        pl.when("depleted").then(pl.lit("yes")).when(told).then(pl.lit("no")).alias("text"),
        pl.when(told).then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
        pl.when(~told)
        .then(pl.lit(UNDECIDED))
        .when("base_below")
        .then(pl.lit(PRIOR_DEPLETION))
        .when(pl.col("base_id").is_null() & pl.col("depleted"))
        .then(pl.lit(missing_baseline(parameters["baseline_rule"])))
        .alias("reason"),
        pl.when(pl.col("base_id").is_null())
        .then(pl.col("evidence"))
        .otherwise(pl.col("evidence").list.concat(pl.col("base_id").cast(pl.Int64)))
        .alias("evidence"),
    )
    return _complete(inputs, rows, "BCDEPL")


def nadir(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Lowest CD19+ count after infusion: an interval where it is below the LLOQ; earliest of ties."""
    exact = pl.col("nadir_low") == pl.col("nadir_high")
    rows = course_of(inputs, parameters).select(
        "subject_id",
        pl.col("nadir_day").alias("day"),
        pl.when(exact).then("nadir_low").alias("value"),
        pl.col("nadir_low").alias("low"),
        pl.col("nadir_high").alias("high"),
        pl.when("undetectable").then(pl.lit("undetectable")).alias("text"),
        pl.when(exact).then(pl.lit(EVALUABLE)).otherwise(pl.lit(BOUNDED)).alias("status"),
        pl.concat_list("nadir_id").alias("evidence"),
    )
    return _complete(inputs, rows, "BCNADIR")


def recovery(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Day of confirmed B-cell recovery, in (last sample below, first confirmed sample].

    ``ongoing``: still below, or above without confirmation, at the last sample; ``low`` is that last day below.
    """
    course = course_of(inputs, parameters)
    never = pl.col("first_below_day").is_null()
    back = pl.col("recovered_day").is_not_null()
    rows = course.select(
        "subject_id",
        pl.col("recovered_day").alias("day"),
        pl.col("recovered_day").cast(pl.Float64).alias("value"),
        pl.col("last_below_day").cast(pl.Float64).alias("low"),
        pl.when(back)
        .then(pl.col("recovered_day").cast(pl.Float64))
        .when(~never)
        .then(math.inf)
        .alias("high"),
        pl.when(back).then(pl.lit("recovered")).when(~never).then(pl.lit("not recovered")).alias("text"),
        pl.when(never)
        .then(pl.lit(NOT_EVALUABLE))
        .when(back)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(ONGOING))
        .alias("status"),
        pl.when(never & pl.col("depleted").is_null())
        .then(pl.lit(UNDECIDED))
        .when(never)
        .then(pl.lit("never depleted"))
        .when(~back)
        .then(pl.lit("ongoing at the last sample"))
        .alias("reason"),
        "evidence",
    )
    return _complete(inputs, rows, "BCRECOV")


def duration(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Days of depletion: at least last below - first below, at most recovery - last sample before depletion."""
    course = course_of(inputs, parameters)
    never = pl.col("first_below_day").is_null()
    back = pl.col("recovered_day").is_not_null()
    rows = course.select(
        "subject_id",
        pl.col("duration_min").cast(pl.Float64).alias("low"),
        pl.when(back).then(pl.col("duration_max").cast(pl.Float64)).when(~never).then(math.inf).alias("high"),
        pl.when(never)
        .then(pl.lit(NOT_EVALUABLE))
        .when(back)
        .then(pl.lit(BOUNDED))
        .otherwise(pl.lit(ONGOING))
        .alias("status"),
        pl.when(never & pl.col("depleted").is_null())
        .then(pl.lit(UNDECIDED))
        .when(never)
        .then(pl.lit("never depleted"))
        .when(~back)
        .then(pl.lit("ongoing at the last sample"))
        .alias("reason"),
        "evidence",
    )
    return _complete(inputs, rows, "BCDUR")


def area(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Area under the CD19+ count from the first to the last sample after infusion, linear trapezoids."""
    after = inputs.evaluable([ANALYTE]).filter("after").with_columns(
        imputed(pl.col("value"), pl.col("qualifier"), rule=parameters["below_lloq"]).alias("number")
    )
    step = pl.col("day").diff().over("subject_id")
    mean = (pl.col("number") + pl.col("number").shift(1).over("subject_id")) / 2
    rows = (
        after.with_columns((step * mean).alias("piece"))
        .group_by("subject_id", maintain_order=True)
        .agg(
            pl.col("piece").sum().alias("value"),
            pl.len().alias("samples"),
            pl.col("day").last(),
            (pl.col("qualifier") != "=").any().alias("imputed"),
            pl.col("result_id").alias("evidence"),
        )
        .select(
            "subject_id",
            "day",
            "value",
            pl.when(pl.col("samples") < 2).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),  # noqa: PLR2004
            pl.when(pl.col("samples") < 2)  # noqa: PLR2004
            .then(pl.lit("an area needs two samples after infusion"))
            .when("imputed")
            .then(pl.lit(f"values below LLOQ imputed by rule '{parameters['below_lloq']}'"))
            .alias("reason"),
            "evidence",
        )
    )
    return _complete(inputs, rows, "BCAUC")


_SOURCE = "own rule (DOMAIN section 5); threshold: complete depletion < 10 cells/uL, rituximab label"
_INPUTS = ("subjects", "time_zero", "observations")
_DEFINITIONS = {
    definition.code: register(definition)
    for definition in (
        Definition(
            "BCDEPL", "B-cell depletion, first day", "d", "1", _SOURCE, _INPUTS, depleted, (*SHARED, BASELINE)
        ),
        Definition("BCNADIR", "CD19+ B cells, nadir", "cells/uL", "1", _SOURCE, _INPUTS, nadir, SHARED),
        Definition("BCRECOV", "B-cell recovery, day", "d", "1", _SOURCE, _INPUTS, recovery, SHARED),
        Definition("BCDUR", "Duration of B-cell depletion", "d", "1", _SOURCE, _INPUTS, duration, SHARED),
        Definition(
            "BCAUC", "CD19+ B cells, area after infusion", "d.cells/uL", "1", _SOURCE, _INPUTS, area, (IMPUTATION,)
        ),
    )
}
