"""Spellings of the units that laboratory criteria are stated in. Another spelling only, never another number.

Source: UCUM, and the units of CDISC controlled terminology (codelist UNIT) that mean the same quantity. ``G/L`` is
left out: it is written for giga per litre and misread as gram per litre.
"""

import polars as pl

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "10*9/L": (
        "10^9/L", "10E9/L", "10e9/L", "10**9/L", "x10E9/L", "x10^9/L", "x10*9/L", "x 10^9/L", "GI/L", "Giga/L",
        "10*3/uL", "10^3/uL", "10E3/uL", "10**3/uL", "x10^3/uL", "x10E3/uL", "K/uL", "THOU/uL", "10^6/mL", "10*6/mL",
    ),
    "/uL": ("1/uL", "cells/uL", "{cells}/uL", "{Cells}/uL", "/mm3", "/mm^3", "cells/mm3", "1/mm3", "10^6/L", "10*6/L"),
    "g/L": ("g/l",),
    "g/dL": ("g/dl",),
    "mg/dL": ("mg/dl", "MG/DL"),
    "mmol/L": ("mmol/l", "MMOL/L", "mM"),
    "umol/L": ("umol/l", "UMOL/L", "µmol/L", "μmol/L", "uM"),
    "meq/L": ("mEq/L", "mEq/l", "MEQ/L", "mmol(+)/L"),
    "mL/min": ("ml/min", "ML/MIN"),
}  # fmt: skip
_CANONICAL = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in (unit, *spellings)}


def unified(column: str) -> pl.Expr:
    """:func:`same_unit` of a column."""
    return pl.col(column).str.strip_chars().replace(_CANONICAL)


def same_unit(unit: str) -> str:
    """The one spelling of a unit; a unit that is not known stays as it is.

    >>> same_unit("GI/L"), same_unit("cells/mm3"), same_unit("U/L")
    ('10*9/L', '/uL', 'U/L')
    """
    return _CANONICAL.get(unit.strip(), unit.strip())
