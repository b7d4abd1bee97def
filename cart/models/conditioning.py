"""Conditioning (lymphodepletion): the body measures its doses rest on, the computed proposal, the doses."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from cart.endpoints.dosing.conditioning import (
    DOSE_TOLERANCE_PERCENT,
    OWN_VALUE_TOLERANCE_PERCENT,
    RULE,
    Measures,
    Proposal,
    conditioning_proposal,
    deviation_percent,
)
from cart.endpoints.errors import ParameterError
from cart.models.fields import plain
from cart.models.subject import Subject


class ConditioningCourse(models.Model):
    """One lymphodepletion course with the body measures its doses rest on.

    ``bsa_m2`` and ``creatinine_clearance_ml_min`` are the site's own values and stay as given; what the kernels
    compute stands beside them, with the rule's version, and a difference opens a data query.
    """

    class Formula(models.TextChoices):
        MOSTELLER = "mosteller", "Mosteller"
        DUBOIS = "dubois", "DuBois & DuBois"
        HAYCOCK = "haycock", "Haycock"

    class CreatinineUnit(models.TextChoices):
        UMOL_L = "umol/L", "µmol/L"
        MG_DL = "mg/dL", "mg/dL"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="conditioning_courses")
    number = models.PositiveSmallIntegerField(default=1)
    regimen = models.CharField(max_length=120)
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1)
    height_cm = models.DecimalField(max_digits=5, decimal_places=1)
    bsa_formula = models.CharField(max_length=10, choices=Formula, default=Formula.MOSTELLER)
    bsa_m2 = models.DecimalField(
        "BSA (m2)",
        max_digits=5,
        decimal_places=3,
        blank=True,
        help_text="The site's own, on which its doses rest. Left empty: the computed one.",
    )
    bsa_computed_m2 = models.DecimalField(
        "computed BSA (m2)", max_digits=6, decimal_places=4, null=True, blank=True, editable=False
    )
    creatinine = models.DecimalField("serum creatinine", max_digits=7, decimal_places=2, null=True, blank=True)
    creatinine_unit = models.CharField("unit of creatinine", max_length=8, choices=CreatinineUnit, blank=True)
    creatinine_on = models.DateField("creatinine of", null=True, blank=True)
    age_years = models.PositiveSmallIntegerField(
        "age (years)", null=True, blank=True, help_text="Whole years on the day of the creatinine."
    )
    creatinine_clearance_ml_min = models.DecimalField(
        "creatinine clearance (mL/min)",
        max_digits=6,
        decimal_places=1,
        null=True,
        blank=True,
        help_text="The site's own. Left empty: the computed one leads the proposal.",
    )
    clearance_computed_ml_min = models.DecimalField(
        "computed clearance (mL/min)", max_digits=7, decimal_places=2, null=True, blank=True, editable=False
    )
    fludarabine_full_mg_m2 = models.DecimalField(
        "full dose of fludarabine (mg/m2)",
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Daily dose of the protocol at normal renal function, 25 or 30.",
    )
    fludarabine_proposed_mg_m2 = models.DecimalField(
        "proposed fludarabine (mg/m2)", max_digits=6, decimal_places=2, null=True, blank=True, editable=False
    )
    fludarabine_reason = models.CharField(
        "why no proposal", max_length=200, blank=True, editable=False, default="", db_default=""
    )
    fludarabine_rule = models.CharField("rule", max_length=40, blank=True, editable=False, default="", db_default="")
    dose_tolerance_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=DOSE_TOLERANCE_PERCENT,
        db_default=DOSE_TOLERANCE_PERCENT,
        help_text="Deviation from a planned or proposed dose that needs no reason, in per cent.",
    )

    class Meta:
        ordering = ["subject", "number"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "number"], name="conditioning_course_once"),
            models.UniqueConstraint(fields=["id", "subject"], name="conditioning_course_id_subject"),
            models.CheckConstraint(
                condition=Q(weight_kg__gt=0, height_cm__gt=0, bsa_m2__gt=0)
                & (Q(creatinine_clearance_ml_min=None) | Q(creatinine_clearance_ml_min__gte=0)),
                name="conditioning_measures_positive",
                violation_error_message="Weight, height and BSA are above zero. [negative-number]",
            ),
            models.CheckConstraint(
                condition=Q(creatinine=None, creatinine_unit="")
                | Q(creatinine__isnull=False, creatinine__gt=0, creatinine_unit__in=["umol/L", "mg/dL"]),
                name="conditioning_creatinine_has_unit",
                violation_error_message="Creatinine is above zero and has its unit. [creatinine-unit]",
            ),
            models.CheckConstraint(
                condition=(Q(fludarabine_full_mg_m2=None) | Q(fludarabine_full_mg_m2__gt=0))
                & Q(dose_tolerance_percent__gte=0),
                name="conditioning_plan_positive",
                violation_error_message="A full dose is above zero, a tolerance not negative. [negative-dose]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} conditioning {self.number}"

    def proposal(self) -> Proposal:
        """What the kernels compute from the measures.

        Raises
        ------
        ParameterError
            A measure that no subject has.
        """
        formula = "du-bois" if self.bsa_formula == self.Formula.DUBOIS else self.bsa_formula
        return conditioning_proposal(
            Measures(
                height_cm=Decimal(self.height_cm),
                weight_kg=Decimal(self.weight_kg),
                bsa_formula=formula,
                own_bsa_m2=self.bsa_m2,
                creatinine=self.creatinine,
                creatinine_unit=self.creatinine_unit,
                age_years=self.age_years,
                sex=self.subject.sex,
                own_clearance_ml_min=self.creatinine_clearance_ml_min,
                full_dose_mg_m2=self.fludarabine_full_mg_m2,
            )
        )

    def differences(self) -> dict[str, str]:
        """Own values that differ from the computed ones by more than the tolerance: field to sentence."""
        pairs = {
            "bsa_m2": (self.bsa_m2, self.bsa_computed_m2, "body surface"),
            "creatinine_clearance_ml_min": (
                self.creatinine_clearance_ml_min,
                self.clearance_computed_ml_min,
                "creatinine clearance",
            ),
        }
        # Without the values: a query is read also by those who do not read the laboratory's.
        return {
            field: f"The site's {what} differs from the one computed from its measures by more than "
            f"{OWN_VALUE_TOLERANCE_PERCENT} %. Which of them is wrong?"
            for field, (own, computed, what) in pairs.items()
            if own is not None
            and computed
            and abs(deviation_percent(Decimal(own), computed)) > OWN_VALUE_TOLERANCE_PERCENT
        }

    def compute(self) -> None:
        """Set what follows from the measures; an own body surface that was left empty becomes the computed one."""
        found = self.proposal()
        self.bsa_computed_m2 = found.bsa_m2
        if self.bsa_m2 is None:
            self.bsa_m2 = found.bsa_m2.quantize(Decimal("0.001"))
        self.clearance_computed_ml_min = found.clearance_ml_min
        self.fludarabine_proposed_mg_m2 = found.dose_mg_m2
        self.fludarabine_reason = found.reason
        self.fludarabine_rule = RULE

    def clean(self) -> None:
        # Run also where a field was refused and its value is missing.
        if self.height_cm is None or self.weight_kg is None or self.subject_id is None:
            return
        try:
            self.compute()
        except ParameterError as error:
            raise ValidationError(str(error)) from error


class ConditioningDose(models.Model):
    """One dose of a conditioning drug, planned and given."""

    class Drug(models.TextChoices):
        FLUDARABINE = "fludarabine", "Fludarabine"
        CYCLOPHOSPHAMIDE = "cyclophosphamide", "Cyclophosphamide"
        OTHER = "other", "Other"

    course = models.ForeignKey(ConditioningCourse, on_delete=models.PROTECT, related_name="doses")
    drug = models.CharField(max_length=20, choices=Drug)
    drug_name = models.CharField(max_length=80, blank=True, help_text="Needed for 'other'.")
    given_at = models.DateTimeField()
    planned_mg_m2 = models.DecimalField(max_digits=8, decimal_places=2)
    given_mg = models.DecimalField(max_digits=9, decimal_places=2)
    deviation_reason = models.CharField(
        "why it deviates",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Needed where the dose deviates from its plan, or the plan of fludarabine from the proposal.",
    )

    class Meta:
        ordering = ["course", "given_at"]
        constraints = [
            models.UniqueConstraint(fields=["course", "drug", "given_at"], name="conditioning_dose_once"),
            models.CheckConstraint(
                condition=Q(planned_mg_m2__gt=0, given_mg__gte=0),
                name="conditioning_dose_not_negative",
                violation_error_message="A dose is not negative. [negative-dose]",
            ),
            models.CheckConstraint(
                condition=Q(drug__in=["fludarabine", "cyclophosphamide"]) | (Q(drug="other") & ~Q(drug_name="")),
                name="conditioning_drug_named",
                violation_error_message="Another drug needs its name. [drug-unnamed]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.drug_name or self.drug}"

    def planned_mg(self) -> Decimal | None:
        """Planned dose on the site's body surface; None before there is one."""
        bsa = self.course.bsa_m2
        return None if bsa is None or self.planned_mg_m2 is None else Decimal(self.planned_mg_m2) * Decimal(bsa)

    def deviations(self) -> dict[str, Decimal]:
        """Per cent by which the dose lies off its plan, and the plan of fludarabine off the proposal."""
        found = {}
        planned_mg, proposed = self.planned_mg(), self.course.fludarabine_proposed_mg_m2
        if planned_mg and self.given_mg is not None:
            found["given against planned"] = deviation_percent(Decimal(self.given_mg), planned_mg)
        if self.drug == self.Drug.FLUDARABINE and proposed and self.planned_mg_m2:
            found["planned against proposed"] = deviation_percent(Decimal(self.planned_mg_m2), proposed)
        return found

    def beyond_tolerance(self) -> list[str]:
        """What of the dose asks for a reason, in words."""
        tolerance = self.course.dose_tolerance_percent
        beyond = [f"{what} {off:+.1f} %" for what, off in self.deviations().items() if abs(off) > tolerance]
        if self.drug == self.Drug.FLUDARABINE and self.course.fludarabine_proposed_mg_m2 == 0:
            beyond.append(self.course.fludarabine_reason)
        return beyond

    def clean(self) -> None:
        # The trigger cart_conditioning_deviation refuses it too; here it becomes a sentence beside the field.
        if self.deviation_reason or not (self.course_id or "course" in self._state.fields_cache):
            return
        beyond = self.beyond_tolerance()
        if beyond:
            raise ValidationError(
                {
                    "deviation_reason": f"A dose off by more than {plain(self.course.dose_tolerance_percent)} % says "
                    f"why; found {', '.join(beyond)}. [dose-deviation]"
                }
            )
