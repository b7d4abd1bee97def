"""Thrombocytopenia after effector cells (T-ICAHT): grade by days of low platelets."""

import polars as pl

from cart.endpoints.errors import ParameterError
from cart.endpoints.given import check_whole, missing
from cart.endpoints.toxicity.low_spells import Low, check_counts, low_spells

DEFINITION = "T-ICAHT-2025"
# Platelets, 10*9/L. Rejeski et al. 2025, table 1.
LT50, LT20 = Low(50, itself=False), Low(20, itself=False)
EARLY_TO_DAY = 30
WEEK, FORTNIGHT = 7, 14


def t_icaht_early(days: pl.DataFrame) -> pl.DataFrame:
    """Grade of early T-ICAHT (day 0 to 30) from the days of low platelets.

    Parameters
    ----------
    days
        lt50 and lt20: cumulative days with platelets < 50 and < 20 * 10*9/L (see ``low_platelet_days``), 0 to 31.

    Returns
    -------
    Columns low, high (grades 0 to 4; null where nothing is known) and reason (why not one grade). Rows keep their
    order.

    Notes
    -----
    < 20: 14 days are grade 4, 1 day is 3. < 50: 7 days are 2, 1 day is 1. Without the days < 20 the grade is at
    least that of the days < 50; days < 20 are days < 50.

    Source: Rejeski K et al., Blood 2025, doi 10.1182/blood.2025028833, table 1.

    Raises
    ------
    ParameterError
        Days that are no whole number from 0 to 31, or more of < 20 than of < 50.

    >>> t_icaht_early(pl.DataFrame({"lt50": [13, 13, 6], "lt20": [13, 0, None]})).rows()
    [(3, 3, ''), (2, 2, ''), (1, 3, 'no days below 20')]
    """
    for name in ("lt50", "lt20"):
        check_whole(days, name, high=EARLY_TO_DAY + 1, code="[low-platelet-days]")
    turned = days.filter(pl.col("lt20") > pl.col("lt50"))
    if turned.height:
        lt50, lt20 = turned.select("lt50", "lt20").row(0)
        raise ParameterError(
            f"Days below 20 are days below 50 too; found {lt20} below 20 and {lt50} below 50. Correct the rows. "
            "[low-platelet-days]"
        )
    by_50 = pl.when(pl.col("lt50") >= WEEK).then(2).when(pl.col("lt50") >= 1).then(1).when(pl.col("lt50") == 0).then(0)
    by_20 = _by_20(pl.col("lt20"))
    # Unknown days below 20 are at most those below 50, unknown days below 50 at least those below 20.
    most_20 = _by_20(pl.coalesce("lt20", "lt50"))
    unknown = pl.col("lt50").is_null() & pl.col("lt20").is_null()
    at_least = pl.max_horizontal(by_50.fill_null(0), by_20.fill_null(0))
    at_most = pl.max_horizontal(by_50.fill_null(2), most_20)
    names = {"lt50": "days below 50", "lt20": "days below 20"}
    return days.select(
        *(
            pl.when(~unknown).then(grade).cast(pl.Int8).alias(name)
            for name, grade in (("low", at_least), ("high", at_most))
        ),
        pl.when(at_least == at_most).then(pl.lit("")).otherwise(missing(names)).alias("reason"),
    )


def low_platelet_days(counts: pl.DataFrame, *, last_day: int = EARLY_TO_DAY) -> pl.DataFrame:
    """Cumulative days with low platelets of each subject.

    Parameters
    ----------
    counts
        Platelets, 10*9/L: subject_id, day (0 to ``last_day``), qualifier, value, lloq.

    Returns
    -------
    One row per subject with a count, sorted: subject_id, lt50, lt20. Days known to be low; a recovery of less than
    three days is counted with them. Days behind the last count are not.

    Raises
    ------
    ParameterError
        A negative count, or a day outside the window.
    """
    check_counts(counts, last_day=last_day)
    below_50, below_20 = (
        low_spells(counts, low=low, last_day=last_day, worst=False).select(
            "subject_id", pl.col("cumulative").alias(name)
        )
        for low, name in ((LT50, "lt50"), (LT20, "lt20"))
    )
    return below_50.join(below_20, on="subject_id").sort("subject_id")


def _by_20(days: pl.Expr) -> pl.Expr:
    return pl.when(days >= FORTNIGHT).then(4).when(days >= 1).then(3).when(days == 0).then(0)
