"""Immune effector cell-associated hematotoxicity (ICAHT) by EHA/EBMT: neutrophils, early and late."""

import polars as pl

from cart.endpoints.censoring import interval_high, interval_low
from cart.endpoints.errors import ParameterError
from cart.endpoints.toxicity.low_spells import Low, check_counts, low_spells

DEFINITION = "EHA-EBMT-2023"
# Absolute neutrophil count, /uL. Rejeski et al. 2023, table 1.
SEVERE, PROFOUND = Low(500, itself=True), Low(100, itself=True)
EARLY_TO_DAY = 30
# Never above 500/uL: low from one of the first days on, to the end. Liang et al. 2024.
NEVER_FROM_DAY = 3
LATE_LIMITS = ((1500, 1), (1000, 2), (500, 3), (100, 4))
LONGEST, CUMULATIVE = "longest", "cumulative"
_WEEK, _FORTNIGHT = 7, 14


def icaht_early(counts: pl.DataFrame, *, method: str = LONGEST, last_day: int = EARLY_TO_DAY) -> pl.DataFrame:
    """Grade of early ICAHT (day 0 to 30) of each subject.

    Parameters
    ----------
    counts
        Absolute neutrophil counts, /uL: subject_id, day (since infusion, 0 to ``last_day``), qualifier, value, lloq.
    method
        Days that count: of the ``longest`` spell, or ``cumulative`` of all. The publications do both: a choice of
        the protocol.
    last_day
        Last day of the window.

    Returns
    -------
    One row per subject, sorted: subject_id, longest_le500, longest_le100, cumulative_le500, cumulative_le100 (days that
    are known to be low), low and high (grades 0 to 4), reason (why not one grade; empty where it is one). Null with a
    reason where a subject has rows and no count.

    Notes
    -----
    <= 500/uL for 1-6 days is grade 1, 7-13 is 2, >= 14 is 3; <= 100/uL for 7-13 days is 3, >= 14 is 4; never above
    500/uL (low from day 0-3 to the last day) is 4. Spells: :mod:`cart.endpoints.toxicity.low_spells`. The upper bound
    takes as low what is not known: days behind the last count, counts below a limit above the threshold.

    Source: Rejeski K et al., Blood 2023;142:865-877; automated grading: Liang EC et al., Blood Adv 2024.

    Raises
    ------
    ParameterError
        A negative count, a day outside the window, or another method.

    Examples
    --------
    >>> counts = pl.DataFrame({"subject_id": 1, "day": range(31), "qualifier": "=", "value": [900.0] * 5 + [450.0] * 8
    ...     + [2000.0] * 18}).with_columns(lloq=pl.lit(None, pl.Float64))
    >>> icaht_early(counts).rows()
    [(1, 8, 0, 8, 0, 2, 2, '')]
    """
    if method not in (LONGEST, CUMULATIVE):
        raise ParameterError(f"The method is {LONGEST} or {CUMULATIVE}; found {method!r}. [icaht-method]")
    check_counts(counts, last_day=last_day)
    least, most = (_graded(counts, method=method, last_day=last_day, worst=worst) for worst in (False, True))
    subjects = counts.select(pl.col("subject_id").unique().sort())
    return (
        subjects.join(least, on="subject_id", how="left", maintain_order="left")
        .join(most.select("subject_id", high="grade"), on="subject_id", how="left", maintain_order="left")
        .select(
            "subject_id",
            *(f"{name}_{limit}" for name in (LONGEST, CUMULATIVE) for limit in ("le500", "le100")),
            pl.col("grade").alias("low"),
            "high",
            pl.when(pl.col("grade").is_null())
            .then(pl.lit(f"no count from day 0 to {last_day}"))
            .when(pl.col("grade") == pl.col("high"))
            .then(pl.lit(""))
            .when(pl.col("last") < last_day)
            .then(pl.format("counts end on day {}: grade {} to {}", "last", "grade", "high"))
            .otherwise(pl.format("censored: grade {} to {}", "grade", "high"))
            .alias("reason"),
        )
    )


