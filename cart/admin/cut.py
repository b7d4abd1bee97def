"""Data cuts: taken, looked at, compared; their endpoints computed and downloaded."""

from dataclasses import asdict
from itertools import islice
from typing import Any

import polars as pl
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse

from cart.actions.cut_comparison import field_changes, table_changes
from cart.actions.cut_endpoints import request_cut_endpoints
from cart.actions.cuts import CUTTING_ROLES, take_cut
from cart.actions.endpoint_tables import archive, tables_as_of
from cart.admin.cut_subject import subject_page
from cart.admin.desk import DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.run import csv_answer
from cart.codes_runs import CutError
from cart.models import DataCut, Run
from cart.scoping import visible_to, whole_studies

MOST_SHOWN = 500


@admin.register(DataCut)
class DataCutAdmin(DeskAdmin):
    """Named moments of a study."""

    writing_roles = CUTTING_ROLES
    list_display = ("name", "study", "purpose", "taken_at", "taken_by")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study",)
    search_fields = ("name", "purpose", "study__code")
    autocomplete_fields = ("study",)
    date_hierarchy = "taken_at"
    fieldsets = (
        (None, {"fields": (("study", "name"), "purpose"), "description": "A cut holds what is committed now."}),
    )
    readonly_fields = ("taken_at", "taken_by", "code_version", "snapshot", "position")
    change_form_outer_before_template = "cart/cut_steps.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A cut holds every subject of its study: who sees some of them takes none."""
        kwargs["queryset"] = whole_studies(request.user, roles=CUTTING_ROLES)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        taken = (("study", "name"), "purpose", ("taken_at", "taken_by", "code_version"), ("snapshot", "position"))
        return [(None, {"fields": taken})]

    def save_model(self, request: HttpRequest, obj: DataCut, form: Any, change: bool) -> None:
        """Take the cut; its moment is the database's."""
        made = take_cut(
            study=obj.study,
            name=obj.name,
            purpose=obj.purpose,
            actor=request.user.get_username(),
            reason=f"data cut: {obj.purpose}",
        )
        obj.pk = made.pk

    def get_urls(self) -> list[Any]:
        """Pages below a cut."""
        view = self.admin_site.admin_view
        return [
            path("<int:number>/compute/", view(self.compute), name="cart_datacut_compute"),
            path("<int:number>/tables/", view(self.tables), name="cart_datacut_tables"),
            path("<int:number>/compare/", view(self.compare), name="cart_datacut_compare"),
            path("<int:number>/subject/", view(self.subject), name="cart_datacut_subject"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Add manifest, runs and steps."""
        context = dict(extra_context or {})
        cut = self.get_object(request, object_id)
        if cut is not None:
            context["cut_panel"] = render_to_string("cart/cut_panel.html", self._panel(request, cut), request=request)
        return super().change_view(request, object_id, form_url, context)

    def _panel(self, request: HttpRequest, cut: DataCut) -> dict[str, Any]:
        runs = list(Run.objects.filter(cut=cut).with_progress().order_by("-pk"))
        return {
            "cut": cut,
            "tables": cut.tables.order_by("table_name"),
            "runs": runs,
            "complete": any(run.parts_ended == run.part_count for run in runs),
            "others": visible_to(request.user, DataCut.objects.filter(study=cut.study_id)).exclude(pk=cut.pk),
            "may_compute": self._may_compute(request, cut),
            "compute_url": reverse("admin:cart_datacut_compute", args=[cut.pk]),
            "tables_url": reverse("admin:cart_datacut_tables", args=[cut.pk]),
            "compare_url": reverse("admin:cart_datacut_compare", args=[cut.pk]),
            "subject_url": reverse("admin:cart_datacut_subject", args=[cut.pk]),
        }

    def _may_compute(self, request: HttpRequest, cut: DataCut) -> bool:
        return whole_studies(request.user, roles=CUTTING_ROLES).filter(pk=cut.study_id).exists()

    def _cut(self, request: HttpRequest, number: int) -> DataCut:
        if not self.has_view_permission(request):
            raise PermissionDenied
        cut = visible_to(request.user, DataCut.objects.select_related("study")).filter(pk=number).first()
        if cut is None:
            raise Http404("There is no such cut among yours. [unknown-cut]")
        return cut

    def compute(self, request: HttpRequest, number: int) -> HttpResponse:
        """Put the job that computes the cut's endpoints into the queue."""
        cut = self._cut(request, number)
        if request.method != "POST" or not self._may_compute(request, cut):
            raise PermissionDenied
        actor = request.user.get_username()
        job = request_cut_endpoints(cut=cut, actor=actor, reason=f"endpoints of {cut} asked for at the desk")
        self.message_user(request, f"Job {job.pk} computes the endpoints of {cut}; this page shows its progress.")
        return HttpResponseRedirect(reverse("admin:cart_datacut_change", args=[cut.pk]))

    # Reading as of a moment takes a transaction of its own.
    @transaction.non_atomic_requests
    def tables(self, request: HttpRequest, number: int) -> HttpResponse:
        """The endpoint tables of the cut as one archive."""
        cut = self._cut(request, number)
        try:
            content = archive(tables_as_of(cut))
        except CutError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:cart_datacut_change", args=[cut.pk]))
        headers = {"Content-Disposition": f'attachment; filename="{cut.study.code}-{cut.name}.zip"'}
        return HttpResponse(content, content_type="application/zip", headers=headers)

    def compare(self, request: HttpRequest, number: int) -> HttpResponse:
        """What differs from ``?with=CUT``, by subject and field; as CSV with ``?format=csv``."""
        cut = self._cut(request, number)
        asked = request.GET.get("with", "")
        others: QuerySet[DataCut] = visible_to(request.user, DataCut.objects.filter(study=cut.study_id))
        others = others.select_related("study").exclude(pk=cut.pk)
        other = others.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 18 else None
        if other is None:
            raise Http404("There is no such cut among yours. [unknown-cut]")
        before, after = sorted((cut, other), key=lambda one: one.pk)
        subject = request.GET.get("subject", "").strip()
        if request.GET.get("format") == "csv":
            rows = pl.DataFrame([asdict(one) for one in field_changes(before, after, subject=subject)])
            return csv_answer(rows, f"cuts-{before.name}-{after.name}.csv")
        context = {
            **self.admin_site.each_context(request),
            "title": f"{before.name} and {after.name} of {cut.study}",
            "before": before,
            "after": after,
            "subject": subject,
            "counts": table_changes(field_changes(before, after, subject=subject)),
            "rows": list(islice(field_changes(before, after, subject=subject), MOST_SHOWN)),
            "most": MOST_SHOWN,
            "other": other,
            "csv_url": f"?{request.GET.urlencode()}&format=csv",
            "cut_url": reverse("admin:cart_datacut_change", args=[cut.pk]),
        }
        return TemplateResponse(request, "cart/compare_cuts.html", context)

    @transaction.non_atomic_requests
    def subject(self, request: HttpRequest, number: int) -> HttpResponse:
        """Records of ``?subject=CODE`` as the cut has them, beside what stands there now."""
        cut = self._cut(request, number)
        return subject_page(request, self.admin_site, cut, request.GET.get("subject", "").strip())
