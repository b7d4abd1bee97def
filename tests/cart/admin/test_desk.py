"""The desk itself: its name, its groups, sign-in, nothing from elsewhere."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from cart.models import Role
from tests.cart.admin.pages import member
from trialsite.jobs.models import Job
from trialsite.site import TrialsiteAdminSite


def test_the_site_in_use_is_ours():
    assert isinstance(admin.site, TrialsiteAdminSite)


def test_sign_in_page_names_the_product(db):
    text = Client().get(reverse("admin:login")).content.decode()
    assert "Trialsite" in text
    assert "Django" not in text


@pytest.mark.parametrize("page", ["admin:index", "admin:cart_subject_changelist", "admin:cart_subject_add"])
def test_pages_load_nothing_from_elsewhere(coordinator, page):
    text = coordinator.get(reverse(page)).content.decode()
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]+', text) == []


def test_records_are_grouped_as_coordinators_work(coordinator):
    text = coordinator.get(reverse("admin:index")).content.decode()
    positions = [
        text.index(f'<h2 id="group-{group}">')
        for group in ("subjects", "product-and-infusion", "laboratory", "endpoints", "study-set-up")
    ]
    assert positions == sorted(positions)
    assert "group-oversight" not in text


def test_member_of_nothing_is_told_so(trial, django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create_user(username="newcomer", is_staff=True))
    assert "hold no membership" in client.get(reverse("admin:index")).content.decode()


@pytest.fixture
def dead_letter(trial):
    return Job.objects.create(
        kind="endpoints.recompute",
        payload={"study": trial.study.pk},
        state=Job.State.DEAD,
        attempt=5,
        error="broke",
        requested_by="carol",
        reason="asked",
        finished_at="2024-05-01T00:00:00Z",
    )


def retry(client, job, **fields):
    return client.post(
        reverse("admin:jobs_job_changelist"),
        {"action": "retry_dead_letters", "_selected_action": [job.pk], **fields},
    )


def test_dead_letter_is_retried_with_a_reason(trial, dead_letter):
    manager = member(trial, Role.DATA_MANAGER, name="dora")
    asked = retry(manager, dead_letter)
    assert "Reason for the retry" in asked.rendered_content
    dead_letter.refresh_from_db()
    assert dead_letter.state == Job.State.DEAD
    retry(manager, dead_letter, apply="1", change_reason="broker is back")
    dead_letter.refresh_from_db()
    assert dead_letter.state == Job.State.QUEUED
    assert dead_letter.max_attempts == 10


def test_dead_letter_is_retried_from_its_own_page(trial, dead_letter, coordinator):
    manager = member(trial, Role.DATA_MANAGER, name="dora")
    page = reverse("admin:jobs_job_retry", args=[dead_letter.pk])
    assert page in manager.get(reverse("admin:jobs_job_change", args=[dead_letter.pk])).content.decode()
    assert "Reason for the retry" in manager.get(page).rendered_content
    assert "[no-reason]" in manager.post(page, {"apply": "1", "change_reason": " "}).rendered_content
    assert coordinator.post(page, {"change_reason": "x"}).status_code == 403
    assert manager.post(page, {"change_reason": "broker is back"}).status_code == 302
    dead_letter.refresh_from_db()
    assert dead_letter.state == Job.State.QUEUED
    assert manager.get(page).status_code == 403


def test_jobs_of_another_study_are_not_shown(trial, dead_letter):
    Job.objects.filter(pk=dead_letter.pk).update(payload={"study": trial.study.pk + 1})
    manager = member(trial, Role.DATA_MANAGER, name="dora")
    assert "broke" not in manager.get(reverse("admin:jobs_job_changelist")).content.decode()


def test_coordinator_sees_neither_jobs_nor_audit_list_nor_accounts(coordinator):
    for page in ("jobs_job", "audit_auditevent", "accounts_user"):
        assert coordinator.get(reverse(f"admin:{page}_changelist")).status_code == 403


def test_audit_event_opens_with_its_changes(superuser, trial):
    text = superuser.get(reverse("admin:audit_auditevent_changelist")).content.decode()
    event = re.search(r"/admin/audit/auditevent/(\d+)/change/", text)
    opened = superuser.get(event.group(0))
    assert opened.status_code == 200
    assert "<th>Old</th>" in opened.content.decode()


def test_own_password_is_changed_without_asking_for_a_reason(trial, django_user_model):
    user = django_user_model.objects.create_user(username="pat", password="first-Secret-77", is_staff=True)
    client = Client()
    client.force_login(user)
    new = "second-Secret-88"
    answer = client.post(
        reverse("admin:password_change"),
        {"old_password": "first-Secret-77", "new_password1": new, "new_password2": new},
    )
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)


def test_recompute_is_asked_for_as_a_job(coordinator, trial):
    answer = coordinator.post(
        reverse("admin:cart_study_changelist"), {"action": "recompute_endpoints", "_selected_action": [trial.study.pk]}
    )
    assert answer.status_code == 302
    job = Job.objects.get()
    assert (job.requested_by, job.payload["study"]) == ("carol", trial.study.pk)


def test_signing_in_leads_to_the_desk_also_without_an_address_to_go_back_to(trial, django_user_model):
    django_user_model.objects.create_user(username="nadia", password="Zx4-kettle-moon", is_staff=True)
    answer = Client().post(reverse("admin:login"), {"username": "nadia", "password": "Zx4-kettle-moon"})
    assert answer.url == reverse("admin:index")
