"""Conditioning, chelation and bridging before an infusion."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cart.actions.conditioning import ask_for_differences
from cart.admin.desk import DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedFormSet
from cart.admin.move import MovableRecord
from cart.models import BridgingTherapy, Chelation, ConditioningCourse, ConditioningDose


class DoseFormSet(ReasonedFormSet):
    """Doses are judged by their course as it stands on the page, stored or not."""

    def full_clean(self) -> None:
        # Not when the rows are built: the course has its proposal only after its own form was cleaned.
        if self.is_bound:
            for form in self.forms:
                form.instance.course = self.instance
        super().full_clean()


class DoseInline(DeskTabularInline):
    """Doses of a course."""

    model = ConditioningDose
    formset = DoseFormSet
    fields = ("drug", "drug_name", "given_at", "planned_mg_m2", "given_mg", "off_plan", "deviation_reason")
    readonly_fields = ("off_plan",)
    list_select_related = ("course__subject",)
    show_change_link = False

    @admin.display(description="Off plan")
    def off_plan(self, obj: ConditioningDose) -> str:
        """Deviations in per cent."""
        return off_plan_text(obj)


def off_plan_text(dose: ConditioningDose) -> str:
    """Deviations of a stored dose in words; empty for a new one."""
    if dose.pk is None:
        return ""
    return ", ".join(f"{what} {percent:+.1f} %" for what, percent in dose.deviations().items())


@admin.register(ConditioningCourse)
class ConditioningCourseAdmin(MovableRecord, DeskAdmin):
    """Conditioning courses with their doses."""

    list_display = ("subject", "number", "regimen", "weight_kg", "height_cm", "bsa_m2", "proposal")
    list_filter = (("subject__study", VisibleRelatedFilter),)
    list_select_related = ("subject",)
    search_fields = ("subject__code", "regimen")
    autocomplete_fields = ("subject",)
    readonly_fields = ("bsa_computed_m2", "clearance_computed_ml_min", "proposal", "fludarabine_rule", "differences")
    fieldsets = (
        (None, {"fields": ("subject", ("number", "regimen"))}),
        (
            "Body measures the doses rest on",
            {"fields": (("weight_kg", "height_cm"), ("bsa_formula", "bsa_m2", "bsa_computed_m2"))},
        ),
        (
            "Renal function",
            {
                "fields": (
                    ("creatinine", "creatinine_unit", "creatinine_on"),
                    ("age_years", "creatinine_clearance_ml_min", "clearance_computed_ml_min"),
                ),
                "description": "The clearance is computed by Cockcroft and Gault from creatinine, age, sex and weight.",
            },
        ),
        (
            "Fludarabine",
            {
                "fields": (
                    ("fludarabine_full_mg_m2", "dose_tolerance_percent"),
                    ("proposal", "fludarabine_rule"),
                    "differences",
                ),
                "description": "A proposal to check the recorded dose by, not an order. It follows when saved.",
            },
        ),
    )
    inlines = (DoseInline,)

    @admin.display(description="Proposed fludarabine")
    def proposal(self, obj: ConditioningCourse) -> str:
        """The dose in mg/m2, or why there is none."""
        proposed = obj.fludarabine_proposed_mg_m2
        if proposed is None:
            return obj.fludarabine_reason or "not computed yet"
        return f"{proposed} mg/m2 a day" if proposed else obj.fludarabine_reason

    @admin.display(description="Own and computed values")
    def differences(self, obj: ConditioningCourse) -> str:
        """Where the site's own values differ."""
        if obj.pk is None or obj.bsa_computed_m2 is None:
            return "compared when the page is saved"
        return " ".join(obj.differences().values()) or "agree"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the doses; ask about own values that differ from the computed ones."""
        super().save_related(request, form, formsets, change)
        for query in ask_for_differences(course=form.instance, actor=request.user.get_username()):
            self.message_user(request, f"A data query is open: {query.text}", "warning")


@admin.register(ConditioningDose)
class ConditioningDoseAdmin(DeskAdmin):
    """Doses of all courses."""

    list_display = ("course", "drug", "drug_name", "given_at", "planned_mg_m2", "given_mg", "off_plan")
    list_filter = (("course__subject__study", VisibleRelatedFilter), "drug")
    list_select_related = ("course__subject",)
    search_fields = ("course__subject__code", "drug_name")
    autocomplete_fields = ("course",)

    @admin.display(description="Off plan")
    def off_plan(self, obj: ConditioningDose) -> str:
        """Deviations in per cent."""
        return off_plan_text(obj)


@admin.register(Chelation)
class ChelationAdmin(MovableRecord, DeskAdmin):
    """Chelation around infusions."""

    list_display = ("subject", "agent", "dose_mg", "route", "started_at", "stopped_at")
    list_filter = (("subject__study", VisibleRelatedFilter),)
    list_select_related = ("subject",)
    search_fields = ("subject__code", "agent")
    autocomplete_fields = ("subject",)
    readonly_fields = ("hours_to_infusion", "calcium_mmol_l")
    fieldsets = (
        (
            None,
            {"fields": ("subject", ("agent", "dose_mg", "route"), ("started_at", "stopped_at", "hours_to_infusion"))},
        ),
        (
            "Ionised calcium",
            {
                "fields": (
                    ("ionised_calcium_before", "ionised_calcium_after", "ionised_calcium_unit"),
                    ("calcium_before_at", "calcium_after_at"),
                    ("calcium_missing_reason", "calcium_mmol_l"),
                ),
            },
        ),
    )

    @admin.display(description="Hours to the infusion")
    def hours_to_infusion(self, obj: Chelation) -> str:
        """From the start of the chelation to the first component after it."""
        hours = None if obj.pk is None else obj.hours_to_infusion()
        if hours is None:
            return "no infusion recorded"
        return f"{hours}" if hours >= 0 else f"{-hours} hours after the last component"

    @admin.display(description="In mmol/L")
    def calcium_mmol_l(self, obj: Chelation) -> str:
        """Both values in mmol/L."""
        if obj.pk is None:
            return ""
        values = (obj.ionised_calcium_before_mmol_l, obj.ionised_calcium_after_mmol_l)
        return " → ".join("missing" if value is None else f"{value:.2f}" for value in values)


@admin.register(BridgingTherapy)
class BridgingTherapyAdmin(MovableRecord, DeskAdmin):
    """Therapies that hold the disease between apheresis and conditioning."""

    list_display = ("subject", "drug", "dose", "dose_unit", "started", "stopped", "ongoing")
    list_filter = (("subject__study", VisibleRelatedFilter), "ongoing")
    list_select_related = ("subject",)
    search_fields = ("subject__code", "drug")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (
            None,
            {
                "fields": ("subject", ("drug", "indication"), ("dose", "dose_unit"), ("frequency", "route")),
                "description": "Bridging is no conditioning: no baseline and no Day moves by it.",
            },
        ),
        ("Period", {"fields": (("started", "stopped"), "ongoing")}),
    )
