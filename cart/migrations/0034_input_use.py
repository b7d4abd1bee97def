"""Evaluations say which inputs each of their endpoints read."""

import django.db.models.deletion
from django.db import migrations, models

from trialsite.audit.operations import AppendOnlyTable, AuditTables, RefreshTypedAudit


class Migration(migrations.Migration):
    """What was read, kept once for all evaluations in which it was the same."""

    dependencies = [("cart", "0028_record_state")]
    operations = [
        migrations.CreateModel(
            name="InputUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(help_text="SHA-256 of what was read.", max_length=64, db_index=True)),
                ("reads", models.JSONField()),
            ],
        ),
        migrations.AddField(
            model_name="evaluation",
            name="input_use",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="evaluations",
                to="cart.inputuse",
            ),
        ),
        RefreshTypedAudit("cart_evaluation"),
        AuditTables("cart_inputuse"),
        AppendOnlyTable("cart_inputuse"),
    ]
