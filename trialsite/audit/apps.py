"""Django application of the audit trail."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from trialsite.audit.coverage import check_audit_coverage


class AuditConfig(AppConfig):
    """Audit trail."""

    name = "trialsite.audit"
    label = "audit"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        """Look at the triggers whenever the database is checked."""
        register(check_audit_coverage, Tags.database)
