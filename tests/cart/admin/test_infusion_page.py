"""The sitting's page: the dose stands on it before anything is stored; a deviation says why."""

from decimal import Decimal

import pytest

from cart.admin.infusion import dose_lines
from cart.endpoints.product.course_dose import Given, course_dose
from cart.models import Cohort, InfusionComponent, InfusionCourse, Product, ScanAttempt, Subject
from tests.cart.admin.pages import add_page, change_page, fields_of, new_row, send
from tests.cart.records import make_administration, make_lot, make_subject, make_trial

CELLS = {
    "target": "CD19", "started_at_0": "2024-03-12", "started_at_1": "10:00", "volume_ml": 50,
    "nucleated_cells_per_ml": 10_000_000, "viability_fraction": 1, "cd3_fraction": 1, "car_fraction": "0.14",
    "weight_kg": 70,
}  # fmt: skip


@pytest.fixture
def administration(trial):
    """One million cells/kg planned."""
    return make_administration(make_subject(trial), planned="1")


@pytest.fixture
def lot(trial, administration):
    return make_lot(trial, administration.subject, number="L-1")


def row(lot, **changes):
    return new_row("components", lot=lot.pk, **{**CELLS, **changes})


def text_of(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


def test_dose_is_computed_and_nothing_stored(coordinator, administration, lot):
    shown = text_of(send(coordinator, change_page(administration), _check_dose=1, **row(lot)))
    assert "as entered below and not stored yet" in shown
    assert "+0.00 %, within tolerance" in shown
    assert "no cells against BCMA" in shown
    assert not InfusionComponent.objects.exists()


def test_dose_as_planned_is_stored_without_a_reason(coordinator, administration, lot):
    assert send(coordinator, change_page(administration), **row(lot)).status_code == 302
    shown = text_of(coordinator.get(change_page(administration)))
    assert "not stored yet" not in shown
    assert "70.0000" in shown
    assert "no matching scan of its label" in shown


def test_deviation_is_shown_and_stored_with_its_reason_only(coordinator, administration, lot):
    page, high = change_page(administration), row(lot, car_fraction="0.21")
    shown = text_of(send(coordinator, page, **high))
    assert "total +50.0 % of the plan" in shown
    assert "[dose-deviation]" in shown
    assert 'value="0.21"' in shown
    assert not InfusionComponent.objects.exists()
    reasoned = {"deviation_reason": "whole bag given", "change_reason": "infusion record"}
    assert send(coordinator, page, **high, **reasoned).status_code == 302
    administration.refresh_from_db()
    assert administration.deviation_reason == "whole bag given"
    assert "+50.00 %, outside tolerance" in text_of(coordinator.get(page))


@pytest.mark.parametrize(("car", "status"), [("0.168", 302), ("0.1681", 200), ("0.112", 302), ("0.1119", 200)])
def test_tolerance_includes_its_limits(coordinator, administration, lot, car, status):
    assert send(coordinator, change_page(administration), **row(lot, car_fraction=car)).status_code == status


def test_plan_of_each_target_is_kept_apart_from_the_total(coordinator, administration, lot):
    InfusionCourse.objects.update(planned_cd19_per_kg_e6="0.5", planned_bcma_per_kg_e6="0.5")
    shown = text_of(send(coordinator, change_page(administration), **row(lot)))
    assert "CD19 +100.0 %, BCMA -100.0 %" in shown


def test_product_decides_how_much_is_tolerated(coordinator, administration, lot):
    Product.objects.update(dose_tolerance_percent=60)
    assert send(coordinator, change_page(administration), **row(lot, car_fraction="0.21")).status_code == 302


def test_hard_refusal_stands_beside_its_field_and_no_dose_is_shown(coordinator, trial, administration):
    theirs = make_lot(trial, make_subject(trial, "KUL-002"), number="L-2")
    answer = send(coordinator, change_page(administration), _check_dose=1, **row(theirs))
    formset = answer.context["inline_admin_formsets"][0].formset
    assert "[wrong-subject]" in formset.forms[0].errors["lot"][0]
    assert 'id="panel-dose"' not in text_of(answer)


def test_scan_before_the_infusion_is_shown(coordinator, administration, lot):
    send(coordinator, change_page(administration), **row(lot))
    ScanAttempt.objects.create(lot=lot, purpose="infusion", code_read="x", finding="unknown", scanned_by="nurse A")
    assert "no matching scan" in text_of(coordinator.get(change_page(administration)))
    ScanAttempt.objects.create(lot=lot, purpose="infusion", code_read="x", finding="match", scanned_by="nurse A")
    assert "its label was scanned before the infusion by nurse A" in text_of(
        coordinator.get(change_page(administration))
    )


def test_course_begins_with_the_plan_of_the_subjects_cohort(coordinator, trial):
    cohort = Cohort.objects.create(
        study=trial.study, code="DL1", title="One", planned_cells_per_kg_e6=1, planned_cd19_per_kg_e6="0.4",
        planned_bcma_per_kg_e6="0.6",
    )  # fmt: skip
    subject = make_subject(trial)
    page = f"{add_page('cart.InfusionCourse')}?subject={subject.pk}"
    assert fields_of(coordinator.get(page))["planned_cd19_per_kg_e6"] == ""
    Subject.objects.filter(pk=subject.pk).update(cohort=cohort)
    assert send(coordinator, page, weight_kg=70).status_code == 302
    course = InfusionCourse.objects.get()
    assert course.planned_cells_per_kg_e6 == 1
    assert course.planned_by_target() == {"CD19": Decimal("0.4"), "BCMA": Decimal("0.6")}


def test_plan_of_anothers_subject_is_not_told(coordinator, trial):
    other = make_trial("T-2")
    cohort = Cohort.objects.create(study=other.study, code="DL1", title="One", planned_cells_per_kg_e6=1)
    subject = make_subject(other, "X-1")
    Subject.objects.filter(pk=subject.pk).update(cohort=cohort)
    page = f"{add_page('cart.InfusionCourse')}?subject={subject.pk}"
    assert fields_of(coordinator.get(page))["planned_cells_per_kg_e6"] == ""


def test_deviation_that_rounds_to_nothing_has_no_minus():
    cells = Given("CD19", *(Decimal(text) for text in ("50", "10000000", "1", "1", "0.14", "70")))
    plan = {"planned_by_target_e6": {}, "tolerance_percent": Decimal(20)}
    dose = course_dose([cells], planned_per_kg_e6=Decimal("1.0000001"), **plan)
    assert dose.deviation_percent < 0
    assert dose_lines(dose)[-1].deviation == "+0.00 %"
    assert dose_lines(course_dose([cells], planned_per_kg_e6=Decimal(2), **plan))[-1].deviation == "-50.00 %"
