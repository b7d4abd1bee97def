"""Spells of low counts in a window of days: how long the longest is, how many days they have together.

A recovery that lasts less than three days does not end a spell: its days belong to it.
"""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.censoring import interval_high, interval_low
from cart.endpoints.errors import ParameterError

# Days without a low count, a count above among them, that end a spell. Liang et al. 2024; T-ICAHT, table 1.
RECOVERY_DAYS = 3


@dataclass(frozen=True)
class Low:
    """Which counts are low: at most ``limit`` (``itself``), or below it."""

    limit: float
    itself: bool


def check_counts(counts: pl.DataFrame, *, last_day: int) -> None:
    """Refuse a count that is negative or a day outside 0 to ``last_day``.

    Raises
    ------
    ParameterError
        Naming what was found.
    """
    wrong = counts.filter((pl.col("value") < 0) | ~pl.col("day").is_between(0, last_day))
    if wrong.height:
        day, value = wrong.select("day", "value").row(0)
        raise ParameterError(
            f"A count is not negative and of a day from 0 to {last_day}; found {value} on day {day}. Give the counts "
            "of the window alone. [low-counts]"
        )


def low_spells(counts: pl.DataFrame, *, low: Low, last_day: int, worst: bool) -> pl.DataFrame:
    """Spells of low counts of each subject.

    Parameters
    ----------
    counts
        Columns subject_id, day (since infusion), qualifier, value, lloq; a null value is no count. Of several counts
        of a day the lowest is taken.
    low
        Which counts are low.
    last_day
        Last day of the window.
    worst
        What is not known is taken as low: a count below a limit that does not tell, and every day of the window
        behind the last count. Otherwise as not low.

    Returns
    -------
    One row per subject with a count: subject_id, longest and cumulative (days), unended_from (first day of a spell that
    lasts to the last day of the window; null where none does).

    Notes
    -----
    A spell runs from its first to its last low count; days without a count in between belong to it. Two low counts are
    of two spells where a count above lies between them and at least three days do. Cumulative: the spells' days
    together.
    """
    beyond = interval_high() <= low.limit if low.itself else interval_high() < low.limit
    # [0, 50) is below 50 and (500, inf) above 500, though their ends are not.
    open_end = (pl.col("qualifier") != ">") & (interval_low() < interval_high()) & (interval_high() <= low.limit)
    above = (interval_low() > low.limit) | (
        (interval_low() == low.limit) & ((pl.col("qualifier") == ">") | (not low.itself))
    )
    found = counts.filter(pl.col("value").is_not_null()).select(
        "subject_id", "day", pl.when(beyond | open_end).then(True).when(above).then(False).alias("low")
    )
    days = found.group_by("subject_id", "day").agg(pl.col("low").fill_null(value=worst).any())
    rest = _rest(days, last_day) if worst else days.clear()
    ordered = pl.concat([days, rest]).sort("subject_id", "day")
    subjects = ordered.select("subject_id").unique(maintain_order=True)
    spells = (
        _spells(ordered)
        .group_by("subject_id", maintain_order=True)
        .agg(
            pl.col("days").max().alias("longest"),
            pl.col("days").sum().alias("cumulative"),
            pl.col("from").filter(pl.col("to") == last_day).first().alias("unended_from"),
        )
    )
    return subjects.join(spells, on="subject_id", how="left", maintain_order="left").with_columns(
        pl.col("longest", "cumulative").fill_null(0)
    )


def _rest(days: pl.DataFrame, last_day: int) -> pl.DataFrame:
    """Low counts on every day behind the last count."""
    return (
        days.group_by("subject_id")
        .agg(pl.int_ranges(pl.col("day").max() + 1, last_day + 1).first().alias("day"))
        .explode("day")
        .filter(pl.col("day").is_not_null())
        .select("subject_id", pl.col("day").cast(days.schema["day"]), pl.lit(value=True).alias("low"))
    )


def _spells(ordered: pl.DataFrame) -> pl.DataFrame:
    """First and last day of every spell."""
    counted = ordered.with_columns((~pl.col("low")).cum_sum().over("subject_id").alias("above"))
    apart = (pl.col("above") != pl.col("above").shift(1)) & (
        pl.col("day") - pl.col("day").shift(1) - 1 >= RECOVERY_DAYS
    )
    return (
        counted.filter("low")
        .with_columns(apart.fill_null(value=True).cum_sum().over("subject_id").alias("spell"))
        .group_by("subject_id", "spell", maintain_order=True)
        .agg(pl.col("day").min().alias("from"), pl.col("day").max().alias("to"))
        .with_columns((pl.col("to") - pl.col("from") + 1).cast(pl.Int64).alias("days"))
    )
