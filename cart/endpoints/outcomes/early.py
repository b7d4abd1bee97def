"""Classification and very early disease: ACR/EULAR 2013, VEDOSS level, subset and progression."""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import EVALUABLE, NO, NOT_EVALUABLE, ONGOING, YES
from cart.endpoints.disease.classification import ACR_EULAR_2013, acr_eular_classification
from cart.endpoints.disease.early import SUBSETS, check_subsets, red_flags, subsets
from cart.endpoints.disease.vedoss import vedoss_levels
from cart.endpoints.outcomes.answering import complete, with_status
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.timing import protocol_day
from cart.endpoints.windows import visit_records

INPUTS = ("subjects", "time_zero", "entries", "planned_visits", "findings")
ABSENT = "no findings of the disease"
SUBSET_RULES = Parameter(
    "subset_rules",
    SUBSETS,
    "",
    "own design; a study replaces it",
    "Rules `NAME: FINDING`, the first that holds; the last is `NAME: otherwise`.",
    refuse=check_subsets,
)


def _findings(inputs: Prepared) -> pl.DataFrame:
    """Findings that were assessed, in order, with their protocol day and what the kernels say."""

    def make() -> pl.DataFrame:
        rows = (
            inputs.frames["findings"]
            .filter((pl.col("not_done") == "") & pl.col("assessed_on").is_not_null())
            .join(inputs.subjects_with_origin.select("subject_id", "time_zero_on"), on="subject_id", how="inner")
            .sort("subject_id", "assessed_on", "record_id")
            .with_columns(
                protocol_day(pl.col("assessed_on"), pl.col("time_zero_on")).alias("day"),
                pl.col("record_id").alias("result_id"),
                pl.col("assessed_on").alias("collected_on"),
                pl.lit(None, pl.Datetime("us")).alias("collected_at"),
                pl.lit(0).alias("sequence"),
            )
        )
        scores = acr_eular_classification(rows).select(pl.all().name.prefix("acr_"))
        levels = vedoss_levels(red_flags(rows)).select(pl.all().name.prefix("early_"))
        return pl.concat([rows, scores, levels], how="horizontal")

    return inputs.kept("findings of the disease", make)


def _nobody(inputs: Prepared) -> bool:
    """No subject has findings: rules on columns without rows cost as much as with."""
    return inputs.frames["findings"].is_empty()


def _at_visits(inputs: Prepared) -> pl.DataFrame:
    rows = _findings(inputs).filter(pl.col("day").is_not_null())
    return visit_records(rows, inputs.planned_visits, by=["subject_id"]).filter("chosen").sort("subject_id", "day")


def _one_each(inputs: Prepared, *, first: bool) -> pl.DataFrame:
    """First or last assessment of each subject, without timepoint."""
    groups = _findings(inputs).group_by("subject_id", maintain_order=True)
    return (groups.first() if first else groups.last()).with_columns(pl.lit("").alias("timepoint"))


def _scored(rows: pl.DataFrame, name: str, text: pl.Expr) -> pl.DataFrame:
    exact = pl.col(name).is_not_null()
    prefix = name.partition("_")[0]
    answers = rows.select(
        "subject_id",
        "timepoint",
        "day",
        pl.col(name).cast(pl.Float64).alias("value"),
        pl.when(~exact).then(pl.col(f"{name}_low").cast(pl.Float64)).alias("low"),
        pl.when(~exact).then(pl.col(f"{name}_high").cast(pl.Float64)).alias("high"),
        text.cast(pl.String).alias("text"),
        pl.when(~exact).then(f"{prefix}_reason").otherwise(pl.lit("")).alias("reason"),
        pl.concat_list("record").alias("record_evidence"),
    )
    return with_status(answers)


