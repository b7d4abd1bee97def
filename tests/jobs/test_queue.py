"""The life of a job row, in one process."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from celery import Celery
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.jobs.handlers import CHAIN, EFFECT, FAILS, effects_of
from trialsite.audit.context import acting
from trialsite.audit.models import AuditEvent
from trialsite.jobs import doorbell
from trialsite.jobs.execution import FAULT, execute, fault_point, run_pending_jobs
from trialsite.jobs.models import Job
from trialsite.jobs.queue import claim, enqueue, finish, overdue_jobs, retry_job

pytestmark = pytest.mark.django_db

WHO: dict[str, Any] = {"actor": "alice", "reason": "new results"}


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Job numbers that were rung for."""
    heard: list[int] = []
    monkeypatch.setattr("trialsite.jobs.queue.ring", lambda job_id: heard.append(job_id))
    return heard


def edit(job: Job, **changes: Any) -> None:
    """Change a job's row behind the queue's back."""
    with acting(actor="tester", reason="arranged by a test"):
        Job.objects.filter(pk=job.pk).update(**changes)
    job.refresh_from_db()


def test_job_ends_with_its_result_and_its_effect():
    job = enqueue(EFFECT, {"study": 3}, **WHO)
    assert execute(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.result, job.lease_expires_at) == (Job.State.DONE, 1, {"attempt": 1}, None)
    assert effects_of(job) == 2


def test_effect_is_the_act_of_the_job_for_its_user():
    job = enqueue(EFFECT, {}, **WHO)
    execute(job.pk)
    event = AuditEvent.objects.filter(table_name="auth_group").latest("id")
    context = event.context
    assert (context.actor, context.reason, context.request) == (
        f"job {job.pk} for alice",
        "new results",
        f"job {job.pk}",
    )


def test_every_step_of_a_job_is_in_the_audit_trail():
    job = enqueue(EFFECT, {}, **WHO)
    execute(job.pk)
    events = AuditEvent.objects.filter(table_name="jobs_job", row_id=str(job.pk)).order_by("id")
    assert [(event.context.actor, event.new["state"]) for event in events] == [
        ("alice", "queued"),
        (f"job {job.pk} for alice", "running"),
        (f"job {job.pk} for alice", "done"),
    ]


def test_job_is_rung_for_after_the_commit_only(
    rings: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
):
    with django_capture_on_commit_callbacks(execute=True):
        job = enqueue(EFFECT, {}, **WHO)
        assert rings == []
    assert rings == [job.pk]


