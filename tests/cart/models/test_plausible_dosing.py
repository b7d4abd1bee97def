"""What is asked about doses: conditioning and its measures, the course against its cohort, the cells."""

import datetime as dt
from decimal import Decimal

import pytest

from cart.models import Cohort, ConditioningCourse, ConditioningDose, InfusionCourse, Subject
from cart.models.plausible import soft_warnings
from tests.cart.records import (
    DAY_ZERO,
    component,
    make_administration,
    make_infused_subject,
    make_lot,
    make_subject,
    make_trial,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    return make_trial()


@pytest.fixture
def subject(trial):
    return make_subject(trial)


def codes(record):
    return [(one.field, one.code) for one in soft_warnings(record)]


def conditioning(subject, **more):
    values = {"number": 1, "regimen": "Flu/Cy", "weight_kg": Decimal(70), "height_cm": Decimal(170), **more}
    course = ConditioningCourse(subject=subject, **values)
    course.clean()
    return course


@pytest.mark.parametrize("formula", ConditioningCourse.Formula.values)
def test_own_body_surface_is_held_against_each_formula(subject, formula):
    assert codes(conditioning(subject, bsa_formula=formula)) == []
    assert codes(conditioning(subject, bsa_formula=formula, bsa_m2=Decimal("1.2"))) == [("bsa_m2", "computed-differs")]


def test_creatinine_is_asked_about_in_its_own_unit(subject):
    def creatinine(value, unit):
        return codes(conditioning(subject, creatinine=Decimal(value), creatinine_unit=unit))

    assert [creatinine("80", "umol/L"), creatinine("0.9", "mg/dL")] == [[], []]
    asked = [("creatinine", "unusual-value")]
    assert [creatinine("0.9", "umol/L"), creatinine("80", "mg/dL")] == [asked, asked]


def test_age_follows_from_the_year_of_birth(subject):
    Subject.objects.filter(pk=subject.pk).update(year_of_birth=1974)
    subject.refresh_from_db()
    on = {"creatinine_on": dt.date(2024, 3, 1)}
    assert [codes(conditioning(subject, age_years=age, **on)) for age in (49, 50)] == [[], []]
    asked = [("age_years", "computed-differs")]
    assert [codes(conditioning(subject, age_years=age, **on)) for age in (48, 51)] == [asked, asked]
    assert codes(conditioning(subject, age_years=20)) == []


def test_weight_is_held_against_the_one_at_conditioning(subject):
    conditioning(subject).save()
    assert codes(conditioning(subject, number=2, weight_kg=Decimal(77))) == []
    assert codes(conditioning(subject, number=2, weight_kg=Decimal("77.1"))) == [("weight_kg", "unusual-change")]
    # A course is not held against itself, nor against a later one.
    stored = ConditioningCourse.objects.get()
    stored.weight_kg = Decimal(90)
    stored.clean()
    assert ("weight_kg", "unusual-change") not in codes(stored)
    course = InfusionCourse(subject=subject, weight_kg=Decimal("62.9"), planned_cells_per_kg_e6=1)
    assert codes(course) == [("weight_kg", "unusual-change")]
    course.weight_of = InfusionCourse.WeightOf.IDEAL
    assert codes(course) == []


def dose(course, **more):
    values = {"drug": "fludarabine", "planned_mg_m2": Decimal(25), "given_mg": Decimal(45), **more}
    return ConditioningDose(course=course, **{"given_at": DAY_ZERO - dt.timedelta(days=4), **values})


def test_planned_dose_of_each_drug_has_its_own_span(subject):
    course = conditioning(subject)
    course.save()
    assert codes(dose(course, planned_mg_m2=Decimal(40))) == []
    assert codes(dose(course, planned_mg_m2=Decimal("40.1"))) == [("planned_mg_m2", "unusual-value")]
    assert codes(dose(course, drug="cyclophosphamide", planned_mg_m2=Decimal(1000))) == []
    assert codes(dose(course, drug="cyclophosphamide", planned_mg_m2=Decimal(1))) == [
        ("planned_mg_m2", "unusual-value")
    ]
    assert codes(dose(course, drug="other", drug_name="bendamustine", planned_mg_m2=Decimal(1))) == []


def test_conditioning_and_infusion_are_days_apart_from_both_sides(trial):
    infused = make_infused_subject(trial)
    course = conditioning(infused)
    course.save()
    days = {number: codes(dose(course, given_at=DAY_ZERO - dt.timedelta(days=number))) for number in (0, 1, 21, 22)}
    asked = [("given_at", "unusual-day")]
    assert days == {0: asked, 1: [], 21: [], 22: asked}
    dose(course).save()
    cells = infused.infusion_components.get()
    assert codes(cells) == []
    cells.started_at += dt.timedelta(days=18)
    assert codes(cells) == [("started_at", "unusual-day")]


def test_plan_of_the_course_is_held_against_the_cohorts(trial, subject):
    cohort = Cohort.objects.create(
        study=trial.study, code="DL1", title="One", planned_cells_per_kg_e6=1, planned_cd19_per_kg_e6="0.4",
        planned_bcma_per_kg_e6="0.6",
    )  # fmt: skip
    cohort.refresh_from_db()
    subject.cohort = cohort

    def course(total, cd19=None, bcma=None):
        plan = {"planned_cd19_per_kg_e6": cd19, "planned_bcma_per_kg_e6": bcma}
        return InfusionCourse(
            subject=subject, weight_kg=Decimal(70), planned_cells_per_kg_e6=Decimal(total),
            **{name: value and Decimal(value) for name, value in plan.items()},
        )  # fmt: skip

    assert codes(course("1", "0.4", "0.6")) == []
    asked = soft_warnings(course("1"))
    assert [one.sentence for one in asked] == [
        "The subject's cohort DL1 plans 0.4; found none. [computed-differs]",
        "The subject's cohort DL1 plans 0.6; found none. [computed-differs]",
    ]
    assert codes(course("10", "4", "6"))[0] == ("planned_cells_per_kg_e6", "computed-differs")
    # A cohort that plans the total alone says nothing of the targets.
    subject.cohort = Cohort(study=trial.study, code="T1", title="Total", planned_cells_per_kg_e6=Decimal(1))
    assert codes(course("1", "0.4", "0.6")) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"volume_ml": Decimal("0.9")}, "volume_ml"),
        ({"volume_ml": Decimal(501)}, "volume_ml"),
        ({"nucleated_cells_per_ml": Decimal("37.1")}, "nucleated_cells_per_ml"),
        ({"viability_fraction": Decimal("0.0091")}, "viability_fraction"),
        ({"cd3_fraction": Decimal("0.0096")}, "cd3_fraction"),
        ({"car_fraction": Decimal("0.0034")}, "car_fraction"),
        ({"weight_kg": Decimal("77.1")}, "weight_kg"),
        ({"stopped_at": DAY_ZERO + dt.timedelta(hours=4, minutes=1)}, "stopped_at"),
    ],
)
def test_cells_that_are_seldom_given_are_asked_about(trial, subject, changes, field):
    lot = make_lot(trial, subject, number="L-1")
    administration = make_administration(subject)
    assert codes(component(administration, lot, stopped_at=DAY_ZERO + dt.timedelta(hours=4))) == []
    assert [name for name, _ in codes(component(administration, lot, **changes))] == [field]
