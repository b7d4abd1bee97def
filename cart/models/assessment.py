"""What all assessments share: subject, visit, day, assessor, and the reason where one was not done."""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cart.models.subject import LARGEST_UTC_OFFSET, Subject, Visit


class Assessment(models.Model):
    """One assessment of a subject; of each kind at most one a visit and one a day."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT)
    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty for an assessment beside the visits."
    )
    assessed_on = models.DateField(
        null=True, blank=True, help_text="Day at the site. Only what was not done may leave it empty."
    )
    assessor = models.CharField(max_length=40, blank=True, help_text="Staff code as in the delegation log.")
    not_done_reason = models.CharField(
        "why not done", max_length=300, blank=True, help_text="Only where it was not done: then all values stay empty."
    )

    class Meta:
        abstract = True
        ordering = ["subject", "assessed_on", "id"]

    def __str__(self) -> str:
        day = f"{self.assessed_on:%d %b %Y}" if self.assessed_on else "not done"
        return f"{self.subject} {self._meta.verbose_name} {day}"

    def clean(self) -> None:
        """Say beside the field what the database or the calendar refuses."""
        errors: dict[str, str] = {}
        if self.visit_id and self.visit is not None and self.subject_id:
            if self.visit.subject_id != self.subject_id:
                errors["visit"] = "The visit is of another subject. [wrong-subject]"
            elif self.visit.status == Visit.Status.MISSED and not self.not_done_reason:
                errors["visit"] = (
                    "This visit was missed; nothing was assessed at it. Choose the visit at which it was, or leave the "
                    "visit empty. [assessment-of-missed-visit]"
                )
        # The latest date that any clock shows: a site east of the server may be a day ahead of it.
        if self.assessed_on is not None and self.assessed_on > (timezone.now() + LARGEST_UTC_OFFSET).date():
            errors["assessed_on"] = "An assessment is not dated in the future. [future-date]"
        if errors:
            raise ValidationError(errors)


def assessment_constraints(
    name: str, title: str, numbers: Iterable[str] = (), texts: Iterable[str] = ()
) -> list[models.BaseConstraint]:
    """Constraints of a kind of assessment: once a visit and a day; dated; not done has a reason and no values.

    Parameters
    ----------
    name
        Beginning of the names of the constraints.
    title
        What the sentences call it.
    numbers, texts
        Columns of values: those that are NULL without one, and those that are empty text.
    """
    empty = [Q(**{column: None}) for column in numbers] + [Q(**{column: ""}) for column in texts]
    return [
        models.UniqueConstraint(
            fields=["visit"],
            name=f"{name}_once_per_visit",
            violation_error_message=f"This visit already has its {title}; correct that one. [assessment-twice]",
        ),
        models.UniqueConstraint(
            fields=["subject", "assessed_on"],
            name=f"{name}_once_per_day",
            violation_error_message=f"This subject already has its {title} of that day; correct that one. "
            "[assessment-twice]",
        ),
        models.CheckConstraint(
            condition=Q(assessed_on__isnull=False) | (~Q(not_done_reason="") & Q(visit__isnull=False)),
            name=f"{name}_dated",
            violation_error_message=(
                "An assessment has its day; one that was not done has its day or its visit. [assessment-undated]"
            ),
        ),
        models.CheckConstraint(
            condition=Q(not_done_reason="") | Q(*empty),
            name=f"{name}_not_done_is_empty",
            violation_error_message=(
                "What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]"
            ),
        ),
        models.CheckConstraint(
            condition=~Q(not_done_reason="") | reduce(or_, (~one for one in empty)),
            name=f"{name}_done_has_value",
            violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
        ),
    ]


def between(field: str, least: float, most: float) -> Q:
    """Condition that a number, where there is one, lies between two."""
    return Q(**{field: None}) | Q(**{f"{field}__gte": least, f"{field}__lte": most})


def not_above(lower: str, upper: str) -> Q:
    """Condition that one column is not above another, where both have a value."""
    return Q(**{lower: None}) | Q(**{upper: None}) | Q(**{f"{lower}__lte": F(upper)})


def score(label: str, most: int) -> models.PositiveSmallIntegerField:
    """A whole number from 0 to ``most``; empty where it could not be scored."""
    return models.PositiveSmallIntegerField(
        label, null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(most)]
    )


def number(label: str, digits: int, places: int, help_text: str = "") -> models.DecimalField:
    """A measured number; empty where it was not measured."""
    return models.DecimalField(
        label, max_digits=digits, decimal_places=places, null=True, blank=True, help_text=help_text
    )


def yes_no(label: str, help_text: str = "") -> models.BooleanField:
    """Yes or no; empty where it was not assessed."""
    return models.BooleanField(label, null=True, blank=True, help_text=help_text)
