"""Subject matrix: subjects by planned visits of one study, one mark in each cell."""

from typing import Any

import polars as pl
from django import forms
from django.contrib.admin import AdminSite
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cart.admin.schedule import SIGNS, worded
from cart.inputs.schedule import planned_in_force, read_schedule
from cart.models import Arm, DataQuery, RecordCompletion, Site, Study, Subject, Visit
from cart.scoping import visible_to
from trialsite.exports.writers import csv_text

_VISITS_TABLE = Visit._meta.db_table


class MatrixForm(forms.Form):
    """Which study, and which of its sites and arms."""

    study = forms.ModelChoiceField(Study.objects.none(), empty_label=None)
    site = forms.ModelChoiceField(Site.objects.none(), required=False, empty_label="All sites")
    arm = forms.ModelChoiceField(Arm.objects.none(), required=False, empty_label="All arms")

    def __init__(self, *args: Any, user: Any, study: Study | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, QuerySet[Any]] = {
            "study": visible_to(user, Study.objects.all()),
            "site": visible_to(user, Site.objects.filter(study=study).select_related("study")),
            "arm": visible_to(user, Arm.objects.filter(study=study)),
        }
        for name, rows in choices.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
            self.fields[name].widget.attrs.update({"class": "ts-input ts-filter"})


def matrix_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Page, or the same cells as CSV with ``?format=csv``."""
    studies = visible_to(request.user, Study.objects.all())
    asked = request.GET.get("study", "")
    study = (studies.filter(pk=int(asked)).first() if asked.isdecimal() else None) or studies.first()
    form = MatrixForm({**request.GET.dict(), "study": study.pk if study else ""}, user=request.user, study=study)
    subjects = visible_to(request.user, Subject.objects.filter(study=study))
    # A site or an arm of another study narrows nothing: its choice is left out with the study it was of.
    chosen = form.cleaned_data if form.is_valid() else {}
    for name in ("site", "arm"):
        if chosen.get(name) is not None:
            subjects = subjects.filter(**{name: chosen[name]})
    schedule = read_schedule(subjects, now=timezone.now())
    planned = planned_in_force([study.pk] if study else []).sort("target_day", "code")
    if request.GET.get("format") == "csv":
        return _as_csv(schedule, study)
    context = {
        **site.each_context(request),
        "title": f"Subject matrix of {study}" if study else "Subject matrix",
        "form": form,
        "planned": planned.to_dicts(),
        "rows": _lines(subjects, schedule, planned, request),
        "signs": SIGNS.values(),
        "csv_url": f"?{request.GET.urlencode()}&format=csv",
    }
    return TemplateResponse(request, "cart/matrix.html", context)


def _lines(
    subjects: QuerySet[Subject], schedule: pl.DataFrame, planned: pl.DataFrame, request: HttpRequest
) -> list[dict[str, Any]]:
    """One line per subject: its cells in the order of the planned visits, and the queries that wait."""
    cells: dict[int, dict[str, dict[str, Any]]] = {}
    for row in worded(schedule):
        cells.setdefault(row["subject_id"], {})[row["code"]] = row
    waiting = visible_to(request.user, DataQuery.objects.filter(subject__in=subjects, status=DataQuery.Status.OPEN))
    by_subject = dict(waiting.order_by().values_list("subject").annotate(number=Count("pk")))
    of_visits = waiting.filter(target_table=_VISITS_TABLE).order_by()
    by_visit = dict(of_visits.values_list("target_id").annotate(number=Count("pk")))
    marks = RecordCompletion.objects.filter(subject__in=subjects, target_table=_VISITS_TABLE).order_by()
    states = dict(marks.values_list("target_id", "state"))
    queries_url = reverse("admin:cart_dataquery_changelist")
    lines = []
    for subject in subjects.select_related("site__study", "arm").order_by("code"):
        own = cells.get(subject.pk, {})
        lines.append(
            {
                "subject": subject,
                "url": reverse("admin:cart_subject_change", args=[subject.pk]),
                "queries": by_subject.get(subject.pk, 0),
                "queries_url": f"{queries_url}?subject__id__exact={subject.pk}&status__exact=open",
                "cells": [
                    {
                        **own[code],
                        "queries": by_visit.get(own[code]["visit_id"], 0),
                        "completion": states.get(own[code]["visit_id"], ""),
                    }
                    for code in planned["code"]
                ],
            }
        )
    return lines


def _as_csv(schedule: pl.DataFrame, study: Study | None) -> HttpResponse:
    """The cells long: one row per subject and planned visit."""
    columns = [
        "study",
        "site",
        "arm",
        "subject",
        "code",
        "target_on",
        "from_on",
        "until_on",
        "occurred_on",
        "state",
        "days",
    ]
    name = f"matrix-{study.code if study else 'none'}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = csv_text(schedule.select(columns))
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
