"""Redis as a doorbell: losing a ring loses nothing, the reaper rings again."""

import logging

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

EXECUTE = "trialsite.jobs.execute"


def ring(job_id: int) -> bool:
    """Tell a worker that a job waits; False, and a line in the log, where the broker does not answer."""
    try:
        # No retries: a page must not wait for a broker that is away.
        current_app.send_task(
            EXECUTE, args=[job_id], queue=settings.CELERY_TASK_DEFAULT_QUEUE, retry=False, ignore_result=True
        )
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("broker away, the reaper will ring again", extra={"job": job_id, "error": str(error)})
        return False
    return True
