"""Enrolment and follow-up of the demo on a terminal: who signed, when Day 0 was, what comes next."""

import datetime as dt
from typing import Any

import polars as pl

from cart.endpoints.schedule import DONE, FUTURE, OPEN, OVERDUE
from cart.inputs.schedule import read_schedule
from cart.models import EligibilityDecision, Study, Subject

_HEADER = ("subject", "status", "eligible", "signed by", "Day 0", "next visit", "followed until")


def calendar_lines(study: Study, *, now: dt.datetime) -> list[str]:
    """One line per subject, below its heading."""
    schedule = read_schedule(Subject.objects.filter(study=study), now=now)
    decisions = EligibilityDecision.objects.filter(subject__study=study).order_by("decided_at", "pk")
    signed = {decision.subject_id: decision for decision in decisions}
    rows = [_HEADER]
    for subject in study.subjects.order_by("code"):
        visits = schedule.filter(pl.col("subject_id") == subject.pk)
        decision = signed.get(subject.pk)
        rows.append(
            (
                subject.code,
                subject.get_status_display(),
                _day(decision.decided_at.date()) if decision else "-",
                decision.decided_by if decision else "-",
                _day(_first(visits.filter((pl.col("code") == "D0") & (pl.col("state") == DONE)), "occurred_on")),
                _next(visits),
                _day(visits["target_on"].max()),
            )
        )
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _next(visits: pl.DataFrame) -> str:
    waiting = visits.filter(pl.col("state").is_in([OVERDUE, OPEN, FUTURE])).sort("target_on")
    if not waiting.height:
        return "-"
    first = waiting.row(0, named=True)
    return f"{first['code']} {_day(first['target_on'])}"


def _first(visits: pl.DataFrame, column: str) -> Any:
    return visits[column][0] if visits.height else None


def _day(day: Any) -> str:
    return "-" if day is None else f"{day.day} {day:%b %Y}"
