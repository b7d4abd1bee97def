"""Per cent of predicted of a lung function test as a site records it.

The age is the one of the device's report or, without it, known from the year of birth to half a year: then the answer
is of the middle of that year, with the bounds that the birthday leaves.
"""

import polars as pl

from cart.endpoints.disease.lung_function import DEVICE_LIMIT_POINTS, EQUATIONS, device_differs, lung_function
from cart.endpoints.errors import ParameterError
from cart.endpoints.registry import Parameter

DAYS_A_YEAR = 365.25
# Beyond it a height, unit or decimal point is wrong; indices refuse such a number.
MOST_PCT = 250.0
ADULT_YEARS = 15
FROM_YEAR_OF_BIRTH = "age from the year of birth"
NOT_CORRECTED = "not corrected for haemoglobin"
_TRANSFER = {
    "mmol/min/kPa": "GLI-2017-TLCO(corr2020)-SI",
    "mL/min/mm[Hg]": "GLI-2017-TLCO(corr2020)-trad",
}
_COLUMNS = ("pct", "pct_low", "pct_high", "lln_pct", "reason", "remark")

SPIROMETRY_EQUATION = Parameter(
    "spirometry_equation",
    "GLI-Global-2022",
    "",
    "Bowerman C et al. Am J Respir Crit Care Med 2023;207:768-74",
    "Reference equations of FVC and FEV1. GLI-2012 needs the subject's group; an unknown one is taken for no other.",
    choices=tuple(one for one in EQUATIONS if "FVC" in EQUATIONS[one].measures),
)
UNUSABLE_GRADES = Parameter(
    "unusable_grades",
    ["F"],
    "",
    "ATS and ERS 2019: a test of grade F is not usable",
    "Quality grades whose tests are not evaluated.",
)
DEVICE_LIMIT = Parameter(
    "device_limit_points",
    DEVICE_LIMIT_POINTS,
    "%",
    "own rule",
    "Difference of the device's own % predicted, in points, above which a data query is opened.",
)


def predicted(rows: pl.DataFrame, *, equation: str, measure: str, measured: str) -> pl.DataFrame:
    """Per cent of predicted of each test.

    Parameters
    ----------
    rows
        Columns assessed_on, year_of_birth, age_years (of the report), height_cm, sex, gli_group, and the measured
        value; null where not known.
    equation, measure
        As for ``lung_function``.
    measured
        Column of the measured value, in the unit of the measure.

    Returns
    -------
    Columns pct; pct_low, pct_high (null where the age is given); lln_pct (lower limit of normal in % predicted);
    reason (why there is no pct) and remark. One row per row, in the same order.

    Notes
    -----
    A sex that is neither M nor F, and an age or a per cent that cannot be, leave no answer and say so.

    Source: the middle of the year of birth is our own choice; equations as named.

    >>> import datetime as dt
    >>> rows = pl.DataFrame({"assessed_on": dt.date(2024, 9, 3), "year_of_birth": [1968, None], "age_years": None,
    ...     "height_cm": 168.0, "sex": "F", "gli_group": None, "fvc_l": 2.6})
    >>> found = predicted(rows, equation="GLI-Global-2022", measure="FVC", measured="fvc_l")
    >>> found.select(pl.col("pct", "pct_low", "pct_high").round(1), "reason", "remark").rows()
    ... # doctest: +NORMALIZE_WHITESPACE
    [(77.5, 77.2, 77.8, '', 'age from the year of birth'), (None, None, None, 'no age', '')]
    """
    ages = _ages()
    parts = []
    for name, age in ages.items():
        given = rows.select(
            age.alias("age_years"),
            pl.col("height_cm", measured).cast(pl.Float64),
            pl.when(pl.col("sex").is_in(["M", "F"])).then("sex").alias("sex"),
            pl.col("gli_group").cast(pl.Int64).alias("group"),
        ).rename({measured: "measured"})
        found = lung_function(given, equation=equation, measure=measure)
        parts.append(
            found.select(
                pl.col("pct_predicted").alias(name),
                (100 * pl.col("lln") / pl.col("m")).alias(f"{name}_lln"),
                pl.col("reason").alias(f"{name}_reason"),
            )
        )
    told = pl.concat([rows.select("age_years"), *parts], how="horizontal")
    pct, by_year = pl.col("middle"), pl.col("age_years").is_null()
    possible = pct <= MOST_PCT
    return told.select(
        pl.when(possible).then(pct).alias("pct"),
        *(
            pl.when(possible & by_year).then(end(*ages)).alias(f"pct_{name}")
            for name, end in (("low", pl.min_horizontal), ("high", pl.max_horizontal))
        ),
        pl.col("middle_lln").alias("lln_pct"),
        pl.when(pl.col("middle_reason") != "")
        .then("middle_reason")
        .when(~possible)
        .then(pl.format("{} % of predicted cannot be: check height, value and unit", pct.round(0).cast(pl.Int64)))
        .otherwise(pl.lit(""))
        .alias("reason"),
        pl.when(possible & by_year).then(pl.lit(FROM_YEAR_OF_BIRTH)).otherwise(pl.lit("")).alias("remark"),
    )


