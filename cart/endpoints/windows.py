"""Visit windows: which record stands for which planned visit."""

from collections.abc import Sequence

import polars as pl


def visit_records(records: pl.DataFrame, planned_visits: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Assign records to planned visits and choose one per visit.

    A record belongs to the visit whose target day is closest among those whose window holds it (tie: the
    earlier visit). The chosen record of a visit is the one closest to the target; ties go to the earlier
    record. The others are kept, unchosen.

    Parameters
    ----------
    records
        Columns ``by``, ``result_id``, ``day`` (protocol day), ``collected_on``, ``collected_at``, ``sequence``.
    planned_visits
        Frame ``planned_visits``; windows in protocol days, both ends included.
    by
        Columns that make a series.

    Returns
    -------
    polars.DataFrame
        The records inside a window with ``timepoint``, ``target_day``, ``distance_days`` (record - target) and
        ``chosen``.
    """
    columns = ["timepoint", "target_day", "window_low", "window_high"]
    visits = planned_visits.rename({"code": "timepoint"}).select(columns).sort("target_day", "timepoint")
    days = records.select("day").drop_nulls().unique()
    # Few distinct days against few visits: the cross product stays small however many records there are.
    assigned = (
        days.join(visits, how="cross")
        .filter(pl.col("day").is_between(pl.col("window_low"), pl.col("window_high")))
        .with_columns((pl.col("day") - pl.col("target_day")).alias("distance_days"))
        .sort("day", pl.col("distance_days").abs(), "target_day", "timepoint")
        .group_by("day", maintain_order=True)
        .first()
        .select("day", "timepoint", "target_day", "distance_days")
    )
    placed = records.join(assigned, on="day", how="inner").sort(
        *by,
        "timepoint",
        pl.col("distance_days").abs(),
        "collected_on",
        "collected_at",
        "sequence",
        "result_id",
        nulls_last=False,
    )
    first = pl.int_range(pl.len()).over([*by, "timepoint"]) == 0
    return placed.with_columns(first.alias("chosen"))
