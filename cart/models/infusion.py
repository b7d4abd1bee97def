"""CAR-T infusion: course, administration, component per lot and target."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable

from cart.endpoints.product.course_dose import Given
from cart.models.eligibility import EligibilityDecision
from cart.models.planned_cells import PlannedByTarget, plan_adds_up
from cart.models.product import Lot, Target
from cart.models.subject import Subject


class InfusionCourse(PlannedByTarget):
    """One treatment course; its Day 0 is the start of its first component."""

    class WeightOf(models.TextChoices):
        SCREENING = "screening", "At screening"
        APHERESIS = "apheresis", "At apheresis"
        CONDITIONING = "conditioning", "Before conditioning"
        INFUSION = "infusion", "Before the infusion"
        IDEAL = "ideal", "Ideal body weight"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="infusion_courses")
    number = models.PositiveSmallIntegerField(default=1)
    weight_kg = models.DecimalField(
        max_digits=5, decimal_places=1, help_text="The weight the protocol names for the dose."
    )
    weight_of = models.CharField(
        "weight measured",
        max_length=16,
        choices=WeightOf,
        blank=True,
        help_text="Which weight the protocol names.",
    )
    planned_cells_per_kg_e6 = models.DecimalField("planned viable CAR+ cells/kg (10^6)", max_digits=8, decimal_places=4)

    class Meta:
        ordering = ["subject", "number"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "number"], name="infusion_course_once"),
            models.UniqueConstraint(fields=["id", "subject"], name="infusion_course_id_subject"),
            models.CheckConstraint(
                condition=Q(weight_kg__gt=0, planned_cells_per_kg_e6__gt=0),
                name="infusion_course_positive",
                violation_error_message="Weight and planned dose are above zero. [negative-dose]",
            ),
            plan_adds_up("infusion_course_plan_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} course {self.number}"


class Administration(models.Model):
    """One sitting of a course."""

    course = models.ForeignKey(InfusionCourse, on_delete=models.PROTECT, related_name="administrations")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="administrations")
    number = models.PositiveSmallIntegerField(default=1)
    deviation_reason = models.CharField(
        "why the dose deviates",
        max_length=300,
        blank=True,
        help_text="Needed where the dose of the course so far lies outside the product's tolerance.",
    )

    class Meta:
        ordering = ["course", "number"]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="administration_once"),
            models.UniqueConstraint(fields=["id", "subject"], name="administration_id_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.course} administration {self.number}"

    def clean(self) -> None:
        if self.course_id and self.subject_id and self.course.subject_id != self.subject_id:
            raise ValidationError({"subject": "The course is of another subject. [wrong-subject]"})


def _viable_car_cells() -> Combinable:
    return (
        F("volume_ml") * F("nucleated_cells_per_ml") * F("viability_fraction") * F("cd3_fraction") * F("car_fraction")
    )


class InfusionComponent(models.Model):
    """Cells of one lot against one target given to the lot's own subject.

    ``viable_car_cells`` = volume x nucleated cells/mL x viability x CD3+ share of viable x CAR+ share of
    viable CD3+, computed by the database in exact decimals; every denominator is kept.
    """

    administration = models.ForeignKey(Administration, on_delete=models.PROTECT, related_name="components")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="infusion_components")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="components")
    target = models.CharField(max_length=4, choices=Target)
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    volume_ml = models.DecimalField(max_digits=8, decimal_places=3)
    nucleated_cells_per_ml = models.DecimalField(max_digits=14, decimal_places=2)
    viability_fraction = models.DecimalField(max_digits=5, decimal_places=4)
    cd3_fraction = models.DecimalField("CD3+ share of viable", max_digits=5, decimal_places=4)
    car_fraction = models.DecimalField("CAR+ share of viable CD3+", max_digits=5, decimal_places=4)
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1)
    viable_car_cells = models.GeneratedField(
        verbose_name="viable CAR+ cells",
        expression=_viable_car_cells(),
        output_field=models.DecimalField(max_digits=30, decimal_places=6),
        db_persist=True,
    )

    class Meta:
        ordering = ["administration", "started_at"]
        constraints = [
            models.UniqueConstraint(fields=["administration", "lot", "target"], name="component_once"),
            models.CheckConstraint(
                condition=Q(
                    volume_ml__gt=0,
                    nucleated_cells_per_ml__gt=0,
                    weight_kg__gt=0,
                    viability_fraction__gte=0,
                    viability_fraction__lte=1,
                    cd3_fraction__gte=0,
                    cd3_fraction__lte=1,
                    car_fraction__gte=0,
                    car_fraction__lte=1,
                ),
                name="component_dose_not_negative",
                violation_error_message=(
                    "Volume, cells and weight are above zero; shares lie between 0 and 1. [negative-dose]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(target__in=["CD19", "BCMA"]),
                name="component_target_known",
                violation_error_message="A component binds CD19 or BCMA. [lot-target]",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(stopped_at__gte=F("started_at")),
                name="component_stops_after_start",
                violation_error_message="An infusion stops after it starts. [period]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.administration} {self.target} {self.lot}"

    def given(self) -> Given:
        """The cells with every denominator, for the arithmetic of the course's dose."""
        return Given(
            target=self.target,
            volume_ml=self.volume_ml,
            nucleated_cells_per_ml=self.nucleated_cells_per_ml,
            viability_fraction=self.viability_fraction,
            cd3_fraction=self.cd3_fraction,
            car_fraction=self.car_fraction,
            weight_kg=self.weight_kg,
        )

    def clean(self) -> None:
        # The database refuses all of these too; here they become sentences beside the field.
        errors: dict[str, str] = {}
        if self.lot_id and self.subject_id:
            if self.lot.subject_id != self.subject_id:
                errors["lot"] = (
                    f"Lot {self.lot} was made for another subject; it cannot be infused here. [wrong-subject]"
                )
            elif self._state.adding and self.lot.state not in Lot.INFUSABLE:
                errors["lot"] = (
                    f"Lot {self.lot} is '{self.lot.get_state_display()}'; only a released lot is infused. "
                    "[lot-not-released]"
                )
            elif self.target not in self.lot.target.split("+"):
                errors["target"] = f"Lot {self.lot} binds {self.lot.target}, not {self.target}. [lot-target]"
            elif self.started_at is not None and self.lot.released_at is not None:
                errors |= self._errors_of_time()
        if self.administration_id and self.subject_id and self.administration.subject_id != self.subject_id:
            errors["administration"] = "The administration is of another subject. [wrong-subject]"
        if not errors and self._state.adding and self.subject_id and self.started_at is not None:
            errors |= self._errors_of_eligibility()
        if errors:
            raise ValidationError(errors)

    def _errors_of_eligibility(self) -> dict[str, str]:
        decided = EligibilityDecision.objects.filter(subject=self.subject_id, decided_at__lte=self.started_at)
        last = decided.order_by("-decided_at", "-pk").first()
        if last is not None and last.verdict == EligibilityDecision.Verdict.ELIGIBLE:
            return {}
        found = "no decision before it" if last is None else f"not eligible, decided at {last.decided_at}"
        return {
            "started_at": f"Subject {self.subject} is not infused before an investigator signed that it is eligible; "
            f"found: {found}. [not-eligible]"
        }

    def _errors_of_time(self) -> dict[str, str]:
        if self.lot.released_at > self.started_at:
            return {
                "started_at": f"Lot {self.lot} was released at {self.lot.released_at}, after this infusion began at "
                f"{self.started_at}. [lot-not-released]"
            }
        # The same cells entered once more would double the dose.
        start, end = self.started_at, self.stopped_at or self.started_at
        meanwhile = Q(started_at=start) | Q(started_at__lt=end) & (Q(stopped_at__gt=start) | Q(started_at__gt=start))
        if (
            InfusionComponent.objects.filter(meanwhile, lot=self.lot_id, target=self.target)
            .exclude(pk=self.pk)
            .exists()
        ):
            return {
                "lot": f"Lot {self.lot} was being given against {self.target} at that time already; these cells are "
                "recorded. [infusion-twice]"
            }
        return {}
