"""Constraints that many tables have: a word of a list, a number between limits, an end after its start."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least, Left, Length
from django.db.models.lookups import GreaterThanOrEqual

from cart.models.fields import partial_date_check


def one_of(field: str, words: Sequence[Any], *, name: str, blank: bool = False) -> models.CheckConstraint:
    """The column holds a word of the list; or nothing, where ``blank``."""
    known = Q(**{f"{field}__in": [*words, ""] if blank else list(words)})
    return models.CheckConstraint(
        condition=known,
        name=name,
        violation_error_message=f"{field.replace('_', ' ').capitalize()} is one of the words offered. [safety-word]",
    )


def between(
    field: str, low: object, high: object, *, name: str, says: str, code: str = "safety-number"
) -> models.CheckConstraint:
    """The column holds a number from low to high, or none; ``says`` is the sentence without its code."""
    return models.CheckConstraint(
        condition=Q(**{field: None}) | Q(**{f"{field}__gte": low, f"{field}__lte": high}),
        name=name,
        violation_error_message=f"{says} [{code}]",
    )


def needs(field: str, *, name: str, says: str) -> models.CheckConstraint:
    """The text is there."""
    return models.CheckConstraint(
        condition=~Q(**{field: ""}), name=name, violation_error_message=f"{says} [safety-incomplete]"
    )


def period_checks(prefix: str, *, start: str = "started", end: str = "ended") -> list[models.CheckConstraint]:
    """Start and end are partial dates, and as far as both are known the end is not before the start.

    What is ongoing has no end.
    """
    known = Least(Length(F(start)), Length(F(end)))
    return [
        partial_date_check(start, f"{prefix}_{start}_partial"),
        partial_date_check(end, f"{prefix}_{end}_partial"),
        models.CheckConstraint(
            # Text of equal length compares as its dates do; where one is empty, two empty texts are compared.
            condition=GreaterThanOrEqual(Left(F(end), known), Left(F(start), known)),
            name=f"{prefix}_ends_after_start",
            violation_error_message="The end is not before the start. [safety-period]",
        ),
        models.CheckConstraint(
            condition=Q(ongoing=False) | Q(**{end: ""}),
            name=f"{prefix}_ongoing_or_ended",
            violation_error_message="What is ongoing has no end: leave one of the two empty. [safety-period]",
        ),
    ]
