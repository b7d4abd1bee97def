"""Autoantibody results beside the baseline of their own series, and the therapies that bear on them.

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
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter
from cart.endpoints.windows import visit_records

SERIES = ["subject_id", "analyte", "series"]
# Columns of ``with_lowest`` that are columns of an answer.
LOWEST = ("subject_id", pl.col("name").alias("series"), "day", "value", "low", "high", "unit", "status")
ANTIBODIES = Parameter(
    "antibodies",
    ["ATA", "ARA"],
    "",
    "anti-topoisomerase I, anti-RNA polymerase III",
    "Codes of the quantitative autoantibodies of the study.",
    reads=True,
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
NEW_DRUG = Parameter(
    "new_immunosuppressant_days",
    90,
    "d",
    "own choice",
    "Samples so long after mycophenolate or another immunosuppressant that began after the baseline are flagged, not "
    "left out.",
)
# Classes of therapy that explain a fall where they are new; as background therapy they were there at the baseline.
NEW_DRUGS = ("mycophenolate", "immunosuppressant")
SHARED = (ANTIBODIES, BASELINE, IVIG, EXCHANGE, RITUXIMAB, NEW_DRUG)
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
    samples, new_days = sampled(inputs, parameters), parameters[NEW_DRUG.name]
    base = baseline_rows(samples, rule=parameters["baseline_rule"], by=SERIES).select(
        *SERIES,
        pl.col("low", "high", "exact", "qualifier", "cutoff", "position", "confounder", "confounder_ids").name.prefix(
            "base_"
        ),
        pl.col("result_id").alias("base_id"),
        pl.col("collected_on").alias("base_on"),
    )
    ratio_low = pl.when(pl.col("base_high").is_infinite()).then(0.0).otherwise(pl.col("low") / pl.col("base_high"))
    ratio_high = pl.when(pl.col("base_low") == 0).then(math.inf).otherwise(pl.col("high") / pl.col("base_low"))
    positive = (
        pl.when(pl.col("base_low") >= pl.col("base_cutoff"))
        .then(pl.lit(value=True))
        .when(pl.col("base_cutoff").is_not_null() & pl.col("base_id").is_not_null())
        .then(pl.lit(value=False))
    )
    remark = pl.concat_str(
        pl.format("inside the window of {}", "confounder"),
        pl.format("baseline inside the window of {}", "base_confounder"),
        pl.when(pl.col("flag_ids").is_not_null()).then(pl.lit(f"rituximab within {parameters['rituximab_days']} days")),
        pl.format("{} begun after the baseline, within {} days", "new_drug", pl.lit(new_days)),
        separator="; ",
        ignore_nulls=True,
    )
    none = pl.lit([], dtype=pl.List(pl.Int64))
    therapy_ids = pl.concat_list(
        *(pl.coalesce(pl.col(name), none) for name in ("confounder_ids", "base_confounder_ids", "flag_ids", "new_ids"))
    )
    joined = samples.join(base, on=SERIES, how="left", maintain_order="left")
    new = confounded_samples(
        joined.drop_nulls("base_on"),
        inputs.therapies,
        window_days=dict.fromkeys(NEW_DRUGS, new_days),
        begun_after="base_on",
    ).select("result_id", pl.col("confounder").alias("new_drug"), pl.col("therapy_ids").alias("new_ids"))
    return joined.join(new, on="result_id", how="left", maintain_order="left").with_columns(
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
        lambda: visit_records(compared(inputs, parameters), inputs.planned_visits, by=SERIES).filter("chosen"),
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


def with_gaps(inputs: Prepared, parameters: Mapping[str, Any], rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of an endpoint that compares with the baseline, and those of the series that allow no comparison."""
    return pl.concat([rows, series_gaps(inputs, parameters)], how="diagonal")


def complete(inputs: Prepared, rows: pl.DataFrame, *, definition: Definition) -> pl.DataFrame:
    """Answers of an antibody endpoint: its rows, and the subjects without any."""
    return completed_answers(
        rows,
        inputs.subjects_with_zero,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=inputs.absence("no evaluable autoantibody result"),
    )


def with_lowest(whole: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``whole``, one per series, with the lowest of its samples (earliest of ties): ``LOWEST``.

    An interval where it is below the limit of quantification; not evaluable without a sample.
    """
    lowest = samples.sort(*SERIES, "low", "high", "position").group_by(SERIES, maintain_order=True).first()
    return whole.join(
        lowest.select(*SERIES, "low", "high", "exact", "day"), on=SERIES, how="left", maintain_order="left"
    ).with_columns(
        pl.when("exact").then("low").alias("value"),
        pl.when(pl.col("low").is_null())
        .then(pl.lit(NOT_EVALUABLE))
        .when("exact")
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
    )
