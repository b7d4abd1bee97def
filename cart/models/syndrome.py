"""Daily assessments of CRS and ICANS: their components, and the investigator's own grade beside."""

from django.db import models
from django.db.models import Q

from cart.endpoints.toxicity.crs import HYPOTENSION, HYPOXIA
from cart.endpoints.toxicity.icans import CONSCIOUSNESS, ICE_PARTS, OEDEMA, SEIZURE, ice_score
from cart.models.constraints import between, one_of
from cart.models.subject import Subject


class DailyAssessment(models.Model):
    """One day of a subject. No grade is stored here but the investigator's: the kernels compute it on reading."""

    assessed_on = models.DateField("day", help_text="Calendar day at the site; one row per day, the worst of the day.")
    fatal = models.BooleanField("died of it", default=False)
    not_done_reason = models.CharField(
        "why not assessed", max_length=200, blank=True, help_text="Needed where nothing was assessed on this day."
    )
    investigator_grade = models.PositiveSmallIntegerField(
        "investigator's grade",
        null=True,
        blank=True,
        help_text="0 to 5, kept as it is. Where it differs from the computed grade a data query is opened.",
    )

    class Meta:
        abstract = True
        ordering = ["subject", "assessed_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "assessed_on"],
                name="%(class)s_once_a_day",
                violation_error_message="This day is already recorded; open its row. [day-twice]",
            ),
            models.CheckConstraint(
                condition=Q(investigator_grade=None) | Q(investigator_grade__gte=0, investigator_grade__lte=5),
                name="%(class)s_grade_0_to_5",
                violation_error_message="A grade of a syndrome is 0 to 5. [safety-grade]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self._meta.verbose_name} {self.assessed_on}"  # type: ignore[attr-defined]


class CrsAssessment(DailyAssessment):
    """Cytokine release syndrome on one day: fever, hypotension, hypoxia (ASTCT)."""

    class Hypotension(models.TextChoices):
        NONE = "none", "None"
        NO_PRESSOR = "no_pressor", "Low pressure, no vasopressor"
        ONE_PRESSOR = "one_pressor_pm_vasopressin", "One vasopressor, with or without vasopressin"
        MULTIPLE = "multiple_pressors_excl_vasopressin", "Multiple vasopressors (vasopressin not counted)"

    class Hypoxia(models.TextChoices):
        NONE = "none", "None"
        LOW_FLOW = "low_flow_nc_le6_or_blowby", "Low flow (up to 6 L/min) or blow-by"
        HIGH_FLOW = "hfnc_facemask_nrb_venturi", "High flow, face mask, non-rebreather or Venturi"
        PRESSURE = "positive_pressure", "Positive pressure (CPAP, BiPAP, ventilation)"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="crs_assessments")
    temperature_max_c = models.DecimalField(
        "highest temperature (°C)", max_digits=3, decimal_places=1, null=True, blank=True
    )
    fever_other_cause = models.BooleanField(
        "fever has another cause", default=False, help_text="An infection, for instance: then it is no fever of CRS."
    )
    fever_masked = models.BooleanField(
        "antipyretics or anticytokines given",
        default=False,
        help_text="Antipyretics, tocilizumab or steroids: fever is not required for a grade any more.",
    )
    hypotension = models.CharField(max_length=40, choices=Hypotension, blank=True)
    hypoxia = models.CharField(max_length=40, choices=Hypoxia, blank=True)

    class Meta(DailyAssessment.Meta):
        verbose_name = "CRS day"
        verbose_name_plural = "CRS days"
        constraints = [
            *DailyAssessment.Meta.constraints,
            between("temperature_max_c", 30, 45, name="crs_temperature_plausible",
                    says="A temperature lies between 30 and 45 °C."),
            one_of("hypotension", list(HYPOTENSION), name="crs_hypotension", blank=True),
            one_of("hypoxia", list(HYPOXIA), name="crs_hypoxia", blank=True),
            models.CheckConstraint(
                condition=Q(fatal=True)
                | (~Q(not_done_reason="") ^ ~Q(temperature_max_c=None, hypotension="", hypoxia="")),
                name="crs_assessed_or_reason",
                violation_error_message=(
                    "A day has components, or says why it was not assessed, not both. [day-incomplete]"
                ),
            ),
        ]  # fmt: skip


