"""Observation table: one row per laboratory result, in the names of ADaM and in ours."""

import polars as pl

from trialsite.exports.description import Column, DatasetDescription

_UNDATED = "null where the day is not known, or the subject has no time zero"
_NO_NUMBER = "null for a result in words, or where there is none"
_NO_CHANGE = "null where AVAL or BASE is"
_NOT_SENT = "null where the source gives none"
OBSERVATIONS = DatasetDescription(
    "observations",
    "Laboratory results with study day, baseline and change",
    (
        Column("STUDYID", "Study", pl.String, meaning="Code of the study."),
        Column("USUBJID", "Subject", pl.String, meaning="source_code; subject_code where the source has none."),
        Column("LBSEQ", "Sequence in the source", pl.Int64, missing="null where the source numbers no records"),
        Column("PARAMCD", "Test code of the source", pl.String, meaning="SDTM test code; else our analyte's code."),
        Column("ADT", "Date; empty where the day is not known", pl.Date, missing="null where the day is not known"),
        Column(
            "ADY",
            "Study day: first dose = 1, the day before = -1",
            pl.Int64,
            "d",
            meaning="There is no day 0.",
            missing=_UNDATED,
        ),
        Column(
            "AVAL",
            "Number analysed",
            pl.Float64,
            meaning="In AVALU. Of a value below its limit the number by the rule of --below-lloq.",
            missing="null for a result in words, for `>`, and for `<` without a rule",
        ),
        Column("AVALC", "Result in standard units, as text", pl.String, missing="null where there is no result"),
        Column("AVALU", "Standard unit", pl.String, missing="empty for a result without unit"),
        Column(
            "BASE",
            "Baseline",
            pl.Float64,
            meaning="AVAL of the baseline record, on every row of the subject and analyte.",
            missing="null without a baseline record, or where it has no number",
        ),
        Column(
            "BASEC",
            "Baseline, as text",
            pl.String,
            meaning="AVALC of the baseline record.",
            missing="null without a baseline record",
        ),
        Column("BASETYPE", "Baseline rule", pl.String, meaning="As given to --baseline."),
        Column("CHG", "Change from baseline", pl.Float64, meaning="AVAL - BASE, in AVALU.", missing=_NO_CHANGE),
        Column(
            "PCHG",
            "Per cent change from baseline",
            pl.Float64,
            "%",
            meaning="100 CHG / BASE.",
            missing=f"{_NO_CHANGE}, or BASE is 0",
        ),
        Column("ABLFL", "Y for the baseline record", pl.String, missing="null for every other record"),
        Column(
            "ANRIND",
            "Flag as received; else LOW, NORMAL, HIGH by value and range",
            pl.String,
            missing="null without flag, and without value or range",
        ),
        Column("AVISIT", "Visit as received", pl.String, missing="null where the source names no visit"),
        Column("subject_code", "Subject", pl.String, meaning="Our code."),
        Column("source_code", "Subject in the source", pl.String, missing="empty for a subject entered here"),
        Column("result_id", "Key of the result", pl.Int64),
        Column("source_sequence", "Sequence in the source", pl.Int64, meaning="As LBSEQ.", missing="as LBSEQ"),
        Column("analyte", "Analyte", pl.String, meaning="Our code."),
        Column(
            "series", "Laboratory, kit, unit", pl.String, meaning="Separated by `/`: results of one are comparable."
        ),
        Column(
            "collected", "Collection as received, ISO 8601, may be partial", pl.String, meaning="In the site's time."
        ),
        Column("collected_on", "Collection date where known to the day", pl.Date, meaning="As ADT.", missing="as ADT"),
        Column("study_day", "Study day: first dose = 1", pl.Int64, "d", meaning="As ADY.", missing=_UNDATED),
        Column(
            "protocol_day",
            "Protocol day: days from time zero (Day 0)",
            pl.Int64,
            "d",
            meaning="Time zero is the infusion, or the first dose of study drug: the arm says which.",
            missing=_UNDATED,
        ),
        Column("qualifier", "<, > or =", pl.String),
        Column("value", "Number beside the qualifier", pl.Float64, meaning="In unit.", missing=_NO_NUMBER),
        Column(
            "low",
            "Lower end of the interval the value lies in",
            pl.Float64,
            meaning="In unit; 0 below the limit.",
            missing=_NO_NUMBER,
        ),
        Column(
            "high",
            "Upper end; infinite for >",
            pl.Float64,
            meaning="In unit; the limit below it, `inf` for >.",
            missing=_NO_NUMBER,
        ),
        Column("unit", "Unit", pl.String, meaning="As AVALU.", missing="empty for a result without unit"),
        Column("received_text", "Result as received", pl.String, missing="empty where there is no result"),
        Column(
            "received_unit", "Unit as received", pl.String, missing="empty where the source gives one unit only: unit"
        ),
        Column("missing_reason", "Why there is no result", pl.String, missing="empty where there is one"),
        Column(
            "usable",
            "Specimen fit for evaluation",
            pl.Boolean,
            meaning="False for a haemolysed or insufficient specimen, and for a missing result.",
        ),
        Column("baseline", "Baseline", pl.Float64, meaning="As BASE.", missing="as BASE"),
        Column("change", "Change from baseline", pl.Float64, meaning="As CHG.", missing="as CHG"),
        Column(
            "percent_change", "Per cent change from baseline", pl.Float64, "%", meaning="As PCHG.", missing="as PCHG"
        ),
        Column("is_baseline", "Is the baseline record", pl.Boolean),
        Column(
            "after_baseline",
            "Collected after the baseline record",
            pl.Boolean,
            missing="null without a baseline record, or where either day is not known",
        ),
        Column("range_low", "Lower end of the reference range", pl.Float64, meaning="In unit.", missing=_NOT_SENT),
        Column("range_high", "Upper end of the reference range", pl.Float64, meaning="In unit.", missing=_NOT_SENT),
        Column("range_flag", "Flag as received", pl.String, missing="empty where the source has none"),
        Column(
            "flag",
            "LOW, NORMAL or HIGH by the approved reference range",
            pl.String,
            meaning="Beside the flag as received; given only where every value in low-high has it.",
            missing="empty where flag_reason says why",
        ),
        Column("flag_reason", "Why there is no flag", pl.String, missing="empty where there is one"),
        Column("flag_low", "Lower limit of that range", pl.Float64, meaning="In unit.", missing="null without one"),
        Column("flag_high", "Upper limit of that range", pl.Float64, meaning="In unit.", missing="null without one"),
        Column("flag_range", "Number of that range", pl.Int64, missing="null where none holds"),
        Column("ATOXGR", "Toxicity grade", pl.String, meaning="0 to 4.", missing="null where grade_reason says why"),
        Column(
            "grade_term",
            "Term of the CTCAE that the test is graded by",
            pl.String,
            meaning="Two terms where low and high values are graded and this one is of grade 0.",
            missing="empty for a test without criteria",
        ),
        Column("grade_version", "Version of the CTCAE", pl.String, meaning="As given to --ctcae; else the study's."),
        Column(
            "grade_low",
            "Lowest grade the value can have",
            pl.Int64,
            meaning="Multiples of the baseline refer to BASE.",
            missing="null where nothing can be said",
        ),
        Column("grade_high", "Highest grade the value can have", pl.Int64, missing="as grade_low"),
        Column("grade_reason", "Why there is not one grade", pl.String, missing="empty where there is one"),
        Column("material", "Material as received", pl.String, missing="empty where the source names none"),
        Column(
            "delta_status",
            "exceeded, within or undetermined: change from the previous value",
            pl.String,
            meaning="Within subject, analyte and series; the limits stand under Labs > Delta limits.",
            missing="null for an analyte without limit",
        ),
        Column("delta_reason", "Why it is undetermined", pl.String, missing="null or empty where it is not"),
        Column("delta_low", "Least possible change", pl.Float64, meaning="In unit or %.", missing="null where unknown"),
        Column("delta_high", "Largest possible change", pl.Float64, meaning="As delta_low.", missing="as delta_low"),
        Column("delta_previous", "Key of the previous result", pl.Int64, missing="null without one"),
        Column(
            "std_value",
            "Number in the standard unit of the analyte",
            pl.Float64,
            meaning="value by the approved factors, computed on reading; the qualifier stays with it.",
            missing="null where std_reason says why",
        ),
        Column("std_low", "Lower end of its interval", pl.Float64, meaning="low in std_unit.", missing="as std_value"),
        Column(
            "std_high", "Upper end of its interval", pl.Float64, meaning="high in std_unit.", missing="as std_value"
        ),
        Column("std_unit", "Standard unit", pl.String, meaning="UCUM code.", missing="empty where std_reason says why"),
        Column(
            "std_factor",
            "Factors used",
            pl.String,
            meaning="`B3 F12`: bridging factor 3, then conversion factor 12.",
            missing="empty for a value that was in the standard unit, and where std_reason says why",
        ),
        Column("std_reason", "Why there is no standard value", pl.String, missing="empty where there is one"),
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
    """Rows of ``OBSERVATIONS`` from observations with baseline and change, grade and delta check."""
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
        pl.when(pl.col("grade_low") == pl.col("grade_high")).then(pl.col("grade_low").cast(pl.String)).alias("ATOXGR"),
        pl.col("visit").alias("AVISIT"),
        pl.col("collected_text").alias("collected"),
        pl.col("base").alias("baseline"),
    )
