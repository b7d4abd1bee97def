"""The frame of answers: one row per subject, endpoint, series and timepoint, never a silent absence."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.errors import EndpointError

ANSWER_SCHEMA: dict[str, Any] = {
    "subject_id": pl.Int64,
    "code": pl.String,
    "version": pl.String,
    "series": pl.String,
    "timepoint": pl.String,
    "day": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "text": pl.String,
    "unit": pl.String,
    "status": pl.String,
    "reason": pl.String,
    "evidence": pl.List(pl.Int64),
    "therapy_evidence": pl.List(pl.Int64),
}
EVALUABLE, BOUNDED, ONGOING, NOT_EVALUABLE = "evaluable", "bounded", "ongoing", "not-evaluable"
KEY = ["subject_id", "code", "series", "timepoint"]


def completed_answers(
    rows: pl.DataFrame, subjects: pl.DataFrame, *, code: str, version: str, unit: str, absent: pl.Expr | str
) -> pl.DataFrame:
    """Rows of one endpoint in the answer schema, with a not-evaluable row for every subject without one.

    Parameters
    ----------
    rows
        Any of the answer columns; ``subject_id`` and ``status`` at least.
    subjects
        Frame ``subjects`` (with any columns that ``absent`` reads).
    absent
        Reason of the rows that are added.
    """
    reason = pl.lit(absent) if isinstance(absent, str) else absent
    missing = subjects.join(rows.select("subject_id").unique(), on="subject_id", how="anti").select(
        "subject_id", pl.lit(NOT_EVALUABLE).alias("status"), reason.alias("reason")
    )
    whole = pl.concat([rows, missing], how="diagonal")
    defaults: Mapping[str, pl.Expr] = {
        "code": pl.lit(code),
        "version": pl.lit(version),
        "unit": pl.lit(unit) if "unit" not in whole.columns else pl.col("unit").fill_null(unit),
    }
    columns = []
    for name, dtype in ANSWER_SCHEMA.items():
        if name in defaults:
            columns.append(defaults[name].cast(dtype).alias(name))
        elif name not in whole.columns:
            columns.append(pl.lit(None, dtype=dtype).alias(name))
        else:
            columns.append(pl.col(name).cast(dtype))
    answer = whole.select(columns).with_columns(
        pl.col("series", "timepoint").fill_null(""),
        pl.col("evidence", "therapy_evidence").fill_null([]).list.unique().list.sort(),
        # A number beside "not evaluable" would be read as a number.
        pl.when(pl.col("status") != NOT_EVALUABLE).then(pl.col("value")).alias("value"),
    )
    silent = answer.filter((pl.col("status") == NOT_EVALUABLE) & pl.col("reason").fill_null("").eq(""))
    if silent.height:
        raise EndpointError(
            f"{code} left {silent.height} answers without value and without reason. [missing-without-reason]"
        )
    return answer
