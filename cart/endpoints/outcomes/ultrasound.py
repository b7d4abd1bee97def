"""Lung ultrasound as an endpoint: B-lines, at visits and at the last examination."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE
from cart.endpoints.disease.ultrasound import ILD_FROM
from cart.endpoints.outcomes.answering import complete, reasoned, recorded, visits_and_last
from cart.endpoints.outcomes.measures import B_LINES, INPUTS, NUMBERS, SHARED
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

SUGGESTED, NOT_SUGGESTED = "ILD suggested", "ILD not suggested"
ILD_FROM_LINES = Parameter(
    "ild_from_b_lines",
    ILD_FROM,
    "",
    "EUSTAR and others, as read: 10 B-lines and more over 14 zones",
    "Total of B-lines from which ILD is suggested.",
    at_least=1,
    at_most=100,
)


def b_line_total(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Total of the B-lines of 14 zones at each planned visit and, without timepoint, at the last examination.

    ``text``: ILD suggested, or not. A zone that was not examined leaves bounds; where they agree the text is known all
    the same. ``reason`` also says that the pleura was irregular.
    """
    absent = "no lung ultrasound"
    if not recorded(inputs, parameters, B_LINES):
        return complete(inputs, None, definition=ULTRASOUND, absent=absent, needs_zero=False)
    exact, some = pl.col("value").is_not_null(), pl.col("low").is_not_null()
    limit = parameters[ILD_FROM_LINES.name]
    rows = visits_and_last(inputs, parameters, B_LINES).select(
        "subject_id",
        "timepoint",
        "day",
        "value",
        "low",
        "high",
        pl.when(pl.col("low") >= limit)
        .then(pl.lit(SUGGESTED))
        .when(pl.col("high") < limit)
        .then(pl.lit(NOT_SUGGESTED))
        .alias("text"),
        pl.when(exact)
        .then(pl.lit(EVALUABLE))
        .when(some)
        .then(pl.lit(BOUNDED))
        .otherwise(pl.lit(NOT_EVALUABLE))
        .alias("status"),
        reasoned(pl.col("why"), pl.col("remark")).alias("reason"),
        pl.concat_list("record").alias("record_evidence"),
    )
    return complete(inputs, rows, definition=ULTRASOUND, absent=absent, needs_zero=False)


ULTRASOUND = register(
    Definition(
        "LUSBL",
        "Lung ultrasound, B-lines",
        "",
        "1",
        ILD_FROM_LINES.source,
        INPUTS,
        b_line_total,
        (*SHARED, ILD_FROM_LINES),
        summary=("categories", *NUMBERS),
    )
)
