"""Selectivity: does the autoantibody fall more than the antibodies against vaccines?

(post / pre autoantibody) / (post / pre vaccine antibody): about 1 where all antibodies fall alike, below 1 where the
autoantibody falls more. IVIG brings vaccine antibodies of its donors, for longer than it disturbs IgG.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE
from cart.endpoints.baseline import missing_baseline
from cart.endpoints.comparison import INPUTS, SHARED, complete, visits, with_baseline
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

VACCINES = Parameter(
    "vaccines",
    ["TETANUS", "MEASLES"],
    "",
    "tetanus toxoid, measles",
    "Codes of the vaccine antibodies that the autoantibody is compared with.",
    reads=True,
)
VACCINE_IVIG = Parameter(
    "vaccine_ivig_days",
    112,
    "d",
    "no vaccine titer within 112 d of IVIG",
    "Vaccine antibodies so long after IVIG are left out.",
)
OPEN = "the censored values leave the ratio open on both sides"
_SIDES = ["subject_id", "timepoint"]


def selectivity(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Fold change of each autoantibody over that of each vaccine antibody, at each planned visit.

    ``series`` names both analytes and the series of the autoantibody. Each change is within one series and from its
    own baseline. Bounds where a value is censored: [a_low / v_high, a_high / v_low] of the fold changes a and v.
    Not evaluable: a value or baseline inside the window of IVIG (autoantibody ``ivig_days``, vaccine antibody
    ``vaccine_ivig_days``) or plasma exchange, a missing baseline, no vaccine antibody at the visit.
    """
    own = _changes(visits(inputs, parameters), vaccine=False)
    by_vaccine = {**parameters, "antibodies": parameters["vaccines"], "ivig_days": parameters["vaccine_ivig_days"]}
    other = _changes(visits(inputs, by_vaccine), vaccine=True)
    # A vaccine antibody measured by two kits at one visit stands with the first: one answer to one question.
    other = other.group_by(*_SIDES, "vaccine", maintain_order=True).first()
    measured = with_baseline(inputs, by_vaccine).select("subject_id", pl.col("analyte").alias("vaccine")).unique()
    pairs = own.join(measured.sort("subject_id", "vaccine"), on="subject_id", how="left", maintain_order="left").join(
        other, on=[*_SIDES, "vaccine"], how="left", maintain_order="left"
    )
    rows = pl.concat([_answers(pairs), _without_baseline(inputs, parameters)], how="diagonal_relaxed")
    return complete(inputs, rows, definition=SELECTIVITY)


def _changes(records: pl.DataFrame, *, vaccine: bool) -> pl.DataFrame:
    therapy = pl.coalesce("confounder", "base_confounder")
    exact = pl.col("exact") & pl.col("base_exact")
    prefix = "vaccine" if vaccine else "own"
    names = [pl.col("analyte").alias("vaccine")] if vaccine else ["analyte", "series", "day"]
    return records.select(
        *_SIDES,
        *names,
        pl.col("ratio_low").alias(f"{prefix}_low"),
        pl.col("ratio_high").alias(f"{prefix}_high"),
        (exact & (pl.col("ratio_high") > 0)).alias(f"{prefix}_exact"),
        pl.col("blind").alias(f"{prefix}_blind"),
        therapy.alias(f"{prefix}_therapy"),
        pl.concat_list("base_id", "result_id").alias(f"{prefix}_ids"),
        pl.col("therapy_ids").alias(f"{prefix}_therapy_ids"),
    )


def _answers(pairs: pl.DataFrame) -> pl.DataFrame:
    low, high = pl.col("own_low") / pl.col("vaccine_high"), pl.col("own_high") / pl.col("vaccine_low")
    low = pl.when(pl.col("vaccine_high").is_infinite() | (pl.col("own_low") == 0)).then(0.0).otherwise(low)
    high = pl.when(pl.col("vaccine_low") == 0).then(math.inf).otherwise(high)
    exact = pl.col("own_exact") & pl.col("vaccine_exact")
    reason = (
        pl.when(pl.col("vaccine").is_null())
        .then(pl.lit("no evaluable vaccine antibody"))
        .when(pl.col("vaccine_ids").is_null())
        .then(pl.lit("no vaccine antibody with a baseline at this visit"))
        .when(pl.col("own_therapy").is_not_null())
        .then(pl.format("autoantibody inside the window of {}", "own_therapy"))
        .when(pl.col("vaccine_therapy").is_not_null())
        .then(pl.format("vaccine antibody inside the window of {}", "vaccine_therapy"))
        .when(pl.col("own_blind") | pl.col("vaccine_blind"))
        .then(pl.lit("baseline and follow-up are both censored, or the baseline is 0"))
        .when((low == 0) & high.is_infinite())
        .then(pl.lit(OPEN))
        .when(pl.col("vaccine_high") == 0)
        .then(pl.lit("the vaccine antibody is 0"))
    )
    lacks = reason.is_not_null()
    none = pl.lit([], dtype=pl.List(pl.Int64))
    return pairs.select(
        "subject_id",
        (pl.concat_str("analyte", "vaccine", separator="/", ignore_nulls=True) + " " + pl.col("series"))
        .str.strip_chars_end()
        .alias("series"),
        "timepoint",
        "day",
        pl.when(~lacks & exact).then(low).alias("value"),
        pl.when(~lacks).then(low).alias("low"),
        pl.when(~lacks).then(high).alias("high"),
        pl.when(lacks)
        .then(pl.lit(NOT_EVALUABLE))
        .when(exact)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        reason.alias("reason"),
        pl.concat_list("own_ids", pl.coalesce("vaccine_ids", none)).alias("evidence"),
        pl.col("own_ids").list.first().alias("baseline"),
        pl.concat_list("own_therapy_ids", pl.coalesce("vaccine_therapy_ids", none)).alias("therapy_evidence"),
    )


def _without_baseline(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Series of autoantibodies that have no baseline, or no sample after time zero."""
    missing = f"{missing_baseline(parameters['baseline_rule'])} in this series"
    return (
        with_baseline(inputs, parameters)
        .filter(pl.col("time_zero_on").is_not_null())
        .group_by("subject_id", "analyte", "series", maintain_order=True)
        .agg(pl.col("after").any(), pl.col("base_id").first(), pl.col("result_id").alias("evidence"))
        .filter(~pl.col("after") | pl.col("base_id").is_null())
        .select(
            "subject_id",
            pl.concat_str("analyte", "series", separator=" ").str.strip_chars_end().alias("series"),
            pl.lit("").alias("timepoint"),
            pl.lit(NOT_EVALUABLE).alias("status"),
            pl.when(pl.col("base_id").is_null())
            .then(pl.lit(missing))
            .otherwise(pl.lit("no sample after time zero in this series"))
            .alias("reason"),
            "evidence",
        )
    )


SELECTIVITY = register(
    Definition(
        "SELRATIO",
        "Autoantibody against vaccine antibody",
        "1",
        "1",
        "own rule; IVIG windows: CIBMTR 2100 (30 d for IgG), 112 d for vaccine titers",
        INPUTS,
        selectivity,
        (*SHARED, VACCINES, VACCINE_IVIG),
        summary=("numbers", "geometric"),
    )
)
