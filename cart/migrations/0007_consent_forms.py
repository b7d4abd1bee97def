"""Consent forms in force at the sites."""

import django.db.models.deletion
from django.db import migrations, models

from cart.migrations._rules_sql import composite_foreign_key
from trialsite.audit.operations import AppendOnlyTable, AuditTables

_OF_STUDY = [
    composite_foreign_key(
        table="cart_consentform", name=f"consent_form_{what}_of_study", columns=f"{what}_id, study_id", parent=parent,
        parent_columns="id, study_id",
    )
    for what, parent in (("site", "cart_site"), ("protocol", "cart_protocolversion"))
]  # fmt: skip

_QUERIES_BEFORE = (
    "CREATE TRIGGER append_only AFTER UPDATE OR DELETE ON cart_dataquery FOR EACH ROW EXECUTE FUNCTION"
    " audit.refuse_change('status', 'answered_at', 'closed_at')"
)


class Migration(migrations.Migration):
    """Consent forms in force at the sites."""

    dependencies = [
        ("audit", "0001_initial"),
        ("cart", "0006_cohort_plan_by_target"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.CharField(
                        help_text="Written as it is written in the consents: a subject signed it by this name.",
                        max_length=20,
                    ),
                ),
                (
                    "in_force_on",
                    models.DateField(help_text="First day on which the site uses it.", verbose_name="in force from"),
                ),
                (
                    "signed_again",
                    models.BooleanField(
                        default=True,
                        help_text="No: only whoever joins from now on signs it.",
                        verbose_name="signed by subjects who are in the study",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "site", "-in_force_on"],
            },
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.UniqueConstraint(fields=("id", "study"), name="protocol_id_study"),
        ),
        migrations.AddField(
            model_name="consentform",
            name="protocol",
            field=models.ForeignKey(
                blank=True,
                help_text="Version of the protocol that the form describes.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consent_forms",
                to="cart.protocolversion",
            ),
        ),
        migrations.AddField(
            model_name="consentform",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="consent_forms", to="cart.site"
            ),
        ),
        migrations.AddField(
            model_name="consentform",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="consent_forms", to="cart.study"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentform",
            constraint=models.UniqueConstraint(
                fields=("site", "version"),
                name="consent_form_once",
                violation_error_message="This site already has a consent form of this version. [consent-form-twice]",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentform",
            constraint=models.CheckConstraint(
                condition=models.Q(("version", ""), _negated=True),
                name="consent_form_has_version",
                violation_error_message="A consent form needs its version. [consent-form-unnamed]",
            ),
        ),
        AuditTables("cart_consentform"),
        # A query about a record goes where the record goes.
        migrations.RunSQL("DROP TRIGGER append_only ON cart_dataquery", _QUERIES_BEFORE),
        AppendOnlyTable("cart_dataquery", allow_update=("subject_id", "status", "answered_at", "closed_at")),
        *(migrations.RunSQL(forward, backward) for forward, backward in _OF_STUDY),
    ]
