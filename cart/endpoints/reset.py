"""Immunological reset: a composite with a version, never a bare yes.

Components: depletion, naive reconstitution, autoantibody response, drug-free. Each is yes, no or not evaluable
with its evidence; the composite is met when all are yes, not met when one is no, else not evaluable. No
consensus definition exists; the idea is of Junt 2025: pathogenic lymphocytes go, naive cells come back.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import EVALUABLE, NOT_EVALUABLE, completed_answers
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

RESPONSE = Parameter(
    "antibody_response",
    "fall-or-conversion",
    "",
    "own design (DOMAIN section 5)",
    choices=("fall", "conversion", "fall-or-conversion"),
)
STEROID = Parameter("steroid_mg_day", 0.0, "mg/d", "protocol dose of glucocorticoid still counted as drug-free; own default")
FORBIDDEN = ["rituximab", "mycophenolate", "antifibrotic", "immunosuppressant"]
COMPONENTS = ("depletion", "naive reconstitution", "autoantibody response", "drug-free")


def _from_answers(answers: pl.DataFrame, codes: list[str], component: str) -> pl.DataFrame:
    """One row per subject: yes if any answer is yes, no if one is no, else not evaluable with the reasons."""
    return (
        answers.filter(pl.col("code").is_in(codes))
        .group_by("subject_id", maintain_order=True)
        .agg(
            pl.when((pl.col("text") == "yes").any())
            .then(pl.lit("yes"))
            .when((pl.col("text") == "no").any())
            .then(pl.lit("no"))
            .alias("text"),
            pl.col("reason").drop_nulls().unique(maintain_order=True).str.join("; ").alias("why"),
            pl.col("evidence").explode().drop_nulls().alias("evidence"),
        )
        .with_columns(pl.lit(component).alias("series"), pl.lit([], dtype=pl.List(pl.Int64)).alias("therapy_evidence"))
        .select("subject_id", "series", "text", "why", "evidence", "therapy_evidence")
    )


def _depletion(answers: pl.DataFrame) -> pl.DataFrame:
    rows = _from_answers(answers, ["BCDEPL"], COMPONENTS[0])
    # A depletion that was there before the infusion is not the infusion's.
    prior = pl.col("why").str.starts_with("baseline already depleted")
    return rows.with_columns(pl.when(prior).then(None).otherwise(pl.col("text")).alias("text"))


def _drug_free(inputs: Prepared, *, steroid_mg_day: float) -> pl.DataFrame:
    zero = inputs.time_zero.select("subject_id", "time_zero_on")
    steroid = (pl.col("therapy_class") == "steroid") & ~(pl.col("daily_dose_mg") <= steroid_mg_day).fill_null(value=False)
    relevant = (
        inputs.therapies.join(zero, on="subject_id", how="inner")
        .filter((pl.col("therapy_class").is_in(FORBIDDEN) | steroid) & ~pl.col("prior"))
        .with_columns(
            # Known to be taken after time zero; or it cannot be told.
            pl.when("ongoing")
            .then(pl.lit(value=True))
            .when(pl.col("started_on") > pl.col("time_zero_on"))
            .then(pl.lit(value=True))
            .when(pl.col("stopped_on").is_not_null())
            .then(pl.col("stopped_on") > pl.col("time_zero_on"))
            .alias("taken")
        )
    )
    told = relevant.group_by("subject_id").agg(
        pl.col("taken").any(ignore_nulls=True).alias("any"),
        pl.col("taken").is_null().any().alias("unknown"),
        pl.col("therapy_class").filter(pl.col("taken").fill_null(value=True)).unique().sort().str.join(", ").alias("which"),
        pl.col("therapy_id").filter(pl.col("taken").fill_null(value=True)).alias("therapy_evidence"),
    )
    return zero.join(told, on="subject_id", how="left").select(
        "subject_id",
        pl.lit(COMPONENTS[3]).alias("series"),
        pl.when(pl.col("any").fill_null(value=False))
        .then(pl.lit("no"))
        .when(pl.col("unknown").fill_null(value=False))
        .then(None)
        .otherwise(pl.lit("yes"))
        .alias("text"),
        pl.when(pl.col("any").fill_null(value=False))
        .then(pl.format("{} after time zero", pl.col("which").fill_null("")))
        .when(pl.col("unknown").fill_null(value=False))
        .then(pl.format("{}: it is not known whether it was taken after time zero", pl.col("which").fill_null("")))
        .otherwise(pl.lit(""))
        .alias("why"),
        pl.lit([], dtype=pl.List(pl.Int64)).alias("evidence"),
        pl.col("therapy_evidence").fill_null([]),
    )


def components(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """The four components, one answer each: yes, no, or not evaluable with its reason."""
    codes = {
        "fall": ["TITER50"],
        "conversion": ["TITERCNV"],
        "fall-or-conversion": ["TITER50", "TITERCNV"],
    }[parameters["antibody_response"]]
    rows = pl.concat(
        [
            _depletion(answers),
            _from_answers(answers, ["BCNAIVE"], COMPONENTS[1]),
            _from_answers(answers, codes, COMPONENTS[2]),
            _drug_free(inputs, steroid_mg_day=parameters["steroid_mg_day"]),
        ]
    )
    grid = inputs.subjects_with_zero.join(pl.DataFrame({"series": COMPONENTS}), how="cross")
    whole = grid.join(rows, on=["subject_id", "series"], how="left").select(
        "subject_id",
        "series",
        "text",
        pl.when(pl.col("text").is_null()).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
        pl.when(pl.col("time_zero_on").is_null())
        .then(pl.lit("no time zero: no infusion or study drug dated to the day"))
        .when(pl.col("text").is_null() & pl.col("why").fill_null("").eq(""))
        .then(pl.lit("no answer of the endpoints this rests on"))
        .when(pl.col("text") == "yes")
        .then(None)
        .when(pl.col("why") != "")
        .then(pl.col("why"))
        .alias("reason"),
        "evidence",
        "therapy_evidence",
    )
    return completed_answers(
        whole, inputs.subjects, code=RESET_PARTS.code, version=RESET_PARTS.version, unit="", absent=""
    )


def composite(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """met, not met, or not evaluable; ``reason`` names the components that decide."""
    parts = answers.filter(pl.col("code") == RESET_PARTS.code)
    failed = pl.col("series").filter(pl.col("text") == "no")
    open_ones = pl.col("series").filter(pl.col("status") == NOT_EVALUABLE)
    rows = (
        parts.group_by("subject_id", maintain_order=True)
        .agg(
            failed.str.join(", ").alias("failed"),
            open_ones.str.join(", ").alias("open"),
            pl.col("evidence").explode().drop_nulls(),
            pl.col("therapy_evidence").explode().drop_nulls(),
        )
        .select(
            "subject_id",
            pl.when(pl.col("failed") != "")
            .then(pl.lit("not met"))
            .when(pl.col("open") == "")
            .then(pl.lit("met"))
            .alias("text"),
            pl.when((pl.col("failed") == "") & (pl.col("open") != ""))
            .then(pl.lit(NOT_EVALUABLE))
            .otherwise(pl.lit(EVALUABLE))
            .alias("status"),
            pl.when(pl.col("failed") != "")
            .then(pl.format("no: {}", pl.col("failed")))
            .when(pl.col("open") != "")
            .then(pl.format("not evaluable: {}", pl.col("open")))
            .alias("reason"),
            "evidence",
            "therapy_evidence",
        )
    )
    return completed_answers(
        rows, inputs.subjects, code=RESET.code, version=RESET.version, unit="", absent="no components"
    )


_SOURCE = "own composite, rule version 1 (DOMAIN section 5; idea Junt 2025, no consensus definition)"
RESET_PARTS = register(
    Definition(
        "RESETCMP",
        "Immunological reset, component",
        "",
        "1",
        _SOURCE,
        ("answers", "therapies"),
        components,
        (RESPONSE, STEROID),
    )
)
RESET = register(
    Definition("RESET", "Immunological reset", "", "1", _SOURCE, ("answers",), composite)
)
