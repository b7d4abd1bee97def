"""B-cell depletion and recovery from the CD19+ series.

Depleted: a CD19+ count below the threshold after infusion. A value that is censored above the threshold
(``<20`` with a threshold of 10) does not tell and is passed over; it is never depleted. Times are interval
censored. Recovery: the first of ``confirm_n`` consecutive samples at or above the threshold; fewer are a blip.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NO, NOT_EVALUABLE, ONGOING, YES, completed_answers
from cart.endpoints.baseline import baseline_rows, check_rule, missing_baseline
from cart.endpoints.censoring import IMPUTATIONS, imputed, is_exact
from cart.endpoints.course import depletion_course, is_below
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Compute, Definition, Parameter, register

ANALYTE = "CD19_ABS"
NO_SAMPLE = "no evaluable CD19+ count after infusion"
UNDECIDED = "no CD19+ count decides: a limit of quantification lies above the threshold"
NEVER = "never depleted"
UNRECOVERED = "ongoing at the last sample"
PRIOR_DEPLETION = "baseline already depleted: depletion not attributable to CAR-T; flag prior anti-CD20"

THRESHOLD = Parameter(
    "threshold",
    10.0,
    "cells/uL",
    "complete depletion < 10 cells/uL: rituximab label",
    "Depleted below this count; exactly this count is not depleted.",
)
CONFIRM = Parameter(
    "confirm_n",
    2,
    "samples",
    "own rule: recovery confirmed on a subsequent sample",
    "Consecutive samples at or above the threshold that make a recovery; fewer are a blip.",
    at_least=1,
    at_most=20,
)
BASELINE = Parameter(
    "baseline_rule",
    "before-conditioning",
    "",
    "own rule: last evaluable value before the start of conditioning",
    "Named baseline rule.",
    refuse=check_rule,
)
IMPUTATION = Parameter(
    "below_lloq",
    "half",
    "x LLOQ",
    "convention LLOQ/2",
    "What stands for a value below the limit of quantification where a number is needed.",
    choices=tuple(IMPUTATIONS),
)
COURSE = (THRESHOLD, CONFIRM)


def course_of(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Depletion course of every subject under these parameters (``depletion_course``)."""
    threshold, confirm_n = parameters["threshold"], parameters["confirm_n"]
    return inputs.kept(
        ("course", threshold, confirm_n),
        lambda: depletion_course(inputs.evaluable([ANALYTE]).filter("after"), threshold=threshold, confirm_n=confirm_n),
    )


def _complete(inputs: Prepared, rows: pl.DataFrame, code: str) -> pl.DataFrame:
    definition = DEFINITIONS[code]
    return completed_answers(
        rows,
        inputs.subjects_with_zero,
        code=code,
        version=definition.version,
        unit=definition.unit,
        absent=inputs.absence(NO_SAMPLE),
    )


