"""Cases of CTCAE criteria as text: every border that a value is graded by stands in the text of its grade."""

import re
from collections.abc import Iterator, Mapping

from cart.endpoints.ctcae import criterion_of
from cart.endpoints.ctcae_criterion import NUMBER, Border, Criterion
from cart.endpoints.ctcae_units import same_unit
from cart.endpoints.vectors.case_files import CaseRule, Found, Row

_GRADES = ("GRADE_1", "GRADE_2", "GRADE_3", "GRADE_4")
# 10e9, 10^9 and 10x9 are part of a unit.
_OF_UNIT = re.compile(r"10\s?(?:e|\^|\*\*?|x)\s?[0-9]+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NOTHING = ("-", "NA", "")


def criteria(row: Row) -> Mapping[str, Found]:
    """Texts of a term that agree with its criterion; where one does not, the borders of the criterion."""
    criterion = criterion_of(version=row["version"].removesuffix(".0"), term=row["TERM"])
    units = {criterion.unit, *criterion.elsewhere}
    said = "" if row["UNIT_CHECK"] in _NOTHING else same_unit(row["UNIT_CHECK"])
    # Nothing printed is found as nothing, not as the text that says so.
    unit = criterion.unit if said not in units else None if row["UNIT_CHECK"] in ("NA", "") else row["UNIT_CHECK"]
    found: dict[str, Found] = {"UNIT_CHECK": unit, "DIRECTION": "L" if criterion.low else "H"}
    for place, name in enumerate(_GRADES):
        by_unit = [list(_borders(one, place)) for one in (criterion, *criterion.elsewhere.values())]
        # A text need not name every unit; one of them has to agree as a whole.
        agree = any(all(_stands_in(border, row[name]) for border in borders) for borders in by_unit)
        nothing = row[name] in ("NA", "")
        found[name] = (None if nothing else row[name]) if agree else "; ".join(map(_written, by_unit[0]))
    return found


def _borders(criterion: Criterion, place: int) -> Iterator[Border]:
    for ladder in criterion.ladders():
        # LDH has grade 1 only.
        yield from ladder[place] if place < len(ladder) else ()


def _stands_in(border: Border, text: str) -> bool:
    plain = _OF_UNIT.sub(" ", text.replace(",", ""))
    numbers = {float(found) for found in _NUMBER.findall(plain)}
    if border.of == NUMBER:
        return border.factor in numbers
    named = border.of.lower() in text.lower()
    if border.plus:
        return named and border.plus in numbers
    # A share of the baseline is written as a decrease in per cent.
    share = 100 * (1 - border.factor)
    return named and (border.factor == 1 or border.factor in numbers or share in numbers)


def _written(border: Border) -> str:
    if border.of == NUMBER:
        return f"{border.factor:g}"
    return f"{border.factor:g} x {border.of}" + (f" + {border.plus:g}" if border.plus else "")


RULES = (
    CaseRule(
        "ctcae_lab_criteria",
        "cart.endpoints.ctcae.criterion_of",
        ("TERM", "version"),
        (*_GRADES, "UNIT_CHECK", "DIRECTION"),
        criteria,
    ),
)
