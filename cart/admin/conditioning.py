"""Conditioning and chelation before an infusion."""

from django.contrib import admin

from cart.admin.desk import DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.move import MovableRecord
from cart.models import Chelation, ConditioningCourse, ConditioningDose


class DoseInline(DeskTabularInline):
    """Doses of a course."""

    model = ConditioningDose
    fields = ("drug", "drug_name", "given_at", "planned_mg_m2", "given_mg")
    list_select_related = ("course__subject",)
    show_change_link = False


@admin.register(ConditioningCourse)
class ConditioningCourseAdmin(MovableRecord, DeskAdmin):
    """Conditioning courses with their doses."""

    list_display = ("subject", "number", "regimen", "weight_kg", "height_cm", "bsa_m2")
    list_filter = (("subject__study", VisibleRelatedFilter),)
    list_select_related = ("subject",)
    search_fields = ("subject__code", "regimen")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (None, {"fields": ("subject", ("number", "regimen"))}),
        (
            "Body measures the doses rest on",
            {"fields": (("weight_kg", "height_cm"), ("bsa_formula", "bsa_m2"), "creatinine_clearance_ml_min")},
        ),
    )
    inlines = (DoseInline,)


@admin.register(ConditioningDose)
class ConditioningDoseAdmin(DeskAdmin):
    """Doses of all courses."""

    list_display = ("course", "drug", "drug_name", "given_at", "planned_mg_m2", "given_mg")
    list_filter = (("course__subject__study", VisibleRelatedFilter), "drug")
    list_select_related = ("course__subject",)
    search_fields = ("course__subject__code", "drug_name")
    autocomplete_fields = ("course",)


@admin.register(Chelation)
class ChelationAdmin(MovableRecord, DeskAdmin):
    """Chelation around infusions."""

    list_display = ("subject", "agent", "dose_mg", "route", "started_at", "stopped_at")
    list_filter = (("subject__study", VisibleRelatedFilter),)
    list_select_related = ("subject",)
    search_fields = ("subject__code", "agent")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (None, {"fields": ("subject", ("agent", "dose_mg", "route"), ("started_at", "stopped_at"))}),
        (
            "Ionised calcium",
            {"fields": (("ionised_calcium_before_mmol_l", "ionised_calcium_after_mmol_l"),)},
        ),
    )