def icaht_late(counts: pl.DataFrame) -> pl.DataFrame:
    """Grade of late ICAHT (after day 30) of each subject.

    Parameters
    ----------
    counts
        Absolute neutrophil counts after day 30, /uL: subject_id, qualifier, value, lloq.

    Returns
    -------
    One row per subject, sorted: subject_id, low, high (grades 0 to 4), reason (why not one grade; empty where it is
    one). Null with a reason where a subject has rows and no count.

    Notes
    -----
    The lowest count grades: <= 1500/uL is 1, <= 1000 is 2, <= 500 is 3, <= 100 is 4. Two counts <= 1500/uL at least are
    asked for, so that a passing fall is none: with one of several there is grade 0. A subject with one count in all is
    between 0 and its grade. A count below a limit leaves bounds.

    Source: Rejeski K et al., Blood 2023;142:865-877, table 1 (two measurements, or non-transient).

    Raises
    ------
    ParameterError
        A negative count.

    Examples
    --------
    >>> counts = pl.DataFrame({"subject_id": [1, 1, 2], "qualifier": "=", "value": [480.0, 1400.0, 1450.0]})
    >>> icaht_late(counts.with_columns(lloq=pl.lit(None, pl.Float64))).rows()
    [(1, 3, 3, ''), (2, 0, 1, 'one count: grade 0 to 1')]
    """
    check_counts(counts.with_columns(day=pl.lit(0)), last_day=0)
    # Of [0, 100) every value is at most 100, of (500, inf) none at most 500.
    worst = interval_low() + pl.when((pl.col("qualifier") == ">") & (interval_high() > interval_low())).then(
        1e-9
    ).otherwise(0)
    ends = counts.select("subject_id", interval_high().alias("mildest"), worst.alias("worst"))
    grades = (
        ends.group_by("subject_id")
        .agg(
            pl.col("worst").count().alias("counts"),
            *(pl.col(end).min().alias(end) for end in ("mildest", "worst")),
            *((pl.col(end) <= LATE_LIMITS[0][0]).sum().alias(f"{end}_low") for end in ("mildest", "worst")),
        )
        .sort("subject_id")
        .with_columns(
            pl.when(pl.col("mildest_low") > 1).then(_late("mildest")).otherwise(0).alias("low"),
            pl.when((pl.col("worst_low") > 1) | (pl.col("counts") == 1))
            .then(_late("worst"))
            .otherwise(0)
            .alias("high"),
        )
    )
    none = pl.col("counts") == 0
    return grades.select(
        "subject_id",
        *(pl.when(~none).then(name).cast(pl.Int8).alias(name) for name in ("low", "high")),
        pl.when(none)
        .then(pl.lit("no count after day 30"))
        .when(pl.col("low") == pl.col("high"))
        .then(pl.lit(""))
        .when(pl.col("counts") == 1)
        .then(pl.format("one count: grade {} to {}", "low", "high"))
        .otherwise(pl.format("censored: grade {} to {}", "low", "high"))
        .alias("reason"),
    )


def _graded(counts: pl.DataFrame, *, method: str, last_day: int, worst: bool) -> pl.DataFrame:
    severe, profound = (
        low_spells(counts, low=low, last_day=last_day, worst=worst).rename(
            {name: f"{name}_{limit}" for name in (LONGEST, CUMULATIVE, "unended_from")}
        )
        for low, limit in ((SEVERE, "le500"), (PROFOUND, "le100"))
    )
    last = counts.filter(pl.col("value").is_not_null()).group_by("subject_id").agg(pl.col("day").max().alias("last"))
    days, deep = pl.col(f"{method}_le500"), pl.col(f"{method}_le100")
    grade = (
        pl.when((deep >= _FORTNIGHT) | (pl.col("unended_from_le500") <= NEVER_FROM_DAY))
        .then(4)
        .when((deep >= _WEEK) | (days >= _FORTNIGHT))
        .then(3)
        .when(days >= _WEEK)
        .then(2)
        .when(days > 0)
        .then(1)
        .otherwise(0)
    )
    return (
        severe.join(profound, on="subject_id", maintain_order="left")
        .join(last, on="subject_id", maintain_order="left")
        .with_columns(grade.cast(pl.Int8).alias("grade"))
    )


def _late(count: str) -> pl.Expr:
    grade: pl.Expr = pl.lit(0)
    for limit, of_limit in LATE_LIMITS:
        grade = pl.when(pl.col(count) <= limit).then(of_limit).otherwise(grade)
    return grade
