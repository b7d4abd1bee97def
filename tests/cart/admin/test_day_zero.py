"""Moving Day 0 shows what moves before it moves; the first Day 0 makes the calendar."""

import datetime as dt

import pytest

from cart.actions.templates import load_template
from cart.models import Administration, Arm, Consent, InfusionComponent, InfusionCourse, StudyDrugExposure, Visit
from tests.cart.actions.test_template_files import SMALL
from tests.cart.admin.pages import add_page, change_page, fields_of, send
from tests.cart.admin.test_enter_a_subject import component_row
from tests.cart.records import DAY_ZERO, make_eligible, make_infused_subject, make_lot, make_subject

# The dose that the records of tests give is off its plan.
WHY = {"change_reason": "source form", "deviation_reason": "whole bag given"}


@pytest.fixture
def protocol(trial):
    template = {**SMALL, "long_term": {"first_year": 2, "window_days": 60}}
    template["visits"] = [{"code": "D7", "name": "Day 7", "target": 7, "low": 5, "high": 10}]
    template["panels"] = [{"code": "P1", "name": "Inflammation", "analytes": ["CRP"], "visits": ["D7", "Y3"]}]
    study, _ = load_template(template=template, study_code=trial.study.code, actor="dora", reason="protocol")
    return study.current_protocol()


def moved(client, url, **changes):
    """The page that refuses, and the fields with the tick that answers it."""
    answer = send(client, url, **changes)
    assert answer.status_code == 200
    assert "[day-zero-moves]" in answer.rendered_content
    fields = {**fields_of(answer), **{name: str(value) for name, value in changes.items()}}
    fields["moves_seen"] = answer.context_data["moves_digest"]
    return answer, fields


def test_moved_infusion_shows_the_visits_and_moves_them_when_seen(coordinator, trial, protocol):
    subject = make_infused_subject(trial)
    Visit.objects.create(
        subject=subject, planned=protocol.planned_visits.get(code="D7"), occurred_on=DAY_ZERO.date() + dt.timedelta(5)
    )
    given = InfusionComponent.objects.get()
    page = change_page(given.administration)
    change = {"components-0-started_at_0": "2024-03-14", **WHY}
    answer, fields = moved(coordinator, page, **change)
    text = answer.rendered_content
    assert "15 visits move" in text
    assert ">19 Mar 2024<" in text
    assert ">21 Mar 2024<" in text
    assert "recorded 17 Mar 2024: took place early by 2 days" in text
    given.refresh_from_db()
    assert given.started_at == DAY_ZERO
    assert coordinator.post(page, fields).status_code == 302
    given.refresh_from_db()
    assert given.started_at == DAY_ZERO + dt.timedelta(days=2)


def test_tick_for_another_list_does_not_count(coordinator, trial, protocol):
    make_infused_subject(trial)
    given = InfusionComponent.objects.get()
    page = change_page(given.administration)
    change = {"components-0-started_at_0": "2024-03-14", **WHY}
    _, fields = moved(coordinator, page, **change)
    fields["components-0-started_at_0"] = "2024-03-20"
    answer = coordinator.post(page, fields)
    assert "[day-zero-moves]" in answer.rendered_content
    given.refresh_from_db()
    assert given.started_at == DAY_ZERO


def test_hour_of_the_same_day_moves_nothing(coordinator, trial, protocol):
    make_infused_subject(trial)
    given = InfusionComponent.objects.get()
    change = {"components-0-started_at_1": "11:00", **WHY}
    assert send(coordinator, change_page(given.administration), **change).status_code == 302


def test_first_infusion_makes_the_calendar_and_says_how_far(coordinator, trial, protocol):
    subject = make_subject(trial)
    make_eligible(subject)
    course = InfusionCourse.objects.create(subject=subject, weight_kg=70, planned_cells_per_kg_e6=1)
    administration = Administration.objects.create(course=course, subject=subject)
    lot = make_lot(trial, subject, number="L-1")
    data = {**fields_of(coordinator.get(change_page(administration))), **component_row(lot), **WHY}
    page = coordinator.post(change_page(administration), data, follow=True).content.decode()
    assert "15 visits have their day now; the last one, Year 15, is due on 13 Mar 2039." in page
    shown = coordinator.get(change_page(subject)).rendered_content
    assert "Year 15" in shown
    assert shown.count("<td>Inflammation</td>") == 2


def test_first_dose_of_an_arm_without_cells_moves_too(coordinator, trial, protocol):
    subject = make_subject(trial)
    subject.arm = Arm.objects.create(study=trial.study, code="RTX", title="Rituximab", anchor="study-drug")
    subject.save()
    dose = StudyDrugExposure.objects.create(subject=subject, drug="Rituximab", started="2024-03-12")
    _, fields = moved(coordinator, change_page(dose), started="2024-03-13", change_reason="source form")
    assert coordinator.post(change_page(dose), fields).status_code == 302


def test_first_consent_moves_the_visits_that_hang_on_it(coordinator, trial):
    template = {
        **SMALL,
        "visits": [{"code": "V0", "name": "Entry", "anchor": "consent", "target": 0, "low": 0, "high": 9}],
    }
    load_template(template=template, study_code=trial.study.code, actor="dora", reason="protocol")
    subject = make_subject(trial)
    Consent.objects.create(subject=subject, version="1", signed_on="2024-02-01")
    change = {"consents-0-signed_on": "2024-02-03", **WHY}
    answer, fields = moved(coordinator, change_page(subject), **change)
    assert "1 visit moves" in answer.rendered_content
    assert coordinator.post(change_page(subject), fields).status_code == 302


def test_new_subject_and_unmoved_page_are_stored_at_once(coordinator, trial, protocol):
    subject = make_infused_subject(trial)
    assert send(coordinator, change_page(subject), sex="F", change_reason="source form").status_code == 302
    entry = {"study": trial.study.pk, "site": trial.site.pk, "code": "KUL-099"}
    assert send(coordinator, add_page("cart.Subject"), **entry).status_code == 302
