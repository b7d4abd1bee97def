"""Which subjects have inputs newer than their endpoints."""

from django.db import models

from cart.models.subject import Subject


class StaleSubject(models.Model):
    """A subject whose inputs changed since its last evaluation.

    Written by database triggers on every input table, so that no path forgets it; emptied by the job that
    recomputes. Not audited: it is a work list that can be rebuilt from the inputs (audit exemption).
    """

    subject = models.OneToOneField(
        Subject, on_delete=models.PROTECT, primary_key=True, related_name="stale", db_constraint=False
    )
    marked_at = models.DateTimeField()

    class Meta:
        ordering = ["subject"]

    def __str__(self) -> str:
        return f"{self.subject_id} stale since {self.marked_at}"
