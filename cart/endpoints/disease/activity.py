"""Disease activity: the revised index of EUSTAR of 2017."""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.disease.items import Item, bounds, checked, decided, missing, only_where_equal


@dataclass(frozen=True)
class ActivityIndex:
    """Weights (points), thresholds and cut of the index.

    ``mrss_above`` in points of the modified Rodnan skin score, ``crp_above`` in mg/dL, ``dlco_below`` in % predicted.
    """

    id: str = "eustar-2017"
    skin_worse: float = 1.5
    mrss: float = 1.5
    digital_ulcers: float = 1.5
    tendon_friction_rubs: float = 2.25
    crp: float = 2.25
    dlco: float = 1.0
    mrss_above: float = 18.0
    crp_above: float = 1.0
    dlco_below: float = 70.0
    active_from: float = 2.5


EUSTAR_2017 = ActivityIndex()
ITEMS = (
    Item("delta_skin_worse", "change of skin"),
    Item("mrss", "mRSS", 0, 51),
    Item("digital_ulcers", "digital ulcers"),
    Item("tendon_friction_rubs", "tendon friction rubs"),
    Item("crp_mg_dL", "CRP", 0, 1000),
    Item("dlco_pct", "DLCO", 0, 250),
)


def eustar_activity(rows: pl.DataFrame, *, index: ActivityIndex = EUSTAR_2017) -> pl.DataFrame:
    """Activity of each assessment.

    Parameters
    ----------
    rows
        Columns delta_skin_worse (skin worse in the last month in the subject's view), digital_ulcers,
        tendon_friction_rubs (yes or no), mrss (0 to 51), crp_mg_dL (mg/dL), dlco_pct (% predicted); null where not
        assessed.
    index
        Weights and thresholds.

    Returns
    -------
    Columns score_low, score_high, score (0 to 10 points; null where the missing items decide), active (score at or
    above ``active_from``; known from the bounds where they agree) and reason. One row per row, in the same order.

    Notes
    -----
    Skin worse 1.5, mRSS > 18 1.5, digital ulcers 1.5, tendon friction rubs 2.25, CRP > 1 mg/dL 2.25, DLCO < 70 %
    predicted 1.0; active from 2.5. The thresholds themselves give no points.

    Source: Valentini G et al. Ann Rheum Dis 2017;76:270-6.

    >>> rows = pl.DataFrame({"delta_skin_worse": [False, True], "mrss": [18, 19], "digital_ulcers": [False, False],
    ...     "tendon_friction_rubs": [True, False], "crp_mg_dL": [1.0, None], "dlco_pct": [69.9, 70]})
    >>> eustar_activity(rows).rows()
    [(3.25, 3.25, 3.25, True, ''), (3.0, 5.25, None, True, 'no CRP')]
    """
    weighed = (
        (pl.col("delta_skin_worse"), index.skin_worse),
        (pl.col("mrss") > index.mrss_above, index.mrss),
        (pl.col("digital_ulcers"), index.digital_ulcers),
        (pl.col("tendon_friction_rubs"), index.tendon_friction_rubs),
        (pl.col("crp_mg_dL") > index.crp_above, index.crp),
        (pl.col("dlco_pct") < index.dlco_below, index.dlco),
    )

    def points(end: int) -> pl.Expr:
        return pl.sum_horizontal(pl.when(bounds(one)[end]).then(weight).otherwise(0.0) for one, weight in weighed)

    scored = checked(rows, ITEMS).with_columns(points(0).alias("score_low"), points(1).alias("score_high"))
    low, high = pl.col("score_low"), pl.col("score_high")
    return scored.select(
        "score_low",
        "score_high",
        only_where_equal("score_low", "score_high").alias("score"),
        decided(low >= index.active_from, high >= index.active_from).alias("active"),
        missing(ITEMS).alias("reason"),
    )
