"""Lung: spirometry, DLCO, ultrasound, HRCT."""

from typing import Any

from django.contrib import admin

from cart.admin.assessment import AssessmentAdmin, sections
from cart.models import DiffusingCapacity, HrctScan, LungUltrasound, Spirometry
from cart.models.lung import ZONES


@admin.register(Spirometry)
class SpirometryAdmin(AssessmentAdmin):
    """FVC and FEV1 with the computed % predicted beside the device's own."""

    list_filter = (*AssessmentAdmin.list_filter, "quality")
    fieldsets = sections(
        ("Measured", (("fvc_l", "fev1_l"), ("height_cm", "age_years"), ("quality", "gli_group"))),
        ("Per cent of predicted", (("device_fvc_pct", "device_fev1_pct"), "device_reference", "computed")),
    )


@admin.register(DiffusingCapacity)
class DiffusingCapacityAdmin(AssessmentAdmin):
    """DLCO with the computed % predicted beside the device's own."""

    list_filter = (*AssessmentAdmin.list_filter, "quality")
    fieldsets = sections(
        (
            "Measured",
            (("dlco", "unit"), ("va_l", "haemoglobin_g_dl"), ("height_cm", "age_years"), "quality"),
        ),
        ("Per cent of predicted", (("device_pct", "device_corrected"), "device_reference", "computed")),
    )


@admin.register(LungUltrasound)
class LungUltrasoundAdmin(AssessmentAdmin):
    """B-lines of 14 zones."""

    list_filter = (*AssessmentAdmin.list_filter, "pleural_irregularity")
    fieldsets = sections(
        (
            "B-lines of each zone, as the study's ultrasound manual numbers them",
            tuple((f"right_{place}", f"left_{place}") for place in range(1, 8)),
        ),
        ("Total and pleura", ("computed", "pleural_irregularity")),
    )

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Let Enter lead to the next zone: counts have one digit or two."""
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in ZONES:
            if name in form.base_fields:
                form.base_fields[name].widget.attrs["data-ts-enter"] = "1"
        return form


@admin.register(HrctScan)
class HrctScanAdmin(AssessmentAdmin):
    """HRCT as it was read."""

    list_filter = (*AssessmentAdmin.list_filter, "ild", "comparison")
    fieldsets = sections(("As read", (("ild", "extent_pct"), ("pattern", "comparison"), "computed")))
