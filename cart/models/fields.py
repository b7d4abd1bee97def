"""Field types of the trial: dates that may be partial."""

from decimal import Decimal
from typing import Any

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
