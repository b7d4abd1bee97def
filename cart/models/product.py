"""From apheresis to a released lot: product, specification, lot, release tests."""

import datetime as dt
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Min, Q

from cart.endpoints.product.release import Measured, judge_result, read_result
from cart.models.codes import check_character
from cart.models.fields import plain
from cart.models.study import Study
from cart.models.subject import Subject


class Target(models.TextChoices):
    """Antigens a CAR binds."""

    CD19 = "CD19", "CD19"
    BCMA = "BCMA", "BCMA"


class Product(models.Model):
    """A CAR-T product version of a study with the way its targets are combined."""

    class Kind(models.TextChoices):
        BICISTRONIC = "bicistronic", "Bicistronic vector"
        TANDEM = "tandem", "Tandem CAR"
        CO_TRANSDUCED = "co-transduced", "Co-transduced cells"
        CO_INFUSED = "co-infused", "Co-infused products"
        SEQUENTIAL = "sequential", "Sequential infusions"
        SINGLE = "single", "One target"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="products")
    code = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=16, choices=Kind)
    title = models.CharField(max_length=200)
    dose_tolerance_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=20,
        help_text="Deviation from the planned dose that is still as planned.",
    )

    class Meta:
        ordering = ["study", "code", "version"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code", "version"], name="product_version_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["bicistronic", "tandem", "co-transduced", "co-infused", "sequential", "single"]),
                name="product_kind_known",
                violation_error_message="The kind of product is not a known one. [product-kind]",
            ),
            models.CheckConstraint(
                condition=Q(dose_tolerance_percent__gte=0),
                name="product_tolerance_not_negative",
                violation_error_message="A tolerance is not negative. [negative-number]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class ReleaseSpecification(models.Model):
    """One release criterion of a product version: test, comparison, limit. Never in code."""

    class Comparison(models.TextChoices):
        AT_LEAST = "ge", "at least"
        MORE_THAN = "gt", "more than"
        AT_MOST = "le", "at most"
        LESS_THAN = "lt", "less than"
        NEGATIVE = "negative", "negative"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="specifications")
    test = models.CharField(max_length=60, help_text="Viability, CAR+ share, VCN, endotoxin, sterility ...")
    comparison = models.CharField(max_length=10, choices=Comparison)
    limit = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    may_follow_release = models.BooleanField(
        default=False, help_text="The result may arrive after a conditional release."
    )

    class Meta:
        ordering = ["product", "test"]
        constraints = [
            models.UniqueConstraint(fields=["product", "test"], name="specification_test_once"),
            models.CheckConstraint(
                condition=(Q(comparison="negative") & Q(limit=None))
                | (Q(comparison__in=["ge", "gt", "le", "lt"]) & Q(limit__isnull=False)),
                name="specification_has_limit",
                violation_error_message="A numeric criterion needs its limit; 'negative' has none. [specification]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.test} {self.get_comparison_display()} {'' if self.limit is None else plain(self.limit)}".strip()


class CheckCharacter(models.Func):
    """Check character of a text by ISO 7064 mod 37,36, computed by the database as ``check_character`` does."""

    function = "cart_check_character"
    output_field = models.CharField(max_length=1)


class Apheresis(models.Model):
    """Collection of the subject's cells: the first link of the chain of identity."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="aphereses")
    chain_of_identity = models.CharField(max_length=60, unique=True, help_text="COI, as printed on the bag.")
    coi_check = models.GeneratedField(
        verbose_name="check character",
        expression=CheckCharacter(F("chain_of_identity")),
        output_field=models.CharField(max_length=1),
        db_persist=True,
    )
    collected_at = models.DateTimeField()
    volume_ml = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    cd3_cells_e9 = models.DecimalField("CD3+ cells (10^9)", max_digits=8, decimal_places=3, null=True, blank=True)

    class Meta:
        ordering = ["subject", "collected_at"]
        verbose_name_plural = "aphereses"
        constraints = [
            models.UniqueConstraint(fields=["id", "subject"], name="apheresis_id_subject"),
            models.CheckConstraint(
                condition=(Q(volume_ml=None) | Q(volume_ml__gt=0)) & (Q(cd3_cells_e9=None) | Q(cd3_cells_e9__gte=0)),
                name="apheresis_amounts_positive",
                violation_error_message="Volume and cells are not negative. [negative-number]",
            ),
        ]

    def __str__(self) -> str:
        return self.chain_of_identity


class Lot(models.Model):
    """One manufactured lot; made from one subject's apheresis for that subject alone."""

    class State(models.TextChoices):
        IN_PROCESS = "in-process", "In process"
        QUARANTINED = "quarantined", "Quarantined"
        CONDITIONALLY_RELEASED = "conditionally-released", "Conditionally released"
        RELEASED = "released", "Released"
        OUT_OF_SPECIFICATION = "out-of-specification", "Out of specification, approved exception"
        REJECTED = "rejected", "Rejected"
        INFUSED = "infused", "Infused"
        DESTROYED = "destroyed", "Destroyed"

    # What may follow (the trigger cart_lot_transition holds the same table): forward, back to quarantine at most.
    # An infusion is the only way to 'infused'; a rejected lot comes back by an approved exception alone.
    FOLLOWS: ClassVar[dict[str, frozenset[str]]] = {
        State.IN_PROCESS: frozenset(
            {"quarantined", "conditionally-released", "released", "out-of-specification", "rejected", "destroyed"}
        ),
        State.QUARANTINED: frozenset(
            {"conditionally-released", "released", "out-of-specification", "rejected", "destroyed"}
        ),
        State.CONDITIONALLY_RELEASED: frozenset(
            {"released", "out-of-specification", "quarantined", "rejected", "infused", "destroyed"}
        ),
        State.RELEASED: frozenset({"out-of-specification", "quarantined", "rejected", "infused", "destroyed"}),
        State.OUT_OF_SPECIFICATION: frozenset({"quarantined", "rejected", "infused", "destroyed"}),
        State.REJECTED: frozenset({"out-of-specification", "destroyed"}),
        State.INFUSED: frozenset(),
        State.DESTROYED: frozenset(),
    }
    # Only from these may cells go into a subject (trigger cart_component_lot_released). A lot already marked
    # infused was released before, and may have a second component: other target, later administration.
    INFUSABLE = (State.CONDITIONALLY_RELEASED, State.RELEASED, State.OUT_OF_SPECIFICATION, State.INFUSED)

    number = models.CharField(max_length=60, unique=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    apheresis = models.ForeignKey(Apheresis, on_delete=models.PROTECT, related_name="lots")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="lots")
    target = models.CharField(
        max_length=9, choices=[*Target.choices, ("CD19+BCMA", "CD19 and BCMA")], help_text="What its CARs bind."
    )
    manufactured_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=24, choices=State, default=State.IN_PROCESS)
    released_at = models.DateTimeField(null=True, blank=True)
    release_note = models.CharField(max_length=300, blank=True, help_text="Reason of an approved exception.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["id", "subject"], name="lot_id_subject"),
            models.UniqueConstraint(fields=["id", "apheresis"], name="lot_id_apheresis"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "in-process",
                        "quarantined",
                        "conditionally-released",
                        "released",
                        "out-of-specification",
                        "rejected",
                        "infused",
                        "destroyed",
                    ]
                ),
                name="lot_state_known",
                violation_error_message="The lot's state is not a known one. [lot-state]",
            ),
            models.CheckConstraint(
                condition=Q(target__in=["CD19", "BCMA", "CD19+BCMA"]),
                name="lot_target_known",
                violation_error_message="A lot binds CD19, BCMA or both. [lot-target]",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["conditionally-released", "released", "out-of-specification", "infused"])
                | Q(released_at__isnull=False),
                name="lot_release_is_dated",
                violation_error_message="A released lot carries the time of its release. [release-undated]",
            ),
            models.CheckConstraint(
                condition=~Q(state="out-of-specification") | ~Q(release_note=""),
                name="lot_exception_has_reason",
                violation_error_message="An approved exception needs its reason. [exception-reason]",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def clean(self) -> None:
        if self.apheresis_id and self.subject_id and self.apheresis.subject_id != self.subject_id:
            raise ValidationError(
                {"apheresis": "The apheresis is of another subject; a lot serves its own donor. [wrong-subject]"}
            )
        stored = Lot.objects.filter(pk=self.pk).values_list("state", flat=True).first()
        if stored is not None and self.state != stored and self.state not in self.FOLLOWS[stored]:
            before = Lot.State(stored).label
            raise ValidationError(
                {"state": f"Lot {self} does not go from '{before}' to '{self.get_state_display()}'. [lot-state]"}
            )

    def label_code(self) -> str:
        """What the label's QR code says: chain of identity, lot, subject and a check character over the three."""
        stem = f"{self.apheresis.chain_of_identity}/{self.number}/{self.subject.code}"
        return f"{stem}/{check_character(stem)}"

    def vein_to_vein(self) -> dt.timedelta | None:
        """Time from the collection of the cells to the first infusion of this lot; None before it."""
        infused_at = self.components.aggregate(first=Min("started_at"))["first"]
        return None if infused_at is None else infused_at - self.apheresis.collected_at


class ReleaseTest(models.Model):
    """One release test result of a lot beside the specification it is judged by."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="release_tests")
    specification = models.ForeignKey(ReleaseSpecification, on_delete=models.PROTECT, related_name="results")
    received_text = models.CharField(max_length=60, help_text="Result as received.")
    value = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, help_text="Taken from the result where it is a number."
    )
    passed = models.BooleanField(help_text="As the certificate says; the computed judgement stands beside it.")
    tested_on = models.DateField()

    class Meta:
        ordering = ["lot", "specification"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "specification", "tested_on"], name="release_test_once"),
            models.CheckConstraint(
                condition=~Q(received_text=""),
                name="release_test_has_text",
                violation_error_message="A release test needs its result as received. [release-test-empty]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot} {self.specification.test}"

    def measured(self) -> Measured | None:
        """The number with the qualifier of its text: the text ``<0.5`` makes of 0.5 the interval below it."""
        read = read_result(self.received_text)
        if self.value is None:
            return read
        return Measured(read.qualifier if read is not None else "=", self.value)

    def judgement(self) -> str:
        """Pass, fail or undecided by the criterion, whatever was declared."""
        return judge_result(
            self.measured(),
            text=self.received_text,
            comparison=self.specification.comparison,
            limit=self.specification.limit,
        )

    def clean(self) -> None:
        read = read_result(self.received_text)
        if read is not None and self.value is None:
            self.value = read.value
        if read is not None and self.value != read.value:
            raise ValidationError(
                {
                    "value": f"The result as received is {self.received_text!r}, its number {read.value}; found "
                    f"{self.value}. [release-test-value]"
                }
            )
        if self.lot_id and self.specification_id and self.lot.product_id != self.specification.product_id:
            raise ValidationError(
                {"specification": "The criterion belongs to another product version. [specification-of-other]"}
            )
