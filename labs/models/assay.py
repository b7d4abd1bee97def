"""How it is measured: one version of a laboratory's assay."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q

from labs.models.analyte import Analyte, Laboratory
from labs.units.dilutions import dilutions


class DateRange(Func):
    """PostgreSQL daterange of two columns, upper end included."""

    function = "DATERANGE"
    output_field = DateRangeField()


class AssayVersion(models.Model):
    """Kit, unit and limits in force at one laboratory for one analyte over a period.

    A change of kit is a new version and breaks the series of a subject: fold changes stay inside one. A new lot of
    the same kit is a new version too, and its values go on in the series.
    """

    id = models.AutoField(primary_key=True)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="assays")
    analyte = models.ForeignKey(Analyte, on_delete=models.PROTECT, related_name="assays")
    kit = models.CharField(max_length=120)
    lot = models.CharField("lot of the kit", max_length=60, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    lloq = models.DecimalField("LLOQ", max_digits=14, decimal_places=5, null=True, blank=True)
    uloq = models.DecimalField("ULOQ", max_digits=14, decimal_places=5, null=True, blank=True)
    cutoff = models.DecimalField(
        "positive from", max_digits=14, decimal_places=5, null=True, blank=True, help_text="Cut-off of the kit."
    )
    dilution_start = models.PositiveIntegerField(
        "first dilution", null=True, blank=True, help_text="Of a titer: 40 where the series begins with 1:40."
    )
    dilution_factor = models.PositiveSmallIntegerField(
        "dilution factor", null=True, blank=True, help_text="2 where each dilution is twice the one before."
    )
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text="Last day; empty while in force.")

    class Meta:
        ordering = ["laboratory", "analyte", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="assay_one_in_force",
                expressions=[
                    ("laboratory", RangeOperators.EQUAL),
                    ("analyte", RangeOperators.EQUAL),
                    (
                        DateRange(
                            F("valid_from"),
                            F("valid_to"),
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=(
                    "Another assay version of this analyte is in force at that time; close it first. [assay-overlap]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="assay_ends_after_start",
                violation_error_message="A version ends after it starts. [period]",
            ),
            models.CheckConstraint(
                condition=(Q(lloq=None) | Q(lloq__gte=0)) & (Q(lloq=None) | Q(uloq=None) | Q(lloq__lt=F("uloq"))),
                name="assay_limits_ordered",
                violation_error_message="LLOQ is not negative and lies below ULOQ. [assay-limits]",
            ),
            models.CheckConstraint(
                condition=Q(dilution_start=None, dilution_factor=None)
                # A comparison with NULL alone would hold for half a series.
                | Q(
                    dilution_start__gte=1,
                    dilution_factor__gte=2,
                    dilution_start__isnull=False,
                    dilution_factor__isnull=False,
                ),
                name="assay_dilutions_whole",
                violation_error_message=(
                    "A dilution series has a first dilution from 1 on and a factor from 2 on. [dilution-series]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.laboratory} {self.analyte} {self.kit}"

    @property
    def dilution_series(self) -> list[int]:
        """Its dilutions, from the first; empty where it declares none."""
        if self.dilution_start is None or self.dilution_factor is None:
            return []
        return dilutions(self.dilution_start, self.dilution_factor)

    def clean(self) -> None:
        """Only a titer has dilutions."""
        if self.dilution_start and self.analyte_id and self.analyte.kind != Analyte.Kind.TITER:
            raise ValidationError(
                {
                    "dilution_start": f"A dilution series is one of titers; {self.analyte} is a "
                    f"{self.analyte.get_kind_display().lower()}. Leave it empty. [dilution-series]"
                }
            )
