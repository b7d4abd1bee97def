"""One laboratory value as it was received, for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q

from cart.models.fields import ExactDecimalField
from labs.models.analyte import Analyte
from labs.models.assay import AssayVersion
from labs.models.specimen import SPECIMEN_BITS, Specimen
from labs.models.transfer import Transfer

VERSION_BITS = 8
ANALYTE_BITS = 15
MAX_VERSION = 2**VERSION_BITS - 1
# All result keys of one subject share the bits above these.
SUBJECT_KEY_BITS = SPECIMEN_BITS + ANALYTE_BITS + VERSION_BITS
SUBJECT_KEY_MASK = 2**SUBJECT_KEY_BITS - 1


def result_key(*, specimen_id: int, analyte_id: int, version: int) -> int:
    """Packed primary key of a result: specimen, analyte, version from high bits to low."""
    return (specimen_id << (ANALYTE_BITS + VERSION_BITS)) | (analyte_id << VERSION_BITS) | version


@contextmanager
def by_index() -> Iterator[None]:
    """Statements in here are planned by indexes.

    The planner does not know a table that was filled in this very transaction, and would read all of it for the
    few rows of the index on superseding results.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = on")


class ResultQuerySet(models.QuerySet["Result"]):
    """Results by currency and subject."""

    def current(self) -> "ResultQuerySet":
        """Results that no later version superseded."""
        # Only rows of version 2 and up can supersede; their partial index is tiny, so this is a cheap anti-join.
        newer = Result.objects.filter(version__gt=1, id=OuterRef("id") + 1)
        return self.filter(~Exists(newer))

    def of_subject(self, subject_id: int) -> "ResultQuerySet":
        """Results of one subject by one range of the primary key."""
        first = result_key(specimen_id=subject_id << SPECIMEN_BITS, analyte_id=0, version=0)
        return self.filter(id__range=(first, first | SUBJECT_KEY_MASK))

    def latest_of(self, *, subject_id: int, analyte_id: int) -> "Result | None":
        """The subject's latest current result of an analyte that has a value; None where there is none.

        By the time of collection as text, in which a date without a time of day stands before the same date
        with one; of one specimen's time the later entered.
        """
        return (
            self.of_subject(subject_id)
            .current()
            .filter(analyte_id=analyte_id, missing_reason__isnull=True)
            .order_by("-specimen__collected", "-id")
            .select_related("specimen")
            .first()
        )


class Result(models.Model):
    """A value of one analyte in one specimen. Append-only: a correction is the next version of its key.

    ``qualifier`` and ``value`` are the parsed form of the text: ``<10`` is ``<`` and 10, the interval
    [0, 10), never 0 and never 5. A row without value says why in ``missing_reason``.
    Ordinary foreign keys cost as much as the load itself at this size: the trigger
    ``labs_result_references`` checks each statement's rows at once instead, and parents cannot be deleted.
    """

    class Qualifier(models.TextChoices):
        EQUAL = "=", "="
        BELOW = "<", "<"
        ABOVE = ">", ">"

    id = models.BigIntegerField(primary_key=True, editable=False)
    # Widest columns first: no byte of a row is spent on alignment.
    specimen = models.ForeignKey(
        Specimen, on_delete=models.PROTECT, related_name="results", db_constraint=False, db_index=False
    )
    assay = models.ForeignKey(
        AssayVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="results",
        db_constraint=False,
        db_index=False,
    )
    transfer = models.ForeignKey(
        Transfer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="results",
        db_constraint=False,
        db_index=False,
    )
    line = models.IntegerField(null=True, editable=False, help_text="Line in the transfer's file.")
    analyte = models.ForeignKey(
        Analyte, on_delete=models.PROTECT, related_name="results", db_constraint=False, db_index=False
    )
    version = models.SmallIntegerField(default=1, editable=False)
    qualifier = models.CharField(max_length=1, choices=Qualifier, default=Qualifier.EQUAL)
    value = ExactDecimalField(null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    received_text = models.CharField(max_length=200, blank=True, help_text="Result exactly as received.")
    # Null where there is nothing to say, which is nearly always: an empty text in each of ten million rows costs
    # a fifth of the load.
    missing_reason = models.CharField(max_length=120, blank=True, null=True)  # noqa: DJ001
    supersession_reason = models.CharField(max_length=200, blank=True, null=True)  # noqa: DJ001
    received_unit = models.CharField(  # noqa: DJ001
        max_length=40, blank=True, null=True, help_text="Where it differs from the unit."
    )
    standard_text = models.CharField(  # noqa: DJ001
        max_length=200, blank=True, null=True, help_text="Text in standard units, where the source gives one."
    )
    range_low = ExactDecimalField(null=True, blank=True)
    range_high = ExactDecimalField(null=True, blank=True)
    range_flag = models.CharField(  # noqa: DJ001
        max_length=12, blank=True, null=True, help_text="Flag as received."
    )
    source_sequence = models.IntegerField(null=True, editable=False, help_text="Sequence in the source (LBSEQ).")
    baseline_flag = models.BooleanField(null=True, help_text="Flagged as baseline in the source.")

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(version__gt=1), name="result_superseding")]
        constraints = [
            models.CheckConstraint(
                # By shifts, and one qualifier after the other below: a load of millions evaluates these per row.
                condition=Q(
                    specimen_id=F("id").bitrightshift(ANALYTE_BITS + VERSION_BITS),
                    analyte_id=F("id").bitrightshift(VERSION_BITS).bitand(2**ANALYTE_BITS - 1),
                    version=F("id").bitand(MAX_VERSION),
                    version__gt=0,
                ),
                name="result_key_is_packed",
                violation_error_message="A result has at most 255 versions. [result-key]",
            ),
            models.CheckConstraint(
                condition=Q(qualifier="=") | Q(qualifier="<") | Q(qualifier=">"),
                name="result_qualifier_known",
                violation_error_message="A qualifier is '<', '>' or '='. [qualifier]",
            ),
            models.CheckConstraint(
                condition=~Q(received_text="") | (Q(missing_reason__isnull=False) & ~Q(missing_reason="")),
                name="result_missing_says_why",
                violation_error_message="A result without value says why. [missing-without-reason]",
            ),
            models.CheckConstraint(
                condition=Q(version=1) | (Q(supersession_reason__isnull=False) & ~Q(supersession_reason="")),
                name="result_correction_has_reason",
                violation_error_message="A corrected result needs the reason. [correction-reason]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.analyte} {self.received_text}"

    def clean(self) -> None:
        if self.value is not None and not self.received_text:
            raise ValidationError({"received_text": "Enter the result as it was received. [as-received]"})

    def save(self, **kwargs: Any) -> None:
        """Give a new row its packed key; the next free version where the value is already recorded."""
        if self._state.adding and not self.id:
            self.id = result_key(specimen_id=self.specimen_id, analyte_id=self.analyte_id, version=self.version)
        super().save(force_insert=self._state.adding, **{k: v for k, v in kwargs.items() if k != "force_insert"})
