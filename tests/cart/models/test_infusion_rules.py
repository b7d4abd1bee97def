"""What must never be stored, tried by ORM, bulk and raw SQL."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cart.actions.infusion import dose_summary
from cart.models import Administration, InfusionComponent, InfusionCourse, Lot, Product
from tests.cart.records import (
    DAY_ZERO,
    component,
    make_administration,
    make_eligible,
    make_lot,
    make_subject,
    make_trial,
)
from trialsite.audit.context import acting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _actor():
    with acting(actor="tester", reason="test"):
        yield


@pytest.fixture
def trial():
    return make_trial()


def refused(save, code):
    with pytest.raises(IntegrityError, match=code), transaction.atomic():
        save()


def test_lot_of_another_subject_is_refused_by_every_path(trial):
    subject, other = make_subject(trial, "A"), make_subject(trial, "B")
    lot = make_lot(trial, other, number="L-B")
    administration = make_administration(subject)
    wrong = component(administration, lot)
    with pytest.raises(ValidationError, match="wrong-subject"):
        wrong.full_clean(exclude=["viable_car_cells"])
    refused(wrong.save, "wrong-subject")
    refused(lambda: InfusionComponent.objects.bulk_create([component(administration, lot)]), "wrong-subject")

    right = component(administration, make_lot(trial, subject, number="L-A"))
    right.save()
    refused(lambda: InfusionComponent.objects.filter(pk=right.pk).update(lot=lot), "wrong-subject")
    with connection.cursor() as cursor:
        refused(
            lambda: cursor.execute(
                "UPDATE cart_infusioncomponent SET subject_id = %s WHERE id = %s", [other.pk, right.pk]
            ),
            "wrong-subject|component_administration_of_subject",
        )


def test_claiming_the_other_subject_on_the_component_does_not_help(trial):
    subject, other = make_subject(trial, "A"), make_subject(trial, "B")
    make_eligible(other)
    lot = make_lot(trial, other, number="L-B")
    refused(component(make_administration(subject), lot, subject=other).save, "component_administration_of_subject")


@pytest.mark.parametrize("state", [Lot.State.IN_PROCESS, Lot.State.QUARANTINED, Lot.State.REJECTED])
def test_unreleased_lot_is_refused(trial, state):
    subject = make_subject(trial)
    lot = make_lot(trial, subject, number="L-1", state=state)
    unreleased = component(make_administration(subject), lot)
    with pytest.raises(ValidationError, match="lot-not-released"):
        unreleased.full_clean(exclude=["viable_car_cells"])
    refused(unreleased.save, "lot-not-released")


def test_infusion_before_release_is_refused(trial):
    subject = make_subject(trial)
    lot = make_lot(trial, subject, number="L-1")
    early = component(make_administration(subject), lot, started_at=DAY_ZERO - timedelta(days=2))
    refused(early.save, "lot-not-released")


def test_component_target_must_be_bound_by_the_lot(trial):
    subject = make_subject(trial)
    refused(
        component(make_administration(subject), make_lot(trial, subject, number="L"), target="BCMA").save, "lot-target"
    )


def test_one_dual_lot_gives_a_component_per_target(trial):
    subject = make_subject(trial)
    lot = make_lot(trial, subject, number="L", target="CD19+BCMA")
    administration = make_administration(subject, planned="2.4")
    component(administration, lot).save()
    lot.state = Lot.State.INFUSED
    lot.save()
    component(administration, lot, target="BCMA").save()
    assert lot.components.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("volume_ml", "-1"), ("weight_kg", "0"), ("viability_fraction", "1.2"), ("car_fraction", "-0.1")],
)
def test_negative_or_impossible_dose_is_refused(trial, field, value):
    subject = make_subject(trial)
    bad = component(make_administration(subject), make_lot(trial, subject, number="L"), **{field: Decimal(value)})
    refused(bad.save, "component_dose_not_negative")


def test_viable_car_cells_are_exact(trial):
    subject = make_subject(trial)
    saved = component(make_administration(subject), make_lot(trial, subject, number="L"))
    saved.save()
    saved.refresh_from_db()
    # 50 mL x 5e6/mL x 0.9 x 0.95 x 0.4
    assert saved.viable_car_cells == Decimal("85500000")


def test_lot_cannot_be_declared_infused_without_an_infusion(trial):
    lot = make_lot(trial, make_subject(trial), number="L")
    lot.state = Lot.State.INFUSED
    refused(lot.save, "lot-state")


def test_infused_lot_keeps_subject_and_release(trial):
    subject = make_subject(trial)
    lot = make_lot(trial, subject, number="L")
    component(make_administration(subject), lot).save()
    refused(lambda: Lot.objects.filter(pk=lot.pk).update(released_at=DAY_ZERO + timedelta(days=1)), "lot-state")
    refused(lambda: Lot.objects.filter(pk=lot.pk).update(state=Lot.State.REJECTED), "lot-state")


def test_subject_cannot_sit_at_a_site_of_another_study(trial):
    other = make_trial("T-2")
    subject = make_subject(trial)
    subject.site = other.site
    with pytest.raises(ValidationError, match="site-of-other-study"):
        subject.full_clean()
    refused(subject.save, "subject_site_of_study")


def immediately():
    """What the end of the transaction would say."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def sitting(trial):
    """A sitting whose only component is as planned, to 1.8 %."""
    administration = make_administration(make_subject(trial))
    component(administration, make_lot(trial, administration.subject, number="L-1")).save()
    immediately()
    return administration


