"""Course of participation: each change of a subject's status, with its day and its reason."""

from django.db import models
from django.db.models import Q

from cart.models.fields import PartialDateField, partial_date_check
from cart.models.subject import Subject

_STATUS = Subject.Status


class Disposition(models.Model):
    """One change of a subject's status. Append-only; the database takes it over to the subject.

    ``corrects`` names the last entry where that one was wrong: this entry then stands in its place.
    """

    class Reason(models.TextChoices):
        ELIGIBLE = "eligible", "Eligible"
        CRITERIA = "criteria", "Eligibility criteria not met"
        CONSENT = "consent", "Consent withdrawn"
        INVESTIGATOR = "investigator", "Investigator's decision"
        SPONSOR = "sponsor", "Sponsor's decision"
        ADVERSE_EVENT = "adverse-event", "Adverse event"
        PREGNANCY = "pregnancy", "Pregnancy"
        MANUFACTURING = "manufacturing", "No product could be made"
        NO_CONTACT = "no-contact", "No contact"
        CONTACT = "contact", "Contact restored"
        RESCREENED = "rescreened", "Screened again"
        DEATH = "death", "Death"
        COMPLETED = "completed", "Follow-up completed"
        SOURCE = "source", "As the imported data set says"
        CORRECTION = "correction", "Entered by mistake"
        OTHER = "other", "Other"

    # From which status to which; the database holds the same pairs (migrations/_lifecycle_sql.py, compared by a test).
    FOLLOWS = {
        _STATUS.SCREENING: (_STATUS.ENROLLED, _STATUS.SCREEN_FAILURE, _STATUS.WITHDRAWN, _STATUS.LOST, _STATUS.DEAD),
        _STATUS.SCREEN_FAILURE: (_STATUS.SCREENING,),
        _STATUS.ENROLLED: (_STATUS.COMPLETED, _STATUS.WITHDRAWN, _STATUS.LOST, _STATUS.DEAD),
        _STATUS.LOST: (_STATUS.ENROLLED, _STATUS.WITHDRAWN, _STATUS.DEAD),
        _STATUS.WITHDRAWN: (_STATUS.DEAD,),
        _STATUS.COMPLETED: (_STATUS.DEAD,),
        _STATUS.DEAD: (),
    }

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="dispositions")
    status = models.CharField("new status", max_length=16, choices=_STATUS)
    previous = models.CharField(max_length=16, choices=_STATUS, blank=True, editable=False)
    occurred_on = PartialDateField("on", blank=True, help_text="As exactly as known: 2024, 2024-03 or 2024-03-05.")
    reason = models.CharField(max_length=16, choices=Reason)
    detail = models.CharField(max_length=300, blank=True, help_text="Needed for 'other' and for a correction.")
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by", editable=False
    )

    class Meta:
        ordering = ["subject", "id"]
        verbose_name = "change of status"
        verbose_name_plural = "changes of status"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=_STATUS.values),
                name="disposition_status_known",
                violation_error_message="The status is not a known one. [status-order]",
            ),
            models.CheckConstraint(
                condition=~Q(occurred_on="") | Q(reason="source"),
                name="disposition_is_dated",
                violation_error_message="A change of status has its day, as exactly as known. [disposition-undated]",
            ),
            models.CheckConstraint(
                condition=(~Q(reason="other") & Q(corrects=None)) | ~Q(detail=""),
                name="disposition_says_why",
                violation_error_message="'Other' and a correction say what happened. [disposition-reason]",
            ),
            models.CheckConstraint(
                condition=~Q(reason="correction") | Q(corrects__isnull=False),
                name="disposition_correction_names_entry",
                violation_error_message="'Entered by mistake' corrects the last entry. [disposition-reason]",
            ),
            partial_date_check("occurred_on", "disposition_occurred_partial"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.get_status_display()}"
