"""Values of the audit trail in the words of the forms: choices, dates with month names, rows by their names."""

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Model
from django.utils.dateparse import parse_date, parse_datetime

Words = Callable[[type[Model], str, object], str]
# One stored value: its model, its column, and what the trail has.
Stored = tuple[type[Model], str, object]


def words_for(values: Iterable[Stored]) -> Words:
    """What says each of these values in words; the rows that they point at are read once for all of them."""
    wanted: dict[type[Model], set[str]] = {}
    for model, column, value in values:
        field = _field(model, column)
        if isinstance(field, models.ForeignKey) and value not in (None, ""):
            wanted.setdefault(field.related_model, set()).add(str(value))  # type: ignore[arg-type]
    names = {(model, key): name for model, keys in wanted.items() for key, name in _names(model, keys).items()}

    def in_words(model: type[Model], column: str, value: object) -> str:
        field = _field(model, column)
        if isinstance(field, models.ForeignKey) and value not in (None, ""):
            # A row that the reader may not see keeps its number.
            return names.get((field.related_model, str(value)), f"no. {value}")  # type: ignore[arg-type]
        return _said(field, value)

    return in_words


def _field(model: type[Model], column: str) -> "models.Field[Any, Any] | None":
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def _names(model: type[Model], keys: set[str]) -> dict[str, str]:
    rows = model._default_manager.filter(pk__in=keys)
    registered = admin.site._registry.get(model)
    if registered is not None and isinstance(registered.list_select_related, (list, tuple)):
        rows = rows.select_related(*registered.list_select_related)
    return {str(row.pk): str(row) for row in rows}


def _said(field: "models.Field[Any, Any] | None", value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    choices = {str(key): str(word) for key, word in (field.flatchoices or ())} if field is not None else {}
    if text in choices:
        return choices[text]
    if isinstance(field, models.DateTimeField):
        at = parse_datetime(text)
        # A fraction of a second is not rounded away: the trail is exact.
        if at is not None and at.tzinfo is not None and not at.microsecond:
            return f"{at.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC"
    elif isinstance(field, models.DateField):
        day = parse_date(text)
        return text if day is None else f"{day:%-d %b %Y}"
    return text
