"""Study set-up: studies, protocol versions with visits, panels and criteria, sites, arms, cohorts, memberships."""

import dataclasses
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone

from cart.actions.endpoint_tables import archive, live_tables
from cart.actions.endpoints import request_recompute, stale_subjects
from cart.actions.randomisation import close_list, make_list
from cart.actions.summaries import request_summary
from cart.admin.desk import SET_UP_ROLES, DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.history import history_of
from cart.admin.randomisation import sees_plan
from cart.admin.study_page import study_page
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
    Run,
    Site,
    Study,
)
from cart.models.planned_cells import PLAN_FIELDS
from cart.scoping import whole_studies, writable_by


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
    actions = (
        "recompute_endpoints",
        "recompute_whole",
        "summarise",
        "make_randomisation_list",
        "close_randomisation_list",
    )

    def page(self, request: HttpRequest) -> HttpResponse:
        """Enrolment, time in the study, titers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return study_page(request, self.admin_site)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    change_form_outer_after_template = "cart/study_panel.html"

    def get_urls(self) -> list[Any]:
        """The study page stands before the pages of single studies, the endpoint tables below one."""
        view = self.admin_site.admin_view
        return [
            path("page/", view(self.page), name="cart_study_page"),
            path("<int:number>/endpoint-tables/", view(self.tables), name="cart_study_tables"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Add how the endpoints stand, for who sees them all."""
        context = dict(extra_context or {})
        study = whole_studies(request.user).filter(pk=object_id).first() if object_id.isdecimal() else None
        if study is not None:
            context["study_panel"] = render_to_string("cart/endpoints_of_study.html", _panel(study), request=request)
        return super().change_view(request, object_id, form_url, context)

    # Reading all tables in one moment takes a transaction of its own.
    @transaction.non_atomic_requests
    def tables(self, request: HttpRequest, number: int) -> HttpResponse:
        """The current endpoint tables as one archive."""
        study = whole_studies(request.user).filter(pk=number).first()
        if study is None:
            raise PermissionDenied
        headers = {"Content-Disposition": f'attachment; filename="{study.code}-live.zip"'}
        return HttpResponse(archive(live_tables(study)), content_type="application/zip", headers=headers)

    @admin.action(description="Summarise the endpoints of the study")
    def summarise(self, request: HttpRequest, queryset: Any) -> None:
        """Counts, percentages, curves and comparisons of the current answers, stored as a study summary."""
        for study in whole_studies(request.user).filter(pk__in=queryset):
            job = request_summary(study=study, actor=request.user.get_username(), reason="asked for at the desk")
            self.message_user(request, f"Job {job.pk} summarises {study}; see Study summaries.")

    @admin.action(description="Recompute all endpoints of the study")
    def recompute_whole(self, request: HttpRequest, queryset: Any) -> None:
        """The same for every subject, whether or not its inputs changed; equal inputs write nothing."""
        for study in writable_by(request.user, queryset):
            actor = request.user.get_username()
            job = request_recompute(study=study, actor=actor, reason="whole study asked for at the desk", whole=True)
            self.message_user(request, f"Job {job.pk} recomputes {study}; see Runs for its progress.")

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


def _panel(study: Study) -> dict[str, Any]:
    return {
        "study": study,
        "subjects": study.subjects.count(),
        "stale": stale_subjects(study).count(),
        "runs": Run.objects.filter(study=study).with_progress().select_related("cut").order_by("-pk")[:5],
        "summary": study.summaries.order_by("-pk").first(),
        "cuts": study.cuts.order_by("-pk")[:5],
        "tables_url": reverse("admin:cart_study_tables", args=[study.pk]),
    }


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
    search_fields = ("code", "name", "study__code")
    autocomplete_fields = ("study",)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Found by what a box shows, study/site, too."""
        return super().get_search_results(request, queryset, search_term.replace("/", " "))


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
        (
            "Plan",
            {
                "fields": (
                    ("level", "planned_size"),
                    PLAN_FIELDS,
                )
            },
        ),
    )
    fixed_fields = (
        "study",
        "arm",
        "code",
        "level",
        *PLAN_FIELDS,
        "planned_size",
    )


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
