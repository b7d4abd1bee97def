"""Infections: organism, site, grade, treatment."""

from django.db import models

from cart.models.adverse_event import AdverseEvent, check_event_of_subject
from cart.models.constraints import between, needs, one_of, period_checks
from cart.models.fields import PartialDateField
from cart.models.subject import Subject


class Infection(models.Model):
    """One infection; the adverse event it belongs to is named beside."""

    class Kind(models.TextChoices):
        BACTERIAL = "bacterial", "Bacterial"
        VIRAL = "viral", "Viral"
        FUNGAL = "fungal", "Fungal"
        PARASITIC = "parasitic", "Parasitic"
        UNKNOWN = "unknown", "Not identified"

    class Site(models.TextChoices):
        BLOOD = "blood", "Blood stream"
        UPPER_AIRWAY = "upper-airway", "Upper airway"
        LUNG = "lung", "Lung"
        URINARY = "urinary", "Urinary tract"
        SKIN = "skin", "Skin or digital ulcer"
        GUT = "gut", "Gut"
        CNS = "cns", "Central nervous system"
        CATHETER = "catheter", "Catheter"
        OTHER = "other", "Other"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="infections")
    event = models.ForeignKey(
        AdverseEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="infections",
        verbose_name="adverse event",
    )  # fmt: skip
    kind = models.CharField(max_length=10, choices=Kind)
    organism = models.CharField(
        max_length=120, help_text="As the laboratory names it; 'not identified' where none was found."
    )
    site = models.CharField("site of infection", max_length=12, choices=Site)
    site_text = models.CharField("site in words", max_length=120, blank=True)
    started = PartialDateField(help_text="As exactly as known.")
    ended = PartialDateField(blank=True, help_text="As exactly as known; empty while it is ongoing.")
    ongoing = models.BooleanField(default=False)
    grade = models.PositiveSmallIntegerField(help_text="CTCAE, 1 to 5.")
    reactivation = models.BooleanField(null=True, blank=True, help_text="Of a latent infection (CMV, HBV, VZV ...).")
    treatment = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["subject", "started", "id"]
        constraints = [
            needs("organism", name="infection_organism", says="An infection names its organism, or 'not identified'."),
            needs("started", name="infection_dated", says="An infection has a start; the year is enough."),
            *period_checks("infection"),
            one_of("kind", ["bacterial", "viral", "fungal", "parasitic", "unknown"], name="infection_kind"),
            one_of("site", ["blood", "upper-airway", "lung", "urinary", "skin", "gut", "cns", "catheter", "other"],
                   name="infection_site"),
            between("grade", 1, 5, name="infection_grade", says="A grade of the CTCAE is 1 to 5.",
                    code="safety-grade"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.subject} {self.organism}"

    def clean(self) -> None:
        check_event_of_subject(self)
