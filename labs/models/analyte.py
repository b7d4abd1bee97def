"""What is measured: analytes, and the laboratories that measure them."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from cart.models.zones import validate_time_zone
from labs.units.errors import UnitError
from labs.units.standard import TITER
from labs.units.ucum import check_unit

MAX_ANALYTE_ID = 2**15 - 1


class Analyte(models.Model):
    """A quantity with one canonical unit, named once for all laboratories.

    The key is small because result keys pack it into 15 bits (see Result).
    """

    class Kind(models.TextChoices):
        QUANTITY = "quantity", "Quantity"
        TITER = "titer", "Dilution titer"
        TEXT = "text", "Text"

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.QUANTITY)
    unit = models.CharField(max_length=40, blank=True, help_text="Canonical unit (UCUM).")
    standard_unit = models.CharField(
        max_length=40,
        blank=True,
        help_text="UCUM code of the unit of its standard values; {titer} for a titer. Empty: it has none.",
    )
    loinc = models.CharField("LOINC", max_length=10, blank=True)
    sdtm_test_code = models.CharField("SDTM test code", max_length=8, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(id__gt=0, id__lte=MAX_ANALYTE_ID) & ~Q(code=""),
                name="analyte_id_fits_result_key",
                violation_error_message="An analyte needs a code; 32,767 analytes fit. [analyte-unnamed]",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["quantity", "titer", "text"]),
                name="analyte_kind_known",
                violation_error_message="An analyte is a quantity, a titer or a text. [analyte-kind]",
            ),
            models.CheckConstraint(
                condition=Q(standard_unit="")
                | (Q(kind="quantity") & ~Q(standard_unit=TITER))
                | Q(kind="titer", standard_unit=TITER),
                name="analyte_standard_unit_of_kind",
                violation_error_message=(
                    "The standard unit of a titer is {titer}, a text has none, and a quantity is no titer. "
                    "[standard-unit-kind]"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """A standard unit is a UCUM code, and stays once an approved factor leads to it."""
        before = Analyte.objects.filter(pk=self.pk).values_list("standard_unit", flat=True).first() or ""
        if self.standard_unit == before:
            return
        if before and self.conversion_factors.filter(to_unit=before, state="approved").exists():
            raise ValidationError(
                {
                    "standard_unit": f"A standard unit stays once a factor to it is approved; found {before}, asked "
                    f"for {self.standard_unit or 'none'}. Another unit is another analyte. [standard-unit-in-use]"
                }
            )
        if self.standard_unit:
            try:
                check_unit(self.standard_unit)
            except UnitError as error:
                raise ValidationError({"standard_unit": str(error)}) from error


class Laboratory(models.Model):
    """A laboratory and what it declared about its files: nothing in them is guessed."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    layout = models.JSONField(
        default=dict,
        blank=True,
        help_text="Declared file layout: columns, separator, decimal mark, encoding, date format.",
    )
    quarantine = models.BooleanField(
        default=False, help_text="The agreement lets good rows in while bad ones wait (else all or nothing)."
    )

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "laboratories"
        constraints = [
            models.CheckConstraint(
                condition=~Q(code=""),
                name="laboratory_has_code",
                violation_error_message="A laboratory needs a code. [laboratory-unnamed]",
            )
        ]

    def __str__(self) -> str:
        return self.code


class AnalyteCode(models.Model):
    """A laboratory's own code for an analyte."""

    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="analyte_codes")
    code = models.CharField(max_length=60)
    analyte = models.ForeignKey(Analyte, on_delete=models.PROTECT, related_name="laboratory_codes")

    class Meta:
        ordering = ["laboratory", "code"]
        constraints = [models.UniqueConstraint(fields=["laboratory", "code"], name="analyte_code_once")]

    def __str__(self) -> str:
        return f"{self.laboratory} {self.code}"
