"""Records for tests: a study with one subject ready for infusion, made the shortest honest way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cart.models import (
    Administration,
    Apheresis,
    Arm,
    Consent,
    EligibilityAssessment,
    EligibilityDecision,
    InfusionComponent,
    InfusionCourse,
    Lot,
    Product,
    Site,
    Study,
    Subject,
)
from trialsite.audit.context import acting

DAY_ZERO = datetime(2024, 3, 12, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Trial:
    """A study with its site, CAR-T arm and product."""

    study: Study
    site: Site
    arm: Arm
    product: Product


def make_trial(code: str = "T-1") -> Trial:
    """A study with one site in Brussels, one CAR-T arm and one product."""
    study = Study.objects.create(code=code, title=f"Trial {code}")
    return Trial(
        study=study,
        site=Site.objects.create(study=study, code="KUL", name="Leuven", time_zone="Europe/Brussels"),
        arm=Arm.objects.create(study=study, code="CART", title="CAR-T"),
        product=Product.objects.create(study=study, code="P", kind=Product.Kind.CO_INFUSED, title="Dual"),
    )


def make_subject(trial: Trial, code: str = "KUL-001", *, status: str = Subject.Status.ENROLLED) -> Subject:
    """A subject of the trial's site and arm; enrolled unless another status is asked for."""
    return Subject.objects.create(study=trial.study, site=trial.site, arm=trial.arm, code=code, status=status)


def make_eligible(subject: Subject) -> EligibilityDecision:
    """A consent, and a signed decision a month before Day 0; the trial's protocol has no criteria."""
    with acting(actor="investigator", reason="eligible"):
        decided_at = DAY_ZERO - timedelta(days=30)
        # Long before every specimen of the tests: a result is not collected before the consent.
        if not subject.consents.filter(signed_on__lte=decided_at.date()).exists():
            Consent.objects.create(subject=subject, version="1.0", signed_on=date(2000, 1, 1))
        return EligibilityDecision.objects.create(
            assessment=EligibilityAssessment.objects.create(subject=subject, protocol=subject.protocol()),
            subject=subject,
            verdict=EligibilityDecision.Verdict.ELIGIBLE,
            decided_at=decided_at,
            note="by the source documents",
        )


def make_lot(
    trial: Trial, subject: Subject, *, number: str, target: str = "CD19", state: str = Lot.State.RELEASED
) -> Lot:
    """A lot from an own apheresis, released the day before Day 0 unless another state is asked for."""
    apheresis = Apheresis.objects.create(
        subject=subject, chain_of_identity=f"COI-{number}", collected_at=DAY_ZERO - timedelta(days=30)
    )
    return Lot.objects.create(
        number=number,
        product=trial.product,
        apheresis=apheresis,
        subject=subject,
        target=target,
        state=state,
        released_at=DAY_ZERO - timedelta(days=1)
        if state in (Lot.State.RELEASED, Lot.State.CONDITIONALLY_RELEASED)
        else None,
    )


def make_administration(subject: Subject, *, planned: str = "1.2") -> Administration:
    """First administration of the subject's first course, of million cells/kg; the subject is eligible by then."""
    if not subject.eligibility_decisions.exists():
        make_eligible(subject)
    course = InfusionCourse.objects.create(
        subject=subject, weight_kg=Decimal("70"), planned_cells_per_kg_e6=Decimal(planned)
    )
    return Administration.objects.create(course=course, subject=subject)


def component(administration: Administration, lot: Lot, **changes: object) -> InfusionComponent:
    """An unsaved component with plausible cells; ``changes`` override fields."""
    fields: dict[str, object] = {
        "administration": administration,
        "subject": administration.subject,
        "lot": lot,
        "target": "CD19",
        "started_at": DAY_ZERO,
        "volume_ml": Decimal("50"),
        "nucleated_cells_per_ml": Decimal("5000000"),
        "viability_fraction": Decimal("0.9"),
        "cd3_fraction": Decimal("0.95"),
        "car_fraction": Decimal("0.4"),
        "weight_kg": Decimal("70"),
    }
    return InfusionComponent(**{**fields, **changes})


def make_infused_subject(trial: Trial, code: str = "KUL-001") -> Subject:
    """A subject with one CD19 component given on Day 0."""
    subject = make_subject(trial, code)
    lot = make_lot(trial, subject, number=f"L-{trial.study.code}-{code}")
    component(make_administration(subject), lot).save()
    return subject
