"""The admin of the project."""

from django.contrib.admin.apps import AdminConfig

from trialsite.checks import watch_connections


class TrialsiteAdminConfig(AdminConfig):
    """Admin with our own site."""

    default_site = "trialsite.site.TrialsiteAdminSite"

    def ready(self) -> None:
        """Every process of the project passes here: look at the role it connects with."""
        super().ready()
        watch_connections()
