"""Body surface area from height and weight."""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from cart.endpoints.errors import ParameterError
from cart.endpoints.given import check_numbers, missing

MOSTELLER, DU_BOIS, HAYCOCK = "mosteller", "du-bois", "haycock"
# m2 = factor * height in cm ** first * weight in kg ** second.
FORMULAS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        MOSTELLER: (1 / 60, 0.5, 0.5),
        DU_BOIS: (0.007184, 0.725, 0.425),
        HAYCOCK: (0.024265, 0.3964, 0.5378),
    }
)
# A height in metres or a weight in grams is none of these.
HEIGHTS_CM, WEIGHTS_KG = (30, 280), (1, 500)


def check_weight(rows: pl.DataFrame) -> None:
    """Refuse a weight that no subject has.

    Raises
    ------
    ParameterError
        weight_kg outside ``WEIGHTS_KG``.
    """
    low, high = WEIGHTS_KG
    what = f"a number from {low} to {high}"
    check_numbers(rows, "weight_kg", low=low, high=high, what=what, code="[body-size]")


def body_surface(rows: pl.DataFrame, *, formula: str = MOSTELLER) -> pl.DataFrame:
    """Body surface area of each row.

    Parameters
    ----------
    rows
        height_cm, weight_kg; null where not measured.
    formula
        ``mosteller``, ``du-bois`` or ``haycock``: a choice of the protocol, and part of the answer.

    Returns
    -------
    Columns bsa_m2 and reason (what is missing). Rows keep their order.

    Notes
    -----
    Mosteller: sqrt(height * weight / 3600). Du Bois: 0.007184 * height ** 0.725 * weight ** 0.425. Haycock: 0.024265 *
    height ** 0.3964 * weight ** 0.5378.

    Source: Mosteller RD, N Engl J Med 1987;317:1098; Du Bois D, Du Bois EF, Arch Intern Med 1916;17:863-871; Haycock GB
    et al., J Pediatr 1978;93:62-66. As R's admiral computes (compute_bsa).

    Raises
    ------
    ParameterError
        Another formula, or a height or weight that no subject has.

    >>> body_surface(pl.DataFrame({"height_cm": [180.0, 170.0], "weight_kg": [80.0, None]})).rows()
    [(2.0, ''), (None, 'no weight')]
    """
    if formula not in FORMULAS:
        raise ParameterError(f"A formula is one of {', '.join(FORMULAS)}; found {formula!r}. [bsa-formula]")
    low, high = HEIGHTS_CM
    what = f"a number from {low} to {high}"
    check_numbers(rows, "height_cm", low=low, high=high, what=what, code="[body-size]")
    check_weight(rows)
    factor, of_height, of_weight = FORMULAS[formula]
    height, weight = (pl.col(name).cast(pl.Float64) for name in ("height_cm", "weight_kg"))
    return rows.select(
        (factor * height.pow(of_height) * weight.pow(of_weight)).alias("bsa_m2"),
        missing({"height_cm": "height", "weight_kg": "weight"}).alias("reason"),
    )
