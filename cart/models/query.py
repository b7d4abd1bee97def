"""Data queries: what somebody, or a check, asks about a stored record."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from cart.models.subject import Subject


class DataQuery(models.Model):
    """A question about one row, or one field of it, and what became of it.

    ``target_table`` and ``target_id`` name the row as the audit trail does. ``text`` never holds a value of the
    laboratory: whoever may not see titers may see that something is asked.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ANSWERED = "answered", "Answered"
        CLOSED = "closed", "Closed"

    class Origin(models.TextChoices):
        VANISHED_ROW = "vanished-row", "Row vanished from a cumulative file"
        COMPUTED = "computed-differs", "Differs from the computed value"
        PERSON = "person", "Asked by a person"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="data_queries")
    target_table = models.CharField(max_length=63, editable=False)
    target_id = models.BigIntegerField(editable=False)
    target_field = models.CharField(max_length=63, blank=True, editable=False)
    text = models.CharField(max_length=500)
    origin = models.CharField(max_length=20, choices=Origin, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "data queries"
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="query_asks_something",
                violation_error_message="A data query says what is asked. [query-text]",
            ),
            models.CheckConstraint(
                condition=Q(status="open", answered_at=None, closed_at=None)
                | Q(status="answered", answered_at__isnull=False, closed_at=None)
                | Q(status="closed", closed_at__isnull=False),
                name="query_status_has_its_time",
                violation_error_message="A query has the times that its status asks for. [query-status]",
            ),
            models.UniqueConstraint(
                fields=["target_table", "target_id", "target_field", "origin"],
                condition=~Q(status="closed") & ~Q(origin="person"),
                name="query_of_a_check_once",
                violation_error_message="This is asked already. [query-twice]",
            ),
        ]

    def __str__(self) -> str:
        return f"Q-{self.pk:04d}" if self.pk else "Q-new"

    def save(self, *args: object, **kwargs: object) -> None:
        """Store with the time of the present status."""
        now = timezone.now()
        if self.status == self.Status.OPEN:
            self.answered_at = self.closed_at = None
        elif self.status == self.Status.ANSWERED:
            self.answered_at, self.closed_at = self.answered_at or now, None
        else:
            self.closed_at = self.closed_at or now
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class DataQueryMessage(models.Model):
    """One entry of a query's thread; who wrote it and when stands in the audit trail too."""

    query = models.ForeignKey(DataQuery, on_delete=models.PROTECT, related_name="messages")
    text = models.CharField(max_length=1000)
    author = models.CharField(max_length=150, editable=False)
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["query", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(author=""),
                name="query_message_says_something",
                violation_error_message="A message has a text and an author. [query-text]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author}, {self.written_at:%d %b %Y}"
