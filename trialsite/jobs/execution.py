"""Run one claimed job: effect and end in one transaction."""

import logging
import os
import signal

from django.conf import settings
from django.db import transaction

from trialsite.audit.context import acting
from trialsite.isolation.moment import one_moment
from trialsite.jobs.queue import StaleAttemptError, claim, due_jobs, fail, finish

logger = logging.getLogger(__name__)

FAULT = "TRIALSITE_FAULT"


def fault_point(name: str) -> None:
    """Die here when the environment asks for it: the crash tests' way to hit a precise moment.

    Points: ``job.claimed``, ``job.before-finish``, ``job.after-finish``, ``job.committed``; handlers have their own,
    such as ``endpoints.claimed`` and ``endpoints.written``. Deaf in production.
    """
    if os.environ.get(FAULT) == name and not settings.PRODUCTION:
        os.kill(os.getpid(), signal.SIGKILL)


def execute(job_id: int) -> bool:
    """Claim and run a job; True when this call ended it."""
    taken = claim(job_id)
    if taken is None:
        return False
    job, found = taken
    fault_point("job.claimed")
    try:
        with (
            acting(actor=job.actor, reason=job.reason, request_id=f"job {job.id}"),
            one_moment() if found.one_moment else transaction.atomic(),
        ):
            result = found.handler(job)
            fault_point("job.before-finish")
            finish(job, result)
            fault_point("job.after-finish")
    except StaleAttemptError:
        logger.warning("attempt fenced off", extra={"job": job.id, "attempt": job.attempt})
        return False
    # A handler may raise anything: whatever it is, the job must be put back or buried, not lost.
    except Exception as error:
        logger.exception("job attempt failed", extra={"job": job.id, "attempt": job.attempt})
        fail(job, f"{type(error).__name__}: {error}")
        return False
    fault_point("job.committed")
    return True


def run_pending_jobs(*, limit: int = 1_000) -> int:
    """Run due jobs in this process, oldest first, those they enqueue included; for commands without a worker.

    Returns how many ended. A failed job waits for its next attempt and is not run again here.
    """
    done = 0
    while done < limit:
        ended = sum(execute(job_id) for job_id in due_jobs(limit=limit - done))
        if not ended:
            break
        done += ended
    return done
