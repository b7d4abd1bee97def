"""What is normal: one reference range, proposed by one person and approved by another."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from cart.models.fields import ExactDecimalField
from labs.models.analyte import Analyte, Laboratory
from labs.models.assay import DateRange

MAX_AGE = 150


class AgeRange(Func):
    """PostgreSQL int4range of two columns, upper end not included."""

    function = "INT4RANGE"
    output_field = IntegerRangeField()


class ReferenceRange(models.Model):
    """Limits in force at one laboratory for one analyte, of a kit, a sex and an age where these matter.

    Proposed ranges serve nobody; approval closes the one before and is another person's. A range is never edited: a
    correction is a range with the same first day, which supersedes it.
    """

    class Sex(models.TextChoices):
        ANY = "", "any"
        FEMALE = "F", "female"
        MALE = "M", "male"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        SUPERSEDED = "superseded", "Superseded by a correction"

    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="reference_ranges")
    analyte = models.ForeignKey(Analyte, on_delete=models.PROTECT, related_name="reference_ranges")
    kit = models.CharField(max_length=120, blank=True, help_text="Only for results of this kit; empty for any.")
    sex = models.CharField(max_length=1, choices=Sex, blank=True, default=Sex.ANY)
    age_from = models.PositiveSmallIntegerField("age from (years)", default=0)
    age_to = models.PositiveSmallIntegerField(
        "age to (years, not included)", null=True, blank=True, help_text="Empty: no upper age."
    )
    low = ExactDecimalField("lower limit", null=True, blank=True)
    high = ExactDecimalField("upper limit", null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=300, help_text="Where it stands: the laboratory's list, its date and page.")
    valid_from = models.DateField(help_text="First day of collection it holds for.")
    valid_to = models.DateField(
        null=True, blank=True, editable=False, help_text="Last day; set when the next one is approved."
    )
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED, editable=False)
    proposed_by = models.CharField(max_length=150, editable=False)
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.CharField(max_length=150, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    changes_shown = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Results whose flag the approval changed, as shown before it."
    )
    changes_digest = models.CharField(max_length=64, blank=True, editable=False, help_text="SHA-256 of what was shown.")

    class Meta:
        ordering = ["laboratory", "analyte", "kit", "sex", "age_from", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="range_one_in_force",
                expressions=[
                    ("laboratory", RangeOperators.EQUAL),
                    ("analyte", RangeOperators.EQUAL),
                    ("kit", RangeOperators.EQUAL),
                    ("sex", RangeOperators.EQUAL),
                    (AgeRange(F("age_from"), F("age_to")), RangeOperators.OVERLAPS),
                    (
                        DateRange(
                            F("valid_from"), F("valid_to"), RangeBoundary(inclusive_lower=True, inclusive_upper=True)
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="approved"),
                violation_error_message=(
                    "Another approved range holds for some of these ages and days; close it first. [range-overlap]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=False) | Q(high__isnull=False),
                name="range_has_a_limit",
                violation_error_message="A range has a lower or an upper limit. [range-empty]",
            ),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=F("high")),
                name="range_limits_ordered",
                violation_error_message="The lower limit lies below the upper one. [range-limits]",
            ),
            models.CheckConstraint(
                condition=(Q(age_to=None) | Q(age_to__gt=F("age_from"))) & Q(age_from__lte=MAX_AGE),
                name="range_ages_ordered",
                violation_error_message="The upper age lies above the lower one. [range-ages]",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="range_ends_after_start",
                violation_error_message="A range ends after it starts. [period]",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="range_decision_is_dated",
                violation_error_message="A decision on a range has its person and time. [range-undecided]",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")),
                name="range_approved_by_another",
                violation_error_message="A range is approved by another person than its proposer. [range-two-people]",
            ),
        ]

    def __str__(self) -> str:
        limits = f"{self.low if self.low is not None else ''} - {self.high if self.high is not None else ''}".strip()
        if self.age_to is not None:
            ages = f"{self.age_from} to under {self.age_to} years"
        else:
            ages = f"from {self.age_from} years on" if self.age_from else "any age"
        who = f"{self.get_sex_display()} sex, {ages}"
        return f"{self.laboratory} {self.analyte} {limits} {self.unit} ({who}) from {self.valid_from}"
