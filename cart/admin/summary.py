"""Study-level summaries: one page per summary, endpoint by endpoint, curves as tables of their steps."""

from itertools import groupby
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path, reverse

from cart.admin.desk import ReadOnlyAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.run import csv_answer
from cart.datasets.summaries import SUMMARY, summary_rows
from cart.models import StudySummary, SummaryStatistic
from cart.scoping import visible_to


@admin.register(StudySummary)
class StudySummaryAdmin(ReadOnlyAdmin):
    """Summaries of a study's answers."""

    list_display = ("id", "study", "run", "subjects", "computed_at", "code_version")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study", "run__study")
    search_fields = ("study__code",)
    date_hierarchy = "computed_at"
    fields = (("study", "run"), ("subjects", "computed_at", "code_version"), "parameters")
    change_form_outer_after_template = "cart/summary_after.html"

    def get_urls(self) -> list[Any]:
        """The table as a file stands below the summary."""
        view = self.admin_site.admin_view(self.table)
        return [path("<int:number>/table/", view, name="cart_studysummary_table"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Add the statistics."""
        context = dict(extra_context or {})
        summary = self.get_object(request, object_id)
        if summary is not None:
            context["summary_panel"] = render_to_string("cart/summary_panel.html", _panel(summary), request=request)
        return super().change_view(request, object_id, form_url, context)

    def table(self, request: HttpRequest, number: int) -> HttpResponse:
        """Every statistic as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        summary = visible_to(request.user, StudySummary.objects.select_related("study")).filter(pk=number).first()
        if summary is None:
            raise Http404("There is no such summary among yours.")
        return csv_answer(SUMMARY.shaped(summary_rows(summary.pk)), f"summary-{summary.study.code}-{summary.pk}.csv")


def _panel(summary: StudySummary) -> dict[str, Any]:
    rows = SummaryStatistic.objects.filter(summary=summary).order_by("code", "series", "timepoint", "position")
    sections = [
        {"code": code, "label": label, "cells": [_cell(key, list(cell)) for key, cell in _cells(own)]}
        for (code, label), own in groupby(rows, key=lambda row: (row.code, row.label))
    ]
    return {"sections": sections, "csv_url": reverse("admin:cart_studysummary_table", args=[summary.pk])}


def _cells(rows: Any) -> Any:
    return groupby(rows, key=lambda row: (row.series, row.timepoint))


def _cell(key: tuple[str, str], rows: list[SummaryStatistic]) -> dict[str, Any]:
    return {
        "series": key[0],
        "timepoint": key[1],
        "rows": [{"row": row, "shown": _shown(row)} for row in rows if row.at is None],
        "curve": [{"row": row, "shown": _shown(row)} for row in rows if row.at is not None],
    }


def _shown(row: SummaryStatistic) -> str:
    """The statistic as one reads it: value and interval with its coverage, or bounds."""
    if row.value is None and row.low is None and row.high is None:
        return ""
    value = "" if row.value is None else f"{row.value:,.4g}"
    interval = ""
    if row.low is not None or row.high is not None:
        low = "−∞" if row.low is None else f"{row.low:,.4g}"
        high = "∞" if row.high is None or row.high == float("inf") else f"{row.high:,.4g}"
        interval = f" ({low} to {high})" if row.confidence is None else f" ({row.confidence:.0%} CI {low} to {high})"
    unit = f" {row.unit}" if row.unit else ""
    return f"{value}{unit}{interval}".strip()
