"""Study set-up: studies, protocol versions with visits, panels and criteria, sites, arms, cohorts, memberships."""

import dataclasses
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cart.actions.endpoints import request_recompute
from cart.actions.randomisation import close_list, make_list
from cart.admin.desk import SET_UP_ROLES, DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.history import history_of
from cart.admin.randomisation import sees_plan
from cart.models import (
    Arm,
    Cohort,
    EligibilityCriterion,
    Membership,
    Panel,
    PanelAnalyte,
    PlannedPanel,
    PlannedVisit,
    ProtocolVersion,
    Role,
    Site,
    Study,
)
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
    actions = ("recompute_endpoints", "make_randomisation_list", "close_randomisation_list")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    @admin.action(description="Recompute endpoints of subjects with changed inputs")
    def recompute_endpoints(self, request: HttpRequest, queryset: Any) -> None:
        """Put a job into the queue for each study the user may write in."""
        for study in writable_by(request.user, queryset):
            job = request_recompute(study=study, actor=request.user.get_username(), reason="asked for at the desk")
            self.message_user(request, f"Job {job.pk} recomputes the endpoints of {study}; see Jobs for its state.")

    @admin.action(description="Make the sealed randomisation list")
    def make_randomisation_list(self, request: HttpRequest, queryset: Any) -> None:
        """For each study that the user sets up; what is in the list is shown to nobody."""
        for study in writable_by(request.user, queryset, roles=SET_UP_ROLES):
            try:
                made = make_list(study=study, actor=request.user.get_username(), reason="asked for at the desk")
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), level=messages.ERROR)
            else:
                self.message_user(request, f"{made} is made and sealed.")

    @admin.action(description="Close the randomisation list: no further place is given")
    def close_randomisation_list(self, request: HttpRequest, queryset: Any) -> None:
        """For each study that the user sets up; another list may follow, by the plan then in force."""
        for study in writable_by(request.user, queryset, roles=SET_UP_ROLES):
            for sealed in study.randomisation_lists.filter(closed_at=None):
                close_list(
                    sealed=sealed,
                    closed_at=timezone.now(),
                    actor=request.user.get_username(),
                    reason="asked for at the desk",
                )
                self.message_user(request, f"{sealed} is closed.")


class PlannedVisitInline(DeskTabularInline):
    """Visits of a protocol version."""

    model = PlannedVisit
    writing_roles = SET_UP_ROLES
    fields = ("code", "name", "phase", "anchor", "target_day", "window_low_day", "window_high_day")


class CriterionInline(DeskTabularInline):
    """Eligibility criteria of a protocol version, in its words."""

    model = EligibilityCriterion
    writing_roles = SET_UP_ROLES
    fields = ("position", "code", "kind", "text")
    show_change_link = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Answers refer to the words: other words are another version's criterion.
        return False


@admin.register(ProtocolVersion)
class ProtocolVersionAdmin(DeskAdmin):
    """Versions of a protocol with their visits and criteria; one that a subject consented to stays as it is."""

    writing_roles = SET_UP_ROLES
    list_display = ("study", "number", "effective_on")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study",)
    search_fields = ("study__code",)
    autocomplete_fields = ("study",)
    fieldsets = (
        (None, {"fields": ("study", ("number", "effective_on"))}),
        ("Endpoint parameters", {"fields": ("parameters",), "description": "Endpoint code (or *) to its parameters."}),
        ("Randomisation", {"fields": ("randomisation",), "description": "Empty in a study that does not randomise."}),
    )
    fixed_fields = ("study", "number", "effective_on", "parameters", "randomisation")
    inlines = (PlannedVisitInline, CriterionInline)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the plan of randomisation for those who enrol subjects."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if sees_plan(request) else [one for one in fieldsets if one[0] != "Randomisation"]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history without the plan of randomisation, likewise."""
        obj = self.get_object(request, object_id)
        if obj is None or sees_plan(request):
            return super().history_view(request, object_id, extra_context)
        entries = [
            dataclasses.replace(entry, changes=[one for one in entry.changes if one.field != "randomisation"])
            for entry in history_of(obj, self.page_rows(obj))
        ]
        return super().history_view(request, object_id, {**(extra_context or {}), "entries": entries})


@admin.register(PlannedVisit)
class PlannedVisitAdmin(DeskAdmin):
    """One visit of a schedule."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "name", "protocol", "phase", "target_day", "window_low_day", "window_high_day")
    list_filter = (("protocol", VisibleRelatedFilter), "phase")
    list_select_related = ("protocol__study",)
    search_fields = ("code", "name")
    autocomplete_fields = ("protocol",)


class PanelAnalyteInline(DeskTabularInline):
    """Analytes of a panel, by code."""

    model = PanelAnalyte
    writing_roles = SET_UP_ROLES
    fields = ("position", "analyte_code")
    show_change_link = False


class PlannedPanelInline(DeskTabularInline):
    """Visits at which a panel is due."""

    model = PlannedPanel
    writing_roles = SET_UP_ROLES
    fields = ("planned",)
    autocomplete_fields = ("planned",)
    list_select_related = ("planned",)
    show_change_link = False


@admin.register(Panel)
class PanelAdmin(DeskAdmin):
    """Which analytes are measured together, and at which visits."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "name", "protocol")
    list_filter = (("protocol", VisibleRelatedFilter),)
    list_select_related = ("protocol__study",)
    search_fields = ("code", "name")
    autocomplete_fields = ("protocol",)
    fieldsets = ((None, {"fields": ("protocol", ("code", "name"))}),)
    inlines = (PanelAnalyteInline, PlannedPanelInline)


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


@admin.register(Cohort)
class CohortAdmin(DeskAdmin):
    """Cohorts and dose levels; a changed plan is another cohort."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "title", "study", "arm", "level", "planned_cells_per_kg_e6", "planned_size")
    list_filter = (("study", VisibleRelatedFilter),)
    list_select_related = ("study", "arm")
    search_fields = ("code", "title")
    autocomplete_fields = ("study", "arm")
    fieldsets = (
        (None, {"fields": (("study", "arm"), ("code", "title"))}),
        ("Plan", {"fields": (("level", "planned_cells_per_kg_e6", "planned_size"),)}),
    )
    fixed_fields = ("study", "arm", "code", "level", "planned_cells_per_kg_e6", "planned_size")


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
