"""Handlers of the tests. An effect is a group whose name carries the job: doubled work shows as two rows."""

import time
import uuid
from typing import Any

from django.contrib.auth.models import Group

from trialsite.jobs import ClaimedJob, register_handler
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

EFFECT = "tests.effect"
FAILS = "tests.fails"
CHAIN = "tests.chain"


def leave_effect(job: ClaimedJob) -> dict[str, Any]:
    """Write one row, take some time, write another: a kill in between must leave neither or both."""
    for part in ("first", "second"):
        Group.objects.create(name=f"{effect_prefix(job.id)}{part} {uuid.uuid4()}")
        time.sleep(job.payload.get("seconds", 0) / 2)
    return {"attempt": job.attempt}


def leave_effect_and_fail(job: ClaimedJob) -> dict[str, Any]:
    """Write a row, then raise with a message that PostgreSQL's text could not hold."""
    Group.objects.create(name=f"{effect_prefix(job.id)}{uuid.uuid4()}")
    raise RuntimeError("the reader broke at \x00")


def enqueue_next(job: ClaimedJob) -> dict[str, Any]:
    """Enqueue a job until the count is down to zero."""
    left = job.payload["left"]
    if left:
        enqueue(CHAIN, {"left": left - 1}, actor=job.actor, reason=job.reason)
    return {"left": left}


def effect_prefix(job_id: int) -> str:
    """Beginning of the names of a job's effects."""
    return f"effect {job_id}: "


def effects_of(job: Job) -> int:
    """Rows that a job left."""
    return Group.objects.filter(name__startswith=effect_prefix(job.pk)).count()


register_handler(EFFECT, leave_effect, lease_seconds=3, max_attempts=50)
register_handler(FAILS, leave_effect_and_fail, max_attempts=2)
register_handler(CHAIN, enqueue_next)
