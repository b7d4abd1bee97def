"""Eligibility of a subject: an answer to each criterion, and the decision that an investigator signs."""

from django.db import models
from django.db.models import Q

from cart.models.criterion import EligibilityCriterion
from cart.models.study import ProtocolVersion
from cart.models.subject import Subject


class EligibilityAssessment(models.Model):
    """One round of answers of a subject, under the protocol version that held for it; another round is another row."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="eligibility_assessments")
    protocol = models.ForeignKey(
        ProtocolVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="eligibility_assessments"
    )
    number = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["subject", "number"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "number"], name="assessment_once"),
            models.UniqueConstraint(fields=["id", "subject"], name="assessment_id_subject"),
            models.UniqueConstraint(fields=["id", "protocol"], name="assessment_id_protocol"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} eligibility {self.number}"


class EligibilityAnswer(models.Model):
    """Whether one criterion holds for the subject. The database writes who answered, and when."""

    class Answer(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        NOT_APPLICABLE = "na", "Not applicable"

    # The answer with which a criterion stands against the subject.
    FAILS = {EligibilityCriterion.Kind.INCLUSION: Answer.NO, EligibilityCriterion.Kind.EXCLUSION: Answer.YES}

    assessment = models.ForeignKey(EligibilityAssessment, on_delete=models.PROTECT, related_name="answers")
    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    criterion = models.ForeignKey(EligibilityCriterion, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=3, choices=Answer)
    note = models.CharField(max_length=300, blank=True)
    answered_by = models.CharField(max_length=150, editable=False, blank=True)
    answered_at = models.DateTimeField(editable=False, null=True)

    class Meta:
        ordering = ["assessment", "criterion"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "criterion"],
                name="eligibility_answer_once",
                violation_error_message="The criterion is answered already. [answer-twice]",
            ),
            models.CheckConstraint(
                condition=Q(answer__in=["yes", "no"]) | (Q(answer="na") & ~Q(note="")),
                name="eligibility_answer_known",
                violation_error_message="A criterion is answered yes or no; 'not applicable' says why. "
                "[eligibility-answer]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} {self.answer}"


class EligibilityDecision(models.Model):
    """The investigator's signed decision on one round of answers. Append-only; the answers are fixed by it.

    ``decided_at`` is when the investigator decided, ``signed_at`` when the decision was entered here, by the clock of
    the database. ``answers_sha256`` is the digest of the criteria's words with their answers, as they were signed.
    """

    class Verdict(models.TextChoices):
        ELIGIBLE = "eligible", "Eligible"
        NOT_ELIGIBLE = "not-eligible", "Not eligible"

    assessment = models.OneToOneField(EligibilityAssessment, on_delete=models.PROTECT, related_name="decision")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="eligibility_decisions")
    verdict = models.CharField(max_length=12, choices=Verdict)
    decided_at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)
    decided_by = models.CharField(max_length=150, editable=False, blank=True)
    signed_at = models.DateTimeField(editable=False, null=True)
    answers_sha256 = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ["subject", "decided_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["eligible", "not-eligible"]),
                name="eligibility_verdict_known",
                violation_error_message="A subject is eligible or not eligible. [eligibility-verdict]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.get_verdict_display()}"
