"""Study-level summaries."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from trialsite.audit.operations import AppendOnlyTable, AuditTables, TypedAuditTable


class Migration(migrations.Migration):
    dependencies = [
        ("cart", "0010_data_cuts"),
    ]

    operations = [
        migrations.CreateModel(
            name="StudySummary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "input_digest",
                    models.CharField(help_text="SHA-256 of answers, groups and parameters.", max_length=64),
                ),
                ("parameters", models.JSONField(help_text="Every parameter of the summary, defaults included.")),
                ("subjects", models.PositiveIntegerField()),
                ("code_version", models.CharField(max_length=40)),
                ("computed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="summaries",
                        to="cart.run",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="summaries", to="cart.study"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "study summaries",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SummaryStatistic",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(help_text="Order in which they are read.")),
                ("grouping", models.CharField(max_length=40)),
                ("group", models.CharField(max_length=80)),
                ("against", models.CharField(blank=True, help_text="The other group of a comparison.", max_length=80)),
                ("code", models.CharField(max_length=8)),
                ("label", models.CharField(help_text="Name of the endpoint as it was then.", max_length=40)),
                ("series", models.CharField(blank=True, max_length=160)),
                ("timepoint", models.CharField(blank=True, max_length=40)),
                ("statistic", models.CharField(max_length=60)),
                (
                    "category",
                    models.CharField(
                        blank=True, help_text="Which answer, or which reason, is counted.", max_length=300
                    ),
                ),
                ("at", models.FloatField(blank=True, help_text="Time of a curve.", null=True)),
                ("n", models.BigIntegerField(blank=True, help_text="Subjects it rests on.", null=True)),
                ("value", models.FloatField(blank=True, null=True)),
                ("low", models.FloatField(blank=True, null=True)),
                ("high", models.FloatField(blank=True, null=True)),
                (
                    "confidence",
                    models.FloatField(blank=True, help_text="Coverage of low to high; null: bounds.", null=True),
                ),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("status", models.CharField(max_length=14)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "summary",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statistics", to="cart.studysummary"
                    ),
                ),
            ],
            options={
                "ordering": ["summary", "position"],
            },
        ),
        migrations.AddConstraint(
            model_name="studysummary",
            constraint=models.UniqueConstraint(
                fields=("run", "input_digest"),
                name="summary_of_run_once",
                violation_error_message="This run is summarised already. [summary-once]",
            ),
        ),
        migrations.AddConstraint(
            model_name="summarystatistic",
            constraint=models.UniqueConstraint(fields=("summary", "position"), name="summary_statistic_once"),
        ),
        migrations.AddConstraint(
            model_name="summarystatistic",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "not-evaluable"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="summary_missing_says_why",
                violation_error_message="A missing statistic has a reason. [missing-without-reason]",
            ),
        ),
        AuditTables("cart_studysummary"),
        TypedAuditTable("cart_summarystatistic"),
        AppendOnlyTable("cart_studysummary"),
        AppendOnlyTable("cart_summarystatistic"),
    ]
