"""Errors of units.

UnitError                    the message ends with a code in brackets
├── NotUcumError             a text is no UCUM code
└── NotCommensurableError    no factor leads from one unit to the other
"""

SHOWN = 40


class UnitError(ValueError):
    """Base of all errors of units."""


class NotUcumError(UnitError):
    """A text is no UCUM code."""


class NotCommensurableError(UnitError):
    """No factor leads from one unit to the other."""


def shown(text: str) -> str:
    """A found text as a sentence may hold it: ASCII, and no longer than a code can be.

    >>> shown("5 µg")
    "'5 \\\\xb5g'"
    """
    return ascii(text) if len(text) <= SHOWN else f"{text[:SHOWN]!a}... ({len(text):,} characters)"
