"""Therapies: beside the study, and study drugs of arms without CAR-T."""

from django.contrib import admin

from cart.admin.desk import DeskAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.move import MovableRecord
from cart.models import ConcomitantTherapy, StudyDrugExposure


@admin.register(ConcomitantTherapy)
class ConcomitantTherapyAdmin(MovableRecord, DeskAdmin):
    """Prior and concomitant therapies."""

    list_display = ("subject", "drug", "therapy_class", "prior", "started", "stopped", "ongoing", "daily_dose_mg")
    list_filter = (("subject__study", VisibleRelatedFilter), "therapy_class", "prior", "ongoing")
    list_select_related = ("subject",)
    search_fields = ("subject__code", "drug")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (None, {"fields": ("subject", ("drug", "therapy_class"), "indication")}),
        (
            "Dose",
            {
                "fields": (("daily_dose_mg", "dose", "dose_unit"), ("plasma_volumes", "dose_missing_reason")),
                "description": "A glucocorticoid has its daily dose, a plasma exchange its volumes; else say why not.",
            },
        ),
        ("Period", {"fields": (("started", "stopped"), ("prior", "ongoing"))}),
    )


@admin.register(StudyDrugExposure)
class StudyDrugExposureAdmin(MovableRecord, DeskAdmin):
    """Periods on a study drug."""

    list_display = ("subject", "drug", "dose", "dose_unit", "frequency", "started", "stopped")
    list_filter = (("subject__study", VisibleRelatedFilter),)
    list_select_related = ("subject",)
    search_fields = ("subject__code", "drug")
    autocomplete_fields = ("subject",)
    fieldsets = (
        (None, {"fields": ("subject", "drug", ("dose", "dose_unit"), "dose_text")}),
        ("How and when", {"fields": (("form", "route", "frequency"), ("started", "stopped"))}),
    )
