"""Renal function from serum creatinine: Cockcroft-Gault clearance, CKD-EPI 2021 filtration rate."""

import polars as pl

from cart.endpoints.dosing.body_surface import check_weight
from cart.endpoints.given import check_numbers, check_words, missing

# One mg/dL in umol/L; the factor that R's admiral takes (by molar mass it is 88.40).
UMOL_PER_L = 88.42
UNITS = {"mg/dL": 1.0, "umol/L": UMOL_PER_L}
SEXES = ("F", "M")
ADULT_FROM_YEARS = 18
_MOST_YEARS = 130
_CHILD = f"below {ADULT_FROM_YEARS} years: the equation is for adults"
_WORDS = {"creatinine": "creatinine", "unit": "unit of creatinine", "age_years": "age", "sex": "sex"}


def creatinine_clearance(rows: pl.DataFrame) -> pl.DataFrame:
    """Creatinine clearance of each row by Cockcroft and Gault.

    Parameters
    ----------
    rows
        creatinine (above zero) and its unit (``mg/dL``, ``umol/L``), age_years, sex (``F``, ``M``), weight_kg; null
        where not known.

    Returns
    -------
    Columns crcl_ml_min and reason (what is missing, or why there is no value). Rows keep their order.

    Notes
    -----
    (140 - age) * weight / (72 * creatinine in mg/dL), for women times 0.85. Weight is the one given: actual, ideal or
    adjusted is a choice of the protocol. No value below 18 years.

    Source: Cockcroft DW, Gault MH, Nephron 1976;16:31-41; as R's admiral computes (compute_egfr), but for creatinine in
    umol/L, which it takes with factors rounded to three digits.

    Raises
    ------
    ParameterError
        A unit, a sex or a number that cannot be.

    >>> rows = pl.DataFrame({"creatinine": [1.0, 1.0], "unit": "mg/dL", "age_years": [68, 68], "sex": ["M", "F"],
    ...     "weight_kg": [72.0, None]})
    >>> creatinine_clearance(rows).rows()
    [(72.0, ''), (None, 'no weight')]
    """
    check_weight(rows)
    share = pl.when(pl.col("sex") == "F").then(0.85).when(pl.col("sex") == "M").then(1.0)
    value = (140 - pl.col("age_years")) * pl.col("weight_kg") / (72 * _checked_creatinine(rows)) * share
    return _answered(rows, value.alias("crcl_ml_min"), {**_WORDS, "weight_kg": "weight"})


def egfr_ckd_epi(rows: pl.DataFrame) -> pl.DataFrame:
    """Estimated glomerular filtration rate of each row by CKD-EPI 2021.

    Parameters
    ----------
    rows
        creatinine (above zero) and its unit (``mg/dL``, ``umol/L``), age_years, sex (``F``, ``M``); null where not
        known.

    Returns
    -------
    Columns egfr_ml_min_173m2 and reason (what is missing, or why there is no value). Rows keep their order.

    Notes
    -----
    142 * min(c / k, 1) ** a * max(c / k, 1) ** -1.2 * 0.9938 ** age, for women times 1.012; c creatinine in mg/dL, k
    0.7 (women) or 0.9, a -0.241 (women) or -0.302. Without race. No value below 18 years. Per 1.73 m2: doses by
    clearance in mL/min go by ``creatinine_clearance``.

    Source: Inker LA et al., N Engl J Med 2021;385:1737-1749; as R's admiral computes (compute_egfr).

    Raises
    ------
    ParameterError
        A unit, a sex or a number that cannot be.

    >>> rows = pl.DataFrame({"creatinine": [1.09], "unit": ["mg/dL"], "age_years": [55], "sex": ["M"]})
    >>> round(egfr_ckd_epi(rows)["egfr_ml_min_173m2"][0], 1)
    80.2
    """
    women = pl.col("sex") == "F"
    ratio = _checked_creatinine(rows) / pl.when(women).then(0.7).when(~women).then(0.9)
    slope = pl.when(women).then(-0.241).otherwise(-0.302)
    value = (
        142
        * pl.min_horizontal(ratio, 1).pow(slope)
        * pl.max_horizontal(ratio, 1).pow(-1.2)
        * pl.lit(0.9938).pow(pl.col("age_years"))
        * pl.when(women).then(1.012).otherwise(1.0)
    )
    return _answered(rows, value.alias("egfr_ml_min_173m2"), _WORDS)


def _checked_creatinine(rows: pl.DataFrame) -> pl.Expr:
    """Creatinine in mg/dL, after a look at what every equation takes."""
    what = "a number above zero, at most 5000"
    check_numbers(rows, "creatinine", low=1e-6, high=5000, what=what, code="[renal-value]")
    what = f"a number from 0 to {_MOST_YEARS}"
    check_numbers(rows, "age_years", low=0, high=_MOST_YEARS, what=what, code="[renal-value]")
    check_words(rows, "unit", UNITS, "[renal-value]")
    check_words(rows, "sex", SEXES, "[renal-value]")
    return pl.col("creatinine") / pl.col("unit").replace_strict(UNITS, default=None, return_dtype=pl.Float64)


def _answered(rows: pl.DataFrame, value: pl.Expr, words: dict[str, str]) -> pl.DataFrame:
    child = pl.col("age_years") < ADULT_FROM_YEARS
    lacks = missing(words)
    known = (lacks == "") & ~child.fill_null(value=False)
    reason = pl.when(child & (lacks == "")).then(pl.lit(_CHILD)).otherwise(lacks)
    return rows.select(pl.when(known).then(value), reason.alias("reason"))