def dlco_predicted(rows: pl.DataFrame, *, corrected: bool = True) -> pl.DataFrame:
    """Per cent of predicted of each DLCO, corrected for haemoglobin where that is known.

    Parameters
    ----------
    rows
        As for :func:`predicted`, with dlco, unit (``mmol/min/kPa`` or ``mL/min/mm[Hg]``) and haemoglobin_g_dl.
    corrected
        Whether to correct at all: the device's own % predicted may be of the uncorrected value.

    Returns
    -------
    As :func:`predicted`.

    Notes
    -----
    To the standard haemoglobin of 14.6 g/dL in men and 13.4 in women and children below 15 years: DLCO times
    (10.22 + Hb) / (1.7 Hb) and (9.38 + Hb) / (1.7 Hb).

    Source: Graham BL et al. Eur Respir J 2017;49:1600016 (after Cotes), generally known, not read.

    >>> import datetime as dt
    >>> rows = pl.DataFrame({"assessed_on": dt.date(2024, 9, 3), "year_of_birth": None, "age_years": 50.0,
    ...     "height_cm": 170.0, "sex": "M", "gli_group": None, "dlco": 8.0, "unit": "mmol/min/kPa",
    ...     "haemoglobin_g_dl": [14.6, 11.0, None]})
    >>> dlco_predicted(rows).select(pl.col("pct").round(1), "remark").rows()
    [(89.1, ''), (101.1, ''), (89.1, 'not corrected for haemoglobin')]
    """
    unknown = [one for one in rows["unit"].drop_nulls().unique().to_list() if one not in ("", *_TRANSFER)]
    if unknown:
        raise ParameterError(f"DLCO is in {' or '.join(_TRANSFER)}; found {unknown[0]!r}. [dlco-unit]")
    haemoglobin = pl.col("haemoglobin_g_dl").cast(pl.Float64)
    as_man = (pl.col("sex") == "M") & (_ages()["middle"] >= ADULT_YEARS)
    term = pl.when(as_man).then(10.22).otherwise(9.38)
    factor = ((term + haemoglobin) / (1.7 * haemoglobin)).fill_null(1.0) if corrected else pl.lit(1.0)
    numbered = rows.with_columns((pl.col("dlco").cast(pl.Float64) * factor).alias("dlco")).with_row_index("_place")
    parts = [
        pl.concat(
            [
                part.select("_place", "haemoglobin_g_dl"),
                predicted(
                    part, equation=_TRANSFER.get(str(unit), _TRANSFER["mmol/min/kPa"]), measure="TLCO", measured="dlco"
                ),
            ],
            how="horizontal",
        )
        for (unit,), part in numbered.group_by("unit")
    ]
    if not parts:
        return predicted(numbered, equation=_TRANSFER["mmol/min/kPa"], measure="TLCO", measured="dlco")
    plain = pl.when(pl.col("haemoglobin_g_dl").is_null() & pl.col("pct").is_not_null()).then(pl.lit(NOT_CORRECTED))
    remarks = pl.concat_str(pl.when(pl.col("remark") != "").then("remark"), plain, separator="; ", ignore_nulls=True)
    return pl.concat(parts).sort("_place").with_columns(remarks.alias("remark")).select(_COLUMNS)


def device_disagrees(found: pl.DataFrame, device: pl.Series, *, limit_points: float) -> pl.Series:
    """Whether the device's own % predicted is further than the limit from every age that the subject can have had.

    Null where one of the two is not known.

    >>> found = pl.DataFrame({"pct": [80.0, 80.0, None], "pct_low": [79.5, None, None], "pct_high": [80.5, None, None]})
    >>> device_disagrees(found, pl.Series([82.4, 82.4, 82.4]), limit_points=2.0).to_list()
    [False, True, None]
    """
    low, high = (pl.coalesce(f"pct_{end}", "pct") for end in ("low", "high"))
    nearest = pl.when(pl.col("device") < low).then(low).when(pl.col("device") > high).then(high).otherwise("device")
    beside = found.with_columns(device.cast(pl.Float64).alias("device"))
    known = pl.col("pct").is_not_null()
    answer = device_differs(computed=nearest, device=pl.col("device"), limit_points=limit_points)
    return beside.select(pl.when(known).then(answer).alias("differs")).to_series()


def _ages() -> dict[str, pl.Expr]:
    """Age in years by the report, or by the earliest, middle and latest birthday of the year of birth."""
    birthdays = {"oldest": (1, 1), "middle": (7, 2), "youngest": (12, 31)}
    ages: dict[str, pl.Expr] = {}
    for name, (month, day) in birthdays.items():
        days = (pl.col("assessed_on") - pl.date(pl.col("year_of_birth"), month, day)).dt.total_days()
        age = pl.coalesce(pl.col("age_years").cast(pl.Float64), days / DAYS_A_YEAR)
        ages[name] = pl.when(age.is_between(0, 130)).then(age)
    return ages
