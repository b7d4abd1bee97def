"""Change of the autoantibodies from baseline at each planned visit."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE
from cart.endpoints.comparison import BOTH_CENSORED, INPUTS, SHARED, SOURCE, complete, visits, with_gaps
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, register


def _changes(records: pl.DataFrame, *, low: pl.Expr, high: pl.Expr) -> pl.DataFrame:
    blind, exact = pl.col("blind"), pl.col("exact") & pl.col("base_exact") & low.is_finite()
    return records.select(
        "subject_id",
        pl.col("name").alias("series"),
        "timepoint",
        "day",
        pl.when(~blind & exact).then(low).alias("value"),
        # Unbounded below is null: -inf is not an answer.
        pl.when(~blind & low.is_finite()).then(low).alias("low"),
        pl.when(~blind).then(high).alias("high"),
        pl.when("blind")
        .then(pl.lit(NOT_EVALUABLE))
        .when(exact)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        pl.when("blind")
        .then(pl.lit(f"{BOTH_CENSORED}, or the baseline is 0"))
        .otherwise(pl.col("remark"))
        .alias("reason"),
        pl.concat_list("base_id", "result_id").alias("evidence"),
        pl.col("base_id").alias("baseline"),
        pl.col("therapy_ids").alias("therapy_evidence"),
    )


def percent_change(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Per cent change from baseline at each planned visit; bounds where one side is censored."""
    low, high = 100 * (pl.col("ratio_low") - 1), 100 * (pl.col("ratio_high") - 1)
    rows = _changes(visits(inputs, parameters), low=low, high=high)
    return complete(inputs, with_gaps(inputs, parameters, rows), definition=PERCENT_CHANGE)


def log2_change(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """log2 fold change from baseline at each planned visit; bounds where one side is censored."""
    low, high = pl.col("ratio_low").log(2), pl.col("ratio_high").log(2)
    records = visits(inputs, parameters).with_columns(
        # A measured 0 has no logarithm, from either side.
        (pl.col("blind") | (pl.col("ratio_high") == 0)).alias("blind")
    )
    rows = _changes(records, low=low, high=high)
    return complete(inputs, with_gaps(inputs, parameters, rows), definition=LOG2_CHANGE)


PERCENT_CHANGE = register(
    Definition(
        "TITERPCT",
        "Autoantibody, % change from baseline",
        "%",
        "1",
        SOURCE,
        INPUTS,
        percent_change,
        SHARED,
        summary=("numbers", "differences"),
    )
)
LOG2_CHANGE = register(
    Definition(
        "TITERLG2",
        "Autoantibody, log2 change from baseline",
        "log2",
        "1",
        SOURCE,
        INPUTS,
        log2_change,
        SHARED,
        summary=("numbers", "ratios"),
    )
)
