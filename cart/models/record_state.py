"""What is said about a record as a whole: warnings that were saved with a reason, and whether it is complete."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from cart.models.subject import Subject


class WarningOverride(models.Model):
    """An implausible value that was kept, and why. Written once, never changed.

    ``target_table`` and ``target_id`` name the row as the audit trail does.
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="warning_overrides")
    target_table = models.CharField(max_length=63)
    target_id = models.BigIntegerField()
    target_field = models.CharField(max_length=63)
    code = models.CharField(max_length=40)
    sentence = models.CharField("warning", max_length=500)
    reason = models.CharField(max_length=500)
    kept_by = models.CharField(max_length=150)
    kept_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["target_table", "target_id"], name="warning_override_of_row")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(kept_by=""),
                name="warning_override_has_reason",
                violation_error_message="A value kept against a warning says why and by whom. [soft-warning]",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} kept by {self.kept_by}"


class RecordCompletion(models.Model):
    """Whether a record is complete, as whoever entered it says; a record without a row was never marked."""

    class State(models.TextChoices):
        INCOMPLETE = "incomplete", "Incomplete, more to come"
        COMPLETE = "complete", "Complete"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="completions")
    target_table = models.CharField("record", max_length=63, editable=False)
    target_id = models.BigIntegerField("number", editable=False)
    state = models.CharField(max_length=10, choices=State)
    marked_by = models.CharField(max_length=150, editable=False)
    marked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["target_table", "target_id"],
                name="completion_once",
                violation_error_message="This record is marked already. [completion-twice]",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["incomplete", "complete"]) & ~Q(marked_by=""),
                name="completion_state_known",
                violation_error_message="A record is incomplete or complete, by somebody's word. [completion-state]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_table} {self.target_id}: {self.get_state_display()}"
