"""From compared assessments to answers: values, changes, the answer for the whole course."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NO, NOT_EVALUABLE, YES, completed_answers
from cart.endpoints.outcomes.measures import at_visits, followed, measures, no_baseline
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition


def yes_or_no(condition: pl.Expr) -> pl.Expr:
    """``yes``, ``no``, or null where the condition is not known."""
    return pl.when(condition).then(pl.lit(YES)).when(~condition).then(pl.lit(NO))


def reasoned(*parts: pl.Expr) -> pl.Expr:
    """Reasons that are not empty, in order."""
    kept = [pl.when(part != "").then(part) for part in parts]
    return pl.concat_str(kept, separator="; ", ignore_nulls=True)


def recorded(inputs: Prepared, parameters: Mapping[str, Any], *names: str) -> bool:
    """Whether anybody has a record of one of these measures: rules on columns without rows cost as much as with."""
    return measures(inputs, parameters).get_column("measure").is_in(names).any()


def complete(
    inputs: Prepared, rows: pl.DataFrame | None, *, definition: Definition, absent: str, needs_zero: bool = True
) -> pl.DataFrame:
    """Rows of an endpoint and, for each subject without any, why; what is no comparison asks for no time zero.

    ``rows``: None where nobody has what the endpoint rests on.
    """
    return completed_answers(
        rows,
        inputs.subjects_with_origin,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=inputs.absence(absent) if needs_zero else absent,
    )


def visits_and_last(inputs: Prepared, parameters: Mapping[str, Any], measure: str) -> pl.DataFrame:
    """Records of a measure at each planned visit and, timepoint empty, the last one, with a value where there is one.

    Columns subject_id, timepoint, day, value, low, high, why (there is no value), remark, record and usable.
    """
    own = pl.col("measure") == measure
    columns = ["subject_id", "timepoint", "day", "value", "low", "high", "why", "remark", "record", "usable"]
    last = (
        measures(inputs, parameters)
        .filter(own)
        .sort(pl.col("usable"), maintain_order=True)
        .group_by("subject_id", maintain_order=True)
        .last()
        .with_columns(pl.lit("").alias("timepoint"))
    )
    return pl.concat([last.select(columns), at_visits(inputs, parameters).filter(own).select(columns)])


def values(
    inputs: Prepared, parameters: Mapping[str, Any], *, measure: str, definition: Definition, absent: str
) -> pl.DataFrame:
    """The value at each planned visit and, without timepoint, at the last assessment whenever that was."""
    if not recorded(inputs, parameters, measure):
        return complete(inputs, None, definition=definition, absent=absent, needs_zero=False)
    answers = visits_and_last(inputs, parameters, measure).select(
        "subject_id",
        "timepoint",
        "day",
        "value",
        pl.when("usable").then("low").alias("low"),
        pl.when("usable").then("high").alias("high"),
        pl.when("usable").then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
        pl.when("usable").then("remark").otherwise("why").alias("reason"),
        pl.concat_list("record").alias("record_evidence"),
    )
    return complete(inputs, answers, definition=definition, absent=absent, needs_zero=False)


def changes(
    inputs: Prepared,
    parameters: Mapping[str, Any],
    compare: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    measure: str,
    definition: Definition,
    absent: str,
) -> pl.DataFrame:
    """Answers of a comparison with the baseline, for the rows of ``followed``.

    Parameters
    ----------
    compare
        Gives for each of those rows, in order: value, low, high, text (null where there is none) and remark.
    """
    if not recorded(inputs, parameters, measure):
        return complete(inputs, None, definition=definition, absent=absent)
    rows = followed(inputs, parameters, measure)
    beside = pl.concat(
        [rows.select("subject_id", "timepoint", "day", "record", "base_record", "base", "why"), compare(rows)],
        how="horizontal",
    )
    told = pl.col("value").is_not_null()
    reason = (
        pl.when(told)
        .then("remark")
        .when(pl.col("base").is_null())
        .then(pl.lit(no_baseline(parameters)))
        .when(pl.col("why") != "")
        .then("why")
        .otherwise(pl.lit("the baseline is 0"))
    )
    answers = beside.select(
        "subject_id",
        "timepoint",
        "day",
        "value",
        pl.when(told).then("low").alias("low"),
        pl.when(told).then("high").alias("high"),
        pl.when(told).then("text").alias("text"),
        pl.when(told).then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
        reason.alias("reason"),
        pl.concat_list("record", "base_record").alias("record_evidence"),
    )
    return complete(inputs, answers, definition=definition, absent=absent)


def with_status(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a composite with status: known, known within bounds, or not.

    Parameters
    ----------
    rows
        Columns value, low, high and text, null where there is none.
    """
    known = pl.col("value").is_not_null() | pl.col("text").is_not_null()
    bounded = pl.col("value").is_null() & (pl.col("low").is_not_null() | pl.col("high").is_not_null())
    return rows.with_columns(
        pl.when(bounded)
        .then(pl.lit(BOUNDED))
        .when(known)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(NOT_EVALUABLE))
        .alias("status")
    )


def with_last(answers: pl.DataFrame) -> pl.DataFrame:
    """Answers of visits, sorted by day within a subject, and an answer for the whole course.

    That is a copy without timepoint of the last one that is known, else of the last one within bounds, else of the
    last one.
    """
    told = pl.when(pl.col("status") == NOT_EVALUABLE).then(0).when(pl.col("text").is_null()).then(1).otherwise(2)
    last = (
        answers.sort(told, maintain_order=True)
        .group_by("subject_id", maintain_order=True)
        .last()
        .with_columns(pl.lit("").alias("timepoint"))
    )
    return pl.concat([answers, last.select(answers.columns)])
