"""Plan of each target, the weight the protocol names, why a dose deviates."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    """Plan of each target, the weight the protocol names, why a dose deviates."""

    dependencies = [("cart", "0024_custody_and_scans")]

    operations = [
        migrations.AddField(
            model_name="administration",
            name="deviation_reason",
            field=models.CharField(
                blank=True,
                help_text="Needed where the dose of the course so far lies outside the product's tolerance.",
                max_length=300,
                verbose_name="why the dose deviates",
            ),
        ),
        migrations.AddField(
            model_name="infusioncourse",
            name="planned_bcma_per_kg_e6",
            field=models.DecimalField(
                blank=True, decimal_places=4, max_digits=8, null=True, verbose_name="of these against BCMA (10^6/kg)"
            ),
        ),
        migrations.AddField(
            model_name="infusioncourse",
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
        migrations.AddField(
            model_name="infusioncourse",
            name="weight_of",
            field=models.CharField(
                blank=True,
                choices=[
                    ("screening", "At screening"),
                    ("apheresis", "At apheresis"),
                    ("conditioning", "Before conditioning"),
                    ("infusion", "Before the infusion"),
                    ("ideal", "Ideal body weight"),
                ],
                help_text="Which weight the protocol names.",
                max_length=16,
                verbose_name="weight measured",
            ),
        ),
        migrations.AddConstraint(
            model_name="infusioncourse",
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
                    ),
                    _connector="OR",
                ),
                name="infusion_course_plan_adds_up",
                violation_error_message=(
                    "Give the plan of both targets or of neither; together they are the planned total. [dose-plan]"
                ),
            ),
        ),
    ]
