"""Pages for people, one module per noun."""

from django.contrib import admin
from django.contrib.auth.models import Group
from knox.models import AuthToken

from cart.admin import (
    adverse_event,
    conditioning,
    cut,
    endpoint,
    exposure,
    infusion,
    marks,
    oversight,
    panels,
    product,
    query,
    run,
    safety,
    safety_panel,
    study,
    subject,
    syndrome,
)

__all__ = [
    "adverse_event",
    "conditioning",
    "cut",
    "endpoint",
    "exposure",
    "infusion",
    "marks",
    "oversight",
    "panels",
    "product",
    "query",
    "run",
    "safety",
    "safety_panel",
    "study",
    "subject",
    "syndrome",
]

# Permissions come from memberships, tokens from the command line: pages of Django's groups and of token
# digests would promise what they do not do.
for _model in (Group, AuthToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
