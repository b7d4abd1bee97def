"""Dose per kg, by hand: volume x cells/mL x viability x CD3+ x CAR+, divided by the weight kept with it."""

from decimal import Decimal

import pytest

from cart.actions.infusion import dose_summary
from cart.models import Administration, InfusionCourse, Product
from tests.cart.records import DAY_ZERO, component, make_eligible, make_lot, make_subject

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(trial):
    """70 kg, 2 million viable CAR+ cells per kg planned; the product tolerates 20 %."""
    subject = make_subject(trial)
    make_eligible(subject)
    return InfusionCourse.objects.create(subject=subject, weight_kg=70, planned_cells_per_kg_e6=2)


def give(trial, course, target, sitting=1, *, product=None, **changes):
    """50 mL of 1e7/mL, all viable, all CD3+, 14 % CAR+: 70,000,000 cells, 1,000,000 per kg at 70 kg."""
    administration, _ = Administration.objects.get_or_create(
        course=course, subject=course.subject, number=sitting, deviation_reason="arithmetic only"
    )
    number = f"{target}-{sitting}-{course.pk}"
    lot = make_lot(trial, course.subject, number=number, target=target)
    if product is not None:
        lot.product = product
        lot.save()
    cells = {
        "volume_ml": Decimal(50),
        "nucleated_cells_per_ml": Decimal(10_000_000),
        "viability_fraction": Decimal(1),
        "cd3_fraction": Decimal(1),
        "car_fraction": Decimal("0.14"),
        **changes,
    }
    component(administration, lot, target=target, started_at=DAY_ZERO, **cells).save()


def test_dose_per_target_and_total(trial, course):
    give(trial, course, "CD19")
    give(trial, course, "BCMA", car_fraction=Decimal("0.21"))
    summary = dose_summary(course)
    # BCMA: 50 x 1e7 x 0.21 / 70 = 1,500,000; together 2,500,000 of 2,000,000 planned: +25 %.
    assert summary.per_kg_by_target == {"CD19": Decimal(1_000_000), "BCMA": Decimal(1_500_000)}
    assert summary.total_per_kg == Decimal(2_500_000)
    assert summary.deviation_percent == Decimal(25)
    assert not summary.within_tolerance


def test_every_share_enters_the_dose(trial, course):
    give(
        trial,
        course,
        "CD19",
        volume_ml=Decimal("12.5"),
        nucleated_cells_per_ml=Decimal("8000000.25"),
        viability_fraction=Decimal("0.8125"),
        cd3_fraction=Decimal("0.96"),
        car_fraction=Decimal("0.35"),
    )
    # 12.5 x 8,000,000.25 = 100,000,003.125; x 0.8125 = 81,250,002.5390625; x 0.96 = 78,000,002.4375;
    # x 0.35 = 27,300,000.853125; / 70 = 390,000.0121875. No digit is lost to binary fractions.
    assert dose_summary(course).total_per_kg == Decimal("390000.0121875")


@pytest.mark.parametrize(
    ("car_fraction", "deviation", "within"),
    [
        ("0.28", "0", True),
        ("0.336", "20", True),
        ("0.224", "-20", True),
        ("0.3361", None, False),
        ("0.2239", None, False),
    ],
)
def test_tolerance_includes_its_limits_on_both_sides(trial, course, car_fraction, deviation, within):
    # 0.28 gives the planned 2,000,000 per kg; 0.336 is a fifth more, 0.224 a fifth less.
    give(trial, course, "CD19", car_fraction=Decimal(car_fraction))
    summary = dose_summary(course)
    assert summary.within_tolerance is within
    if deviation is not None:
        assert summary.deviation_percent == Decimal(deviation)


def test_weight_of_each_component_is_its_denominator(trial, course):
    give(trial, course, "CD19", weight_kg=Decimal("35.0"))
    # 70,000,000 / 35, whatever the course says.
    assert dose_summary(course).total_per_kg == Decimal(2_000_000)


def test_two_lots_against_one_target_add_up(trial, course):
    give(trial, course, "CD19")
    give(trial, course, "CD19", sitting=2)
    assert dose_summary(course).per_kg_by_target == {"CD19": Decimal(2_000_000)}


def test_fractions_on_two_days_together_are_the_planned_dose(trial, course):
    give(trial, course, "CD19", sitting=1)
    give(trial, course, "BCMA", sitting=2)
    summary = dose_summary(course)
    assert (summary.total_per_kg, summary.deviation_percent) == (Decimal(2_000_000), Decimal(0))
    assert summary.within_tolerance


def test_narrowest_tolerance_of_the_products_holds(trial, course):
    narrow = Product.objects.create(
        study=trial.study, code="N", kind="single", title="Narrow", dose_tolerance_percent=Decimal("5")
    )
    give(trial, course, "CD19", car_fraction=Decimal("0.154"))
    # 1,100,000 + 1,100,000 = 2,200,000: +10 %, inside 20 and outside 5.
    give(trial, course, "BCMA", product=narrow, car_fraction=Decimal("0.154"))
    summary = dose_summary(course)
    assert summary.deviation_percent == Decimal(10)
    assert not summary.within_tolerance


def test_weight_that_does_not_divide_evenly_keeps_its_digits(trial, course):
    give(trial, course, "CD19", weight_kg=Decimal("61.5"))
    # 70,000,000 / 61.5 = 1,138,211.38211382...
    assert dose_summary(course).total_per_kg.quantize(Decimal("0.00000001")) == Decimal("1138211.38211382")


def test_course_without_components_is_not_as_planned(course):
    summary = dose_summary(course)
    assert (summary.per_kg_by_target, summary.total_per_kg) == ({}, Decimal(0))
    assert summary.deviation_percent == Decimal(-100)
    assert not summary.within_tolerance


def test_other_course_of_the_subject_does_not_count(trial, course):
    give(trial, course, "CD19")
    other = InfusionCourse.objects.create(subject=course.subject, number=2, weight_kg=70, planned_cells_per_kg_e6=1)
    give(trial, other, "CD19")
    assert dose_summary(course).total_per_kg == Decimal(1_000_000)


def test_summary_is_one_question_to_the_database(trial, course, django_assert_num_queries):
    give(trial, course, "CD19")
    give(trial, course, "BCMA")
    with django_assert_num_queries(1):
        dose_summary(course)
