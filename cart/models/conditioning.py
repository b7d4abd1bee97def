"""Conditioning (lymphodepletion) and chelation before infusion."""

from django.db import models
from django.db.models import F, Q

from cart.models.subject import Subject


class ConditioningCourse(models.Model):
    """One lymphodepletion course with the body measures its doses rest on."""

    class Formula(models.TextChoices):
        MOSTELLER = "mosteller", "Mosteller"
        DUBOIS = "dubois", "DuBois & DuBois"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="conditioning_courses")
    number = models.PositiveSmallIntegerField(default=1)
    regimen = models.CharField(max_length=120)
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1)
    height_cm = models.DecimalField(max_digits=5, decimal_places=1)
    bsa_formula = models.CharField(max_length=10, choices=Formula, default=Formula.MOSTELLER)
    bsa_m2 = models.DecimalField("BSA (m2)", max_digits=5, decimal_places=3)
    creatinine_clearance_ml_min = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)

    class Meta:
        ordering = ["subject", "number"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "number"], name="conditioning_course_once"),
            models.UniqueConstraint(fields=["id", "subject"], name="conditioning_course_id_subject"),
            models.CheckConstraint(
                condition=Q(weight_kg__gt=0, height_cm__gt=0, bsa_m2__gt=0)
                & (Q(creatinine_clearance_ml_min=None) | Q(creatinine_clearance_ml_min__gte=0)),
                name="conditioning_measures_positive",
                violation_error_message="Weight, height and BSA are above zero. [negative-number]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} conditioning {self.number}"


class ConditioningDose(models.Model):
    """One dose of a conditioning drug, planned and given."""

    class Drug(models.TextChoices):
        FLUDARABINE = "fludarabine", "Fludarabine"
        CYCLOPHOSPHAMIDE = "cyclophosphamide", "Cyclophosphamide"
        OTHER = "other", "Other"

    course = models.ForeignKey(ConditioningCourse, on_delete=models.PROTECT, related_name="doses")
    drug = models.CharField(max_length=20, choices=Drug)
    drug_name = models.CharField(max_length=80, blank=True, help_text="Needed for 'other'.")
    given_at = models.DateTimeField()
    planned_mg_m2 = models.DecimalField(max_digits=8, decimal_places=2)
    given_mg = models.DecimalField(max_digits=9, decimal_places=2)

    class Meta:
        ordering = ["course", "given_at"]
        constraints = [
            models.UniqueConstraint(fields=["course", "drug", "given_at"], name="conditioning_dose_once"),
            models.CheckConstraint(
                condition=Q(planned_mg_m2__gt=0, given_mg__gte=0),
                name="conditioning_dose_not_negative",
                violation_error_message="A dose is not negative. [negative-dose]",
            ),
            models.CheckConstraint(
                condition=Q(drug__in=["fludarabine", "cyclophosphamide"]) | (Q(drug="other") & ~Q(drug_name="")),
                name="conditioning_drug_named",
                violation_error_message="Another drug needs its name. [drug-unnamed]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.drug_name or self.drug}"


class Chelation(models.Model):
    """Chelation (EDTA) around an infusion, with ionised calcium before and after."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="chelations")
    agent = models.CharField(max_length=80, default="EDTA")
    dose_mg = models.DecimalField(max_digits=9, decimal_places=2)
    route = models.CharField(max_length=40, default="intravenous")
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    ionised_calcium_before_mmol_l = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    ionised_calcium_after_mmol_l = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)

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
                condition=(Q(ionised_calcium_before_mmol_l=None) | Q(ionised_calcium_before_mmol_l__gt=0))
                & (Q(ionised_calcium_after_mmol_l=None) | Q(ionised_calcium_after_mmol_l__gt=0)),
                name="chelation_calcium_positive",
                violation_error_message="Ionised calcium is above zero. [negative-number]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.agent}"
