"""What of Django's registries is the project's own."""

from collections.abc import Iterator

from django.apps import AppConfig, apps
from django.db.models import BaseConstraint, Model

PACKAGES = ("trialsite", "cart", "labs")


def own_apps() -> list[AppConfig]:
    """The project's own apps."""
    return [config for config in apps.get_app_configs() if config.name.split(".")[0] in PACKAGES]


def own_constraints() -> Iterator[tuple[type[Model], BaseConstraint]]:
    """Constraints of the project's own models."""
    for config in own_apps():
        for model in config.get_models():
            for constraint in model._meta.constraints:
                yield model, constraint
