"""CAR-HEMATOTOX: risk of hematotoxicity, from five values before conditioning."""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.given import check_numbers, missing

DEFINITION = "CAR-HEMATOTOX-2021"


@dataclass(frozen=True)
class Item:
    """One value of the score: its unit, and its points by steps.

    ``steps``: limits with the points beyond each, the farthest last; ``itself``: the limit's own value has the points
    too. ``low``: low values have points.
    """

    word: str
    unit: str
    steps: tuple[tuple[float, bool, int], ...]
    low: bool


# Rejeski et al. 2021. On which side 1200, 9.0 and 3 lie is not printed there: the side of the calculators is taken.
ITEMS = {
    "platelets": Item("platelets", "10*9/L", ((175, True, 1), (75, False, 2)), low=True),
    "anc": Item("ANC", "/uL", ((1200, False, 1),), low=True),
    "hemoglobin": Item("hemoglobin", "g/dL", ((9, False, 1),), low=True),
    "crp": Item("CRP", "mg/dL", ((3, True, 1),), low=False),
    "ferritin": Item("ferritin", "ng/mL", ((650, True, 1), (2000, False, 2)), low=False),
}
HIGH_FROM = 2
HIGH, LOW = "high", "low"


def car_hematotox(rows: pl.DataFrame) -> pl.DataFrame:
    """Score of each subject.

    Parameters
    ----------
    rows
        platelets (10*9/L), anc (/uL), hemoglobin (g/dL), crp (mg/dL), ferritin (ng/mL): the last values before
        conditioning; null where there is none.

    Returns
    -------
    Columns score (0 to 7), category (``high`` from 2 on, else ``low``), at_least and at_most (the score with whatever
    is missing), reason (what is missing; empty where the score has a value). Rows keep their order.

    Notes
    -----
    Platelets > 175 0, 75-175 1, < 75 2; ANC < 1200 1; hemoglobin < 9.0 1; CRP >= 3 1; ferritin < 650 0, 650-2000 1,
    > 2000 2. With a missing value there is no score and no category, only bounds.

    Source: Rejeski K et al., Blood 2021;138:2499-2513.

    Raises
    ------
    ParameterError
        A negative value.

    >>> rows = pl.DataFrame({"platelets": [40.0, 175], "anc": [400.0, 1200], "hemoglobin": [7.8, 9],
    ...     "crp": [9.5, 1], "ferritin": [3200.0, None]})
    >>> car_hematotox(rows).rows()
    [(7, 'high', 7, 7, ''), (None, None, 1, 3, 'no ferritin')]
    """
    for name, item in ITEMS.items():
        what = f"a number from 0 on, in {item.unit}"
        check_numbers(rows, name, low=0, high=float("inf"), what=what, code="[hematotox-value]")
    points = {name: _points(name, item) for name, item in ITEMS.items()}
    bounds = rows.select(
        pl.sum_horizontal(one.fill_null(0) for one in points.values()).cast(pl.Int8).alias("at_least"),
        pl.sum_horizontal(one.fill_null(ITEMS[name].steps[-1][2]) for name, one in points.items())
        .cast(pl.Int8)
        .alias("at_most"),
        missing({name: item.word for name, item in ITEMS.items()}).alias("reason"),
    )
    complete = pl.col("reason") == ""
    category = pl.when(pl.col("at_least") >= HIGH_FROM).then(pl.lit(HIGH)).otherwise(pl.lit(LOW))
    return bounds.select(
        pl.when(complete).then("at_least").alias("score"),
        pl.when(complete).then(category).alias("category"),
        "at_least",
        "at_most",
        "reason",
    )


def _points(name: str, item: Item) -> pl.Expr:
    value = pl.col(name)
    found: pl.Expr = pl.when(value.is_not_null()).then(0)
    for limit, itself, points in item.steps:
        past = (value < limit) if item.low else (value > limit)
        found = pl.when(past | (value == limit) if itself else past).then(points).otherwise(found)
    return found
