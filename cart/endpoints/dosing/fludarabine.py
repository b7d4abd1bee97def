"""Dose of fludarabine by renal function."""

import polars as pl

from cart.endpoints.errors import ParameterError
from cart.endpoints.given import check_numbers, missing

DEFINITION = "FLUDARABINE-US-LABEL"
FULL_DOSE_MG_M2 = 25.0
# From this creatinine clearance (mL/min, Cockcroft-Gault) on this share of the full dose: 25, 20, 15 mg/m2.
SHARES = ((80, 1.0), (50, 0.8), (30, 0.6))
_LOWEST = SHARES[-1][0]
_LARGEST_BSA_M2 = 4


def fludarabine_dose(rows: pl.DataFrame, *, full_dose_mg_m2: float = FULL_DOSE_MG_M2) -> pl.DataFrame:
    """Dose of each row, for one day.

    Parameters
    ----------
    rows
        crcl_ml_min (Cockcroft-Gault), bsa_m2; null where not known.
    full_dose_mg_m2
        Daily dose at normal renal function: 25 in the label, often 30 in conditioning.

    Returns
    -------
    Columns fraction (of the full dose), dose_mg_m2, dose_mg and reason (why a dose is missing). Rows keep their order.

    Notes
    -----
    Creatinine clearance >= 80 the full dose, 50 to below 80 0.8 of it, 30 to below 50 0.6, below 30 mL/min none:
    not to be given. Nothing is rounded. The dose is a proposal to check the recorded one by, not an order.

    Source: US label of fludarabine phosphate, renal impairment (drugs.com/dosage/fludara.html).

    Raises
    ------
    ParameterError
        A negative clearance, a body surface that no subject has, or a full dose not above zero.

    >>> fludarabine_dose(pl.DataFrame({"crcl_ml_min": [50.0, 29.9], "bsa_m2": [1.5, 1.5]})).rows()
    [(0.8, 20.0, 30.0, ''), (None, None, None, 'creatinine clearance below 30 mL/min: not to be given')]
    """
    if not 0 < full_dose_mg_m2 < float("inf"):
        raise ParameterError(f"A full dose is above zero, in mg/m2; found {full_dose_mg_m2:g}. [dose-value]")
    what = "a number from 0 on, in mL/min"
    check_numbers(rows, "crcl_ml_min", low=0, high=1000, what=what, code="[dose-value]")
    what = f"a number from 0.1 to {_LARGEST_BSA_M2}, in m2"
    check_numbers(rows, "bsa_m2", low=0.1, high=_LARGEST_BSA_M2, what=what, code="[dose-value]")
    fraction: pl.Expr = pl.lit(None, pl.Float64)
    for clearance, share in reversed(SHARES):
        fraction = pl.when(pl.col("crcl_ml_min") >= clearance).then(share).otherwise(fraction)
    return (
        rows.with_columns(fraction.alias("fraction"))
        .with_columns((pl.col("fraction") * full_dose_mg_m2).alias("dose_mg_m2"))
        .select(
            "fraction",
            "dose_mg_m2",
            (pl.col("dose_mg_m2") * pl.col("bsa_m2")).alias("dose_mg"),
            pl.when(pl.col("crcl_ml_min") < _LOWEST)
            .then(pl.lit(f"creatinine clearance below {_LOWEST} mL/min: not to be given"))
            .otherwise(missing({"crcl_ml_min": "creatinine clearance", "bsa_m2": "body surface"}))
            .alias("reason"),
        )
    )
