"""IVIG after the infusion: on how many days, how many grams, and how long it hides the subject's own IgG."""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, completed_answers
from cart.endpoints.comparison import IVIG
from cart.endpoints.prepared import NO_TIME_ZERO, Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.treatment_doses import completed_sums, totals

CLASS = "ivig"
TO_DAY = Parameter(
    "ivig_to_day",
    365,
    "d",
    "own choice: a year",
    "Last protocol day on which IVIG counts; Day 0 is the first.",
    at_most=36500,
)
SOURCE = "own rule; hypogammaglobulinaemia and its substitution as the registries of cell therapy ask for them"
NO_IVIG = "no IVIG recorded in the window"
MG = 1000.0
# Dose of a record in its unit: milligrams, by kilogram of body weight or not.
_IN_MG = {"mg": 1.0, "g": MG, "mg/kg": 1.0, "g/kg": MG}
_INPUTS = ("subjects", "time_zero", "treatments")


def given_ivig(inputs: Prepared, to_day: int) -> pl.DataFrame:
    """Rows of ``treatments`` with IVIG up to a day, a dose of one day as a dose row of that day.

    A therapy without dose rows that began and ended on one day was one dose: that of its record, in mg, g, mg/kg or
    g/kg of the weight of the first course. One of several days says neither on which of them it was given nor whether
    its dose is of a day or of all: it stays without rows.
    """
    last = pl.col("time_zero_on") + pl.duration(days=to_day)
    unit = pl.col("dose_unit").str.to_lowercase().str.strip_chars()
    weight = pl.when(unit.str.ends_with("/kg")).then("weight_kg").otherwise(1.0)
    of_record = pl.col("dose") * unit.replace_strict(_IN_MG, default=None, return_dtype=pl.Float64) * weight
    one_day = pl.col("given_on").is_null() & (pl.col("started_on") == pl.col("stopped_on"))
    amount = pl.coalesce("dose_mg", pl.when(one_day).then(pl.coalesce("daily_dose_mg", of_record)))
    return (
        inputs.frames["treatments"]
        .filter(pl.col("therapy_class") == CLASS)
        .join(inputs.frames["time_zero"].select("subject_id", "time_zero_on"), on="subject_id", how="inner")
        .join(inputs.frames["weights"], on="subject_id", how="left", maintain_order="left")
        .with_columns(
            amount.alias("dose_mg"),
            pl.when(one_day).then("started_on").otherwise("given_on").alias("given_on"),
            pl.when(one_day).then(1).otherwise("doses").cast(pl.Int64).alias("doses"),
        )
        .filter(~(pl.coalesce("given_on", "started_on") > last).fill_null(value=False))
        .with_columns(pl.min_horizontal("stopped_on", last).alias("stopped_on"))
        .drop("weight_kg")
    )


