"""Plan of each target of a cohort."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    """Plan of each target of a cohort."""

    dependencies = [
        ("cart", "0005_dose_explained"),
    ]

    operations = [
        migrations.AddField(
            model_name="cohort",
            name="planned_bcma_per_kg_e6",
            field=models.DecimalField(
                blank=True, decimal_places=4, max_digits=8, null=True, verbose_name="of these against BCMA (10^6/kg)"
            ),
        ),
        migrations.AddField(
            model_name="cohort",
            name="planned_cd19_per_kg_e6",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                help_text="Where the protocol plans each target: both, 0 for none.",
                max_digits=8,
                null=True,
                verbose_name="of these against CD19 (10^6/kg)",
            ),
        ),
        migrations.AddConstraint(
            model_name="cohort",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("planned_bcma_per_kg_e6", None), ("planned_cd19_per_kg_e6", None)),
                    models.Q(
                        ("planned_bcma_per_kg_e6__gte", 0),
                        ("planned_bcma_per_kg_e6__isnull", False),
                        ("planned_cd19_per_kg_e6__gte", 0),
                        ("planned_cd19_per_kg_e6__isnull", False),
                        (
                            "planned_cells_per_kg_e6",
                            django.db.models.expressions.CombinedExpression(
                                models.F("planned_cd19_per_kg_e6"), "+", models.F("planned_bcma_per_kg_e6")
                            ),
                        ),
                        ("planned_cells_per_kg_e6__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="cohort_plan_adds_up",
                violation_error_message=(
                    "Give the plan of both targets or of neither; together they are the planned total. [dose-plan]"
                ),
            ),
        ),
    ]
