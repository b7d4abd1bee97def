"""Observation table: one row per laboratory result, in the names of ADaM and in ours."""

import polars as pl

from trialsite.exports.description import Column, DatasetDescription

OBSERVATIONS = DatasetDescription(
    "observations",
    "Laboratory results with study day, baseline and change",
    (
        Column("STUDYID", "Study", pl.String),
        Column("USUBJID", "Subject", pl.String),
        Column("LBSEQ", "Sequence in the source", pl.Int64),
        Column("PARAMCD", "Test code of the source", pl.String),
        Column("ADT", "Date; empty where the day is not known", pl.Date),
        Column("ADY", "Study day: first dose = 1, the day before = -1", pl.Int64, "d"),
        Column("AVAL", "Number analysed", pl.Float64),
        Column("AVALC", "Result in standard units, as text", pl.String),
        Column("AVALU", "Standard unit", pl.String),
        Column("BASE", "Baseline", pl.Float64),
        Column("BASEC", "Baseline, as text", pl.String),
        Column("BASETYPE", "Baseline rule", pl.String),
        Column("CHG", "Change from baseline", pl.Float64),
        Column("PCHG", "Per cent change from baseline", pl.Float64, "%"),
        Column("ABLFL", "Y for the baseline record", pl.String),
        Column("ANRIND", "LOW, NORMAL, HIGH by the range, else as flagged in the source", pl.String),
        Column("AVISIT", "Visit as received", pl.String),
        Column("subject_code", "Subject", pl.String),
        Column("source_code", "Subject in the source", pl.String),
        Column("result_id", "Key of the result", pl.Int64),
        Column("source_sequence", "Sequence in the source", pl.Int64),
        Column("analyte", "Analyte", pl.String),
        Column("series", "Laboratory, kit, unit", pl.String),
        Column("collected", "Collection as received, ISO 8601, may be partial", pl.String),
        Column("collected_on", "Collection date where known to the day", pl.Date),
        Column("study_day", "Study day: first dose = 1", pl.Int64, "d"),
        Column("protocol_day", "Protocol day: days from time zero (Day 0)", pl.Int64, "d"),
        Column("qualifier", "<, > or =", pl.String),
        Column("value", "Number beside the qualifier", pl.Float64),
        Column("low", "Lower end of the interval the value lies in", pl.Float64),
        Column("high", "Upper end; infinite for >", pl.Float64),
        Column("unit", "Unit", pl.String),
        Column("received_text", "Result as received", pl.String),
        Column("received_unit", "Unit as received", pl.String),
        Column("missing_reason", "Why there is no result", pl.String),
        Column("usable", "Specimen fit for evaluation", pl.Boolean),
        Column("baseline", "Baseline", pl.Float64),
        Column("change", "Change from baseline", pl.Float64),
        Column("percent_change", "Per cent change from baseline", pl.Float64, "%"),
        Column("is_baseline", "Is the baseline record", pl.Boolean),
        Column("after_baseline", "Collected after the baseline record", pl.Boolean),
        Column("range_low", "Lower end of the reference range", pl.Float64),
        Column("range_high", "Upper end of the reference range", pl.Float64),
        Column("range_flag", "Flag as received", pl.String),
    ),
)


def range_indicator() -> pl.Expr:
    """LOW, NORMAL or HIGH where number and range tell; else the flag as received; null without either.

    A source without both limits, or with a result in words, keeps its own flag.
    """
    value, low, high = pl.col("number"), pl.col("range_low"), pl.col("range_high")
    told = (
        pl.when(value < low)
        .then(pl.lit("LOW"))
        .when(value > high)
        .then(pl.lit("HIGH"))
        .when((value >= low) & (value <= high))
        .then(pl.lit("NORMAL"))
    )
    flag = pl.col("range_flag")
    return pl.coalesce(pl.when(flag != "").then(flag), told)


def observation_rows(changed: pl.DataFrame, *, study: str, rule: str) -> pl.DataFrame:
    """Rows of ``OBSERVATIONS`` from observations with baseline and change (``baseline_and_change``)."""
    usubjid = pl.when(pl.col("source_code") != "").then(pl.col("source_code")).otherwise(pl.col("subject_code"))
    return changed.with_columns(
        pl.lit(study).alias("STUDYID"),
        usubjid.alias("USUBJID"),
        pl.col("source_sequence").alias("LBSEQ"),
        pl.col("test_code").alias("PARAMCD"),
        pl.col("collected_on").alias("ADT"),
        pl.col("study_day").alias("ADY"),
        pl.col("number").alias("AVAL"),
        pl.col("value_text").alias("AVALC"),
        pl.col("unit").alias("AVALU"),
        pl.col("base").alias("BASE"),
        pl.col("base_text").alias("BASEC"),
        pl.lit(rule).alias("BASETYPE"),
        pl.col("change").alias("CHG"),
        pl.col("percent_change").alias("PCHG"),
        pl.when("is_baseline").then(pl.lit("Y")).alias("ABLFL"),
        range_indicator().alias("ANRIND"),
        pl.col("visit").alias("AVISIT"),
        pl.col("collected_text").alias("collected"),
        pl.col("base").alias("baseline"),
    )
