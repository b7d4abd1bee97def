"""Study, its protocol versions, sites, arms, cohorts and planned visits."""

from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from cart.models.planned_cells import PlannedByTarget, plan_adds_up
from cart.models.zones import validate_time_zone
from trialsite.isolation.reading import once

CODE_PATTERN = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
    "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit. [code-characters]",
)


class Study(models.Model):
    """One clinical trial; everything a user sees hangs below it."""

    code = models.CharField(max_length=40, unique=True, validators=[CODE_PATTERN])
    title = models.CharField(max_length=300)
    sponsor = models.CharField(max_length=200, blank=True)
    template = models.CharField(max_length=40, blank=True, help_text="Study template this study was made from, if any.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(title=""),
                name="study_has_code_and_title",
                violation_error_message="A study needs a code and a title. [study-unnamed]",
            )
        ]

    def __str__(self) -> str:
        return self.code

    def current_protocol(self) -> "ProtocolVersion | None":
        """Protocol version in force: the highest number; a page reads it once."""
        return once(("protocol", self.pk), self.protocol_versions.order_by("-number").first)


class ProtocolVersion(models.Model):
    """One version of the protocol: visit schedule and endpoint parameters, as loaded from a template.

    ``parameters`` maps endpoint code (or ``*``) to ``{parameter: value}``; defaults, units and
    sources stand in the endpoint registry. A changed template is a new version.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="protocol_versions")
    number = models.PositiveSmallIntegerField()
    effective_on = models.DateField()
    parameters = models.JSONField(default=dict, blank=True)
    randomisation = models.JSONField(
        default=dict, blank=True, help_text="Ratio of the arms, block sizes and stratification; empty without."
    )
    content_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="protocol_version_once"),
            # Target of the composite foreign keys that keep a row's study and protocol together.
            models.UniqueConstraint(fields=["id", "study"], name="protocol_id_study"),
        ]

    def __str__(self) -> str:
        return f"{self.study} protocol {self.number}"


class Site(models.Model):
    """One investigational site of one study, with the time zone its clocks show."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="sites")
    code = models.CharField(max_length=20, validators=[CODE_PATTERN])
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=3, blank=True, help_text="ISO 3166-1 alpha-3")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])

    class Meta:
        ordering = ["study", "code"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="site_code_once_per_study"),
            # Target of the composite foreign keys that keep a row's study and site together.
            models.UniqueConstraint(fields=["id", "study"], name="site_id_study"),
        ]

    def __str__(self) -> str:
        return f"{self.study_code}/{self.code}"

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of the site's clocks."""
        return ZoneInfo(self.time_zone)

    @property
    def study_code(self) -> str:
        """Code of the study without a query when the study is already loaded."""
        return self.study.code


class Arm(models.Model):
    """Arm of a study; ``anchor`` says what time zero means in it.

    In an arm in which nothing is given there is no time zero: assessments are counted from the first consent, and what
    follows from a treatment has no answer.
    """

    class Anchor(models.TextChoices):
        INFUSION = "infusion", "First CAR-T infusion"
        STUDY_DRUG = "study-drug", "First study-drug dose"
        CONSENT = "consent", "First consent: nothing is given"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="arms")
    code = models.CharField(max_length=20, validators=[CODE_PATTERN])
    title = models.CharField(max_length=200)
    anchor = models.CharField(max_length=12, choices=Anchor, default=Anchor.INFUSION)

    class Meta:
        ordering = ["study", "code"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="arm_code_once_per_study"),
            models.UniqueConstraint(fields=["id", "study"], name="arm_id_study"),
            models.CheckConstraint(
                condition=Q(anchor__in=["infusion", "study-drug", "consent"]),
                name="arm_anchor_known",
                violation_error_message="An arm is counted from an infusion, a study drug or consent. [arm-anchor]",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Cohort(PlannedByTarget):
    """A cohort or dose level of a study: what is planned for it. A changed plan is another cohort."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="cohorts")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, null=True, blank=True, related_name="cohorts")
    code = models.CharField(max_length=20, validators=[CODE_PATTERN])
    title = models.CharField(max_length=200)
    level = models.PositiveSmallIntegerField(default=1, help_text="Order of escalation, from the lowest dose.")
    planned_cells_per_kg_e6 = models.DecimalField(
        "planned viable CAR+ cells/kg (10^6)", max_digits=8, decimal_places=4, null=True, blank=True
    )
    planned_size = models.PositiveSmallIntegerField("planned subjects", null=True, blank=True)

    class Meta:
        ordering = ["study", "level", "code"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="cohort_code_once_per_study"),
            models.UniqueConstraint(fields=["id", "study"], name="cohort_id_study"),
            models.CheckConstraint(
                condition=(Q(planned_cells_per_kg_e6=None) | Q(planned_cells_per_kg_e6__gt=0))
                & (Q(planned_size=None) | Q(planned_size__gt=0)),
                name="cohort_plan_positive",
                violation_error_message="A planned dose and a planned size are above zero. [negative-number]",
            ),
            plan_adds_up("cohort_plan_adds_up"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        if self.arm_id and self.study_id and self.arm is not None and self.arm.study_id != self.study_id:
            raise ValidationError({"arm": "The arm belongs to another study. [arm-of-other-study]"})


class PlannedVisit(models.Model):
    """A visit of the schedule: target and window in days from its anchor (protocol days, or days from consent)."""

    class Anchor(models.TextChoices):
        TIME_ZERO = "time-zero", "Time zero (first infusion or dose)"
        CONSENT = "consent", "First consent"

    class Phase(models.TextChoices):
        STUDY = "study", "Study"
        LONG_TERM = "long-term", "Long-term follow-up"

    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="planned_visits")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    anchor = models.CharField(max_length=12, choices=Anchor, default=Anchor.TIME_ZERO)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.STUDY)
    target_day = models.IntegerField(help_text="Days from the anchor; from time zero: the protocol day.")
    window_low_day = models.IntegerField()
    window_high_day = models.IntegerField()

    class Meta:
        ordering = ["protocol", "target_day"]
        constraints = [
            models.UniqueConstraint(fields=["protocol", "code"], name="planned_visit_code_once"),
            models.CheckConstraint(
                condition=Q(window_low_day__lte=F("target_day"), window_high_day__gte=F("target_day")),
                name="planned_visit_target_in_window",
                violation_error_message="The target day must lie inside the window. [window-target]",
            ),
            models.CheckConstraint(
                condition=Q(anchor__in=["time-zero", "consent"]),
                name="planned_visit_anchor_known",
                violation_error_message="A visit is counted from time zero or from consent. [visit-anchor]",
            ),
            models.CheckConstraint(
                condition=Q(phase__in=["study", "long-term"]),
                name="planned_visit_phase_known",
                violation_error_message="A visit is one of the study or of the long-term follow-up. [visit-phase]",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        low, high = self.window_low_day, self.window_high_day
        # Run also where a field was refused and its value is missing.
        if low is not None and high is not None and low > high:
            raise ValidationError("The window ends before it begins. [window-target]")
