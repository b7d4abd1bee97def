"""Dose of a cellular product: from volume and counts to viable CAR-positive cells per kg, and the ratio of two."""

import polars as pl

from cart.endpoints.dosing.body_surface import check_weight
from cart.endpoints.given import check_numbers, missing

_SHARES = {
    "viability": "viability",
    "cd3_of_viable": "CD3 share",
    "car_of_viable_cd3": "CAR share",
}
_AMOUNTS = {"volume_ml": "volume", "nucleated_cells_per_ml": "cell count"}


def cell_dose(rows: pl.DataFrame) -> pl.DataFrame:
    """Cells of each product, and the dose of the subject.

    Parameters
    ----------
    rows
        volume_ml, nucleated_cells_per_ml, viability (share of nucleated cells), cd3_of_viable (share of viable cells),
        car_of_viable_cd3 (share of viable CD3-positive cells), weight_kg; null where not measured. Shares are from 0 to
        1.

    Returns
    -------
    Columns total_nucleated, total_viable, viable_car_pos (cells), viable_car_pos_per_kg (cells/kg) and reason (what is
    missing; of the four those have a value that do not need it). Rows keep their order.

    Notes
    -----
    total_nucleated = volume * count; total_viable = that * viability; viable_car_pos = that * CD3 share * CAR share;
    per kg of body weight. The CAR share must be of viable CD3-positive cells: one of all viable cells would count the
    CD3 share twice; it is entered with a CD3 share of 1.

    Source: arithmetic of the certificate of analysis.

    Raises
    ------
    ParameterError
        A share outside 0 to 1 (a percentage), a negative amount, or a weight that no subject has.

    >>> rows = pl.DataFrame({"volume_ml": [50.0], "nucleated_cells_per_ml": [4e6], "viability": [0.9],
    ...     "cd3_of_viable": [0.95], "car_of_viable_cd3": [0.4], "weight_kg": [None]},
    ...     schema_overrides={"weight_kg": pl.Float64})
    >>> cell_dose(rows).rows()
    [(200000000.0, 180000000.0, 68400000.0, None, 'no weight')]
    """
    for name in _AMOUNTS:
        check_numbers(rows, name, low=0, high=1e15, what="a number from 0 on", code="[cell-dose]")
    for name in _SHARES:
        what = "a share from 0 to 1, not a percentage"
        check_numbers(rows, name, low=0, high=1, what=what, code="[cell-dose]")
    check_weight(rows)
    nucleated = pl.col("volume_ml") * pl.col("nucleated_cells_per_ml")
    viable = nucleated * pl.col("viability")
    positive = viable * pl.col("cd3_of_viable") * pl.col("car_of_viable_cd3")
    return rows.select(
        nucleated.alias("total_nucleated"),
        viable.alias("total_viable"),
        positive.alias("viable_car_pos"),
        (positive / pl.col("weight_kg")).alias("viable_car_pos_per_kg"),
        missing({**_AMOUNTS, **_SHARES, "weight_kg": "weight"}).alias("reason"),
    )


def dual_dose(rows: pl.DataFrame) -> pl.DataFrame:
    """Sum and ratio of the doses of two products given together.

    Parameters
    ----------
    rows
        first_per_kg, second_per_kg: viable CAR-positive cells/kg of each (CD19 and BCMA, say), by the same
        denominators; null where not known.

    Returns
    -------
    Columns total_per_kg, ratio (first to second) and reason (why one is missing). Rows keep their order.

    Raises
    ------
    ParameterError
        A negative dose.

    >>> dual_dose(pl.DataFrame({"first_per_kg": [9e5, 1e6], "second_per_kg": [1e6, 0.0]})).rows()
    [(1900000.0, 0.9, ''), (1000000.0, None, 'no cells of the second product: no ratio')]
    """
    first, second = pl.col("first_per_kg"), pl.col("second_per_kg")
    for name in ("first_per_kg", "second_per_kg"):
        check_numbers(rows, name, low=0, high=1e15, what="a number from 0 on, in cells/kg", code="[cell-dose]")
    return rows.select(
        (first + second).alias("total_per_kg"),
        pl.when(second > 0).then(first / second).alias("ratio"),
        pl.when((second == 0) & first.is_not_null())
        .then(pl.lit("no cells of the second product: no ratio"))
        .otherwise(missing({"first_per_kg": "first dose", "second_per_kg": "second dose"}))
        .alias("reason"),
    )
