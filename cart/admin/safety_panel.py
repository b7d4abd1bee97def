"""Safety of a subject on its page: DLT, highest grades, episodes, cumulative doses, adverse events."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from cart.admin.endpoint import answer_text
from cart.admin.panels import register_subject_panel, register_subject_step
from cart.admin.schedule import day_text
from cart.endpoints.registry import REGISTRY
from cart.endpoints.timing import PartialDate
from cart.inputs.syndromes import SubjectSafety, safety_of
from cart.models import (
    AdverseEvent,
    CrsAssessment,
    EndpointResult,
    IcansAssessment,
    Infection,
    Subject,
)
from cart.scoping import visible_of, writes_of


def safety_panel(request: HttpRequest, subject: Subject) -> str:
    """What is known of a subject's safety now; the stored answers stand under Endpoints."""
    events = list(visible_of(request.user, subject, AdverseEvent.objects.filter(subject=subject)))
    infections = list(visible_of(request.user, subject, Infection.objects.filter(subject=subject)))
    safety = safety_of(subject)
    if safety.time_zero_on is None and not events and not infections:
        return ""
    shown = {
        "answers": [_answer(row) for row in safety.answers],
        "episodes": [_episode(row, safety) for row in safety.episodes],
        "events": [{"event": event, "day": _day(event.started, safety)} for event in events],
        "infections": [{"infection": one, "day": _day(one.started, safety)} for one in infections],
        "course_url": reverse("admin:cart_syndromecourse_change", args=[subject.pk]),
        "may_write": writes_of(request.user, subject),
    }
    return render_to_string("cart/safety_panel.html", shown, request=request)


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    names = ("value", "low", "high", "text", "unit", "status", "reason", "day")
    result = EndpointResult(**{name: row[name] for name in names if row[name] is not None})
    return {"label": REGISTRY[row["code"]].label, "result": result, "answer": answer_text(result)}


def _episode(row: dict[str, Any], safety: SubjectSafety) -> dict[str, Any]:
    onset, last = ((row[name] - safety.time_zero_on).days for name in ("onset_on", "last_on"))
    remarks = []
    if row["number"] > 1:
        remarks.append("came back")
    if not row["ended"]:
        remarks.append("no day of grade 0 after it")
    if row["open_days"]:
        remarks.append(f"days whose grade may be 0 or more: {row['open_days']}")
    low, high = row["low"], row["high"]
    return {
        **row,
        "onset": f"{day_text(row['onset_on'])} (day {onset})",
        "last": f"{day_text(row['last_on'])} (day {last})",
        "grade": str(low) if low == high else f"{low} to {high}",
        "remark": "; ".join(remarks),
    }


def _day(started: str, safety: SubjectSafety) -> str:
    """Protocol day of a start; empty where it is not known to the day, or there is no time zero."""
    date = PartialDate(started)
    if safety.time_zero_on is None or not date.complete:
        return ""
    return str((date.earliest - safety.time_zero_on).days)


register_subject_panel(key="safety", title="Safety", order=8, render=safety_panel)
for _title, _model in [
    ("Adverse events", AdverseEvent),
    ("CRS days", CrsAssessment),
    ("ICANS days", IcansAssessment),
    ("Infections", Infection),
]:
    register_subject_step(title=_title, model=_model)
