"""Runs: what they computed, how far a divided one is, and what they changed."""

from typing import Any

import polars as pl
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse

from cart.admin.desk import ReadOnlyAdmin
from cart.admin.endpoint import answer_words
from cart.admin.filters import VisibleRelatedFilter
from cart.datasets.differences import DIFFERENCES, differences_between, differences_of_run
from cart.models import Run
from cart.scoping import visible_to
from trialsite.exports.writers import csv_text
from trialsite.jobs.models import Job

MOST_SHOWN = 500
_SIDES = ("OLD", "NEW")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Computations."""

    list_display = ("id", "study", "cut", "started_at", "subjects_seen", "changed", "progress", "code_version")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study", "cut__study")
    search_fields = ("study__code", "code_version", "cut__name")
    date_hierarchy = "started_at"
    fields = (
        ("study", "cut"),
        ("started_at", "code_version", "job_number"),
        ("subjects_seen", "changed", "progress"),
        ("definitions_digest", "parameters_digest"),
        "parameters",
    )
    readonly_fields = ("changed", "progress")
    change_form_outer_before_template = "cart/run_steps.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """With the counts of their parts."""
        rows: QuerySet[Run] = super().get_queryset(request).with_progress()
        return rows

    def get_urls(self) -> list[Any]:
        """The diff report stands below the run."""
        view = self.admin_site.admin_view(self.differences)
        return [path("<int:number>/differences/", view, name="cart_run_differences"), *super().get_urls()]

    @admin.display(description="Subjects changed")
    def changed(self, obj: Any) -> int:
        """Subjects with new answers, those of its parts included."""
        return int(obj.subjects_changed + obj.changed_in_parts)

    @admin.display(description="Progress")
    def progress(self, obj: Any) -> str:
        """How many parts have ended."""
        if not obj.part_count:
            return "done"
        if obj.parts_ended == obj.part_count:
            return f"done, {obj.part_count} parts"
        return f"{obj.parts_ended} of {obj.part_count} parts"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Add the steps: diff report, jobs of its parts."""
        context = dict(extra_context or {})
        run = self.get_object(request, object_id)
        if run is not None:
            context["run_panel"] = render_to_string("cart/run_panel.html", self._panel(run), request=request)
        return super().change_view(request, object_id, form_url, context)

    def _panel(self, run: Any) -> dict[str, Any]:
        waiting = Job.objects.none()
        if run.part_count > run.parts_ended:
            waiting = Job.objects.filter(payload__run=run.pk).exclude(state=Job.State.DONE).order_by("pk")
        return {
            "run": run,
            "differences_url": reverse("admin:cart_run_differences", args=[run.pk]),
            "share": round(100 * run.parts_ended / run.part_count) if run.part_count else 100,
            "jobs": waiting[:20],
            "jobs_url": reverse("admin:jobs_job_changelist"),
        }

    def differences(self, request: HttpRequest, number: int) -> HttpResponse:
        """What the run changed, or what differs from ``?before=RUN``; as CSV with ``?format=csv``."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        runs = visible_to(request.user, Run.objects.select_related("study", "cut__study"))
        run = runs.filter(pk=number).first()
        if run is None:
            raise Http404("There is no such run among yours. [unknown-run]")
        asked = request.GET.get("before", "")
        others = runs.filter(study=run.study_id).exclude(pk=run.pk).order_by("-pk")
        before = others.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 18 else None
        found = differences_of_run(run) if before is None else differences_between(before, run)
        if request.GET.get("format") == "csv":
            return csv_answer(DIFFERENCES.shaped(found), f"differences-{run.study.code}-run-{run.pk}.csv")
        context = {
            **self.admin_site.each_context(request),
            "title": f"What {run} changed" if before is None else f"{run} beside run {before.pk}",
            "run": run,
            "before": before,
            "others": others[:200],
            "rows": [_row(row) for row in found.head(MOST_SHOWN).iter_rows(named=True)],
            "total": found.height,
            "subjects": found["USUBJID"].n_unique(),
            "causes": found.group_by("MOVED").agg(pl.len().alias("answers")).sort("MOVED").to_dicts(),
            "most": MOST_SHOWN,
            "csv_url": f"?{request.GET.urlencode()}&format=csv",
            "run_url": reverse("admin:cart_run_change", args=[run.pk]),
        }
        return TemplateResponse(request, "cart/differences.html", context)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A difference as the page shows it: both answers in words, with why there is none."""
    shown: dict[str, Any] = {
        "subject": row["USUBJID"],
        "label": row["PARAM"],
        "code": row["PARAMCD"],
        "series": row["SERIES"],
        "visit": row["AVISIT"],
        "moved": row["MOVED"],
    }
    for side in _SIDES:
        shown[side.lower()] = {
            "answer": answer_words(
                value=row[f"{side}VAL"],
                low=row[f"{side}LOW"],
                high=row[f"{side}HIGH"],
                text=row[f"{side}VALC"] or "",
                unit=row[f"{side}UNIT"] or "",
            ),
            "status": row[f"{side}STAT"] or "no answer",
            "reason": row[f"{side}REAS"] or "",
        }
    return shown


def csv_answer(frame: pl.DataFrame, name: str) -> HttpResponse:
    """A frame as a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(csv_text(frame), content_type="text/csv; charset=utf-8", headers=headers)
