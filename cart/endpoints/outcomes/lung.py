"""FVC and DLCO: per cent of predicted, relative change, progression of ILD, serial decline."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import EVALUABLE, NO, NOT_APPLICABLE, NOT_EVALUABLE, YES
from cart.endpoints.disease.ild_progression import DEFINITIONS, ild_progression
from cart.endpoints.disease.predicted import DAYS_A_YEAR, DEVICE_LIMIT
from cart.endpoints.disease.serial_decline import serial_decline, serial_slopes
from cart.endpoints.outcomes.answering import changes, complete, reasoned, recorded, values, yes_or_no
from cart.endpoints.outcomes.history import up_to
from cart.endpoints.outcomes.measures import (
    COMPARED,
    DLCO,
    FVC,
    HRCT_WORSE,
    ILD,
    INPUTS,
    SHARED,
    measures,
    no_baseline,
    side_by_side,
)
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

_SOURCE = "reference equations as the parameter names them; DLCO by GLI-2017, corrected 2020"
DAYS_A_MONTH = DAYS_A_YEAR / 12
ILD_DEFINITION = Parameter(
    "ild_definition",
    "omeract-2015",
    "",
    DEFINITIONS["omeract-2015"].source,
    "Definition of progression; they disagree, so its name is the series of the answer.",
    choices=tuple(DEFINITIONS),
)
DECLINE_DEFINITION = Parameter(
    "decline_definition",
    "omeract-2015",
    "",
    DEFINITIONS["omeract-2015"].source,
    "Definition whose thresholds of FVC and DLCO a serial decline is held against; it reads these two alone.",
    choices=("omeract-2015",),
)
CONFIDENCE = Parameter(
    "confidence", 0.95, "", "convention", "Coverage of the interval of a slope.", at_least=0.5, at_most=0.999
)


def forced_capacity(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """FVC in % predicted at each planned visit and, without timepoint, at the last spirometry.

    ``low`` and ``high``: what the birthday leaves, where the age is known from the year of birth only; ``value`` is
    of the middle of that year.
    """
    return values(inputs, parameters, measure=FVC, definition=FVC_PREDICTED, absent="no spirometry")


def diffusion(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """DLCO in % predicted, corrected for haemoglobin where that is known; otherwise as FVCPP."""
    return values(inputs, parameters, measure=DLCO, definition=DLCO_PREDICTED, absent="no DLCO")


def _relative(inputs: Prepared, parameters: Mapping[str, Any], measure: str, definition: Definition) -> pl.DataFrame:
    """Change in per cent of baseline; both ends with the same birthday, so the bounds are close."""

    def change(later: str, base: str) -> pl.Expr:
        return pl.when(pl.col(base) > 0).then(100 * (pl.col(later) / pl.col(base) - 1))

    ends = [change("low", "base_low"), change("high", "base_high")]

    def compare(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            change("value", "base").alias("value"),
            pl.min_horizontal(ends).alias("low"),
            pl.max_horizontal(ends).alias("high"),
            pl.lit(None, pl.String).alias("text"),
            "remark",
        )

    absent = f"no {measure} after time zero"
    return changes(inputs, parameters, compare, measure=measure, definition=definition, absent=absent)


def forced_capacity_changed(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Relative change of FVC % predicted from baseline in per cent of it, falls negative."""
    return _relative(inputs, parameters, FVC, FVC_CHANGE)


