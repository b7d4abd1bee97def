"""Episodes of a syndrome from its daily grades: onset, highest grade, end, and whether it came back."""

from collections.abc import Callable

import polars as pl

Grades = Callable[[pl.DataFrame], pl.DataFrame]
BY_INVESTIGATOR = "within the bounds of the components by the investigator's grade"
NOT_ENDED = "no day of grade 0 after the last episode"
_EPISODE = ["subject_id", "number"]


def graded_days(days: pl.DataFrame, grades: Grades) -> pl.DataFrame:
    """Days with the grade that their components compute.

    Parameters
    ----------
    days
        One row per subject and day: subject_id, assessed_on, investigator_grade (null where none), and what
        ``grades`` reads.
    grades
        ``crs_grades`` or ``icans_grades``.

    Returns
    -------
    ``days`` in their order with low, high (the grades the day can have), reason, and differs: the investigator's grade
    is outside them. Where the components leave bounds and the investigator's grade lies in them, it is the grade.
    """
    computed = grades(days)
    joined = days.with_columns(computed["low"], computed["high"], computed["reason"])
    own = pl.col("investigator_grade").cast(pl.Int8)
    inside = own.is_between(pl.col("low"), pl.col("high")) & (pl.col("low") < pl.col("high"))
    inside = inside.fill_null(value=False)
    return joined.with_columns(
        (~own.is_between(pl.col("low"), pl.col("high"))).fill_null(value=False).alias("differs"),
        pl.when(inside).then(pl.lit(BY_INVESTIGATOR)).otherwise("reason").alias("reason"),
        *(pl.when(inside).then(own).otherwise(name).alias(name) for name in ("low", "high")),
    )


def episodes(days: pl.DataFrame, *, free_days: int) -> pl.DataFrame:
    """Episodes of each subject.

    Parameters
    ----------
    days
        Columns subject_id, assessed_on (once per subject), low, high of :func:`graded_days`; a day with null grades
        says nothing.
    free_days
        Assessed days in a row with grade 0 that end an episode; a grade after them begins the next.

    Returns
    -------
    One row per episode, sorted: subject_id, number (2 and more: it came back), onset_on, last_on (last day with a
    grade of 1 at least), ended (enough days of grade 0 follow), low, high (bounds of the highest grade), worst_on
    (first day with the highest lower bound), days (assessed from onset to last_on), open_days (days from the onset on,
    up to the next episode, whose grade may be 0 or not).

    Notes
    -----
    A day belongs to an episode where its grade is 1 at least. A day that may be 0 or 1 neither begins nor ends one; it
    raises ``high`` where it lies between onset and end. Days without a row are not looked at: between two days of grade
    1 they belong to the episode.
    """
    known = days.filter(pl.col("high").is_not_null()).sort("subject_id", "assessed_on")
    active, free = pl.col("low") >= 1, pl.col("high") == 0
    run = free.cast(pl.Int64).cum_sum() - pl.when(~free).then(free.cast(pl.Int64).cum_sum()).forward_fill().fill_null(0)
    marked = known.with_columns(
        active.alias("active"),
        # Length so far of the row of grade 0 that a day stands in.
        run.over("subject_id").alias("free_run"),
    )
    ends = (pl.col("free_run") == free_days).cast(pl.Int64)
    numbered = marked.with_columns(ends.cum_sum().over("subject_id").alias("stretch")).with_columns(
        pl.col("active").any().over("subject_id", "stretch").alias("used")
    )
    stretches = (
        numbered.filter("used")
        .select("subject_id", "stretch")
        .unique(maintain_order=True)
        .with_columns(pl.int_range(1, pl.len() + 1).over("subject_id").alias("number"))
    )
    last_stretch = numbered.group_by("subject_id").agg(pl.col("stretch").max().alias("last_stretch"))
    belonging = numbered.join(stretches, on=["subject_id", "stretch"], how="inner", maintain_order="left").join(
        last_stretch, on="subject_id", how="left", maintain_order="left"
    )
    onset = pl.col("assessed_on").filter("active").min()
    last = pl.col("assessed_on").filter("active").max()
    inside = belonging.with_columns(
        onset.over(_EPISODE).alias("onset_on"),
        last.over(_EPISODE).alias("last_on"),
    ).filter(pl.col("assessed_on") >= pl.col("onset_on"))
    within = pl.col("assessed_on") <= pl.col("last_on")
    undecided = (pl.col("low") == 0) & (pl.col("high") > 0)
    ended = (pl.col("stretch") < pl.col("last_stretch")).first()
    return inside.group_by(_EPISODE, maintain_order=True).agg(
        pl.col("onset_on").first(),
        pl.col("last_on").first(),
        ended.alias("ended"),
        pl.col("low").max(),
        # Days after the last certain one may still be of the episode, and worse.
        pl.col("high").max(),
        pl.col("assessed_on").filter(pl.col("low") == pl.col("low").max()).first().alias("worst_on"),
        within.sum().cast(pl.Int64).alias("days"),
        undecided.sum().cast(pl.Int64).alias("open_days"),
    )
