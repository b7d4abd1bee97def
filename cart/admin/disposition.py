"""Course of participation: the panel on the subject's page, and the entries with which a status changes."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from cart.actions.eligibility import criteria_of, open_assessment
from cart.actions.participation import record_disposition
from cart.admin.desk import DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedForm
from cart.admin.panels import register_subject_panel
from cart.admin.schedule import partial_text
from cart.inputs.reconsents import reconsents_due
from cart.models import (
    Allocation,
    Disposition,
    EligibilityAnswer,
    EligibilityDecision,
    RandomisationList,
    Subject,
)
from cart.scoping import writes_of


class DispositionForm(ReasonedForm):
    """One entry; a mistake in the last one is corrected by another that stands in its place."""

    corrects_last = forms.BooleanField(
        label="This corrects the last entry",
        required=False,
        help_text="The last change of status was wrong, or wrongly dated: this entry stands in its place.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The theme leaves the empty choice out of a needed field: what stands first would be chosen by nobody.
        empty = [("", "Select value")]
        if "status" in self.fields:
            self.fields["status"].choices = [*empty, *Subject.Status.choices]
        if "reason" in self.fields:
            # The reason of an importer is no person's.
            source = Disposition.Reason.SOURCE.value
            self.fields["reason"].choices = [*empty, *(one for one in Disposition.Reason.choices if one[0] != source)]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        subject = self.cleaned_data.get("subject")
        if self.cleaned_data.get("corrects_last") and subject is not None:
            last = subject.dispositions.order_by("-pk").first()
            if last is None:
                self.add_error("corrects_last", "This subject has no entry that could be corrected. [status-order]")
            self.instance.corrects = last
        return cleaned


@admin.register(Disposition)
class DispositionAdmin(DeskAdmin):
    """Changes of status of all subjects. An entry stays; a mistake is corrected by a further one."""

    form = DispositionForm
    list_display = ("subject", "status", "occurred_on", "reason", "detail", "corrected")
    list_filter = (("subject__study", VisibleRelatedFilter), "status", "reason")
    list_select_related = ("subject", "corrected_by")
    search_fields = ("subject__code", "detail")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (
            None,
            {
                "fields": ("subject", ("status", "occurred_on"), ("reason", "detail"), "corrects_last"),
                "description": "Enrolment and screen failure by criteria follow from the signed decision on the "
                "eligibility page; everything else is entered here.",
            },
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Append-only."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        return (
            (None, {"fields": ("subject", ("previous", "status", "occurred_on"), ("reason", "detail"), "corrects")}),
        )

    @admin.display(description="Corrected", boolean=True)
    def corrected(self, obj: Disposition) -> bool:
        """Whether a later entry stands in its place."""
        return hasattr(obj, "corrected_by")

    def save_model(self, request: HttpRequest, obj: Disposition, form: Any, change: bool) -> None:
        """Store the entry; the subject follows."""
        made = record_disposition(
            subject=obj.subject,
            status=obj.status,
            occurred_on=obj.occurred_on,
            why=obj.reason,
            detail=obj.detail,
            corrects=obj.corrects,
            actor=request.user.get_username(),
            reason=f"{obj.get_reason_display()}{': ' if obj.detail else ''}{obj.detail}",
        )
        obj.pk = made.pk


def participation_panel(request: HttpRequest, subject: Subject) -> str:
    """Where the subject stands: protocol, consent, eligibility, course; and what comes next."""
    may_write = writes_of(request.user, subject)
    consents = list(subject.consents.select_related("protocol").order_by("signed_on", "pk"))
    held, newest = subject.protocol(), subject.study.current_protocol()
    waiting = open_assessment(subject)
    criteria = criteria_of(subject)
    context = {
        "subject": subject,
        "may_write": may_write,
        "consents": consents,
        "protocol": held,
        # Nobody consents anew whose participation has ended.
        "newest": newest if newest != held and not subject.ended_on else None,
        "reconsent": next(iter(reconsents_due(Subject.objects.filter(pk=subject.pk), now=timezone.now())), None),
        "criteria": len(criteria),
        "answered": EligibilityAnswer.objects.filter(assessment=waiting).count() if waiting is not None else 0,
        "decision": EligibilityDecision.objects.filter(subject=subject).order_by("-decided_at", "-pk").first(),
        "ended": partial_text(subject.ended_on),
        "entries": [
            {"entry": entry, "on": partial_text(entry.occurred_on) or "day not known"}
            for entry in subject.dispositions.select_related("corrected_by").order_by("pk")
        ],
        "may_change": may_write and bool(Disposition.FOLLOWS[Subject.Status(subject.status)]),
        "allocation": Allocation.objects.filter(subject=subject).first(),
        "may_randomise": may_write
        and subject.arm_id is None
        and subject.status == Subject.Status.ENROLLED
        and RandomisationList.objects.filter(study=subject.study_id, closed_at=None).exists(),
        "randomise_url": reverse("admin:cart_subject_randomise", args=[subject.pk]),
        "eligibility_url": reverse("admin:cart_subject_eligibility", args=[subject.pk]),
        "change_url": f"{reverse('admin:cart_disposition_add')}?subject={subject.pk}",
    }
    return render_to_string("cart/participation_panel.html", context, request=request)


register_subject_panel(key="participation", title="Participation", order=1, render=participation_panel)
