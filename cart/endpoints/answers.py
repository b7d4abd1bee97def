"""The frame of answers: one row per subject, endpoint, series and timepoint, never a silent absence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
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
    # The result among the evidence that the answer compares with; null where it compares with none.
    "baseline": pl.Int64,
    "record_evidence": pl.List(pl.String),
}
EVALUABLE, BOUNDED, ONGOING, NOT_EVALUABLE = "evaluable", "bounded", "ongoing", "not-evaluable"
YES, NO, NOT_APPLICABLE = "yes", "no", "not applicable"
KEY = ["subject_id", "code", "series", "timepoint"]
_NONE = pl.DataFrame(schema=ANSWER_SCHEMA)
_EVIDENCE = ("evidence", "therapy_evidence", "record_evidence")
_NO_IDS = {name: pl.lit([], dtype=ANSWER_SCHEMA[name]) for name in _EVIDENCE}


def completed_answers(
    rows: pl.DataFrame | None, subjects: pl.DataFrame, *, code: str, version: str, unit: str, absent: pl.Expr | str
) -> pl.DataFrame:
    """Rows of one endpoint under its name, with a not-evaluable row for every subject without one.

    Parameters
    ----------
    rows
        Any of the answer columns; ``subject_id`` and ``status`` at least. ``reason`` is the reason of a
        missing answer, or a remark beside an answer. None: no subject has what the endpoint rests on.
    subjects
        Frame ``subjects`` (with any columns that ``absent`` reads).
    unit
        Of the rows that do not bring one: an endpoint that is measured in several units answers in that of its data.
    absent
        Reason of the rows that are added.
    """
    reason = pl.lit(absent) if isinstance(absent, str) else absent
    missing = [pl.col("subject_id"), pl.lit(NOT_EVALUABLE).alias("status"), reason.alias("reason")]
    named = [pl.lit(code).alias("code"), pl.lit(version).alias("version")]
    if rows is None:
        return subjects.select(*missing, *named, pl.lit(unit).alias("unit"))
    given = np.unique(rows["subject_id"].to_numpy())
    if given.size < subjects.height:
        added = subjects.filter(~pl.col("subject_id").is_in(given)).select(missing)
        rows = pl.concat([rows, added], how="diagonal")
    own_unit = pl.col("unit").fill_null(unit) if "unit" in rows.columns else pl.lit(unit)
    return rows[[name for name in ANSWER_SCHEMA if name in rows.columns]].with_columns(*named, own_unit.alias("unit"))


def in_schema(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Completed answers of several endpoints in the answer schema: once for all, because each step costs."""
    whole = pl.concat([_NONE, *parts], how="diagonal_relaxed")
    # A number beside "not evaluable" would be read as a number.
    value = pl.when(pl.col("status") != NOT_EVALUABLE).then(pl.col("value"))
    own = {
        "series": pl.col("series").fill_null(""),
        "timepoint": pl.col("timepoint").fill_null(""),
        "value": value,
        # Most answers rest on no therapy and no form; lists that nobody filled need no putting in order.
        **{name: _NO_IDS[name] if whole[name].null_count() == whole.height else _ids(name) for name in _EVIDENCE},
    }
    return whole.select(own.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in ANSWER_SCHEMA.items())


def as_read(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Answers as an endpoint reads those of others: an empty text is none, whether they were stored or not."""
    texts = pl.col("text", "unit", "reason")
    return in_schema(parts).with_columns(pl.when(texts != "").then(texts))


def _ids(name: str) -> pl.Expr:
    """Row ids in order, each once; none is an empty list."""
    return pl.coalesce(pl.col(name), _NO_IDS[name]).list.drop_nulls().list.unique().list.sort()


def check_answers(answers: pl.DataFrame) -> None:
    """Refuse a missing value without a reason, what is no number, and two answers to one question.

    Raises
    ------
    EndpointError
        Naming the endpoint: its kernel is wrong, and nothing of it may be stored.
    """
    silent = answers.filter((pl.col("status") == NOT_EVALUABLE) & (pl.col("reason").fill_null("") == ""))
    if silent.height:
        raise EndpointError(
            f"{silent['code'][0]} left {silent.height} answers without value and reason. [missing-without-reason]"
        )
    nan = answers.filter(pl.any_horizontal(pl.col("value", "low", "high").is_nan()))
    if nan.height:
        raise EndpointError(f"{nan['code'][0]} gave {nan.height} answers that are no number. [answer-not-a-number]")
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in KEY)
    repeated = answers.select(same.fill_null(value=False)).to_series()
    if repeated.any():
        raise EndpointError(
            f"{answers.filter(repeated)['code'][0]} answered one subject, series and timepoint twice. [answer-twice]"
        )


def at_least(threshold: float | pl.Expr, *, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """Is an interval at or above a threshold: yes, no, or null where it does not tell.

    An interval [low, high) with low < high does not hold its upper end; one with low = high is that number.
    """
    return (
        pl.when(low >= threshold)
        .then(pl.lit(YES))
        .when((high < threshold) | ((high == threshold) & (low < high)))
        .then(pl.lit(NO))
    )
