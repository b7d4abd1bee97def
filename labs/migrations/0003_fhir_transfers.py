from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labs", "0002_rules")]

    operations = [
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("central-csv", "Central laboratory CSV"),
                    ("sdtm", "SDTM dataset (XPT)"),
                    ("fhir-r4", "FHIR R4 resources"),
                ],
                max_length=12,
            ),
        ),
    ]