def classified(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Points of ACR/EULAR 2013 at each planned visit and, without timepoint, at the last assessment.

    ``text``: SSc from 9 points on, else not SSc; known from the bounds where they agree.
    """
    if _nobody(inputs):
        return complete(inputs, None, definition=CLASSIFICATION, absent=ABSENT, needs_zero=False)
    ssc = pl.col("acr_classified")
    text = pl.when(ssc).then(pl.lit("SSc")).when(~ssc).then(pl.lit("not SSc"))
    last, visits = _one_each(inputs, first=False), _at_visits(inputs)
    rows = pl.concat([_scored(last, "acr_score", text), _scored(visits, "acr_score", text)])
    return complete(inputs, rows, definition=CLASSIFICATION, absent=ABSENT, needs_zero=False)


def level(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Level of VEDOSS, 0, 1 or 2 (``text``: ``level 2``), at each planned visit.

    Without timepoint: at the first assessment.
    """
    if _nobody(inputs):
        return complete(inputs, None, definition=LEVEL, absent=ABSENT, needs_zero=False)
    text = pl.format("level {}", "early_level")
    first, visits = _one_each(inputs, first=True), _at_visits(inputs)
    rows = pl.concat([_scored(first, "early_level", text), _scored(visits, "early_level", text)])
    return complete(inputs, rows, definition=LEVEL, absent=ABSENT, needs_zero=False)


def subset(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Subset of early disease at the first assessment, by the study's table of rules."""
    if _nobody(inputs):
        return complete(inputs, None, definition=SUBSET, absent=ABSENT, needs_zero=False)
    first = _one_each(inputs, first=True)
    found = subsets(first, rules=parameters[SUBSET_RULES.name]).rename({"reason": "why"})
    rows = pl.concat([first, found], how="horizontal").select(
        "subject_id",
        "timepoint",
        "day",
        pl.col("subset").alias("text"),
        pl.when(pl.col("subset").is_null()).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
        pl.col("why").alias("reason"),
        pl.concat_list("record").alias("record_evidence"),
    )
    return complete(inputs, rows, definition=SUBSET, absent=ABSENT, needs_zero=False)


def progression(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Days from the first assessment to the first with 9 points of ACR/EULAR 2013 or more.

    ``low`` and ``high``: the last assessment known to be below, and that one. ``ongoing`` where it has not come:
    ``low`` is the last one below. Whoever has them at the first assessment cannot progress any more.
    """
    if _nobody(inputs):
        return complete(inputs, None, definition=PROGRESSION, absent=ABSENT, needs_zero=False)
    ssc, days = pl.col("acr_classified"), pl.col("days")
    start = pl.col("assessed_on").first().over("subject_id")
    course = (
        _findings(inputs)
        .with_columns((pl.col("assessed_on") - start).dt.total_days().alias("days"))
        .with_columns(days.filter(ssc).first().over("subject_id").alias("came_on"))
        .group_by("subject_id", maintain_order=True)
        .agg(
            ssc.first().alias("at_first"),
            pl.len().alias("count"),
            pl.col("came_on").first(),
            pl.col("day").filter(ssc).first(),
            # What was below later does not take back what came.
            days.filter(~ssc & (days < pl.col("came_on")).fill_null(value=True)).max().alias("below"),
            pl.col("record").alias("record_evidence"),
        )
    )
    return _progressed(inputs, course)


def _progressed(inputs: Prepared, course: pl.DataFrame) -> pl.DataFrame:
    came = pl.col("came_on").is_not_null()
    reason = (
        pl.when(pl.col("at_first"))
        .then(pl.lit("classified at the first assessment"))
        .when(pl.col("at_first").is_null())
        .then(pl.lit("the first assessment does not tell whether it is classified"))
        .when(pl.col("count") == 1)
        .then(pl.lit("one assessment only"))
        .otherwise(pl.lit(""))
    )
    told = ~pl.col("at_first").fill_null(value=True) & (pl.col("count") > 1)
    rows = course.select(
        "subject_id",
        pl.when(told).then("day").alias("day"),
        pl.when(told & came).then(pl.col("came_on").cast(pl.Float64)).alias("value"),
        pl.when(told).then(pl.col("below").cast(pl.Float64)).alias("low"),
        pl.when(told & came).then(pl.col("came_on").cast(pl.Float64)).when(told).then(pl.lit(math.inf)).alias("high"),
        pl.when(told & came).then(pl.lit(YES)).when(told).then(pl.lit(NO)).alias("text"),
        pl.when(told & came)
        .then(pl.lit(EVALUABLE))
        .when(told)
        .then(pl.lit(ONGOING))
        .otherwise(pl.lit(NOT_EVALUABLE))
        .alias("status"),
        reason.alias("reason"),
        "record_evidence",
    )
    return complete(inputs, rows, definition=PROGRESSION, absent=ABSENT, needs_zero=False)


_EARLY_SOURCE = "Avouac J et al. Ann Rheum Dis 2011;70:476-81"
CLASSIFICATION = register(
    Definition(
        "ACREULAR",
        "ACR/EULAR 2013, points",
        "",
        "1",
        ACR_EULAR_2013.source,
        INPUTS,
        classified,
        summary=("categories", "numbers"),
    )
)
LEVEL = register(Definition("VEDOSSLV", "VEDOSS, level", "", "1", _EARLY_SOURCE, INPUTS, level))
SUBSET = register(
    Definition("VEDOSSUB", "VEDOSS, subset", "", "1", "own design, three subsets", INPUTS, subset, (SUBSET_RULES,))
)
PROGRESSION = register(
    Definition(
        "VEDOSPRG",
        "VEDOSS, progression to SSc",
        "d",
        "1",
        f"9 points of {ACR_EULAR_2013.source}",
        INPUTS,
        progression,
        summary=("categories", "times"),
    )
)
