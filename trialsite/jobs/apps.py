"""Django application of jobs."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Jobs."""

    name = "trialsite.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Import every app's ``tasks``, so that web processes and commands know the handlers as workers do."""
        autodiscover_modules("tasks")
