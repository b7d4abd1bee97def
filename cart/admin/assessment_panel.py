"""Assessments on the subject's page: visits by kinds, what was found in each cell, or where it is entered."""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from cart.admin.assessed import computed_texts, records_of
from cart.admin.panels import register_subject_panel
from cart.admin.schedule import day_text
from cart.models import ASSESSMENTS, Assessment, Subject, Visit
from cart.scoping import visible_of

# The record's own page has them: what a birthday leaves, and FEV1.
_ASIDES = re.compile(r" \([^()]* by birthday\)|; FEV1 .*")
# Record and text by key of the visit, or by day where there is no visit.
Stored = dict[Any, tuple[Assessment, str]]


@dataclass(frozen=True)
class Cell:
    """One kind at one visit: what was found and where it stands, or where it is entered."""

    kind: str
    text: str
    url: str


@dataclass(frozen=True)
class Line:
    """One visit, or one day without a visit, with a cell for each kind."""

    name: str
    day: str
    cells: Sequence[Cell]


def assessment_panel(request: HttpRequest, subject: Subject) -> str:
    """Grid of assessments that the user may see; one query for each kind, and one for the visits."""
    pages = {kind: admin.site._registry[kind] for kind in ASSESSMENTS}
    kinds = [kind for kind, page in pages.items() if page.has_view_permission(request)]
    found = {kind: _stored(request, subject, kind) for kind in kinds}
    visits = (
        visible_of(request.user, subject, Visit.objects.filter(subject=subject))
        .select_related("planned")
        .order_by("occurred_on", "pk")
    )
    # A missed visit is a line where something was said about it.
    shown = [
        visit
        for visit in visits
        if visit.status == Visit.Status.OCCURRED or any(visit.pk in stored for stored in found.values())
    ]
    entry = {kind for kind in kinds if pages[kind].has_add_permission(request)}
    lines = [_line(subject, found, visit, entry) for visit in shown]
    days = {key for stored in found.values() for key in stored if isinstance(key, dt.date)}
    lines += [
        Line("beside the visits", day_text(day), [_cell(stored.get(day)) for stored in found.values()])
        for day in sorted(days)
    ]
    if not lines or not (entry or any(found.values())):
        return ""
    heads = [str(kind._meta.verbose_name) for kind in kinds]
    return render_to_string("cart/assessment_panel.html", {"heads": heads, "lines": lines}, request=request)


def _stored(request: HttpRequest, subject: Subject, kind: type[Assessment]) -> Stored:
    rows = records_of(request.user, subject, kind)
    return {row.visit_id or row.assessed_on: (row, text) for row, text in zip(rows, computed_texts(rows), strict=True)}


def _line(subject: Subject, found: Mapping[Any, Stored], visit: Visit, entry: Collection[Any]) -> Line:
    day = {"assessed_on": visit.occurred_on} if visit.occurred_on else {}
    given = urlencode({"subject": subject.pk, "visit": visit.pk, **day})
    cells = [
        _cell(
            stored.get(visit.pk),
            f"{reverse(f'admin:cart_{kind._meta.model_name}_add')}?{given}" if kind in entry else "",
            str(kind._meta.verbose_name),
        )
        for kind, stored in found.items()
    ]
    return Line(str(visit.planned or visit.label), day_text(visit.occurred_on) or "missed", cells)


def _cell(stored: tuple[Assessment, str] | None, add_url: str = "", kind: str = "") -> Cell:
    if stored is None:
        return Cell(kind, "", add_url)
    record, text = stored
    return Cell(kind, _ASIDES.sub("", text), reverse(f"admin:cart_{record._meta.model_name}_change", args=[record.pk]))


register_subject_panel(key="assessments", title="Assessments", order=8, render=assessment_panel)
