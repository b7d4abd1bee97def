"""Files of laboratories and what became of their rows, to be looked at."""

from django.contrib import admin
from unfold.admin import TabularInline

from cart.admin.desk import DeskPermissions, ReadOnlyAdmin
from cart.admin.filters import VisibleRelatedFilter
from labs.models import Transfer, TransferRow


class TransferRowInline(DeskPermissions, TabularInline):
    """Rows that were not simply applied: line, column, rule, what was found and what was expected."""

    model = TransferRow
    fields = ("line", "column", "rule", "found", "expected", "outcome")
    readonly_fields = fields
    extra = 0
    per_page = 50
    writing_roles = frozenset()
    verbose_name_plural = "report: rows that were not applied"


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Transfers with their report."""

    list_display = (
        "number",
        "study",
        "laboratory",
        "file_name",
        "state",
        "rows_total",
        "rows_applied",
        "rows_duplicate",
        "rows_refused",
        "received_at",
    )
    list_filter = (("study", VisibleRelatedFilter), ("laboratory", VisibleRelatedFilter), "state", "kind")
    list_select_related = ("study", "laboratory", "raw_file")
    search_fields = ("file_name", "raw_file__sha256")
    fieldsets = (
        ("File", {"fields": (("study", "laboratory"), ("file_name", "kind"), ("raw_file", "received_at"))}),
        (
            "What became of it",
            {
                "fields": (
                    ("state", "decided_at"),
                    ("rows_total", "rows_applied", "rows_corrected"),
                    ("rows_duplicate", "rows_quarantined", "rows_refused"),
                    "rows_vanished",
                )
            },
        ),
    )
    inlines = (TransferRowInline,)

    @admin.display(description="Transfer", ordering="id")
    def number(self, obj: Transfer) -> str:
        """Number as the reports name it."""
        return str(obj)


@admin.register(TransferRow)
class TransferRowAdmin(ReadOnlyAdmin):
    """Reported rows of all transfers."""

    list_display = ("transfer", "line", "column", "rule", "found", "expected", "outcome")
    list_filter = (("transfer__study", VisibleRelatedFilter), "outcome")
    list_select_related = ("transfer",)
    search_fields = ("rule", "column", "found")
