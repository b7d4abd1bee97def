"""Completion marks and kept warnings of all records, to be looked through."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from cart.admin.desk import ReadOnlyAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.models import RecordCompletion, WarningOverride


def record_link(table: str, key: int) -> str:
    """Link to a record that is named as the audit trail names it."""
    for model in apps.get_models():
        if model._meta.db_table == table and not model._meta.proxy:
            name = str(model._meta.verbose_name).capitalize()
            try:
                address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
            except NoReverseMatch:
                return f"{name} {key}"
            return format_html('<a class="ts-link" href="{}">{} {}</a>', address, name, key)
    return f"{table} {key}"


class OfARecord(ReadOnlyAdmin):
    """What the pages of both share."""

    list_select_related = ("subject",)
    search_fields = ("subject__code",)

    @admin.display(description="record")
    def record(self, obj: Any) -> str:
        """The record it is about."""
        return record_link(obj.target_table, obj.target_id)


@admin.register(RecordCompletion)
class RecordCompletionAdmin(OfARecord):
    """Records as their editors marked them; a mark is set on the record's own page."""

    list_display = ("record", "subject", "state", "marked_by", "marked_at")
    list_filter = ("state", ("subject__study", VisibleRelatedFilter), ("subject__site", VisibleRelatedFilter))
    fieldsets = ((None, {"fields": ("subject", ("record", "state"), ("marked_by", "marked_at"))}),)
    readonly_fields = ("record", "marked_by", "marked_at")
    list_display_links = None


@admin.register(WarningOverride)
class WarningOverrideAdmin(OfARecord):
    """Implausible values that were kept, and why."""

    list_display = ("record", "subject", "target_field", "sentence", "reason", "kept_by", "kept_at")
    list_filter = (("subject__study", VisibleRelatedFilter), ("subject__site", VisibleRelatedFilter), "code")
    fieldsets = (
        (None, {"fields": ("subject", ("record", "target_field"), "sentence", "reason", ("kept_by", "kept_at"))}),
    )
    readonly_fields = ("record",)
    list_display_links = None
