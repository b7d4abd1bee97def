"""Adverse events: what was reported, how severe, how serious, and whether it limits the dose."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from cart.endpoints.ctcae_criteria import VERSIONS
from cart.models.constraints import needs, one_of, period_checks
from cart.models.fields import PartialDateField
from cart.models.subject import Subject

# Any one of them makes an event serious. ICH E2A, II B.
SERIOUSNESS = (
    "results_in_death",
    "life_threatening",
    "hospitalisation",
    "disability",
    "congenital_anomaly",
    "medically_important",
)


class SpecialInterest(models.TextChoices):
    """Events of special interest of cell therapy in systemic sclerosis."""

    CRS = "crs", "Cytokine release syndrome"
    ICANS = "icans", "ICANS"
    IEC_HS = "iec-hs", "IEC-HS"
    CYTOPENIA = "cytopenia", "Prolonged cytopenia (ICAHT)"
    INFECTION = "infection", "Infection"
    HYPOGAMMAGLOBULINAEMIA = "hypogammaglobulinaemia", "Hypogammaglobulinaemia"
    INFUSION_REACTION = "infusion-reaction", "Infusion reaction"
    HYPOCALCAEMIA = "hypocalcaemia", "Hypocalcaemia of chelation"
    RENAL_CRISIS = "renal-crisis", "Scleroderma renal crisis"
    ILD = "ild-worsening", "Worsening of interstitial lung disease"
    SECOND_MALIGNANCY = "second-malignancy", "Second malignancy"
    OTHER = "other", "Other, named by the protocol"


class Relatedness(models.TextChoices):
    """How an event hangs together with a treatment, in the investigator's judgement."""

    NOT_RELATED = "not-related", "Not related"
    UNLIKELY = "unlikely", "Unlikely"
    POSSIBLE = "possible", "Possible"
    PROBABLE = "probable", "Probable"
    RELATED = "related", "Related"
    NOT_GIVEN = "not-given", "Treatment not given"


