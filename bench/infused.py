"""Infusions for every subject of a bench study, in bulk."""

import datetime as dt
from decimal import Decimal

from cart.models import (
    Administration,
    Apheresis,
    Consent,
    EligibilityAssessment,
    EligibilityDecision,
    InfusionComponent,
    InfusionCourse,
    Lot,
    Study,
    Subject,
)
from tests.cart.records import DAY_ZERO, component
from trialsite.audit.context import acting

BATCH = 2_000


def infuse_all(study: Study) -> None:
    """One component each, on Day 0 of the tests' records moved into the bench's series."""
    subjects = list(study.subjects.order_by("pk"))
    product = study.products.get()
    # The series of the bench begins on 1 January 2020 and goes on for a year.
    day_zero = DAY_ZERO.replace(year=2020)
    _decide_all(subjects, day_zero - dt.timedelta(days=30))
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


def _decide_all(subjects: list[Subject], decided_at: dt.datetime) -> None:
    """A consent and a signed decision of each, before Day 0."""
    with acting(actor="investigator", reason="eligible"):
        Consent.objects.bulk_create(
            [Consent(subject=s, version="1.0", signed_on=dt.date(2000, 1, 1)) for s in subjects], BATCH
        )
        protocol = subjects[0].protocol()
        assessments = EligibilityAssessment.objects.bulk_create(
            [EligibilityAssessment(subject=s, protocol=protocol) for s in subjects], BATCH
        )
        EligibilityDecision.objects.bulk_create(
            [
                EligibilityDecision(
                    assessment=one,
                    subject=one.subject,
                    verdict=EligibilityDecision.Verdict.ELIGIBLE,
                    decided_at=decided_at,
                    note="by the source documents",
                )
                for one in assessments
            ],
            BATCH,
        )
