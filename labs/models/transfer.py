"""A laboratory's file: kept raw, checked, accepted or refused, with what became of its rows."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cart.models.study import Study
from labs.models.analyte import Laboratory


class RawFile(models.Model):
    """Bytes as received, stored once under their SHA-256 (setting RAW_STORE)."""

    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.BigIntegerField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return self.sha256[:12]


class Transfer(models.Model):
    """One file for one study: every row ends as applied, duplicate, quarantined or refused."""

    class Kind(models.TextChoices):
        CENTRAL_CSV = "central-csv", "Central laboratory CSV"
        SDTM = "sdtm", "SDTM dataset (XPT)"
        FHIR = "fhir-r4", "FHIR R4 resources"
        XLSX = "xlsx", "Excel workbook (XLSX)"
        DATASET = "dataset", "SDTM dataset of a laboratory"

    class State(models.TextChoices):
        CHECKED = "checked", "Checked, waiting for acceptance"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"

    id = models.AutoField(primary_key=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="transfers")
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="transfers")
    raw_file = models.ForeignKey(RawFile, on_delete=models.PROTECT, related_name="transfers")
    kind = models.CharField(max_length=12, choices=Kind)
    file_name = models.CharField(max_length=255)
    layout = models.JSONField(default=dict, help_text="Layout in force when the file was read.")
    state = models.CharField(max_length=10, choices=State)
    rows_total = models.BigIntegerField(default=0)
    rows_applied = models.BigIntegerField(default=0)
    rows_corrected = models.BigIntegerField(default=0, help_text="Applied rows that superseded a value.")
    rows_duplicate = models.BigIntegerField(default=0)
    rows_quarantined = models.BigIntegerField(default=0)
    rows_refused = models.BigIntegerField(default=0, help_text="Not taken; of a refused file all of its rows.")
    rows_with_findings = models.BigIntegerField(
        default=0, help_text="Rows that broke a rule themselves: the reason for what was quarantined or refused."
    )
    rows_vanished = models.BigIntegerField(
        default=0,
        help_text="Rows of earlier files that this cumulative file no longer holds; each opened a query.",
    )
    specimens_corrected = models.BigIntegerField(
        default=0,
        help_text="Specimens known before of which this file gives another condition, time or visit.",
    )
    basis = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Digest of what the rows were checked against."
    )
    basis_subject = models.BigIntegerField(default=0, editable=False, help_text="Last subject in that digest.")
    received_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="checked")
                | Q(rows_total=F("rows_applied") + F("rows_duplicate") + F("rows_quarantined") + F("rows_refused")),
                name="transfer_rows_add_up",
                violation_error_message="Every row of a file is accounted for. [rows-do-not-add-up]",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | Q(rows_applied=0),
                name="transfer_refused_stores_nothing",
                violation_error_message="A refused file stores nothing. [refused-stores-nothing]",
            ),
            models.UniqueConstraint(
                fields=["study", "laboratory", "raw_file"],
                condition=Q(state="accepted", rows_quarantined=0),
                name="transfer_accepted_once",
                violation_error_message="This very file is already accepted. [transfer-twice]",
            ),
        ]

    def __str__(self) -> str:
        return f"T-{self.pk:04d}" if self.pk else "T-new"


class TransferRow(models.Model):
    """A row that was not simply applied, with the rule it met; applied rows are results (transfer, line).

    ``line`` is the line in the file (header = 1), or the record number in a dataset.
    """

    class Outcome(models.TextChoices):
        REFUSED = "refused", "Refused"
        QUARANTINED = "quarantined", "Quarantined"

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="rows")
    line = models.BigIntegerField()
    column = models.CharField(max_length=80, blank=True)
    rule = models.CharField(max_length=60)
    found = models.CharField(max_length=300, blank=True)
    expected = models.CharField(max_length=300)
    outcome = models.CharField(max_length=12, choices=Outcome)
    received_text = models.TextField(blank=True, help_text="The row as received.")

    class Meta:
        ordering = ["transfer", "line", "column"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "line", "column", "rule"], name="transfer_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.transfer} line {self.line} [{self.rule}]"
