"""Django application of the trial."""

from django.apps import AppConfig


class CartConfig(AppConfig):
    """CAR-T trial data capture."""

    name = "cart"
    verbose_name = "CAR-T trial"