def grams(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """IVIG given from Day 0 to ``ivig_to_day`` in grams; ``text`` is the number of doses, 0 g where none is recorded.

    Doses are the dose rows; of a therapy of one day without rows the dose of its record, per kg of the weight of the
    first infusion course; of others the daily dose from start to stop. What cannot be counted is named in ``reason``:
    the answer is then a lower bound.
    """
    given = given_ivig(inputs, parameters["ivig_to_day"])
    # A dose without an amount is no dose of 0 g.
    known = pl.col("given_on").is_null() | pl.col("dose_mg").is_not_null()
    sums = totals(inputs, pl.lit(value=True), factor=pl.when(known).then(1 / MG), given=given.drop("time_zero_on"))
    return completed_sums(inputs, sums.with_columns(pl.col("mg").alias("amount"), pl.lit("").alias("lacking")), GRAMS)


def days(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Calendar days with IVIG from Day 0 to ``ivig_to_day``; 0 where none is recorded.

    A therapy without dose rows counts every day from start to stop where it has a daily dose. Otherwise it was given on
    one of its days at least, and on all of them at most: the answer is bounded, and ``reason`` says so.
    """
    to_day = parameters["ivig_to_day"]
    zero = pl.col("time_zero_on")
    end = zero + pl.duration(days=to_day)
    rows = given_ivig(inputs, to_day)
    dated = pl.col("given_on").is_not_null()
    sure = dated | pl.col("daily_dose_mg").is_not_null()
    first = pl.coalesce("given_on", "started_on").fill_null(zero)
    ended = pl.coalesce("given_on", "stopped_on", pl.when(pl.col("prior")).then(zero - pl.duration(days=1))).fill_null(
        end
    )
    spans = (
        rows.with_columns(pl.max_horizontal(first, zero).alias("from"), pl.min_horizontal(ended, end).alias("to"))
        .filter(pl.col("from") <= pl.col("to"))
        .select("subject_id", "therapy_id", "drug", sure.alias("sure"), pl.date_ranges("from", "to").alias("on"))
    )
    each = spans.explode("on", empty_as_null=False)
    counted = each.group_by("subject_id", maintain_order=True).agg(
        pl.col("on").filter("sure").n_unique().alias("least"),
        pl.col("on").n_unique().alias("most"),
        pl.col("drug").filter(~pl.col("sure")).unique().sort().str.join(", ").alias("unsure"),
        pl.col("therapy_id").unique().sort().alias("therapy_evidence"),
    )
    # A therapy whose days are not known was given on one day at least.
    least = pl.max_horizontal("least", (pl.col("unsure") != "").cast(pl.UInt32))
    return _bounded_days(inputs, counted.with_columns(least.alias("least")), DAYS, "days of {} not known")


def hidden(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Days from Day 0 to ``ivig_to_day`` on which IgG is not the subject's own; ``text`` names them.

    From the first day of each IVIG therapy to ``ivig_days`` after its last, as the endpoints of IgG leave samples out:
    one before Day 0 reaches into the window, one whose end is not known never ends.
    """
    to_day, window = parameters["ivig_to_day"], parameters["ivig_days"]
    zero = pl.col("time_zero_on")
    begun = (pl.col("started_on") - zero).dt.total_days().fill_null(-math.inf)
    last = pl.coalesce("stopped_on", "started_on", pl.when("prior").then(zero))
    ended = pl.when("ongoing").then(math.inf).otherwise(((last - zero).dt.total_days() + window).fill_null(math.inf))
    spans = (
        inputs.therapies.filter(pl.col("therapy_class") == CLASS)
        .join(inputs.frames["time_zero"].select("subject_id", "time_zero_on"), on="subject_id", how="inner")
        .select(
            "subject_id",
            "therapy_id",
            pl.max_horizontal(begun, pl.lit(0.0)).alias("from"),
            pl.min_horizontal(ended, pl.lit(float(to_day))).alias("to"),
        )
        .filter(pl.col("from") <= pl.col("to"))
        .sort("subject_id", "from", "to")
    )
    # Spans that touch are one: the next begins behind the day after the furthest end so far.
    reached = pl.col("to").cum_max().shift(1).over("subject_id")
    merged = (
        spans.with_columns(
            (pl.col("from") > reached + 1).fill_null(value=False).cum_sum().over("subject_id").alias("span")
        )
        .group_by("subject_id", "span", maintain_order=True)
        .agg(pl.col("from").min().cast(pl.Int64), pl.col("to").max().cast(pl.Int64), "therapy_id")
    )
    found = merged.group_by("subject_id", maintain_order=True).agg(
        (pl.col("to") - pl.col("from") + 1).sum().cast(pl.Float64).alias("value"),
        pl.format("days {} to {}", "from", "to").str.join("; ").alias("text"),
        pl.col("therapy_id").explode(empty_as_null=False).alias("therapy_evidence"),
    )
    return _complete(inputs, found.with_columns(pl.lit(EVALUABLE).alias("status")), HIDDEN)


def _bounded_days(inputs: Prepared, counted: pl.DataFrame, definition: Definition, unsure: str) -> pl.DataFrame:
    whole = pl.col("unsure") == ""
    rows = counted.select(
        "subject_id",
        pl.when(whole).then(pl.col("least").cast(pl.Float64)).alias("value"),
        pl.when(~whole).then(pl.col("least").cast(pl.Float64)).alias("low"),
        pl.when(~whole).then(pl.col("most").cast(pl.Float64)).alias("high"),
        pl.when(whole).then(pl.lit(EVALUABLE)).otherwise(pl.lit(BOUNDED)).alias("status"),
        pl.when(~whole).then(pl.format(unsure, "unsure")).alias("reason"),
        "therapy_evidence",
    )
    return _complete(inputs, rows, definition)


def _complete(inputs: Prepared, rows: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """Answers, 0 for a subject with a time zero and no IVIG."""
    none = (
        inputs.subjects_with_zero.filter(pl.col("time_zero_on").is_not_null())
        .join(rows, on="subject_id", how="anti")
        .select("subject_id", value=pl.lit(0.0), status=pl.lit(EVALUABLE), reason=pl.lit(NO_IVIG))
    )
    return completed_answers(
        pl.concat([rows, none], how="diagonal_relaxed"),
        inputs.subjects,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=NO_TIME_ZERO,
    )


DAYS = register(Definition("IVIGDAYS", "IVIG, days given", "d", "1", SOURCE, (*_INPUTS, "weights"), days, (TO_DAY,)))
GRAMS = register(Definition("IVIGG", "IVIG, grams given", "g", "1", SOURCE, (*_INPUTS, "weights"), grams, (TO_DAY,)))
HIDDEN = register(
    Definition(
        "IVIGWIN",
        "IgG not native because of IVIG, days",
        "d",
        "1",
        f"{SOURCE}; CIBMTR 2100: IgG is not native within 30 d of IVIG",
        ("subjects", "time_zero", "therapies"),
        hidden,
        (TO_DAY, IVIG),
    )
)
