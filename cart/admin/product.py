"""Products, apheresis and custody; lots have their own module."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cart.admin.desk import SET_UP_ROLES, DeskAdmin, DeskStackedInline, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.move import MovableRecord
from cart.models import Apheresis, CustodyEvent, Product, ReleaseSpecification


class SpecificationInline(DeskTabularInline):
    """Release criteria of a product version."""

    model = ReleaseSpecification
    writing_roles = SET_UP_ROLES
    fields = ("test", "comparison", "limit", "unit", "may_follow_release")
    show_change_link = False


@admin.register(Product)
class ProductAdmin(DeskAdmin):
    """Product versions with their release criteria."""

    writing_roles = SET_UP_ROLES
    list_display = ("code", "version", "kind", "title", "study")
    list_filter = (("study", VisibleRelatedFilter), "kind")
    list_select_related = ("study",)
    search_fields = ("code", "title")
    autocomplete_fields = ("study",)
    fieldsets = ((None, {"fields": ("study", ("code", "version"), ("kind", "dose_tolerance_percent"), "title")}),)
    inlines = (SpecificationInline,)


@admin.register(ReleaseSpecification)
class ReleaseSpecificationAdmin(DeskAdmin):
    """Release criteria."""

    writing_roles = SET_UP_ROLES
    list_display = ("test", "product", "comparison", "limit", "unit", "may_follow_release")
    list_filter = (("product", VisibleRelatedFilter), "comparison")
    list_select_related = ("product",)
    search_fields = ("test",)
    autocomplete_fields = ("product",)


class CustodyInline(DeskStackedInline):
    """Steps of the chain of custody; a mistake is corrected by a further event."""

    model = CustodyEvent
    fields = (
        ("kind", "occurred_at", "place"),
        ("first_person", "second_person"),
        ("temperature_min_c", "temperature_max_c", "seal_intact"),
        ("corrects", "note"),
    )
    autocomplete_fields = ("lot", "corrects")
    list_select_related = ("lot", "corrects__apheresis")
    show_change_link = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ApheresisCustodyInline(CustodyInline):
    """Custody steps on the page of the apheresis, before there is a lot or with it."""

    fields = (*CustodyInline.fields, "lot")


@admin.register(Apheresis)
class ApheresisAdmin(MovableRecord, DeskAdmin):
    """Collections."""

    list_display = ("chain_of_identity", "subject", "collected_at", "volume_ml", "cd3_cells_e9")
    list_filter = (("subject__study", VisibleRelatedFilter), ("subject__site", VisibleRelatedFilter))
    list_select_related = ("subject",)
    search_fields = ("chain_of_identity", "subject__code")
    autocomplete_fields = ("subject",)
    readonly_fields = ("coi_check",)
    fieldsets = (
        (
            None,
            {"fields": ("subject", ("chain_of_identity", "coi_check", "collected_at"), ("volume_ml", "cd3_cells_e9"))},
        ),
    )
    inlines = (ApheresisCustodyInline,)


@admin.register(CustodyEvent)
class CustodyEventAdmin(DeskAdmin):
    """The chain of custody; append-only."""

    list_display = ("apheresis", "lot", "kind", "occurred_at", "place", "first_person", "second_person")
    list_filter = (("apheresis__subject__study", VisibleRelatedFilter), "kind")
    list_select_related = ("apheresis", "lot")
    search_fields = ("apheresis__chain_of_identity", "lot__number", "place")
    autocomplete_fields = ("apheresis", "lot", "corrects")
    fieldsets = ((None, {"fields": ("apheresis", *ApheresisCustodyInline.fields[:-1], "lot")}),)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
