"""Flags of laboratory values against a reference range. A value is an interval, never guessed."""

import polars as pl

from cart.endpoints.censoring import interval_high, interval_low


def range_flags(rows: pl.DataFrame) -> pl.DataFrame:
    """Flag of each value against its reference range.

    Parameters
    ----------
    rows
        Columns qualifier, value, lloq, lln, uln (null where there is no limit).

    Returns
    -------
    Columns flag (``LOW``, ``NORMAL``, ``HIGH``; empty where it cannot be said) and reason (why it cannot).

    Notes
    -----
    A limit itself is normal. With one limit only, a value on its side is ``NORMAL`` as far as that limit goes.
    ``<10`` is ``LOW`` against a lower limit of 10 or more; against 5 it may be low or normal: undetermined.

    >>> rows = pl.DataFrame({"qualifier": ["=", "<", "<"], "value": [4.0, 10.0, 10.0], "lloq": [None, None, None],
    ...     "lln": [5.0, 5.0, 12.0], "uln": [9.0, 20.0, 20.0]}, schema_overrides={"lloq": pl.Float64})
    >>> range_flags(rows).rows()
    [('LOW', ''), ('', 'censored: the interval crosses a limit'), ('LOW', '')]
    """
    lowest, highest = interval_low(), interval_high()
    # The open end of [0, 10) is not in it: 10 as lower limit has all of it below.
    is_open = (lowest < highest) & (pl.col("qualifier") != ">")
    lln, uln = pl.col("lln"), pl.col("uln")
    below = (highest < lln) | (is_open & (highest == lln))
    above = (lowest > uln) | ((pl.col("qualifier") == ">") & (lowest == uln))
    within = (lowest >= lln).fill_null(value=True) & (
        (highest <= uln).fill_null(value=True) | (is_open & (highest <= uln))
    )
    flag = (
        pl.when(lowest.is_null() | (lln.is_null() & uln.is_null()))
        .then(pl.lit(""))
        .when(below)
        .then(pl.lit("LOW"))
        .when(above)
        .then(pl.lit("HIGH"))
        .when(within)
        .then(pl.lit("NORMAL"))
        .otherwise(pl.lit(""))
    )
    reason = (
        pl.when(lowest.is_null())
        .then(pl.lit("no value"))
        .when(lln.is_null() & uln.is_null())
        .then(pl.lit("no reference range"))
        .when(flag == "")
        .then(pl.lit("censored: the interval crosses a limit"))
        .otherwise(pl.lit(""))
    )
    return rows.select(flag.alias("flag"), reason.alias("reason"))
