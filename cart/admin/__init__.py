"""Pages for people, one module per noun."""

from django.contrib import admin
from django.contrib.auth.models import Group
from knox.models import AuthToken

from cart.admin import (
    conditioning,
    cut,
    endpoint,
    exposure,
    infusion,
    oversight,
    panels,
    product,
    query,
    run,
    study,
    subject,
    summary,
)

__all__ = [
    "conditioning",
    "cut",
    "endpoint",
    "exposure",
    "infusion",
    "oversight",
    "panels",
    "product",
    "query",
    "run",
    "study",
    "subject",
    "summary",
]

# Permissions come from memberships, tokens from the command line: pages of Django's groups and of token
# digests would promise what they do not do.
for _model in (Group, AuthToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
