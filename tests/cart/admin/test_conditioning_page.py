"""Conditioning on its page: the proposal follows when the page is saved, a deviation says why, a difference asks."""

from decimal import Decimal

import pytest

from cart.models import ConditioningCourse, ConditioningDose, DataQuery
from tests.cart.admin.pages import add_page, change_page, new_row, send
from tests.cart.records import make_subject


@pytest.fixture
def subject(trial):
    one = make_subject(trial)
    one.sex = "F"
    one.save()
    return one


def enter(client, subject, **changes):
    values = {
        "subject": subject.pk, "number": 1, "regimen": "Flu/Cy", "weight_kg": 70, "height_cm": 170,
        "bsa_formula": "mosteller", "creatinine": 100, "creatinine_unit": "umol/L", "age_years": 60,
        "fludarabine_full_mg_m2": 25, **changes,
    }  # fmt: skip
    return send(client, add_page("cart.ConditioningCourse"), **values)


def dose(planned, given, **changes):
    return new_row(
        "doses", drug="fludarabine", given_at_0="2024-03-07", given_at_1="09:00", planned_mg_m2=planned, given_mg=given,
        **changes,
    )  # fmt: skip


def text_of(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


def test_proposal_is_computed_when_the_page_is_saved(coordinator, subject):
    assert enter(coordinator, subject, **dose(20, "36.36")).status_code == 302
    shown = text_of(coordinator.get(change_page(ConditioningCourse.objects.get())))
    assert "20.00 mg/m2 a day" in shown
    assert "58.46" in shown
    assert not DataQuery.objects.exists()


def test_full_dose_at_reduced_clearance_asks_for_a_reason_on_the_same_page(coordinator, subject):
    answer = enter(coordinator, subject, **dose(25, "45.45"))
    assert answer.status_code == 200
    assert "planned against proposed +25.0 %" in text_of(answer)
    assert not ConditioningCourse.objects.exists()
    assert enter(coordinator, subject, **dose(25, "45.45", deviation_reason="by the board")).status_code == 302
    assert ConditioningDose.objects.get().deviation_reason == "by the board"


def test_own_clearance_that_differs_opens_one_query_without_the_values(coordinator, subject):
    assert enter(coordinator, subject, creatinine_clearance_ml_min=96).status_code == 302
    query = DataQuery.objects.get()
    assert (query.target_field, query.subject) == ("creatinine_clearance_ml_min", subject)
    assert "96" not in query.text
    course = ConditioningCourse.objects.get()
    assert (course.fludarabine_proposed_mg_m2, course.clearance_computed_ml_min) == (25, Decimal("58.46"))
    send(coordinator, change_page(course), regimen="Flu/Cy 25", change_reason="name of the regimen")
    assert DataQuery.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"height_cm": "1.7"}, "[body-size]"),
        ({"age_years": 200}, "[renal-value]"),
        ({"creatinine_unit": ""}, "[creatinine-unit]"),
        ({"weight_kg": ""}, "This field is required"),
    ],
)
def test_impossible_measure_is_a_sentence_on_the_page(coordinator, subject, changes, sentence):
    answer = enter(coordinator, subject, **changes, **dose(20, "36.36"))
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert not ConditioningCourse.objects.exists()
