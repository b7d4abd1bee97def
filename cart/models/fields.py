"""Field types of the trial: dates that may be partial."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.checks import CheckMessage
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import In

from cart.endpoints.timing import PartialDate

# The same grammar as PartialDate, for the database: shape here, calendar there. Shapes cost a third of a pattern.
PARTIAL_DATE_SHAPES = ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"]


class DigitsAsZero(models.Func):
    """Text with every ASCII digit written as 0."""

    function = "TRANSLATE"
    template = "%(function)s(%(expressions)s, '123456789', '000000000')"
    output_field = models.CharField()


def validate_partial_date(value: str) -> None:
    """Refuse text that is not an ISO 8601 date cut off at a whole component."""
    try:
        PartialDate(value)
    except ValueError as error:
        raise ValidationError(str(error), code="partial-date") from error


class PartialDateFormField(forms.CharField):
    """A partial date as people write it: a blank between day and time means what the T means."""

    _BLANK = re.compile(r"^(\d{4}-\d{2}-\d{2})\s+(?=\d{2}:)", re.ASCII)
    _SHAPES = "2024, 2024-03, 2024-03-05 or 2024-03-05T10:15"

    def __init__(self, *args: Any, help_text: str = "", **kwargs: Any) -> None:
        # Every one of them says how it is written.
        told = help_text if "2024-03" in help_text else f"{help_text} {self._SHAPES}.".strip()
        super().__init__(*args, help_text=told, **kwargs)

    def to_python(self, value: Any) -> Any:
        """The ISO 8601 text; what is not one is left for the validator."""
        text = super().to_python(value)
        return text if text in self.empty_values else self._BLANK.sub(r"\1T", text)


class PartialDateField(models.CharField):  # type: ignore[type-arg]
    """A date as exactly as it is known: ``2024``, ``2024-03``, ``2024-03-05``, ``2024-03-05T10:15``.

    Stored as the ISO 8601 text received and never completed; time is site-local.
    """

    description = "Date of declared precision"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 19)
        super().__init__(*args, **kwargs)
        if validate_partial_date not in self.validators:
            self.validators = [*self.validators, validate_partial_date]

    def formfield(self, **kwargs: Any) -> Any:
        """A box that says how the date is written."""
        return super().formfield(**{"form_class": PartialDateFormField, **kwargs})


def partial_date_check(field: str, name: str) -> models.CheckConstraint:
    """Constraint that holds the shape of a partial date by every path (COPY, raw SQL)."""
    return models.CheckConstraint(
        condition=In(DigitsAsZero(models.F(field)), PARTIAL_DATE_SHAPES),
        name=name,
        violation_error_message=(
            "A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]"
        ),
    )


def plain(value: Decimal) -> str:
    """Digits without the zeros that a column's declared scale adds: 34, not 34.0000."""
    return f"{value.normalize():f}"


class ExactDecimalField(models.DecimalField):  # type: ignore[type-arg]
    """PostgreSQL ``numeric`` without a declared scale: digits are stored as they came, none added or cut."""

    description = "Decimal of any precision"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A bound of forms only; the column has none. Without decimal places nothing pads digits with zeros.
        super().__init__(*args, **{**kwargs, "max_digits": 60, "decimal_places": None})

    def _check_decimal_places(self) -> list[CheckMessage]:
        return []

    def _check_decimal_places_and_max_digits(self, **kwargs: Any) -> list[CheckMessage]:
        return []

    def db_type(self, connection: Any) -> str:
        """Column type."""
        return "numeric"
