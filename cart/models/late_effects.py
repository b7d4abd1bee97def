"""What long-term follow-up asks for: second malignancies with transgene tests, RCL, pregnancies, death."""

from django.db import models
from django.db.models import Q

from cart.models.adverse_event import AdverseEvent, Relatedness, check_event_of_subject
from cart.models.constraints import needs, one_of
from cart.models.fields import PartialDateField, partial_date_check
from cart.models.subject import Subject


class SecondMalignancy(models.Model):
    """A malignancy after the infusion, and whether it carries the CAR transgene."""

    class Transgene(models.TextChoices):
        DETECTED = "detected", "Detected"
        NOT_DETECTED = "not-detected", "Not detected"
        PENDING = "pending", "Pending"
        NOT_DONE = "not-done", "Not done"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="second_malignancies")
    event = models.ForeignKey(
        AdverseEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="second_malignancies",
        verbose_name="adverse event",
    )  # fmt: skip
    diagnosed = PartialDateField(help_text="As exactly as known.")
    diagnosis = models.CharField(max_length=200)
    histology = models.CharField(max_length=200, blank=True)
    t_cell = models.BooleanField("of T cells", null=True, blank=True)
    transgene = models.CharField("CAR transgene", max_length=12, choices=Transgene, default=Transgene.PENDING)
    transgene_material = models.CharField("material tested", max_length=120, blank=True)
    transgene_method = models.CharField("method", max_length=120, blank=True)
    transgene_tested_on = models.DateField("tested on", null=True, blank=True)
    transgene_not_done_reason = models.CharField("why not tested", max_length=200, blank=True)

    class Meta:
        ordering = ["subject", "diagnosed"]
        verbose_name_plural = "second malignancies"
        constraints = [
            needs("diagnosis", name="malignancy_diagnosis", says="A second malignancy has its diagnosis."),
            needs("diagnosed", name="malignancy_dated", says="A second malignancy has a day; the year is enough."),
            partial_date_check("diagnosed", "malignancy_diagnosed_partial"),
            models.CheckConstraint(
                condition=Q(transgene__in=["detected", "not-detected"], transgene_tested_on__isnull=False)
                & ~Q(transgene_material="")
                | Q(transgene="pending", transgene_tested_on=None, transgene_not_done_reason="")
                | Q(transgene="not-done", transgene_tested_on=None) & ~Q(transgene_not_done_reason=""),
                name="malignancy_transgene_tested_or_reason",
                violation_error_message=(
                    "A transgene test has its day and material; one that is not done says why. [transgene-test]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.diagnosis}"

    def clean(self) -> None:
        check_event_of_subject(self)


class RclTest(models.Model):
    """One test of a subject's blood for replication-competent lentivirus or retrovirus."""

    class Result(models.TextChoices):
        NEGATIVE = "negative", "Negative"
        POSITIVE = "positive", "Positive"
        INDETERMINATE = "indeterminate", "Indeterminate"
        PENDING = "pending", "Pending"
        NOT_DONE = "not-done", "Not done"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="rcl_tests")
    planned_label = models.CharField("time point", max_length=60, help_text="As the protocol names it: month 3.")
    sampled_on = models.DateField(null=True, blank=True)
    method = models.CharField(max_length=120, blank=True, help_text="VSV-G PCR, gag PCR, serology, culture.")
    result = models.CharField(max_length=14, choices=Result, default=Result.PENDING)
    not_done_reason = models.CharField("why not done", max_length=200, blank=True)

    class Meta:
        ordering = ["subject", "sampled_on", "id"]
        verbose_name = "RCL test"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "planned_label", "method"],
                name="rcl_test_once",
                violation_error_message="This time point and method are already recorded. [rcl-test]",
            ),
            needs("planned_label", name="rcl_time_point", says="An RCL test has its time point."),
            models.CheckConstraint(
                condition=Q(result="not-done", sampled_on=None) & ~Q(not_done_reason="")
                | Q(
                    result__in=["negative", "positive", "indeterminate", "pending"],
                    sampled_on__isnull=False,
                    not_done_reason="",
                )
                & ~Q(method=""),
                name="rcl_sampled_or_reason",
                violation_error_message=(
                    "An RCL test has the day of its sample and its method; one not done says why. [rcl-test]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} RCL {self.planned_label}"


class Pregnancy(models.Model):
    """A pregnancy of the subject or of the subject's partner. No person is named here."""

    class Of(models.TextChoices):
        SUBJECT = "subject", "Subject"
        PARTNER = "partner", "Partner of the subject"

    class Outcome(models.TextChoices):
        ONGOING = "ongoing", "Ongoing"
        LIVE_BIRTH = "live-birth", "Live birth"
        STILLBIRTH = "stillbirth", "Stillbirth"
        MISCARRIAGE = "miscarriage", "Miscarriage"
        TERMINATION = "termination", "Induced termination"
        ECTOPIC = "ectopic", "Ectopic"
        UNKNOWN = "unknown", "Unknown (lost, or no consent of the partner)"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="pregnancies")
    of = models.CharField("pregnancy of", max_length=8, choices=Of)
    partner_consented = models.BooleanField(
        null=True, blank=True, help_text="Follow-up of a partner's pregnancy needs the partner's own consent."
    )
    reported_on = models.DateField()
    last_period = PartialDateField("last menstrual period", blank=True, help_text="As exactly as known.")
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.ONGOING)
    outcome_on = PartialDateField("date of the outcome", blank=True, help_text="As exactly as known.")
    congenital_anomaly = models.BooleanField(null=True, blank=True)
    outcome_text = models.CharField("outcome in words", max_length=300, blank=True)

    class Meta:
        ordering = ["subject", "reported_on"]
        verbose_name_plural = "pregnancies"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "of", "reported_on"],
                name="pregnancy_once",
                violation_error_message="This pregnancy is already recorded. [pregnancy]",
            ),
            one_of("of", ["subject", "partner"], name="pregnancy_of"),
            one_of("outcome", ["ongoing", "live-birth", "stillbirth", "miscarriage", "termination", "ectopic",
                               "unknown"], name="pregnancy_outcome"),
            partial_date_check("last_period", "pregnancy_last_period_partial"),
            partial_date_check("outcome_on", "pregnancy_outcome_on_partial"),
            models.CheckConstraint(
                condition=Q(outcome__in=["ongoing", "unknown"], outcome_on="")
                | ~Q(outcome__in=["ongoing", "unknown"]) & ~Q(outcome_on=""),
                name="pregnancy_outcome_dated",
                violation_error_message="An outcome has its date; an ongoing pregnancy has none. [pregnancy]",
            ),
            models.CheckConstraint(
                condition=Q(partner_consented=None) | Q(of="partner"),
                name="pregnancy_consent_of_partner",
                violation_error_message="Only a partner's pregnancy asks for the partner's consent. [pregnancy]",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.subject} pregnancy {self.reported_on}"


