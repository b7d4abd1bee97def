"""The subject's page: who, consent, visits, therapies, and the course so far."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path

from cart.admin.desk import DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.matrix import matrix_page
from cart.admin.move import MovableRecord
from cart.admin.panels import panels_of
from cart.admin.today import today_page
from cart.admin.visit_forms import VisitForm, VisitRowForm
from cart.models import ConcomitantTherapy, Consent, PlannedVisit, Subject, Visit


class ConsentInline(DeskTabularInline):
    """Consents of a subject."""

    model = Consent
    fields = ("version", "signed_on", "withdrawn_on")
    show_change_link = False


class VisitInline(DeskTabularInline):
    """Visits of a subject."""

    model = Visit
    form = VisitRowForm
    fields = ("planned", "label", "status", "occurred_on", "window_reason", "missed_reason")
    list_select_related = ("planned", "subject")
    show_change_link = False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the visits of the subject's own study."""
        if db_field.name == "planned":
            match = request.resolver_match
            subject_id = match.kwargs.get("object_id") if match is not None else None
            if subject_id is not None and str(subject_id).isdecimal():
                kwargs["queryset"] = PlannedVisit.objects.filter(
                    protocol__study__subjects=int(subject_id)
                ).select_related("protocol__study")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TherapyInline(DeskTabularInline):
    """Therapies beside the study."""

    model = ConcomitantTherapy
    fields = (
        "drug",
        "therapy_class",
        "prior",
        "started",
        "stopped",
        "ongoing",
        "daily_dose_mg",
        "plasma_volumes",
        "dose_missing_reason",
        "indication",
    )
    show_change_link = False


@admin.register(Subject)
class SubjectAdmin(DeskAdmin):
    """Subjects, by code only."""

    list_display = ("code", "study", "site", "arm", "status", "inputs_changed")
    list_filter = (("study", VisibleRelatedFilter), ("site", VisibleRelatedFilter), "status")
    list_select_related = ("study", "site__study", "arm", "stale")
    search_fields = ("code", "source_code")
    autocomplete_fields = ("study", "site", "arm")
    fieldsets = (
        ("Subject", {"fields": ("study", ("site", "arm"), ("code", "status"))}),
        ("Person", {"fields": (("year_of_birth", "sex"), ("ended_on", "source_code"))}),
    )
    inlines = (ConsentInline, VisitInline, TherapyInline)
    change_form_outer_before_template = "cart/subject_steps.html"
    change_form_outer_after_template = "cart/subject_panels.html"

    def get_urls(self) -> list[Any]:
        """Today and the matrix stand before the pages of single subjects."""
        view = self.admin_site.admin_view
        return [
            path("today/", view(self.today), name="cart_subject_today"),
            path("matrix/", view(self.matrix), name="cart_subject_matrix"),
            *super().get_urls(),
        ]

    def today(self, request: HttpRequest) -> HttpResponse:
        """What is due and what waits."""
        self._may_look(request)
        return today_page(request, self.admin_site)

    def matrix(self, request: HttpRequest) -> HttpResponse:
        """Subjects by visits."""
        self._may_look(request)
        return matrix_page(request, self.admin_site)

    def _may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    @admin.display(description="Endpoints", ordering="stale__marked_at")
    def inputs_changed(self, obj: Subject) -> str:
        """Whether the stored endpoints are older than their inputs."""
        return "inputs changed" if hasattr(obj, "stale") else "up to date"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Add the panels of this and other apps."""
        subject = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if subject is not None:
            may_write = self._may_write(request, subject)
            context["steps"], context["panels"] = panels_of(request, subject, may_write=may_write)
        return super().change_view(request, object_id, form_url, context)


@admin.register(Consent)
class ConsentAdmin(MovableRecord, DeskAdmin):
    """Consents of all subjects."""

    list_display = ("subject", "version", "signed_on", "withdrawn_on")
    list_filter = (("subject__study", VisibleRelatedFilter), "version")
    list_select_related = ("subject",)
    search_fields = ("subject__code",)
    autocomplete_fields = ("subject",)
    date_hierarchy = "signed_on"


@admin.register(Visit)
class VisitAdmin(MovableRecord, DeskAdmin):
    """Visits of all subjects."""

    form = VisitForm
    list_display = ("subject", "planned", "label", "status", "occurred_on", "missed_reason")
    list_filter = (("subject__study", VisibleRelatedFilter), "status")
    list_select_related = ("subject", "planned")
    search_fields = ("subject__code", "planned__code", "label")
    autocomplete_fields = ("subject", "planned")
    fieldsets = (
        (
            None,
            {"fields": ("subject", ("planned", "label"), ("status", "occurred_on"), "window_reason", "missed_reason")},
        ),
    )
