"""Pages for people, one module per noun."""

from django.contrib import admin
from django.contrib.auth.models import Group
from knox.models import AuthToken

from cart.admin import (
    assessment_panel,
    conditioning,
    cut,
    disability,
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
    run,
    skin,
    study,
    subject,
    summary,
    vedoss,
)

__all__ = [
    "assessment_panel",
    "conditioning",
    "cut",
    "disability",
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
    "run",
    "skin",
    "study",
    "subject",
    "summary",
    "vedoss",
]

# Permissions come from memberships, tokens from the command line: pages of Django's groups and of token
# digests would promise what they do not do.
for _model in (Group, AuthToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
