"""Chain of custody, and the scans that hold a label against the lot that is expected."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cart.models.product import Apheresis, Lot


class CustodyEvent(models.Model):
    """One step of the chain of custody. Append-only: a mistake is corrected by a further event."""

    class Kind(models.TextChoices):
        COLLECTED = "collected", "Collected"
        SHIPPED = "shipped", "Shipped"
        RECEIVED = "received", "Received"
        FROZEN = "frozen", "Frozen"
        THAWED = "thawed", "Thawed"
        INFUSED = "infused", "Infused"
        CORRECTION = "correction", "Correction of an earlier event"

    apheresis = models.ForeignKey(Apheresis, on_delete=models.PROTECT, related_name="custody_events")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="custody_events")
    kind = models.CharField(max_length=12, choices=Kind)
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        help_text="The event whose place this one takes; its values are those that hold.",
    )
    occurred_at = models.DateTimeField()
    place = models.CharField(max_length=120)
    first_person = models.CharField(max_length=80, help_text="Who did it (role or staff code).")
    second_person = models.CharField(max_length=80, help_text="Who checked it.")
    temperature_min_c = models.DecimalField(
        "lowest temperature (°C)", max_digits=6, decimal_places=2, null=True, blank=True
    )
    temperature_max_c = models.DecimalField(
        "highest temperature (°C)", max_digits=6, decimal_places=2, null=True, blank=True
    )
    seal_intact = models.BooleanField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="Needed for a correction.")

    class Meta:
        ordering = ["apheresis", "occurred_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(temperature_min_c=None)
                | Q(temperature_max_c=None)
                | Q(temperature_min_c__lte=F("temperature_max_c")),
                name="custody_temperature_range",
                violation_error_message="The lowest temperature is not above the highest. [temperature-range]",
            ),
            models.CheckConstraint(
                condition=~Q(first_person="") & ~Q(second_person="") & ~Q(first_person=F("second_person")),
                name="custody_two_people",
                violation_error_message="Custody is witnessed by two different people. [two-people]",
            ),
            models.CheckConstraint(
                condition=Q(corrects=None) | Q(kind="correction"),
                name="custody_only_correction_corrects",
                violation_error_message="Only a correction takes the place of another event. [custody-correction]",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                name="custody_corrected_once",
                violation_error_message=(
                    "This event is corrected already; correct the correction, so that one of them holds. "
                    "[custody-correction]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.apheresis} {self.kind}"

    def clean(self) -> None:
        # The database refuses these too (cart_custody_rules); here they become sentences beside the field.
        errors: dict[str, str] = {}
        if self.lot_id and self.lot is not None and self.lot.apheresis_id != self.apheresis_id:
            errors["lot"] = "The lot was made from another apheresis. [wrong-chain]"
        if self.kind == self.Kind.INFUSED and not self.lot_id:
            errors["lot"] = "What is infused is a lot. [custody-lot]"
        if self.kind == self.Kind.CORRECTION:
            if self.corrects is None:
                errors["corrects"] = "A correction names the event that it corrects. [custody-correction]"
            elif self.corrects.apheresis_id != self.apheresis_id:
                errors["corrects"] = "The corrected event is of another apheresis. [wrong-chain]"
            if not self.note:
                errors["note"] = "A correction says what was wrong. [custody-correction]"
        if self.occurred_at is not None and self.occurred_at > timezone.now():
            errors["occurred_at"] = "A step is recorded when it has happened. [future-date]"
        if errors:
            raise ValidationError(errors)


class ScanAttempt(models.Model):
    """A label that was scanned or typed against the lot that was expected; kept whatever was found."""

    class Purpose(models.TextChoices):
        RECEIPT = "receipt", "Receipt"
        THAW = "thaw", "Thaw"
        INFUSION = "infusion", "Infusion"
        OTHER = "other", "Other"

    class Finding(models.TextChoices):
        MATCH = "match", "The lot's own label"
        MISREAD = "misread", "Misread: the check character does not fit"
        OTHER_LOT = "other-lot", "Label of another lot of the subject"
        OTHER_SUBJECT = "other-subject", "Label of another subject"
        UNKNOWN = "unknown", "No label of this trial"

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="scan_attempts")
    purpose = models.CharField(max_length=10, choices=Purpose)
    code_read = models.CharField("scanned code", max_length=300)
    finding = models.CharField(max_length=16, choices=Finding, editable=False)
    scanned_by = models.CharField(max_length=150, editable=False)
    scanned_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(finding__in=["match", "misread", "other-lot", "other-subject", "unknown"])
                & Q(purpose__in=["receipt", "thaw", "infusion", "other"]),
                name="scan_finding_known",
                violation_error_message="A scan has a known purpose and a known finding. [scan-finding]",
            ),
            models.CheckConstraint(
                condition=~Q(code_read="") & ~Q(scanned_by=""),
                name="scan_has_code_and_person",
                violation_error_message="A scan keeps what was read, and by whom. [scan-finding]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot} {self.finding}"
