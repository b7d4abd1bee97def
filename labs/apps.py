"""Django application of the laboratory."""

from django.apps import AppConfig

from cart.inputs import register_evidence, register_results
from labs.inputs import evidence, observations


class LabsConfig(AppConfig):
    """Laboratory results and transfers."""

    name = "labs"
    verbose_name = "Laboratory"

    def ready(self) -> None:
        """Hand the laboratory's frames to the trial, which does not know this app."""
        register_results(observations)
        register_evidence(evidence)
