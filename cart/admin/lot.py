"""The lot's page: released by its tests, with its chain of identity, custody, label and scans."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from cart.actions.product import allowed_release, release_lot
from cart.admin.desk import DeskAdmin, DeskTabularInline, ReadOnlyAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedFormSet
from cart.admin.lot_panels import lot_panels
from cart.admin.lot_steps import CustodyForm, ScanForm, custody_page, label_page, scan_page
from cart.models import Lot, ReleaseSpecification, ReleaseTest, ScanAttempt
from trialsite.audit.context import current_reason

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


class ReleaseTestFormSet(ReasonedFormSet):
    """Release tests; the criteria to choose from are read once for all rows."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        field = form.fields.get("specification")
        if field is not None:
            if not hasattr(self, "_criteria"):
                self._criteria = self._read_criteria(field.queryset)
            field.choices = self._criteria

    def _read_criteria(self, criteria: QuerySet[ReleaseSpecification]) -> list[tuple[Any, str]]:
        """Those of the lot's product version; of every product where the lot has none yet."""
        if self.instance.product_id is None:
            named = [(one.pk, f"{one} ({one.product})") for one in criteria.select_related("product")]
        else:
            named = [(one.pk, str(one)) for one in criteria.filter(product=self.instance.product_id)]
        return [("", "---------"), *named]


class ReleaseTestInline(DeskTabularInline):
    """Release tests of a lot."""

    model = ReleaseTest
    formset = ReleaseTestFormSet
    fields = ("specification", "received_text", "value", "passed", "tested_on")
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
    change_form_outer_before_template = "cart/lot_chain.html"
    change_form_outer_after_template = "cart/lot_panels.html"

    def get_urls(self) -> list[Any]:
        """Custody, scans and the label of a lot stand before the pages of single lots."""
        view = self.admin_site.admin_view
        return [
            path("<int:lot_id>/custody/", view(self.custody), name="cart_lot_custody"),
            path("<int:lot_id>/scan/", view(self.scan), name="cart_lot_scan"),
            path("<int:lot_id>/label/", view(self.label), name="cart_lot_label"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Add chain, specification, custody and scans."""
        lot = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if lot is not None:
            may_write = self._may_write(request, lot)
            context |= lot_panels(request, lot, may_write=may_write)
            context["custody_form"] = CustodyForm(lot=lot) if may_write else None
            context["scan_form"] = ScanForm() if may_write else None
        return super().change_view(request, object_id, form_url, context)

    def custody(self, request: HttpRequest, lot_id: int) -> HttpResponse:
        """Add a step to the custody ledger."""
        return custody_page(request, self.admin_site, self._own_lot(request, lot_id, write=True))

    def scan(self, request: HttpRequest, lot_id: int) -> HttpResponse:
        """Hold a scanned label against the lot."""
        return scan_page(request, self.admin_site, self._own_lot(request, lot_id, write=True))

    def label(self, request: HttpRequest, lot_id: int) -> HttpResponse:
        """The label, to print."""
        return label_page(request, self._own_lot(request, lot_id, write=False))

    def _own_lot(self, request: HttpRequest, lot_id: int, *, write: bool) -> Lot:
        lot = self.get_object(request, str(lot_id))
        if lot is None:
            raise Http404
        if not (self._may_write(request, lot) if write else self.has_view_permission(request, lot)):
            raise PermissionDenied
        return lot

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


@admin.register(ScanAttempt)
class ScanAttemptAdmin(ReadOnlyAdmin):
    """Labels that were held against a lot, whatever was found; append-only."""

    list_display = ("lot", "scanned_at", "scanned_by", "purpose", "finding", "code_read")
    list_filter = (("lot__subject__study", VisibleRelatedFilter), "finding", "purpose")
    list_select_related = ("lot",)
    search_fields = ("lot__number", "code_read")
    fields = ("lot", "purpose", "code_read", "finding", "scanned_by", "scanned_at")
    readonly_fields = fields


@admin.register(ReleaseTest)
class ReleaseTestAdmin(DeskAdmin):
    """Release tests of all lots."""

    list_display = ("lot", "specification", "received_text", "passed", "tested_on")
    list_filter = (("lot__product__study", VisibleRelatedFilter), "passed")
    list_select_related = ("lot", "specification")
    search_fields = ("lot__number", "specification__test")
    autocomplete_fields = ("lot", "specification")
