"""Record an infusion: course, administration, components, custody and the state of the lots, as one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

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
    """Dose of an administration, viable CAR+ cells per kg, and its deviation from the plan in per cent."""

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
    """Store a first course with one administration.

    Raises
    ------
    ValidationError
        With the sentence of the rule that is broken: wrong subject, unreleased lot, impossible share. Nothing
        is stored then.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        course = InfusionCourse(
            subject=subject,
            number=subject.infusion_courses.count() + 1,
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
                administration=administration, subject=subject, weight_kg=weight_kg, **vars(given)
            )
            component.full_clean(exclude=["viable_car_cells"])
            component.save()
        for lot in {given.lot.pk: given.lot for given in components}.values():
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


def dose_summary(administration: Administration) -> DoseSummary:
    """Dose per kg by target and in total, on the weight kept with each component; exact decimals."""
    by_target: dict[str, Decimal] = {}
    for component in administration.components.all():
        share = component.viable_car_cells / component.weight_kg
        by_target[component.target] = by_target.get(component.target, Decimal(0)) + share
    total = sum(by_target.values(), Decimal(0))
    planned = administration.course.planned_cells_per_kg_e6 * 1_000_000
    deviation = 100 * (total - planned) / planned
    tolerances = [
        c.lot.product.dose_tolerance_percent for c in administration.components.select_related("lot__product")
    ]
    return DoseSummary(by_target, total, deviation, bool(tolerances) and abs(deviation) <= min(tolerances))
