"""Grade of a cytokine release syndrome by the ASTCT consensus."""

import polars as pl

from cart.endpoints.given import check_words, missing

DEFINITION = "ASTCT-2019"
# Grade that each word stands for by itself. Lee et al. 2019, table 2.
HYPOTENSION = {
    "none": 0,
    "no_pressor": 2,
    "one_pressor_pm_vasopressin": 3,
    "multiple_pressors_excl_vasopressin": 4,
}
HYPOXIA = {
    "none": 0,
    "low_flow_nc_le6_or_blowby": 2,
    "hfnc_facemask_nrb_venturi": 3,
    "positive_pressure": 4,
}
BY_PROTOCOL = "grade 1 or resolved: protocol decision"
# Lee et al. 2019, table 2, degrees Celsius.
FEVER_FROM_C = 38.0
_WORDS = {"fever": "fever", "fever_waived": "treatment", "hypotension": "hypotension", "hypoxia": "hypoxia"}
_MOST = 4


def has_fever(temperature_c: pl.Expr, other_cause: pl.Expr) -> pl.Expr:
    """Fever of the syndrome: at least 38.0 degrees Celsius that no other cause explains; null where not measured.

    >>> rows = pl.DataFrame({"t": [37.9, 38.0, 39.5, None], "other": [False, False, True, False]})
    >>> rows.select(has_fever(pl.col("t"), pl.col("other")))["t"].to_list()
    [False, True, False, None]
    """
    return (temperature_c >= FEVER_FROM_C) & ~other_cause


def crs_grades(rows: pl.DataFrame) -> pl.DataFrame:
    """Grade of each assessment.

    Parameters
    ----------
    rows
        fever: temperature >= 38.0 degrees Celsius not attributable to another cause (true, false, null);
        fever_waived: antipyretics or anticytokines (tocilizumab, steroids) were given, so that fever is not required
        any more; hypotension and hypoxia: words of ``HYPOTENSION`` (low flow is <= 6 L/min) and ``HYPOXIA``. May have
        died: death of the syndrome.

    Returns
    -------
    Columns low, high (grades 0 to 5 that the assessment can have; null where nothing is known) and reason (why not one
    grade; empty where it is one). Rows keep their order; each is graded by itself.

    Notes
    -----
    Grade = worst of hypotension and hypoxia (2, 3, 4), at least 1 with fever; death is 5. Without fever and without the
    treatment that hides it there is no CRS: 0 whatever else is found. Where fever is hidden and nothing else is left,
    the consensus does not say whether the syndrome is of grade 1 or over: bounds 0 to 1, a decision of the protocol.
    A missing component leaves bounds unless the others decide. Organ toxicities do not count.

    Source: Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638 (also PMC9327779, table 2).

    Raises
    ------
    ParameterError
        A word that the scale does not have.

    Examples
    --------
    >>> rows = pl.DataFrame({"fever": [True, False, True], "fever_waived": [False, True, False],
    ...     "hypotension": ["no_pressor", "none", None], "hypoxia": ["none", "none", "low_flow_nc_le6_or_blowby"]})
    >>> crs_grades(rows).rows()
    [(2, 2, ''), (0, 1, 'grade 1 or resolved: protocol decision'), (2, 4, 'no hypotension')]
    """
    check_words(rows, "hypotension", HYPOTENSION, "[crs-component]")
    check_words(rows, "hypoxia", HYPOXIA, "[crs-component]")
    hypotension = pl.col("hypotension").replace_strict(HYPOTENSION, default=None, return_dtype=pl.Int8)
    hypoxia = pl.col("hypoxia").replace_strict(HYPOXIA, default=None, return_dtype=pl.Int8)
    least = pl.max_horizontal(hypotension.fill_null(0), hypoxia.fill_null(0))
    most = pl.max_horizontal(hypotension.fill_null(_MOST), hypoxia.fill_null(_MOST))
    fever, waived = pl.col("fever"), pl.col("fever_waived")
    died = pl.col("died").fill_null(value=False) if "died" in rows.columns else pl.lit(value=False)
    with_fever = pl.max_horizontal(pl.lit(1, pl.Int8), least)
    # Only hidden fever leaves open whether anything is left of the syndrome.
    low = pl.when(fever).then(with_fever).when(waived).then(least).otherwise(0)
    high = pl.when(~fever & ~waived).then(0).otherwise(pl.max_horizontal(pl.lit(1, pl.Int8), most))
    unknown = pl.all_horizontal(pl.col(name).is_null() for name in _WORDS) & ~died
    graded = rows.select(
        *(
            pl.when(unknown).then(None).when(died).then(5).otherwise(grade).cast(pl.Int8).alias(name)
            for name, grade in (("low", low), ("high", high))
        ),
        missing(_WORDS).alias("missing"),
    )
    return graded.select(
        "low",
        "high",
        pl.when(pl.col("low") == pl.col("high"))
        .then(pl.lit(""))
        .when(pl.col("missing") != "")
        .then("missing")
        .otherwise(pl.lit(BY_PROTOCOL))
        .alias("reason"),
    )
