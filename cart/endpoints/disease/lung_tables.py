"""Coefficients and splines of the GLI equations, from the tables that the package pyspiro carries.

Only its data files are read: importing pyspiro brings pandas and takes seconds.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
INTERPOLATED, RSPIRO = "interpolated", "rspiro-0.5"
READINGS = (INTERPOLATED, RSPIRO)
SEXES = {"M": "males", "F": "females"}
# rspiro has the tables of GLI-2012 with four decimals, but for one coefficient that kept its five.
_DECIMALS = 4
_UNROUNDED = ("FEV1FVC_females", "p2")


@dataclass(frozen=True)
class Tables:
    """Tables of one measure and sex: coefficients by name, splines of L, M and S by age in years."""

    ages: Numbers
    splines: dict[str, Numbers]
    coefficients: dict[str, float]

    def spline(self, name: str, age: Numbers, *, steps: bool) -> Numbers:
        """Spline at each age: between two rows by a straight line, or with ``steps`` that of the row before."""
        if steps:
            rows = np.searchsorted(self.ages, age, side="right") - 1
            return self.splines[name][np.clip(rows, 0, self.ages.size - 1)]
        return np.asarray(np.interp(age, self.ages, self.splines[name]), dtype=np.float64)


@lru_cache(maxsize=64)
def tables(stem: str, *, measure: str, sex: str, rounded: bool) -> Tables:
    """Tables of a measure and sex.

    Parameters
    ----------
    stem
        Beginning of the file names in pyspiro's data, e.g. ``gli_2012``.
    measure
        The measure as its columns begin, e.g. ``FVC``.
    sex
        ``M`` or ``F``.
    rounded
        All to four decimals, as rspiro has those of GLI-2012.

    >>> found = tables("gli_2012", measure="FVC", sex="M", rounded=False)
    >>> found.coefficients["a1"], found.ages[0].item(), found.ages[-1].item()
    (2.4135, 3.0, 95.0)
    """
    column = f"{measure}_{SEXES[sex]}"
    # An empty cell: the equation of that measure does not have the term.
    coefficients = {row["var"]: float(row[column] or 0) for row in _rows(f"{stem}_coefficients.csv")}
    rows = _rows(f"{stem}_splines.csv")
    ages = np.array([float(row["age"]) for row in rows])
    splines = {name: np.array([float(row[f"{column}_{name}spline"]) for row in rows]) for name in "LMS"}
    if rounded:
        coefficients = {
            name: value if (column, name) == _UNROUNDED else round(value, _DECIMALS)
            for name, value in coefficients.items()
        }
        splines = {name: np.round(values, _DECIMALS) for name, values in splines.items()}
    return Tables(ages, splines, coefficients)


def _rows(name: str) -> list[dict[str, str]]:
    """Rows of a data file of pyspiro."""
    spec = find_spec("pyspiro")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("The tables of the GLI equations are in the package pyspiro; it is not installed.")
    with (Path(spec.origin).parent / "data" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))
