"""Cumulative doses: tocilizumab in mg and mg/kg, steroids in mg of dexamethasone."""

from collections.abc import Mapping, Sequence

import polars as pl

# Names under which the drug is written in records, without case.
TOCILIZUMAB = ("tocilizumab", "actemra", "roactemra")
# Doses in mg of equal effect. US label of prednisolone (15 mg of it: cortisone 75, hydrocortisone 60, prednisone 15,
# methylprednisolone 12, triamcinolone 12, dexamethasone 2.25, betamethasone 2.25), a third of each.
STEROID_MG: Mapping[str, float] = {
    "dexamethasone": 0.75,
    "betamethasone": 0.75,
    "methylprednisolone": 4.0,
    "triamcinolone": 4.0,
    "prednisolone": 5.0,
    "prednisone": 5.0,
    "hydrocortisone": 20.0,
    "cortisone": 25.0,
}
STEROID = "steroid"


def named(drugs: Sequence[str]) -> pl.Expr:
    """Is one of the drugs named as a word in column ``drug``? Salts and brands beside it do not matter.

    >>> rows = pl.DataFrame({"drug": ["Prednisone", "Methylprednisolone sodium succinate", "Mesna"]})
    >>> rows.select(named(["prednisone", "methylprednisolone"]))["drug"].to_list()
    [True, True, False]
    """
    return pl.col("drug").str.to_lowercase().str.contains(rf"\b(?:{'|'.join(drugs)})\b")


def dexamethasone_factors(equivalents: Mapping[str, float]) -> pl.Expr:
    """Mg of dexamethasone that one mg of the steroid in column ``drug`` stands for; null for one without a factor.

    >>> rows = pl.DataFrame({"drug": ["Prednisone", "Methylprednisolone", "Deflazacort"]})
    >>> rows.select(dexamethasone_factors(STEROID_MG))["drug"].to_list()
    [0.15, 0.1875, None]
    """
    factor: pl.Expr = pl.lit(None, pl.Float64)
    for drug, mg in equivalents.items():
        factor = pl.when(named([drug])).then(equivalents["dexamethasone"] / mg).otherwise(factor)
    return factor.alias("drug")


def cumulative(given: pl.DataFrame, *, factor: pl.Expr) -> pl.DataFrame:
    """Sum of what was given after time zero of each subject.

    Parameters
    ----------
    given
        One row per dose row, or per therapy without one: subject_id, therapy_id, drug, started_on, stopped_on (null
        where not known to the day), ongoing, prior, daily_dose_mg, given_on, doses, dose_mg (null without dose rows),
        time_zero_on. Rows of one drug or class only.
    factor
        What a mg counts; null: this drug cannot be counted.

    Returns
    -------
    One row per subject with a row that counts or should: subject_id, mg, doses (null where a therapy is counted by its
    daily dose), uncounted (what is missing from the sum, in words; empty where nothing is), therapies.

    Notes
    -----
    A day from time zero on counts. A therapy without dose rows counts its daily dose on every day from its start (or
    time zero) to its stop, both included; without a daily dose, or with a day that is not known, it is not counted but
    named in ``uncounted``: the sum is then a lower bound. A therapy that ended before time zero has nothing to count.
    """
    zero = pl.col("time_zero_on")
    has_rows = pl.col("given_on").is_not_null()
    before = pl.col("prior") | (pl.col("stopped_on") < zero)
    first = pl.max_horizontal("started_on", "time_zero_on")
    days = (pl.col("stopped_on") - first).dt.total_days() + 1
    by_days = pl.when(pl.col("started_on").is_not_null() & ~pl.col("ongoing")).then(
        pl.col("daily_dose_mg").cast(pl.Float64) * days
    )
    why = (
        pl.when(factor.is_null())
        .then(pl.lit("no factor"))
        .when(has_rows)
        .then(None)
        .when(pl.col("daily_dose_mg").is_null())
        .then(pl.lit("no doses"))
        .when("ongoing")
        .then(pl.lit("ongoing, no doses"))
        .when(by_days.is_null())
        .then(pl.lit("dates not known to the day"))
    )
    rows = given.filter(
        zero.is_not_null()
        & pl.when(has_rows).then(pl.col("given_on") >= zero).otherwise(~before.fill_null(value=False))
    ).select(
        "subject_id",
        "therapy_id",
        pl.when(why.is_null())
        .then(pl.when(has_rows).then(pl.col("doses") * pl.col("dose_mg")).otherwise(by_days) * factor)
        .alias("mg"),
        pl.when(has_rows).then("doses").alias("doses"),
        pl.format("{} ({})", "drug", why).alias("uncounted"),
    )
    return (
        rows.group_by("subject_id")
        .agg(
            pl.col("mg").sum(),
            pl.when(pl.col("doses").is_not_null().all()).then(pl.col("doses").sum()).cast(pl.Int64).alias("doses"),
            pl.col("uncounted").drop_nulls().unique().sort().str.join(", "),
            pl.col("therapy_id").unique().sort().alias("therapies"),
        )
        .sort("subject_id")
    )
