"""The Day axis of the subject's page: what happened and when, drawn and as a table."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from cart.admin.charts import origin_of
from cart.admin.course_entries import EVENTS, LANES, Entry, entries_of
from cart.admin.day_axis import Between, Span, render_axis
from cart.admin.panels import register_subject_panel
from cart.admin.schedule import day_text
from cart.models import Subject

# The days in which most happens, drawn apart where the whole course would press them together.
CLOSE_DAYS = (-35, 60)
_LONG_COURSE = 240
# A therapy of ten years ago would press the course together.
_EARLIEST = -400
# Of a plot's four colours: what harms, what explains a value, what is done, what is looked at.
_COLOURS = {"CRS": 3, "ICANS": 3, EVENTS: 3, "Visits": 2, "Participation": 2}
_TREATMENT, _CONFOUNDER = 0, 1


def axis_panel(request: HttpRequest, subject: Subject) -> str:
    """Axis and table for the user of this request; empty where nothing is recorded."""
    return axis_html(request, subject)


def axis_html(request: HttpRequest, subject: Subject, *, exported: bool = False) -> str:
    """Axis and table; an export holds the table open."""
    entries = entries_of(request.user, subject)
    if not entries:
        return ""
    origin = origin_of(subject, ())
    zero_on = origin.on if origin is not None else None
    spans = [_span(entry) for entry in entries if entry.is_dated]
    windows = _windows(spans, zero_on)
    drawn = [
        render_axis(spans, LANES, key=key, title=f"Course of {subject.code}, {key}", zero_on=zero_on, window=window)
        for key, window in windows.items()
    ]
    context = {
        # The axis escapes every text it takes from the database.
        "drawn": [mark_safe(svg) for svg in drawn if svg],
        "close_days": CLOSE_DAYS if "close" in windows else None,
        "earlier": _earlier(spans, zero_on),
        "earliest": _EARLIEST,
        "rows": [_row(entry, zero_on) for entry in entries],
        "zero_on": day_text(zero_on),
        "exported": exported,
    }
    return render_to_string("cart/axis_panel.html", context, request=request)


def _windows(spans: Sequence[Span], zero_on: dt.date | None) -> dict[str, tuple[int, int] | None]:
    """Days of each picture by its key; None where it shows all."""
    if zero_on is None:
        return {"whole": None}
    days = [(day - zero_on).days for one in spans for pair in (one.starts, one.ends) if pair for day in pair]
    shown = [day for day in days if day >= _EARLIEST]
    if not shown:
        return {"whole": None}
    whole = (min(shown), max(shown))
    close: dict[str, tuple[int, int] | None] = {"close": CLOSE_DAYS} if whole[1] - whole[0] > _LONG_COURSE else {}
    return {**close, "whole": whole}


def _earlier(spans: Sequence[Span], zero_on: dt.date | None) -> int:
    """How many ended so long before time zero that the axis would press the course together for them."""
    if zero_on is None or _windows(spans, zero_on)["whole"] is None:
        return 0
    return sum(one.ends is not None and (one.ends[1] - zero_on).days < _EARLIEST for one in spans)


def _span(entry: Entry) -> Span:
    treatments = ("Apheresis", "Bridging", "Conditioning", "Chelation", "Infusion", "Study drug")
    colour = _TREATMENT if entry.lane in treatments else _COLOURS.get(entry.lane, _CONFOUNDER)
    return Span(entry.lane, entry.label, entry.starts, entry.ends, is_point=entry.is_point, colour=colour)


def _row(entry: Entry, zero_on: dt.date | None) -> dict[str, Any]:
    ends = None if entry.is_point else entry.ends
    return {
        "entry": entry,
        "start": _as_known(entry.start_text, entry.starts),
        "start_day": _day(entry.starts, zero_on),
        "end": "" if entry.is_point else _as_known(entry.end_text, ends),
        "end_day": _day(ends, zero_on),
        "is_exact": not any(pair and pair[0] != pair[1] for pair in (entry.starts, ends)),
    }


def _as_known(text: str, pair: Between | None) -> str:
    """A date as it was entered, with the days that it can have been where that is more than one."""
    if pair is None or pair[0] == pair[1]:
        return text
    return f"{text}: some day from {day_text(pair[0])} to {day_text(pair[1])}"


def _day(pair: Between | None, zero_on: dt.date | None) -> str:
    if pair is None or zero_on is None:
        return ""
    first, last = ((day - zero_on).days for day in pair)
    return str(first) if first == last else f"{first} to {last}"


register_subject_panel(key="days", title="Course by day", order=9, render=axis_panel)
