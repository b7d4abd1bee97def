"""Compute endpoints of subjects whose inputs changed, and store the answers as new evaluations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.models import QuerySet

from cart.endpoints.catalogue import evaluate
from cart.endpoints.registry import REGISTRY
from cart.inputs import digest_inputs, digest_text, read_frames
from cart.models import EndpointDefinition, EndpointResult, Evaluation, Run, StaleSubject, Study
from trialsite import __version__
from trialsite.audit.context import acting
from trialsite.isolation.columns import copy_in
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

RECOMPUTE = "endpoints.recompute"
# Chunks of this many subjects stay in the processor's cache and bound the memory (SPEED, endpoints).
CHUNK_SUBJECTS = 2_000

_RESULT_COLUMNS = (
    "evaluation_id",
    "subject_id",
    "definition_id",
    "series",
    "timepoint",
    "day",
    "value",
    "low",
    "high",
    "text",
    "unit",
    "status",
    "reason",
    "evidence",
    "therapy_evidence",
    "record_evidence",
)


@dataclass(frozen=True)
class Recomputed:
    """What a recompute did: subjects looked at, subjects whose inputs differed, answers written."""

    run_id: int | None
    subjects_seen: int
    subjects_changed: int
    results: int


def request_recompute(*, study: Study, actor: str, reason: str, whole: bool = False) -> Job:
    """Ask for a recompute of the stale subjects (or, ``whole``, of every subject) as a job.

    The job row is written in the caller's transaction; subjects without changed inputs cost a digest only.
    """
    with transaction.atomic(), acting(actor=actor, reason=reason):
        return enqueue(RECOMPUTE, {"study": study.pk, "whole": whole}, actor=actor, reason=reason)


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
def recompute_stale(*, study_id: int, actor: str, reason: str, job_number: int | None = None) -> Recomputed:
    """Recompute every stale subject of the study in this transaction.

    Subjects that another transaction is just changing are left to the job which that one enqueues.
    """
    with acting(actor=actor, reason=reason):
        subject_ids = _claim_stale(study_id)
        if not subject_ids:
            return Recomputed(run_id=None, subjects_seen=0, subjects_changed=0, results=0)
        study = Study.objects.get(pk=study_id)
        protocol = study.current_protocol()
        parameters = protocol.parameters if protocol else {}
        writer = _RunWriter(study=study, parameters=parameters, job_number=job_number)
        for chunk in _chunks(subject_ids):
            writer.evaluate_chunk(chunk)
        return writer.finish(subjects_seen=len(subject_ids))


def current_results(study: Study) -> QuerySet[EndpointResult]:
    """Answers of the newest evaluation of every subject of the study."""
    current = Evaluation.objects.current().filter(subject__study=study)
    return EndpointResult.objects.filter(evaluation__in=current)


def stale_subjects(study: Study) -> QuerySet[StaleSubject]:
    """Subjects of the study whose inputs are newer than their endpoints."""
    return StaleSubject.objects.filter(subject__study=study)


def _claim_stale(study_id: int) -> list[int]:
    # Deleting takes the row lock that a writer of inputs needs to mark the subject again: whoever comes
    # later marks it anew after this transaction, whoever came before is seen by the reads that follow.
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM cart_stalesubject WHERE subject_id IN ("
            " SELECT t.subject_id FROM cart_stalesubject t JOIN cart_subject s ON s.id = t.subject_id"
            " WHERE s.study_id = %s ORDER BY t.subject_id FOR UPDATE OF t SKIP LOCKED)"
            " RETURNING subject_id",
            [study_id],
        )
        return sorted(row[0] for row in cursor.fetchall())


def _chunks(subject_ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(subject_ids), CHUNK_SUBJECTS):
        yield list(subject_ids[start : start + CHUNK_SUBJECTS])


def definition_rows() -> dict[str, EndpointDefinition]:
    """Stored row of every registered definition, written when its version is first used."""
    stored = {(row.code, row.version): row for row in EndpointDefinition.objects.all()}
    rows = {}
    for code, definition in REGISTRY.items():
        row = stored.get((code, definition.version))
        if row is None:
            row, _ = EndpointDefinition.objects.get_or_create(
                code=code,
                version=definition.version,
                defaults={
                    "label": definition.label,
                    "unit": definition.unit,
                    "source": definition.source,
                    "parameters": {
                        p.name: {"default": p.default, "unit": p.unit, "source": p.source}
                        for p in definition.parameters
                    },
                },
            )
        rows[code] = row
    return rows


def parameters_in_force(overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every parameter of every definition: the study's value where it gives one, else the default."""
    return {code: definition.in_force(overrides) for code, definition in REGISTRY.items()}


