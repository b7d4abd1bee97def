"""Autoantibodies beside the baseline of their own series, and the change at each planned visit.

Everything stays inside one series (laboratory, kit, unit): a change of kit breaks it. Censored values are
intervals; an answer that the interval does not decide is not evaluable.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE, completed_answers
from cart.endpoints.baseline import baseline_rows, missing_baseline
from cart.endpoints.censoring import interval_high, interval_low, is_exact
from cart.endpoints.confounders import confounded_samples
from cart.endpoints.depletion import BASELINE
from cart.endpoints.prepared import NO_TIME_ZERO, Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.windows import visit_records

SERIES = ["subject_id", "analyte", "series"]
ANTIBODIES = Parameter(
    "antibodies",
    ["ATA", "ARA"],
    "",
    "anti-topoisomerase I, anti-RNA polymerase III",
    "Codes of the quantitative autoantibodies of the study.",
)
IVIG = Parameter(
    "ivig_days",
    30,
    "d",
    "CIBMTR 2100: IgG is not native within 30 d of IVIG",
    "Samples so long after IVIG neither respond nor convert.",
)
EXCHANGE = Parameter(
    "plasma_exchange_days",
    30,
    "d",
    "own choice, as for IVIG",
    "Samples so long after plasma exchange neither respond nor convert.",
)
RITUXIMAB = Parameter(
    "rituximab_days",
    270,
    "d",
    "own choice: upper end of 6-9 months",
    "Samples so long after rituximab are flagged, not left out.",
)
SHARED = (ANTIBODIES, BASELINE, IVIG, EXCHANGE, RITUXIMAB)
INPUTS = ("subjects", "time_zero", "observations", "therapies", "planned_visits")
SOURCE = "own rule; censored values are intervals"
BOTH_CENSORED = "baseline and follow-up are both censored"


def key_of(what: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Key under which a frame made from the shared parameters is kept."""
    return (what, *(repr(parameters[parameter.name]) for parameter in SHARED))


