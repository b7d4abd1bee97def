"""Days of CRS and ICANS: a row per day, the grade computed beside the investigator's."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from cart.actions.safety import ask_about_grades
from cart.admin.desk import DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedFormSet
from cart.admin.move import MovableRecord
from cart.endpoints.toxicity.icans import ICE_MOST
from cart.inputs.syndromes import Day, grades_of
from cart.models import CrsAssessment, IcansAssessment, SyndromeCourse
from trialsite.audit.middleware import REASON_FIELD

ICE = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention")
_GRADES = ("investigator_grade", "computed_grade")
_NO_COMPONENTS = "entry of the day"


def ask(request: HttpRequest, days: Sequence[Day]) -> None:
    """Open data queries for grades that differ, and tell the person who saved them."""
    reason = request.POST.get(REASON_FIELD, "").strip() or _NO_COMPONENTS
    for query in ask_about_grades(days=days, actor=request.user.get_username(), reason=reason):
        messages.warning(request, f"Data query {query} opened. {query.text}")


class ComputedGrade:
    """The grade that the components give, as a column and as a field of a form."""

    @admin.display(description="Computed grade")
    def computed_grade(self, obj: Day) -> str:
        """One grade, or bounds and why; marked where the investigator's differs."""
        if obj.pk is None:
            return "after saving"
        grade = obj.__dict__.get("computed") or grades_of([obj])[obj.pk]
        return format_html("<b>{}</b> differs", grade) if grade.differs else str(grade)


