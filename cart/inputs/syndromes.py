"""Stored days of CRS and ICANS, and a subject's safety, as the kernels answer now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cart.endpoints.catalogue import compute
from cart.endpoints.prepared import FRAMES, Prepared
from cart.endpoints.syndromes import CRS, DEFINITIONS, FRAMES_OF, ICANS, days_after_zero
from cart.endpoints.toxicity.crs import has_fever
from cart.endpoints.toxicity.episodes import episodes, graded_days
from cart.endpoints.toxicity.icans import ICE_PARTS, ice_scores
from cart.inputs import planned_visits, subjects, therapies, time_zero
from cart.inputs.safety import READERS
from cart.models import CrsAssessment, IcansAssessment, Subject
from trialsite.isolation.reading import once

ANSWERS = ("DLT", "CRSMAX", "ICANSMAX", "TOCIMG", "TOCIMGKG", "STERDEX")
Day = CrsAssessment | IcansAssessment


@dataclass(frozen=True)
class ComputedGrade:
    """Grade of a day: one number, or bounds with the reason."""

    low: int | None
    high: int | None
    reason: str
    differs: bool

    def __str__(self) -> str:
        if self.low is None:
            return "not assessed"
        return f"{self.low}" if self.low == self.high else f"{self.low} to {self.high} ({self.reason})"


NOT_ASSESSED = ComputedGrade(None, None, "", differs=False)


def grades_of(days: Sequence[Day]) -> dict[int | None, ComputedGrade]:
    """Computed grade of each day, by key; all of one kind."""
    assessed = [day for day in days if not day.not_done_reason]
    grades: dict[int | None, ComputedGrade] = {day.pk: NOT_ASSESSED for day in days}
    if assessed:
        is_crs = isinstance(assessed[0], CrsAssessment)
        frame = _crs_frame(assessed) if is_crs else _icans_frame(assessed)
        graded = graded_days(frame, FRAMES_OF[CRS if is_crs else ICANS][1])
        for day, row in zip(assessed, graded.iter_rows(named=True), strict=True):
            grades[day.pk] = ComputedGrade(row["low"], row["high"], row["reason"], row["differs"])
    return grades


def _crs_frame(days: Sequence[Any]) -> pl.DataFrame:
    rows = [
        (
            None if day.temperature_max_c is None else float(day.temperature_max_c),
            day.fever_other_cause,
            day.fever_masked,
            day.hypotension or None,
            day.hypoxia or None,
            day.fatal,
            day.investigator_grade,
        )
        for day in days
    ]
    own = ("fever_waived", "hypotension", "hypoxia", "died", "investigator_grade")
    schema = {"temperature": pl.Float64, "other_cause": pl.Boolean, **{name: FRAMES["crs_days"][name] for name in own}}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(has_fever(pl.col("temperature"), pl.col("other_cause")).alias("fever"))


def _icans_frame(days: Sequence[Any]) -> pl.DataFrame:
    parts = [f"ice_{part}" for part in ICE_PARTS]
    rows = [
        (
            *(getattr(day, part) for part in parts),
            day.consciousness or None,
            day.seizure or None,
            day.motor_weakness,
            day.oedema or None,
            day.fatal,
            day.investigator_grade,
        )
        for day in days
    ]
    own = ("consciousness", "seizure", "deep_focal_motor_weakness", "icp_oedema", "died", "investigator_grade")
    schema = {**dict.fromkeys(parts, pl.Int64), **{name: FRAMES["icans_days"][name] for name in own}}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(ice_scores("ice_").alias("ice_score"))


@dataclass(frozen=True)
class SubjectSafety:
    """Answers (rows of ``ANSWER_SCHEMA``) and episodes of one subject, with the days of time zero."""

    answers: list[dict[str, Any]]
    episodes: list[dict[str, Any]]
    time_zero_on: Any


def safety_of(subject: Subject) -> SubjectSafety:
    """What the kernels answer about a subject now, by the parameters of the protocol in force."""
    inputs = _inputs(subject)
    zero = inputs.frames["time_zero"]["time_zero_on"]
    return SubjectSafety(
        answers=compute(inputs, ANSWERS, _overrides(subject)).to_dicts(),
        episodes=episodes_of(subject),
        time_zero_on=zero[0] if len(zero) else None,
    )


def episodes_of(subject: Subject) -> list[dict[str, Any]]:
    """Episodes of CRS and ICANS of one subject now; none before time zero."""
    inputs, overrides = _inputs(subject), _overrides(subject)
    return [row for syndrome in (CRS, ICANS) for row in _episodes(inputs, syndrome, overrides)]


def _overrides(subject: Subject) -> dict[str, Any]:
    protocol = subject.study.current_protocol()
    return protocol.parameters if protocol else {}


def _inputs(subject: Subject) -> Prepared:
    """What is recorded about a subject's safety; a page reads it once."""
    return once(("safety", subject.pk), lambda: _read_inputs(subject))


def _read_inputs(subject: Subject) -> Prepared:
    ids = [subject.pk]
    frames = {
        # What is not named below no answer of these reads: laboratory, skin, lungs.
        **{name: pl.DataFrame(schema=columns) for name, columns in FRAMES.items()},
        "subjects": subjects(subject.study_id, ids),
        "time_zero": time_zero(subject.study_id, ids),
        "therapies": therapies(subject.study_id, ids),
        "planned_visits": planned_visits(subject.study_id),
        **{name: read(subject.study_id, ids) for name, read in READERS.items()},
    }
    return Prepared(frames)


def _episodes(inputs: Prepared, syndrome: str, overrides: dict[str, Any]) -> list[dict[str, Any]]:
    if inputs.frames[FRAMES_OF[syndrome][0]].is_empty():
        return []
    in_force = DEFINITIONS[f"{syndrome}EPI"].in_force(overrides)
    found = episodes(days_after_zero(inputs, syndrome), free_days=in_force["free_days"])
    return [{"syndrome": syndrome, **row} for row in found.iter_rows(named=True)]
