"""Lung ultrasound: B-lines over 14 zones."""

import polars as pl

from cart.endpoints.disease.items import Item, checked, missing

MOST_B_LINES = 50
ZONES = tuple(
    Item(f"{side}_{place}", f"{side} {place}", 0, MOST_B_LINES, whole=True)
    for side in ("right", "left")
    for place in range(1, 8)
)
# Source: EUSTAR and others, as read.
ILD_FROM = 10


def b_lines(rows: pl.DataFrame, *, ild_from: int = ILD_FROM) -> pl.DataFrame:
    """Total of the B-lines of each examination, and whether it suggests ILD.

    Parameters
    ----------
    rows
        A column for each of the 14 ``ZONES``: B-lines seen, 0 to 50; null where the zone was not examined.
    ild_from
        Total from which ILD is suggested.

    Returns
    -------
    Columns total_low (of the zones examined), total_high (what the others allow), total (null where a zone is
    missing), suggests_ild (true, false; null where the missing zones decide) and reason. One row per row, in the same
    order.

    Notes
    -----
    A zone that was not examined is neither 0 nor the mean of the others: the total is missing. Enough B-lines in the
    zones examined suggest ILD whatever the others hold.

    Raises
    ------
    ParameterError
        A number that is not whole, or outside 0 to 50.

    >>> rows = pl.DataFrame({zone.name: [0, 1, 0] for zone in ZONES})
    >>> rows = rows.with_columns(left_7=pl.Series([3, None, None]), right_1=pl.Series([4, 1, 12]))
    >>> b_lines(rows).rows()
    [(7, 7, 7, False, ''), (13, 63, None, True, 'no left 7'), (12, 62, None, True, 'no left 7')]
    """
    taken = checked(rows, ZONES).with_columns(missing(ZONES).alias("reason"))
    low, high = (
        pl.sum_horizontal(pl.col(zone.name).fill_null(end) for zone in ZONES).cast(pl.Int64)
        for end in (0, MOST_B_LINES)
    )
    return taken.select(
        low.alias("total_low"),
        high.alias("total_high"),
        pl.when(pl.col("reason") == "").then(low).alias("total"),
        pl.when(low >= ild_from)
        .then(pl.lit(value=True))
        .when(high < ild_from)
        .then(pl.lit(value=False))
        .alias("suggests_ild"),
        "reason",
    )
