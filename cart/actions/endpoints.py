"""Compute endpoints of subjects whose inputs changed, and store the answers as new evaluations.

A recompute of few subjects is one job. A large one is divided into parts, each a job of its own that any worker on
any machine may take: a part evaluates subjects by themselves, so neither the division nor the order shows in the
answers.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Now

from cart.actions.run_writer import RunWriter, chunks
from cart.actions.runs import Recomputed, Rules
from cart.models import EndpointResult, Evaluation, Run, StaleSubject, Study
from trialsite.audit.context import acting
from trialsite.jobs.execution import fault_point
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

RECOMPUTE = "endpoints.recompute"
RECOMPUTE_PART = "endpoints.recompute-part"
# More stale subjects than this are divided among the workers; fewer are done before a second worker had begun.
PART_SUBJECTS = 1_000


def request_recompute(
    *, study: Study, actor: str, reason: str, whole: bool = False, part_subjects: int | None = None
) -> Job:
    """Ask for a recompute of the stale subjects (or, ``whole``, of every subject) as a job.

    The job row is written in the caller's transaction; subjects without changed inputs cost a digest only.
    ``part_subjects``: most subjects of a part, where not the usual number.
    """
    payload: dict[str, Any] = {"study": study.pk, "whole": whole}
    if part_subjects is not None:
        payload["part_subjects"] = part_subjects
    with transaction.atomic(), acting(actor=actor, reason=reason):
        return enqueue(RECOMPUTE, payload, actor=actor, reason=reason)


def recompute_changed(*, actor: str, reason: str) -> list[Job]:
    """Ask for a recompute of each study that has subjects with changed inputs and no recompute to come.

    The marks that the triggers write with the data are the outbox: whoever committed them calls this. A recompute that
    waits will see them; one that runs may have read before them, but parts of a divided one still hold theirs.
    """
    return [request_recompute(study=study, actor=actor, reason=reason) for study in _unasked(0)]


def recompute_forgotten(*, actor: str, reason: str, after_seconds: float) -> list[Job]:
    """The same for marks that have stood so long: data written by a command, a process that died after its commit.

    Not where the last recompute failed for good: it waits for a person, and asking again would fail again.
    """
    last = _jobs_of_study().filter(kind=RECOMPUTE).order_by("-pk").values("state")[:1]
    studies = _unasked(after_seconds).annotate(last=Coalesce(Subquery(last), Value(""))).exclude(last=Job.State.DEAD)
    return [request_recompute(study=study, actor=actor, reason=reason) for study in studies]


def _unasked(after_seconds: float) -> QuerySet[Study]:
    changed = StaleSubject.objects.filter(
        subject__study=OuterRef("pk"), marked_at__lte=Now() - dt.timedelta(seconds=after_seconds)
    )
    waiting = Q(kind=RECOMPUTE, state=Job.State.QUEUED)
    waiting |= Q(kind=RECOMPUTE_PART, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    return Study.objects.filter(Exists(changed), ~Exists(_jobs_of_study().filter(waiting))).order_by("pk")


def _jobs_of_study() -> QuerySet[Job]:
    """Jobs of the study of the outer query."""
    study = Cast(KeyTextTransform("study", "payload"), BigIntegerField())
    return Job.objects.annotate(study=study).filter(study=OuterRef("pk"))


def mark_study_stale(*, study_id: int) -> int:
    """Mark every subject of the study stale; returns how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cart_stalesubject (subject_id, marked_at)"
            " SELECT id, clock_timestamp() FROM cart_subject WHERE study_id = %s ORDER BY id"
            " ON CONFLICT (subject_id) DO UPDATE SET marked_at = excluded.marked_at",
            [study_id],
        )
        return int(cursor.rowcount)


