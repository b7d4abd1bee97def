"""Lung function against the reference values of the Global Lung Function Initiative (GLI)."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from cart.endpoints.disease.items import Item, checked
from cart.endpoints.disease.lung_tables import INTERPOLATED, READINGS, RSPIRO, SEXES, Numbers, Tables, tables
from cart.endpoints.errors import FrameError, ParameterError

# 5th percentile, as the GLI writes it.
LLN_Z = 1.645
DEVICE_LIMIT_POINTS = 2.0
_NO_VALUE = "no measured value"
GROUPS = {1: "Caucasian", 2: "African American", 3: "North East Asian", 4: "South East Asian", 5: "other or mixed"}
ITEMS = (
    Item("age_years", "age", 0, 130),
    Item("height_cm", "height in cm", 50, 250),
    Item("measured", "measured value", 1e-3, 1000),
)


@dataclass(frozen=True)
class Equation:
    """Reference equations: their tables, ages (years), and of each measure the column of the tables and the unit.

    ``by_group``: the equations differ by the groups of ``GROUPS``.
    """

    id: str
    stem: str
    ages: tuple[float, float]
    measures: dict[str, tuple[str, str]]
    by_group: bool
    source: str


_SPIROMETRY = {"FEV1": ("FEV1", "L"), "FVC": ("FVC", "L"), "FEV1FVC": ("FEV1FVC", "1")}
_TRANSFER = "Stanojevic S et al. Eur Respir J 2017;50:1700010, corrected 2020;56:1750010"
EQUATIONS = {
    one.id: one
    for one in (
        Equation("GLI-2012", "gli_2012", (3, 95), _SPIROMETRY, True, "Quanjer PH et al. Eur Respir J 2012;40:1324-43"),
        Equation(
            "GLI-Global-2022",
            "bowerman_2022",
            (3, 95),
            _SPIROMETRY,
            False,
            "Bowerman C et al. Am J Respir Crit Care Med 2023;207:768-74",
        ),
        Equation(
            "GLI-2017-TLCO(corr2020)-SI",
            "gli_2017",
            (5, 90),
            {"TLCO": ("TLCO", "mmol/min/kPa"), "KCO": ("KCO_SI", "mmol/min/kPa/L"), "VA": ("VA", "L")},
            False,
            _TRANSFER,
        ),
        Equation(
            "GLI-2017-TLCO(corr2020)-trad",
            "gli_2017",
            (5, 90),
            {"TLCO": ("DLCO", "mL/min/mm[Hg]"), "KCO": ("KCO_trad", "mL/min/mm[Hg]/L"), "VA": ("VA", "L")},
            False,
            _TRANSFER,
        ),
    )
}


def lung_function(rows: pl.DataFrame, *, equation: str, measure: str, reading: str = INTERPOLATED) -> pl.DataFrame:
    """Reference values, per cent of predicted and z-score of each measurement.

    Parameters
    ----------
    rows
        Columns age_years (not rounded), height_cm, measured (in the unit of the measure), sex (``M``, ``F``), and
        group (1 to 5, see ``GROUPS``) where the equations differ by it; null where not known.
    equation
        Id of the equations: ``GLI-2012``, ``GLI-Global-2022`` (one for all groups), ``GLI-2017-TLCO(corr2020)-SI``
        or ``-trad``; stored with the answer.
    measure
        FEV1, FVC (L), FEV1FVC (a fraction); TLCO (that is DLCO), KCO, VA (L).
    reading
        ``interpolated``: splines between two rows of the tables by a straight line, as the supplement of GLI-2012
        says. ``rspiro-0.5``: as that program has it, to compare with its numbers: tables of GLI-2012 with four
        decimals, and in the others the spline of the last quarter of a year without interpolation.

    Returns
    -------
    Columns l, m, s (m is the predicted value), lln (5th percentile), pct_predicted, z and reason (what is missing, or
    that the age is outside the tables). One row per row, in the same order. Without a measured value the reference
    values stand alone.

    Notes
    -----
    L = q0 + q1 ln(age) + Lspline; M = exp(a0 + a1 ln(height) + a2 ln(age) + a_group + Mspline); S = exp(p0 + p1
    ln(age) + p_group + Sspline); z = ((measured / M)^L - 1) / (L S); lln = M (1 - 1.645 L S)^(1 / L). An age outside
    the tables has no reference values: nothing is extrapolated. A group that is not known has none in GLI-2012; it
    is never taken for another one.

    Source: with each equation in ``EQUATIONS``; tables from pyspiro 1.0.

    Raises
    ------
    ParameterError
        An equation, measure, reading, sex or group that there is none of; a value outside its range, as a height in
        metres.

    >>> rows = pl.DataFrame({"age_years": [25.0, 52.3, 99.0], "height_cm": 150.0, "measured": 2.6, "sex": "M"})
    >>> found = lung_function(rows, equation="GLI-Global-2022", measure="FVC")
    >>> found.select(pl.col("m", "lln").round(4), pl.col("pct_predicted").round(2), "reason").rows()[:2]
    [(3.2259, 2.5244, 80.6, ''), (2.8859, 2.1899, 90.09, '')]
    >>> found.row(2)
    (None, None, None, None, None, None, 'age outside 3 to 95 years')
    """
    chosen, column = _chosen(equation, measure, reading)
    _check_texts(rows, chosen)
    taken = checked(rows, ITEMS).with_columns(
        rows["sex"].cast(pl.String), *([rows["group"].cast(pl.Int64)] if chosen.by_group else [])
    )
    reason = _reason(chosen)
    known = taken.select(reason.is_in(["", _NO_VALUE])).to_series().to_numpy()
    answers: dict[str, Numbers] = {
        name: np.full(taken.height, np.nan) for name in ("l", "m", "s", "lln", "pct_predicted", "z")
    }
    for sex in SEXES:
        mine = known & (taken["sex"] == sex).fill_null(value=False).to_numpy()
        if mine.any():
            of_sex = tables(
                chosen.stem, measure=column, sex=sex, rounded=reading == RSPIRO and chosen.stem == "gli_2012"
            )
            found = _reference_values(
                taken.filter(pl.Series(mine)), of_sex, steps=reading == RSPIRO and chosen.stem != "gli_2012"
            )
            for name, values in found.items():
                answers[name][mine] = values
    return taken.select(
        *(pl.Series(name, values).fill_nan(None) for name, values in answers.items()), reason.alias("reason")
    )


def device_differs(*, computed: pl.Expr, device: pl.Expr, limit_points: float = DEVICE_LIMIT_POINTS) -> pl.Expr:
    """Whether the device's own % predicted is further than ``limit_points`` from the computed one; null where unknown.

    >>> rows = pl.DataFrame({"computed": [80.0, 80.0, None], "device": [82.0, 82.1, 80.0]})
    >>> rows.select(device_differs(computed=pl.col("computed"), device=pl.col("device"))).to_series().to_list()
    [False, True, None]
    """
    return (computed - device).abs() > limit_points


def _chosen(equation: str, measure: str, reading: str) -> tuple[Equation, str]:
    """Equation and the column of its tables."""
    chosen = EQUATIONS.get(equation)
    if chosen is None:
        raise ParameterError(
            f"An equation of lung function is one of {', '.join(EQUATIONS)}; found {equation!r}. [lung-equation]"
        )
    if measure not in chosen.measures:
        raise ParameterError(
            f"{equation} has the measures {', '.join(chosen.measures)}; found {measure!r}. [lung-measure]"
        )
    if reading not in READINGS:
        raise ParameterError(f"Tables are read as {' or '.join(READINGS)}; found {reading!r}. [lung-reading]")
    return chosen, chosen.measures[measure][0]


def _check_texts(rows: pl.DataFrame, equation: Equation) -> None:
    """Refuse a sex or group that there are no tables of."""
    checked: list[tuple[str, list[str | int], str]] = [
        ("sex", list(SEXES), "[lung-sex]"),
        ("group", list(GROUPS), "[lung-group]"),
    ]
    for name, allowed, code in checked if equation.by_group else checked[:1]:
        if name not in rows.columns:
            raise FrameError(f"The rows have a column {name}; found {', '.join(rows.columns)}. [frame-column]")
        found = rows[name].drop_nulls().unique().to_list()
        unknown = [one for one in found if one not in allowed]
        if unknown:
            raise ParameterError(
                f"A {name} of the tables is one of {', '.join(map(str, allowed))}; found {unknown[0]!r}. {code}"
            )


def _reason(equation: Equation) -> pl.Expr:
    """The first thing that stands against an answer."""
    age, (first, last) = pl.col("age_years"), equation.ages
    needed = {"sex": "sex", "height_cm": "height"} | ({"group": "group"} if equation.by_group else {})
    return pl.coalesce(
        pl.when(age.is_null()).then(pl.lit("no age")),
        pl.when(~age.is_between(first, last)).then(pl.lit(f"age outside {first:g} to {last:g} years")),
        *(pl.when(pl.col(name).is_null()).then(pl.lit(f"no {label}")) for name, label in needed.items()),
        pl.when(pl.col("measured").is_null()).then(pl.lit(_NO_VALUE)),
        pl.lit(""),
    )


def _reference_values(rows: pl.DataFrame, found: Tables, *, steps: bool) -> dict[str, Numbers]:
    """L, M, S and what follows from them, for rows of one sex."""
    age, height, measured = (rows[item.name].to_numpy() for item in ITEMS)
    term = found.coefficients
    group_m: Numbers | float = 0.0
    group_s: Numbers | float = 0.0
    if "group" in rows.columns:
        group = rows["group"].to_numpy()
        group_m = np.array([0.0, 0.0, *(term[f"a{i}"] for i in range(3, 7))])[group]
        group_s = np.array([0.0, 0.0, *(term[f"p{i}"] for i in range(2, 6))])[group]
    spline = {name: found.spline(name, age, steps=steps) for name in "LMS"}
    lam = term["q0"] + term.get("q1", 0.0) * np.log(age) + spline["L"]
    m = np.exp(term["a0"] + term["a1"] * np.log(height) + term["a2"] * np.log(age) + group_m + spline["M"])
    s = np.exp(term["p0"] + term["p1"] * np.log(age) + group_s + spline["S"])
    return {
        "l": lam,
        "m": m,
        "s": s,
        "lln": m * (1 - LLN_Z * lam * s) ** (1 / lam),
        "pct_predicted": measured / m * 100,
        "z": ((measured / m) ** lam - 1) / (lam * s),
    }
