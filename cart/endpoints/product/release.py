"""Judgement of one release test by its criterion; a result beyond a limit is an interval."""

import re
from dataclasses import dataclass
from decimal import Decimal

PASS, FAIL, UNDECIDED = "pass", "fail", "undecided"
NEGATIVE = "negative"
_NUMBER = re.compile(r"\s*([<>]?)\s*([0-9]+(?:\.[0-9]+)?)\s*", re.ASCII)


@dataclass(frozen=True)
class Measured:
    """A number as received: ``=`` itself, ``<`` somewhere below it, ``>`` somewhere above it."""

    qualifier: str
    value: Decimal


def read_result(text: str) -> Measured | None:
    """The number in a result as received; None where it is a word.

    >>> read_result("<0.5"), read_result("negative")
    (Measured(qualifier='<', value=Decimal('0.5')), None)
    """
    found = _NUMBER.fullmatch(text)
    return None if found is None else Measured(found[1] or "=", Decimal(found[2]))


def judge_result(measured: Measured | None, *, text: str, comparison: str, limit: Decimal | None) -> str:
    """Does a result meet its criterion?

    Parameters
    ----------
    measured
        The number with its qualifier; None where the result is a word.
    text
        The result as received; the criterion ``negative`` asks for that word.
    comparison
        ``ge``, ``gt``, ``le``, ``lt`` or ``negative``.
    limit
        None for ``negative``.

    Returns
    -------
    ``pass`` or ``fail`` where every number that the result can be agrees; else ``undecided``, which is no pass.

    Notes
    -----
    ``<10`` against "less than 5" may be 3 or 9: undecided. ``<0.5`` against "less than 5" passes, ``>95`` against
    "at least 70" passes, ``>5`` against "at most 5" fails.

    >>> judge_result(Measured("<", Decimal("10")), text="<10", comparison="lt", limit=Decimal(5))
    'undecided'
    """
    if comparison == NEGATIVE:
        return PASS if text.strip().lower() == NEGATIVE else FAIL
    if measured is None or limit is None:
        return FAIL
    value, qualifier = measured.value, measured.qualifier
    upward = comparison in ("ge", "gt")
    if qualifier == "=":
        return PASS if _meets(value, comparison, limit) else FAIL
    if (qualifier == ">") == upward:
        # The open end lies on the side that passes: all pass from the limit on, else it is not known.
        return PASS if (value >= limit if upward else value <= limit) else UNDECIDED
    # The open end lies on the side that fails: all fail from the limit on.
    return FAIL if (value <= limit if upward else value >= limit) else UNDECIDED


def _meets(value: Decimal, comparison: str, limit: Decimal) -> bool:
    if comparison == "ge":
        return value >= limit
    if comparison == "gt":
        return value > limit
    return value <= limit if comparison == "le" else value < limit