@transaction.atomic
def recompute_or_divide(
    *, study_id: int, actor: str, reason: str, job_number: int, part_subjects: int = PART_SUBJECTS
) -> Recomputed:
    """Recompute the stale subjects in this transaction, or, where they are many, enqueue the parts of a run."""
    with acting(actor=actor, reason=reason):
        study = Study.objects.get(pk=study_id)
        stale = sorted(stale_subjects(study).values_list("subject_id", flat=True))
        if len(stale) <= part_subjects:
            return recompute_stale(study_id=study_id, actor=actor, reason=reason, job_number=job_number)
        parts = list(chunks(stale, part_subjects))
        run = Rules.of(study).make_run(
            study, cut=None, job_number=job_number, subjects_seen=len(stale), part_count=len(parts)
        )
        enqueue_parts(RECOMPUTE_PART, run, parts, actor=actor, reason=reason)
        return Recomputed(run_id=run.pk, subjects_seen=len(stale), subjects_changed=0, results=0, parts=run.part_count)


def enqueue_parts(kind: str, run: Run, parts: Sequence[Sequence[int]], *, actor: str, reason: str) -> None:
    """A job for each part of a run; its slot makes a second one of the same part impossible."""
    for part in parts:
        payload = {"study": run.study_id, "run": run.pk, "first": part[0], "last": part[-1]}
        slot = f"run {run.pk} from {part[0]}"
        enqueue(kind, payload, actor=actor, reason=reason, slot=slot)
        fault_point("endpoints.dividing")


@transaction.atomic
def recompute_stale(*, study_id: int, actor: str, reason: str, job_number: int | None = None) -> Recomputed:
    """Recompute every stale subject of the study in this transaction.

    Subjects that another transaction is just changing are left to the job which that one enqueues.
    """
    with acting(actor=actor, reason=reason):
        subject_ids = _claim_stale(study_id)
        if not subject_ids:
            return Recomputed(run_id=None, subjects_seen=0, subjects_changed=0, results=0)
        study = Study.objects.get(pk=study_id)
        writer = RunWriter(study=study, rules=Rules.of(study), job_number=job_number)
        writer.evaluate_subjects(subject_ids)
        return writer.finish(subjects_seen=len(subject_ids))


@transaction.atomic
def recompute_part(*, run_id: int, first: int, last: int, actor: str, reason: str) -> Recomputed:
    """Recompute the stale subjects with keys from ``first`` to ``last`` as a part of the run.

    Where the rules changed since the run began, its part does nothing and asks for a recompute by the new ones.
    """
    with acting(actor=actor, reason=reason):
        run = Run.objects.select_related("study").get(pk=run_id)
        rules = Rules.of(run.study)
        subject_ids: list[int] = []
        if rules.are_those_of(run):
            subject_ids = _claim_stale(run.study_id, first=first, last=last)
        else:
            payload = {"study": run.study_id, "whole": False}
            enqueue(RECOMPUTE, payload, actor=actor, reason=reason, slot=f"after run {run.pk}")
        fault_point("endpoints.claimed")
        writer = RunWriter(study=run.study, rules=rules, run=run)
        writer.evaluate_subjects(subject_ids)
        return writer.finish_part(first=first, last=last, subjects_seen=len(subject_ids))


def current_results(study: Study) -> QuerySet[EndpointResult]:
    """Answers of the newest evaluation of every subject of the study."""
    current = Evaluation.objects.current().filter(subject__study=study)
    return EndpointResult.objects.filter(evaluation__in=current)


def stale_subjects(study: Study) -> QuerySet[StaleSubject]:
    """Subjects of the study whose inputs are newer than their endpoints."""
    return StaleSubject.objects.filter(subject__study=study)


def _claim_stale(study_id: int, *, first: int = 0, last: int = 2**63 - 1) -> list[int]:
    # Deleting takes the row lock that a writer of inputs needs to mark the subject again: whoever comes
    # later marks it anew after this transaction, whoever came before is seen by the reads that follow.
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM cart_stalesubject WHERE subject_id IN ("
            " SELECT t.subject_id FROM cart_stalesubject t JOIN cart_subject s ON s.id = t.subject_id"
            " WHERE s.study_id = %s AND t.subject_id BETWEEN %s AND %s ORDER BY t.subject_id"
            " FOR UPDATE OF t SKIP LOCKED) RETURNING subject_id",
            [study_id, first, last],
        )
        return sorted(row[0] for row in cursor.fetchall())
