"""Jobs of the trial."""

from dataclasses import asdict
from typing import Any

from cart.actions.cut_endpoints import (
    EVALUATE_CUT,
    EVALUATE_CUT_PART,
    SUMMARISE_CUT,
    evaluate_cut,
    evaluate_cut_part,
    summarise_cut,
)
from cart.actions.cuts import DIGEST, write_digests
from cart.actions.endpoints import (
    PART_SUBJECTS,
    RECOMPUTE,
    RECOMPUTE_PART,
    mark_study_stale,
    recompute_or_divide,
    recompute_part,
)
from cart.actions.runs import Recomputed
from cart.actions.summaries import SUMMARISE, summarise_study
from cart.follow import follow_unasked
from cart.models import DataCut, Study, StudySummary
from trialsite.jobs import ClaimedJob, register_handler, register_round


def recompute_endpoints(job: ClaimedJob) -> dict[str, Any]:
    """Recompute the stale subjects of the job's study; all of them where ``whole`` is asked for."""
    study_id = job.payload["study"]
    if job.payload.get("whole"):
        mark_study_stale(study_id=study_id)
    done = recompute_or_divide(
        study_id=study_id,
        actor=job.actor,
        reason=job.reason,
        job_number=job.id,
        part_subjects=job.payload.get("part_subjects", PART_SUBJECTS),
    )
    return _told(done)


def recompute_part_of_run(job: ClaimedJob) -> dict[str, Any]:
    """One part of a divided recompute."""
    return _told(recompute_part(**_part(job)))


def digest_cut(job: ClaimedJob) -> dict[str, Any]:
    """Manifest of a cut."""
    cut = DataCut.objects.get(pk=job.payload["cut"])
    tables = write_digests(cut=cut, actor=job.actor, reason=job.reason)
    return {"tables": len(tables), "rows": sum(table.rows for table in tables)}


def evaluate_endpoints_of_cut(job: ClaimedJob) -> dict[str, Any]:
    """Endpoints of a cut, or the parts of its run."""
    done = evaluate_cut(
        cut=DataCut.objects.get(pk=job.payload["cut"]),
        actor=job.actor,
        reason=job.reason,
        job_number=job.id,
        part_subjects=job.payload["part_subjects"],
    )
    return _told(done)


def evaluate_part_of_cut(job: ClaimedJob) -> dict[str, Any]:
    """One part of a cut's run."""
    return _told(evaluate_cut_part(**_part(job)))


def summarise_current(job: ClaimedJob) -> dict[str, Any]:
    """Summary of the study's current answers."""
    study = Study.objects.get(pk=job.payload["study"])
    return _summarised(summarise_study(study=study, actor=job.actor, reason=job.reason))


def summarise_run_of_cut(job: ClaimedJob) -> dict[str, Any]:
    """Summary of a cut's run, where this was its last part."""
    return _summarised(summarise_cut(run_id=job.payload["run"], actor=job.actor, reason=job.reason))


def _summarised(made: StudySummary | None) -> dict[str, Any]:
    return {"summary": made.pk if made else None}


def _part(job: ClaimedJob) -> dict[str, Any]:
    payload = job.payload
    return {
        "run_id": payload["run"],
        "first": payload["first"],
        "last": payload["last"],
        "actor": job.actor,
        "reason": job.reason,
    }


def _told(done: Recomputed) -> dict[str, Any]:
    told = asdict(done)
    return {"run": told.pop("run_id"), **told}


register_handler(RECOMPUTE, recompute_endpoints)
register_round(follow_unasked)
register_handler(RECOMPUTE_PART, recompute_part_of_run)
# What reads as of a cut sees one moment: rows that commit in between would be taken for the cut's.
register_handler(DIGEST, digest_cut, one_moment=True)
register_handler(EVALUATE_CUT, evaluate_endpoints_of_cut, one_moment=True)
register_handler(SUMMARISE, summarise_current)
register_handler(SUMMARISE_CUT, summarise_run_of_cut, one_moment=True)
register_handler(EVALUATE_CUT_PART, evaluate_part_of_cut, one_moment=True)
