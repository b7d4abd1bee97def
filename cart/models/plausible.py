"""Soft limits: values that are possible and seldom right. They are asked about once and kept with a reason.

Every limit is a named one with unit and source, beside the checks of its records (``plausible_<room>.py``); a model's
check gives sentences, the forms ask.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Min, Model

from cart.models.subject import Consent


@dataclass(frozen=True)
class SoftWarning:
    """One implausible value: its field, and a sentence that ends with its code."""

    field: str
    code: str
    sentence: str


Check = Callable[[Any], Iterator[SoftWarning]]
_checks: dict[type[Model], list[Check]] = {}


def register_check(model: type[Model], check: Check) -> None:
    """Add a check of a model's rows; it is called on valid rows only."""
    _checks.setdefault(model, []).append(check)


def soft_warnings(instance: Model) -> list[SoftWarning]:
    """Everything implausible in a valid row that is about to be stored."""
    try:
        return [found for check in _checks.get(type(instance), ()) for found in check(instance)]
    except ObjectDoesNotExist:
        # A row of a page whose record was refused: what the row hangs on is not there yet, and neither is stored.
        return []


def outside(name: str, value: Decimal | None, limits: tuple[Decimal, Decimal], unit: str) -> Iterator[SoftWarning]:
    """The warning of a value outside its usual span."""
    low, high = limits
    if value is not None and not low <= value <= high:
        yield SoftWarning(
            name, "unusual-value", f"Usually between {low} and {high} {unit}; found {value}. [unusual-value]"
        )


def unusual_day(name: str, sentence: str) -> SoftWarning:
    """The warning of a day on which such a thing seldom happens."""
    return SoftWarning(name, "unusual-day", f"{sentence} [unusual-day]")


def first_consent(subject_id: int) -> dt.date | None:
    """Day of the subject's first consent; None without one."""
    found: dt.date | None = Consent.objects.filter(subject=subject_id).aggregate(first=Min("signed_on"))["first"]
    return found


def before_consent(name: str, subject_id: int, latest: dt.date, found: str) -> Iterator[SoftWarning]:
    """The warning of what happened before the first consent; ``latest`` is the last day that it may have been."""
    consented = first_consent(subject_id)
    # A month in which the consent lies is not before it.
    if consented is not None and latest < consented:
        yield unusual_day(name, f"Usually from the first consent on, which was on {consented}; found {found}.")
