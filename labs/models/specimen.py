"""The tube: whose, when taken, in which condition."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Func, Max, Q

from cart.models.fields import PartialDateField, partial_date_check
from cart.models.study import Study
from cart.models.subject import Subject, Visit
from labs.models.analyte import Laboratory

SPECIMEN_BITS = 16
MAX_SPECIMEN_NUMBER = 2**SPECIMEN_BITS - 1
# First key of the advisory lock under which specimen numbers of a study are given out (imports and forms).
SPECIMEN_NUMBER_LOCK = 0x5350


def lock_specimen_numbers(*, study_id: int) -> None:
    """Serialise everybody who numbers specimens of this study, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SPECIMEN_NUMBER_LOCK, study_id])


class CalendarDate(Func):
    """Date of ISO 8601 text that reaches the day; null for ``2024`` and ``2024-03``; impossible dates raise."""

    output_field = models.DateField(null=True)
    template = (
        "(CASE WHEN length(%(expressions)s) >= 10 THEN make_date(substr(%(expressions)s, 1, 4)::integer,"
        " substr(%(expressions)s, 6, 2)::integer, substr(%(expressions)s, 9, 2)::integer) END)"
    )


class Specimen(models.Model):
    """One collected specimen.

    The key is ``subject_id << 16 | number`` and results pack it further, so that uniqueness, a subject's
    whole series and the primary key are one index.
    ``collected`` is the site-local time as exactly as received; ``collected_on`` is its calendar date,
    made by the database where the text reaches the day and null otherwise.
    """

    class Condition(models.TextChoices):
        GOOD = "good", "Good"
        HAEMOLYSED = "haemolysed", "Haemolysed"
        INSUFFICIENT = "insufficient", "Insufficient"
        OTHER = "other", "Other (see note)"

    id = models.BigIntegerField(primary_key=True, editable=False)
    # The trigger labs_specimen_references checks subject, study and laboratory of all rows of a statement at once.
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="specimens", db_index=False, db_constraint=False
    )
    study = models.ForeignKey(
        Study,
        on_delete=models.PROTECT,
        related_name="specimens",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    number = models.IntegerField(editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="specimens", db_index=False, db_constraint=False
    )
    accession = models.CharField(max_length=80)
    material = models.CharField(max_length=40, blank=True)
    collected = PartialDateField(help_text="Site-local, as exactly as known.")
    collected_on = models.GeneratedField(
        expression=CalendarDate(F("collected")), output_field=models.DateField(null=True), db_persist=True
    )
    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="specimens", db_index=False
    )
    visit_label = models.CharField(max_length=100, blank=True, help_text="Visit as received.")
    visit_number = models.DecimalField(max_digits=8, decimal_places=3, null=True, blank=True)
    condition = models.CharField(max_length=12, choices=Condition, default=Condition.GOOD)
    received = PartialDateField(blank=True, help_text="Receipt at the laboratory.")
    # Null for most: see Result.missing_reason.
    collected_as_received = models.TextField(  # noqa: DJ001
        blank=True,
        null=True,
        editable=False,
        help_text="Collection time and its zone, where the laboratory's layout declares one.",
    )
    processed = PartialDateField(blank=True, null=True, help_text="Processing, such as separation or freezing.")

    class Meta:
        ordering = ["subject", "collected"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "accession", "study", "material", "collected"],
                name="specimen_once",
                violation_error_message="This specimen is already recorded. [specimen-twice]",
            ),
            models.CheckConstraint(
                condition=Q(id=F("subject_id") * 2**SPECIMEN_BITS + F("number"))
                & Q(number__gt=0, number__lte=MAX_SPECIMEN_NUMBER),
                name="specimen_key_is_packed",
                violation_error_message="A subject has at most 65,535 specimens. [specimen-key]",
            ),
            models.CheckConstraint(
                condition=~Q(accession="") & ~Q(collected=""),
                name="specimen_identified",
                violation_error_message="A specimen needs accession and collection time. [specimen-unidentified]",
            ),
            models.CheckConstraint(
                condition=Q(condition__in=["good", "haemolysed", "insufficient", "other"]),
                name="specimen_condition_known",
                violation_error_message="The specimen's condition is not a known one. [specimen-condition]",
            ),
            partial_date_check("collected", "specimen_collected_partial"),
            partial_date_check("received", "specimen_received_partial"),
            partial_date_check("processed", "specimen_processed_partial"),
        ]

    def __str__(self) -> str:
        return f"{self.accession} ({self.collected})"

    def clean(self) -> None:
        if self.visit_id and self.visit is not None and self.visit.subject_id != self.subject_id:
            raise ValidationError({"visit": "The visit is of another subject. [wrong-subject]"})

    def save(self, **kwargs: Any) -> None:
        """Number a new specimen within its subject; the study follows the subject."""
        if self._state.adding and not self.number:
            with transaction.atomic():
                self.study_id = self.subject.study_id
                lock_specimen_numbers(study_id=self.study_id)
                last = Specimen.objects.filter(subject_id=self.subject_id).aggregate(last=Max("number"))["last"]
                self.number = (last or 0) + 1
                self.id = (self.subject_id << SPECIMEN_BITS) | self.number
                super().save(**kwargs)
            return
        super().save(**kwargs)
