"""The life of a job row: enqueue, claim, finish, fail, retry.

Times are the database's: workers on machines whose clocks differ agree on when a lease ends.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from trialsite.audit.context import acting
from trialsite.jobs.doorbell import ring
from trialsite.jobs.models import Job
from trialsite.jobs.registry import ClaimedJob, Registration, registration

logger = logging.getLogger(__name__)

BACKOFF_SECONDS = 5
LONGEST_BACKOFF_SECONDS = 600
# A queued job that nobody took for this long: its ring was lost.
UNHEARD_SECONDS = 5
# Rings per round of the reaper: while every worker is busy, unheard rings must not fill the broker.
RINGS_PER_ROUND = 100
ATTEMPTS = 5


class StaleAttemptError(Exception):
    """The lease ran out and another worker has the job: nothing of this attempt may be stored."""


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    actor: str,
    reason: str,
    slot: str | None = None,
    run_after: datetime | None = None,
) -> Job:
    """Write a job row in the caller's transaction and ring after its commit.

    With ``slot``, the job that already holds the slot is returned instead of a second one. With ``run_after``
    the job waits until then; the reaper rings for it.
    """
    found = registration(kind)
    fields: dict[str, Any] = {
        "payload": payload,
        "requested_by": actor,
        "reason": reason,
        "max_attempts": found.max_attempts if found else ATTEMPTS,
    }
    if run_after is not None:
        fields["run_after"] = run_after
    with transaction.atomic(), acting(actor=actor, reason=reason):
        if slot is None:
            job = Job.objects.create(kind=kind, **fields)
        else:
            job, created = Job.objects.get_or_create(kind=kind, slot=slot, defaults=fields)
            if not created:
                return job
        transaction.on_commit(lambda: ring(job.pk))
    return job


def claim(job_id: int) -> tuple[ClaimedJob, Registration] | None:
    """Take a job for one lease, in a transaction of its own; None where it is not to be had."""
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(
                Q(state=Job.State.QUEUED, run_after__lte=Now())
                | Q(state=Job.State.RUNNING, lease_expires_at__lt=Now()),
                pk=job_id,
            )
            .first()
        )
        if job is None:
            return None
        found = registration(job.kind)
        who = f"job {job.pk} for {job.requested_by}"
        with acting(actor=who, reason=f"attempt {job.attempt + 1}", request_id=f"job {job.pk}"):
            if found is None:
                _bury(job, f"No installed app handles jobs of kind {job.kind!r}. [job-kind]")
                return None
            if job.attempt >= job.max_attempts:
                _bury(job, job.error or "The worker died in every attempt. [job-died]")
                return None
            job.state = Job.State.RUNNING
            job.attempt += 1
            job.started_at = Now()
            job.lease_expires_at = Now() + timedelta(seconds=found.lease_seconds)
            job.save(update_fields=["state", "attempt", "started_at", "lease_expires_at"])
        claimed = ClaimedJob(
            id=job.pk, kind=job.kind, payload=job.payload, actor=who, reason=job.reason, attempt=job.attempt
        )
        return claimed, found


def finish(job: ClaimedJob, result: dict[str, Any]) -> None:
    """End the job inside the handler's transaction; raises when another attempt has it."""
    updated = Job.objects.filter(pk=job.id, attempt=job.attempt, state=Job.State.RUNNING).update(
        state=Job.State.DONE, result=result, error="", lease_expires_at=None, finished_at=Now()
    )
    if not updated:
        raise StaleAttemptError(f"Attempt {job.attempt} of job {job.id} was fenced off. [job-fenced]")


def fail(job: ClaimedJob, error: str) -> None:
    """Put the job back for a later attempt, or among the dead letters after the last."""
    with transaction.atomic(), acting(actor=job.actor, reason=f"attempt {job.attempt} failed"):
        row = Job.objects.select_for_update().filter(pk=job.id, attempt=job.attempt, state=Job.State.RUNNING).first()
        if row is None:
            return
        # PostgreSQL's text has no NUL; refusing the message would leave the job to its lease.
        error = error.replace("\x00", "\\x00")
        if row.attempt >= row.max_attempts:
            _bury(row, error)
            return
        row.state = Job.State.QUEUED
        row.error = error
        row.lease_expires_at = None
        pause = min(BACKOFF_SECONDS * 2 ** (row.attempt - 1), LONGEST_BACKOFF_SECONDS)
        row.run_after = Now() + timedelta(seconds=pause)
        row.save(update_fields=["state", "error", "lease_expires_at", "run_after"])


def retry_job(job_id: int, *, actor: str, reason: str) -> bool:
    """Bring a dead letter back with a fresh count of attempts; False where it is not dead."""
    with transaction.atomic(), acting(actor=actor, reason=reason):
        updated = Job.objects.filter(pk=job_id, state=Job.State.DEAD).update(
            state=Job.State.QUEUED,
            # The attempt number only grows (it fences); the allowance grows with it.
            max_attempts=F("attempt") + ATTEMPTS,
            run_after=Now(),
            finished_at=None,
        )
        if updated:
            transaction.on_commit(lambda: ring(job_id))
    return bool(updated)


def due_jobs(*, limit: int) -> list[int]:
    """Queued jobs whose time has come, oldest first."""
    due = Job.objects.filter(state=Job.State.QUEUED, run_after__lte=Now()).order_by("run_after", "id")
    return list(due.values_list("pk", flat=True)[:limit])


def overdue_jobs(*, limit: int = RINGS_PER_ROUND) -> list[int]:
    """Jobs whose ring was lost or whose worker died, oldest first: to be rung again."""
    overdue = Job.objects.filter(
        Q(state=Job.State.QUEUED, run_after__lte=Now() - timedelta(seconds=UNHEARD_SECONDS))
        | Q(state=Job.State.RUNNING, lease_expires_at__lt=Now())
    ).order_by("id")
    return list(overdue.values_list("pk", flat=True)[:limit])


def _bury(job: Job, error: str) -> None:
    job.state = Job.State.DEAD
    job.error = error
    job.lease_expires_at = None
    job.finished_at = Now()
    job.save(update_fields=["state", "error", "lease_expires_at", "finished_at"])
    logger.error("job failed for good", extra={"job": job.pk, "kind": job.kind})