def unexplained(change):
    def save():
        change()
        immediately()

    refused(save, "dose-deviation")


def test_dose_off_its_plan_says_why_by_every_path(trial, sitting):
    stored, course = InfusionComponent.objects.all(), InfusionCourse.objects.all()
    second = make_lot(trial, sitting.subject, number="L-2")
    unexplained(lambda: stored.update(volume_ml=Decimal(30)))
    unexplained(lambda: InfusionComponent.objects.bulk_create([component(sitting, second)]))
    unexplained(lambda: course.update(planned_cells_per_kg_e6=Decimal(2)))
    Administration.objects.update(deviation_reason="a small bag")
    stored.update(volume_ml=Decimal(30))
    immediately()
    unexplained(lambda: Administration.objects.update(deviation_reason=" "))
    unexplained(lambda: Administration.objects.update(deviation_reason=""))


def test_two_components_of_one_sitting_are_one_dose(trial):
    administration = make_administration(make_subject(trial), planned="2.4")
    for number in (1, 2):
        component(administration, make_lot(trial, administration.subject, number=f"L-{number}")).save()
    immediately()


def test_reason_of_a_sitting_is_that_of_its_own_course(trial, sitting):
    course = InfusionCourse.objects.create(
        subject=sitting.subject, number=2, weight_kg=70, planned_cells_per_kg_e6=Decimal(5)
    )
    other = Administration.objects.create(course=course, subject=sitting.subject, deviation_reason="")
    Administration.objects.filter(pk=sitting.pk).update(deviation_reason="a small bag")
    lot = make_lot(trial, sitting.subject, number="L-2")
    unexplained(component(other, lot).save)


@given(
    volume=st.decimals(Decimal("0.001"), Decimal(200), places=3),
    cells=st.decimals(Decimal("0.01"), Decimal(10_000_000), places=2),
    shares=st.tuples(*[st.decimals(Decimal(0), Decimal(1), places=4)] * 3),
    weight=st.decimals(Decimal("0.1"), Decimal(200), places=1),
    tolerance=st.decimals(Decimal(1), Decimal(90), places=2),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@example(
    # On the upper limit: 1.44 million/kg of 1.2 planned.
    volume=Decimal("50"), cells=Decimal("10000000"), shares=(Decimal(1), Decimal(1), Decimal("0.2016")),
    weight=Decimal(70), tolerance=Decimal(20),
)  # fmt: skip
def test_database_and_kernel_agree_on_the_dose(sitting, volume, cells, shares, weight, tolerance):
    with transaction.atomic():
        Administration.objects.update(deviation_reason="tried")
        InfusionComponent.objects.update(
            volume_ml=volume, nucleated_cells_per_ml=cells, viability_fraction=shares[0], cd3_fraction=shares[1],
            car_fraction=shares[2], weight_kg=weight,
        )  # fmt: skip
        Product.objects.update(dose_tolerance_percent=tolerance)
        dose = dose_summary(sitting.course)
        with connection.cursor() as cursor:
            cursor.execute("SELECT cart_dose_deviates(%s)", [sitting.course_id])
            said = cursor.fetchone()[0]
        assert (said is None) == dose.within_tolerance, (said, dose)
        transaction.set_rollback(True)