def depleted(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Was the subject depleted, and when: first day below in (low, high].

    ``text`` yes or no; ``reason`` says where the baseline was already depleted (prior anti-CD20) or is
    missing, or why there is no answer.
    """
    base = baseline_rows(inputs.evaluable([ANALYTE]), rule=parameters["baseline_rule"], by=["subject_id"]).select(
        "subject_id",
        is_below(threshold=parameters["threshold"]).alias("base_below"),
        pl.col("result_id").alias("base_id"),
    )
    told = pl.col("depleted").is_not_null()
    rows = (
        course_of(inputs, parameters)
        .join(base, on="subject_id", how="left")
        .select(
            "subject_id",
            pl.col("first_below_day").alias("day"),
            pl.col("first_below_day").cast(pl.Float64).alias("value"),
            pl.col("previous_day").cast(pl.Float64).alias("low"),
            pl.col("first_below_day").cast(pl.Float64).alias("high"),
            pl.when("depleted").then(pl.lit(YES)).when(told).then(pl.lit(NO)).alias("text"),
            pl.when(told).then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
            pl.when(~told)
            .then(pl.lit(UNDECIDED))
            .when("base_below")
            .then(pl.lit(PRIOR_DEPLETION))
            .when(pl.col("base_id").is_null())
            .then(pl.lit(missing_baseline(parameters["baseline_rule"])))
            .alias("reason"),
            pl.concat_list("evidence", "base_id").alias("evidence"),
            pl.col("base_id").alias("baseline"),
        )
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


def _state() -> tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr]:
    """Of a course: never depleted or undecided, recovered, and the status and reason that follow."""
    never = pl.col("first_below_day").is_null()
    back = pl.col("recovered_day").is_not_null()
    reason = (
        pl.when(never & pl.col("depleted").is_null())
        .then(pl.lit(UNDECIDED))
        .when(never)
        .then(pl.lit(NEVER))
        .when(~back)
        .then(pl.lit(UNRECOVERED))
    )
    status = pl.when(never).then(pl.lit(NOT_EVALUABLE)).when(~back).then(pl.lit(ONGOING))
    return never, back, status, reason


def recovery(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Day of confirmed B-cell recovery, in (last sample below, first confirmed sample].

    ``ongoing``: still below, or above without confirmation, at the last sample; ``low`` is the last day below.
    """
    never, back, status, reason = _state()
    rows = course_of(inputs, parameters).select(
        "subject_id",
        pl.col("recovered_day").alias("day"),
        pl.col("recovered_day").cast(pl.Float64).alias("value"),
        pl.col("last_below_day").cast(pl.Float64).alias("low"),
        pl.when(~never).then(pl.col("recovered_day").cast(pl.Float64).fill_null(math.inf)).alias("high"),
        pl.when(back).then(pl.lit("recovered")).when(~never).then(pl.lit("not recovered")).alias("text"),
        status.fill_null(EVALUABLE).alias("status"),
        reason.alias("reason"),
        "evidence",
    )
    return _complete(inputs, rows, "BCRECOV")


def duration(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Days of depletion: at least last below - first below, at most recovery - last sample before depletion."""
    never, _, status, reason = _state()
    rows = course_of(inputs, parameters).select(
        "subject_id",
        pl.col("duration_min").cast(pl.Float64).alias("low"),
        pl.when(~never).then(pl.col("duration_max").cast(pl.Float64).fill_null(math.inf)).alias("high"),
        status.fill_null(BOUNDED).alias("status"),
        reason.alias("reason"),
        "evidence",
    )
    return _complete(inputs, rows, "BCDUR")


def area(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Area under the CD19+ count from the first to the last sample after infusion, linear trapezoids."""
    after = (
        inputs.evaluable([ANALYTE])
        .filter("after")
        .with_columns(imputed(rule=parameters["below_lloq"]).alias("number"), is_exact().alias("exact"))
    )
    # Differences run over the whole column; the first row of each subject has none.
    same = pl.col("subject_id") == pl.col("subject_id").shift(1)
    piece = pl.col("day").diff() * (pl.col("number") + pl.col("number").shift(1)) / 2
    few = pl.col("samples") < 2
    rows = (
        after.with_columns(pl.when(same).then(piece).alias("piece"))
        .group_by("subject_id", maintain_order=True)
        .agg(
            pl.col("piece").sum().alias("value"),
            pl.len().alias("samples"),
            pl.col("day").last(),
            (~pl.col("exact")).any().alias("imputed"),
            pl.col("result_id").alias("evidence"),
        )
        .select(
            "subject_id",
            "day",
            "value",
            pl.when(few).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
            pl.when(few)
            .then(pl.lit("an area needs two samples after infusion"))
            .when("imputed")
            .then(pl.lit(f"censored values imputed by rule '{parameters['below_lloq']}'"))
            .alias("reason"),
            "evidence",
        )
    )
    return _complete(inputs, rows, "BCAUC")


_SOURCE = "own rule; threshold: complete depletion < 10 cells/uL, rituximab label"
_INPUTS = ("subjects", "time_zero", "observations")
_ENTRIES: tuple[tuple[str, str, str, Compute, tuple[Parameter, ...], tuple[str, ...]], ...] = (
    ("BCDEPL", "B-cell depletion, first day", "d", depleted, (*COURSE, BASELINE), ("categories", "numbers")),
    ("BCNADIR", "CD19+ B cells, nadir", "cells/uL", nadir, COURSE, ()),
    ("BCRECOV", "B-cell recovery, day", "d", recovery, COURSE, ("times",)),
    ("BCDUR", "Duration of B-cell depletion", "d", duration, COURSE, ()),
    ("BCAUC", "CD19+ B cells, area after infusion", "d.cells/uL", area, (IMPUTATION,), ("numbers", "geometric")),
)
DEFINITIONS = {
    code: register(
        Definition(code, label, unit, "1", _SOURCE, _INPUTS, compute, parameters, analytes=(ANALYTE,), summary=summary)
    )
    for code, label, unit, compute, parameters, summary in _ENTRIES
}
