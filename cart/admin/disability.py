"""HAQ-DI and global assessments."""

from typing import Any

from django.contrib import admin

from cart.admin.assessment import AssessmentAdmin, sections
from cart.endpoints.clinical_frames import ITEMS_OF
from cart.endpoints.disease.disability import CATEGORIES
from cart.models import GlobalAssessment, HealthQuestionnaire
from cart.models.disability import ANSWERS


@admin.register(HealthQuestionnaire)
class HealthQuestionnaireAdmin(AssessmentAdmin):
    """HAQ-DI of all subjects."""

    fieldsets = sections(
        (
            "0 without difficulty, 1 with some, 2 with much difficulty, 3 unable; empty where it was not answered",
            tuple((*ITEMS_OF[name], f"{name}_aid") for name in CATEGORIES),
        ),
        ("Index", (("computed", "index_in_source"),)),
    )

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Let a full box lead to the next one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in ANSWERS:
            if name in form.base_fields:
                form.base_fields[name].widget.attrs["data-ts-next"] = "1"
        return form


@admin.register(GlobalAssessment)
class GlobalAssessmentAdmin(AssessmentAdmin):
    """Global assessments of all subjects."""

    fieldsets = sections(("Scales", (("patient_global", "physician_global"), "skin_worse", "computed")))
