"""Flag, grade and delta check of a result in words."""

from dataclasses import dataclass
from typing import Any

from labs.actions.assessment import assessed
from labs.models import Result, Specimen

_KEPT = "assessment"


@dataclass(frozen=True)
class Assessment:
    """What a page says of a result."""

    flag: str
    grade: str
    delta: str


SUPERSEDED = Assessment("superseded", "superseded", "superseded")


def assessments(specimen: Specimen) -> dict[int, Assessment]:
    """Of every current result of the specimen's subject, by key."""
    rows = assessed(specimen.study, [specimen.subject_id])
    return {row["result_id"]: _in_words(row) for row in rows.iter_rows(named=True)}


def assessment_of(result: Result) -> Assessment:
    """Of one result; kept on it, as a page asks more than once."""
    if not hasattr(result, _KEPT):
        setattr(result, _KEPT, assessments(result.specimen).get(result.pk, SUPERSEDED))
    kept: Assessment = getattr(result, _KEPT)
    return kept


def _in_words(row: dict[str, Any]) -> Assessment:
    return Assessment(_flag(row), grade_in_words(row), delta_in_words(row))


def _flag(row: dict[str, Any]) -> str:
    if not row["flag"]:
        return f"none: {row['flag_reason']}"
    low, high = (_number(row[name]) for name in ("flag_low", "flag_high"))
    limits = f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"
    return f"{row['flag']} ({limits} {row['unit']})"


def grade_in_words(row: dict[str, Any]) -> str:
    """Grade with its term and version, or why there is none."""
    if row["grade_low"] is None:
        return f"none: {row['grade_reason']}"
    one = row["grade_low"] == row["grade_high"]
    grade = str(row["grade_low"]) if one else f"{row['grade_low']} to {row['grade_high']} ({row['grade_reason']})"
    return f"{grade}, {row['grade_term']} (CTCAE {row['grade_version']})"


def delta_in_words(row: dict[str, Any]) -> str:
    """Outcome of the delta check with the change."""
    if row["delta_status"] is None:
        return "no limit for this analyte"
    if row["delta_reason"]:
        return f"{row['delta_status']}: {row['delta_reason']}"
    low, high = (_number(row[name]) for name in ("delta_low", "delta_high"))
    return f"{row['delta_status']} (changed by {low if low == high else f'{low} to {high}'})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
