"""Checks that a load of millions evaluates per row cost half; events carry none of the source's NOT NULL."""

from django.db import migrations, models
from django.db.models import F, Q

from labs.migrations._rules_sql import RESULT_DERIVED
from trialsite.audit.operations import RefreshTypedAudit


class Migration(migrations.Migration):
    dependencies = [("labs", "0010_judgement")]

    operations = [
        migrations.RemoveConstraint(model_name="result", name="result_key_is_packed"),
        migrations.RemoveConstraint(model_name="result", name="result_qualifier_known"),
        migrations.AddConstraint(
            model_name="result",
            constraint=models.CheckConstraint(
                condition=Q(
                    specimen_id=F("id").bitrightshift(23),
                    analyte_id=F("id").bitrightshift(8).bitand(32767),
                    version=F("id").bitand(255),
                    version__gt=0,
                ),
                name="result_key_is_packed",
                violation_error_message="A result has at most 255 versions. [result-key]",
            ),
        ),
        migrations.AddConstraint(
            model_name="result",
            constraint=models.CheckConstraint(
                condition=Q(qualifier="=") | Q(qualifier="<") | Q(qualifier=">"),
                name="result_qualifier_known",
                violation_error_message="A qualifier is '<', '>' or '='. [qualifier]",
            ),
        ),
        RefreshTypedAudit("labs_result", derived=RESULT_DERIVED),
        RefreshTypedAudit("labs_specimen"),
    ]