class Death(models.Model):
    """Death of a subject: when, of what, and how it hangs together with the treatment."""

    class Cause(models.TextChoices):
        DISEASE = "disease", "Systemic sclerosis"
        TOXICITY = "toxicity", "Toxicity of the study treatment"
        INFECTION = "infection", "Infection"
        MALIGNANCY = "malignancy", "Malignancy"
        CARDIOVASCULAR = "cardiovascular", "Cardiovascular, not by systemic sclerosis"
        OTHER = "other", "Other"
        UNKNOWN = "unknown", "Unknown"

    subject = models.OneToOneField(Subject, on_delete=models.PROTECT, related_name="death")
    event = models.ForeignKey(
        AdverseEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="deaths",
        verbose_name="fatal adverse event",
    )  # fmt: skip
    died = PartialDateField("date of death", help_text="As exactly as known.")
    cause = models.CharField("primary cause", max_length=16, choices=Cause)
    cause_text = models.CharField("cause in words", max_length=300)
    related_to_product = models.CharField("related to CAR-T cells", max_length=12, choices=Relatedness)
    autopsy = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["subject"]
        constraints = [
            needs("died", name="death_dated", says="A death has a date; the year is enough."),
            needs("cause_text", name="death_cause", says="A death has its cause in words; 'unknown' is one."),
            partial_date_check("died", "death_died_partial"),
            one_of("cause", ["disease", "toxicity", "infection", "malignancy", "cardiovascular", "other", "unknown"],
                   name="death_cause_known"),
            one_of("related_to_product", Relatedness.values, name="death_related_to_product"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Death of {self.subject}"

    def clean(self) -> None:
        check_event_of_subject(self)
