"""What the pages of the schedule share: rows in words, addresses, the panel on the subject's page."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from cart.admin.panels import register_subject_panel
from cart.endpoints.schedule import DONE, EARLY, ENDED, FUTURE, LATE, MISSED, NOT_DATED, OPEN, OVERDUE
from cart.endpoints.timing import PartialDate
from cart.inputs.schedule import read_schedule
from cart.models import PlannedPanel, Subject
from cart.scoping import visible_to, writes_of


@dataclass(frozen=True)
class Sign:
    """How a state is shown: a mark that differs in shape, and its word."""

    mark: str
    word: str


SIGNS = {
    DONE: Sign("●", "took place"),
    EARLY: Sign("◐", "took place early"),
    LATE: Sign("◑", "took place late"),
    MISSED: Sign("✕", "missed"),
    OPEN: Sign("○", "window open"),
    OVERDUE: Sign("!", "overdue"),
    FUTURE: Sign("·", "to come"),
    NOT_DATED: Sign("–", "no date yet"),
    ENDED: Sign(" ", "after the end of participation"),
}


def in_days(row: dict[str, Any]) -> str:
    """The state with its number of days.

    >>> in_days({"state": "overdue", "days": 3}), in_days({"state": "open", "days": 0})
    ('overdue by 3 days', 'window open, last day')
    """
    word, days = SIGNS[row["state"]].word, row["days"]
    if days is None:
        return word
    span = "1 day" if days == 1 else f"{days} days"
    if row["state"] == OPEN:
        return f"{word}, {span} left" if days else f"{word}, last day"
    if row["state"] == FUTURE:
        return f"opens in {span}"
    return f"{word} by {span}"


def window(row: dict[str, Any]) -> str:
    """First and last day of the window."""
    if row["from_on"] is None:
        return ""
    first, last = day_text(row["from_on"]), day_text(row["until_on"])
    return first if first == last else f"{first} to {last}"


def day_text(day: dt.date | None) -> str:
    """A day with the name of its month."""
    return "" if day is None else f"{day.day} {day:%b %Y}"


def partial_text(text: str) -> str:
    """A date of declared precision with the name of its month; the day and the month only where they are known.

    >>> partial_text("2024-03-05"), partial_text("2024-03"), partial_text("2024")
    ('5 Mar 2024', 'Mar 2024', '2024')
    """
    if len(text) < len("2024-03"):
        return text
    first = PartialDate(text).earliest
    return day_text(first) if PartialDate(text).complete else f"{first:%b %Y}"


def record_url(row: dict[str, Any]) -> str:
    """Where the visit is shown, or entered."""
    if row["visit_id"] is not None:
        return reverse("admin:cart_visit_change", args=[row["visit_id"]])
    given = urlencode({"subject": row["subject_id"], "planned": row["planned_id"]})
    return f"{reverse('admin:cart_visit_add')}?{given}"


def worded(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of a schedule as a page shows them."""
    return [
        {
            **row,
            "target": day_text(row["target_on"]),
            "occurred": day_text(row["occurred_on"]),
            "window": window(row),
            "words": in_days(row),
            "sign": SIGNS[row["state"]],
            "url": record_url(row),
            "subject_url": reverse("admin:cart_subject_change", args=[row["subject_id"]]),
        }
        for row in rows.iter_rows(named=True)
    ]


def schedule_panel(request: HttpRequest, subject: Subject) -> str:
    """Target, window and actual day of every planned visit of a subject."""
    subjects = visible_to(request.user, Subject.objects.filter(pk=subject.pk))
    rows = worded(read_schedule(subjects, now=timezone.now()))
    if not rows:
        return ""
    due: dict[int, list[str]] = {}
    planned = PlannedPanel.objects.filter(planned__in=[row["planned_id"] for row in rows]).order_by("panel__code")
    for planned_id, name in planned.values_list("planned", "panel__name"):
        due.setdefault(planned_id, []).append(name)
    rows = [{**row, "panels": ", ".join(due.get(row["planned_id"], []))} for row in rows]
    may_write = writes_of(request.user, subject)
    return render_to_string("cart/schedule_panel.html", {"rows": rows, "may_write": may_write}, request=request)


register_subject_panel(key="schedule", title="Visit schedule", order=3, render=schedule_panel)
