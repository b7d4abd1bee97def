"""The job row: the truth about what is to be done."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Job(models.Model):
    """One piece of work, claimed by a worker for a lease and fenced by its attempt number."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        DEAD = "dead", "Failed for good"

    kind = models.CharField(max_length=60)
    slot = models.CharField(  # noqa: DJ001 - no slot is not the empty slot: only slots are unique
        max_length=120, null=True, blank=True, help_text="A beat's time slot: one job of a kind per slot."
    )
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0, help_text="Fences off a worker whose lease ran out.")
    max_attempts = models.PositiveIntegerField(default=5)
    run_after = models.DateTimeField(default=timezone.now)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state="queued"), name="job_waiting"),
            models.Index(fields=["lease_expires_at"], condition=Q(state="running"), name="job_leased"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "slot"], condition=Q(slot__isnull=False), name="job_once_per_slot"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "dead"]),
                name="job_state_known",
                violation_error_message="The state of a job is not a known one. [job-state]",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_expires_at__isnull=False, attempt__gt=0),
                name="job_running_has_lease",
                violation_error_message="A running job has a lease. [job-lease]",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "dead"]) | Q(finished_at__isnull=False),
                name="job_ended_is_dated",
                violation_error_message="An ended job has its time. [job-end]",
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} ({self.kind})"
