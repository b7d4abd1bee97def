"""What was known up to a visit: findings that are not repeated at each one."""

import polars as pl

_PICKS = {"last": pl.Expr.last, "max": pl.Expr.max, "min": pl.Expr.min}


def up_to(grid: pl.DataFrame, known: pl.DataFrame, measure: str, *, after: bool, pick: str) -> pl.DataFrame:
    """Rows of a grid with one value of a measure among the records up to their day.

    Parameters
    ----------
    grid
        Columns subject_id, timepoint, day.
    known
        Frame of ``measures``.
    measure
        Becomes the name of the column.
    after
        Only records after time zero count.
    pick
        ``last`` in time, ``max`` (any yes) or ``min``.

    Returns
    -------
    The grid with the column (null where nothing was recorded), in its order; and the column NAME_records.
    """
    records = known.filter((pl.col("measure") == measure) & pl.col("usable") & pl.col("day").is_not_null())
    if after:
        records = records.filter("after")
    pairs = (
        grid.select("subject_id", "timepoint", "day")
        .join(
            records.select("subject_id", pl.col("day").alias("at"), "value", "record", "collected_on"),
            on="subject_id",
            how="inner",
        )
        .filter(pl.col("at") <= pl.col("day"))
        .sort("subject_id", "timepoint", "collected_on")
        .group_by("subject_id", "timepoint", maintain_order=True)
        .agg(_PICKS[pick](pl.col("value")).alias(measure), pl.col("record").alias(f"{measure}_records"))
    )
    return grid.join(pairs, on=["subject_id", "timepoint"], how="left", maintain_order="left")
