"""Jobs of the trial."""

from cart.actions.endpoints import RECOMPUTE, mark_study_stale, recompute_stale
from trialsite.jobs import ClaimedJob, register_handler


def recompute_endpoints(job: ClaimedJob) -> dict[str, int | None]:
    """Recompute the stale subjects of the job's study; all of them where ``whole`` is asked for."""
    study_id = job.payload["study"]
    if job.payload.get("whole"):
        mark_study_stale(study_id=study_id)
    done = recompute_stale(study_id=study_id, actor=job.actor, reason=job.reason, job_number=job.id)
    return {
        "run": done.run_id,
        "subjects_seen": done.subjects_seen,
        "subjects_changed": done.subjects_changed,
        "results": done.results,
    }


register_handler(RECOMPUTE, recompute_endpoints)
