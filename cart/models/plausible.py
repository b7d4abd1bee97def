"""Soft limits: values that are possible and seldom right. They are asked about once and kept with a reason.

Every limit is a named one with unit and source; a model's check gives sentences, the forms ask.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Model
from django.utils import timezone

from cart.endpoints.dosing.body_surface import DU_BOIS, MOSTELLER, body_surface
from cart.endpoints.errors import ParameterError
from cart.models.conditioning import ConditioningCourse
from cart.models.infusion import InfusionComponent, InfusionCourse
from cart.models.subject import Subject

# Convention of data management for adults; own design, not from a source.
WEIGHT_KG = (Decimal(35), Decimal(150))
HEIGHT_CM = (Decimal(140), Decimal(205))
AGE_YEARS = (18, 85)
# Rounding of a bedside calculator stays below it.
BSA_DEVIATION_PERCENT = Decimal(5)
# Between the weight of the course and of one of its components.
WEIGHT_DIFFERENCE_PERCENT = Decimal(10)

_FORMULAS = {ConditioningCourse.Formula.MOSTELLER: MOSTELLER, ConditioningCourse.Formula.DUBOIS: DU_BOIS}


@dataclass(frozen=True)
class SoftWarning:
    """One implausible value: its field, and a sentence that ends with its code."""

    field: str
    code: str
    sentence: str


Check = Callable[[Any], Iterator[SoftWarning]]
_checks: dict[type[Model], list[Check]] = {}


def register_check(model: type[Model], check: Check) -> None:
    """Add a check of a model's rows; it is called on valid rows only."""
    _checks.setdefault(model, []).append(check)


def soft_warnings(instance: Model) -> list[SoftWarning]:
    """Everything implausible in a valid row that is about to be stored."""
    return [found for check in _checks.get(type(instance), ()) for found in check(instance)]


def outside(name: str, value: Decimal | None, limits: tuple[Decimal, Decimal], unit: str) -> Iterator[SoftWarning]:
    """The warning of a value outside its usual span."""
    low, high = limits
    if value is not None and not low <= value <= high:
        yield SoftWarning(
            name, "unusual-value", f"Usually between {low} and {high} {unit}; found {value}. [unusual-value]"
        )


def _subject(subject: Subject) -> Iterator[SoftWarning]:
    if subject.year_of_birth is not None:
        age = timezone.now().year - subject.year_of_birth
        if subject.status == Subject.Status.SCREENING and not AGE_YEARS[0] <= age <= AGE_YEARS[1]:
            yield SoftWarning(
                "year_of_birth",
                "unusual-value",
                f"In screening subjects are usually {AGE_YEARS[0]} to {AGE_YEARS[1]} years old; found about {age}. "
                "[unusual-value]",
            )


def _conditioning(course: ConditioningCourse) -> Iterator[SoftWarning]:
    yield from outside("weight_kg", course.weight_kg, WEIGHT_KG, "kg")
    yield from outside("height_cm", course.height_cm, HEIGHT_CM, "cm")
    rows = pl.DataFrame({"weight_kg": [float(course.weight_kg)], "height_cm": [float(course.height_cm)]})
    try:
        computed = body_surface(rows, formula=_FORMULAS[course.bsa_formula])["bsa_m2"][0]
    except ParameterError:
        # A height in metres: its own warning says so.
        return
    if _deviation(course.bsa_m2, Decimal(str(computed))) > BSA_DEVIATION_PERCENT:
        yield SoftWarning(
            "bsa_m2",
            "computed-differs",
            f"Weight and height give {computed:.3f} m2 by {course.get_bsa_formula_display()}; found {course.bsa_m2}. "
            "[computed-differs]",
        )


def _course(course: InfusionCourse) -> Iterator[SoftWarning]:
    yield from outside("weight_kg", course.weight_kg, WEIGHT_KG, "kg")


def _component(component: InfusionComponent) -> Iterator[SoftWarning]:
    expected = component.administration.course.weight_kg
    if _deviation(component.weight_kg, expected) > WEIGHT_DIFFERENCE_PERCENT:
        yield SoftWarning(
            "weight_kg",
            "computed-differs",
            f"The course counts with {expected} kg; found {component.weight_kg} kg. [computed-differs]",
        )


def _deviation(found: Decimal, expected: Decimal) -> Decimal:
    return abs(found - expected) / expected * 100


for _model, _check in (
    (Subject, _subject),
    (ConditioningCourse, _conditioning),
    (InfusionCourse, _course),
    (InfusionComponent, _component),
):
    register_check(_model, _check)
