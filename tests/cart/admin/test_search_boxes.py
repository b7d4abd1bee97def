"""Search boxes of a form that has its subject offer what is that subject's, and only what the user may see."""

import datetime as dt

import pytest
from django.urls import reverse

from cart.models import SkinScore, Visit
from tests.cart.admin.pages import add_page, change_page
from tests.cart.records import make_lot, make_subject, make_trial


def offered(client, model, field, term="", **more):
    asked = {"term": term, "app_label": "cart", "model_name": model, "field_name": field, **more}
    answer = client.get(reverse("admin:autocomplete"), asked)
    assert answer.status_code == 200
    return [one["text"] for one in answer.json()["results"]]


@pytest.fixture
def visits(trial):
    subjects = [make_subject(trial, code) for code in ("KUL-001", "KUL-002")]
    return [
        Visit.objects.create(subject=one, label=f"Call of {one.code}", occurred_on=dt.date(2024, 6, 3))
        for one in subjects
    ]


def test_visits_of_the_forms_subject_only(coordinator, visits):
    everybody = offered(coordinator, "skinscore", "visit", "Call")
    own = offered(coordinator, "skinscore", "visit", "Call", of_subject=visits[1].subject_id)
    assert len(everybody) == 2
    assert len(own) == 1
    assert own[0] in everybody


@pytest.mark.parametrize("subject", ["", "x", "1 OR 1=1"])
def test_form_without_a_subject_offers_all(coordinator, visits, subject):
    assert len(offered(coordinator, "skinscore", "visit", "Call", of_subject=subject)) == 2


def test_subject_of_another_study_opens_nothing(coordinator, visits):
    other = make_trial("T-2")
    theirs = make_subject(other, "OTHER-1")
    Visit.objects.create(subject=theirs, label="Call of theirs", occurred_on=dt.date(2024, 6, 3))
    assert offered(coordinator, "skinscore", "visit", "Call", of_subject=theirs.pk) == []


def test_lots_are_narrowed_and_subjects_and_lists_are_not(coordinator, trial, visits):
    for visit in visits:
        make_lot(trial, visit.subject, number=f"L-{visit.subject.code}")
    assert len(offered(coordinator, "infusioncomponent", "lot", "L-", of_subject=visits[0].subject_id)) == 1
    assert len(offered(coordinator, "skinscore", "subject", "KUL", of_subject=visits[0].subject_id)) == 2
    listed = coordinator.get(reverse("admin:cart_visit_changelist"), {"q": "Call"}).content.decode()
    assert "KUL-002" in listed


def test_page_of_a_record_names_its_subject_to_the_search(coordinator, visits):
    record = SkinScore.objects.create(subject=visits[0].subject, assessed_on=dt.date(2024, 6, 3), face=1)
    assert f'data-subject="{record.subject_id}"' in coordinator.get(change_page(record)).content.decode()
    assert "data-subject" not in coordinator.get(add_page("cart.SkinScore")).content.decode()


def test_site_is_found_by_what_the_box_shows(coordinator, trial):
    assert offered(coordinator, "subject", "site", str(trial.site)) == [str(trial.site)]
    assert offered(coordinator, "subject", "site", trial.site.code) == [str(trial.site)]
    assert offered(coordinator, "subject", "site", f"OTHER/{trial.site.code}") == []
