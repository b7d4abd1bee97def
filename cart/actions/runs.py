"""Write a run: evaluate subjects chunk by chunk, store what differs, and divide a large run into parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cart.endpoints.catalogue import evaluate
from cart.endpoints.registry import REGISTRY
from cart.inputs import InputDigest, digest_inputs, digest_text, read_frames
from cart.models import DataCut, EndpointDefinition, Evaluation, Run, RunPart, Study
from trialsite import __version__
from trialsite.isolation.columns import copy_in
from trialsite.jobs.execution import fault_point

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
    "baseline_id",
)


@dataclass(frozen=True)
class Recomputed:
    """What a recompute did: subjects looked at, subjects whose inputs differed, answers written, parts to come."""

    run_id: int | None
    subjects_seen: int
    subjects_changed: int
    results: int
    parts: int = 0


def chunks(subject_ids: Sequence[int], size: int) -> Iterator[list[int]]:
    """Subjects in chunks, in the order of their keys."""
    for start in range(0, len(subject_ids), size):
        yield list(subject_ids[start : start + size])


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


@dataclass(frozen=True)
class Rules:
    """By what a run computes: the study's parameters, and the definitions of this version of the code."""

    overrides: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, study: Study) -> "Rules":
        """Rules of the protocol in force."""
        protocol = study.current_protocol()
        return cls(protocol.parameters if protocol else {})

    @cached_property
    def in_force(self) -> dict[str, dict[str, Any]]:
        """Every parameter, defaults included."""
        return parameters_in_force(self.overrides)

    @cached_property
    def definitions_digest(self) -> str:
        """SHA-256 of all definition versions."""
        return digest_text(*(f"{code} {d.version}" for code, d in REGISTRY.items()))

    @cached_property
    def parameters_digest(self) -> str:
        """SHA-256 of every parameter in force."""
        return digest_text(repr(sorted(_flatten(self.in_force))))

    def make_run(self, study: Study, *, cut: DataCut | None, job_number: int | None, **counts: int) -> Run:
        """Write the run's row."""
        return Run.objects.create(
            study=study,
            cut=cut,
            definitions_digest=self.definitions_digest,
            parameters=self.in_force,
            parameters_digest=self.parameters_digest,
            code_version=__version__,
            job_number=job_number,
            **counts,
        )

    def are_those_of(self, run: Run) -> bool:
        """Whether a run was made, or begun, by these rules."""
        return (run.definitions_digest, run.parameters_digest) == (self.definitions_digest, self.parameters_digest)


class RunWriter:
    """Evaluates chunks of subjects and writes what changed; without a run, its row appears with the first change."""

    def __init__(self, *, study: Study, rules: Rules, job_number: int | None = None, run: Run | None = None) -> None:
        self._study = study
        self._rules = rules
        self._job_number = job_number
        self._definitions = definition_rows()
        self._run = run
        self._changed = 0
        self._results = 0

    def evaluate_subjects(self, subject_ids: Sequence[int]) -> None:
        """Read, compare digests, evaluate the subjects that differ, write; chunk by chunk."""
        for chunk in chunks(subject_ids, CHUNK_SUBJECTS):
            self._evaluate_chunk(chunk)

    def _evaluate_chunk(self, subject_ids: list[int]) -> None:
        frames = read_frames(self._study.pk, subject_ids)
        salt = self._rules.definitions_digest + self._rules.parameters_digest
        digests = digest_inputs(frames, subject_ids, salt=salt)
        known = self._known(subject_ids)
        changed = [subject for subject in subject_ids if known.get(subject) != digests[subject].whole]
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
        self._write(changed, digests, evaluate(frames, self._rules.overrides))

    def _known(self, subject_ids: list[int]) -> dict[int, str]:
        if self._run is not None and self._run.cut_id is not None:
            # Every run of a cut is whole by itself.
            return {}
        current = Evaluation.objects.current().filter(subject__in=subject_ids)
        return dict(current.values_list("subject_id", "input_digest"))

    def finish(self, *, subjects_seen: int) -> Recomputed:
        """Complete the run's counts."""
        if self._run is not None:
            self._run.subjects_seen = subjects_seen
            self._run.subjects_changed = self._changed
            self._run.save(update_fields=["subjects_seen", "subjects_changed"])
        return self._done(subjects_seen)

    def finish_part(self, *, first: int, last: int, subjects_seen: int) -> Recomputed:
        """Say that this part of the run has ended."""
        assert self._run is not None
        # A row of its own: parts that ended together would wait for each other to count up the run's.
        RunPart.objects.create(
            run=self._run, first=first, last=last, subjects_seen=subjects_seen, subjects_changed=self._changed
        )
        fault_point("endpoints.written")
        return self._done(subjects_seen)

    def _done(self, subjects_seen: int) -> Recomputed:
        return Recomputed(
            run_id=self._run.pk if self._run else None,
            subjects_seen=subjects_seen,
            subjects_changed=self._changed,
            results=self._results,
        )

    def _write(self, changed: list[int], digests: Mapping[int, InputDigest], answers: pl.DataFrame) -> None:
        if self._run is None:
            self._run = self._rules.make_run(self._study, cut=None, job_number=self._job_number)
        evaluations = Evaluation.objects.bulk_create(
            [
                Evaluation(run=self._run, subject_id=s, input_digest=digests[s].whole, inputs=digests[s].parts)
                for s in changed
            ]
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
                pl.col("baseline").alias("baseline_id"),
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
