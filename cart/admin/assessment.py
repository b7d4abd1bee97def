"""What the pages of all assessments share: who enters them, digits by keyboard, what follows from them, queries."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from cart.actions.assessments import ask_about_differences
from cart.admin.assessed import computed_texts
from cart.admin.desk import DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.move import MovableRecord
from cart.models import Assessment, DataQuery

_YES_NO = [("unknown", "Not assessed"), ("true", "Yes"), ("false", "No")]


def sections(*own: tuple[str, tuple[Any, ...]], beside_assessor: tuple[str, ...] = ()) -> Any:
    """Fieldsets of a kind of assessment: what all have in common, then its own sections (title, rows of fields)."""
    shared = ("subject", ("visit", "assessed_on"), ("assessor", *beside_assessor), "not_done_reason")
    return (
        ("When and by whom", {"fields": shared}),
        *((title, {"fields": rows}) for title, rows in own),
    )


class AssessmentAdmin(MovableRecord, DeskAdmin):
    """One kind of assessment: at a visit, on a day, by an assessor, or not done with its reason."""

    list_display = ("subject", "visit_name", "assessed_on", "computed", "assessor")
    list_filter = (
        ("subject__study", VisibleRelatedFilter),
        ("subject__site", VisibleRelatedFilter),
        ("not_done_reason", admin.EmptyFieldListFilter),
    )
    list_select_related = ("subject", "visit__planned", "visit__subject")
    search_fields = ("subject__code", "visit__planned__code", "assessor")
    autocomplete_fields = ("subject", "visit")
    date_hierarchy = "assessed_on"
    readonly_fields = ("computed",)
    save_on_top = True

    class Media:
        js = ("cart/scores.js",)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if type(db_field) is models.PositiveSmallIntegerField and not db_field.choices:
            most = max(getattr(validator, "limit_value", 0) for validator in db_field.validators)
            attributes = {"inputmode": "numeric", "autocomplete": "off", "data-ts-most": most, "size": len(str(most))}
            kwargs["widget"] = UnfoldAdminTextInputWidget(attrs={**attributes, "maxlength": len(str(most))})
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(db_field, models.BooleanField) and db_field.null:
            # "Unknown" would be an answer; this is the absence of one.
            field.widget.choices = _YES_NO
        return field

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Compute what follows from the rows of the page together: one pass of a kernel, not one a row."""
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        for row, text in zip(rows, computed_texts(rows), strict=True):
            row.computed_text = text
        changelist.result_list = rows
        return changelist

    @admin.display(description="Computed")
    def computed(self, obj: Assessment | None) -> str:
        """What follows from the entries, or why nothing does."""
        if obj is None or obj.pk is None:
            return "after saving"
        text: str = obj.computed_text if hasattr(obj, "computed_text") else computed_texts([obj])[0]
        return text

    @admin.display(description="Visit", ordering="visit__planned__target_day")
    def visit_name(self, obj: Assessment) -> str:
        """Code of the planned visit, or name of an unscheduled one."""
        return "" if obj.visit is None else str(obj.visit.planned or obj.visit.label)

    def save_model(self, request: HttpRequest, obj: Assessment, form: Any, change: bool) -> None:
        """Store, then ask about what differs from the computed value."""
        super().save_model(request, obj, form, change)
        opened = ask_about_differences(
            record=obj, actor=request.user.get_username(), reason="differs from the computed value"
        )
        for query in opened:
            self.message_user(request, f"{query} opened: {query.text}", "WARNING")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Show the open queries about the record above its form."""
        obj = context.get("original")
        asked = []
        if obj is not None:
            asked = list(
                DataQuery.objects.filter(target_table=obj._meta.db_table, target_id=obj.pk)
                .exclude(status=DataQuery.Status.CLOSED)
                .order_by("id")
            )
        answer = super().render_change_form(request, context, *args, **kwargs)
        answer.context_data["row_errors"] += [f"{query}: {query.text}" for query in asked]
        return answer
