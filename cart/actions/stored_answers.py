"""Answers of a run as they are stored: written, read back for the endpoints that rest on them, and taken over."""

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl
from django.db import connection

from cart.endpoints.answers import ANSWER_SCHEMA
from cart.models import EndpointDefinition
from trialsite.isolation.columns import copy_in, read_columns

# Column of the stored answer -> what the kernels call it.
_COLUMNS = {
    "series": "series",
    "timepoint": "timepoint",
    "day": "day",
    "value": "value",
    "low": "low",
    "high": "high",
    "text": "text",
    "unit": "unit",
    "status": "status",
    "reason": "reason",
    "evidence": "evidence",
    "therapy_evidence": "therapy_evidence",
    "record_evidence": "record_evidence",
    "baseline_id": "baseline",
}
_LISTS = ("evidence", "therapy_evidence", "record_evidence")
_READ_SQL = """
SELECT r.subject_id, d.code, d.version, {columns}
FROM cart_endpointresult r JOIN cart_endpointdefinition d ON d.id = r.definition_id
WHERE r.evaluation_id = ANY(%(evaluations)s) AND d.id = ANY(%(definitions)s)
ORDER BY r.subject_id, d.code, r.series, r.timepoint
"""
_TAKE_OVER_SQL = """
INSERT INTO cart_endpointresult (evaluation_id, subject_id, definition_id, {columns})
SELECT n.after, r.subject_id, r.definition_id, {values}
FROM unnest(%s::bigint[], %s::bigint[]) AS n (before, after)
JOIN cart_endpointresult r ON r.evaluation_id = n.before
WHERE r.definition_id = ANY(%s)
"""


def write_answers(
    answers: pl.DataFrame, evaluations: Mapping[int, int], definitions: Mapping[str, EndpointDefinition]
) -> int:
    """Store answers under the evaluation of their subject; returns how many.

    Raises
    ------
    ValueError
        An answer belongs to no subject or definition of the run.
    """
    rows = (
        answers.join(_keys(evaluations, "subject_id", "evaluation_id"), on="subject_id", how="inner")
        .join(
            _keys({code: row.pk for code, row in definitions.items()}, "code", "definition_id"), on="code", how="inner"
        )
        .with_columns(
            pl.col("text", "reason", "series", "timepoint", "unit").fill_null(""),
            *(_array_text(name) for name in _LISTS),
        )
        .select(
            "evaluation_id",
            "subject_id",
            "definition_id",
            *(pl.col(name).alias(column) for column, name in _COLUMNS.items()),
        )
    )
    if rows.height != answers.height:
        raise ValueError(
            f"{answers.height} answers were computed and {rows.height} belong to the subjects and definitions "
            "of this run; nothing is stored. [answers-lost]"
        )
    copy_in("cart_endpointresult", rows)
    return rows.height


def read_answers(evaluations: Collection[int], definitions: Collection[int]) -> pl.DataFrame:
    """Answers of these evaluations to these endpoints, in ``answers.ANSWER_SCHEMA``."""
    columns = ", ".join(
        f"coalesce(array_to_string(r.{column}, ' '), '')" if name in _LISTS else f"r.{column}"
        for column, name in _COLUMNS.items()
    )
    schema: dict[str, Any] = {name: ANSWER_SCHEMA[name] for name in ("subject_id", "code", "version")}
    schema |= {name: pl.String if name in _LISTS else ANSWER_SCHEMA[name] for name in _COLUMNS.values()}
    params = {"evaluations": list(evaluations), "definitions": list(definitions)}
    found = read_columns(_READ_SQL.format(columns=columns), params, schema)
    keys = [
        pl.when(pl.col(name) != "").then(pl.col(name).str.split(" ")).fill_null([]).cast(ANSWER_SCHEMA[name])
        for name in _LISTS
    ]
    return found.with_columns(keys).select(list(ANSWER_SCHEMA))


def take_over_answers(evaluations: Mapping[int, int], definitions: Collection[int]) -> int:
    """Store the answers of older evaluations under newer ones of the same subjects; returns how many.

    ``evaluations``: key of the older to key of the newer.
    """
    sql = _TAKE_OVER_SQL.format(columns=", ".join(_COLUMNS), values=", ".join(f"r.{name}" for name in _COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(evaluations), list(evaluations.values()), list(definitions)])
        return int(cursor.rowcount)


def _keys(mapping: Mapping[Any, int], name: str, key: str) -> pl.DataFrame:
    dtype = ANSWER_SCHEMA[name]
    return pl.DataFrame({name: list(mapping), key: list(mapping.values())}, schema={name: dtype, key: pl.Int64})


def _array_text(column: str) -> pl.Expr:
    joined = pl.col(column).fill_null([]).list.eval(pl.element().cast(pl.String)).list.join(",")
    return (pl.lit("{") + joined + pl.lit("}")).alias(column)
