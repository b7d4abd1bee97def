"""Heart: echocardiography and right-heart catheter."""

from django.contrib import admin

from cart.admin.assessment import AssessmentAdmin, sections
from cart.models import Echocardiogram, RightHeartCatheter


@admin.register(Echocardiogram)
class EchocardiogramAdmin(AssessmentAdmin):
    """Echocardiography; sPAP and TAPSE/sPAP come from the entries."""

    fieldsets = sections(
        ("Measured", (("trv_m_s", "rap_mmhg"), ("tapse_mm", "lvef_pct"), ("ra_area_cm2", "right_axis_deviation"))),
        ("Computed beside the report", (("computed", "spap_in_report"),)),
    )


@admin.register(RightHeartCatheter)
class RightHeartCatheterAdmin(AssessmentAdmin):
    """Right-heart catheter; PVR comes from the entries."""

    list_filter = (*AssessmentAdmin.list_filter, "pah")
    fieldsets = sections(
        ("Measured", (("mpap_mmhg", "pawp_mmhg"), ("rap_mmhg", "cardiac_output_l_min"), "computed")),
        ("Judgement", ("pah",)),
    )
