"""Is a subject free of the drugs that would explain a remission?"""

import polars as pl

from cart.endpoints.answers import NO, YES

# A reset is drug-free when none of these is taken after time zero; steroids count above a dose.
FORBIDDEN = ("rituximab", "mycophenolate", "antifibrotic", "immunosuppressant")
STEROID = "steroid"


def drug_free(therapies: pl.DataFrame, time_zero: pl.DataFrame, *, steroid_mg_day: float) -> pl.DataFrame:
    """No immunosuppressive or antifibrotic drug, and no steroid above a dose, since time zero.

    Parameters
    ----------
    therapies, time_zero
        Frames of these names.
    steroid_mg_day
        Daily dose, mg, that still counts as none.

    Returns
    -------
    polars.DataFrame
        One row per subject with a time zero: subject_id, text (yes, no, null where it cannot be told), why,
        therapy_evidence. A therapy on the day of time zero itself does not count; one that began before and
        goes on does. Not told: dates not known to the day, or a steroid of unknown dose.
    """
    zero = time_zero.select("subject_id", "time_zero_on")
    on = pl.col("time_zero_on")
    taken = (
        pl.when(pl.col("ongoing") | (pl.col("started_on") > on))
        .then(pl.lit(value=True))
        .when(pl.col("stopped_on").is_not_null())
        .then(pl.col("stopped_on") > on)
        # Prior and not ongoing: it ended before the study treatment.
        .when("prior")
        .then(pl.lit(value=False))
    )
    steroid = pl.col("therapy_class") == STEROID
    # Any dose is above none, even one that was not written down.
    above = (
        pl.when(pl.col("daily_dose_mg").is_null() & (steroid_mg_day > 0))
        .then(None)
        .otherwise(pl.col("daily_dose_mg").fill_null(float("inf")) > steroid_mg_day)
    )
    breaks = pl.when(steroid).then(taken & above).otherwise(taken)
    told = (
        therapies.filter(pl.col("therapy_class").is_in([*FORBIDDEN, STEROID]))
        .join(zero, on="subject_id", how="inner")
        .with_columns(breaks.alias("breaks"))
        # What is known not to break it is no evidence against it.
        .filter(pl.col("breaks").fill_null(value=True))
        .sort("subject_id", "therapy_id")
        .group_by("subject_id", maintain_order=True)
        .agg(
            pl.col("breaks").any(ignore_nulls=True).alias("broken"),
            pl.col("therapy_class").unique().sort().str.join(", ").alias("which"),
            pl.col("therapy_id").alias("therapy_evidence"),
        )
    )
    return zero.join(told, on="subject_id", how="left").select(
        "subject_id",
        pl.when(pl.col("broken").is_null()).then(pl.lit(YES)).when("broken").then(pl.lit(NO)).alias("text"),
        pl.when("broken")
        .then(pl.format("{} after time zero", "which"))
        .when(pl.col("broken").is_not_null())
        .then(pl.format("{}: dates or dose do not tell whether after time zero", "which"))
        .alias("why"),
        "therapy_evidence",
    )
