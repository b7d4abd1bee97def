"""Windows in which a therapy, not the study treatment, explains an antibody."""

from collections.abc import Mapping

import polars as pl

_NONE = pl.DataFrame(schema={"result_id": pl.Int64, "confounder": pl.String, "therapy_ids": pl.List(pl.Int64)})


def confounded_samples(
    samples: pl.DataFrame,
    therapies: pl.DataFrame,
    *,
    window_days: Mapping[str, int],
    begun_after: str | None = None,
) -> pl.DataFrame:
    """Samples inside the window of a confounding therapy.

    Parameters
    ----------
    samples
        Columns subject_id, result_id, collected_on, time_zero_on.
    therapies
        Frame ``therapies``. A therapy whose start is not known to the day confounds from ever on; one whose
        end is not known confounds for ever, unless it was a prior therapy, which ended by time zero.
    window_days
        Therapy class to days after the last dose (the start, where no stop is known and it is not ongoing).
    begun_after
        Column of ``samples``: only therapies that began after this day count, and those whose start is not known to
        the day and that were not prior.

    Returns
    -------
    polars.DataFrame
        result_id, confounder (classes of therapy), therapy_ids; one row per confounded sample.
    """
    confounding = therapies.filter(pl.col("therapy_class").is_in(list(window_days)))
    if not confounding.height:
        return _NONE
    windows = confounding.select(
        "subject_id",
        "therapy_id",
        "therapy_class",
        "started_on",
        pl.coalesce("stopped_on", "started_on").alias("last_on"),
        "ongoing",
        "prior",
        pl.col("therapy_class")
        .replace_strict(dict(window_days), default=None, return_dtype=pl.Int64)
        .alias("window_days"),
    )
    ended_on = pl.coalesce("last_on", pl.when("prior").then("time_zero_on"))
    since_start = (pl.col("collected_on") - pl.col("started_on")).dt.total_days()
    since_end = (pl.col("collected_on") - ended_on).dt.total_days()
    lasts = pl.col("ongoing") | (since_end <= pl.col("window_days")).fill_null(value=True)
    new = pl.lit(value=True)
    if begun_after is not None:
        new = (pl.col("started_on") > pl.col(begun_after)).fill_null(~pl.col("prior"))
    columns = ["subject_id", "result_id", "collected_on", "time_zero_on", *([begun_after] if begun_after else [])]
    return (
        samples.select(columns)
        .join(windows, on="subject_id", how="inner")
        .filter((since_start.fill_null(0) >= 0) & lasts & new)
        .sort("result_id", "therapy_id")
        .group_by("result_id", maintain_order=True)
        .agg(
            pl.col("therapy_class").unique().sort().str.join(", ").alias("confounder"),
            pl.col("therapy_id").alias("therapy_ids"),
        )
    )
