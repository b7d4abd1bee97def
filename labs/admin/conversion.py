"""Factors between units and between kits: proposed by one person, shown with what they change, approved by another."""

from typing import Any

import polars as pl
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from cart.admin.desk import SET_UP_ROLES, DeskAdmin
from labs.actions.conversions import (
    Preview,
    approve_conversion,
    preview_conversion,
    propose_conversion,
    reject_conversion,
)
from labs.admin.reference_range import DecisionForm
from labs.models import BridgingFactor, ConversionFactor
from labs.scoping import importable_studies
from trialsite.audit.context import current_reason
from trialsite.audit.middleware import REASON_FIELD
from trialsite.exports.writers import csv_text

SHOWN = 200
_IN_FORCE = ("In force", {"fields": (("valid_from", "valid_to"), "state")})
_WHO = ("Who", {"fields": (("proposed_by", "proposed_at"), ("decided_by", "decided_at", "changes_shown"))})
_DECIDED = ("state", "valid_to", "proposed_by", "proposed_at", "decided_by", "decided_at", "changes_shown")


class ConversionAdmin(DeskAdmin):
    """What the pages of both kinds share: a factor is never edited, a correction is proposed anew."""

    writing_roles = SET_UP_ROLES
    actions_detail = ("decide",)

    @admin.display(description="number", ordering="pk")
    def number(self, one: ConversionFactor | BridgingFactor) -> str:
        """F12 or B3, as exports name it."""
        return one.label

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A proposed factor is decided on, not edited."""
        return False

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever sets studies up for all of their sites."""
        return importable_studies(request.user).exists()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Propose the factor in the user's name."""
        propose_conversion(obj, actor=request.user.get_username(), reason=current_reason() or "factor proposed")

    @action(description="What it changes, and decide", url_path="decide", permissions=["decide"])
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show every standard value that the factor would change; approve or reject it."""
        proposal = self.get_object(request, object_id)
        if proposal is None:
            raise Http404
        page = reverse(f"admin:labs_{self.opts.model_name}_change", args=[proposal.pk])
        if proposal.state != proposal.State.PROPOSED:
            messages.info(request, f"It is {proposal.get_state_display().lower()}; there is nothing to decide.")
            return HttpResponseRedirect(page)
        form = DecisionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            who = {"actor": request.user.get_username(), "reason": given[REASON_FIELD]}
            try:
                if given["decision"] == "approve":
                    approve_conversion(proposal, digest=given["digest"], **who)
                else:
                    reject_conversion(proposal, **who)
            except ValidationError as error:
                form.add_error(None, error.messages)
            else:
                return HttpResponseRedirect(page)
        preview = preview_conversion(proposal)
        mine = _seen_by(request.user, preview)
        if request.GET.get("format") == "csv":
            headers = {"Content-Disposition": f'attachment; filename="factor-{proposal.label}.csv"'}
            return HttpResponse(csv_text(mine), content_type="text/csv; charset=utf-8", headers=headers)
        return TemplateResponse(
            request,
            "labs/decide_factor.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Proposed: {proposal.label} {proposal}",
                "opts": self.opts,
                "form": form,
                "page": page,
                "preview": preview,
                "changes": preview.changed.height,
                "rows": mine.head(SHOWN).to_dicts(),
                "hidden": max(0, mine.height - SHOWN),
                "elsewhere": preview.changed.height - mine.height,
            },
        )


@admin.register(ConversionFactor)
class ConversionFactorAdmin(ConversionAdmin):
    """Factors from a laboratory's unit to the standard unit of an analyte."""

    list_display = ("number", "analyte", "from_unit", "factor", "to_unit", "valid_from", "valid_to", "state")
    list_filter = ("state",)
    list_select_related = ("analyte",)
    search_fields = ("analyte__code", "from_unit", "source")
    autocomplete_fields = ("analyte",)
    readonly_fields = ("to_unit", *_DECIDED)
    fieldsets = (
        (None, {"fields": ("analyte", ("from_unit", "from_ucum", "to_unit"))}),
        ("Factor", {"fields": (("molar_mass", "factor"), "source")}),
        _IN_FORCE,
        _WHO,
    )


@admin.register(BridgingFactor)
class BridgingFactorAdmin(ConversionAdmin):
    """Factors from one kit to another one."""

    list_display = ("number", "from_assay", "to_assay", "method", "slope", "valid_from", "valid_to", "state")
    list_filter = ("state", "method")
    list_select_related = (
        "from_assay__laboratory", "from_assay__analyte", "to_assay__laboratory", "to_assay__analyte",
    )  # fmt: skip
    search_fields = ("from_assay__analyte__code", "from_assay__kit", "to_assay__kit", "source")
    autocomplete_fields = ("from_assay", "to_assay")
    readonly_fields = ("from_unit", "to_unit", *_DECIDED)
    fieldsets = (
        (None, {"fields": (("from_assay", "from_unit"), ("to_assay", "to_unit"))}),
        ("Bridge", {"fields": (("method", "slope", "intercept"), "samples", "source")}),
        _IN_FORCE,
        _WHO,
    )


def _seen_by(user: Any, preview: Preview) -> pl.DataFrame:
    """The changes in studies whose results the user may see."""
    codes = list(importable_studies(user).values_list("code", flat=True))
    return preview.changed.filter(pl.col("study").is_in(codes))
