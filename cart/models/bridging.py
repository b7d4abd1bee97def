"""Bridging therapy: holds the disease between apheresis and conditioning, and is no part of either."""

from django.db import models
from django.db.models import Q

from cart.models.fields import PartialDateField, partial_date_check
from cart.models.subject import Subject


class BridgingTherapy(models.Model):
    """One drug given to hold the disease while the lot is made. It is no conditioning: no baseline moves by it."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="bridging_therapies")
    drug = models.CharField(max_length=120)
    dose = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    dose_unit = models.CharField(max_length=20, blank=True, help_text="mg, mg/day, mg/m2, g/kg ...")
    frequency = models.CharField(max_length=40, blank=True)
    route = models.CharField(max_length=40, blank=True)
    started = PartialDateField()
    stopped = PartialDateField(blank=True)
    ongoing = models.BooleanField(default=False)
    indication = models.CharField(max_length=200, blank=True, help_text="What it holds, such as progressive skin.")

    class Meta:
        ordering = ["subject", "started", "drug"]
        verbose_name_plural = "bridging therapies"
        constraints = [
            models.CheckConstraint(
                condition=~Q(drug="") & ~Q(started=""),
                name="bridging_has_drug_and_start",
                violation_error_message="A bridging therapy needs its drug and its start. [bridging-incomplete]",
            ),
            models.CheckConstraint(
                condition=Q(dose=None, dose_unit="") | (Q(dose__isnull=False, dose__gte=0) & ~Q(dose_unit="")),
                name="bridging_dose_has_unit",
                violation_error_message="A dose is not negative and has its unit. [dose-unit]",
            ),
            models.CheckConstraint(
                condition=Q(ongoing=False) | Q(stopped=""),
                name="bridging_ongoing_or_stopped",
                violation_error_message="An ongoing therapy has no stop date. [therapy-period]",
            ),
            partial_date_check("started", "bridging_started_partial"),
            partial_date_check("stopped", "bridging_stopped_partial"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.drug}"
