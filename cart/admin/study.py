"""Study set-up: studies, protocol versions, visits, sites, arms, memberships."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path

from cart.actions.endpoints import request_recompute
from cart.admin.desk import SET_UP_ROLES, DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.study_page import study_page
from cart.models import Arm, Membership, PlannedVisit, ProtocolVersion, Role, Site, Study
from cart.scoping import writable_by


class SiteInline(DeskTabularInline):
    """Sites of a study."""

    model = Site
    writing_roles = SET_UP_ROLES
    fields = ("code", "name", "country", "time_zone")


class ArmInline(DeskTabularInline):
    """Arms of a study."""

    model = Arm
    writing_roles = SET_UP_ROLES
    fields = ("code", "title", "anchor")


@admin.register(Study)
class StudyAdmin(DeskAdmin):
    """Studies; a new one is made by a superuser, since nobody is a member of it yet."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "title", "sponsor", "template", "created_at")
    search_fields = ("code", "title")
    fieldsets = ((None, {"fields": (("code", "template"), "title", "sponsor")}),)
    inlines = (SiteInline, ArmInline)
    actions = ("recompute_endpoints",)

    def get_urls(self) -> list[Any]:
        """The study page stands before the pages of single studies."""
        return [path("page/", self.admin_site.admin_view(self.page), name="cart_study_page"), *super().get_urls()]

    def page(self, request: HttpRequest) -> HttpResponse:
        """Enrolment, time in the study, titers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return study_page(request, self.admin_site)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    @admin.action(description="Recompute endpoints of subjects with changed inputs")
    def recompute_endpoints(self, request: HttpRequest, queryset: Any) -> None:
        """Put a job into the queue for each study the user may write in."""
        for study in writable_by(request.user, queryset):
            job = request_recompute(study=study, actor=request.user.get_username(), reason="asked for at the desk")
            self.message_user(request, f"Job {job.pk} recomputes the endpoints of {study}; see Jobs for its state.")


class PlannedVisitInline(DeskTabularInline):
    """Visits of a protocol version."""

    model = PlannedVisit
    writing_roles = SET_UP_ROLES
    fields = ("code", "name", "target_day", "window_low_day", "window_high_day")


@admin.register(ProtocolVersion)
class ProtocolVersionAdmin(DeskAdmin):
    """Versions of a protocol with their visit schedule."""

    writing_roles = SET_UP_ROLES
    list_display = ("study", "number", "effective_on")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study",)
    search_fields = ("study__code",)
    autocomplete_fields = ("study",)
    fieldsets = (
        (None, {"fields": ("study", ("number", "effective_on"))}),
        ("Endpoint parameters", {"fields": ("parameters",), "description": "Endpoint code (or *) to its parameters."}),
    )
    fixed_fields = ("study", "number", "effective_on", "parameters")
    inlines = (PlannedVisitInline,)


@admin.register(PlannedVisit)
class PlannedVisitAdmin(DeskAdmin):
    """One visit of a schedule."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "name", "protocol", "target_day", "window_low_day", "window_high_day")
    list_filter = (("protocol", VisibleRelatedFilter),)
    list_select_related = ("protocol__study",)
    search_fields = ("code", "name")
    autocomplete_fields = ("protocol",)


@admin.register(Site)
class SiteAdmin(DeskAdmin):
    """Sites."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "name", "study", "country", "time_zone")
    list_filter = (("study", VisibleRelatedFilter), "country")
    list_select_related = ("study",)
    search_fields = ("code", "name")
    autocomplete_fields = ("study",)


@admin.register(Arm)
class ArmAdmin(DeskAdmin):
    """Arms."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "title", "study", "anchor")
    list_filter = (("study", VisibleRelatedFilter), "anchor")
    list_select_related = ("study",)
    search_fields = ("code", "title")
    autocomplete_fields = ("study",)


@admin.register(Membership)
class MembershipAdmin(DeskAdmin):
    """Who may work where. A membership is ended, never deleted."""

    writing_roles = frozenset({Role.STUDY_ADMINISTRATOR})
    list_display = ("user", "study", "site", "role", "started_at", "ended_at")
    list_filter = (("study", VisibleRelatedFilter), "role")
    list_select_related = ("user", "study", "site__study")
    search_fields = ("user__username", "study__code")
    autocomplete_fields = ("user", "study", "site")
    fieldsets = ((None, {"fields": ("user", ("study", "site", "role"), ("started_at", "ended_at"))}),)
    fixed_fields = ("user", "study", "site", "role", "started_at")
