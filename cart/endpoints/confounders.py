"""Windows in which a therapy, not the study treatment, explains an antibody."""

from collections.abc import Mapping

import polars as pl


def confounded_samples(
    samples: pl.DataFrame, therapies: pl.DataFrame, *, window_days: Mapping[str, int]
) -> pl.DataFrame:
    """Samples inside the window of a confounding therapy.

    Parameters
    ----------
    samples
        Columns subject_id, result_id, collected_on.
    therapies
        Frame ``therapies``; a therapy without a start day confounds from its earliest possible moment on.
    window_days
        Therapy class to days after the last dose (start where no stop is known and it is not ongoing).

    Returns
    -------
    polars.DataFrame
        result_id, confounder (class of therapy), therapy_ids; one row per confounded sample.
    """
    windows = therapies.filter(pl.col("therapy_class").is_in(list(window_days))).select(
        "subject_id",
        "therapy_id",
        "therapy_class",
        "started_on",
        pl.when("ongoing").then(None).otherwise(pl.coalesce("stopped_on", "started_on")).alias("ended_on"),
        pl.col("therapy_class").replace_strict(dict(window_days), return_dtype=pl.Int64).alias("window"),
    )
    since_start = (pl.col("collected_on") - pl.col("started_on")).dt.total_days()
    since_end = (pl.col("collected_on") - pl.col("ended_on")).dt.total_days()
    return (
        samples.select("subject_id", "result_id", "collected_on")
        .join(windows, on="subject_id", how="inner")
        .filter((since_start.fill_null(0) >= 0) & (since_end <= pl.col("window")).fill_null(value=True))
        .group_by("result_id", maintain_order=True)
        .agg(
            pl.col("therapy_class").unique().sort().str.join(", ").alias("confounder"),
            pl.col("therapy_id").alias("therapy_ids"),
        )
    )