def sampled(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Evaluable antibody results with their confounders.

    Adds ``low``, ``high``, ``exact``, ``name`` (analyte and series), ``confounder`` and ``confounder_ids``
    (excluding therapies), ``flag_ids`` (rituximab).
    """
    windows = {"ivig": parameters["ivig_days"], "plasma-exchange": parameters["plasma_exchange_days"]}
    flags = {"rituximab": parameters["rituximab_days"]}
    evaluable = inputs.evaluable(parameters["antibodies"])
    confounded = confounded_samples(evaluable, inputs.therapies, window_days=windows)
    flagged = confounded_samples(evaluable, inputs.therapies, window_days=flags)
    return (
        evaluable.with_columns(
            interval_low().alias("low"),
            interval_high().alias("high"),
            is_exact().alias("exact"),
            pl.concat_str("analyte", "series", separator=" ").str.strip_chars_end().alias("name"),
        )
        .join(
            confounded.rename({"therapy_ids": "confounder_ids"}),
            on="result_id",
            how="left",
            maintain_order="left",
        )
        .join(
            flagged.select("result_id", pl.col("therapy_ids").alias("flag_ids")),
            on="result_id",
            how="left",
            maintain_order="left",
        )
    )


def with_baseline(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """``sampled`` with the baseline of the series as ``base_*`` columns (null where it has none).

    ``ratio_low`` and ``ratio_high`` bound sample / baseline; ``blind`` where both are censored or the baseline
    is 0; ``remark`` and ``therapy_ids`` tell which therapies bear on the comparison; ``positive``: True or
    False by the kit's cut-off, null without cut-off.
    """
    return inputs.kept(key_of("with_baseline", parameters), lambda: _with_baseline(inputs, parameters))


def _with_baseline(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    samples = sampled(inputs, parameters)
    base = baseline_rows(samples, rule=parameters["baseline_rule"], by=SERIES).select(
        *SERIES,
        pl.col(
            "low", "high", "exact", "qualifier", "cutoff", "position", "confounder", "confounder_ids"
        ).name.prefix("base_"),
        pl.col("result_id").alias("base_id"),
    )
    ratio_low = (
        pl.when(pl.col("base_high").is_infinite()).then(0.0).otherwise(pl.col("low") / pl.col("base_high"))
    )
    ratio_high = (
        pl.when(pl.col("base_low") == 0).then(math.inf).otherwise(pl.col("high") / pl.col("base_low"))
    )
    positive = (
        pl.when(pl.col("base_low") >= pl.col("base_cutoff"))
        .then(pl.lit(value=True))
        .when(pl.col("base_cutoff").is_not_null() & pl.col("base_id").is_not_null())
        .then(pl.lit(value=False))
    )
    remark = pl.concat_str(
        pl.format("inside the window of {}", "confounder"),
        pl.format("baseline inside the window of {}", "base_confounder"),
        pl.when(pl.col("flag_ids").is_not_null()).then(
            pl.lit(f"rituximab within {parameters['rituximab_days']} days")
        ),
        separator="; ",
        ignore_nulls=True,
    )
    none = pl.lit([], dtype=pl.List(pl.Int64))
    therapy_ids = pl.concat_list(
        *(pl.coalesce(pl.col(name), none) for name in ("confounder_ids", "base_confounder_ids", "flag_ids"))
    )
    return samples.join(base, on=SERIES, how="left", maintain_order="left").with_columns(
        ratio_low.alias("ratio_low"),
        ratio_high.alias("ratio_high"),
        ((~pl.col("exact") & ~pl.col("base_exact")) | (pl.col("base_high") == 0)).alias("blind"),
        pl.when(remark != "").then(remark).alias("remark"),
        therapy_ids.alias("therapy_ids"),
        positive.alias("positive"),
    )


def compared(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Samples after time zero of the series that have a baseline."""
    return inputs.kept(
        key_of("compared", parameters),
        lambda: with_baseline(inputs, parameters).filter(pl.col("after") & pl.col("base_id").is_not_null()),
    )


def visits(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """The record chosen for each planned visit, of ``compared``."""
    return inputs.kept(
        key_of("visits", parameters),
        lambda: visit_records(compared(inputs, parameters), inputs.planned_visits, by=SERIES).filter(
            "chosen"
        ),
    )


def series_gaps(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """A not-evaluable row for each series without baseline or without a sample after time zero."""
    return inputs.kept(key_of("series_gaps", parameters), lambda: _series_gaps(inputs, parameters))


def _series_gaps(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    missing = missing_baseline(parameters["baseline_rule"])
    return (
        with_baseline(inputs, parameters)
        .filter(pl.col("time_zero_on").is_not_null())
        .group_by(SERIES, maintain_order=True)
        .agg(
            pl.col("name").first(),
            pl.col("after").any(),
            pl.col("base_id").first(),
            pl.col("result_id").alias("evidence"),
        )
        .filter(~pl.col("after") | pl.col("base_id").is_null())
        .select(
            "subject_id",
            pl.col("name").alias("series"),
            pl.lit(NOT_EVALUABLE).alias("status"),
            pl.when(pl.col("base_id").is_null())
            .then(pl.lit(f"{missing} in this series"))
            .otherwise(pl.lit("no sample after time zero in this series"))
            .alias("reason"),
            "evidence",
        )
    )


def complete(
    inputs: Prepared, parameters: Mapping[str, Any], rows: pl.DataFrame, *, definition: Definition
) -> pl.DataFrame:
    """Answers of an antibody endpoint: its rows, the series without comparison, the subjects without series."""
    if definition.code not in GAPLESS:
        rows = pl.concat([rows, series_gaps(inputs, parameters)], how="diagonal")
    return completed_answers(
        rows,
        inputs.subjects_with_zero,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=pl.when(pl.col("time_zero_on").is_null())
        .then(pl.lit(NO_TIME_ZERO))
        .otherwise(pl.lit("no evaluable autoantibody result")),
    )


# Endpoints that need no baseline make rows for every series themselves.
GAPLESS = ("TITERHL", "TITERHLR")


def _changes(records: pl.DataFrame, *, low: pl.Expr, high: pl.Expr) -> pl.DataFrame:
    blind, exact = pl.col("blind"), pl.col("exact") & pl.col("base_exact") & low.is_finite()
    return records.select(
        "subject_id",
        pl.col("name").alias("series"),
        "timepoint",
        "day",
        pl.when(~blind & exact).then(low).alias("value"),
        # Unbounded below is null: -inf is not an answer.
        pl.when(~blind & low.is_finite()).then(low).alias("low"),
        pl.when(~blind).then(high).alias("high"),
        pl.when("blind")
        .then(pl.lit(NOT_EVALUABLE))
        .when(exact)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        pl.when("blind")
        .then(pl.lit(f"{BOTH_CENSORED}, or the baseline is 0"))
        .otherwise(pl.col("remark"))
        .alias("reason"),
        pl.concat_list("base_id", "result_id").alias("evidence"),
        pl.col("therapy_ids").alias("therapy_evidence"),
    )


def percent_change(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Per cent change from baseline at each planned visit; bounds where one side is censored."""
    low, high = 100 * (pl.col("ratio_low") - 1), 100 * (pl.col("ratio_high") - 1)
    rows = _changes(visits(inputs, parameters), low=low, high=high)
    return complete(inputs, parameters, rows, definition=PERCENT_CHANGE)


def log2_change(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """log2 fold change from baseline at each planned visit; bounds where one side is censored."""
    low, high = pl.col("ratio_low").log(2), pl.col("ratio_high").log(2)
    records = visits(inputs, parameters).with_columns(
        # A measured 0 has no logarithm, from either side.
        (pl.col("blind") | (pl.col("ratio_high") == 0)).alias("blind")
    )
    rows = _changes(records, low=low, high=high)
    return complete(inputs, parameters, rows, definition=LOG2_CHANGE)


PERCENT_CHANGE = register(
    Definition(
        "TITERPCT", "Autoantibody, % change from baseline", "%", "1", SOURCE, INPUTS, percent_change, SHARED
    )
)
LOG2_CHANGE = register(
    Definition(
        "TITERLG2",
        "Autoantibody, log2 change from baseline",
        "log2",
        "1",
        SOURCE,
        INPUTS,
        log2_change,
        SHARED,
    )
)