class IcansAssessment(DailyAssessment):
    """Neurotoxicity on one day: ICE score by its items, consciousness, seizure, motor findings, oedema (ASTCT)."""

    class Consciousness(models.TextChoices):
        ALERT = "alert", "Alert"
        SPONTANEOUS = "awakens_spontaneously", "Awakens spontaneously"
        VOICE = "to_voice", "Awakens to voice"
        TACTILE = "to_tactile", "Awakens to touch only"
        UNAROUSABLE = "unarousable_or_vigorous_tactile", "Unarousable, or vigorous touch needed"

    class Seizure(models.TextChoices):
        NONE = "none", "None"
        BRIEF = "brief_or_eeg_resolving", "Brief, or on EEG only, resolving"
        PROLONGED = "prolonged_gt5min_or_repetitive", "Longer than 5 min, or repetitive"

    class Oedema(models.TextChoices):
        NONE = "none", "None"
        FOCAL = "focal_oedema", "Focal oedema on imaging"
        DIFFUSE = "diffuse_oedema_posturing_cn6_papilloedema_cushing", "Diffuse oedema, posturing, VI palsy, Cushing"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="icans_assessments")
    ice_orientation = models.PositiveSmallIntegerField(
        "ICE orientation", null=True, blank=True, help_text="0 to 4: year, month, city, hospital."
    )
    ice_naming = models.PositiveSmallIntegerField(
        "ICE naming", null=True, blank=True, help_text="0 to 3: three objects."
    )
    ice_commands = models.PositiveSmallIntegerField(
        "ICE commands", null=True, blank=True, help_text="0 or 1: follows a simple command."
    )
    ice_writing = models.PositiveSmallIntegerField(
        "ICE writing", null=True, blank=True, help_text="0 or 1: writes a sentence."
    )
    ice_attention = models.PositiveSmallIntegerField(
        "ICE attention", null=True, blank=True, help_text="0 or 1: counts backwards from 100 by ten."
    )
    consciousness = models.CharField(max_length=40, choices=Consciousness, blank=True)
    seizure = models.CharField(max_length=40, choices=Seizure, blank=True)
    motor_weakness = models.BooleanField("deep focal weakness (hemi- or paraparesis)", null=True, blank=True)
    oedema = models.CharField("raised pressure or oedema", max_length=60, choices=Oedema, blank=True)

    class Meta(DailyAssessment.Meta):
        verbose_name = "ICANS day"
        verbose_name_plural = "ICANS days"
        constraints = [
            *DailyAssessment.Meta.constraints,
            *[
                between(f"ice_{part}", 0, most, name=f"icans_ice_{part}",
                        says=f"The ICE item {part} has 0 to {most} points.", code="ice-score")
                for part, most in ICE_PARTS.items()
            ],
            one_of("consciousness", list(CONSCIOUSNESS), name="icans_consciousness", blank=True),
            one_of("seizure", list(SEIZURE), name="icans_seizure", blank=True),
            one_of("oedema", list(OEDEMA), name="icans_oedema", blank=True),
            models.CheckConstraint(
                condition=Q(fatal=True)
                | (
                    ~Q(not_done_reason="")
                    ^ ~Q(
                        **{f"ice_{part}": None for part in ICE_PARTS},
                        consciousness="", seizure="", motor_weakness=None, oedema="",
                    )
                ),
                name="icans_assessed_or_reason",
                violation_error_message=(
                    "A day has findings, or says why it was not assessed, not both. [day-incomplete]"
                ),
            ),
        ]  # fmt: skip

    @property
    def ice_total(self) -> int | None:
        """ICE score; None where an item was not asked."""
        return ice_score(**{part: getattr(self, f"ice_{part}") for part in ICE_PARTS})


class SyndromeCourse(Subject):
    """A subject, to enter the days of CRS and ICANS on one page."""

    class Meta:
        proxy = True
        ordering = ["study", "code"]
        verbose_name = "CRS and ICANS course"
        verbose_name_plural = "CRS and ICANS courses"
