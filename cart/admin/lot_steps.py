"""Steps on the lot's page: a custody entry, a scanned label, the label to print."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe

from cart.actions.custody import check_scan, record_custody, refusal_of
from cart.admin.lot_panels import custody_of, ledger_of
from cart.admin.record_state import WARNING_FIELD, keep_warnings
from cart.admin.refusals import sentence_of
from cart.models import CustodyEvent, Lot, ScanAttempt
from cart.models.plausible import SoftWarning, soft_warnings

_INPUT = {"class": "ts-input"}


class CustodyForm(forms.ModelForm):  # type: ignore[type-arg]
    """One step of a lot's custody; the label may be scanned with it."""

    scanned_code = forms.CharField(
        label="Scanned label",
        required=False,
        max_length=300,
        help_text="Click here and scan the bag. Another label than this lot's is refused, and the attempt recorded.",
    )

    class Meta:
        model = CustodyEvent
        fields = (
            "kind",
            "occurred_at",
            "place",
            "first_person",
            "second_person",
            "temperature_min_c",
            "temperature_max_c",
            "seal_intact",
            "corrects",
            "note",
        )
        # Not the browser's own picker: it writes 8 October as 10/08 or 08/10 by the language of the computer.
        widgets = {
            "occurred_at": forms.DateTimeInput(format="%Y-%m-%d %H:%M", attrs={"placeholder": "2024-10-08 14:30"})
        }

    def __init__(self, *args: Any, lot: Lot, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.lot, self.instance.apheresis = lot, lot.apheresis
        events = custody_of(lot)
        open_events = [row.event.pk for row in ledger_of(events) if not row.corrected]
        corrects = self.fields["corrects"]
        corrects.queryset = CustodyEvent.objects.filter(pk__in=open_events)  # type: ignore[attr-defined]
        # Named by number, kind and place: the ledger shows the numbers.
        corrects.label_from_instance = lambda event: f"{event.pk}: {event.kind}, {event.place}"  # type: ignore[attr-defined]
        self.fields["occurred_at"].label = "Occurred at (UTC)"
        self.fields["occurred_at"].help_text = "Year-month-day, and the time by the 24-hour clock."
        for field in self.fields.values():
            field.widget.attrs.update(_INPUT)

    def _post_clean(self) -> None:
        # The action cleans the event; here the values only get to it.
        opts = self._meta
        self.instance = forms.models.construct_instance(self, self.instance, opts.fields, opts.exclude)


class ScanForm(forms.Form):
    """A label that is scanned for a purpose."""

    purpose = forms.ChoiceField(choices=ScanAttempt.Purpose.choices)
    scanned_code = forms.CharField(label="Scanned label", max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.update(_INPUT)


def custody_page(request: HttpRequest, site: AdminSite, lot: Lot) -> HttpResponse:
    """The form alone, with what was wrong beside its fields; back to the lot's page when the step is stored."""
    form = CustodyForm(request.POST if request.method == "POST" else None, lot=lot)
    asked: list[SoftWarning] = []
    if request.method == "POST" and form.is_valid():
        asked = soft_warnings(form.instance)
        if asked and not request.POST.get(WARNING_FIELD, "").strip():
            for one in asked:
                form.add_error(one.field, one.sentence)
        elif (event := _stored(request, form, asked)) is not None:
            messages.success(request, f"Custody of lot {lot}: {event.get_kind_display().lower()} is recorded.")
            return _back(lot, "panel-custody")
    context = {
        **site.each_context(request),
        "title": f"Custody of lot {lot}",
        "form": form,
        "lot": lot,
        "action": reverse("admin:cart_lot_custody", args=[lot.pk]),
        "button": "Add to the ledger",
        "asked": asked,
        "warning_reason": request.POST.get(WARNING_FIELD, ""),
    }
    return TemplateResponse(request, "cart/lot_step.html", context)


def _stored(request: HttpRequest, form: CustodyForm, asked: list[SoftWarning]) -> CustodyEvent | None:
    """The step with the reason of what was asked; None where it was refused, and the form says why."""
    actor = request.user.get_username()
    try:
        event = record_custody(
            event=form.instance,
            scanned_code=form.cleaned_data["scanned_code"],
            actor=actor,
            reason="custody step entered",
        )
    except ValidationError as error:
        _add_errors(form, error)
    except DatabaseError as error:
        form.add_error(None, sentence_of(error))
    else:
        keep_warnings(event, asked, reason=request.POST.get(WARNING_FIELD, "").strip(), actor=actor)
        return event
    return None


def _add_errors(form: forms.ModelForm, error: ValidationError) -> None:  # type: ignore[type-arg]
    """The action's sentences beside the fields they are about, the others on top."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, found in error.error_dict.items():
        form.add_error(name if name in form.fields else None, found)


def scan_page(request: HttpRequest, site: AdminSite, lot: Lot) -> HttpResponse:
    """Tell whether a label is that of the lot; the attempt is stored in both cases."""
    form = ScanForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        attempt = check_scan(
            lot=lot,
            code=form.cleaned_data["scanned_code"],
            purpose=form.cleaned_data["purpose"],
            actor=request.user.get_username(),
        )
        if attempt.finding == ScanAttempt.Finding.MATCH:
            messages.success(request, f"The label is that of lot {lot} for subject {lot.subject}.")
        else:
            messages.error(request, refusal_of(attempt))
        return _back(lot, "panel-scans")
    context = {
        **site.each_context(request),
        "title": f"Scan for lot {lot}",
        "form": form,
        "lot": lot,
        "action": reverse("admin:cart_lot_scan", args=[lot.pk]),
        "button": "Check",
    }
    return TemplateResponse(request, "cart/lot_step.html", context)


def label_page(request: HttpRequest, lot: Lot) -> HttpResponse:
    """A page that prints as the label: QR code, and the same in letters."""
    code = lot.label_code()
    # Error correction Q: a quarter of the symbol may be frosted over.
    symbol = segno.make(code, error="q", micro=False, boost_error=False)
    svg = symbol.svg_inline(scale=4, border=4, omitsize=True, title=f"QR code of lot {lot}")
    # The library escapes the title; the symbol itself is a path.
    return TemplateResponse(request, "cart/lot_label.html", {"lot": lot, "code": code, "symbol": mark_safe(svg)})


def _back(lot: Lot, anchor: str) -> HttpResponse:
    return redirect(f"{reverse('admin:cart_lot_change', args=[lot.pk])}#{anchor}")
