from django.db import migrations, models

from trialsite.audit.operations import RefreshTypedAudit


class Migration(migrations.Migration):
    dependencies = [("labs", "0006_conversions")]

    operations = [
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("central-csv", "Central laboratory CSV"),
                    ("sdtm", "SDTM dataset (XPT)"),
                    ("fhir-r4", "FHIR R4 resources"),
                    ("xlsx", "Excel workbook (XLSX)"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="specimen",
            name="collected_as_received",
            field=models.TextField(
                blank=True,
                editable=False,
                help_text="Collection time and its zone, where the laboratory's layout declares one.",
                null=True,
            ),
        ),
        RefreshTypedAudit("labs_specimen"),
    ]
