"""Write a run: evaluate subjects chunk by chunk, and store what differs.

Of a subject that was evaluated before by the same rules, only the endpoints are computed whose inputs moved, and those
that rest on them; the other answers are taken over. Both give what computing all of them gives.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cart.actions.runs import Recomputed, Rules, definition_rows
from cart.actions.stored_answers import read_answers, take_over_answers, write_answers
from cart.endpoints.catalogue import Answered, answer
from cart.endpoints.dependence import moved_inputs, touched
from cart.endpoints.registry import REGISTRY
from cart.inputs import InputDigest, digest_inputs, digest_text, read_frames
from cart.models import Evaluation, InputUse, Run, RunPart, Study
from trialsite import __version__
from trialsite.jobs.execution import fault_point
from trialsite.jobs.one_processor import on_one_processor

# Chunks of this many subjects bound the memory, and are large enough for the fixed cost of a rule (bench.endpoints).
CHUNK_SUBJECTS = 500

Frames = Mapping[str, pl.DataFrame]
Reads = Mapping[str, Sequence[str]]


def chunks(subject_ids: Sequence[int], size: int) -> Iterator[list[int]]:
    """Subjects in chunks, in the order of their keys."""
    for start in range(0, len(subject_ids), size):
        yield list(subject_ids[start : start + size])


@dataclass(frozen=True)
class _Before:
    """What is in force of a subject that is evaluated anew, by the same rules."""

    evaluation: int
    inputs: Mapping[str, str]
    use: int


class RunWriter:
    """Evaluates chunks of subjects and writes what changed; without a run, its row appears with the first change."""

    def __init__(self, *, study: Study, rules: Rules, job_number: int | None = None, run: Run | None = None) -> None:
        self._study = study
        self._rules = rules
        self._job_number = job_number
        self._definitions = definition_rows()
        self._run = run
        self._uses: dict[str, int] = {}
        self._changed = 0
        self._results = 0

    def evaluate_subjects(self, subject_ids: Sequence[int]) -> None:
        """Read, compare digests, evaluate the subjects that differ, write; chunk by chunk."""
        for chunk in chunks(subject_ids, CHUNK_SUBJECTS):
            # Most steps are short, and handing one to another processor costs more than the step.
            with on_one_processor():
                self._evaluate_chunk(chunk)

    def _evaluate_chunk(self, subject_ids: list[int]) -> None:
        frames = read_frames(self._study.pk, subject_ids, self._rules.analytes)
        salt = self._rules.definitions_digest + self._rules.parameters_digest
        digests = digest_inputs(frames, subject_ids, salt=salt)
        known = self._known(subject_ids)
        changed = [s for s in subject_ids if s not in known or known[s][1] != digests[s].whole]
        if not changed:
            return
        before = self._before([known[subject][0] for subject in changed if subject in known])
        reads = self._reads(before)
        codes: set[str] = set()
        for subject, one in before.items():
            codes |= touched(reads[one.use], moved_inputs(one.inputs, digests[subject].parts))
        if len(codes) == len(REGISTRY):
            before = {}
        self._evaluate_whole([subject for subject in changed if subject not in before], digests, frames)
        self._evaluate_touched(before, reads, codes, digests, frames)

    def _known(self, subject_ids: list[int]) -> dict[int, tuple[int, str]]:
        """Key and digest of the evaluation in force of each subject that has one."""
        if self._run is not None and self._run.cut_id is not None:
            # Every run of a cut is whole by itself.
            return {}
        current = Evaluation.objects.current().filter(subject__in=subject_ids)
        return {row[0]: row[1:] for row in current.values_list("subject_id", "pk", "input_digest")}

    def _before(self, evaluations: list[int]) -> dict[int, _Before]:
        """Those that were made by the same rules and note what was read, by their subject."""
        if not evaluations:
            return {}
        rows = Evaluation.objects.filter(
            pk__in=evaluations,
            inputs__isnull=False,
            input_use__isnull=False,
            run__definitions_digest=self._rules.definitions_digest,
            run__parameters_digest=self._rules.parameters_digest,
            run__code_version=__version__,
        )
        return {
            subject: _Before(evaluation, inputs or {}, use)
            for subject, evaluation, inputs, use in rows.values_list("subject_id", "pk", "inputs", "input_use_id")
        }

    def _reads(self, before: Mapping[int, _Before]) -> dict[int, Reads]:
        uses = InputUse.objects.in_bulk({one.use for one in before.values()}) if before else {}
        return {key: use.reads for key, use in uses.items()}

    def _evaluate_whole(self, subject_ids: list[int], digests: Mapping[int, InputDigest], frames: Frames) -> None:
        """Every endpoint of these subjects."""
        if not subject_ids:
            return
        answered = answer(_of_subjects(frames, subject_ids), self._rules.overrides)
        use = self._use(answered.reads)
        evaluations = self._write_evaluations(digests, dict.fromkeys(subject_ids, use))
        self._results += write_answers(answered.answers, evaluations, self._definitions)

    def _evaluate_touched(
        self,
        before: Mapping[int, _Before],
        reads: Mapping[int, Reads],
        codes: set[str],
        digests: Mapping[int, InputDigest],
        frames: Frames,
    ) -> None:
        """The endpoints in ``codes`` of these subjects; the others are taken over."""
        if not before:
            return
        answered = self._answer_touched(
            [one.evaluation for one in before.values()], codes, _of_subjects(frames, before)
        )
        uses = {use: self._next_use(use, noted, answered.reads) for use, noted in reads.items()}
        evaluations = self._write_evaluations(digests, {subject: uses[one.use] for subject, one in before.items()})
        self._results += write_answers(answered.answers, evaluations, self._definitions)
        kept = [row.pk for code, row in self._definitions.items() if code not in codes]
        newer = {one.evaluation: evaluations[subject] for subject, one in before.items()}
        self._results += take_over_answers(newer, kept)

    def _answer_touched(self, evaluations: list[int], codes: set[str], frames: Frames) -> Answered:
        needed = {need for code in codes for need in REGISTRY[code].needs} - codes
        known = read_answers(evaluations, [self._definitions[code].pk for code in needed]) if needed else None
        return answer(frames, self._rules.overrides, codes=codes, known=known)

    def _next_use(self, use: int, noted: Reads, reads: Reads) -> int:
        """What was read before, with what is read now in its place; mostly that is the same."""
        return use if reads.items() <= noted.items() else self._use({**noted, **reads})

    def _use(self, reads: Reads) -> int:
        digest = digest_text(json.dumps(reads, sort_keys=True))
        if digest not in self._uses:
            noted = InputUse.objects.filter(digest=digest).order_by("pk").first()
            self._uses[digest] = (noted or InputUse.objects.create(digest=digest, reads=reads)).pk
        return self._uses[digest]

    def _write_evaluations(self, digests: Mapping[int, InputDigest], uses: Mapping[int, int]) -> dict[int, int]:
        """An evaluation of each subject in ``uses``; its key by the subject's."""
        if self._run is None:
            self._run = self._rules.make_run(self._study, cut=None, job_number=self._job_number)
        written = Evaluation.objects.bulk_create(
            Evaluation(
                run=self._run,
                subject_id=subject,
                input_digest=digests[subject].whole,
                inputs=digests[subject].parts,
                input_use_id=use,
            )
            for subject, use in uses.items()
        )
        self._changed += len(written)
        return {evaluation.subject_id: evaluation.pk for evaluation in written}

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


def _of_subjects(frames: Frames, subject_ids: Sequence[int] | Mapping[int, object]) -> Frames:
    """Rows of some of the subjects that were read."""
    if len(subject_ids) == frames["subjects"].height:
        return frames
    keep = pl.Series(list(subject_ids), dtype=pl.Int64).implode()
    return {
        name: frame.filter(pl.col("subject_id").is_in(keep)) if "subject_id" in frame.columns else frame
        for name, frame in frames.items()
    }
