"""Endpoints follow what is entered: a request asks for the recompute, and the page shows the new answers."""

import datetime as dt

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from cart import follow
from cart.actions.cuts import take_cut
from cart.actions.endpoints import RECOMPUTE, RECOMPUTE_PART, recompute_stale, request_recompute
from cart.actions.runs import Rules
from cart.admin.panels import endpoint_panel
from cart.models import Evaluation, Role, StaleSubject
from tests.cart.admin.pages import change_page, member, send
from tests.cart.records import make_infused_subject, make_subject, make_trial
from trialsite.audit.context import acting
from trialsite.jobs.execution import run_pending_jobs
from trialsite.jobs.models import Job

WHO = {"actor": "dora", "reason": "test"}


@pytest.fixture
def subject(trial):
    """An infused subject whose answers are those of its inputs."""
    subject = make_infused_subject(trial)
    recompute_stale(study_id=trial.study.pk, **WHO)
    return subject


def change(client, subject, year=1970):
    answer = send(client, change_page(subject), year_of_birth=year, change_reason="from the source")
    assert answer.status_code == 302


def jobs():
    return list(Job.objects.filter(kind=RECOMPUTE).order_by("pk").values_list("requested_by", "reason", "payload"))


def panel(client, subject):
    return client.get(reverse("admin:cart_subject_endpoints", args=[subject.pk]))


def test_a_change_at_the_desk_asks_for_the_recompute_as_its_user(coordinator, trial, subject):
    change(coordinator, subject)
    assert jobs() == [("carol", "inputs changed", {"study": trial.study.pk, "whole": False})]
    run_pending_jobs()
    assert not StaleSubject.objects.exists()


def test_a_recompute_that_waits_is_not_asked_for_twice(coordinator, subject):
    change(coordinator, subject)
    change(coordinator, subject, year=1971)
    assert len(jobs()) == 1
    # One that runs may have read before the change.
    with acting(**WHO):
        Job.objects.update(state="running", attempt=1, lease_expires_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    change(coordinator, subject, year=1972)
    assert len(jobs()) == 2


def test_parts_of_a_divided_recompute_still_hold_theirs(coordinator, trial, subject):
    with acting(**WHO):
        Job.objects.create(kind=RECOMPUTE_PART, payload={"study": trial.study.pk}, requested_by="x", reason="x")
    change(coordinator, subject)
    assert jobs() == []


def test_reading_and_refused_requests_ask_for_nothing(coordinator, trial, subject):
    coordinator.get(change_page(subject))
    assert jobs() == []
    assert send(coordinator, change_page(subject), year_of_birth=1970).status_code == 200
    assert jobs() == []
    make_subject(trial, "KUL-002")
    Client().post("/admin/login/", {"username": "nobody", "password": "x"})
    assert jobs() == []


def test_another_study_is_left_alone(coordinator, trial, subject):
    other = make_subject(make_trial("T-2"), "KUL-001")
    request_recompute(study=other.study, **WHO)
    change(coordinator, subject)
    assert [payload["study"] for _, _, payload in jobs()] == [other.study.pk, trial.study.pk]


def test_an_answer_stands_though_the_recompute_could_not_be_asked_for(coordinator, subject, monkeypatch, caplog):
    def broken(**given):
        raise OperationalError("the database went away")

    monkeypatch.setattr(follow, "recompute_changed", broken)
    change(coordinator, subject)
    assert "recompute not asked for" in caplog.text


def test_the_reaper_asks_for_what_was_forgotten_once_it_is_old(trial, subject, monkeypatch):
    make_subject(trial, "KUL-002")
    follow.follow_unasked()
    assert jobs() == []
    monkeypatch.setattr(follow, "UNASKED_SECONDS", 0)
    for _ in range(2):
        follow.follow_unasked()
    assert jobs() == [("reaper", "inputs changed", {"study": trial.study.pk, "whole": False})]


def test_the_reaper_does_not_repeat_what_failed_for_good(trial, subject, monkeypatch):
    monkeypatch.setattr(follow, "UNASKED_SECONDS", 0)
    job = request_recompute(study=trial.study, **WHO)
    make_subject(trial, "KUL-002")
    with acting(**WHO):
        Job.objects.filter(pk=job.pk).update(state="dead", finished_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    follow.follow_unasked()
    assert len(jobs()) == 1


def test_the_panel_has_no_content_until_the_answers_are_new(coordinator, trial, subject):
    before = Evaluation.objects.current().get(subject=subject)
    change(coordinator, subject)
    subject.concomitant_therapies.create(drug="Rituximab", therapy_class="rituximab", started="2024-01-10")
    assert "data-stale" in coordinator.get(change_page(subject)).content.decode()
    assert panel(coordinator, subject).status_code == 204
    run_pending_jobs()
    page = panel(coordinator, subject)
    assert page.status_code == 200
    after = Evaluation.objects.current().get(subject=subject)
    assert after != before
    assert f"Evaluation {after.pk} of run" in page.content.decode()
    assert "data-stale" not in page.content.decode()


def test_the_panel_is_that_of_subjects_one_may_see(trial, subject):
    elsewhere = member(make_trial("T-2"), name="eve")
    assert panel(elsewhere, subject).status_code == 404
    assert panel(member(trial, name="stan", role=Role.STATISTICIAN), subject).status_code == 200
    assert panel(Client(), subject).status_code == 302


def test_answers_of_a_cut_are_not_shown_as_current(trial, subject, superuser, rf, django_user_model):
    live = Evaluation.objects.current().get(subject=subject)
    cut = take_cut(study=trial.study, name="interim", purpose="interim look", **WHO)
    of_cut = Rules.of(trial.study).make_run(trial.study, cut=cut, job_number=None)
    assert Evaluation.objects.create(run=of_cut, subject=subject, input_digest="0" * 64).pk > live.pk
    request = rf.get("/")
    request.user = django_user_model.objects.get(username="root")
    assert f"Evaluation {live.pk} of run" in endpoint_panel(request, subject)
