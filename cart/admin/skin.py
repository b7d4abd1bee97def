"""Skin: mRSS by an ordered grid with a body figure, and digital ulcers."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from cart.admin.assessment import AssessmentAdmin, sections
from cart.admin.body_figure import render_figure
from cart.models import WRITING_ROLES, DigitalUlcerCount, Role, SkinScore
from cart.models.skin import SITE_NAMES


@admin.register(SkinScore)
class SkinScoreAdmin(AssessmentAdmin):
    """mRSS of all subjects. A blinded assessor enters it and sees no titers."""

    writing_roles = WRITING_ROLES | {Role.BLINDED_ASSESSOR}
    list_display = ("subject", "visit_name", "assessed_on", "computed", "blinded", "assessor")
    list_filter = (*AssessmentAdmin.list_filter, "blinded")
    readonly_fields = ("computed", "figure")
    fieldsets = sections(
        (
            "Skin thickness: 0 normal, 1 mild, 2 moderate, 3 severe; empty where it could not be scored",
            (
                "face",
                ("chest", "abdomen"),
                ("right_upper_arm", "left_upper_arm"),
                ("right_forearm", "left_forearm"),
                ("right_hand", "left_hand"),
                ("right_fingers", "left_fingers"),
                ("right_thigh", "left_thigh"),
                ("right_leg", "left_leg"),
                ("right_foot", "left_foot"),
            ),
        ),
        ("Total", ("figure", ("computed", "total_in_source"))),
        beside_assessor=("blinded",),
    )

    @admin.display(description="Figure")
    def figure(self, obj: SkinScore | None) -> SafeString:
        """The body seen from the front with the total so far; a site of it leads to its box."""
        scores = {name: getattr(obj, name, None) for name in SITE_NAMES}
        # The figure holds numbers and names of sites only.
        return format_html(
            '<div class="ts-figure-box">{}<p class="ts-figure-total" data-ts-total="{}" aria-live="polite"></p></div>',
            mark_safe(render_figure(scores)),
            " ".join(SITE_NAMES),
        )

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Let a full box lead to the next one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in SITE_NAMES:
            if name in form.base_fields:
                form.base_fields[name].widget.attrs["data-ts-next"] = "1"
        return form


@admin.register(DigitalUlcerCount)
class DigitalUlcerCountAdmin(AssessmentAdmin):
    """Digital ulcers of all subjects."""

    fieldsets = sections(("Digital ulcers", (("active", "new"), "computed")))
