"""Schema ``audit``: contexts, events, functions. Runs before every other migration of the product."""

from django.db import migrations, models

from trialsite.audit.sql import SCHEMA, SCHEMA_REVERSE, as_audit_role


class Migration(migrations.Migration):
    """Audit trail."""

    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(as_audit_role(SCHEMA), as_audit_role(SCHEMA_REVERSE)),
        migrations.CreateModel(
            name="AuditContext",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("actor", models.TextField()),
                ("reason", models.TextField()),
                ("request", models.TextField()),
                ("at", models.DateTimeField()),
                ("txid", models.BigIntegerField()),
                ("session_role", models.TextField()),
                ("application", models.TextField()),
            ],
            options={"db_table": 'audit"."context', "managed": False, "ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("table_name", models.TextField()),
                ("row_id", models.TextField()),
                (
                    "operation",
                    models.CharField(choices=[("I", "Entered"), ("U", "Changed"), ("D", "Deleted")], max_length=1),
                ),
                ("old", models.JSONField(null=True)),
                ("new", models.JSONField(null=True)),
                (
                    "context",
                    models.ForeignKey(on_delete=models.DO_NOTHING, related_name="events", to="audit.auditcontext"),
                ),
            ],
            options={"db_table": 'audit"."event', "managed": False, "ordering": ["-id"]},
        ),
    ]
