"""Stored answers: definition versions, runs, evaluations of subjects and their results.

Nothing here is ever edited. A recompute with the same inputs writes nothing; with other inputs it writes
a new evaluation, and the newest evaluation of a subject is the current one.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from cart.models.cut import DataCut
from cart.models.study import Study
from cart.models.subject import Subject


class EndpointDefinition(models.Model):
    """One version of an endpoint's rule as the registry declared it when first used."""

    code = models.CharField(max_length=8)
    version = models.CharField(max_length=20)
    label = models.CharField(max_length=40)
    unit = models.CharField(max_length=20, blank=True)
    source = models.TextField()
    parameters = models.JSONField(help_text="Name -> default, unit and source.")

    class Meta:
        ordering = ["code", "version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="endpoint_definition_once")]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class RunQuerySet(models.QuerySet["Run"]):
    """Runs with what their parts did."""

    def with_progress(self) -> "RunQuerySet":
        """Parts that ended, subjects of theirs whose answers are new, and when the last one ended."""
        return self.annotate(
            parts_ended=models.Count("parts"),
            changed_in_parts=Coalesce(models.Sum("parts__subjects_changed"), 0),
            last_part_at=models.Max("parts__finished_at"),
        )

    def complete(self) -> "RunQuerySet":
        """Runs of which every part has ended."""
        return self.with_progress().filter(parts_ended=models.F("part_count"))


class Run(models.Model):
    """One computation: parameters, code version, scope.

    A large one is made in parts, each in a transaction of its own by whichever worker comes: ``part_count`` says
    how many, ``parts`` which have ended. A run of a data cut evaluates every subject as the cut has it.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="runs")
    cut = models.ForeignKey(DataCut, on_delete=models.PROTECT, related_name="runs", null=True, blank=True)
    definitions_digest = models.CharField(max_length=64, help_text="SHA-256 of all definition versions.")
    parameters = models.JSONField(help_text="Every parameter in force, defaults included.")
    parameters_digest = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40)
    job_number = models.BigIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    subjects_seen = models.PositiveIntegerField(default=0)
    subjects_changed = models.PositiveIntegerField(default=0, help_text="Beside those of its parts.")
    part_count = models.PositiveIntegerField(default=0, help_text="0: made in one piece.")

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Of a cut the same rules and parameters give the same answers: once is enough, and twice were two truths.
            models.UniqueConstraint(
                fields=["cut", "definitions_digest", "parameters_digest"],
                name="run_of_cut_once",
                violation_error_message="The endpoints of this cut are computed already by these rules. [run-of-cut]",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.study}"


class RunPart(models.Model):
    """A part of a run that has ended: the subjects with keys from ``first`` to ``last``."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="parts")
    first = models.BigIntegerField(help_text="Key of the first subject.")
    last = models.BigIntegerField(help_text="Key of the last subject.")
    subjects_seen = models.PositiveIntegerField()
    subjects_changed = models.PositiveIntegerField()
    finished_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["run", "first"]
        constraints = [models.UniqueConstraint(fields=["run", "first"], name="run_part_once")]

    def __str__(self) -> str:
        return f"subjects {self.first} to {self.last} of {self.run}"


class InputUse(models.Model):
    """Which inputs each endpoint read, shared by the evaluations in which it was the same.

    ``reads``: endpoint code -> names of inputs, as ``Evaluation.inputs`` has them. What moved elsewhere cannot have
    changed the endpoint's answer.
    """

    # Not unique: workers that note the same at the same moment would wait for each other's transactions.
    digest = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of what was read.")
    reads = models.JSONField()

    def __str__(self) -> str:
        return f"input use {self.digest[:8]}"


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    """Evaluations by currency."""

    def live(self) -> "EvaluationQuerySet":
        """Evaluations of the study as it was going on, not of a data cut."""
        return self.filter(run__cut=None)

    def current(self) -> "EvaluationQuerySet":
        """The newest evaluation of each subject; one of a data cut is never current."""
        newer = Evaluation.objects.live().filter(subject=OuterRef("subject"), id__gt=OuterRef("id"))
        return self.live().filter(~Exists(newer))


class Evaluation(models.Model):
    """All endpoints of one subject from one set of inputs."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="evaluations")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="evaluations", db_index=False)
    input_digest = models.CharField(max_length=64, help_text="SHA-256 of inputs, parameters and definitions.")
    inputs = models.JSONField(
        null=True, help_text="Digest of each input by itself, so that a difference can say which one moved."
    )

    # NULL in evaluations from before it was noted: the next one of their subjects is whole.
    input_use = models.ForeignKey(
        InputUse, on_delete=models.PROTECT, related_name="evaluations", null=True, blank=True, db_index=False
    )

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject", "-id"], name="evaluation_newest_of_subject")]

    def __str__(self) -> str:
        return f"evaluation {self.pk} of {self.subject_id}"


class EndpointResult(models.Model):
    """One answer: value or bounds, or why there is none, with the rows it rests on."""

    class Status(models.TextChoices):
        EVALUABLE = "evaluable", "Evaluable"
        BOUNDED = "bounded", "Bounded"
        ONGOING = "ongoing", "Ongoing"
        NOT_EVALUABLE = "not-evaluable", "Not evaluable"

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="results")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="endpoint_results", db_index=False)
    definition = models.ForeignKey(EndpointDefinition, on_delete=models.PROTECT, related_name="results", db_index=False)
    series = models.CharField(max_length=160, blank=True)
    timepoint = models.CharField(max_length=40, blank=True)
    day = models.IntegerField(null=True, blank=True, help_text="Protocol day: days from time zero.")
    value = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True, help_text="Infinity where there is no upper bound.")
    # Without a limit: what a rule lists grows with the record, and what does not fit would stop the job of the study.
    text = models.TextField(blank=True)
    unit = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=14, choices=Status)
    reason = models.TextField(blank=True)
    evidence = ArrayField(models.BigIntegerField(), default=list, help_text="Laboratory results.")
    therapy_evidence = ArrayField(models.BigIntegerField(), default=list, help_text="Concomitant therapies.")
    baseline_id = models.BigIntegerField(
        null=True, blank=True, help_text="Laboratory result among the evidence that the answer compares with."
    )
    # NULL in answers from before assessments were read: they are never edited.
    record_evidence = ArrayField(
        models.CharField(max_length=60), null=True, blank=True, help_text="Assessments, as table:id."
    )

    class Meta:
        ordering = ["evaluation", "definition", "series", "timepoint"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "definition", "series", "timepoint"], name="endpoint_result_once"
            ),
            models.CheckConstraint(
                condition=~Q(status="not-evaluable") | (~Q(reason="") & Q(value=None)),
                name="endpoint_missing_says_why",
                violation_error_message="A missing answer has a reason and no value. [missing-without-reason]",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["evaluable", "bounded", "ongoing", "not-evaluable"]),
                name="endpoint_status_known",
                violation_error_message="The status of an answer is not a known one. [endpoint-status]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.definition} {self.series} {self.timepoint}".strip()
