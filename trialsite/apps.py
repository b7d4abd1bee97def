"""The admin of the project, and what every process of it needs."""

from django.contrib.admin.apps import AdminConfig

# Importing makes the application the default one: whoever rings the doorbell rings ours.
from trialsite.celery import app as celery_app
from trialsite.checks import watch_connections

__all__ = ["TrialsiteAdminConfig", "celery_app"]


class TrialsiteAdminConfig(AdminConfig):
    """Admin with our own site."""

    default_site = "trialsite.site.TrialsiteAdminSite"

    def ready(self) -> None:
        """Every process of the project passes here: look at the role it connects with."""
        super().ready()
        watch_connections()
