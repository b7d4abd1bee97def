"""The subject's page: who, consent, visits, therapies, and the course so far."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from cart.admin.course_export import course_file
from cart.admin.day_zero import ShowsMovedVisits
from cart.admin.desk import DeskAdmin, DeskTabularInline
from cart.admin.eligibility import eligibility_page
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.matrix import matrix_page
from cart.admin.move import MovableRecord
from cart.admin.panels import endpoint_panel, panels_of
from cart.admin.randomisation import randomise_page
from cart.admin.subject_forms import SubjectForm
from cart.admin.today import today_page
from cart.admin.visit_forms import VisitForm, VisitRowForm
from cart.models import ConcomitantTherapy, Consent, PlannedVisit, ProtocolVersion, StaleSubject, Subject, Visit
from cart.scoping import visible_to


def _subject_of(request: HttpRequest) -> int | None:
    """Key of the subject whose page is asked for."""
    match = request.resolver_match
    key = str(match.kwargs.get("object_id", "")) if match is not None else ""
    return int(key) if key.isdecimal() else None


class ConsentInline(DeskTabularInline):
    """Consents of a subject; a re-consent is a further row, with the protocol version that its form describes."""

    model = Consent
    fields = ("version", "protocol", "signed_on", "withdrawn_on")
    list_select_related = ("subject", "protocol__study")
    show_change_link = False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the protocol versions of the subject's own study; while it is entered, those one may write in."""
        subject_id = _subject_of(request)
        if db_field.name == "protocol" and subject_id is not None:
            kwargs["queryset"] = ProtocolVersion.objects.filter(study__subjects=subject_id).select_related("study")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class VisitInline(DeskTabularInline):
    """Visits of a subject."""

    model = Visit
    form = VisitRowForm
    fields = ("planned", "label", "status", "occurred_on", "window_reason", "missed_reason")
    list_select_related = ("planned", "subject")
    show_change_link = False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the visits of the protocol version that holds for the subject, and those that are recorded already."""
        subject_id = _subject_of(request)
        if db_field.name == "planned" and subject_id is not None:
            held = Subject.objects.filter(pk=subject_id).with_protocol().values("protocol_id")
            recorded = Visit.objects.filter(subject=subject_id).values("planned")
            kwargs["queryset"] = PlannedVisit.objects.filter(Q(protocol__in=held) | Q(pk__in=recorded)).select_related(
                "protocol__study"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TherapyInline(DeskTabularInline):
    """Therapies beside the study."""

    model = ConcomitantTherapy
    fields = (
        "drug",
        "therapy_class",
        "started",
        "stopped",
        "ongoing",
        "prior",
        "daily_dose_mg",
        "dose",
        "dose_unit",
        "plasma_volumes",
        "dose_missing_reason",
        "indication",
    )
    show_change_link = False


@admin.register(Subject)
class SubjectAdmin(ShowsMovedVisits, DeskAdmin):
    """Subjects, by code only."""

    form = SubjectForm
    list_display = ("code", "study", "site", "arm", "cohort", "status", "inputs_changed")
    list_filter = (("study", VisibleRelatedFilter), ("site", VisibleRelatedFilter), "status")
    list_select_related = ("study", "site__study", "arm", "cohort", "stale")
    search_fields = ("code", "source_code")
    autocomplete_fields = ("study", "site", "arm", "cohort")
    fieldsets = (
        ("Subject", {"fields": ("study", ("site", "arm", "cohort"), ("code", "status"))}),
        ("Person", {"fields": (("year_of_birth", "sex"), ("ended_on", "source_code"))}),
    )
    # By an entry of the course of participation, with day and reason.
    readonly_fields = ("status", "ended_on")
    inlines = (ConsentInline, VisitInline, TherapyInline)
    change_form_outer_before_template = "cart/subject_steps.html"
    change_form_outer_after_template = "cart/subject_panels.html"

    def get_urls(self) -> list[Any]:
        """Today and the matrix stand before the pages of single subjects."""
        view = self.admin_site.admin_view
        return [
            path("today/", view(self.today), name="cart_subject_today"),
            path("matrix/", view(self.matrix), name="cart_subject_matrix"),
            path("<int:subject_id>/eligibility/", view(self.eligibility), name="cart_subject_eligibility"),
            path("<int:subject_id>/randomise/", view(self.randomise), name="cart_subject_randomise"),
            path("<int:subject_id>/course/", view(self.course), name="cart_subject_course"),
            path("<int:subject_id>/endpoints/", view(self.endpoints), name="cart_subject_endpoints"),
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

    def eligibility(self, request: HttpRequest, subject_id: int) -> HttpResponse:
        """Criteria, answers, decision."""
        self._may_look(request)
        return eligibility_page(request, self.admin_site, subject_id)

    def endpoints(self, request: HttpRequest, subject_id: int) -> HttpResponse:
        """The endpoint panel alone, for a page that waits for new answers; no content while it has the old ones."""
        self._may_look(request)
        subject = visible_to(request.user, Subject.objects.filter(pk=subject_id)).first()
        if subject is None:
            raise Http404
        if StaleSubject.objects.filter(subject=subject).exists():
            return HttpResponse(status=204)
        return HttpResponse(endpoint_panel(request, subject))

    def randomise(self, request: HttpRequest, subject_id: int) -> HttpResponse:
        """The next place of the sealed list."""
        self._may_look(request)
        return randomise_page(request, self.admin_site, subject_id)

    def course(self, request: HttpRequest, subject_id: int) -> HttpResponse:
        """The course as one file."""
        self._may_look(request)
        return course_file(request, subject_id)

    def subject_of(self, obj: Subject) -> int | None:
        """Its own: arm, site and consents hold its visits."""
        return obj.pk

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
            context["course_url"] = reverse("admin:cart_subject_course", args=[subject.pk])
            context["steps"], context["panels"] = panels_of(request, subject, may_write=may_write)
        return super().change_view(request, object_id, form_url, context)


@admin.register(Consent)
class ConsentAdmin(MovableRecord, DeskAdmin):
    """Consents of all subjects."""

    list_display = ("subject", "version", "protocol", "signed_on", "withdrawn_on")
    list_filter = (("subject__study", VisibleRelatedFilter), "version")
    list_select_related = ("subject", "protocol__study")
    search_fields = ("subject__code",)
    autocomplete_fields = ("subject", "protocol")
    fieldsets = ((None, {"fields": ("subject", ("version", "protocol"), ("signed_on", "withdrawn_on"))}),)
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
