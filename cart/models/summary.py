"""Study-level summaries: counts, percentages, curves and comparisons of the answers, stored as the answers are."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from cart.models.endpoint import Run
from cart.models.study import Study


class StudySummary(models.Model):
    """One summary of a study's answers; equal answers, groups and parameters make none anew.

    ``run`` is that of a data cut, whose answers are summarised; without it, the current answers of all subjects.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="summaries")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="summaries", null=True, blank=True)
    input_digest = models.CharField(max_length=64, help_text="SHA-256 of answers, groups and parameters.")
    parameters = models.JSONField(help_text="Every parameter of the summary, defaults included.")
    subjects = models.PositiveIntegerField()
    code_version = models.CharField(max_length=40)
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "study summaries"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "input_digest"],
                name="summary_of_run_once",
                violation_error_message="This run is summarised already. [summary-once]",
            ),
        ]

    def __str__(self) -> str:
        return f"summary {self.pk} of {self.study}"


class SummaryStatistic(models.Model):
    """One statistic of a group, or of two; as ``cart.endpoints.summaries`` gives it."""

    summary = models.ForeignKey(StudySummary, on_delete=models.PROTECT, related_name="statistics")
    position = models.PositiveIntegerField(help_text="Order in which they are read.")
    grouping = models.CharField(max_length=40)
    group = models.CharField(max_length=80)
    against = models.CharField(max_length=80, blank=True, help_text="The other group of a comparison.")
    code = models.CharField(max_length=8)
    label = models.CharField(max_length=40, help_text="Name of the endpoint as it was then.")
    series = models.CharField(max_length=160, blank=True)
    timepoint = models.CharField(max_length=40, blank=True)
    statistic = models.CharField(max_length=60)
    category = models.TextField(blank=True, help_text="Which answer, or which reason, is counted.")
    at = models.FloatField(null=True, blank=True, help_text="Time of a curve.")
    n = models.BigIntegerField(null=True, blank=True, help_text="Subjects it rests on.")
    value = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    confidence = models.FloatField(null=True, blank=True, help_text="Coverage of low to high; null: bounds.")
    unit = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=14)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["summary", "position"]
        constraints = [
            models.UniqueConstraint(fields=["summary", "position"], name="summary_statistic_once"),
            models.CheckConstraint(
                condition=~Q(status="not-evaluable") | ~Q(reason=""),
                name="summary_missing_says_why",
                violation_error_message="A missing statistic has a reason. [missing-without-reason]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.series} {self.timepoint} {self.statistic} of {self.group}"