class DayAdmin(ComputedGrade, MovableRecord, DeskAdmin):
    """Days of one syndrome."""

    list_select_related = ("subject",)
    search_fields = ("subject__code",)
    autocomplete_fields = ("subject",)
    date_hierarchy = "assessed_on"
    readonly_fields: tuple[str, ...] = ("computed_grade",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Grades of a page of days are computed together."""

        class Graded(super().get_changelist(request, **kwargs)):  # type: ignore[misc]
            """Page of days with their grades."""

            def get_results(self, request: HttpRequest) -> None:
                super().get_results(request)
                self.result_list = list(self.result_list)
                grades = grades_of(self.result_list)
                for day in self.result_list:
                    day.computed = grades[day.pk]

        return Graded

    def save_model(self, request: HttpRequest, obj: Day, form: Any, change: bool) -> None:
        """Store the day, then ask where its grades differ."""
        super().save_model(request, obj, form, change)
        ask(request, [obj])


@admin.register(CrsAssessment)
class CrsAssessmentAdmin(DayAdmin):
    """CRS, day by day."""

    list_display = ("subject", "assessed_on", "temperature_max_c", "hypotension", "hypoxia", *_GRADES)
    list_filter = (
        ("subject__study", VisibleRelatedFilter),
        ("subject__site", VisibleRelatedFilter),
        "investigator_grade",
        "hypotension",
        "hypoxia",
    )
    fieldsets = (
        (None, {"fields": (("subject", "assessed_on"), "not_done_reason")}),
        ("Fever", {"fields": ("temperature_max_c", ("fever_other_cause", "fever_masked"))}),
        ("Circulation and oxygen", {"fields": (("hypotension", "hypoxia"), "fatal")}),
        ("Grade", {"fields": (_GRADES,)}),
    )


@admin.register(IcansAssessment)
class IcansAssessmentAdmin(DayAdmin):
    """ICANS, day by day."""

    list_display = ("subject", "assessed_on", "ice_total", "consciousness", "seizure", *_GRADES)
    list_filter = (
        ("subject__study", VisibleRelatedFilter),
        ("subject__site", VisibleRelatedFilter),
        "investigator_grade",
        "consciousness",
        "seizure",
    )
    readonly_fields = ("ice_total", "computed_grade")
    fieldsets = (
        (None, {"fields": (("subject", "assessed_on"), "not_done_reason")}),
        (
            "ICE score",
            {
                "fields": (ICE[:2], ICE[2:], "ice_total"),
                "description": "Of a subject who cannot be roused the items stay empty: consciousness decides the "
                "grade. With an item missing there is no score.",
            },
        ),
        (
            "Other findings",
            {
                "fields": (("consciousness", "seizure"), ("motor_weakness", "oedema"), "fatal"),
                "description": "Tremor, myoclonus and intracranial haemorrhage do not count for the grade.",
            },
        ),
        ("Grade", {"fields": (_GRADES,)}),
    )

    class Media:
        js = ("cart/ice.js",)

    @admin.display(description="ICE score")
    def ice_total(self, obj: IcansAssessment) -> str:
        """Sum of the five items."""
        return ice_text(obj)


def ice_text(obj: IcansAssessment) -> str:
    """ICE score of 10, or that it is not complete, where ``ice.js`` finds it."""
    total = obj.ice_total if obj.pk is not None else None
    return format_html('<span class="ts-ice-total">{}</span>', "-" if total is None else f"{total} of {ICE_MOST}")


class DayFormSet(ReasonedFormSet):
    """Days; the next one is the day after the last."""

    def get_unique_error_message(self, unique_check: Any) -> str:
        """The sentence of the constraint, whose check the form set takes over."""
        return "This day is already recorded; open its row. [day-twice]"

    @property
    def empty_form(self) -> Any:
        form = super().empty_form
        last = max((row.instance.assessed_on for row in self.initial_forms if row.instance.assessed_on), default=None)
        # A slip of the year may have no day after it.
        if last is not None and last < date.max:
            form.initial.setdefault("assessed_on", last + timedelta(days=1))
        return form


class CrsDayInline(ComputedGrade, DeskTabularInline):
    """CRS, a row per day."""

    model = CrsAssessment
    fk_name = "subject"
    formset = DayFormSet
    # The day in the first column says it already.
    hide_title = True
    fields = (
        "assessed_on", *_GRADES, "temperature_max_c", "hypotension", "hypoxia", "fever_masked", "fever_other_cause",
        "not_done_reason",
    )  # fmt: skip
    readonly_fields = ("computed_grade",)
    list_select_related = ("subject",)


class IcansDayInline(ComputedGrade, DeskTabularInline):
    """ICANS, a row per day; the ICE score is the sum of its items."""

    model = IcansAssessment
    fk_name = "subject"
    formset = DayFormSet
    # The day in the first column says it already.
    hide_title = True
    fields = (
        "assessed_on", *_GRADES, *ICE, "ice_total", "consciousness", "seizure", "motor_weakness", "oedema",
        "not_done_reason",
    )  # fmt: skip
    readonly_fields = ("ice_total", "computed_grade")
    list_select_related = ("subject",)

    @admin.display(description="ICE score")
    def ice_total(self, obj: IcansAssessment) -> str:
        """Sum of the five items."""
        return ice_text(obj)


@admin.register(SyndromeCourse)
class SyndromeCourseAdmin(DeskAdmin):
    """The days of a subject on one page: the quick way to enter an episode."""

    list_display = ("code", "study", "site", "crs_days", "icans_days")
    list_filter = (("study", VisibleRelatedFilter), ("site", VisibleRelatedFilter), "status")
    list_select_related = ("study", "site__study")
    search_fields = ("code",)
    readonly_fields = ("code",)
    fieldsets = (
        (
            None,
            {
                "fields": ("code",),
                "description": "One row per day, the worst of the day. The grade is computed when the page is saved; "
                "the investigator's own grade stays beside it, and a difference opens a data query.",
            },
        ),
    )
    inlines = (CrsDayInline, IcansDayInline)

    class Media:
        js = ("cart/ice.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Subjects with the number of their days."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                crs_number=Count("crs_assessments", distinct=True),
                icans_number=Count("icans_assessments", distinct=True),
            )
        )

    @admin.display(description="CRS days", ordering="crs_number")
    def crs_days(self, obj: Any) -> int:
        """Days assessed for CRS."""
        return int(obj.crs_number)

    @admin.display(description="ICANS days", ordering="icans_number")
    def icans_days(self, obj: Any) -> int:
        """Days assessed for ICANS."""
        return int(obj.icans_number)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Subjects are entered on their own page.
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Store the days, then ask where their grades differ."""
        super().save_formset(request, form, formset, change)
        changed = [*formset.new_objects, *(row for row, _ in formset.changed_objects)]
        if changed:
            ask(request, changed)
