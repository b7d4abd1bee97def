"""Data cuts, parts of runs, and the digest of each input of an evaluation."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from cart.migrations._cuts_sql import CUT_MOMENT, CUT_MOMENT_REVERSE
from trialsite.audit.operations import AppendOnlyTable, AuditTables, IndexTypedContexts, RefreshTypedAudit


class Migration(migrations.Migration):
    dependencies = [
        ("cart", "0004_visit_schedule"),
    ]

    operations = [
        migrations.CreateModel(
            name="RunPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.BigIntegerField(help_text="Key of the first subject.")),
                ("last", models.BigIntegerField(help_text="Key of the last subject.")),
                ("subjects_seen", models.PositiveIntegerField()),
                ("subjects_changed", models.PositiveIntegerField()),
                ("finished_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["run", "first"],
            },
        ),
        migrations.AddField(
            model_name="evaluation",
            name="inputs",
            field=models.JSONField(
                help_text="Digest of each input by itself, so that a difference can say which one moved.", null=True
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="part_count",
            field=models.PositiveIntegerField(default=0, help_text="0: made in one piece."),
        ),
        migrations.AlterField(
            model_name="run",
            name="subjects_changed",
            field=models.PositiveIntegerField(default=0, help_text="Beside those of its parts."),
        ),
        migrations.CreateModel(
            name="DataCut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$",
                                "Letters, digits, '.', '_' and '-'; a letter or digit first. [cut-name]",
                            )
                        ],
                    ),
                ),
                (
                    "purpose",
                    models.CharField(help_text="What it is taken for: interim analysis, report, lock.", max_length=300),
                ),
                ("taken_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("taken_by", models.CharField(editable=False, max_length=200)),
                ("code_version", models.CharField(editable=False, max_length=40)),
                ("snapshot", models.TextField(default="", editable=False)),
                (
                    "position",
                    models.BigIntegerField(
                        default=0, editable=False, help_text="Newest event context of the audit trail."
                    ),
                ),
                (
                    "own",
                    models.BigIntegerField(
                        default=0, editable=False, help_text="Transaction that took the cut; outside of it."
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cuts", to="cart.study"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CutTable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table_name", models.CharField(max_length=63)),
                ("rows", models.BigIntegerField()),
                (
                    "sha256",
                    models.CharField(
                        help_text="Of the rows as COPY writes them, in the order of their keys, times in UTC.",
                        max_length=64,
                    ),
                ),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=63),
                        help_text="Columns in the digest: those of that day.",
                        size=None,
                    ),
                ),
                (
                    "cut",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tables", to="cart.datacut"
                    ),
                ),
            ],
            options={
                "ordering": ["cut", "table_name"],
            },
        ),
        migrations.AddField(
            model_name="run",
            name="cut",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="cart.datacut",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                fields=("cut", "definitions_digest", "parameters_digest"),
                name="run_of_cut_once",
                violation_error_message="The endpoints of this cut are computed already by these rules. [run-of-cut]",
            ),
        ),
        migrations.AddField(
            model_name="runpart",
            name="run",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="cart.run"),
        ),
        migrations.AddConstraint(
            model_name="datacut",
            constraint=models.UniqueConstraint(
                fields=("study", "name"),
                name="cut_name_once_per_study",
                violation_error_message="A cut of this name is there already; a cut is never taken again. [cut-name]",
            ),
        ),
        migrations.AddConstraint(
            model_name="datacut",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("name__regex", "^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$"), models.Q(("name", "live"), _negated=True)
                ),
                name="cut_name_plain",
                violation_error_message="A cut's name has letters, digits, '.', '_' and '-', begins with a letter or digit, and is not 'live'. [cut-name]",  # noqa: E501
            ),
        ),
        migrations.AddConstraint(
            model_name="cuttable",
            constraint=models.UniqueConstraint(fields=("cut", "table_name"), name="cut_table_once"),
        ),
        migrations.AddConstraint(
            model_name="runpart",
            constraint=models.UniqueConstraint(fields=("run", "first"), name="run_part_once"),
        ),
        migrations.AddField(
            model_name="endpointresult",
            name="baseline_id",
            field=models.BigIntegerField(
                blank=True, help_text="Laboratory result among the evidence that the answer compares with.", null=True
            ),
        ),
        RefreshTypedAudit("cart_evaluation"),
        RefreshTypedAudit("cart_endpointresult"),
        AuditTables("cart_datacut", "cart_cuttable", "cart_runpart"),
        AppendOnlyTable("cart_datacut"),
        AppendOnlyTable("cart_cuttable"),
        AppendOnlyTable("cart_runpart"),
        migrations.RunSQL(CUT_MOMENT, CUT_MOMENT_REVERSE),
        IndexTypedContexts(),
    ]
