"""Chelation around an infusion, with ionised calcium before and after."""

import datetime as dt
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Min, Q, When

from cart.models.subject import Subject

# Molar mass of calcium 40.078 g/mol (IUPAC 2021): mg/dL in one mmol/L.
CALCIUM_MG_DL_PER_MMOL_L = Decimal("4.0078")


def _in_mmol_l(field: str) -> models.GeneratedField:  # type: ignore[type-arg]
    """The received value in mmol/L, computed by the database."""
    return models.GeneratedField(
        expression=Case(
            When(ionised_calcium_unit="mg/dL", then=F(field) / CALCIUM_MG_DL_PER_MMOL_L),
            default=F(field),
        ),
        output_field=models.DecimalField(max_digits=12, decimal_places=4),
        db_persist=True,
    )


class Chelation(models.Model):
    """Chelation (EDTA) around an infusion, with ionised calcium before and after, in the unit it was received in."""

    class CalciumUnit(models.TextChoices):
        MMOL_L = "mmol/L", "mmol/L"
        MG_DL = "mg/dL", "mg/dL"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="chelations")
    agent = models.CharField(max_length=80, default="EDTA")
    dose_mg = models.DecimalField(max_digits=9, decimal_places=2)
    route = models.CharField(max_length=40, default="intravenous")
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    ionised_calcium_unit = models.CharField(
        "unit of ionised calcium", max_length=8, choices=CalciumUnit, default=CalciumUnit.MMOL_L, db_default="mmol/L"
    )
    ionised_calcium_before = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    ionised_calcium_after = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    ionised_calcium_before_mmol_l = _in_mmol_l("ionised_calcium_before")
    ionised_calcium_after_mmol_l = _in_mmol_l("ionised_calcium_after")
    calcium_before_at = models.DateTimeField(null=True, blank=True)
    calcium_after_at = models.DateTimeField(null=True, blank=True)
    calcium_missing_reason = models.CharField(
        "why calcium is missing",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Where one of the two was not measured.",
    )

    class Meta:
        ordering = ["subject", "started_at"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "agent", "started_at"], name="chelation_once"),
            models.CheckConstraint(
                condition=Q(dose_mg__gte=0),
                name="chelation_dose_not_negative",
                violation_error_message="A dose is not negative. [negative-dose]",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(stopped_at__gte=F("started_at")),
                name="chelation_stops_after_start",
                violation_error_message="Chelation stops after it starts. [period]",
            ),
            models.CheckConstraint(
                condition=(Q(ionised_calcium_before=None) | Q(ionised_calcium_before__gt=0))
                & (Q(ionised_calcium_after=None) | Q(ionised_calcium_after__gt=0)),
                name="chelation_calcium_positive",
                violation_error_message="Ionised calcium is above zero. [negative-number]",
            ),
            models.CheckConstraint(
                condition=Q(ionised_calcium_unit__in=["mmol/L", "mg/dL"]),
                name="chelation_calcium_unit_known",
                violation_error_message="Ionised calcium is in mmol/L or mg/dL. [calcium-unit]",
            ),
            models.CheckConstraint(
                condition=(Q(calcium_before_at=None) | Q(calcium_before_at__lte=F("started_at")))
                & (Q(calcium_after_at=None) | Q(calcium_after_at__gte=F("started_at"))),
                name="chelation_calcium_before_and_after",
                violation_error_message=(
                    "Calcium before is taken before the chelation starts, calcium after is not. [period]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.agent}"

    def clean(self) -> None:
        missing = [
            word
            for word, value in (("before", self.ionised_calcium_before), ("after", self.ionised_calcium_after))
            if value is None
        ]
        if missing and not self.calcium_missing_reason:
            raise ValidationError(
                {
                    "calcium_missing_reason": f"Ionised calcium {' and '.join(missing)} is missing; give the value, or "
                    "say why there is none. [calcium-missing]"
                }
            )

    def hours_to_infusion(self) -> Decimal | None:
        """Hours from the start of the chelation to the subject's first component at or after it; None without one.

        Where there is none after it: hours since the last one, negative.
        """
        components = self.subject.infusion_components.all()
        after = components.filter(started_at__gte=self.started_at).aggregate(at=Min("started_at"))["at"]
        if after is None:
            before = components.order_by("-started_at").values_list("started_at", flat=True).first()
            return None if before is None else _hours(before - self.started_at)
        return _hours(after - self.started_at)


def _hours(span: dt.timedelta) -> Decimal:
    return (Decimal(span // dt.timedelta(seconds=1)) / 3600).quantize(Decimal("0.1"))
