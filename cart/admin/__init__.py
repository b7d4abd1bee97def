"""Pages for people, one module per noun."""

from django.contrib import admin
from django.contrib.auth.models import Group
from knox.models import AuthToken

from cart.admin import (
    adverse_event,
    assessment_panel,
    cohort_board,
    conditioning,
    consent_form,
    course_axis,
    cut,
    disability,
    disposition,
    eligibility,
    endpoint,
    exposure,
    heart,
    infusion,
    lot,
    lung,
    marks,
    oversight,
    panels,
    product,
    query,
    randomisation,
    run,
    safety,
    safety_panel,
    skin,
    skin_lung,
    study,
    subject,
    summary,
    syndrome,
    vedoss,
)

__all__ = [
    "adverse_event",
    "assessment_panel",
    "cohort_board",
    "conditioning",
    "consent_form",
    "course_axis",
    "cut",
    "disability",
    "disposition",
    "eligibility",
    "endpoint",
    "exposure",
    "heart",
    "infusion",
    "lot",
    "lung",
    "marks",
    "oversight",
    "panels",
    "product",
    "query",
    "randomisation",
    "run",
    "safety",
    "safety_panel",
    "skin",
    "skin_lung",
    "study",
    "subject",
    "summary",
    "syndrome",
    "vedoss",
]

# Permissions come from memberships, tokens from the command line: pages of Django's groups and of token
# digests would promise what they do not do.
for _model in (Group, AuthToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