class AdverseEvent(models.Model):
    """One adverse event as reported. Severity is the grade; seriousness is a matter of its consequences."""

    class Action(models.TextChoices):
        NONE = "none", "None"
        INTERRUPTED = "interrupted", "Infusion interrupted"
        DELAYED = "delayed", "Infusion delayed"
        REDUCED = "reduced", "Dose reduced"
        WITHDRAWN = "withdrawn", "Treatment withdrawn"
        NOT_APPLICABLE = "not-applicable", "Not applicable (treatment complete)"

    class Outcome(models.TextChoices):
        RECOVERED = "recovered", "Recovered"
        SEQUELAE = "recovered-with-sequelae", "Recovered with sequelae"
        RECOVERING = "recovering", "Recovering"
        NOT_RECOVERED = "not-recovered", "Not recovered"
        FATAL = "fatal", "Fatal"
        UNKNOWN = "unknown", "Unknown"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="adverse_events")
    term = models.CharField("event as reported", max_length=200, help_text="In the words of the source document.")
    ctcae_term = models.CharField("CTCAE term", max_length=200, blank=True)
    started = PartialDateField(help_text="As exactly as known: 2024, 2024-03, 2024-03-05 or 2024-03-05T10:15.")
    ended = PartialDateField(blank=True, help_text="As exactly as known; empty while it is ongoing.")
    ongoing = models.BooleanField(default=False)
    ctcae_version = models.CharField(
        "CTCAE version", max_length=2, choices=[(version, version) for version in VERSIONS], default="5"
    )
    grade = models.PositiveSmallIntegerField(
        choices=[(1, "1 mild"), (2, "2 moderate"), (3, "3 severe"), (4, "4 life-threatening"), (5, "5 death")],
        help_text="Severity by the CTCAE: the highest grade of the event.",
    )
    serious = models.BooleanField(default=False, help_text="By its consequences, whatever its grade: say which below.")
    results_in_death = models.BooleanField("results in death", default=False)
    life_threatening = models.BooleanField("life-threatening at the time", default=False)
    hospitalisation = models.BooleanField("hospital stay, or a longer one", default=False)
    disability = models.BooleanField("lasting disability", default=False)
    congenital_anomaly = models.BooleanField("congenital anomaly", default=False)
    medically_important = models.BooleanField("other medically important event", default=False)
    related_to_product = models.CharField("related to CAR-T cells", max_length=12, choices=Relatedness)
    related_to_conditioning = models.CharField("related to conditioning", max_length=12, choices=Relatedness)
    related_to_chelation = models.CharField(
        "related to chelation", max_length=12, choices=Relatedness, default=Relatedness.NOT_GIVEN
    )
    action = models.CharField("action with the study treatment", max_length=16, choices=Action, default=Action.NONE)
    treatment = models.CharField("treatment of the event", max_length=300, blank=True)
    outcome = models.CharField(max_length=24, choices=Outcome)
    dlt = models.BooleanField(
        "dose-limiting toxicity",
        null=True,
        blank=True,
        help_text="By the protocol's definition. Unknown: not decided yet; the subject is then not counted as without.",
    )
    dlt_reason = models.CharField(
        "why (DLT)",
        max_length=300,
        blank=True,
        help_text="Needed for a DLT that does not begin in the protocol's window.",
    )
    special_interest = models.CharField(
        "of special interest (AESI)", max_length=24, choices=SpecialInterest, blank=True
    )

    class Meta:
        ordering = ["subject", "started", "id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "subject"], name="adverse_event_id_subject"),
            needs("term", name="adverse_event_named", says="An adverse event needs its term."),
            needs("started", name="adverse_event_dated", says="An adverse event has a start; the year is enough."),
            *period_checks("adverse_event"),
            one_of("ctcae_version", VERSIONS, name="adverse_event_ctcae_version"),
            models.CheckConstraint(
                condition=Q(grade__gte=1, grade__lte=5),
                name="adverse_event_grade_1_to_5",
                violation_error_message="A grade of the CTCAE is 1 to 5. [safety-grade]",
            ),
            models.CheckConstraint(
                condition=Q(serious=False, **dict.fromkeys(SERIOUSNESS, False))
                | Q(serious=True) & ~Q(**dict.fromkeys(SERIOUSNESS, False)),
                name="adverse_event_serious_by_criterion",
                violation_error_message=(
                    "A serious event meets a criterion of seriousness, any other event none. [seriousness]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(grade=5, outcome="fatal", results_in_death=True)
                | ~Q(grade=5) & ~Q(outcome="fatal") & Q(results_in_death=False),
                name="adverse_event_fatal_throughout",
                violation_error_message=(
                    "Grade 5, outcome fatal and 'results in death' belong together: all three or none. [fatal-event]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(ongoing=False) | ~Q(outcome__in=["recovered", "recovered-with-sequelae", "fatal"]),
                name="adverse_event_ongoing_not_recovered",
                violation_error_message="An ongoing event is not recovered and not fatal. [event-outcome]",
            ),
            *[
                one_of(field, Relatedness.values, name=f"adverse_event_{field}")
                for field in ("related_to_product", "related_to_conditioning", "related_to_chelation")
            ],
            one_of("action", ["none", "interrupted", "delayed", "reduced", "withdrawn", "not-applicable"],
                   name="adverse_event_action"),
            one_of("outcome", ["recovered", "recovered-with-sequelae", "recovering", "not-recovered", "fatal",
                               "unknown"], name="adverse_event_outcome"),
            one_of("special_interest", SpecialInterest.values, name="adverse_event_special_interest", blank=True),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.subject} AE {self.pk} {self.term}"


def check_event_of_subject(record: models.Model) -> None:
    """Refuse a record whose adverse event is another subject's; the composite foreign key refuses it too."""
    event = getattr(record, "event", None)
    if event is not None and event.subject_id != getattr(record, "subject_id", None):
        raise ValidationError({"event": "The adverse event is of another subject. [wrong-subject]"})
