"""Consent forms of the sites, and the re-consents that follow from them on Today."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from cart.admin.desk import SET_UP_ROLES, DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.inputs.reconsents import ReconsentDue, reconsents_due
from cart.models import ConsentForm, Subject
from cart.scoping import visible_to


@admin.register(ConsentForm)
class ConsentFormAdmin(DeskAdmin):
    """Versions of the consent form by site."""

    writing_roles = SET_UP_ROLES
    list_display = ("version", "study", "site", "protocol", "in_force_on", "signed_again")
    list_filter = (("study", VisibleRelatedFilter), ("site", VisibleRelatedFilter), "signed_again")
    list_select_related = ("study", "site__study", "protocol__study")
    search_fields = ("version", "site__code", "study__code")
    autocomplete_fields = ("study", "site", "protocol")
    fieldsets = (
        (
            None,
            {
                "fields": (("study", "site"), ("version", "in_force_on"), "protocol", "signed_again"),
                "description": "From its first day on, subjects of the site who signed an earlier version stand under "
                "“Re-consents due” on Today until they have signed it.",
            },
        ),
    )


def due_for(user: Any) -> list[dict[str, Any]]:
    """Re-consents of the subjects that the user sees, as Today shows them."""
    due = reconsents_due(visible_to(user, Subject.objects.all()), now=timezone.now())
    return [
        {"due": one, "url": reverse("admin:cart_subject_change", args=[one.subject.pk]), "record_url": record_url(one)}
        for one in due
    ]


def record_url(one: ReconsentDue) -> str:
    """Where the new consent is entered."""
    given = {"subject": one.subject.pk, "version": one.form.version, "protocol": one.form.protocol_id or ""}
    return f"{reverse('admin:cart_consent_add')}?{urlencode(given)}"
