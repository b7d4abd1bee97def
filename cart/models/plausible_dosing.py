"""Soft limits of doses: conditioning with its measures, the course of infusion against its cohort, the cells.

Limits are own design for data entry, not from a source: they ask, they refuse nothing.
"""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Max, Min

from cart.models.conditioning import ConditioningCourse, ConditioningDose
from cart.models.fields import plain
from cart.models.infusion import InfusionComponent, InfusionCourse
from cart.models.planned_cells import PLAN_FIELDS
from cart.models.plausible import SoftWarning, outside, register_check, unusual_day
from cart.models.plausible_product import first_infusion_day

WEIGHT_KG, HEIGHT_CM = (Decimal(35), Decimal(150)), (Decimal(140), Decimal(205))
# Of one weight against another of the same subject: the one before, or the course's.
WEIGHT_DIFFERENCE_PERCENT = Decimal(10)
# Rounding of a bedside calculator stays below it.
BSA_DEVIATION_PERCENT = Decimal(5)
CREATININE = {"umol/L": (Decimal(30), Decimal(400)), "mg/dL": (Decimal("0.3"), Decimal("4.5"))}
PLANNED_MG_M2 = {
    ConditioningDose.Drug.FLUDARABINE: (Decimal(10), Decimal(40)),
    ConditioningDose.Drug.CYCLOPHOSPHAMIDE: (Decimal(150), Decimal(2000)),
}
# From a dose to the infusion.
CONDITIONING_DAYS = (1, 21)
VOLUME_ML, CELLS_PER_ML = (Decimal(1), Decimal(500)), (Decimal(100_000), Decimal(1_000_000_000))
VIABILITY, CD3_SHARE, CAR_SHARE = (
    (Decimal("0.5"), Decimal(1)),
    (Decimal("0.5"), Decimal(1)),
    (Decimal("0.05"), Decimal("0.95")),
)
INFUSION_HOURS = 4


def _deviation(found: Decimal, expected: Decimal) -> Decimal:
    return abs(found - expected) / expected * 100


def _weight(record: ConditioningCourse | InfusionCourse) -> Iterator[SoftWarning]:
    """A weight that is seldom, or far from the one of the conditioning before."""
    yield from outside("weight_kg", record.weight_kg, WEIGHT_KG, "kg")
    conditioned = ConditioningCourse.objects.filter(subject=record.subject_id)
    if isinstance(record, ConditioningCourse):
        conditioned = conditioned.filter(number__lt=record.number)
    before = conditioned.order_by("-number").values_list("weight_kg", flat=True).first()
    if before is not None and _deviation(record.weight_kg, before) > WEIGHT_DIFFERENCE_PERCENT:
        yield SoftWarning(
            "weight_kg",
            "unusual-change",
            f"Usually within {WEIGHT_DIFFERENCE_PERCENT} % of the weight before, which was {plain(before)} kg at "
            f"conditioning; found {plain(record.weight_kg)} kg. [unusual-change]",
        )


def _conditioning(course: ConditioningCourse) -> Iterator[SoftWarning]:
    yield from _weight(course)
    yield from outside("height_cm", course.height_cm, HEIGHT_CM, "cm")
    if course.creatinine_unit:
        yield from outside("creatinine", course.creatinine, CREATININE[course.creatinine_unit], course.creatinine_unit)
    computed = course.bsa_computed_m2
    if computed and _deviation(course.bsa_m2, computed) > BSA_DEVIATION_PERCENT:
        yield SoftWarning(
            "bsa_m2",
            "computed-differs",
            f"Weight and height give {computed:.3f} m2 by {course.get_bsa_formula_display()}; found {course.bsa_m2}. "
            "[computed-differs]",
        )
    born = course.subject.year_of_birth
    if born is not None and course.age_years is not None and course.creatinine_on is not None:
        most = course.creatinine_on.year - born
        if course.age_years not in (most - 1, most):
            yield SoftWarning(
                "age_years",
                "computed-differs",
                f"Born in {born}, the subject was {most - 1} or {most} on {course.creatinine_on}; found "
                f"{course.age_years}. [computed-differs]",
            )


