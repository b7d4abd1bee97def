"""Record an infusion: course, administration, components, custody and the state of the lots, as one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from cart.actions.lots import mark_lots_infused
from cart.endpoints.product.course_dose import CourseDose, course_dose
from cart.models import Administration, CustodyEvent, InfusionComponent, InfusionCourse, Lot, Subject
from cart.models.planned_cells import PLAN_OF_TARGET
from trialsite.audit.context import acting


@dataclass(frozen=True)
class ComponentGiven:
    """Cells of one lot against one target, as given; shares between 0 and 1."""

    lot: Lot
    target: str
    started_at: dt.datetime
    stopped_at: dt.datetime
    volume_ml: Decimal
    nucleated_cells_per_ml: Decimal
    viability_fraction: Decimal
    cd3_fraction: Decimal
    car_fraction: Decimal


def record_infusion(
    *,
    subject: Subject,
    weight_kg: Decimal,
    planned_cells_per_kg_e6: Decimal,
    planned_by_target_e6: Mapping[str, Decimal],
    components: Sequence[ComponentGiven],
    place: str,
    first_person: str,
    second_person: str,
    actor: str,
    reason: str,
    deviation_reason: str = "",
) -> Administration:
    """Store the next course with one administration.

    Parameters
    ----------
    planned_by_target_e6
        Million viable CAR+ cells/kg planned against each target, 0 for none; empty where the protocol plans the
        total alone. A dose beyond the tolerance against one target needs its reason as one of the total does.

    Raises
    ------
    ValidationError
        With the sentence of the rule that is broken: no component, wrong subject, unreleased lot, cells recorded
        twice, impossible share, a plan that does not add up, a dose off its plan without a reason. Nothing is
        stored then.
    """
    if not components:
        raise ValidationError(
            "An infusion has at least one component: a lot and what it is given against. [no-component]"
        )
    with acting(actor=actor, reason=reason), transaction.atomic():
        # The subject first: two people who record the same infusion come one after the other. The lots as they
        # are now: one may have been rejected since the caller read it.
        Subject.objects.select_for_update().get(pk=subject.pk)
        wanted = {given.lot.pk for given in components}
        lots = {lot.pk: lot for lot in Lot.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
        last = subject.infusion_courses.aggregate(number=Max("number"))["number"] or 0
        course = InfusionCourse(
            subject=subject,
            number=last + 1,
            weight_kg=weight_kg,
            planned_cells_per_kg_e6=planned_cells_per_kg_e6,
            **_parts_of_plan(planned_by_target_e6),
        )
        course.full_clean()
        course.save()
        administration = Administration(course=course, subject=subject, deviation_reason=deviation_reason)
        administration.full_clean()
        administration.save()
        stored = []
        for given in components:
            component = InfusionComponent(
                administration=administration,
                subject=subject,
                weight_kg=weight_kg,
                **{**vars(given), "lot": lots[given.lot.pk]},
            )
            component.full_clean(exclude=["viable_car_cells"])
            component.save()
            stored.append(component)
        refuse_unexplained(dose_of(course, stored), deviation_reason)
        for lot in lots.values():
            _record_custody(lot, components, place, first_person, second_person)
        mark_lots_infused(administration=administration, actor=actor)
    return administration


def _parts_of_plan(planned_by_target_e6: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Columns of the plan of each target; a target that has none would be dropped without a word."""
    unknown = sorted(set(planned_by_target_e6) - set(PLAN_OF_TARGET))
    if unknown:
        raise ValidationError(
            f"Cells are planned against {' and '.join(PLAN_OF_TARGET)}; found {', '.join(unknown)}. Correct the "
            "target. [dose-plan]"
        )
    return {PLAN_OF_TARGET[target]: planned for target, planned in planned_by_target_e6.items()}


def _record_custody(
    lot: Lot, components: Sequence[ComponentGiven], place: str, first_person: str, second_person: str
) -> None:
    started_at = min(given.started_at for given in components if given.lot.pk == lot.pk)
    event = CustodyEvent(
        apheresis=lot.apheresis,
        lot=lot,
        kind=CustodyEvent.Kind.INFUSED,
        occurred_at=started_at,
        place=place,
        first_person=first_person,
        second_person=second_person,
        seal_intact=True,
    )
    event.full_clean()
    event.save()


def refuse_unexplained(dose: CourseDose, why: str) -> None:
    """Refuse a dose of a course that lies outside the product's tolerance and says nowhere why.

    The database refuses it too (``cart_dose_explained``), by every path and at the end of the transaction.
    """
    if dose.within_tolerance or why.strip():
        return
    found = ", ".join(f"{one.what} {one.percent:+.1f} %" for one in dose.deviations if not one.within_tolerance)
    raise ValidationError(
        f"The dose of the course is not within the product's tolerance: {found} of the plan. Correct the cells, or say "
        "why the dose deviates. [dose-deviation]"
    )


def dose_summary(course: InfusionCourse) -> CourseDose:
    """Dose of a course as stored: over all its administrations, on the weight kept with each component."""
    stored = InfusionComponent.objects.filter(administration__course=course).select_related("lot__product")
    return dose_of(course, list(stored))


def dose_of(course: InfusionCourse, components: Sequence[InfusionComponent]) -> CourseDose:
    """Dose of a course with these components, stored or not yet; the narrowest tolerance of their products holds."""
    tolerances = [component.lot.product.dose_tolerance_percent for component in components]
    return course_dose(
        [component.given() for component in components],
        planned_per_kg_e6=course.planned_cells_per_kg_e6,
        planned_by_target_e6=course.planned_by_target(),
        tolerance_percent=min(tolerances, default=None),
    )
