"""The grammar of results: what is a number, a censored number, a titer.

ASCII only: ``1_000``, Arabic digits, ``nan``, ``inf`` and a no-break space are what Python would take for
numbers and are refused here.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

EXPECTED_NUMBER = "a number such as 12.5, <10 or >5120"
EXPECTED_TITER = "a titer such as 1:640, <1:40 or >1:5120"

_NUMBER = r"^([<>=]?) ?(-?[0-9]{{1,20}}(?:{mark}[0-9]{{1,20}})?(?:[eE][+-]?[0-9]{{1,2}})?)$"
_ZERO_OR_LESS = r"^(-|0+(\.0+)?([eE]|$))"
_TITER = r"^([<>=]?) ?1 ?: ?([1-9][0-9]{0,9})$"


@dataclass(frozen=True)
class ParsedResult:
    """Qualifier (``<``, ``>``, ``=``) and number of a result."""

    qualifier: str
    value: Decimal


def _number_pattern(decimal_mark: str) -> str:
    return _NUMBER.format(mark=re.escape(decimal_mark))


def parse_result(text: str, *, kind: str = "quantity", decimal_mark: str = ".") -> ParsedResult | None:
    """One result; None where the text is not in the grammar of its kind (``quantity`` or ``titer``).

    >>> parse_result("<0,5", decimal_mark=",")
    ParsedResult(qualifier='<', value=Decimal('0.5'))
    >>> parse_result("1_000") is None
    True
    """
    pattern = _TITER if kind == "titer" else _number_pattern(decimal_mark)
    match = re.fullmatch(pattern[1:-1], text.strip(" "), re.ASCII)
    if match is None:
        return None
    number = ParsedResult(match[1] or "=", Decimal(match[2].replace(decimal_mark, ".")))
    # Nothing lies in [0, -5) or [0, 0).
    return None if number.qualifier == "<" and number.value <= 0 else number


def result_columns(text: pl.Series, *, titer: pl.Series, decimal_mark: str) -> tuple[pl.Series, pl.Series]:
    """Qualifier and number (as text, with a point) of a column; both null outside the grammar.

    Parameters
    ----------
    text
        Result as received.
    titer
        Boolean: the row's analyte is a dilution titer.
    decimal_mark
        As declared by the laboratory.
    """
    bare = text.str.strip_chars(" ")
    parsed = bare.str.extract_groups(_number_pattern(decimal_mark)).struct
    sign, value = parsed.field("1"), parsed.field("2")
    if decimal_mark != ".":
        value = value.str.replace(decimal_mark, ".", literal=True)
    if titer.any():
        dilution = bare.str.extract_groups(_TITER).struct
        sign = dilution.field("1").zip_with(titer.fill_null(value=False), sign)
        value = dilution.field("2").zip_with(titer.fill_null(value=False), value)
    below = (sign == "<").fill_null(value=False)
    if below.any():
        value = value.set(below & value.str.contains(_ZERO_OR_LESS), None)
    qualifier = pl.select(
        pl.when(value.is_not_null()).then(pl.when(sign == "").then(pl.lit("=")).otherwise(sign))
    ).to_series()
    return qualifier.alias("qualifier"), value.alias("value")
