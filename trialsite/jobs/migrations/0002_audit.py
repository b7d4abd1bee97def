"""Jobs under audit."""

from django.db import migrations

from trialsite.audit.operations import AuditTables


class Migration(migrations.Migration):
    """Audit of jobs."""

    dependencies = [("jobs", "0001_initial"), ("audit", "0001_initial")]
    operations = [AuditTables("jobs_job")]
