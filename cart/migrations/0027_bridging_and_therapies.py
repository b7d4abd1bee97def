"""Bridging therapy, doses and plasma volumes of therapies."""

import django.db.models.deletion
from django.db import migrations, models

import cart.models.fields
from trialsite.audit.operations import AuditTables


class Migration(migrations.Migration):
    """Bridging therapy, doses and plasma volumes of therapies."""

    dependencies = [("cart", "0026_conditioning_proposal"), ("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="BridgingTherapy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug", models.CharField(max_length=120)),
                ("dose", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ("dose_unit", models.CharField(blank=True, help_text="mg, mg/day, mg/m2, g/kg ...", max_length=20)),
                ("frequency", models.CharField(blank=True, max_length=40)),
                ("route", models.CharField(blank=True, max_length=40)),
                ("started", cart.models.fields.PartialDateField(max_length=19)),
                ("stopped", cart.models.fields.PartialDateField(blank=True, max_length=19)),
                ("ongoing", models.BooleanField(default=False)),
                (
                    "indication",
                    models.CharField(blank=True, help_text="What it holds, such as progressive skin.", max_length=200),
                ),
            ],
            options={
                "verbose_name_plural": "bridging therapies",
                "ordering": ["subject", "started", "drug"],
            },
        ),
        migrations.AddField(
            model_name="concomitanttherapy",
            name="dose",
            field=models.DecimalField(
                blank=True,
                decimal_places=3,
                help_text="Where it is no daily dose in mg: IVIG in g/kg.",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="concomitanttherapy",
            name="dose_missing_reason",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Of a glucocorticoid without dose, and of a plasma exchange without its volumes.",
                max_length=200,
                verbose_name="why the dose is missing",
            ),
        ),
        migrations.AddField(
            model_name="concomitanttherapy",
            name="dose_unit",
            field=models.CharField(blank=True, default="", db_default="", max_length=20),
        ),
        migrations.AddField(
            model_name="concomitanttherapy",
            name="plasma_volumes",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Plasma volumes exchanged, of plasma exchange.",
                max_digits=4,
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="concomitanttherapy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dose", None), ("dose_unit", "")),
                    models.Q(("dose__gte", 0), ("dose__isnull", False), models.Q(("dose_unit", ""), _negated=True)),
                    _connector="OR",
                ),
                name="therapy_dose_has_unit",
                violation_error_message="A dose is not negative and has its unit. [dose-unit]",
            ),
        ),
        migrations.AddConstraint(
            model_name="concomitanttherapy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("plasma_volumes", None),
                    models.Q(("plasma_volumes__gt", 0), ("therapy_class", "plasma-exchange")),
                    _connector="OR",
                ),
                name="therapy_plasma_volumes_of_exchange",
                violation_error_message=(
                    "Plasma volumes are above zero, and of a plasma exchange alone. [plasma-volumes]"
                ),
            ),
        ),
        migrations.AddField(
            model_name="bridgingtherapy",
            name="subject",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="bridging_therapies", to="cart.subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="bridgingtherapy",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("drug", ""), _negated=True), models.Q(("started", ""), _negated=True)),
                name="bridging_has_drug_and_start",
                violation_error_message="A bridging therapy needs its drug and its start. [bridging-incomplete]",
            ),
        ),
        migrations.AddConstraint(
            model_name="bridgingtherapy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dose", None), ("dose_unit", "")),
                    models.Q(("dose__gte", 0), ("dose__isnull", False), models.Q(("dose_unit", ""), _negated=True)),
                    _connector="OR",
                ),
                name="bridging_dose_has_unit",
                violation_error_message="A dose is not negative and has its unit. [dose-unit]",
            ),
        ),
        migrations.AddConstraint(
            model_name="bridgingtherapy",
            constraint=models.CheckConstraint(
                condition=models.Q(("ongoing", False), ("stopped", ""), _connector="OR"),
                name="bridging_ongoing_or_stopped",
                violation_error_message="An ongoing therapy has no stop date. [therapy-period]",
            ),
        ),
        migrations.AddConstraint(
            model_name="bridgingtherapy",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.In(
                    cart.models.fields.DigitsAsZero(models.F("started")),
                    ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                ),
                name="bridging_started_partial",
                violation_error_message=(
                    "A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. "
                    "[partial-date]"
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="bridgingtherapy",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.In(
                    cart.models.fields.DigitsAsZero(models.F("stopped")),
                    ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                ),
                name="bridging_stopped_partial",
                violation_error_message=(
                    "A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. "
                    "[partial-date]"
                ),
            ),
        ),
        AuditTables("cart_bridgingtherapy"),
    ]
