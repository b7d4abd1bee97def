"""Reference ranges: proposed by one person, shown with what they change, approved by another."""

from typing import Any

import polars as pl
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from cart.admin.desk import SET_UP_ROLES, DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from labs.actions.reference_ranges import Preview, approve_range, preview_range, propose_range, reject_range
from labs.models import ReferenceRange
from labs.scoping import importable_studies
from trialsite.audit.context import current_reason
from trialsite.audit.middleware import REASON_FIELD
from trialsite.exports.writers import csv_text

SHOWN = 200


class DecisionForm(forms.Form):
    """What was decided, why, and on which preview."""

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")])
    digest = forms.CharField(widget=forms.HiddenInput)
    change_reason = forms.CharField(max_length=200, label="Reason")


@admin.register(ReferenceRange)
class ReferenceRangeAdmin(DeskAdmin):
    """Ranges of all laboratories; a range is never edited, a correction is proposed anew."""

    writing_roles = SET_UP_ROLES
    list_display = (
        "laboratory", "analyte", "kit", "sex", "age_from", "age_to", "low", "high", "unit", "valid_from", "valid_to",
        "state",
    )  # fmt: skip
    list_filter = ("state", ("laboratory", VisibleRelatedFilter))
    list_select_related = ("laboratory", "analyte")
    search_fields = ("analyte__code", "laboratory__code", "kit", "source")
    autocomplete_fields = ("laboratory", "analyte")
    readonly_fields = (
        "state", "valid_to", "proposed_by", "proposed_at", "decided_by", "decided_at", "changes_shown",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": (("laboratory", "analyte"), ("kit", "sex"), ("age_from", "age_to"))}),
        ("Limits", {"fields": (("low", "high", "unit"), "source")}),
        ("In force", {"fields": (("valid_from", "valid_to"), "state")}),
        ("Who", {"fields": (("proposed_by", "proposed_at"), ("decided_by", "decided_at", "changes_shown"))}),
    )
    actions_detail = ("decide",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A proposed range is decided on, not edited."""
        return False

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever sets studies up for all of their sites."""
        return importable_studies(request.user).exists()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Propose the range in the user's name."""
        propose_range(obj, actor=request.user.get_username(), reason=current_reason() or "range proposed")

    @action(description="What it changes, and decide", url_path="decide", permissions=["decide"])
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show every flag that the range would change; approve or reject it."""
        proposal = self.get_object(request, object_id)
        if proposal is None:
            raise Http404
        back = HttpResponseRedirect(reverse("admin:labs_referencerange_change", args=[proposal.pk]))
        if proposal.state != ReferenceRange.State.PROPOSED:
            messages.info(request, f"This range is {proposal.get_state_display().lower()}; there is nothing to decide.")
            return back
        form = DecisionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            who = {"actor": request.user.get_username(), "reason": given[REASON_FIELD]}
            try:
                if given["decision"] == "approve":
                    approve_range(range_id=proposal.pk, digest=given["digest"], **who)
                else:
                    reject_range(range_id=proposal.pk, **who)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return back
        preview = preview_range(proposal)
        mine = _seen_by(request.user, preview)
        if request.GET.get("format") == "csv":
            return _as_csv(mine, f"range-{proposal.pk}.csv")
        return TemplateResponse(
            request,
            "labs/decide_range.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Proposed: {proposal}",
                "opts": self.opts,
                "form": form,
                "proposal": proposal,
                "preview": preview,
                "changes": preview.changed.height,
                "rows": mine.head(SHOWN).to_dicts(),
                "hidden": max(0, mine.height - SHOWN),
                "elsewhere": preview.changed.height - mine.height,
            },
        )


def _seen_by(user: Any, preview: Preview) -> pl.DataFrame:
    """The changes in studies whose results the user may see."""
    codes = list(importable_studies(user).values_list("code", flat=True))
    return preview.changed.filter(pl.col("study").is_in(codes))


def _as_csv(rows: pl.DataFrame, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(csv_text(rows), content_type="text/csv; charset=utf-8", headers=headers)
