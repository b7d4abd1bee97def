"""Immunological reset: a composite with a version, never a bare yes.

Components: depletion, naive reconstitution, autoantibody response, drug-free. Each is yes, no or not evaluable
with its evidence; the composite is not met when one is no, met when all are yes, else not evaluable. No
consensus definition exists; the idea is of Junt 2025: pathogenic lymphocytes go, naive cells come back.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import EVALUABLE, KEY, NO, NOT_APPLICABLE, NOT_EVALUABLE, YES, completed_answers
from cart.endpoints.depletion import DEFINITIONS, PRIOR_DEPLETION
from cart.endpoints.drugs import drug_free
from cart.endpoints.prepared import NO_TIME_ZERO, Prepared
from cart.endpoints.reconstitution import NAIVE_RECOVERY
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.responses import CONVERSION, HALVED

RESPONSE = Parameter(
    "antibody_response",
    "fall-or-conversion",
    "",
    "own design",
    "What counts as a response of the autoantibodies.",
    choices=("fall", "conversion", "fall-or-conversion"),
)
STEROID = Parameter(
    "steroid_mg_day",
    0.0,
    "mg/d",
    "own default: none; the protocol names its dose",
    "Daily dose of glucocorticoid that still counts as drug-free.",
)
DEPLETION = DEFINITIONS["BCDEPL"]
RESPONSES = {
    "fall": [HALVED.code],
    "conversion": [CONVERSION.code],
    "fall-or-conversion": [HALVED.code, CONVERSION.code],
}
COMPONENTS = ("depletion", "naive reconstitution", "autoantibody response", "drug-free")


def any_yes(answers: pl.DataFrame) -> pl.DataFrame:
    """One row per subject and series from its answers: yes if one is, no if all are, else open.

    An open answer beside a "no" leaves the whole open: it may still turn out to be the yes. Answers that do
    not apply are left out; where none applies, the whole is open with their reasons.
    """
    applies = pl.col("text").fill_null("") != NOT_APPLICABLE
    yes, no = (pl.col("text") == YES).any(), (pl.col("text") == NO)
    text = (
        pl.when(yes)
        .then(pl.lit(YES))
        .when(no.filter(applies).fill_null(value=False).all() & applies.any())
        .then(pl.lit(NO))
    )
    told = pl.col("reason").filter((applies & ~no.fill_null(value=False)) | ~applies.any())
    return answers.group_by("subject_id", "series", maintain_order=True).agg(
        text.alias("text"),
        told.drop_nulls().unique(maintain_order=True).str.join("; ").alias("why"),
        # What turned out "no" is no evidence for a "yes".
        pl.col("evidence", "therapy_evidence").filter(~yes | (pl.col("text") == YES)).explode(empty_as_null=False),
    )


def _components(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> list[pl.DataFrame]:
    # In one order, whether they were computed now or read from the store: reasons are told one after the other.
    whole = answers.filter(pl.col("timepoint") == "").sort(KEY)
    # A depletion that was there before the infusion is not the infusion's.
    prior = (pl.col("code") == DEPLETION.code) & (pl.col("reason") == PRIOR_DEPLETION)
    whole = whole.with_columns(pl.when(~prior.fill_null(value=False)).then("text").alias("text"))
    codes = ([DEPLETION.code], [NAIVE_RECOVERY.code], RESPONSES[parameters["antibody_response"]])
    part_of = pl.DataFrame(
        [(code, name) for name, part in zip(COMPONENTS, codes, strict=False) for code in part],
        schema=["code", "series"],
        orient="row",
    )
    free = drug_free(inputs.therapies, inputs.frames["time_zero"], steroid_mg_day=float(parameters["steroid_mg_day"]))
    return [
        any_yes(whole.drop("series").join(part_of, on="code", how="inner", maintain_order="left")),
        free.with_columns(pl.lit(COMPONENTS[-1]).alias("series")),
    ]


def components(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """The four components, one answer each: yes, no, or not evaluable with its reason."""
    rows = pl.concat(_components(inputs, parameters, answers), how="diagonal")
    grid = inputs.subjects_with_zero.join(pl.DataFrame({"series": COMPONENTS}), how="cross")
    open_answer = pl.col("text").is_null()
    whole = grid.join(rows, on=["subject_id", "series"], how="left").select(
        "subject_id",
        "series",
        "text",
        pl.when(open_answer).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
        pl.when(pl.col("time_zero_on").is_null())
        .then(pl.lit(NO_TIME_ZERO))
        .when(pl.col("why").fill_null("") != "")
        .then("why")
        .when(open_answer)
        .then(pl.lit("the endpoints this rests on have no answer"))
        .alias("reason"),
        "evidence",
        "therapy_evidence",
    )
    return completed_answers(
        whole,
        inputs.subjects,
        code=RESET_PARTS.code,
        version=RESET_PARTS.version,
        unit="",
        absent=NO_TIME_ZERO,
    )


def composite(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """met, not met, or not evaluable; ``reason`` names the components that decide."""
    failed = pl.col("failed") != ""
    unknown = pl.col("unknown") != ""
    rows = (
        answers.group_by("subject_id", maintain_order=True)
        .agg(
            pl.col("series").filter(pl.col("text") == NO).str.join(", ").alias("failed"),
            pl.col("series").filter(pl.col("status") == NOT_EVALUABLE).str.join(", ").alias("unknown"),
            pl.col("evidence", "therapy_evidence").explode(empty_as_null=False),
        )
        .select(
            "subject_id",
            pl.when(failed).then(pl.lit("not met")).when(~unknown).then(pl.lit("met")).alias("text"),
            pl.when(~failed & unknown).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
            pl.when(failed)
            .then(pl.format("no: {}", "failed"))
            .when(unknown)
            .then(pl.format("not evaluable: {}", "unknown"))
            .alias("reason"),
            "evidence",
            "therapy_evidence",
        )
    )
    return completed_answers(
        rows, inputs.subjects, code=RESET.code, version=RESET.version, unit="", absent=NO_TIME_ZERO
    )


_SOURCE = "own composite, rule version 1; idea Junt 2025, no consensus definition"
RESET_PARTS = register(
    Definition(
        "RESETCMP",
        "Immunological reset, component",
        "",
        "1",
        _SOURCE,
        ("subjects", "time_zero", "therapies"),
        components,
        (RESPONSE, STEROID),
        needs=(DEPLETION.code, NAIVE_RECOVERY.code, HALVED.code, CONVERSION.code),
    )
)
RESET = register(
    Definition("RESET", "Immunological reset", "", "1", _SOURCE, ("subjects",), composite, needs=(RESET_PARTS.code,))
)
