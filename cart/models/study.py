"""Study, its protocol versions, sites, arms and planned visits."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from cart.models.zones import validate_time_zone

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
        """Protocol version in force: the highest number."""
        return self.protocol_versions.order_by("-number").first()


class ProtocolVersion(models.Model):
    """One version of the protocol: visit schedule and endpoint parameters, as loaded from a template.

    ``parameters`` maps endpoint code (or ``*``) to ``{parameter: value}``; defaults, units and
    sources stand in the endpoint registry. A changed template is a new version.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="protocol_versions")
    number = models.PositiveSmallIntegerField()
    effective_on = models.DateField()
    parameters = models.JSONField(default=dict, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="protocol_version_once"),
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
    def study_code(self) -> str:
        """Code of the study without a query when the study is already loaded."""
        return self.study.code


class Arm(models.Model):
    """Treatment arm; ``anchor`` says what time zero means in it."""

    class Anchor(models.TextChoices):
        INFUSION = "infusion", "First CAR-T infusion"
        STUDY_DRUG = "study-drug", "First study-drug dose"

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
                condition=Q(anchor__in=["infusion", "study-drug"]),
                name="arm_anchor_known",
                violation_error_message="An arm's time zero is an infusion or a study drug. [arm-anchor]",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PlannedVisit(models.Model):
    """A visit of the schedule: target and window in days from its anchor (protocol days, or days from consent)."""

    class Anchor(models.TextChoices):
        TIME_ZERO = "time-zero", "Time zero (first infusion or dose)"
        CONSENT = "consent", "First consent"

    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="planned_visits")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    anchor = models.CharField(max_length=12, choices=Anchor, default=Anchor.TIME_ZERO)
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
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        low, high = self.window_low_day, self.window_high_day
        # Run also where a field was refused and its value is missing.
        if low is not None and high is not None and low > high:
            raise ValidationError("The window ends before it begins. [window-target]")
