"""Check character of the chain of identity, custody with corrections, scans, states of a lot."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import cart.models.product
from cart.migrations._product_sql import (
    CHECK_CHARACTER,
    CHECK_CHARACTER_REVERSE,
    CUSTODY_RULES,
    CUSTODY_RULES_REVERSE,
    LOT_STATES,
    LOT_STATES_REVERSE,
)
from trialsite.audit.operations import AppendOnlyTable, AuditTables


class Migration(migrations.Migration):
    """Check character of the chain of identity, custody with corrections, scans, states of a lot."""

    dependencies = [("cart", "0022_record_evidence"), ("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(CHECK_CHARACTER, CHECK_CHARACTER_REVERSE),
        migrations.CreateModel(
            name="ScanAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("receipt", "Receipt"),
                            ("thaw", "Thaw"),
                            ("infusion", "Infusion"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                ("code_read", models.CharField(max_length=300, verbose_name="scanned code")),
                (
                    "finding",
                    models.CharField(
                        choices=[
                            ("match", "The lot's own label"),
                            ("misread", "Misread: the check character does not fit"),
                            ("other-lot", "Label of another lot of the subject"),
                            ("other-subject", "Label of another subject"),
                            ("unknown", "No label of this trial"),
                        ],
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("scanned_by", models.CharField(editable=False, max_length=150)),
                ("scanned_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="custodyevent",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                help_text="The event whose place this one takes; its values are those that hold.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="cart.custodyevent",
            ),
        ),
        migrations.AlterField(
            model_name="custodyevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("collected", "Collected"),
                    ("shipped", "Shipped"),
                    ("received", "Received"),
                    ("frozen", "Frozen"),
                    ("thawed", "Thawed"),
                    ("infused", "Infused"),
                    ("correction", "Correction of an earlier event"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="custodyevent",
            name="note",
            field=models.CharField(blank=True, help_text="Needed for a correction.", max_length=300),
        ),
        migrations.AlterField(
            model_name="custodyevent",
            name="temperature_max_c",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=6, null=True, verbose_name="highest temperature (°C)"
            ),
        ),
        migrations.AlterField(
            model_name="custodyevent",
            name="temperature_min_c",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=6, null=True, verbose_name="lowest temperature (°C)"
            ),
        ),
        migrations.AlterField(
            model_name="releasetest",
            name="passed",
            field=models.BooleanField(help_text="As the certificate says; the computed judgement stands beside it."),
        ),
        migrations.AlterField(
            model_name="releasetest",
            name="value",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="Taken from the result where it is a number.",
                max_digits=14,
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="custodyevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("corrects", None), ("kind", "correction"), _connector="OR"),
                name="custody_only_correction_corrects",
                violation_error_message="Only a correction takes the place of another event. [custody-correction]",
            ),
        ),
        migrations.AddConstraint(
            model_name="custodyevent",
            constraint=models.UniqueConstraint(
                fields=("corrects",),
                name="custody_corrected_once",
                violation_error_message=(
                    "This event is corrected already; correct the correction, so that one of them holds. "
                    "[custody-correction]"
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("id", "apheresis"), name="lot_id_apheresis"),
        ),
        migrations.AddField(
            model_name="scanattempt",
            name="lot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="scan_attempts", to="cart.lot"
            ),
        ),
        migrations.AddField(
            model_name="apheresis",
            name="coi_check",
            field=models.GeneratedField(
                db_persist=True,
                expression=cart.models.product.CheckCharacter(models.F("chain_of_identity")),
                output_field=models.CharField(max_length=1),
                verbose_name="check character",
            ),
        ),
        migrations.AddConstraint(
            model_name="scanattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finding__in", ["match", "misread", "other-lot", "other-subject", "unknown"]),
                    ("purpose__in", ["receipt", "thaw", "infusion", "other"]),
                ),
                name="scan_finding_known",
                violation_error_message="A scan has a known purpose and a known finding. [scan-finding]",
            ),
        ),
        migrations.AddConstraint(
            model_name="scanattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code_read", ""), _negated=True), models.Q(("scanned_by", ""), _negated=True)
                ),
                name="scan_has_code_and_person",
                violation_error_message="A scan keeps what was read, and by whom. [scan-finding]",
            ),
        ),
        migrations.RunSQL(CUSTODY_RULES, CUSTODY_RULES_REVERSE),
        migrations.RunSQL(LOT_STATES, LOT_STATES_REVERSE),
        AuditTables("cart_scanattempt"),
        AppendOnlyTable("cart_scanattempt"),
    ]
