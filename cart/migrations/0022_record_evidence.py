"""Answers name the assessments they rest on; whoever changes an assessment marks its subject stale."""

import django.contrib.postgres.fields
from django.db import migrations, models

from cart.migrations._rules_sql import ASSESSMENT_STALE_TRIGGERS
from trialsite.audit.operations import RefreshTypedAudit


class Migration(migrations.Migration):
    """Assessments as inputs of endpoints."""

    dependencies = [("cart", "0021_assessment_rules")]
    operations = [
        migrations.AddField(
            model_name="endpointresult",
            name="record_evidence",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                help_text="Assessments, as table:id.",
                null=True,
                size=None,
            ),
        ),
        RefreshTypedAudit("cart_endpointresult"),
        *[migrations.RunSQL(create, drop) for create, drop in ASSESSMENT_STALE_TRIGGERS],
    ]