def diffusion_changed(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Relative change of DLCO % predicted from baseline in per cent of it, falls negative."""
    return _relative(inputs, parameters, DLCO, DLCO_CHANGE)


def ild_progressed(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Progression of ILD since baseline at each planned visit with FVC or DLCO, by the definition that is the series.

    Without timepoint: yes where it progressed at any visit (``day`` of the first), no where it did at none. Not
    applicable where the last HRCT shows no ILD. Worse symptoms are not recorded: a definition that hangs on them
    alone is left open.
    """
    absent = "no FVC or DLCO after time zero"
    if not recorded(inputs, parameters, FVC, DLCO):
        return complete(inputs, None, definition=ILD_PROGRESSION, absent=absent)
    name = parameters[ILD_DEFINITION.name]
    grid = side_by_side(inputs, parameters, [FVC, DLCO], needed=[FVC, DLCO]).filter("after")
    known = measures(inputs, parameters)
    grid = up_to(grid, known, ILD, after=False, pick="last").join(
        up_to(grid, known, HRCT_WORSE, after=True, pick="max").select("subject_id", "timepoint", HRCT_WORSE),
        on=["subject_id", "timepoint"],
        how="left",
        maintain_order="left",
    )
    on, base_on = (pl.coalesce(f"{FVC}{end}", f"{DLCO}{end}") for end in ("_on", "_base_on"))
    kernel = ild_progression(
        grid.select(
            pl.col(f"{FVC}_base").alias("fvc_pct_base"),
            pl.col(FVC).alias("fvc_pct_fu"),
            pl.col(f"{DLCO}_base").alias("dlco_pct_base"),
            pl.col(DLCO).alias("dlco_pct_fu"),
            pl.lit(None, pl.Boolean).alias("symptoms_worse"),
            (pl.col(HRCT_WORSE) == 1).alias("hrct_worse"),
            ((on - base_on).dt.total_days() / DAYS_A_MONTH).alias("months"),
        ),
        definition=name,
    )
    beside = pl.concat([grid, kernel], how="horizontal")
    without = (pl.col(ILD) == 0).fill_null(value=False)
    no_base = pl.col(f"{FVC}_base").is_null() & pl.col(f"{DLCO}_base").is_null()
    rows = beside.select(
        "subject_id",
        pl.lit(name).alias("series"),
        "timepoint",
        "day",
        pl.when(without).then(pl.lit(NOT_APPLICABLE)).otherwise(yes_or_no(pl.col("progression"))).alias("text"),
        pl.when(without | pl.col("progression").is_null())
        .then(pl.lit(NOT_EVALUABLE))
        .otherwise(pl.lit(EVALUABLE))
        .alias("status"),
        pl.when(without)
        .then(pl.lit("no ILD on the last HRCT"))
        .when(pl.col("progression").is_null() & no_base)
        .then(pl.lit(no_baseline(parameters)))
        .when(pl.col("progression").is_null())
        .then("reason")
        .otherwise("way")
        .alias("reason"),
        pl.col("records").alias("record_evidence"),
    )
    whole = pl.concat([rows, _any_progression(rows)], how="diagonal")
    return complete(inputs, whole, definition=ILD_PROGRESSION, absent=absent)


def _any_progression(rows: pl.DataFrame) -> pl.DataFrame:
    """One answer of each subject's visits: the first yes, else no where all are, else the last that is open."""
    rank = (
        pl.when(pl.col("text").fill_null("") == YES)
        .then(0)
        .when(pl.col("status") == NOT_EVALUABLE)
        .then(1)
        .otherwise(2)
        .alias("rank")
    )
    ranked = rows.with_columns(rank, pl.int_range(pl.len()).alias("place"))
    latest = pl.when(pl.col("rank") == 0).then("place").otherwise(-pl.col("place"))
    return (
        ranked.sort("subject_id", "rank", latest)
        .group_by("subject_id", maintain_order=True)
        .first()
        .with_columns(
            pl.lit("").alias("timepoint"),
            # A day belongs to what happened on it.
            pl.when(pl.col("rank") == 0).then("day").alias("day"),
            pl.when(pl.col("text") == NO).then(pl.lit("")).otherwise("reason").alias("reason"),
        )
        .select(rows.columns)
    )


def _serial(inputs: Prepared, parameters: Mapping[str, Any], names: list[str]) -> pl.DataFrame:
    """Series as the kernels of serial decline read them: years from the subject's first value of the measure."""
    rows = measures(inputs, parameters).filter(pl.col("measure").is_in(names) & pl.col("usable"))
    first = pl.col("collected_on").min().over("subject_id", "measure")
    years = (pl.col("collected_on") - first).dt.total_days() / DAYS_A_YEAR
    return rows.with_columns(years.alias("years")).select(
        "subject_id", "measure", "years", "value", "lln", "record", "collected_on"
    )


def _slope(inputs: Prepared, parameters: Mapping[str, Any], measure: str, definition: Definition) -> pl.DataFrame:
    absent = f"no {measure}"
    if not recorded(inputs, parameters, measure):
        return complete(inputs, None, definition=definition, absent=absent, needs_zero=False)
    rows = _serial(inputs, parameters, [measure])
    used = rows.group_by("subject_id").agg(pl.col("record").alias("record_evidence"))
    slopes = serial_slopes(rows, confidence=float(parameters[CONFIDENCE.name])).join(used, on="subject_id", how="left")
    known = pl.col("slope_per_year").is_not_null()
    normal = pl.when("within_normal").then(pl.lit("the last value is within normal limits")).otherwise(pl.lit(""))
    found = slopes.select(
        "subject_id",
        pl.col("slope_per_year").alias("value"),
        pl.col("slope_low").alias("low"),
        pl.col("slope_high").alias("high"),
        pl.when(known).then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
        pl.when(known).then(reasoned(pl.format("{} values", "points"), normal)).otherwise("reason").alias("reason"),
        "record_evidence",
    )
    return complete(inputs, found, definition=definition, absent=absent, needs_zero=False)


def forced_capacity_slope(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Slope of all values of FVC % predicted, in points a year, with its interval (``low``, ``high``).

    From the subject's first value on, before and after time zero, inside normal limits or not.
    """
    return _slope(inputs, parameters, FVC, FVC_SLOPE)


def diffusion_slope(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Slope of all values of DLCO % predicted, as FVCSLOPE."""
    return _slope(inputs, parameters, DLCO, DLCO_SLOPE)


def declined(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Whether FVC and DLCO fell from their first to their last value by the thresholds of progression.

    A slow fall counts, and one inside normal limits counts and is said.
    """
    absent = "no FVC, DLCO"
    if not recorded(inputs, parameters, FVC, DLCO):
        return complete(inputs, None, definition=DECLINE, absent=absent, needs_zero=False)
    rows = _serial(inputs, parameters, [FVC, DLCO])
    used = rows.group_by("subject_id").agg(pl.col("record").alias("record_evidence"))
    fallen = serial_decline(rows, definition=parameters[DECLINE_DEFINITION.name]).join(
        used, on="subject_id", how="left"
    )
    normal = pl.when("within_normal").then(pl.lit("within normal limits")).otherwise(pl.lit(""))
    found = fallen.select(
        "subject_id",
        yes_or_no(pl.col("declined")).alias("text"),
        pl.when(pl.col("declined").is_null()).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
        pl.when(pl.col("declined").is_null()).then("reason").otherwise(reasoned(pl.col("way"), normal)).alias("reason"),
        "record_evidence",
    )
    return complete(inputs, found, definition=DECLINE, absent=absent, needs_zero=False)


FVC_PREDICTED = register(
    Definition("FVCPP", "FVC, % predicted", "%", "1", _SOURCE, INPUTS, forced_capacity, (*SHARED, DEVICE_LIMIT))
)
DLCO_PREDICTED = register(
    Definition("DLCOPP", "DLCO, % predicted", "%", "1", _SOURCE, INPUTS, diffusion, (*SHARED, DEVICE_LIMIT))
)
FVC_CHANGE = register(
    Definition(
        "FVCREL", "FVC, relative change", "%", "1", _SOURCE, INPUTS, forced_capacity_changed, SHARED, summary=COMPARED
    )
)
DLCO_CHANGE = register(
    Definition(
        "DLCOREL", "DLCO, relative change", "%", "1", _SOURCE, INPUTS, diffusion_changed, SHARED, summary=COMPARED
    )
)
ILD_PROGRESSION = register(
    Definition(
        "ILDPROG",
        "ILD, progression",
        "",
        "1",
        "definition as the parameter names it",
        INPUTS,
        ild_progressed,
        (*SHARED, ILD_DEFINITION),
    )
)
FVC_SLOPE = register(
    Definition("FVCSLOPE", "FVC, slope", "%/a", "1", _SOURCE, INPUTS, forced_capacity_slope, (*SHARED, CONFIDENCE))
)
DLCO_SLOPE = register(
    Definition("DLCSLOPE", "DLCO, slope", "%/a", "1", _SOURCE, INPUTS, diffusion_slope, (*SHARED, CONFIDENCE))
)
DECLINE = register(
    Definition(
        "DECLINE",
        "FVC and DLCO, serial decline",
        "",
        "1",
        "thresholds of the definition that the parameter names",
        INPUTS,
        declined,
        (*SHARED, DECLINE_DEFINITION),
    )
)
