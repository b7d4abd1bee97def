"""Tables of the trial: plan, subjects, product chain, infusion, answers. Each stands whole, so that it is made in one step."""

import cart.models.fields
import cart.models.product
import cart.models.zones
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from cart.migrations._product_sql import CHECK_CHARACTER, CHECK_CHARACTER_REVERSE


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("audit", "0001_initial"),
    ]

    operations = [
        # Codes of subjects and lots are checked by it.
        migrations.RunSQL(CHECK_CHARACTER, CHECK_CHARACTER_REVERSE),
        migrations.CreateModel(
            name="Study",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit. [code-characters]",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=300)),
                ("sponsor", models.CharField(blank=True, max_length=200)),
                (
                    "template",
                    models.CharField(
                        blank=True, help_text="Study template this study was made from, if any.", max_length=40
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "studies",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), _negated=True), models.Q(("title", ""), _negated=True)
                        ),
                        name="study_has_code_and_title",
                        violation_error_message="A study needs a code and a title. [study-unnamed]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Arm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit. [code-characters]",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                (
                    "anchor",
                    models.CharField(
                        choices=[
                            ("infusion", "First CAR-T infusion"),
                            ("study-drug", "First study-drug dose"),
                            ("consent", "First consent: nothing is given"),
                        ],
                        default="infusion",
                        max_length=12,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="arms", to="cart.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "code"), name="arm_code_once_per_study"),
                    models.UniqueConstraint(fields=("id", "study"), name="arm_id_study"),
                    models.CheckConstraint(
                        condition=models.Q(("anchor__in", ["infusion", "study-drug", "consent"])),
                        name="arm_anchor_known",
                        violation_error_message="An arm is counted from an infusion, a study drug or consent. [arm-anchor]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit. [code-characters]",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("country", models.CharField(blank=True, help_text="ISO 3166-1 alpha-3", max_length=3)),
                (
                    "time_zone",
                    models.CharField(default="UTC", max_length=64, validators=[cart.models.zones.validate_time_zone]),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sites", to="cart.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "code"), name="site_code_once_per_study"),
                    models.UniqueConstraint(fields=("id", "study"), name="site_id_study"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cohort",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit. [code-characters]",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                (
                    "level",
                    models.PositiveSmallIntegerField(default=1, help_text="Order of escalation, from the lowest dose."),
                ),
                (
                    "planned_cells_per_kg_e6",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=8,
                        null=True,
                        verbose_name="planned viable CAR+ cells/kg (10^6)",
                    ),
                ),
                (
                    "planned_size",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="planned subjects"),
                ),
                (
                    "arm",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cohorts",
                        to="cart.arm",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cohorts", to="cart.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "level", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "code"), name="cohort_code_once_per_study"),
                    models.UniqueConstraint(fields=("id", "study"), name="cohort_id_study"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("planned_cells_per_kg_e6", None), ("planned_cells_per_kg_e6__gt", 0), _connector="OR"
                            ),
                            models.Q(("planned_size", None), ("planned_size__gt", 0), _connector="OR"),
                        ),
                        name="cohort_plan_positive",
                        violation_error_message="A planned dose and a planned size are above zero. [negative-number]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        help_text="Site, number and check character; or the identifier of an imported trial.",
                        max_length=40,
                    ),
                ),
                (
                    "year_of_birth",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1900),
                            django.core.validators.MaxValueValidator(2100),
                        ],
                    ),
                ),
                (
                    "sex",
                    models.CharField(
                        choices=[
                            ("F", "Female"),
                            ("M", "Male"),
                            ("UNDIFFERENTIATED", "Undifferentiated"),
                            ("U", "Unknown"),
                        ],
                        default="U",
                        max_length=16,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("screening", "In screening"),
                            ("screen-failure", "Screen failure"),
                            ("enrolled", "Enrolled"),
                            ("completed", "Completed"),
                            ("withdrawn", "Withdrawn"),
                            ("lost", "Lost to follow-up"),
                            ("dead", "Dead"),
                        ],
                        default="screening",
                        max_length=16,
                    ),
                ),
                (
                    "ended_on",
                    cart.models.fields.PartialDateField(
                        blank=True, help_text="End of participation, as exactly as known.", max_length=19
                    ),
                ),
                (
                    "source_code",
                    models.CharField(
                        blank=True, help_text="Identifier in an imported data set (USUBJID).", max_length=80
                    ),
                ),
                (
                    "arm",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subjects",
                        to="cart.arm",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subjects", to="cart.site"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subjects", to="cart.study"
                    ),
                ),
                (
                    "cohort",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subjects",
                        to="cart.cohort",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "code"),
                        name="subject_code_once_per_study",
                        violation_error_message="This study already has a subject with this code. [subject-twice]",
                    ),
                    models.UniqueConstraint(fields=("id", "study"), name="subject_id_study"),
                    models.CheckConstraint(
                        condition=models.Q(("code", ""), _negated=True),
                        name="subject_has_code",
                        violation_error_message="A subject needs a code. [subject-unnamed]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("id__gt", 0), ("id__lte", 16777215)),
                        name="subject_id_fits_specimen_key",
                        violation_error_message="This installation is full: 16,777,215 subjects. [subjects-full]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("year_of_birth", None),
                            models.Q(("year_of_birth__gte", 1900), ("year_of_birth__lte", 2100)),
                            _connector="OR",
                        ),
                        name="subject_year_of_birth_plausible",
                        violation_error_message="The year of birth lies between 1900 and 2100. [year-of-birth]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("ended_on")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="subject_ended_on_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Apheresis",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "chain_of_identity",
                    models.CharField(help_text="COI, as printed on the bag.", max_length=60, unique=True),
                ),
                ("collected_at", models.DateTimeField()),
                ("volume_ml", models.DecimalField(blank=True, decimal_places=2, max_digits=8, null=True)),
                (
                    "cd3_cells_e9",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=8, null=True, verbose_name="CD3+ cells (10^9)"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="aphereses", to="cart.subject"
                    ),
                ),
                (
                    "coi_check",
                    models.GeneratedField(
                        db_persist=True,
                        expression=cart.models.product.CheckCharacter(models.F("chain_of_identity")),
                        output_field=models.CharField(max_length=1),
                        verbose_name="check character",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "aphereses",
                "ordering": ["subject", "collected_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("id", "subject"), name="apheresis_id_subject"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("volume_ml", None), ("volume_ml__gt", 0), _connector="OR"),
                            models.Q(("cd3_cells_e9", None), ("cd3_cells_e9__gte", 0), _connector="OR"),
                        ),
                        name="apheresis_amounts_positive",
                        violation_error_message="Volume and cells are not negative. [negative-number]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConditioningCourse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(default=1)),
                ("regimen", models.CharField(max_length=120)),
                ("weight_kg", models.DecimalField(decimal_places=1, max_digits=5)),
                ("height_cm", models.DecimalField(decimal_places=1, max_digits=5)),
                (
                    "bsa_formula",
                    models.CharField(
                        choices=[("mosteller", "Mosteller"), ("dubois", "DuBois & DuBois"), ("haycock", "Haycock")],
                        default="mosteller",
                        max_length=10,
                    ),
                ),
                (
                    "bsa_m2",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="The site's own, on which its doses rest. Left empty: the computed one.",
                        max_digits=5,
                        verbose_name="BSA (m2)",
                    ),
                ),
                (
                    "creatinine_clearance_ml_min",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        help_text="The site's own. Left empty: the computed one leads the proposal.",
                        max_digits=6,
                        null=True,
                        verbose_name="creatinine clearance (mL/min)",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conditioning_courses",
                        to="cart.subject",
                    ),
                ),
                (
                    "age_years",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Whole years on the day of the creatinine.",
                        null=True,
                        verbose_name="age (years)",
                    ),
                ),
                (
                    "bsa_computed_m2",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        editable=False,
                        max_digits=6,
                        null=True,
                        verbose_name="computed BSA (m2)",
                    ),
                ),
                (
                    "clearance_computed_ml_min",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        editable=False,
                        max_digits=7,
                        null=True,
                        verbose_name="computed clearance (mL/min)",
                    ),
                ),
                (
                    "creatinine",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=7, null=True, verbose_name="serum creatinine"
                    ),
                ),
                ("creatinine_on", models.DateField(blank=True, null=True, verbose_name="creatinine of")),
                (
                    "creatinine_unit",
                    models.CharField(
                        blank=True,
                        choices=[("umol/L", "µmol/L"), ("mg/dL", "mg/dL")],
                        max_length=8,
                        verbose_name="unit of creatinine",
                    ),
                ),
                (
                    "dose_tolerance_percent",
                    models.DecimalField(
                        db_default=Decimal("5"),
                        decimal_places=2,
                        default=Decimal("5"),
                        help_text="Deviation from a planned or proposed dose that needs no reason, in per cent.",
                        max_digits=5,
                    ),
                ),
                (
                    "fludarabine_full_mg_m2",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Daily dose of the protocol at normal renal function, 25 or 30.",
                        max_digits=6,
                        null=True,
                        verbose_name="full dose of fludarabine (mg/m2)",
                    ),
                ),
                (
                    "fludarabine_proposed_mg_m2",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        editable=False,
                        max_digits=6,
                        null=True,
                        verbose_name="proposed fludarabine (mg/m2)",
                    ),
                ),
                (
                    "fludarabine_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=200,
                        verbose_name="why no proposal",
                    ),
                ),
                (
                    "fludarabine_rule",
                    models.CharField(
                        blank=True, db_default="", default="", editable=False, max_length=40, verbose_name="rule"
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "number"), name="conditioning_course_once"),
                    models.UniqueConstraint(fields=("id", "subject"), name="conditioning_course_id_subject"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bsa_m2__gt", 0),
                            ("height_cm__gt", 0),
                            ("weight_kg__gt", 0),
                            models.Q(
                                ("creatinine_clearance_ml_min", None),
                                ("creatinine_clearance_ml_min__gte", 0),
                                _connector="OR",
                            ),
                        ),
                        name="conditioning_measures_positive",
                        violation_error_message="Weight, height and BSA are above zero. [negative-number]",
                    ),
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("fludarabine_full_mg_m2", None), ("fludarabine_full_mg_m2__gt", 0), _connector="OR"
                            ),
                            ("dose_tolerance_percent__gte", 0),
                        ),
                        name="conditioning_plan_positive",
                        violation_error_message="A full dose is above zero, a tolerance not negative. [negative-dose]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InfusionCourse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(default=1)),
                (
                    "weight_kg",
                    models.DecimalField(
                        decimal_places=1, help_text="The weight the protocol names for the dose.", max_digits=5
                    ),
                ),
                (
                    "planned_cells_per_kg_e6",
                    models.DecimalField(
                        decimal_places=4, max_digits=8, verbose_name="planned viable CAR+ cells/kg (10^6)"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="infusion_courses", to="cart.subject"
                    ),
                ),
                (
                    "planned_bcma_per_kg_e6",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=8,
                        null=True,
                        verbose_name="of these against BCMA (10^6/kg)",
                    ),
                ),
                (
                    "planned_cd19_per_kg_e6",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Where the protocol plans each target: both, 0 for none.",
                        max_digits=8,
                        null=True,
                        verbose_name="of these against CD19 (10^6/kg)",
                    ),
                ),
                (
                    "weight_of",
                    models.CharField(
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
            ],
            options={
                "ordering": ["subject", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "number"), name="infusion_course_once"),
                    models.UniqueConstraint(fields=("id", "subject"), name="infusion_course_id_subject"),
                    models.CheckConstraint(
                        condition=models.Q(("planned_cells_per_kg_e6__gt", 0), ("weight_kg__gt", 0)),
                        name="infusion_course_positive",
                        violation_error_message="Weight and planned dose are above zero. [negative-dose]",
                    ),
                    models.CheckConstraint(
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
                        name="infusion_course_plan_adds_up",
                        violation_error_message="Give the plan of both targets or of neither; together they are the planned total. [dose-plan]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bicistronic", "Bicistronic vector"),
                            ("tandem", "Tandem CAR"),
                            ("co-transduced", "Co-transduced cells"),
                            ("co-infused", "Co-infused products"),
                            ("sequential", "Sequential infusions"),
                            ("single", "One target"),
                        ],
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                (
                    "dose_tolerance_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=20,
                        help_text="Deviation from the planned dose that is still as planned.",
                        max_digits=5,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="products", to="cart.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "code", "version"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "code", "version"), name="product_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["bicistronic", "tandem", "co-transduced", "co-infused", "sequential", "single"],
                            )
                        ),
                        name="product_kind_known",
                        violation_error_message="The kind of product is not a known one. [product-kind]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dose_tolerance_percent__gte", 0)),
                        name="product_tolerance_not_negative",
                        violation_error_message="A tolerance is not negative. [negative-number]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProtocolVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("effective_on", models.DateField()),
                ("parameters", models.JSONField(blank=True, default=dict)),
                ("content_sha256", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="protocol_versions", to="cart.study"
                    ),
                ),
                (
                    "randomisation",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Ratio of the arms, block sizes and stratification; empty without.",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "number"],
                "constraints": [models.UniqueConstraint(fields=("study", "number"), name="protocol_version_once")],
            },
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "name"),
                        name="cut_name_once_per_study",
                        violation_error_message="A cut of this name is there already; a cut is never taken again. [cut-name]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name__regex", "^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$"),
                            models.Q(("name", "live"), _negated=True),
                        ),
                        name="cut_name_plain",
                        violation_error_message="A cut's name has letters, digits, '.', '_' and '-', begins with a letter or digit, and is not 'live'. [cut-name]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "definitions_digest",
                    models.CharField(help_text="SHA-256 of all definition versions.", max_length=64),
                ),
                ("parameters", models.JSONField(help_text="Every parameter in force, defaults included.")),
                ("parameters_digest", models.CharField(max_length=64)),
                ("code_version", models.CharField(max_length=40)),
                ("job_number", models.BigIntegerField(blank=True, null=True)),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("subjects_seen", models.PositiveIntegerField(default=0)),
                ("subjects_changed", models.PositiveIntegerField(default=0, help_text="Beside those of its parts.")),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="cart.study"
                    ),
                ),
                ("part_count", models.PositiveIntegerField(default=0, help_text="0: made in one piece.")),
                (
                    "cut",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="cart.datacut",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("cut", "definitions_digest", "parameters_digest"),
                        name="run_of_cut_once",
                        violation_error_message="The endpoints of this cut are computed already by these rules. [run-of-cut]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StudyDrugExposure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug", models.CharField(max_length=120)),
                ("dose", models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                (
                    "dose_text",
                    models.CharField(blank=True, help_text="Dose as received where not a number.", max_length=60),
                ),
                ("dose_unit", models.CharField(blank=True, max_length=40)),
                ("form", models.CharField(blank=True, max_length=60)),
                ("frequency", models.CharField(blank=True, max_length=40)),
                ("route", models.CharField(blank=True, max_length=60)),
                ("started", cart.models.fields.PartialDateField(max_length=19)),
                ("stopped", cart.models.fields.PartialDateField(blank=True, max_length=19)),
                ("source_sequence", models.PositiveIntegerField(blank=True, editable=False, null=True)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="study_drug_exposures",
                        to="cart.subject",
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "started"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("dose", None), ("dose__gte", 0), _connector="OR"),
                        name="exposure_dose_not_negative",
                        violation_error_message="A dose is not negative. [negative-dose]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("started", ""), _negated=True), models.Q(("drug", ""), _negated=True)
                        ),
                        name="exposure_has_drug_and_start",
                        violation_error_message="An exposure needs its drug and its start. [exposure-incomplete]",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("source_sequence__isnull", False)),
                        fields=("subject", "source_sequence"),
                        name="exposure_source_row_once",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("started")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="exposure_started_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("stopped")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="exposure_stopped_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlannedVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=100)),
                (
                    "target_day",
                    models.IntegerField(help_text="Days from the anchor; from time zero: the protocol day."),
                ),
                ("window_low_day", models.IntegerField()),
                ("window_high_day", models.IntegerField()),
                (
                    "protocol",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="planned_visits",
                        to="cart.protocolversion",
                    ),
                ),
                (
                    "anchor",
                    models.CharField(
                        choices=[("time-zero", "Time zero (first infusion or dose)"), ("consent", "First consent")],
                        default="time-zero",
                        max_length=12,
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[("study", "Study"), ("long-term", "Long-term follow-up")],
                        default="study",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ["protocol", "target_day"],
                "constraints": [
                    models.UniqueConstraint(fields=("protocol", "code"), name="planned_visit_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window_high_day__gte", models.F("target_day")),
                            ("window_low_day__lte", models.F("target_day")),
                        ),
                        name="planned_visit_target_in_window",
                        violation_error_message="The target day must lie inside the window. [window-target]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("anchor__in", ["time-zero", "consent"])),
                        name="planned_visit_anchor_known",
                        violation_error_message="A visit is counted from time zero or from consent. [visit-anchor]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("phase__in", ["study", "long-term"])),
                        name="planned_visit_phase_known",
                        violation_error_message="A visit is one of the study or of the long-term follow-up. [visit-phase]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("label", models.CharField(blank=True, help_text="Name of an unscheduled visit.", max_length=100)),
                (
                    "status",
                    models.CharField(
                        choices=[("occurred", "Took place"), ("missed", "Missed")], default="occurred", max_length=10
                    ),
                ),
                ("occurred_on", models.DateField(blank=True, null=True)),
                ("missed_reason", models.CharField(blank=True, max_length=300)),
                (
                    "planned",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="cart.plannedvisit",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="cart.subject"
                    ),
                ),
                (
                    "window_reason",
                    models.CharField(
                        blank=True,
                        help_text="Needed for a visit before or after its window.",
                        max_length=300,
                        verbose_name="why outside the window",
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "occurred_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "planned"),
                        name="visit_planned_once",
                        violation_error_message="This planned visit is already recorded. [visit-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "occurred"), ("occurred_on__isnull", False)),
                            models.Q(
                                ("status", "missed"),
                                ("occurred_on", None),
                                models.Q(("missed_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="visit_dated_or_missed_with_reason",
                        violation_error_message="A visit that took place has a date; a missed one has a reason and no date. [visit-state]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("planned__isnull", False), models.Q(("label", ""), _negated=True), _connector="OR"
                        ),
                        name="visit_planned_or_named",
                        violation_error_message="An unscheduled visit needs a name. [visit-unnamed]",
                    ),
                    models.UniqueConstraint(fields=("id", "subject"), name="visit_id_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConditioningDose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "drug",
                    models.CharField(
                        choices=[
                            ("fludarabine", "Fludarabine"),
                            ("cyclophosphamide", "Cyclophosphamide"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("drug_name", models.CharField(blank=True, help_text="Needed for 'other'.", max_length=80)),
                ("given_at", models.DateTimeField()),
                ("planned_mg_m2", models.DecimalField(decimal_places=2, max_digits=8)),
                ("given_mg", models.DecimalField(decimal_places=2, max_digits=9)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="doses", to="cart.conditioningcourse"
                    ),
                ),
                (
                    "deviation_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Needed where the dose deviates from its plan, or the plan of fludarabine from the proposal.",
                        max_length=300,
                        verbose_name="why it deviates",
                    ),
                ),
            ],
            options={
                "ordering": ["course", "given_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("course", "drug", "given_at"), name="conditioning_dose_once"),
                    models.CheckConstraint(
                        condition=models.Q(("given_mg__gte", 0), ("planned_mg_m2__gt", 0)),
                        name="conditioning_dose_not_negative",
                        violation_error_message="A dose is not negative. [negative-dose]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("drug__in", ["fludarabine", "cyclophosphamide"]),
                            models.Q(("drug", "other"), models.Q(("drug_name", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="conditioning_drug_named",
                        violation_error_message="Another drug needs its name. [drug-unnamed]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EndpointDefinition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=8)),
                ("version", models.CharField(max_length=20)),
                ("label", models.CharField(max_length=40)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("source", models.TextField()),
                ("parameters", models.JSONField(help_text="Name -> default, unit and source.")),
            ],
            options={
                "ordering": ["code", "version"],
                "constraints": [models.UniqueConstraint(fields=("code", "version"), name="endpoint_definition_once")],
            },
        ),
        migrations.CreateModel(
            name="Administration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(default=1)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="administrations",
                        to="cart.infusioncourse",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="administrations", to="cart.subject"
                    ),
                ),
                (
                    "deviation_reason",
                    models.CharField(
                        blank=True,
                        help_text="Needed where the dose of the course so far lies outside the product's tolerance.",
                        max_length=300,
                        verbose_name="why the dose deviates",
                    ),
                ),
            ],
            options={
                "ordering": ["course", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("course", "number"), name="administration_once"),
                    models.UniqueConstraint(fields=("id", "subject"), name="administration_id_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, unique=True)),
                (
                    "target",
                    models.CharField(
                        choices=[("CD19", "CD19"), ("BCMA", "BCMA"), ("CD19+BCMA", "CD19 and BCMA")],
                        help_text="What its CARs bind.",
                        max_length=9,
                    ),
                ),
                ("manufactured_on", models.DateField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in-process", "In process"),
                            ("quarantined", "Quarantined"),
                            ("conditionally-released", "Conditionally released"),
                            ("released", "Released"),
                            ("out-of-specification", "Out of specification, approved exception"),
                            ("rejected", "Rejected"),
                            ("infused", "Infused"),
                            ("destroyed", "Destroyed"),
                        ],
                        default="in-process",
                        max_length=24,
                    ),
                ),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "release_note",
                    models.CharField(blank=True, help_text="Reason of an approved exception.", max_length=300),
                ),
                (
                    "apheresis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="cart.apheresis"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="cart.product"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="cart.subject"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("id", "subject"), name="lot_id_subject"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "in-process",
                                    "quarantined",
                                    "conditionally-released",
                                    "released",
                                    "out-of-specification",
                                    "rejected",
                                    "infused",
                                    "destroyed",
                                ],
                            )
                        ),
                        name="lot_state_known",
                        violation_error_message="The lot's state is not a known one. [lot-state]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target__in", ["CD19", "BCMA", "CD19+BCMA"])),
                        name="lot_target_known",
                        violation_error_message="A lot binds CD19, BCMA or both. [lot-target]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "state__in",
                                    ["conditionally-released", "released", "out-of-specification", "infused"],
                                ),
                                _negated=True,
                            ),
                            ("released_at__isnull", False),
                            _connector="OR",
                        ),
                        name="lot_release_is_dated",
                        violation_error_message="A released lot carries the time of its release. [release-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "out-of-specification"), _negated=True),
                            models.Q(("release_note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="lot_exception_has_reason",
                        violation_error_message="An approved exception needs its reason. [exception-reason]",
                    ),
                    models.UniqueConstraint(fields=("id", "apheresis"), name="lot_id_apheresis"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustodyEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
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
                ("occurred_at", models.DateTimeField()),
                ("place", models.CharField(max_length=120)),
                ("first_person", models.CharField(help_text="Who did it (role or staff code).", max_length=80)),
                ("second_person", models.CharField(help_text="Who checked it.", max_length=80)),
                (
                    "temperature_min_c",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=6, null=True, verbose_name="lowest temperature (°C)"
                    ),
                ),
                (
                    "temperature_max_c",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=6, null=True, verbose_name="highest temperature (°C)"
                    ),
                ),
                ("seal_intact", models.BooleanField(blank=True, null=True)),
                ("note", models.CharField(blank=True, help_text="Needed for a correction.", max_length=300)),
                (
                    "apheresis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="custody_events", to="cart.apheresis"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="custody_events",
                        to="cart.lot",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        help_text="The event whose place this one takes; its values are those that hold.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="cart.custodyevent",
                    ),
                ),
            ],
            options={
                "ordering": ["apheresis", "occurred_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("temperature_min_c", None),
                            ("temperature_max_c", None),
                            ("temperature_min_c__lte", models.F("temperature_max_c")),
                            _connector="OR",
                        ),
                        name="custody_temperature_range",
                        violation_error_message="The lowest temperature is not above the highest. [temperature-range]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("first_person", ""), _negated=True),
                            models.Q(("second_person", ""), _negated=True),
                            models.Q(("first_person", models.F("second_person")), _negated=True),
                        ),
                        name="custody_two_people",
                        violation_error_message="Custody is witnessed by two different people. [two-people]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("corrects", None), ("kind", "correction"), _connector="OR"),
                        name="custody_only_correction_corrects",
                        violation_error_message="Only a correction takes the place of another event. [custody-correction]",
                    ),
                    models.UniqueConstraint(
                        fields=("corrects",),
                        name="custody_corrected_once",
                        violation_error_message="This event is corrected already; correct the correction, so that one of them holds. [custody-correction]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseSpecification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "test",
                    models.CharField(help_text="Viability, CAR+ share, VCN, endotoxin, sterility ...", max_length=60),
                ),
                (
                    "comparison",
                    models.CharField(
                        choices=[
                            ("ge", "at least"),
                            ("gt", "more than"),
                            ("le", "at most"),
                            ("lt", "less than"),
                            ("negative", "negative"),
                        ],
                        max_length=10,
                    ),
                ),
                ("limit", models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                (
                    "may_follow_release",
                    models.BooleanField(default=False, help_text="The result may arrive after a conditional release."),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="specifications", to="cart.product"
                    ),
                ),
            ],
            options={
                "ordering": ["product", "test"],
                "constraints": [
                    models.UniqueConstraint(fields=("product", "test"), name="specification_test_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("comparison", "negative"), ("limit", None)),
                            models.Q(("comparison__in", ["ge", "gt", "le", "lt"]), ("limit__isnull", False)),
                            _connector="OR",
                        ),
                        name="specification_has_limit",
                        violation_error_message="A numeric criterion needs its limit; 'negative' has none. [specification]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("received_text", models.CharField(help_text="Result as received.", max_length=60)),
                (
                    "value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Taken from the result where it is a number.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "passed",
                    models.BooleanField(help_text="As the certificate says; the computed judgement stands beside it."),
                ),
                ("tested_on", models.DateField()),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="release_tests", to="cart.lot"
                    ),
                ),
                (
                    "specification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="cart.releasespecification",
                    ),
                ),
            ],
            options={
                "ordering": ["lot", "specification"],
                "constraints": [
                    models.UniqueConstraint(fields=("lot", "specification", "tested_on"), name="release_test_once"),
                    models.CheckConstraint(
                        condition=models.Q(("received_text", ""), _negated=True),
                        name="release_test_has_text",
                        violation_error_message="A release test needs its result as received. [release-test-empty]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("coordinator", "Coordinator"),
                            ("investigator", "Investigator"),
                            ("data-manager", "Data manager"),
                            ("monitor", "Monitor"),
                            ("statistician", "Statistician"),
                            ("sponsor", "Sponsor"),
                            ("safety-reviewer", "Safety reviewer"),
                            ("blinded-assessor", "Blinded assessor"),
                            ("study-administrator", "Study administrator"),
                            ("system-administrator", "System administrator"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=24,
                    ),
                ),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="cart.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="cart.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "user", "role"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "coordinator",
                                    "investigator",
                                    "data-manager",
                                    "monitor",
                                    "statistician",
                                    "sponsor",
                                    "safety-reviewer",
                                    "blinded-assessor",
                                    "study-administrator",
                                    "system-administrator",
                                    "auditor",
                                ],
                            )
                        ),
                        name="membership_role_known",
                        violation_error_message="The role is not one of the known roles. [role-unknown]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None), ("ended_at__gte", models.F("started_at")), _connector="OR"
                        ),
                        name="membership_ends_after_start",
                        violation_error_message="A membership ends after it starts. [membership-period]",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("user", "study", "site", "role"),
                        name="membership_open_once",
                        nulls_distinct=False,
                        violation_error_message="This user already holds this role there. [membership-twice]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StaleSubject",
            fields=[
                (
                    "subject",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="stale",
                        serialize=False,
                        to="cart.subject",
                    ),
                ),
                ("marked_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["subject"],
            },
        ),
        migrations.CreateModel(
            name="InfusionComponent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target", models.CharField(choices=[("CD19", "CD19"), ("BCMA", "BCMA")], max_length=4)),
                ("started_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("volume_ml", models.DecimalField(decimal_places=3, max_digits=8)),
                ("nucleated_cells_per_ml", models.DecimalField(decimal_places=2, max_digits=14)),
                ("viability_fraction", models.DecimalField(decimal_places=4, max_digits=5)),
                (
                    "cd3_fraction",
                    models.DecimalField(decimal_places=4, max_digits=5, verbose_name="CD3+ share of viable"),
                ),
                (
                    "car_fraction",
                    models.DecimalField(decimal_places=4, max_digits=5, verbose_name="CAR+ share of viable CD3+"),
                ),
                ("weight_kg", models.DecimalField(decimal_places=1, max_digits=5)),
                (
                    "viable_car_cells",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("volume_ml"), "*", models.F("nucleated_cells_per_ml")
                                    ),
                                    "*",
                                    models.F("viability_fraction"),
                                ),
                                "*",
                                models.F("cd3_fraction"),
                            ),
                            "*",
                            models.F("car_fraction"),
                        ),
                        output_field=models.DecimalField(decimal_places=6, max_digits=30),
                        verbose_name="viable CAR+ cells",
                    ),
                ),
                (
                    "administration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="components", to="cart.administration"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="components", to="cart.lot"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="infusion_components",
                        to="cart.subject",
                    ),
                ),
            ],
            options={
                "ordering": ["administration", "started_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("administration", "lot", "target"), name="component_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("car_fraction__gte", 0),
                            ("car_fraction__lte", 1),
                            ("cd3_fraction__gte", 0),
                            ("cd3_fraction__lte", 1),
                            ("nucleated_cells_per_ml__gt", 0),
                            ("viability_fraction__gte", 0),
                            ("viability_fraction__lte", 1),
                            ("volume_ml__gt", 0),
                            ("weight_kg__gt", 0),
                        ),
                        name="component_dose_not_negative",
                        violation_error_message="Volume, cells and weight are above zero; shares lie between 0 and 1. [negative-dose]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target__in", ["CD19", "BCMA"])),
                        name="component_target_known",
                        violation_error_message="A component binds CD19 or BCMA. [lot-target]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped_at", None), ("stopped_at__gte", models.F("started_at")), _connector="OR"
                        ),
                        name="component_stops_after_start",
                        violation_error_message="An infusion stops after it starts. [period]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InputUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(db_index=True, help_text="SHA-256 of what was read.", max_length=64)),
                ("reads", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "input_digest",
                    models.CharField(help_text="SHA-256 of inputs, parameters and definitions.", max_length=64),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="evaluations", to="cart.run"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="cart.subject",
                    ),
                ),
                (
                    "inputs",
                    models.JSONField(
                        help_text="Digest of each input by itself, so that a difference can say which one moved.",
                        null=True,
                    ),
                ),
                (
                    "input_use",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="cart.inputuse",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["subject", "-id"], name="evaluation_newest_of_subject")],
            },
        ),
        migrations.CreateModel(
            name="EndpointResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("series", models.CharField(blank=True, max_length=160)),
                ("timepoint", models.CharField(blank=True, max_length=40)),
                ("day", models.IntegerField(blank=True, help_text="Protocol day: days from time zero.", null=True)),
                ("value", models.FloatField(blank=True, null=True)),
                ("low", models.FloatField(blank=True, null=True)),
                ("high", models.FloatField(blank=True, help_text="Infinity where there is no upper bound.", null=True)),
                ("text", models.TextField(blank=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("evaluable", "Evaluable"),
                            ("bounded", "Bounded"),
                            ("ongoing", "Ongoing"),
                            ("not-evaluable", "Not evaluable"),
                        ],
                        max_length=14,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "evidence",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, help_text="Laboratory results.", size=None
                    ),
                ),
                (
                    "therapy_evidence",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, help_text="Concomitant therapies.", size=None
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="cart.endpointdefinition",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="results", to="cart.evaluation"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endpoint_results",
                        to="cart.subject",
                    ),
                ),
                (
                    "baseline_id",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Laboratory result among the evidence that the answer compares with.",
                        null=True,
                    ),
                ),
                (
                    "record_evidence",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        help_text="Assessments, as table:id.",
                        null=True,
                        size=None,
                    ),
                ),
            ],
            options={
                "ordering": ["evaluation", "definition", "series", "timepoint"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("evaluation", "definition", "series", "timepoint"), name="endpoint_result_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "not-evaluable"), _negated=True),
                            models.Q(models.Q(("reason", ""), _negated=True), ("value", None)),
                            _connector="OR",
                        ),
                        name="endpoint_missing_says_why",
                        violation_error_message="A missing answer has a reason and no value. [missing-without-reason]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["evaluable", "bounded", "ongoing", "not-evaluable"])),
                        name="endpoint_status_known",
                        violation_error_message="The status of an answer is not a known one. [endpoint-status]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(help_text="Version of the consent form.", max_length=20)),
                ("signed_on", models.DateField()),
                ("withdrawn_on", models.DateField(blank=True, null=True)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="cart.subject"
                    ),
                ),
                (
                    "protocol",
                    models.ForeignKey(
                        blank=True,
                        help_text="Version of the protocol that the form describes; empty: the one in force on the day.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="cart.protocolversion",
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "signed_on"],
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "version", "signed_on"), name="consent_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn_on", None), ("withdrawn_on__gte", models.F("signed_on")), _connector="OR"
                        ),
                        name="consent_withdrawn_after_signed",
                        violation_error_message="Consent is withdrawn after it was signed. [consent-period]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConcomitantTherapy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug", models.CharField(max_length=120)),
                (
                    "therapy_class",
                    models.CharField(
                        choices=[
                            ("rituximab", "Rituximab / anti-CD20"),
                            ("mycophenolate", "Mycophenolate"),
                            ("ivig", "IVIG"),
                            ("plasma-exchange", "Plasma exchange"),
                            ("steroid", "Glucocorticoid"),
                            ("antifibrotic", "Antifibrotic"),
                            ("immunosuppressant", "Other immunosuppressant"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("prior", models.BooleanField(default=False, help_text="Ended before time zero.")),
                ("daily_dose_mg", models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True)),
                ("started", cart.models.fields.PartialDateField(blank=True, max_length=19)),
                ("stopped", cart.models.fields.PartialDateField(blank=True, max_length=19)),
                ("ongoing", models.BooleanField(default=False)),
                ("indication", models.CharField(blank=True, max_length=200)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concomitant_therapies",
                        to="cart.subject",
                    ),
                ),
                (
                    "dose",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="Where it is no daily dose in mg: IVIG in g/kg.",
                        max_digits=12,
                        null=True,
                    ),
                ),
                (
                    "dose_missing_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Of a glucocorticoid without dose, and of a plasma exchange without its volumes.",
                        max_length=200,
                        verbose_name="why the dose is missing",
                    ),
                ),
                ("dose_unit", models.CharField(blank=True, db_default="", default="", max_length=20)),
                (
                    "plasma_volumes",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Plasma volumes exchanged, of plasma exchange.",
                        max_digits=4,
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "concomitant therapies",
                "ordering": ["subject", "started", "drug"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("daily_dose_mg", None), ("daily_dose_mg__gte", 0), _connector="OR"),
                        name="therapy_dose_not_negative",
                        violation_error_message="A dose is not negative. [negative-dose]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "therapy_class__in",
                                [
                                    "rituximab",
                                    "mycophenolate",
                                    "ivig",
                                    "plasma-exchange",
                                    "steroid",
                                    "antifibrotic",
                                    "immunosuppressant",
                                    "other",
                                ],
                            ),
                            models.Q(("drug", ""), _negated=True),
                        ),
                        name="therapy_class_known",
                        violation_error_message="A therapy needs its drug and a known class. [therapy-class]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ongoing", False), ("stopped", ""), _connector="OR"),
                        name="therapy_ongoing_or_stopped",
                        violation_error_message="An ongoing therapy has no stop date. [therapy-period]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("started")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="therapy_started_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("stopped")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="therapy_stopped_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dose", None), ("dose_unit", "")),
                            models.Q(
                                ("dose__gte", 0), ("dose__isnull", False), models.Q(("dose_unit", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="therapy_dose_has_unit",
                        violation_error_message="A dose is not negative and has its unit. [dose-unit]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("plasma_volumes", None),
                            models.Q(("plasma_volumes__gt", 0), ("therapy_class", "plasma-exchange")),
                            _connector="OR",
                        ),
                        name="therapy_plasma_volumes_of_exchange",
                        violation_error_message="Plasma volumes are above zero, and of a plasma exchange alone. [plasma-volumes]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Chelation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agent", models.CharField(default="EDTA", max_length=80)),
                ("dose_mg", models.DecimalField(decimal_places=2, max_digits=9)),
                ("route", models.CharField(default="intravenous", max_length=40)),
                ("started_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="chelations", to="cart.subject"
                    ),
                ),
                ("calcium_after_at", models.DateTimeField(blank=True, null=True)),
                ("calcium_before_at", models.DateTimeField(blank=True, null=True)),
                (
                    "calcium_missing_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Where one of the two was not measured.",
                        max_length=200,
                        verbose_name="why calcium is missing",
                    ),
                ),
                ("ionised_calcium_after", models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True)),
                ("ionised_calcium_before", models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True)),
                (
                    "ionised_calcium_unit",
                    models.CharField(
                        choices=[("mmol/L", "mmol/L"), ("mg/dL", "mg/dL")],
                        db_default="mmol/L",
                        default="mmol/L",
                        max_length=8,
                        verbose_name="unit of ionised calcium",
                    ),
                ),
                (
                    "ionised_calcium_after_mmol_l",
                    models.GeneratedField(
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
                (
                    "ionised_calcium_before_mmol_l",
                    models.GeneratedField(
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
            ],
            options={
                "ordering": ["subject", "started_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "agent", "started_at"), name="chelation_once"),
                    models.CheckConstraint(
                        condition=models.Q(("dose_mg__gte", 0)),
                        name="chelation_dose_not_negative",
                        violation_error_message="A dose is not negative. [negative-dose]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped_at", None), ("stopped_at__gte", models.F("started_at")), _connector="OR"
                        ),
                        name="chelation_stops_after_start",
                        violation_error_message="Chelation stops after it starts. [period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ionised_calcium_before", None), ("ionised_calcium_before__gt", 0), _connector="OR"
                            ),
                            models.Q(
                                ("ionised_calcium_after", None), ("ionised_calcium_after__gt", 0), _connector="OR"
                            ),
                        ),
                        name="chelation_calcium_positive",
                        violation_error_message="Ionised calcium is above zero. [negative-number]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ionised_calcium_unit__in", ["mmol/L", "mg/dL"])),
                        name="chelation_calcium_unit_known",
                        violation_error_message="Ionised calcium is in mmol/L or mg/dL. [calcium-unit]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("calcium_before_at", None),
                                ("calcium_before_at__lte", models.F("started_at")),
                                _connector="OR",
                            ),
                            models.Q(
                                ("calcium_after_at", None),
                                ("calcium_after_at__gte", models.F("started_at")),
                                _connector="OR",
                            ),
                        ),
                        name="chelation_calcium_before_and_after",
                        violation_error_message="Calcium before is taken before the chelation starts, calcium after is not. [period]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataQuery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_table", models.CharField(editable=False, max_length=63)),
                ("target_id", models.BigIntegerField(editable=False)),
                ("target_field", models.CharField(blank=True, editable=False, max_length=63)),
                ("text", models.CharField(max_length=500)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("vanished-row", "Row vanished from a cumulative file"),
                            ("computed-differs", "Differs from the computed value"),
                            ("person", "Asked by a person"),
                        ],
                        editable=False,
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("answered", "Answered"), ("closed", "Closed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("answered_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="data_queries", to="cart.subject"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "data queries",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="query_asks_something",
                        violation_error_message="A data query says what is asked. [query-text]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("closed_at", None), ("status", "open")),
                            models.Q(("answered_at__isnull", False), ("closed_at", None), ("status", "answered")),
                            models.Q(("closed_at__isnull", False), ("status", "closed")),
                            _connector="OR",
                        ),
                        name="query_status_has_its_time",
                        violation_error_message="A query has the times that its status asks for. [query-status]",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("status", "closed"), _negated=True), models.Q(("origin", "person"), _negated=True)
                        ),
                        fields=("target_table", "target_id", "target_field", "origin"),
                        name="query_of_a_check_once",
                        violation_error_message="This is asked already. [query-twice]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataQueryMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=1000)),
                ("author", models.CharField(editable=False, max_length=150)),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "query",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="cart.dataquery"
                    ),
                ),
            ],
            options={
                "ordering": ["query", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("author", ""), _negated=True)
                        ),
                        name="query_message_says_something",
                        violation_error_message="A message has a text and an author. [query-text]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RunPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.BigIntegerField(help_text="Key of the first subject.")),
                ("last", models.BigIntegerField(help_text="Key of the last subject.")),
                ("subjects_seen", models.PositiveIntegerField()),
                ("subjects_changed", models.PositiveIntegerField()),
                ("finished_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "run",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="cart.run"),
                ),
            ],
            options={
                "ordering": ["run", "first"],
                "constraints": [models.UniqueConstraint(fields=("run", "first"), name="run_part_once")],
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
                "constraints": [models.UniqueConstraint(fields=("cut", "table_name"), name="cut_table_once")],
            },
        ),
        migrations.CreateModel(
            name="StudySummary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "input_digest",
                    models.CharField(help_text="SHA-256 of answers, groups and parameters.", max_length=64),
                ),
                ("parameters", models.JSONField(help_text="Every parameter of the summary, defaults included.")),
                ("subjects", models.PositiveIntegerField()),
                ("code_version", models.CharField(max_length=40)),
                ("computed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="summaries",
                        to="cart.run",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="summaries", to="cart.study"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "study summaries",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "input_digest"),
                        name="summary_of_run_once",
                        violation_error_message="This run is summarised already. [summary-once]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SummaryStatistic",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(help_text="Order in which they are read.")),
                ("grouping", models.CharField(max_length=40)),
                ("group", models.CharField(max_length=80)),
                ("against", models.CharField(blank=True, help_text="The other group of a comparison.", max_length=80)),
                ("code", models.CharField(max_length=8)),
                ("label", models.CharField(help_text="Name of the endpoint as it was then.", max_length=40)),
                ("series", models.CharField(blank=True, max_length=160)),
                ("timepoint", models.CharField(blank=True, max_length=40)),
                ("statistic", models.CharField(max_length=60)),
                (
                    "category",
                    models.TextField(blank=True, help_text="Which answer, or which reason, is counted."),
                ),
                ("at", models.FloatField(blank=True, help_text="Time of a curve.", null=True)),
                ("n", models.BigIntegerField(blank=True, help_text="Subjects it rests on.", null=True)),
                ("value", models.FloatField(blank=True, null=True)),
                ("low", models.FloatField(blank=True, null=True)),
                ("high", models.FloatField(blank=True, null=True)),
                (
                    "confidence",
                    models.FloatField(blank=True, help_text="Coverage of low to high; null: bounds.", null=True),
                ),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("status", models.CharField(max_length=14)),
                ("reason", models.TextField(blank=True)),
                (
                    "summary",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statistics", to="cart.studysummary"
                    ),
                ),
            ],
            options={
                "ordering": ["summary", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("summary", "position"), name="summary_statistic_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "not-evaluable"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="summary_missing_says_why",
                        violation_error_message="A missing statistic has a reason. [missing-without-reason]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EligibilityCriterion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit. [code-characters]",
                            )
                        ],
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("inclusion", "Inclusion"), ("exclusion", "Exclusion")], max_length=10),
                ),
                ("text", models.CharField(max_length=600)),
                ("position", models.PositiveSmallIntegerField(default=1)),
                (
                    "protocol",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="criteria", to="cart.protocolversion"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "eligibility criteria",
                "ordering": ["protocol", "position", "code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("protocol", "code"),
                        name="criterion_code_once",
                        violation_error_message="This protocol version already has a criterion with this code. [criterion-twice]",
                    ),
                    models.UniqueConstraint(fields=("id", "protocol"), name="criterion_id_protocol"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["inclusion", "exclusion"]), models.Q(("text", ""), _negated=True)
                        ),
                        name="criterion_kind_and_text",
                        violation_error_message="A criterion is for inclusion or exclusion and has its text. [criterion]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Panel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                                "A code holds letters, digits, '.', '_' and '-' and begins with a letter or digit. [code-characters]",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "protocol",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="panels", to="cart.protocolversion"
                    ),
                ),
            ],
            options={
                "ordering": ["protocol", "code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("protocol", "code"),
                        name="panel_code_once",
                        violation_error_message="This protocol version already has a panel with this code. [panel-twice]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PanelAnalyte",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("analyte_code", models.CharField(max_length=40)),
                ("position", models.PositiveSmallIntegerField(default=1)),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="analytes", to="cart.panel"
                    ),
                ),
            ],
            options={
                "ordering": ["panel", "position", "analyte_code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("panel", "analyte_code"),
                        name="panel_analyte_once",
                        violation_error_message="The panel has this analyte already. [panel-analyte-twice]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlannedPanel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "panel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="cart.panel"
                    ),
                ),
                (
                    "planned",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="panels", to="cart.plannedvisit"
                    ),
                ),
            ],
            options={
                "ordering": ["planned", "panel"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("planned", "panel"),
                        name="planned_panel_once",
                        violation_error_message="The panel is planned at this visit already. [planned-panel-twice]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EligibilityAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(default=1)),
                (
                    "protocol",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="eligibility_assessments",
                        to="cart.protocolversion",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="eligibility_assessments",
                        to="cart.subject",
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "number"), name="assessment_once"),
                    models.UniqueConstraint(fields=("id", "subject"), name="assessment_id_subject"),
                    models.UniqueConstraint(fields=("id", "protocol"), name="assessment_id_protocol"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EligibilityAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "answer",
                    models.CharField(choices=[("yes", "Yes"), ("no", "No"), ("na", "Not applicable")], max_length=3),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("answered_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("answered_at", models.DateTimeField(editable=False, null=True)),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="cart.eligibilitycriterion",
                    ),
                ),
                (
                    "protocol",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cart.protocolversion"
                    ),
                ),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="cart.eligibilityassessment",
                    ),
                ),
            ],
            options={
                "ordering": ["assessment", "criterion"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment", "criterion"),
                        name="eligibility_answer_once",
                        violation_error_message="The criterion is answered already. [answer-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer__in", ["yes", "no"]),
                            models.Q(("answer", "na"), models.Q(("note", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="eligibility_answer_known",
                        violation_error_message="A criterion is answered yes or no; 'not applicable' says why. [eligibility-answer]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EligibilityDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("eligible", "Eligible"), ("not-eligible", "Not eligible")], max_length=12
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=500)),
                ("decided_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("signed_at", models.DateTimeField(editable=False, null=True)),
                ("answers_sha256", models.CharField(editable=False, max_length=64)),
                (
                    "assessment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="cart.eligibilityassessment",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="eligibility_decisions",
                        to="cart.subject",
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "decided_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["eligible", "not-eligible"])),
                        name="eligibility_verdict_known",
                        violation_error_message="A subject is eligible or not eligible. [eligibility-verdict]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Disposition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("screening", "In screening"),
                            ("screen-failure", "Screen failure"),
                            ("enrolled", "Enrolled"),
                            ("completed", "Completed"),
                            ("withdrawn", "Withdrawn"),
                            ("lost", "Lost to follow-up"),
                            ("dead", "Dead"),
                        ],
                        max_length=16,
                        verbose_name="new status",
                    ),
                ),
                (
                    "previous",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("screening", "In screening"),
                            ("screen-failure", "Screen failure"),
                            ("enrolled", "Enrolled"),
                            ("completed", "Completed"),
                            ("withdrawn", "Withdrawn"),
                            ("lost", "Lost to follow-up"),
                            ("dead", "Dead"),
                        ],
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "occurred_on",
                    cart.models.fields.PartialDateField(
                        blank=True,
                        help_text="As exactly as known: 2024, 2024-03 or 2024-03-05.",
                        max_length=19,
                        verbose_name="on",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("eligible", "Eligible"),
                            ("criteria", "Eligibility criteria not met"),
                            ("consent", "Consent withdrawn"),
                            ("investigator", "Investigator's decision"),
                            ("sponsor", "Sponsor's decision"),
                            ("adverse-event", "Adverse event"),
                            ("pregnancy", "Pregnancy"),
                            ("manufacturing", "No product could be made"),
                            ("no-contact", "No contact"),
                            ("contact", "Contact restored"),
                            ("rescreened", "Screened again"),
                            ("death", "Death"),
                            ("completed", "Follow-up completed"),
                            ("source", "As the imported data set says"),
                            ("correction", "Entered by mistake"),
                            ("other", "Other"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "detail",
                    models.CharField(blank=True, help_text="Needed for 'other' and for a correction.", max_length=300),
                ),
                (
                    "corrects",
                    models.OneToOneField(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="cart.disposition",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dispositions", to="cart.subject"
                    ),
                ),
            ],
            options={
                "verbose_name": "change of status",
                "verbose_name_plural": "changes of status",
                "ordering": ["subject", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["screening", "screen-failure", "enrolled", "completed", "withdrawn", "lost", "dead"],
                            )
                        ),
                        name="disposition_status_known",
                        violation_error_message="The status is not a known one. [status-order]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("occurred_on", ""), _negated=True), ("reason", "source"), _connector="OR"
                        ),
                        name="disposition_is_dated",
                        violation_error_message="A change of status has its day, as exactly as known. [disposition-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(models.Q(("reason", "other"), _negated=True), ("corrects", None)),
                            models.Q(("detail", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="disposition_says_why",
                        violation_error_message="'Other' and a correction say what happened. [disposition-reason]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "correction"), _negated=True),
                            ("corrects__isnull", False),
                            _connector="OR",
                        ),
                        name="disposition_correction_names_entry",
                        violation_error_message="'Entered by mistake' corrects the last entry. [disposition-reason]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("occurred_on")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="disposition_occurred_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RandomisationList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(default=1)),
                ("algorithm", models.CharField(max_length=30)),
                ("ratio", models.JSONField(help_text="Share of each arm in a block.")),
                ("block_sizes", models.JSONField(help_text="Sizes from which each block draws its own.")),
                ("by_site", models.BooleanField(default=False, help_text="Every site has a list of its own.")),
                ("nonce", models.CharField(editable=False, max_length=64)),
                ("seed_sha256", models.CharField(editable=False, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="randomisation_lists", to="cart.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "number"), name="randomisation_list_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("study",),
                        name="randomisation_list_one_open",
                        violation_error_message="The study has an open randomisation list already. [randomisation-list-open]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stratum", models.CharField(blank=True, max_length=20)),
                ("position", models.PositiveIntegerField()),
                ("allocated_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("allocated_at", models.DateTimeField(editable=False, null=True)),
                (
                    "arm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="cart.arm"
                    ),
                ),
                (
                    "subject",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocation", to="cart.subject"
                    ),
                ),
                (
                    "randomisation_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="cart.randomisationlist",
                    ),
                ),
            ],
            options={
                "verbose_name": "randomised subject",
                "ordering": ["randomisation_list", "stratum", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("randomisation_list", "stratum", "position"),
                        name="allocation_place_once",
                        violation_error_message="This place of the list is given already. [allocation-place]",
                    )
                ],
            },
        ),
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
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scan_attempts", to="cart.lot"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("finding__in", ["match", "misread", "other-lot", "other-subject", "unknown"]),
                            ("purpose__in", ["receipt", "thaw", "infusion", "other"]),
                        ),
                        name="scan_finding_known",
                        violation_error_message="A scan has a known purpose and a known finding. [scan-finding]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code_read", ""), _negated=True), models.Q(("scanned_by", ""), _negated=True)
                        ),
                        name="scan_has_code_and_person",
                        violation_error_message="A scan keeps what was read, and by whom. [scan-finding]",
                    ),
                ],
            },
        ),
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
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bridging_therapies",
                        to="cart.subject",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "bridging therapies",
                "ordering": ["subject", "started", "drug"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("drug", ""), _negated=True), models.Q(("started", ""), _negated=True)
                        ),
                        name="bridging_has_drug_and_start",
                        violation_error_message="A bridging therapy needs its drug and its start. [bridging-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dose", None), ("dose_unit", "")),
                            models.Q(
                                ("dose__gte", 0), ("dose__isnull", False), models.Q(("dose_unit", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="bridging_dose_has_unit",
                        violation_error_message="A dose is not negative and has its unit. [dose-unit]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ongoing", False), ("stopped", ""), _connector="OR"),
                        name="bridging_ongoing_or_stopped",
                        violation_error_message="An ongoing therapy has no stop date. [therapy-period]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("started")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="bridging_started_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("stopped")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="bridging_stopped_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecordCompletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_table", models.CharField(editable=False, max_length=63, verbose_name="record")),
                ("target_id", models.BigIntegerField(editable=False, verbose_name="number")),
                (
                    "state",
                    models.CharField(
                        choices=[("incomplete", "Incomplete, more to come"), ("complete", "Complete")], max_length=10
                    ),
                ),
                ("marked_by", models.CharField(editable=False, max_length=150)),
                ("marked_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="completions", to="cart.subject"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("target_table", "target_id"),
                        name="completion_once",
                        violation_error_message="This record is marked already. [completion-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["incomplete", "complete"]), models.Q(("marked_by", ""), _negated=True)
                        ),
                        name="completion_state_known",
                        violation_error_message="A record is incomplete or complete, by somebody's word. [completion-state]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WarningOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_table", models.CharField(max_length=63)),
                ("target_id", models.BigIntegerField()),
                ("target_field", models.CharField(max_length=63)),
                ("code", models.CharField(max_length=40)),
                ("sentence", models.CharField(max_length=500, verbose_name="warning")),
                ("reason", models.CharField(max_length=500)),
                ("kept_by", models.CharField(max_length=150)),
                ("kept_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="warning_overrides", to="cart.subject"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["target_table", "target_id"], name="warning_override_of_row")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True), models.Q(("kept_by", ""), _negated=True)
                        ),
                        name="warning_override_has_reason",
                        violation_error_message="A value kept against a warning says why and by whom. [soft-warning]",
                    )
                ],
            },
        ),
    ]
