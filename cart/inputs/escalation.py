"""Cohorts, their treated subjects and what is known of their dose-limiting toxicity, for the board of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cart.endpoints.answers import NO, ONGOING, YES
from cart.endpoints.catalogue import compute
from cart.endpoints.escalation.board import Treated
from cart.endpoints.limiting_toxicity import LIMITING
from cart.endpoints.prepared import FRAMES, Prepared
from cart.inputs import subjects, time_zero
from cart.inputs.safety import events, last_visits
from cart.models import Cohort, Study, Subject

_GOING_ON = frozenset({Subject.Status.SCREENING, Subject.Status.ENROLLED})
TOXIC, FREE, WAITING, LEFT = "toxic", "free", "waiting", "left"


@dataclass(frozen=True)
class CohortSubject:
    """A subject that was given cells: what the window says of it, and why it does not count yet or never will.

    ``state``: with a DLT; free of one through the window; waiting, also for a decision; left the trial in its window.
    """

    key: int
    code: str
    cohort: Cohort | None
    state: str
    reason: str

    def as_treated(self, window_days: int) -> Treated:
        """For the kernel: whoever waits is followed for less than the window, whatever the calendar says."""
        days = window_days if self.state == FREE else 0
        return Treated(self.code, self.cohort.level if self.cohort else 0, days, self.state == TOXIC)


def treated_subjects(
    study: Study, subject_ids: Sequence[int], overrides: Mapping[str, Mapping[str, Any]]
) -> list[CohortSubject]:
    """These subjects of a study as far as they were given cells, in the order of their time zero.

    Five queries whatever their number. Days are those on which a subject was seen, not those of the calendar.
    """
    zeros = time_zero(study.pk, subject_ids).sort("time_zero_on", "time_zero_at", "subject_id")
    ids = zeros["subject_id"].to_list()
    if not ids:
        return []
    answers = _answers(study.pk, ids, zeros, overrides)
    rows = {row.pk: row for row in Subject.objects.filter(pk__in=ids).select_related("cohort")}
    return [_subject(rows[key], *answers[key]) for key in ids]


def _answers(
    study_id: int, ids: Sequence[int], zeros: pl.DataFrame, overrides: Mapping[str, Mapping[str, Any]]
) -> dict[int, tuple[str, str, str]]:
    """Text, status and reason of the endpoint DLT by subject."""
    frames = {
        **{name: pl.DataFrame(schema=columns) for name, columns in FRAMES.items()},
        "subjects": subjects(study_id, ids),
        "time_zero": zeros,
        "events": events(study_id, ids),
        "last_visits": last_visits(study_id, ids),
    }
    found = compute(Prepared(frames), (LIMITING.code,), overrides)
    names = ("subject_id", "text", "status", "reason")
    return {key: (text or "", status, reason or "") for key, text, status, reason in found.select(names).iter_rows()}


def _subject(row: Subject, text: str, status: str, reason: str) -> CohortSubject:
    if text == YES:
        state = TOXIC
    elif text == NO:
        state = FREE
    elif status == ONGOING and row.status not in _GOING_ON:
        state, reason = LEFT, f"{row.get_status_display().lower()}; {reason}"
    else:
        state = WAITING
    return CohortSubject(row.pk, row.code, row.cohort, state, reason)
