"""Skin: total of the modified Rodnan skin score (mRSS) and its change."""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.disease.items import HAIR, Item, checked, missing

_SIDES = ("right", "left")
_PAIRED = ("upper_arm", "forearm", "hand", "fingers", "thigh", "leg", "foot")
SITES = tuple(
    Item(name, name.replace("_", " "), 0, 3, whole=True)
    for name in ("face", "chest", "abdomen", *(f"{side}_{site}" for site in _PAIRED for side in _SIDES))
)
_VISITS = (Item("mrss_base", "mRSS at baseline", 0, 51), Item("mrss_fu", "mRSS", 0, 51))


@dataclass(frozen=True)
class SkinChange:
    """Thresholds of a change of the mRSS: more than ``points`` and at least ``pct`` per cent of baseline.

    ``mcid``: minimal clinically important difference in diffuse cutaneous disease, points.
    """

    id: str = "mrss-5-25"
    points: float = 5.0
    pct: float = 25.0
    mcid: float = 5.0


MRSS_CHANGE = SkinChange()


def mrss_total(rows: pl.DataFrame) -> pl.DataFrame:
    """Total of each assessment.

    Parameters
    ----------
    rows
        A column for each of the 17 ``SITES``: 0 normal, 1 mild, 2 moderate, 3 severe thickness; null where the site
        could not be scored.

    Returns
    -------
    Columns total_low, total_high (what the missing sites allow), total (0 to 51; null where a site is missing) and
    reason. One row per row, in the same order.

    Notes
    -----
    A total with a missing site is missing: the site is neither 0 nor the mean of the others.

    Source: Khanna D et al. J Scleroderma Relat Disord 2017;2:11-8.

    Raises
    ------
    ParameterError
        A score that is not 0, 1, 2 or 3.

    >>> rows = pl.DataFrame({site.name: [1, 1] for site in SITES}).with_columns(chest=pl.Series([3, None]))
    >>> mrss_total(rows).rows()
    [(19, 19, 19, ''), (16, 19, None, 'no chest')]
    """
    taken = checked(rows, SITES).with_columns(missing(SITES).alias("reason"))
    low, high = (
        pl.sum_horizontal(pl.col(site.name).fill_null(end) for site in SITES).cast(pl.Int64)
        for end in (SITES[0].least, SITES[0].most)
    )
    return taken.select(
        low.alias("total_low"),
        high.alias("total_high"),
        pl.when(pl.col("reason") == "").then(low).alias("total"),
        "reason",
    )


def mrss_change(rows: pl.DataFrame, *, rule: SkinChange = MRSS_CHANGE) -> pl.DataFrame:
    """Change of the total from baseline.

    Parameters
    ----------
    rows
        Columns mrss_base, mrss_fu (0 to 51); null where the total is missing.
    rule
        Thresholds.

    Returns
    -------
    Columns change (points, rises are positive), change_pct (per cent of baseline; null where that is 0), result
    (``improvement``, ``progression``, ``stable``; null where a total is missing), mcid (a fall of at least the MCID)
    and reason. One row per row, in the same order.

    Notes
    -----
    Improvement and progression: more than 5 points and at least 25 % of baseline, both. From a baseline of 0 any rise
    of more than 5 points is a progression.

    Source: rule as in the studies of EUSTAR; MCID of 5 in diffuse disease: Khanna D et al. Arthritis Res Ther
    2019;21:23.

    >>> rows = pl.DataFrame({"mrss_base": [24, 20, 30, 20, None], "mrss_fu": [18, 15, 23, 26, 9]})
    >>> mrss_change(rows).select("change", "result", "mcid").rows()
    [(-6.0, 'improvement', True), (-5.0, 'stable', True), (-7.0, 'stable', True), (6.0, 'progression', False), \
(None, None, None)]
    """
    base, change = pl.col("mrss_base"), pl.col("mrss_fu") - pl.col("mrss_base")
    enough = (change.abs() > rule.points) & (change.abs() * 100 >= base * rule.pct - HAIR)
    result = (
        pl.when(change.is_null())
        .then(pl.lit(None, pl.String))
        .when(enough & (change < 0))
        .then(pl.lit("improvement"))
        .when(enough & (change > 0))
        .then(pl.lit("progression"))
        .otherwise(pl.lit("stable"))
    )
    return checked(rows, _VISITS).select(
        change.alias("change"),
        pl.when(base > 0).then(change / base * 100).alias("change_pct"),
        result.alias("result"),
        (change <= -rule.mcid).alias("mcid"),
        missing(_VISITS).alias("reason"),
    )
