"""Treatment of toxicity as endpoints: cumulative tocilizumab and steroid since time zero."""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE, completed_answers
from cart.endpoints.prepared import NO_TIME_ZERO, Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.toxicity.cumulative import (
    STEROID,
    STEROID_MG,
    TOCILIZUMAB,
    cumulative,
    dexamethasone_factors,
    named,
)

NO_DOSE = "no dose recorded since time zero"
NO_WEIGHT = "no weight of an infusion course"
EQUIVALENTS = tuple(
    Parameter(
        f"{drug}_mg",
        mg,
        "mg",
        "US label of prednisolone: doses of equal effect",
        f"Dose of {drug} with the same effect as the other steroids' doses.",
        at_least=0.01,
    )
    for drug, mg in STEROID_MG.items()
)
SOURCE = "own rule; cumulative doses as the registries of cell therapy ask for them"
_INPUTS = ("subjects", "time_zero", "treatments")


def totals(inputs: Prepared, which: pl.Expr, *, factor: pl.Expr, given: pl.DataFrame | None = None) -> pl.DataFrame:
    """Sum for every subject with a time zero (``cumulative``); mg 0 where nothing is recorded.

    ``given``: rows in place of those of the frame ``treatments``.
    """
    zero = inputs.frames["time_zero"].select("subject_id", "time_zero_on")
    rows = inputs.frames["treatments"] if given is None else given
    given = rows.filter(which).join(zero, on="subject_id", how="inner")
    return (
        inputs.subjects.select("subject_id")
        .join(zero, on="subject_id", how="inner", maintain_order="left")
        .join(cumulative(given, factor=factor), on="subject_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("therapies").is_null().alias("none"),
            pl.col("mg").fill_null(0.0),
            pl.when(pl.col("therapies").is_null()).then(0).otherwise("doses").alias("doses"),
            pl.col("uncounted").fill_null(""),
        )
    )


def _tocilizumab(inputs: Prepared) -> pl.DataFrame:
    return inputs.kept("tocilizumab", lambda: totals(inputs, named(TOCILIZUMAB), factor=pl.lit(1.0)))


def completed_sums(inputs: Prepared, sums: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """Answers from sums with their column ``amount``; null with the reason in ``lacking``."""
    whole = pl.col("uncounted") == ""
    number = pl.when(pl.col("doses") == 1).then(pl.lit("1 dose")).otherwise(pl.format("{} doses", "doses"))
    rows = sums.select(
        "subject_id",
        pl.when(whole).then("amount").alias("value"),
        pl.when(~whole).then("amount").alias("low"),
        pl.when(~whole & pl.col("amount").is_not_null()).then(math.inf).alias("high"),
        pl.when(~pl.col("none")).then(number).alias("text"),
        pl.when(pl.col("amount").is_null())
        .then(pl.lit(NOT_EVALUABLE))
        .when(whole)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        pl.when(pl.col("amount").is_null())
        .then("lacking")
        .when("none")
        .then(pl.lit(NO_DOSE))
        .when(~whole)
        .then(pl.format("not counted: {}", "uncounted"))
        .alias("reason"),
        pl.col("therapies").alias("therapy_evidence"),
    )
    return completed_answers(
        rows,
        inputs.subjects,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=NO_TIME_ZERO,
    )


def tocilizumab_mg(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Tocilizumab given since time zero; ``text`` is the number of doses, 0 mg where none is recorded.

    Doses are the dose rows of the therapy; a therapy without rows counts its daily dose from start to stop. What cannot
    be counted is named in ``reason``: the answer is then a lower bound.
    """
    sums = _tocilizumab(inputs).with_columns(pl.col("mg").alias("amount"), pl.lit("").alias("lacking"))
    return completed_sums(inputs, sums, TOCILIZUMAB_MG)


def tocilizumab_mg_kg(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """The same per kg of the weight that the first infusion course was dosed by."""
    weights = inputs.frames["weights"].select("subject_id", "weight_kg")
    sums = (
        _tocilizumab(inputs)
        .join(weights, on="subject_id", how="left", maintain_order="left")
        .with_columns(
            pl.when("none").then(0.0).otherwise(pl.col("mg") / pl.col("weight_kg")).alias("amount"),
            pl.lit(NO_WEIGHT).alias("lacking"),
        )
    )
    return completed_sums(inputs, sums, TOCILIZUMAB_MG_KG)


def steroid_mg(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Steroids given since time zero in mg of dexamethasone; 0 where none is recorded.

    Therapies of the class steroid, and those named as one of the steroids below, for whatever reason they were given,
    counted as tocilizumab is. A steroid without an equivalent is named in ``reason``.
    """
    equivalents = {drug: float(parameters[f"{drug}_mg"]) for drug in STEROID_MG}
    which = (pl.col("therapy_class") == STEROID) | named(list(STEROID_MG))
    sums = totals(inputs, which, factor=dexamethasone_factors(equivalents)).with_columns(
        pl.col("mg").alias("amount"), pl.lit("").alias("lacking")
    )
    return completed_sums(inputs, sums, STEROID_DEXAMETHASONE)


TOCILIZUMAB_MG = register(Definition("TOCIMG", "Cumulative tocilizumab", "mg", "1", SOURCE, _INPUTS, tocilizumab_mg))
TOCILIZUMAB_MG_KG = register(
    Definition(
        "TOCIMGKG",
        "Cumulative tocilizumab per kg",
        "mg/kg",
        "1",
        SOURCE,
        (*_INPUTS, "weights"),
        tocilizumab_mg_kg,
    )
)
STEROID_DEXAMETHASONE = register(
    Definition(
        "STERDEX",
        "Cumulative steroid, dexamethasone eq.",
        "mg",
        "1",
        SOURCE,
        _INPUTS,
        steroid_mg,
        EQUIVALENTS,
    )
)
