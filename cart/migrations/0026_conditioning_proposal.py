"""Computed body surface, clearance and fludarabine beside the own values; ionised calcium in its unit."""

from decimal import Decimal

import django.db.models.expressions
from django.db import migrations, models

from cart.migrations._product_sql import CONDITIONING_DEVIATION, CONDITIONING_DEVIATION_REVERSE


class Migration(migrations.Migration):
    """Computed body surface, clearance and fludarabine beside the own values; ionised calcium in its unit."""

    dependencies = [("cart", "0025_dose_plan")]

    operations = [
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
        migrations.AddField(
            model_name="conditioningcourse",
            name="age_years",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Whole years on the day of the creatinine.", null=True, verbose_name="age (years)"
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="bsa_computed_m2",
            field=models.DecimalField(
                blank=True, decimal_places=4, editable=False, max_digits=6, null=True, verbose_name="computed BSA (m2)"
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="clearance_computed_ml_min",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                editable=False,
                max_digits=7,
                null=True,
                verbose_name="computed clearance (mL/min)",
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="creatinine",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=7, null=True, verbose_name="serum creatinine"
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="creatinine_on",
            field=models.DateField(blank=True, null=True, verbose_name="creatinine of"),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="creatinine_unit",
            field=models.CharField(
                blank=True,
                choices=[("umol/L", "µmol/L"), ("mg/dL", "mg/dL")],
                max_length=8,
                verbose_name="unit of creatinine",
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="dose_tolerance_percent",
            field=models.DecimalField(
                db_default=Decimal("5"),
                decimal_places=2,
                default=Decimal("5"),
                help_text="Deviation from a planned or proposed dose that needs no reason, in per cent.",
                max_digits=5,
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="fludarabine_full_mg_m2",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Daily dose of the protocol at normal renal function, 25 or 30.",
                max_digits=6,
                null=True,
                verbose_name="full dose of fludarabine (mg/m2)",
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="fludarabine_proposed_mg_m2",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                editable=False,
                max_digits=6,
                null=True,
                verbose_name="proposed fludarabine (mg/m2)",
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="fludarabine_reason",
            field=models.CharField(
                blank=True, default="", db_default="", editable=False, max_length=200, verbose_name="why no proposal"
            ),
        ),
        migrations.AddField(
            model_name="conditioningcourse",
            name="fludarabine_rule",
            field=models.CharField(
                blank=True, default="", db_default="", editable=False, max_length=40, verbose_name="rule"
            ),
        ),
        migrations.AddField(
            model_name="conditioningdose",
            name="deviation_reason",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Needed where the dose deviates from its plan, or the plan of fludarabine from the proposal.",
                max_length=300,
                verbose_name="why it deviates",
            ),
        ),
        migrations.AlterField(
            model_name="conditioningcourse",
            name="bsa_formula",
            field=models.CharField(
                choices=[("mosteller", "Mosteller"), ("dubois", "DuBois & DuBois"), ("haycock", "Haycock")],
                default="mosteller",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="conditioningcourse",
            name="bsa_m2",
            field=models.DecimalField(
                blank=True,
                decimal_places=3,
                help_text="The site's own, on which its doses rest. Left empty: the computed one.",
                max_digits=5,
                verbose_name="BSA (m2)",
            ),
        ),
        migrations.AlterField(
            model_name="conditioningcourse",
            name="creatinine_clearance_ml_min",
            field=models.DecimalField(
                blank=True,
                decimal_places=1,
                help_text="The site's own. Left empty: the computed one leads the proposal.",
                max_digits=6,
                null=True,
                verbose_name="creatinine clearance (mL/min)",
            ),
        ),
        migrations.AddConstraint(
            model_name="conditioningcourse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("creatinine", None), ("creatinine_unit", "")),
                    models.Q(
                        ("creatinine__gt", 0),
                        ("creatinine__isnull", False),
                        ("creatinine_unit__in", ["umol/L", "mg/dL"]),
                    ),
                    _connector="OR",
                ),
                name="conditioning_creatinine_has_unit",
                violation_error_message="Creatinine is above zero and has its unit. [creatinine-unit]",
            ),
        ),
        migrations.AddConstraint(
            model_name="conditioningcourse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fludarabine_full_mg_m2", None), ("fludarabine_full_mg_m2__gt", 0), _connector="OR"),
                    ("dose_tolerance_percent__gte", 0),
                ),
                name="conditioning_plan_positive",
                violation_error_message="A full dose is above zero, a tolerance not negative. [negative-dose]",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="chelation",
            name="chelation_calcium_positive",
        ),
        migrations.AddField(
            model_name="chelation",
            name="calcium_after_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chelation",
            name="calcium_before_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="chelation",
            name="calcium_missing_reason",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Where one of the two was not measured.",
                max_length=200,
                verbose_name="why calcium is missing",
            ),
        ),
        migrations.RenameField("chelation", "ionised_calcium_after_mmol_l", "ionised_calcium_after"),
        migrations.AlterField(
            model_name="chelation",
            name="ionised_calcium_after",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True),
        ),
        migrations.RenameField("chelation", "ionised_calcium_before_mmol_l", "ionised_calcium_before"),
        migrations.AlterField(
            model_name="chelation",
            name="ionised_calcium_before",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True),
        ),
        migrations.AddField(
            model_name="chelation",
            name="ionised_calcium_unit",
            field=models.CharField(
                choices=[("mmol/L", "mmol/L"), ("mg/dL", "mg/dL")],
                db_default="mmol/L",
                default="mmol/L",
                max_length=8,
                verbose_name="unit of ionised calcium",
            ),
        ),
        migrations.AddField(
            model_name="chelation",
            name="ionised_calcium_after_mmol_l",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        ionised_calcium_unit="mg/dL",
                        then=django.db.models.expressions.CombinedExpression(
                            models.F("ionised_calcium_after"), "/", models.Value(Decimal("4.0078"))
                        ),
                    ),
                    default=models.F("ionised_calcium_after"),
                ),
                output_field=models.DecimalField(decimal_places=4, max_digits=12),
            ),
        ),
        migrations.AddField(
            model_name="chelation",
            name="ionised_calcium_before_mmol_l",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        ionised_calcium_unit="mg/dL",
                        then=django.db.models.expressions.CombinedExpression(
                            models.F("ionised_calcium_before"), "/", models.Value(Decimal("4.0078"))
                        ),
                    ),
                    default=models.F("ionised_calcium_before"),
                ),
                output_field=models.DecimalField(decimal_places=4, max_digits=12),
            ),
        ),
        migrations.AddConstraint(
            model_name="chelation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ionised_calcium_before", None), ("ionised_calcium_before__gt", 0), _connector="OR"),
                    models.Q(("ionised_calcium_after", None), ("ionised_calcium_after__gt", 0), _connector="OR"),
                ),
                name="chelation_calcium_positive",
                violation_error_message="Ionised calcium is above zero. [negative-number]",
            ),
        ),
        migrations.AddConstraint(
            model_name="chelation",
            constraint=models.CheckConstraint(
                condition=models.Q(("ionised_calcium_unit__in", ["mmol/L", "mg/dL"])),
                name="chelation_calcium_unit_known",
                violation_error_message="Ionised calcium is in mmol/L or mg/dL. [calcium-unit]",
            ),
        ),
        migrations.AddConstraint(
            model_name="chelation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("calcium_before_at", None), ("calcium_before_at__lte", models.F("started_at")), _connector="OR"
                    ),
                    models.Q(
                        ("calcium_after_at", None), ("calcium_after_at__gte", models.F("started_at")), _connector="OR"
                    ),
                ),
                name="chelation_calcium_before_and_after",
                violation_error_message=(
                    "Calcium before is taken before the chelation starts, calcium after is not. [period]"
                ),
            ),
        ),
        migrations.RunSQL(CONDITIONING_DEVIATION, CONDITIONING_DEVIATION_REVERSE),
    ]