def test_job_of_a_rolled_back_transaction_does_not_exist(
    rings: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(EFFECT, {}, **WHO)
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert rings == []


def test_broker_that_is_away_does_not_hurt_the_caller(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(doorbell, "current_app", Celery(broker="redis://127.0.0.1:1/0", set_as_current=False))
    assert not doorbell.ring(1)
    assert "broker away" in caplog.text


def test_slot_holds_one_job():
    first = enqueue(EFFECT, {"n": 1}, slot="2026-01-01", **WHO)
    second = enqueue(EFFECT, {"n": 2}, slot="2026-01-01", **WHO)
    assert second.pk == first.pk
    assert Job.objects.count() == 1
    with pytest.raises(IntegrityError, match="job_once_per_slot"), transaction.atomic(), acting(**WHO):
        Job.objects.create(kind=EFFECT, slot="2026-01-01", requested_by="bob", reason="again")


def test_running_job_is_not_to_be_had_until_its_lease_ends():
    job = enqueue(EFFECT, {}, **WHO)
    assert claim(job.pk) is not None
    assert claim(job.pk) is None
    edit(job, lease_expires_at=timezone.now() - timedelta(seconds=1))
    again = claim(job.pk)
    assert again is not None
    assert again[0].attempt == 2


def test_job_waits_for_its_time():
    job = enqueue(EFFECT, {}, run_after=timezone.now() + timedelta(hours=1), **WHO)
    assert claim(job.pk) is None
    assert run_pending_jobs() == 0
    edit(job, run_after=timezone.now())
    assert run_pending_jobs() == 1


def test_failed_attempt_leaves_nothing_and_waits():
    job = enqueue(FAILS, {}, **WHO)
    assert not execute(job.pk)
    job.refresh_from_db()
    assert effects_of(job) == 0
    assert (job.state, job.attempt) == (Job.State.QUEUED, 1)
    assert job.error == "RuntimeError: the reader broke at \\x00"
    assert job.run_after > timezone.now()
    assert claim(job.pk) is None


def test_last_failure_makes_a_dead_letter_that_can_be_retried(
    rings: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
):
    job = enqueue(FAILS, {}, **WHO)
    for _ in range(2):
        edit(job, run_after=timezone.now())
        execute(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (Job.State.DEAD, 2)
    assert job.finished_at is not None
    assert not execute(job.pk)

    edit(job, kind=EFFECT)
    with django_capture_on_commit_callbacks(execute=True):
        assert retry_job(job.pk, actor="bob", reason="reader mended")
    assert rings == [job.pk]
    assert execute(job.pk)
    job.refresh_from_db()
    # The attempt number fences: it never starts anew.
    assert (job.state, job.attempt) == (Job.State.DONE, 3)
    assert not retry_job(job.pk, actor="bob", reason="once more")


def test_job_whose_worker_died_in_every_attempt_becomes_a_dead_letter():
    job = enqueue(FAILS, {}, **WHO)
    edit(job, state=Job.State.RUNNING, attempt=2, lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert claim(job.pk) is None
    job.refresh_from_db()
    assert job.state == Job.State.DEAD
    assert "[job-died]" in job.error


def test_job_of_an_unknown_kind_becomes_a_dead_letter():
    job = enqueue("tests.unheard-of", {}, **WHO)
    assert not execute(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DEAD
    assert "[job-kind]" in job.error


def test_stale_attempt_cannot_end_the_job():
    job = enqueue(EFFECT, {}, **WHO)
    first = claim(job.pk)
    edit(job, lease_expires_at=timezone.now() - timedelta(seconds=1))
    second = claim(job.pk)
    assert first is not None
    assert second is not None
    with acting(**WHO):
        with pytest.raises(Exception, match="job-fenced"):
            finish(first[0], {})
        finish(second[0], {"by": 2})
    job.refresh_from_db()
    assert job.result == {"by": 2}


def test_pending_jobs_run_with_those_they_enqueue():
    enqueue(CHAIN, {"left": 3}, **WHO)
    assert run_pending_jobs() == 4
    assert not Job.objects.exclude(state=Job.State.DONE).exists()
    assert Job.objects.latest("pk").requested_by.startswith("job ")


def test_pending_jobs_stop_at_the_limit():
    enqueue(CHAIN, {"left": 3}, **WHO)
    assert run_pending_jobs(limit=2) == 2


def test_overdue_are_unheard_jobs_and_ended_leases():
    waiting, unheard, running, dead_worker = (enqueue(EFFECT, {}, **WHO) for _ in range(4))
    past = timezone.now() - timedelta(minutes=1)
    edit(unheard, run_after=past)
    edit(running, state=Job.State.RUNNING, attempt=1, lease_expires_at=timezone.now() + timedelta(minutes=1))
    edit(dead_worker, state=Job.State.RUNNING, attempt=1, lease_expires_at=past)
    assert overdue_jobs() == [unheard.pk, dead_worker.pk]
    assert overdue_jobs(limit=1) == [unheard.pk]
    assert waiting.pk not in overdue_jobs()


def test_reaper_rings_for_overdue_jobs(monkeypatch: pytest.MonkeyPatch):
    job = enqueue(EFFECT, {}, **WHO)
    edit(job, run_after=timezone.now() - timedelta(minutes=1))
    heard: list[int] = []
    monkeypatch.setattr(
        "trialsite.jobs.management.commands.reap_jobs.ring", lambda job_id: heard.append(job_id) is None
    )
    output = StringIO()
    call_command("reap_jobs", stdout=output)
    assert heard == [job.pk]
    assert output.getvalue() == "rang for 1 jobs\n"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"state": "lost"}, "job_state_known"),
        ({"state": "running", "attempt": 1}, "job_running_has_lease"),
        ({"state": "running", "lease_expires_at": timezone.now()}, "job_running_has_lease"),
        ({"state": "done"}, "job_ended_is_dated"),
        ({"state": "dead"}, "job_ended_is_dated"),
    ],
)
def test_impossible_job_is_refused(changes: dict[str, Any], rule: str):
    with acting(**WHO), pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Job.objects.create(kind=EFFECT, requested_by="alice", reason="x", **changes)


def test_fault_points_are_deaf_in_production(monkeypatch: pytest.MonkeyPatch, settings: Any):
    settings.PRODUCTION = True
    monkeypatch.setenv(FAULT, "job.claimed")
    fault_point("job.claimed")
    assert not Group.objects.filter(name__startswith="effect").exists()
