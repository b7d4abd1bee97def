"""From apheresis to a released lot."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from cart.actions.product import allowed_release, release_lot
from cart.admin.desk import SET_UP_ROLES, DeskAdmin, DeskStackedInline, DeskTabularInline
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.move import MovableRecord
from cart.models import Apheresis, CustodyEvent, Lot, Product, ReleaseSpecification, ReleaseTest
from trialsite.audit.context import current_reason


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
        "note",
    )
    autocomplete_fields = ("lot",)
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
    fieldsets = ((None, {"fields": ("subject", ("chain_of_identity", "collected_at"), ("volume_ml", "cd3_cells_e9"))}),)
    inlines = (ApheresisCustodyInline,)


# States that the release tests decide; an approved exception rests on its written reason instead.
RELEASED_BY_TESTS = (Lot.State.CONDITIONALLY_RELEASED, Lot.State.RELEASED)


def _release(request: HttpRequest, lot: Lot, state: str, released_at: datetime) -> None:
    if state == lot.state:
        # Only its time is corrected: the tests must have allowed the release at the new time too.
        allowed_release(lot=lot, at=released_at)
        lot.released_at = released_at
        lot.save(update_fields=["released_at"])
        return
    at = released_at
    if lot.state == Lot.State.CONDITIONALLY_RELEASED:
        if released_at != lot.released_at:
            raise ValidationError(
                f"Lot {lot} keeps the time of its conditional release, {lot.released_at}: from then on its cells could "
                "be given. Leave the time as it was. [release-time]"
            )
        at = timezone.now()
    # A new record is stored without a reason, its release is a change.
    reason = current_reason() or "released when entered"
    found = release_lot(lot=lot, released_at=at, actor=request.user.get_username(), reason=reason)
    if found.state != state:
        raise ValidationError(
            f"By its release tests lot {lot} is '{found.get_state_display()}'; choose that state. [release-tests]"
        )


class ReleaseTestInline(DeskTabularInline):
    """Release tests of a lot."""

    model = ReleaseTest
    fields = ("specification", "received_text", "value", "passed", "tested_on")
    autocomplete_fields = ("specification",)
    list_select_related = ("specification", "lot")
    show_change_link = False


@admin.register(Lot)
class LotAdmin(DeskAdmin):
    """Lots. Release goes by the release tests; the database decides which other state may follow which."""

    list_display = ("number", "subject", "product", "target", "state", "released_at")
    list_filter = (("product__study", VisibleRelatedFilter), "state", "target")
    list_select_related = ("subject", "product", "apheresis")
    search_fields = ("number", "subject__code", "apheresis__chain_of_identity")
    autocomplete_fields = ("product", "apheresis", "subject")
    fieldsets = (
        ("Lot", {"fields": (("number", "target"), ("subject", "apheresis"), ("product", "manufactured_on"))}),
        (
            "Release",
            {
                "fields": (("state", "released_at"), "release_note"),
                "description": "Released as far as its release tests, those on this page included, meet the "
                "specification of its product. A lot becomes 'Infused' by itself when its infusion is recorded.",
            },
        ),
    )
    inlines = (ReleaseTestInline,)

    def save_model(self, request: HttpRequest, obj: Lot, form: Any, change: bool) -> None:
        """Save all but a release: it is judged when the tests on the page are stored."""
        stored = Lot.objects.get(pk=obj.pk) if change else Lot(state=Lot.State.IN_PROCESS)
        wanted = (obj.state, obj.released_at)
        request._desk_release = None  # type: ignore[attr-defined]
        if obj.state in RELEASED_BY_TESTS and wanted != (stored.state, stored.released_at):
            request._desk_release = wanted  # type: ignore[attr-defined]
            obj.state, obj.released_at = stored.state, stored.released_at
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the tests, then release by them."""
        super().save_related(request, form, formsets, change)
        wanted = request._desk_release  # type: ignore[attr-defined]
        if wanted is not None:
            _release(request, form.instance, *wanted)


@admin.register(ReleaseTest)
class ReleaseTestAdmin(DeskAdmin):
    """Release tests of all lots."""

    list_display = ("lot", "specification", "received_text", "passed", "tested_on")
    list_filter = (("lot__product__study", VisibleRelatedFilter), "passed")
    list_select_related = ("lot", "specification")
    search_fields = ("lot__number", "specification__test")
    autocomplete_fields = ("lot", "specification")


@admin.register(CustodyEvent)
class CustodyEventAdmin(DeskAdmin):
    """The chain of custody; append-only."""

    list_display = ("apheresis", "lot", "kind", "occurred_at", "place", "first_person", "second_person")
    list_filter = (("apheresis__subject__study", VisibleRelatedFilter), "kind")
    list_select_related = ("apheresis", "lot")
    search_fields = ("apheresis__chain_of_identity", "lot__number", "place")
    autocomplete_fields = ("apheresis", "lot")
    fieldsets = ((None, {"fields": ("apheresis", *ApheresisCustodyInline.fields[:-1], "lot")}),)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
