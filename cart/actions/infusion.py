"""Record an infusion: course, administration, components, custody and the state of the lots, as one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from cart.actions.lots import mark_lots_infused
from cart.models import Administration, CustodyEvent, InfusionComponent, InfusionCourse, Lot, Subject
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


@dataclass(frozen=True)
class DoseSummary:
    """Dose of a course, viable CAR+ cells per kg, and its deviation from the plan in per cent."""

    per_kg_by_target: dict[str, Decimal]
    total_per_kg: Decimal
    deviation_percent: Decimal
    within_tolerance: bool


def record_infusion(
    *,
    subject: Subject,
    weight_kg: Decimal,
    planned_cells_per_kg_e6: Decimal,
    components: Sequence[ComponentGiven],
    place: str,
    first_person: str,
    second_person: str,
    actor: str,
    reason: str,
) -> Administration:
    """Store the next course with one administration.

    Raises
    ------
    ValidationError
        With the sentence of the rule that is broken: no component, wrong subject, unreleased lot, cells recorded
        twice, impossible share. Nothing is stored then.
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
        )
        course.full_clean()
        course.save()
        administration = Administration(course=course, subject=subject)
        administration.full_clean()
        administration.save()
        for given in components:
            component = InfusionComponent(
                administration=administration,
                subject=subject,
                weight_kg=weight_kg,
                **{**vars(given), "lot": lots[given.lot.pk]},
            )
            component.full_clean(exclude=["viable_car_cells"])
            component.save()
        for lot in lots.values():
            _record_custody(lot, components, place, first_person, second_person)
        mark_lots_infused(administration=administration, actor=actor)
    return administration


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


def dose_summary(course: InfusionCourse) -> DoseSummary:
    """Dose per kg by target and in total, on the weight kept with each component; exact decimals.

    Over all administrations of the course: the planned dose is that of the course, so one of two fractions is no
    deviation from it by half.
    """
    components = list(InfusionComponent.objects.filter(administration__course=course).select_related("lot__product"))
    by_target: dict[str, Decimal] = {}
    for component in components:
        share = component.viable_car_cells / component.weight_kg
        by_target[component.target] = by_target.get(component.target, Decimal(0)) + share
    total = sum(by_target.values(), Decimal(0))
    planned = course.planned_cells_per_kg_e6 * 1_000_000
    deviation = 100 * (total - planned) / planned
    tolerances = [component.lot.product.dose_tolerance_percent for component in components]
    return DoseSummary(by_target, total, deviation, bool(tolerances) and abs(deviation) <= min(tolerances))
