"""Specimens with their results."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from unfold.admin import TabularInline
from unfold.decorators import action

from cart.admin.desk import DeskAdmin, DeskPermissions
from cart.admin.filters import VisibleRelatedFilter
from labs.admin.assessment import SUPERSEDED, Assessment, assessments
from labs.admin.collected import month_name_text
from labs.admin.grid import grid_page
from labs.admin.missing_panels import missing_page
from labs.admin.unjudged import unjudged_page
from labs.models import Result, Specimen, plausible_specimens  # noqa: F401 - registers its check


class ResultInline(DeskPermissions, TabularInline):
    """Results of a specimen, all versions; they are entered and corrected on their own page."""

    model = Result
    fields = ("analyte", "received_text", "unit", "flag", "grade", "version", "missing_reason", "supersession_reason")
    readonly_fields = fields
    extra = 0
    per_page = 50
    show_change_link = True
    writing_roles = frozenset()
    _assessed: dict[int, Assessment] | None = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("analyte", "specimen__study", "specimen__subject")

    @admin.display(description="Flag by the approved range")
    def flag(self, obj: Result) -> str:
        """Flag with its limits, or why there is none."""
        return self._assessment(obj).flag

    @admin.display(description="CTCAE grade")
    def grade(self, obj: Result) -> str:
        """Grade with its term, or why there is none."""
        return self._assessment(obj).grade

    def _assessment(self, obj: Result) -> Assessment:
        # The rows of a page are one subject's: assessed together, once in the life of this inline, which is a request.
        if self._assessed is None:
            self._assessed = assessments(obj.specimen)
        return self._assessed.get(obj.pk, SUPERSEDED)


@admin.register(Specimen)
class SpecimenAdmin(DeskAdmin):
    """Specimens."""

    list_display = ("accession", "subject", "laboratory", "material", "collected_at", "condition", "visit_label")
    list_filter = (
        ("study", VisibleRelatedFilter),
        ("subject__site", VisibleRelatedFilter),
        ("laboratory", VisibleRelatedFilter),
        "condition",
    )
    list_select_related = ("subject", "laboratory", "visit__planned", "visit__subject")
    search_fields = ("accession", "subject__code")
    autocomplete_fields = ("subject", "laboratory", "visit")
    fieldsets = (
        (
            "Specimen",
            {
                "fields": (
                    "subject",
                    ("laboratory", "accession", "material"),
                    ("collected", "received", "processed"),
                    "collected_as_received",
                )
            },
        ),
        ("Visit and condition", {"fields": (("visit", "visit_label"), "condition")}),
    )
    # A specimen entered for the wrong subject is marked by its condition, and entered anew.
    fixed_fields = ("subject", "laboratory", "accession", "material", "collected")
    readonly_fields = ("collected_as_received",)
    inlines = (ResultInline,)
    actions_detail = ("enter_results",)
    change_form_outer_before_template = "labs/specimen_steps.html"

    @admin.display(description="Collected (site time)", ordering="collected")
    def collected_at(self, obj: Specimen) -> str:
        """When it was taken."""
        return month_name_text(obj.collected)

    def get_urls(self) -> list[Any]:
        """The lists of what waits stand before the pages of single specimens."""
        return [
            path("unjudged/", self.admin_site.admin_view(self.unjudged), name="labs_specimen_unjudged"),
            path("missing/", self.admin_site.admin_view(self.missing_panels), name="labs_specimen_missing_panels"),
            *super().get_urls(),
        ]

    def unjudged(self, request: HttpRequest) -> HttpResponse:
        """Abnormal results that nobody judged yet."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return unjudged_page(request, self.admin_site)

    def missing_panels(self, request: HttpRequest) -> HttpResponse:
        """Panels that were due at a visit and have no result."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return missing_page(request, self.admin_site)

    def has_enter_results_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may enter data for this specimen."""
        specimen = self.get_object(request, object_id) if object_id is not None else None
        return self._may_write(request, specimen)

    @action(description="Enter results", url_path="grid", permissions=["enter_results"])
    def enter_results(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The panel of this specimen as a grid."""
        specimen = self.get_object(request, object_id)
        if specimen is None:
            raise Http404
        return grid_page(request, self.admin_site, specimen, may_write=self._may_write(request, specimen))

    def response_add(self, request: HttpRequest, obj: Specimen, post_url_continue: Any = None) -> HttpResponse:
        """A new specimen has results: the grid opens."""
        if not {"_addanother", "_continue", "_popup"} & set(request.POST):
            self.message_user(request, f"Specimen {obj} was entered; its results follow here.")
            return HttpResponseRedirect(reverse("admin:labs_specimen_enter_results", args=[obj.pk]))
        return super().response_add(request, obj, post_url_continue)

    def page_rows(self, obj: Any) -> dict[Any, list[str]]:
        """Nothing but the specimen: its results are rows that never change."""
        return {}
