"""Data queries and their threads."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cart.admin.desk import DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.models import WRITING_ROLES, DataQuery, DataQueryMessage, Role

# Who enters data answers; who watches over data closes.
QUERY_ROLES = WRITING_ROLES | {Role.DATA_MANAGER, Role.MONITOR}


class DataQueryMessageInline(DeskTabularInline):
    """The thread of a query: written once, never changed."""

    model = DataQueryMessage
    fields = ("text", "author", "written_at")
    readonly_fields = ("author", "written_at")
    writing_roles = QUERY_ROLES
    verbose_name_plural = "thread"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DataQuery)
class DataQueryAdmin(DeskAdmin):
    """What is asked, newest first. Queries are opened by checks; here they are answered and closed."""

    list_display = ("__str__", "subject", "text", "status", "origin", "opened_at", "closed_at")
    list_filter = (
        "status",
        "origin",
        ("subject__study", VisibleRelatedFilter),
        ("subject__site", VisibleRelatedFilter),
    )
    list_select_related = ("subject",)
    search_fields = ("subject__code", "text")
    writing_roles = QUERY_ROLES
    fixed_fields = ("subject", "text", "origin", "target_table", "target_id", "opened_at", "answered_at", "closed_at")
    fieldsets = (
        (None, {"fields": ("subject", "text", "status")}),
        (
            "Where it comes from",
            {"fields": (("origin", "opened_at"), ("target_table", "target_id"), ("answered_at", "closed_at"))},
        ),
    )
    inlines = (DataQueryMessageInline,)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Sign each new message with the name of who is signed in."""
        for row in formset.forms:
            row.instance.author = row.instance.author or request.user.get_username()
        super().save_formset(request, form, formset, change)
