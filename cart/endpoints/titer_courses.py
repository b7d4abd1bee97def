"""Nadir of the autoantibodies, and area under their course."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import EVALUABLE, NOT_EVALUABLE
from cart.endpoints.censoring import imputed
from cart.endpoints.comparison import INPUTS, LOWEST, SERIES, SHARED, complete, sampled, with_lowest
from cart.endpoints.depletion import IMPUTATION
from cart.endpoints.kinetics.areas import joined, summed
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, register
from cart.endpoints.responses import CONFOUNDED

LINES = tuple(parameter for parameter in SHARED if parameter.name != "baseline_rule")
FEW = "an area needs two samples on different days after time zero, outside the windows of confounding therapies"


def _free(inputs: Prepared, parameters: Mapping[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Samples after time zero outside confounder windows, and one row per series with a sample after time zero."""
    after = sampled(inputs, parameters).filter("after")
    free = pl.col("confounder").is_null()
    whole = after.group_by(SERIES, maintain_order=True).agg(
        pl.col("name", "unit").first(),
        (~free).sum().alias("left_out"),
        pl.col("result_id").filter(free).alias("evidence"),
        pl.col("confounder_ids").explode(empty_as_null=False).alias("therapy_evidence"),
    )
    return after.filter(free), whole


def _remark(*more: pl.Expr) -> pl.Expr:
    left_out = pl.when(pl.col("left_out") > 0).then(
        pl.format("{} samples inside the window of a therapy left out", "left_out")
    )
    return pl.concat_str(*more, left_out, separator="; ", ignore_nulls=True)


def nadir(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Lowest value of each autoantibody after time zero outside confounder windows; earliest of ties.

    An interval where it is below the limit of quantification.
    """
    free, whole = _free(inputs, parameters)
    rows = with_lowest(whole, free).select(
        *LOWEST,
        pl.when(pl.col("low").is_null()).then(pl.lit(CONFOUNDED)).otherwise(_said(_remark())).alias("reason"),
        "evidence",
        "therapy_evidence",
    )
    return complete(inputs, rows, definition=NADIR)


def area(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Area under each autoantibody from its first to its last sample after time zero; ``text`` names both days.

    Linear trapezoids where it rises, logarithmic ones where it falls: an antibody falls exponentially. Samples inside
    confounder windows are left out; censored values are imputed by ``below_lloq``. Of two samples of a day the last.
    """
    free, whole = _free(inputs, parameters)
    points = (
        free.with_columns(
            imputed(rule=parameters["below_lloq"]).alias("conc"), pl.col("day").cast(pl.Float64).alias("time")
        )
        .with_columns(pl.struct(SERIES).rank("dense").cast(pl.Int64).alias("profile"))
        .group_by("profile", *SERIES, "time", maintain_order=True)
        .agg(pl.col("conc").last(), (~pl.col("exact").last()).alias("censored"))
    )
    areas = summed(joined(points, method="lin-up-log-down"), pl.lit(value=True), "area")
    spans = points.group_by("profile", *SERIES, maintain_order=True).agg(
        pl.col("time").first().cast(pl.Int64).alias("from"),
        pl.col("time").last().cast(pl.Int64).alias("to"),
        pl.len().alias("samples"),
        pl.col("censored").any(),
    )
    found = spans.join(areas, on="profile", how="left", maintain_order="left").drop("profile")
    few = pl.col("samples").fill_null(0) < 2
    rule = pl.when("censored").then(pl.lit(f"censored values imputed by rule '{parameters['below_lloq']}'"))
    rows = whole.join(found, on=SERIES, how="left", maintain_order="left").select(
        "subject_id",
        pl.col("name").alias("series"),
        pl.when(~few).then("to").alias("day"),
        pl.when(~few).then("area").alias("value"),
        pl.when(~few).then(pl.format("days {} to {}", "from", "to")).alias("text"),
        (pl.lit("d.") + pl.col("unit")).alias("unit"),
        pl.when(few).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
        pl.when(few).then(pl.lit(FEW)).otherwise(_said(_remark(rule))).alias("reason"),
        "evidence",
        "therapy_evidence",
    )
    return complete(inputs, rows, definition=AREA)


def _said(remark: pl.Expr) -> pl.Expr:
    return pl.when(remark != "").then(remark)


_SOURCE = "own rule; linear up, logarithmic down as in pharmacokinetics"
NADIR = register(
    Definition("TITERNAD", "Autoantibody, nadir", "", "1", _SOURCE, INPUTS[:-1], nadir, LINES, summary=("numbers",))
)
AREA = register(
    Definition(
        "TITERAUC",
        "Autoantibody, area after time zero",
        "",
        "1",
        _SOURCE,
        INPUTS[:-1],
        area,
        (*LINES, IMPUTATION),
        summary=("numbers", "geometric"),
    )
)
