"""Study drugs of arms without CAR-T, and therapy beside the study."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from cart.models.fields import PartialDateField, partial_date_check
from cart.models.subject import Subject


class StudyDrugExposure(models.Model):
    """One period on a study drug: rituximab, mycophenolate, placebo, the drug of an imported trial."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="study_drug_exposures")
    drug = models.CharField(max_length=120)
    dose = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    dose_text = models.CharField(max_length=60, blank=True, help_text="Dose as received where not a number.")
    dose_unit = models.CharField(max_length=40, blank=True)
    form = models.CharField(max_length=60, blank=True)
    frequency = models.CharField(max_length=40, blank=True)
    route = models.CharField(max_length=60, blank=True)
    started = PartialDateField()
    stopped = PartialDateField(blank=True)
    source_sequence = models.PositiveIntegerField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["subject", "started"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dose=None) | Q(dose__gte=0),
                name="exposure_dose_not_negative",
                violation_error_message="A dose is not negative. [negative-dose]",
            ),
            models.CheckConstraint(
                condition=~Q(started="") & ~Q(drug=""),
                name="exposure_has_drug_and_start",
                violation_error_message="An exposure needs its drug and its start. [exposure-incomplete]",
            ),
            models.UniqueConstraint(
                fields=["subject", "source_sequence"],
                condition=Q(source_sequence__isnull=False),
                name="exposure_source_row_once",
            ),
            partial_date_check("started", "exposure_started_partial"),
            partial_date_check("stopped", "exposure_stopped_partial"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.drug} {self.started}"


class TherapyClass(models.TextChoices):
    """Classes that confound endpoints or break a drug-free reset."""

    RITUXIMAB = "rituximab", "Rituximab / anti-CD20"
    MYCOPHENOLATE = "mycophenolate", "Mycophenolate"
    IVIG = "ivig", "IVIG"
    PLASMA_EXCHANGE = "plasma-exchange", "Plasma exchange"
    STEROID = "steroid", "Glucocorticoid"
    ANTIFIBROTIC = "antifibrotic", "Antifibrotic"
    IMMUNOSUPPRESSANT = "immunosuppressant", "Other immunosuppressant"
    OTHER = "other", "Other"


class ConcomitantTherapy(models.Model):
    """A therapy beside the study, prior or concomitant, with its class."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="concomitant_therapies")
    drug = models.CharField(max_length=120)
    therapy_class = models.CharField(max_length=20, choices=TherapyClass)
    prior = models.BooleanField(default=False, help_text="Ended before time zero.")
    daily_dose_mg = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    dose = models.DecimalField(
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Where it is no daily dose in mg: IVIG in g/kg.",
    )
    dose_unit = models.CharField(max_length=20, blank=True, default="", db_default="")
    plasma_volumes = models.DecimalField(
        max_digits=4, decimal_places=2, null=True, blank=True, help_text="Plasma volumes exchanged, of plasma exchange."
    )
    dose_missing_reason = models.CharField(
        "why the dose is missing",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Of a glucocorticoid without dose, and of a plasma exchange without its volumes.",
    )
    started = PartialDateField(blank=True)
    stopped = PartialDateField(blank=True)
    ongoing = models.BooleanField(default=False)
    indication = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["subject", "started", "drug"]
        verbose_name_plural = "concomitant therapies"
        constraints = [
            models.CheckConstraint(
                condition=Q(daily_dose_mg=None) | Q(daily_dose_mg__gte=0),
                name="therapy_dose_not_negative",
                violation_error_message="A dose is not negative. [negative-dose]",
            ),
            models.CheckConstraint(
                condition=Q(therapy_class__in=TherapyClass.values) & ~Q(drug=""),
                name="therapy_class_known",
                violation_error_message="A therapy needs its drug and a known class. [therapy-class]",
            ),
            models.CheckConstraint(
                condition=Q(ongoing=False) | Q(stopped=""),
                name="therapy_ongoing_or_stopped",
                violation_error_message="An ongoing therapy has no stop date. [therapy-period]",
            ),
            models.CheckConstraint(
                condition=Q(dose=None, dose_unit="") | (Q(dose__isnull=False, dose__gte=0) & ~Q(dose_unit="")),
                name="therapy_dose_has_unit",
                violation_error_message="A dose is not negative and has its unit. [dose-unit]",
            ),
            models.CheckConstraint(
                condition=Q(plasma_volumes=None) | Q(plasma_volumes__gt=0, therapy_class="plasma-exchange"),
                name="therapy_plasma_volumes_of_exchange",
                violation_error_message=(
                    "Plasma volumes are above zero, and of a plasma exchange alone. [plasma-volumes]"
                ),
            ),
            partial_date_check("started", "therapy_started_partial"),
            partial_date_check("stopped", "therapy_stopped_partial"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.drug}"

    def clean(self) -> None:
        # Not a constraint: an imported trial may have neither, and its rows are kept as they came.
        wanted = {
            TherapyClass.STEROID: ("daily_dose_mg", self.daily_dose_mg, "A glucocorticoid has its daily dose"),
            TherapyClass.PLASMA_EXCHANGE: ("plasma_volumes", self.plasma_volumes, "A plasma exchange has its volumes"),
        }.get(TherapyClass(self.therapy_class) if self.therapy_class in TherapyClass.values else TherapyClass.OTHER)
        if wanted is not None and wanted[1] is None and not self.dose_missing_reason:
            field, _, rule = wanted
            raise ValidationError({field: f"{rule}; give it, or say why it is missing. [dose-missing]"})
