"""The one Celery task: it carries a job's number and nothing else."""

from celery import shared_task

from trialsite.jobs.doorbell import EXECUTE
from trialsite.jobs.execution import execute


@shared_task(name=EXECUTE, ignore_result=True)  # type: ignore[untyped-decorator]
def execute_job(job_id: int) -> None:
    """Run the job if it is still to be had."""
    execute(job_id)
