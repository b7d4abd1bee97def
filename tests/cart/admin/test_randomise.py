"""Randomise on the subject's page; who enrols never sees the plan, nobody what comes next."""

import pytest
from django.urls import reverse

from cart.actions.randomisation import make_list
from cart.models import Allocation, ProtocolVersion, RandomisationList, Role, Subject
from tests.cart.actions.test_randomisation import WHO, eligible, randomising
from tests.cart.admin.pages import change_page, member
from tests.cart.records import make_trial


@pytest.fixture
def trial(db, as_tester):
    return randomising(make_trial())


@pytest.fixture
def subject(trial):
    make_list(study=trial.study, **WHO)
    return eligible(trial, "KUL-001")


def address(subject):
    return reverse("admin:cart_subject_randomise", args=[subject.pk])


def test_coordinator_randomises_after_being_asked_once_more(coordinator, subject):
    page = coordinator.get(change_page(subject)).rendered_content
    assert address(subject) in page
    assert "cannot be given back" in coordinator.get(address(subject)).rendered_content
    assert not Allocation.objects.exists()
    assert coordinator.post(address(subject)).status_code == 302
    given = Allocation.objects.get()
    assert (given.subject, given.allocated_by) == (subject, "carol")
    page = coordinator.get(change_page(subject)).rendered_content
    assert "by carol" in page
    assert address(subject) not in page
    assert "[randomised-twice]" in coordinator.post(address(subject)).rendered_content


def test_subject_that_is_not_eligible_is_refused_with_the_sentence(coordinator, trial, subject):
    waiting = Subject.objects.create(study=trial.study, site=trial.site, code="KUL-002", status="enrolled")
    assert "[not-eligible]" in coordinator.post(address(waiting)).rendered_content
    assert not Allocation.objects.exists()


def test_monitor_and_strangers_randomise_nobody(trial, subject):
    assert member(trial, Role.MONITOR, name="mona").post(address(subject)).status_code == 403
    assert member(make_trial("T-2"), name="carl").post(address(subject)).status_code == 404
    assert not Allocation.objects.exists()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR])
def test_who_enrols_does_not_see_the_plan(trial, subject, role):
    client = member(trial, role, name="who")
    assert client.get(change_page(RandomisationList.objects.get())).status_code == 403
    assert client.get(reverse("admin:cart_randomisationlist_changelist")).status_code == 403
    protocol = ProtocolVersion.objects.get()
    history = reverse("admin:cart_protocolversion_history", args=[protocol.pk])
    for page in (change_page(protocol), history):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "block_sizes" not in answer.rendered_content


def test_data_manager_sees_the_plan_and_nothing_that_comes_next(trial, subject):
    dora = member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)
    sealed = RandomisationList.objects.get()
    page = dora.get(change_page(sealed)).rendered_content
    assert sealed.seed_sha256 in page
    assert sealed.nonce not in page
    assert "block_sizes" in dora.get(change_page(ProtocolVersion.objects.get())).rendered_content


def test_list_is_made_at_the_desk_once(trial):
    dora = member(trial, Role.STUDY_ADMINISTRATOR, name="dora", whole_study=True)
    act = {"action": "make_randomisation_list", "_selected_action": [trial.study.pk]}
    page = reverse("admin:cart_study_changelist")
    assert "is made and sealed" in dora.post(page, act, follow=True).content.decode()
    assert "[randomisation-list-open]" in dora.post(page, act, follow=True).content.decode()
    assert RandomisationList.objects.count() == 1
    close = {**act, "action": "close_randomisation_list"}
    assert "is closed" in dora.post(page, close, follow=True).content.decode()
    assert "is made and sealed" in dora.post(page, act, follow=True).content.decode()
    closed = RandomisationList.objects.exclude(closed_at=None)
    assert (closed.get().number, RandomisationList.objects.get(closed_at=None).number) == (1, 2)


def test_coordinator_makes_and_closes_no_list(coordinator, trial):
    page = reverse("admin:cart_study_changelist")
    make_list(study=trial.study, **WHO)
    for action in ("make_randomisation_list", "close_randomisation_list"):
        coordinator.post(page, {"action": action, "_selected_action": [trial.study.pk]}, follow=True)
    assert list(RandomisationList.objects.values_list("number", "closed_at")) == [(1, None)]


def test_subject_without_a_signed_decision_is_led_to_its_criteria(coordinator, subject, trial):
    waiting = Subject.objects.create(study=trial.study, site=trial.site, code="KUL-009")
    page = coordinator.get(address(waiting)).rendered_content
    assert 'id="randomise-form"' not in page
    assert reverse("admin:cart_subject_eligibility", args=[waiting.pk]) in page
    assert "[not-eligible]" in coordinator.post(address(waiting)).rendered_content
    assert not Allocation.objects.exists()
