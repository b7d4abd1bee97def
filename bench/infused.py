"""Infusions for every subject of a bench study, in bulk."""

from decimal import Decimal

from cart.models import Administration, Apheresis, InfusionComponent, InfusionCourse, Lot, Study
from tests.cart.records import DAY_ZERO, component

BATCH = 2_000


def infuse_all(study: Study) -> None:
    """One component each, on Day 0 of the tests' records moved into the bench's series."""
    subjects = list(study.subjects.order_by("pk"))
    product = study.products.get()
    # The series of the bench begins on 1 January 2020 and goes on for a year.
    day_zero = DAY_ZERO.replace(year=2020)
    aphereses = Apheresis.objects.bulk_create(
        [Apheresis(subject=s, chain_of_identity=f"COI-{s.pk}", collected_at=day_zero) for s in subjects], BATCH
    )
    lots = Lot.objects.bulk_create(
        [
            Lot(
                number=f"L-{s.pk}",
                product=product,
                apheresis=a,
                subject=s,
                target="CD19",
                state=Lot.State.RELEASED,
                released_at=day_zero,
            )
            for s, a in zip(subjects, aphereses, strict=True)
        ],
        BATCH,
    )
    courses = InfusionCourse.objects.bulk_create(
        [InfusionCourse(subject=s, weight_kg=70, planned_cells_per_kg_e6=Decimal("1.2")) for s in subjects], BATCH
    )
    administrations = Administration.objects.bulk_create(
        [Administration(course=c, subject=s) for s, c in zip(subjects, courses, strict=True)], BATCH
    )
    InfusionComponent.objects.bulk_create(
        [component(a, lot, started_at=day_zero) for a, lot in zip(administrations, lots, strict=True)], BATCH
    )