def _conditioning_dose(dose: ConditioningDose) -> Iterator[SoftWarning]:
    if dose.drug in PLANNED_MG_M2:
        yield from outside(
            "planned_mg_m2", dose.planned_mg_m2, PLANNED_MG_M2[ConditioningDose.Drug(dose.drug)], "mg/m2"
        )
    subject = dose.course.subject
    zero = first_infusion_day(subject)
    # A second course of conditioning belongs to a second infusion.
    if zero is not None and dose.course.number == 1:
        days = (zero - dose.given_at.astimezone(subject.site.zone).date()).days
        if not CONDITIONING_DAYS[0] <= days <= CONDITIONING_DAYS[1]:
            yield unusual_day(
                "given_at",
                f"Usually {CONDITIONING_DAYS[0]} to {CONDITIONING_DAYS[1]} days before the infusion, which was on "
                f"{zero}; found {days} days before it.",
            )


def _course(course: InfusionCourse) -> Iterator[SoftWarning]:
    # An ideal weight is no measurement.
    if course.weight_of == InfusionCourse.WeightOf.IDEAL:
        yield from outside("weight_kg", course.weight_kg, WEIGHT_KG, "kg")
    else:
        yield from _weight(course)
    cohort = course.subject.cohort
    for name in PLAN_FIELDS if cohort is not None else ():
        planned, found = getattr(cohort, name), getattr(course, name)
        if planned is not None and found != planned:
            yield SoftWarning(
                name,
                "computed-differs",
                f"The subject's cohort {cohort} plans {plain(planned)}; found "
                f"{'none' if found is None else plain(found)}. [computed-differs]",
            )


def _component(component: InfusionComponent) -> Iterator[SoftWarning]:
    expected = component.administration.course.weight_kg
    if _deviation(component.weight_kg, expected) > WEIGHT_DIFFERENCE_PERCENT:
        yield SoftWarning(
            "weight_kg",
            "computed-differs",
            f"The course counts with {expected} kg; found {component.weight_kg} kg. [computed-differs]",
        )
    yield from outside("volume_ml", component.volume_ml, VOLUME_ML, "mL")
    yield from outside("nucleated_cells_per_ml", component.nucleated_cells_per_ml, CELLS_PER_ML, "cells/mL")
    yield from outside("viability_fraction", component.viability_fraction, VIABILITY, "as a share")
    yield from outside("cd3_fraction", component.cd3_fraction, CD3_SHARE, "as a share")
    yield from outside("car_fraction", component.car_fraction, CAR_SHARE, "as a share")
    if component.stopped_at is not None:
        hours = (component.stopped_at - component.started_at).total_seconds() / 3600
        if hours > INFUSION_HOURS:
            yield unusual_day("stopped_at", f"Usually given within {INFUSION_HOURS} hours; found {hours:.1f} hours.")
    yield from _after_conditioning(component)


def _after_conditioning(component: InfusionComponent) -> Iterator[SoftWarning]:
    """A first infusion without conditioning shortly before it, where conditioning is recorded."""
    if component.administration.course.number != 1:
        return
    subject = component.subject
    doses = ConditioningDose.objects.filter(course__subject=subject.pk)
    last = doses.aggregate(last=Max("given_at"))["last"]
    if last is None:
        return
    zone = subject.site.zone
    others = InfusionComponent.objects.filter(subject=subject.pk, administration__course__number=1)
    first = others.exclude(pk=component.pk).aggregate(first=Min("started_at"))["first"]
    zero = min(first or component.started_at, component.started_at).astimezone(zone).date()
    days = (zero - last.astimezone(zone).date()).days
    if not CONDITIONING_DAYS[0] <= days <= CONDITIONING_DAYS[1]:
        yield unusual_day(
            "started_at",
            f"Usually {CONDITIONING_DAYS[0]} to {CONDITIONING_DAYS[1]} days after the last dose of conditioning; found "
            f"{days} days.",
        )


for _model, _check in (
    (ConditioningCourse, _conditioning),
    (ConditioningDose, _conditioning_dose),
    (InfusionCourse, _course),
    (InfusionComponent, _component),
):
    register_check(_model, _check)
