"""Data cuts: named, immutable moments of a study, with the digest of every table as it was."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cart.models.study import Study
from trialsite.audit.history import Moment

CUT_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$"


class DataCut(models.Model):
    """A moment of the study under a name: what was committed when it was taken, and nothing else.

    The rows are not copied: the audit trail holds every old value. ``snapshot``, ``position`` and ``own`` are
    written by the database as the row comes in (``trialsite.audit.history.Moment``); nobody chooses them.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="cuts")
    name = models.CharField(
        max_length=60,
        validators=[RegexValidator(CUT_NAME, "Letters, digits, '.', '_' and '-'; a letter or digit first. [cut-name]")],
    )
    purpose = models.CharField(max_length=300, help_text="What it is taken for: interim analysis, report, lock.")
    taken_at = models.DateTimeField(default=timezone.now, editable=False)
    taken_by = models.CharField(max_length=200, editable=False)
    code_version = models.CharField(max_length=40, editable=False)
    snapshot = models.TextField(editable=False, default="")
    position = models.BigIntegerField(editable=False, default=0, help_text="Newest event context of the audit trail.")
    own = models.BigIntegerField(editable=False, default=0, help_text="Transaction that took the cut; outside of it.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name"],
                name="cut_name_once_per_study",
                violation_error_message="A cut of this name is there already; a cut is never taken again. [cut-name]",
            ),
            models.CheckConstraint(
                condition=Q(name__regex=CUT_NAME) & ~Q(name="live"),
                name="cut_name_plain",
                violation_error_message=(
                    "A cut's name has letters, digits, '.', '_' and '-', begins with a letter or digit, and is not "
                    "'live'. [cut-name]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"cut {self.name} of {self.study}"

    @property
    def moment(self) -> Moment:
        """The moment, as the audit trail reads it."""
        return Moment(snapshot=self.snapshot, position=self.position, own=self.own)


class CutTable(models.Model):
    """Manifest of a cut: one table's rows of the study, their number and SHA-256."""

    cut = models.ForeignKey(DataCut, on_delete=models.PROTECT, related_name="tables")
    table_name = models.CharField(max_length=63)
    rows = models.BigIntegerField()
    sha256 = models.CharField(
        max_length=64, help_text="Of the rows as COPY writes them, in the order of their keys, times in UTC."
    )
    columns = ArrayField(models.CharField(max_length=63), help_text="Columns in the digest: those of that day.")

    class Meta:
        ordering = ["cut", "table_name"]
        constraints = [
            models.UniqueConstraint(fields=["cut", "table_name"], name="cut_table_once"),
        ]

    def __str__(self) -> str:
        return f"{self.table_name} of {self.cut}"
