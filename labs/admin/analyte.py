"""Laboratory set-up: analytes, laboratories, their codes and kits."""

from django.contrib import admin

from cart.admin.desk import SET_UP_ROLES, DeskAdmin, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from labs.models import Analyte, AnalyteCode, AssayVersion, DeltaLimit, Laboratory


@admin.register(Analyte)
class AnalyteAdmin(DeskAdmin):
    """What is measured."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "name", "kind", "unit", "standard_unit", "loinc", "sdtm_test_code")
    list_filter = ("kind",)
    search_fields = ("code", "name", "loinc")
    fixed_fields = ("code", "kind")
    fieldsets = (
        (None, {"fields": (("code", "kind"), "name", ("unit", "standard_unit"), ("loinc", "sdtm_test_code"))}),
    )


class AnalyteCodeInline(DeskTabularInline):
    """A laboratory's own codes."""

    model = AnalyteCode
    writing_roles = SET_UP_ROLES
    fields = ("code", "analyte")
    autocomplete_fields = ("analyte",)
    list_select_related = ("analyte", "laboratory")
    show_change_link = False


@admin.register(Laboratory)
class LaboratoryAdmin(DeskAdmin):
    """Laboratories and what they declared about their files."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "name", "time_zone", "quarantine")
    list_filter = ("quarantine",)
    search_fields = ("code", "name")
    fixed_fields = ("code",)
    fieldsets = ((None, {"fields": (("code", "time_zone"), "name", "quarantine", "layout")}),)
    inlines = (AnalyteCodeInline,)


@admin.register(AnalyteCode)
class AnalyteCodeAdmin(DeskAdmin):
    """Codes of all laboratories."""

    writing_roles = SET_UP_ROLES
    list_display = ("laboratory", "code", "analyte")
    list_filter = (("laboratory", VisibleRelatedFilter),)
    list_select_related = ("laboratory", "analyte")
    search_fields = ("code", "analyte__code")
    autocomplete_fields = ("laboratory", "analyte")


@admin.register(AssayVersion)
class AssayVersionAdmin(DeskAdmin):
    """Kits with their limits; a change of kit is a new version."""

    writing_roles = SET_UP_ROLES
    list_display = ("laboratory", "analyte", "kit", "lot", "unit", "lloq", "uloq", "cutoff", "valid_from", "valid_to")
    list_filter = (("laboratory", VisibleRelatedFilter),)
    list_select_related = ("laboratory", "analyte")
    search_fields = ("kit", "lot", "analyte__code", "laboratory__code")
    autocomplete_fields = ("laboratory", "analyte")
    fixed_fields = ("laboratory", "analyte")
    fieldsets = (
        (None, {"fields": (("laboratory", "analyte"), ("kit", "lot", "unit"))}),
        ("Limits", {"fields": (("lloq", "uloq", "cutoff"), ("dilution_start", "dilution_factor"))}),
        ("In force", {"fields": (("valid_from", "valid_to"),)}),
    )


@admin.register(DeltaLimit)
class DeltaLimitAdmin(DeskAdmin):
    """How far values of an analyte may lie from the one before."""

    writing_roles = SET_UP_ROLES
    list_display = ("analyte", "kind", "limit", "unit", "window_days", "source")
    list_select_related = ("analyte",)
    search_fields = ("analyte__code", "analyte__name")
    autocomplete_fields = ("analyte",)
    fixed_fields = ("analyte",)
    fieldsets = ((None, {"fields": ("analyte", ("kind", "limit", "unit"), "window_days", "source")}),)
