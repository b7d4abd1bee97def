"""Audit of the assessments; the visit of an assessment is of its subject; queries about computed values."""

from django.db import migrations, models

from cart.migrations._rules_sql import ASSESSMENT_KEYS, ASSESSMENT_TABLES
from trialsite.audit.operations import AuditTables


class Migration(migrations.Migration):
    """Rules of the assessments."""

    dependencies = [("cart", "0020_assessments")]
    operations = [
        AuditTables(*ASSESSMENT_TABLES),
        *[migrations.RunSQL(add, drop) for add, drop in ASSESSMENT_KEYS],
        migrations.AlterField(
            model_name="dataquery",
            name="origin",
            field=models.CharField(
                choices=[
                    ("vanished-row", "Row vanished from a cumulative file"),
                    ("computed-differs", "Differs from the computed value"),
                    ("person", "Asked by a person"),
                ],
                editable=False,
                max_length=20,
            ),
        ),
    ]
