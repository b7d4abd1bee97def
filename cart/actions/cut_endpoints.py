"""Compute the endpoints of a data cut: every subject as the cut has it, whatever happened since."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from cart.actions.cuts import tables_of
from cart.actions.endpoints import PART_SUBJECTS, enqueue_parts
from cart.actions.run_writer import RunWriter, chunks
from cart.actions.runs import Recomputed, Rules
from cart.actions.summaries import summarise_study
from cart.models import DataCut, Run, Study, StudySummary, Subject
from trialsite.audit.context import acting
from trialsite.jobs.execution import fault_point
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

EVALUATE_CUT = "cuts.endpoints"
EVALUATE_CUT_PART = "cuts.endpoints-part"
SUMMARISE_CUT = "cuts.summarise"


def request_cut_endpoints(*, cut: DataCut, actor: str, reason: str, part_subjects: int = PART_SUBJECTS) -> Job:
    """Ask for the endpoints of a cut as a job; where they are computed by today's rules already, it does nothing."""
    payload = {"study": cut.study_id, "cut": cut.pk, "part_subjects": part_subjects}
    with transaction.atomic(), acting(actor=actor, reason=reason):
        return enqueue(EVALUATE_CUT, payload, actor=actor, reason=reason)


def run_of_cut(cut: DataCut) -> Run | None:
    """The newest run of the cut that is complete and summarised."""
    summarised = StudySummary.objects.filter(run=OuterRef("pk"))
    return cut.runs.complete().filter(Exists(summarised)).order_by("-pk").first()


def evaluate_cut(
    *, cut: DataCut, actor: str, reason: str, job_number: int | None = None, part_subjects: int = PART_SUBJECTS
) -> Recomputed:
    """Compute the cut's endpoints in the caller's transaction, which sees one moment, or divide them into parts.

    Rules are those of this version of the code with the parameters of the cut's protocol.
    """
    with acting(actor=actor, reason=reason), tables_of(cut):
        study = Study.objects.get(pk=cut.study_id)
        rules = Rules.of(study)
        known = cut.runs.filter(
            definitions_digest=rules.definitions_digest, parameters_digest=rules.parameters_digest
        ).first()
        if known is not None:
            return Recomputed(run_id=known.pk, subjects_seen=known.subjects_seen, subjects_changed=0, results=0)
        subject_ids = list(Subject.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
        parts = list(chunks(subject_ids, part_subjects))
        divided = len(parts) > 1
        run = rules.make_run(
            study,
            cut=cut,
            job_number=job_number,
            subjects_seen=len(subject_ids),
            part_count=len(parts) if divided else 0,
        )
        if divided:
            enqueue_parts(EVALUATE_CUT_PART, run, parts, actor=actor, reason=reason)
            return Recomputed(run.pk, len(subject_ids), subjects_changed=0, results=0, parts=len(parts))
        writer = RunWriter(study=study, rules=rules, run=run)
        writer.evaluate_subjects(subject_ids)
        done = writer.finish(subjects_seen=len(subject_ids))
        summarise_study(study=study, run=run, actor=actor, reason=reason)
        return done


def evaluate_cut_part(*, run_id: int, first: int, last: int, actor: str, reason: str) -> Recomputed:
    """Evaluate the subjects with keys from ``first`` to ``last`` as the run's cut has them."""
    with acting(actor=actor, reason=reason):
        run = Run.objects.select_related("study", "cut").get(pk=run_id)
        assert run.cut is not None
        fault_point("endpoints.claimed")
        with tables_of(run.cut):
            rules = Rules.of(run.study)
            if not rules.are_those_of(run):
                raise ValueError(
                    f"{run} was begun by other rules than this code has; ask for the endpoints of {run.cut} again. "
                    "[run-of-cut]"
                )
            chosen = Subject.objects.filter(study=run.study_id, pk__range=(first, last)).order_by("pk")
            subject_ids = list(chosen.values_list("pk", flat=True))
            writer = RunWriter(study=run.study, rules=rules, run=run)
            writer.evaluate_subjects(subject_ids)
            done = writer.finish_part(first=first, last=last, subjects_seen=len(subject_ids))
        # No part knows whether it is the last to commit: each asks, and whoever finds the run complete summarises.
        payload = {"study": run.study_id, "run": run.pk}
        enqueue(SUMMARISE_CUT, payload, actor=actor, reason=reason, slot=f"run {run.pk} after {first}")
        return done


def summarise_cut(*, run_id: int, actor: str, reason: str) -> StudySummary | None:
    """Summarise the run of a cut once every part has ended; None before."""
    run = Run.objects.complete().select_related("cut").filter(pk=run_id).first()
    if run is None or run.cut is None:
        return None
    with tables_of(run.cut):
        study = Study.objects.get(pk=run.study_id)
        return summarise_study(study=study, run=run, actor=actor, reason=reason)
