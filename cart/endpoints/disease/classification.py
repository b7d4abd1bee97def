"""Classification of systemic sclerosis by the criteria of ACR and EULAR of 2013."""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.disease.items import Item, bounds, checked, decided, missing, only_where_equal


@dataclass(frozen=True)
class Criteria:
    """Domains of a classification: of each, the heaviest item that is present counts.

    ``sufficient`` is an item that classifies by itself; its domain has the weight of the cut.
    """

    id: str
    domains: tuple[tuple[tuple[str, int], ...], ...]
    sufficient: str
    cut: int
    source: str


ACR_EULAR_2013 = Criteria(
    id="acr-eular-2013",
    domains=(
        (("skin_prox_mcp", 9),),
        (("puffy", 2), ("sclerodactyly", 4)),
        (("tip_ulcer", 2), ("pitting", 3)),
        (("telangiectasia", 2),),
        (("nailfold", 2),),
        (("pah", 2), ("ild", 2)),
        (("raynaud", 3),),
        (("aca", 3), ("topo1", 3), ("rnap3", 3)),
    ),
    sufficient="skin_prox_mcp",
    cut=9,
    source="van den Hoogen F et al. Ann Rheum Dis 2013;72:1747-55",
)
ITEMS = (
    Item("skin_prox_mcp", "skin proximal to the MCP joints"),
    Item("puffy", "puffy fingers"),
    Item("sclerodactyly", "sclerodactyly"),
    Item("tip_ulcer", "fingertip ulcers"),
    Item("pitting", "pitting scars"),
    Item("telangiectasia", "telangiectasia"),
    Item("nailfold", "nailfold capillaroscopy"),
    Item("pah", "PAH"),
    Item("ild", "ILD"),
    Item("raynaud", "Raynaud"),
    Item("aca", "anticentromere"),
    Item("topo1", "anti-topoisomerase I"),
    Item("rnap3", "anti-RNA polymerase III"),
)


def acr_eular_classification(rows: pl.DataFrame, *, criteria: Criteria = ACR_EULAR_2013) -> pl.DataFrame:
    """Score and class of each assessment.

    Parameters
    ----------
    rows
        A yes-or-no column for each of ``ITEMS``, null where not assessed: skin thickening of the fingers of both
        hands that extends proximal to the metacarpophalangeal joints (skin_prox_mcp), puffy fingers, sclerodactyly,
        digital tip ulcers, fingertip pitting scars, telangiectasia, abnormal nailfold capillaries, pulmonary
        arterial hypertension, interstitial lung disease, Raynaud's phenomenon, and the three SSc-related antibodies.
    criteria
        Weights and cut.

    Returns
    -------
    Columns score_low, score_high (points that the items allow), score (points; null where they differ), sufficient
    (the sufficient criterion is met), classified (score at or above the cut; null where the missing items decide)
    and reason (what is missing, where the score is not one number). One row per row, in the same order.

    Notes
    -----
    The score is the sum over domains of the heaviest item present. A missing item is no zero: it counts as absent in
    score_low and as present in score_high. The criteria are not meant for skin thickening that spares the fingers,
    nor where a scleroderma-like disorder explains the findings better; that is judged before.

    Source: van den Hoogen F et al. Ann Rheum Dis 2013;72:1747-55.

    >>> rows = pl.DataFrame({item.name: [False, False] for item in ITEMS}).with_columns(
    ...     raynaud=pl.lit(True), sclerodactyly=pl.lit(True), nailfold=pl.Series([True, None]))
    >>> acr_eular_classification(rows).select("score_low", "score_high", "classified", "reason").rows()
    [(9, 9, True, ''), (7, 9, None, 'no nailfold capillaroscopy')]
    """

    def points(end: int) -> pl.Expr:
        weighed = [
            pl.max_horizontal(
                pl.when(bounds(pl.col(name))[end]).then(weight).otherwise(0).cast(pl.Int64) for name, weight in domain
            )
            for domain in criteria.domains
        ]
        return pl.sum_horizontal(weighed)

    scored = checked(rows, ITEMS).with_columns(points(0).alias("score_low"), points(1).alias("score_high"))
    low, high = pl.col("score_low"), pl.col("score_high")
    return scored.select(
        "score_low",
        "score_high",
        only_where_equal("score_low", "score_high").alias("score"),
        pl.col(criteria.sufficient).alias("sufficient"),
        decided(low >= criteria.cut, high >= criteria.cut).alias("classified"),
        pl.when(low == high).then(pl.lit("")).otherwise(missing(ITEMS)).alias("reason"),
    )
