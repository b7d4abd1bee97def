"""From apheresis to a released lot: product, specification, lot, release tests, custody."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

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


class Apheresis(models.Model):
    """Collection of the subject's cells: the first link of the chain of identity."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="aphereses")
    chain_of_identity = models.CharField(max_length=60, unique=True, help_text="COI, as printed on the bag.")
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


class ReleaseTest(models.Model):
    """One release test result of a lot beside the specification it is judged by."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="release_tests")
    specification = models.ForeignKey(ReleaseSpecification, on_delete=models.PROTECT, related_name="results")
    received_text = models.CharField(max_length=60, help_text="Result as received.")
    value = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    passed = models.BooleanField()
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

    def clean(self) -> None:
        if self.lot_id and self.specification_id and self.lot.product_id != self.specification.product_id:
            raise ValidationError(
                {"specification": "The criterion belongs to another product version. [specification-of-other]"}
            )


class CustodyEvent(models.Model):
    """One step of the chain of custody. Append-only: a mistake is corrected by a further event."""

    class Kind(models.TextChoices):
        COLLECTED = "collected", "Collected"
        SHIPPED = "shipped", "Shipped"
        RECEIVED = "received", "Received"
        THAWED = "thawed", "Thawed"
        INFUSED = "infused", "Infused"
        CORRECTION = "correction", "Correction of an earlier event"

    apheresis = models.ForeignKey(Apheresis, on_delete=models.PROTECT, related_name="custody_events")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="custody_events")
    kind = models.CharField(max_length=12, choices=Kind)
    occurred_at = models.DateTimeField()
    place = models.CharField(max_length=120)
    first_person = models.CharField(max_length=80, help_text="Who did it (role or staff code).")
    second_person = models.CharField(max_length=80, help_text="Who checked it.")
    temperature_min_c = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    temperature_max_c = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    seal_intact = models.BooleanField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

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
        ]

    def __str__(self) -> str:
        return f"{self.apheresis} {self.kind}"

    def clean(self) -> None:
        if self.lot_id and self.lot is not None and self.lot.apheresis_id != self.apheresis_id:
            raise ValidationError({"lot": "The lot was made from another apheresis. [wrong-chain]"})