class _RunWriter:
    """Evaluates chunks of subjects and writes what changed; the run row appears with the first change."""

    def __init__(self, *, study: Study, parameters: Mapping[str, Any], job_number: int | None) -> None:
        self._study = study
        self._overrides = parameters
        self._job_number = job_number
        self._definitions = definition_rows()
        self._in_force = parameters_in_force(parameters)
        self._definitions_digest = digest_text(*(f"{c} {d.version}" for c, d in self._definitions.items()))
        self._parameters_digest = digest_text(repr(sorted(_flatten(self._in_force))))
        self._run: Run | None = None
        self._changed = 0
        self._results = 0

    def evaluate_chunk(self, subject_ids: list[int]) -> None:
        """Read, compare digests, evaluate the subjects that differ, write."""
        frames = read_frames(self._study.pk, subject_ids)
        salt = self._definitions_digest + self._parameters_digest
        digests = digest_inputs(frames, subject_ids, salt=salt)
        known = dict(
            Evaluation.objects.current().filter(subject__in=subject_ids).values_list("subject_id", "input_digest")
        )
        changed = [subject for subject in subject_ids if known.get(subject) != digests[subject]]
        if not changed:
            return
        if len(changed) < len(subject_ids):
            keep = pl.Series(changed, dtype=pl.Int64)
            frames = {
                name: frame.filter(pl.col("subject_id").is_in(keep.implode()))
                if "subject_id" in frame.columns
                else frame
                for name, frame in frames.items()
            }
        answers = evaluate(frames, self._overrides)
        self._write(changed, digests, answers)

    def finish(self, *, subjects_seen: int) -> Recomputed:
        """Complete the run's counts."""
        if self._run is not None:
            self._run.subjects_seen = subjects_seen
            self._run.subjects_changed = self._changed
            self._run.save(update_fields=["subjects_seen", "subjects_changed"])
        return Recomputed(
            run_id=self._run.pk if self._run else None,
            subjects_seen=subjects_seen,
            subjects_changed=self._changed,
            results=self._results,
        )

    def _write(self, changed: list[int], digests: Mapping[int, str], answers: pl.DataFrame) -> None:
        if self._run is None:
            self._run = Run.objects.create(
                study=self._study,
                definitions_digest=self._definitions_digest,
                parameters=self._in_force,
                parameters_digest=self._parameters_digest,
                code_version=__version__,
                job_number=self._job_number,
            )
        evaluations = Evaluation.objects.bulk_create(
            [Evaluation(run=self._run, subject_id=s, input_digest=digests[s]) for s in changed]
        )
        keys = pl.DataFrame(
            {"subject_id": [e.subject_id for e in evaluations], "evaluation_id": [e.pk for e in evaluations]},
            schema={"subject_id": pl.Int64, "evaluation_id": pl.Int64},
        )
        definitions = pl.DataFrame(
            {
                "code": list(self._definitions),
                "definition_id": [row.pk for row in self._definitions.values()],
            },
            schema={"code": pl.String, "definition_id": pl.Int64},
        )
        rows = (
            answers.join(keys, on="subject_id", how="inner")
            .join(definitions, on="code", how="inner")
            .with_columns(
                pl.col("text", "reason", "series", "timepoint", "unit").fill_null(""),
                _array_text("evidence"),
                _array_text("therapy_evidence"),
                _array_text("record_evidence"),
            )
            .select(_RESULT_COLUMNS)
        )
        if rows.height != answers.height:
            raise ValueError(
                f"{answers.height} answers were computed and {rows.height} belong to the subjects and definitions "
                "of this run; nothing is stored. [answers-lost]"
            )
        copy_in("cart_endpointresult", rows)
        self._changed += len(changed)
        self._results += rows.height


def _array_text(column: str) -> pl.Expr:
    joined = pl.col(column).fill_null([]).list.eval(pl.element().cast(pl.String)).list.join(",")
    return (pl.lit("{") + joined + pl.lit("}")).alias(column)


def _flatten(parameters: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, str, str]]:
    for code, values in parameters.items():
        for name, value in values.items():
            yield code, name, repr(value)
