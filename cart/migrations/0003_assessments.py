"""Tables of the assessments of the disease."""

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cart", "0002_safety"),
    ]

    operations = [
        migrations.CreateModel(
            name="Capillaroscopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "pattern",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("normal", "Normal"),
                            ("non-specific", "Non-specific"),
                            ("early", "Scleroderma, early"),
                            ("active", "Scleroderma, active"),
                            ("late", "Scleroderma, late"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "capillaries_per_mm",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="capillaries per mm"
                    ),
                ),
                (
                    "giant_capillaries",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="giant capillaries",
                    ),
                ),
                (
                    "haemorrhages",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="microhaemorrhages",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "capillaroscopy",
                "verbose_name_plural": "capillaroscopies",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="capillaroscopy_once_per_visit",
                        violation_error_message="This visit already has its capillaroscopy; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="capillaroscopy_once_per_day",
                        violation_error_message="This subject already has its capillaroscopy of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="capillaroscopy_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("capillaries_per_mm", None)),
                                models.Q(("giant_capillaries", None)),
                                models.Q(("haemorrhages", None)),
                                models.Q(("pattern", "")),
                            ),
                            _connector="OR",
                        ),
                        name="capillaroscopy_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("capillaries_per_mm", None), _negated=True),
                            models.Q(("giant_capillaries", None), _negated=True),
                            models.Q(("haemorrhages", None), _negated=True),
                            models.Q(("pattern", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="capillaroscopy_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pattern__in", ["", "normal", "non-specific", "early", "active", "late"])),
                        name="capillaroscopy_pattern_known",
                        violation_error_message="A pattern is normal, non-specific, early, active or late. [capillary-pattern]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("capillaries_per_mm", None),
                                models.Q(("capillaries_per_mm__gte", 0), ("capillaries_per_mm__lte", 20)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("giant_capillaries", None),
                                models.Q(("giant_capillaries__gte", 0), ("giant_capillaries__lte", 200)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("haemorrhages", None),
                                models.Q(("haemorrhages__gte", 0), ("haemorrhages__lte", 200)),
                                _connector="OR",
                            ),
                        ),
                        name="capillaroscopy_counts",
                        violation_error_message="Capillaries per mm are 0 to 20, other counts 0 to 200. [capillary-count]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DiffusingCapacity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "height_cm",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="height (cm)"
                    ),
                ),
                (
                    "age_years",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="As the device's report has it; empty: the year of birth tells it to half a year.",
                        max_digits=5,
                        null=True,
                        verbose_name="age (years)",
                    ),
                ),
                (
                    "quality",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "A"),
                            ("B", "B"),
                            ("C", "C"),
                            ("D", "D"),
                            ("E", "E"),
                            ("U", "U, usable"),
                            ("F", "F, not usable"),
                        ],
                        max_length=1,
                        verbose_name="quality grade",
                    ),
                ),
                (
                    "device_reference",
                    models.CharField(
                        blank=True,
                        help_text="As the report names them, e.g. GLI-2012.",
                        max_length=60,
                        verbose_name="equations of the device",
                    ),
                ),
                (
                    "dlco",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=6, null=True, verbose_name="DLCO, not corrected"
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        blank=True,
                        choices=[("mmol/min/kPa", "mmol/min/kPa"), ("mL/min/mm[Hg]", "mL/min/mmHg")],
                        max_length=14,
                    ),
                ),
                (
                    "va_l",
                    models.DecimalField(blank=True, decimal_places=3, max_digits=5, null=True, verbose_name="VA (L)"),
                ),
                (
                    "haemoglobin_g_dl",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        help_text="Of the same days; corrects DLCO. Empty: not corrected.",
                        max_digits=4,
                        null=True,
                        verbose_name="haemoglobin (g/dL)",
                    ),
                ),
                (
                    "device_pct",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        max_digits=4,
                        null=True,
                        verbose_name="DLCO, % predicted of the device",
                    ),
                ),
                (
                    "device_corrected",
                    models.BooleanField(blank=True, null=True, verbose_name="device's % is corrected for haemoglobin"),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "DLCO",
                "verbose_name_plural": "DLCO",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="dlco_once_per_visit",
                        violation_error_message="This visit already has its DLCO; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="dlco_once_per_day",
                        violation_error_message="This subject already has its DLCO of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="dlco_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("dlco", None)), models.Q(("va_l", None)), models.Q(("device_pct", None))
                            ),
                            _connector="OR",
                        ),
                        name="dlco_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("dlco", None), _negated=True),
                            models.Q(("va_l", None), _negated=True),
                            models.Q(("device_pct", None), _negated=True),
                            _connector="OR",
                        ),
                        name="dlco_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("height_cm", None),
                                models.Q(("height_cm__gte", 50), ("height_cm__lte", 250)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("age_years", None),
                                models.Q(("age_years__gte", 3), ("age_years__lte", 110)),
                                _connector="OR",
                            ),
                        ),
                        name="dlco_height_and_age",
                        violation_error_message="Height is 50 to 250 cm, age 3 to 110 years. [lung-test-body]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quality__in", ["", "A", "B", "C", "D", "E", "U", "F"])),
                        name="dlco_quality_known",
                        violation_error_message="A quality grade is A to F, or U. [quality-grade]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("unit__in", ["mmol/min/kPa", "mL/min/mm[Hg]"]),
                            models.Q(("dlco", None), ("unit", "")),
                            _connector="OR",
                        ),
                        name="dlco_has_unit",
                        violation_error_message="DLCO has its unit: mmol/min/kPa or mL/min/mmHg. [dlco-unit]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("dlco", None),
                            models.Q(("dlco__gte", 0.1), ("dlco__lte", 25), ("unit", "mmol/min/kPa")),
                            models.Q(("dlco__gte", 0.3), ("dlco__lte", 75), ("unit", "mL/min/mm[Hg]")),
                            _connector="OR",
                        ),
                        name="dlco_in_unit",
                        violation_error_message="DLCO is 0.1 to 25 mmol/min/kPa, or 0.3 to 75 mL/min/mmHg. [dlco-value]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("va_l", None), models.Q(("va_l__gte", 0.1), ("va_l__lte", 15)), _connector="OR"),
                            models.Q(
                                ("haemoglobin_g_dl", None),
                                models.Q(("haemoglobin_g_dl__gte", 2), ("haemoglobin_g_dl__lte", 25)),
                                _connector="OR",
                            ),
                        ),
                        name="dlco_volume_and_haemoglobin",
                        violation_error_message="VA is 0.1 to 15 L, haemoglobin 2 to 25 g/dL. [dlco-value]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("device_pct", None),
                            models.Q(("device_pct__gte", 1), ("device_pct__lte", 250)),
                            _connector="OR",
                        ),
                        name="dlco_device_pct",
                        violation_error_message="Per cent of predicted is 1 to 250. [percent-predicted]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DigitalUlcerCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "active",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="active ulcers",
                    ),
                ),
                (
                    "new",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="new since the last visit",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "digital ulcers",
                "verbose_name_plural": "digital ulcers",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="ulcers_once_per_visit",
                        violation_error_message="This visit already has its count of digital ulcers; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="ulcers_once_per_day",
                        violation_error_message="This subject already has its count of digital ulcers of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="ulcers_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(models.Q(("active", None)), models.Q(("new", None))),
                            _connector="OR",
                        ),
                        name="ulcers_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("active", None), _negated=True),
                            models.Q(("new", None), _negated=True),
                            _connector="OR",
                        ),
                        name="ulcers_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("active", None), models.Q(("active__gte", 0), ("active__lte", 50)), _connector="OR"
                            ),
                            models.Q(("new", None), models.Q(("new__gte", 0), ("new__lte", 50)), _connector="OR"),
                        ),
                        name="ulcers_0_to_50",
                        violation_error_message="A count of digital ulcers is 0 to 50. [ulcer-count]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DiseaseFindings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                ("raynaud", models.BooleanField(blank=True, null=True, verbose_name="Raynaud's phenomenon")),
                ("puffy", models.BooleanField(blank=True, null=True, verbose_name="puffy fingers")),
                (
                    "skin_prox_mcp",
                    models.BooleanField(
                        blank=True,
                        help_text="Of the fingers of both hands.",
                        null=True,
                        verbose_name="skin thick proximal to the MCP joints",
                    ),
                ),
                ("sclerodactyly", models.BooleanField(blank=True, null=True, verbose_name="sclerodactyly")),
                (
                    "tip_ulcer",
                    models.BooleanField(
                        blank=True, help_text="Now or in the past.", null=True, verbose_name="digital tip ulcers"
                    ),
                ),
                ("pitting", models.BooleanField(blank=True, null=True, verbose_name="fingertip pitting scars")),
                ("telangiectasia", models.BooleanField(blank=True, null=True, verbose_name="telangiectasia")),
                (
                    "nailfold",
                    models.BooleanField(blank=True, null=True, verbose_name="scleroderma pattern in capillaroscopy"),
                ),
                ("pah", models.BooleanField(blank=True, null=True, verbose_name="PAH")),
                ("ild", models.BooleanField(blank=True, null=True, verbose_name="ILD")),
                ("ana", models.BooleanField(blank=True, null=True, verbose_name="ANA positive")),
                ("aca", models.BooleanField(blank=True, null=True, verbose_name="anticentromere positive")),
                ("topo1", models.BooleanField(blank=True, null=True, verbose_name="anti-topoisomerase I positive")),
                (
                    "topo1_high",
                    models.BooleanField(
                        blank=True,
                        help_text="Above the study's limit of a high titer.",
                        null=True,
                        verbose_name="anti-topoisomerase I high",
                    ),
                ),
                ("rnap3", models.BooleanField(blank=True, null=True, verbose_name="anti-RNA polymerase III positive")),
                (
                    "other_ssc_antibody",
                    models.BooleanField(
                        blank=True,
                        help_text="Such as anti-Th/To, U3-RNP.",
                        null=True,
                        verbose_name="other SSc-specific antibody",
                    ),
                ),
                (
                    "tendon_friction_rubs",
                    models.BooleanField(blank=True, null=True, verbose_name="tendon friction rubs"),
                ),
                (
                    "renal_crisis",
                    models.BooleanField(
                        blank=True,
                        help_text="New since the assessment before.",
                        null=True,
                        verbose_name="scleroderma renal crisis",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "findings of the disease",
                "verbose_name_plural": "findings of the disease",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="findings_once_per_visit",
                        violation_error_message="This visit already has its findings; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="findings_once_per_day",
                        violation_error_message="This subject already has its findings of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="findings_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("raynaud", None)),
                                models.Q(("puffy", None)),
                                models.Q(("skin_prox_mcp", None)),
                                models.Q(("sclerodactyly", None)),
                                models.Q(("tip_ulcer", None)),
                                models.Q(("pitting", None)),
                                models.Q(("telangiectasia", None)),
                                models.Q(("nailfold", None)),
                                models.Q(("pah", None)),
                                models.Q(("ild", None)),
                                models.Q(("ana", None)),
                                models.Q(("aca", None)),
                                models.Q(("topo1", None)),
                                models.Q(("topo1_high", None)),
                                models.Q(("rnap3", None)),
                                models.Q(("other_ssc_antibody", None)),
                                models.Q(("tendon_friction_rubs", None)),
                                models.Q(("renal_crisis", None)),
                            ),
                            _connector="OR",
                        ),
                        name="findings_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("raynaud", None), _negated=True),
                            models.Q(("puffy", None), _negated=True),
                            models.Q(("skin_prox_mcp", None), _negated=True),
                            models.Q(("sclerodactyly", None), _negated=True),
                            models.Q(("tip_ulcer", None), _negated=True),
                            models.Q(("pitting", None), _negated=True),
                            models.Q(("telangiectasia", None), _negated=True),
                            models.Q(("nailfold", None), _negated=True),
                            models.Q(("pah", None), _negated=True),
                            models.Q(("ild", None), _negated=True),
                            models.Q(("ana", None), _negated=True),
                            models.Q(("aca", None), _negated=True),
                            models.Q(("topo1", None), _negated=True),
                            models.Q(("topo1_high", None), _negated=True),
                            models.Q(("rnap3", None), _negated=True),
                            models.Q(("other_ssc_antibody", None), _negated=True),
                            models.Q(("tendon_friction_rubs", None), _negated=True),
                            models.Q(("renal_crisis", None), _negated=True),
                            _connector="OR",
                        ),
                        name="findings_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("topo1_high", None), ("topo1_high", False), ("topo1", True), _connector="OR"
                        ),
                        name="findings_high_is_positive",
                        violation_error_message="A high anti-topoisomerase I is a positive one. [topo1-high]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Echocardiogram",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "trv_m_s",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Empty where no regurgitation could be measured: sPAP is then not known.",
                        max_digits=3,
                        null=True,
                        verbose_name="TRV (m/s)",
                    ),
                ),
                (
                    "rap_mmhg",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        help_text="Estimated right atrial pressure.",
                        max_digits=4,
                        null=True,
                        verbose_name="RAP (mmHg)",
                    ),
                ),
                (
                    "spap_mmhg",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.Value(Decimal("4")), "*", models.F("trv_m_s")
                                ),
                                "*",
                                models.F("trv_m_s"),
                            ),
                            "+",
                            models.F("rap_mmhg"),
                        ),
                        output_field=models.DecimalField(decimal_places=4, max_digits=7, null=True),
                        verbose_name="sPAP (mmHg)",
                    ),
                ),
                (
                    "tapse_mm",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="TAPSE (mm)"
                    ),
                ),
                (
                    "tapse_spap",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("tapse_mm"),
                            "/",
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.Value(Decimal("4")), "*", models.F("trv_m_s")
                                    ),
                                    "*",
                                    models.F("trv_m_s"),
                                ),
                                "+",
                                models.F("rap_mmhg"),
                            ),
                        ),
                        output_field=models.DecimalField(decimal_places=4, max_digits=7, null=True),
                        verbose_name="TAPSE/sPAP (mm/mmHg)",
                    ),
                ),
                (
                    "lvef_pct",
                    models.DecimalField(blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="LVEF (%)"),
                ),
                (
                    "ra_area_cm2",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        help_text="At the end of systole; step 2 of DETECT.",
                        max_digits=4,
                        null=True,
                        verbose_name="right atrium area (cm²)",
                    ),
                ),
                (
                    "right_axis_deviation",
                    models.BooleanField(
                        blank=True,
                        help_text="On the ECG of the same examination; step 1 of DETECT.",
                        null=True,
                        verbose_name="right axis deviation",
                    ),
                ),
                (
                    "spap_in_report",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="sPAP in the report (mmHg)"
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "echocardiogram",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="echo_once_per_visit",
                        violation_error_message="This visit already has its echocardiogram; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="echo_once_per_day",
                        violation_error_message="This subject already has its echocardiogram of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="echo_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("trv_m_s", None)),
                                models.Q(("rap_mmhg", None)),
                                models.Q(("tapse_mm", None)),
                                models.Q(("lvef_pct", None)),
                                models.Q(("ra_area_cm2", None)),
                                models.Q(("right_axis_deviation", None)),
                                models.Q(("spap_in_report", None)),
                            ),
                            _connector="OR",
                        ),
                        name="echo_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("trv_m_s", None), _negated=True),
                            models.Q(("rap_mmhg", None), _negated=True),
                            models.Q(("tapse_mm", None), _negated=True),
                            models.Q(("lvef_pct", None), _negated=True),
                            models.Q(("ra_area_cm2", None), _negated=True),
                            models.Q(("right_axis_deviation", None), _negated=True),
                            models.Q(("spap_in_report", None), _negated=True),
                            _connector="OR",
                        ),
                        name="echo_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("trv_m_s", None), models.Q(("trv_m_s__gte", 0.5), ("trv_m_s__lte", 7)), _connector="OR"
                            ),
                            models.Q(
                                ("rap_mmhg", None),
                                models.Q(("rap_mmhg__gte", 0), ("rap_mmhg__lte", 40)),
                                _connector="OR",
                            ),
                        ),
                        name="echo_pressure_terms",
                        violation_error_message="TRV is 0.5 to 7 m/s, RAP 0 to 40 mmHg. [echo-value]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("tapse_mm", None),
                                models.Q(("tapse_mm__gte", 1), ("tapse_mm__lte", 50)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("lvef_pct", None),
                                models.Q(("lvef_pct__gte", 1), ("lvef_pct__lte", 100)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("spap_in_report", None),
                                models.Q(("spap_in_report__gte", 5), ("spap_in_report__lte", 250)),
                                _connector="OR",
                            ),
                        ),
                        name="echo_other_values",
                        violation_error_message="TAPSE is 1 to 50 mm, LVEF 1 to 100 per cent, sPAP 5 to 250 mmHg. [echo-value]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ra_area_cm2", None),
                            models.Q(("ra_area_cm2__gte", 3), ("ra_area_cm2__lte", 80)),
                            _connector="OR",
                        ),
                        name="echo_atrium_area",
                        violation_error_message="The area of the right atrium is 3 to 80 cm². [echo-value]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GlobalAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "patient_global",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=3, null=True, verbose_name="patient global (0-10)"
                    ),
                ),
                (
                    "physician_global",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=3, null=True, verbose_name="physician global (0-10)"
                    ),
                ),
                (
                    "skin_worse",
                    models.BooleanField(
                        blank=True,
                        help_text="In the subject's own view.",
                        null=True,
                        verbose_name="skin worse in the last month",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "global assessment",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="global_assessment_once_per_visit",
                        violation_error_message="This visit already has its global assessment; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="global_assessment_once_per_day",
                        violation_error_message="This subject already has its global assessment of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="global_assessment_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("patient_global", None)),
                                models.Q(("physician_global", None)),
                                models.Q(("skin_worse", None)),
                            ),
                            _connector="OR",
                        ),
                        name="global_assessment_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("patient_global", None), _negated=True),
                            models.Q(("physician_global", None), _negated=True),
                            models.Q(("skin_worse", None), _negated=True),
                            _connector="OR",
                        ),
                        name="global_assessment_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("patient_global", None),
                                models.Q(("patient_global__gte", 0), ("patient_global__lte", 10)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("physician_global", None),
                                models.Q(("physician_global__gte", 0), ("physician_global__lte", 10)),
                                _connector="OR",
                            ),
                        ),
                        name="global_assessment_0_to_10",
                        violation_error_message="A global assessment is 0 to 10; millimetres of a 100 mm scale are divided by 10. [global-scale]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HealthQuestionnaire",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "dress",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="dress yourself",
                    ),
                ),
                (
                    "shampoo",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="shampoo your hair",
                    ),
                ),
                ("dressing_aid", models.BooleanField(default=False, verbose_name="aid or help: dressing")),
                (
                    "stand_up",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="stand up from a chair",
                    ),
                ),
                (
                    "bed",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="get in and out of bed",
                    ),
                ),
                ("arising_aid", models.BooleanField(default=False, verbose_name="aid or help: arising")),
                (
                    "cut_meat",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="cut meat",
                    ),
                ),
                (
                    "lift_cup",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="lift a full cup",
                    ),
                ),
                (
                    "open_carton",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="open a milk carton",
                    ),
                ),
                ("eating_aid", models.BooleanField(default=False, verbose_name="aid or help: eating")),
                (
                    "walk_outdoors",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="walk outdoors on flat ground",
                    ),
                ),
                (
                    "climb_steps",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="climb five steps",
                    ),
                ),
                ("walking_aid", models.BooleanField(default=False, verbose_name="aid or help: walking")),
                (
                    "wash",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="wash and dry your body",
                    ),
                ),
                (
                    "bath",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="take a bath",
                    ),
                ),
                (
                    "toilet",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="get on and off the toilet",
                    ),
                ),
                ("hygiene_aid", models.BooleanField(default=False, verbose_name="aid or help: hygiene")),
                (
                    "reach_up",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="reach up for 2 kg",
                    ),
                ),
                (
                    "bend_down",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="bend down for clothing",
                    ),
                ),
                ("reach_aid", models.BooleanField(default=False, verbose_name="aid or help: reach")),
                (
                    "car_doors",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="open car doors",
                    ),
                ),
                (
                    "jars",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="open jars",
                    ),
                ),
                (
                    "taps",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="turn taps",
                    ),
                ),
                ("grip_aid", models.BooleanField(default=False, verbose_name="aid or help: grip")),
                (
                    "errands",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="errands and shopping",
                    ),
                ),
                (
                    "car",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="get in and out of a car",
                    ),
                ),
                (
                    "chores",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="chores",
                    ),
                ),
                ("activities_aid", models.BooleanField(default=False, verbose_name="aid or help: activities")),
                (
                    "index_in_source",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=4, null=True, verbose_name="index in the source"
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "HAQ-DI",
                "verbose_name_plural": "HAQ-DI",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="haq_once_per_visit",
                        violation_error_message="This visit already has its HAQ-DI; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="haq_once_per_day",
                        violation_error_message="This subject already has its HAQ-DI of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="haq_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("dress", None)),
                                models.Q(("shampoo", None)),
                                models.Q(("stand_up", None)),
                                models.Q(("bed", None)),
                                models.Q(("cut_meat", None)),
                                models.Q(("lift_cup", None)),
                                models.Q(("open_carton", None)),
                                models.Q(("walk_outdoors", None)),
                                models.Q(("climb_steps", None)),
                                models.Q(("wash", None)),
                                models.Q(("bath", None)),
                                models.Q(("toilet", None)),
                                models.Q(("reach_up", None)),
                                models.Q(("bend_down", None)),
                                models.Q(("car_doors", None)),
                                models.Q(("jars", None)),
                                models.Q(("taps", None)),
                                models.Q(("errands", None)),
                                models.Q(("car", None)),
                                models.Q(("chores", None)),
                                models.Q(("index_in_source", None)),
                            ),
                            _connector="OR",
                        ),
                        name="haq_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("dress", None), _negated=True),
                            models.Q(("shampoo", None), _negated=True),
                            models.Q(("stand_up", None), _negated=True),
                            models.Q(("bed", None), _negated=True),
                            models.Q(("cut_meat", None), _negated=True),
                            models.Q(("lift_cup", None), _negated=True),
                            models.Q(("open_carton", None), _negated=True),
                            models.Q(("walk_outdoors", None), _negated=True),
                            models.Q(("climb_steps", None), _negated=True),
                            models.Q(("wash", None), _negated=True),
                            models.Q(("bath", None), _negated=True),
                            models.Q(("toilet", None), _negated=True),
                            models.Q(("reach_up", None), _negated=True),
                            models.Q(("bend_down", None), _negated=True),
                            models.Q(("car_doors", None), _negated=True),
                            models.Q(("jars", None), _negated=True),
                            models.Q(("taps", None), _negated=True),
                            models.Q(("errands", None), _negated=True),
                            models.Q(("car", None), _negated=True),
                            models.Q(("chores", None), _negated=True),
                            models.Q(("index_in_source", None), _negated=True),
                            _connector="OR",
                        ),
                        name="haq_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dress", None), models.Q(("dress__gte", 0), ("dress__lte", 3)), _connector="OR"),
                            models.Q(
                                ("shampoo", None), models.Q(("shampoo__gte", 0), ("shampoo__lte", 3)), _connector="OR"
                            ),
                            models.Q(
                                ("stand_up", None),
                                models.Q(("stand_up__gte", 0), ("stand_up__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(("bed", None), models.Q(("bed__gte", 0), ("bed__lte", 3)), _connector="OR"),
                            models.Q(
                                ("cut_meat", None),
                                models.Q(("cut_meat__gte", 0), ("cut_meat__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("lift_cup", None),
                                models.Q(("lift_cup__gte", 0), ("lift_cup__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("open_carton", None),
                                models.Q(("open_carton__gte", 0), ("open_carton__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("walk_outdoors", None),
                                models.Q(("walk_outdoors__gte", 0), ("walk_outdoors__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("climb_steps", None),
                                models.Q(("climb_steps__gte", 0), ("climb_steps__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(("wash", None), models.Q(("wash__gte", 0), ("wash__lte", 3)), _connector="OR"),
                            models.Q(("bath", None), models.Q(("bath__gte", 0), ("bath__lte", 3)), _connector="OR"),
                            models.Q(
                                ("toilet", None), models.Q(("toilet__gte", 0), ("toilet__lte", 3)), _connector="OR"
                            ),
                            models.Q(
                                ("reach_up", None),
                                models.Q(("reach_up__gte", 0), ("reach_up__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("bend_down", None),
                                models.Q(("bend_down__gte", 0), ("bend_down__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("car_doors", None),
                                models.Q(("car_doors__gte", 0), ("car_doors__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(("jars", None), models.Q(("jars__gte", 0), ("jars__lte", 3)), _connector="OR"),
                            models.Q(("taps", None), models.Q(("taps__gte", 0), ("taps__lte", 3)), _connector="OR"),
                            models.Q(
                                ("errands", None), models.Q(("errands__gte", 0), ("errands__lte", 3)), _connector="OR"
                            ),
                            models.Q(("car", None), models.Q(("car__gte", 0), ("car__lte", 3)), _connector="OR"),
                            models.Q(
                                ("chores", None), models.Q(("chores__gte", 0), ("chores__lte", 3)), _connector="OR"
                            ),
                        ),
                        name="haq_answers_0_to_3",
                        violation_error_message="An answer is 0, 1, 2 or 3. [haq-answer]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("index_in_source", None),
                            models.Q(("index_in_source__gte", 0), ("index_in_source__lte", 3)),
                            _connector="OR",
                        ),
                        name="haq_index_0_to_3",
                        violation_error_message="The index of HAQ-DI is 0 to 3. [haq-answer]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HrctScan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                ("ild", models.BooleanField(blank=True, null=True, verbose_name="ILD")),
                (
                    "extent_pct",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="extent (% of the lung)"
                    ),
                ),
                (
                    "pattern",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nsip", "NSIP"),
                            ("uip", "UIP"),
                            ("probable-uip", "Probable UIP"),
                            ("organising", "Organising pneumonia"),
                            ("mixed", "Mixed"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "comparison",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("progressed", "Progressed"),
                            ("stable", "Stable"),
                            ("improved", "Improved"),
                            ("first", "No earlier scan"),
                        ],
                        max_length=10,
                        verbose_name="against the earlier scan",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "HRCT",
                "verbose_name_plural": "HRCT",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="hrct_once_per_visit",
                        violation_error_message="This visit already has its HRCT; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="hrct_once_per_day",
                        violation_error_message="This subject already has its HRCT of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="hrct_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("ild", None)),
                                models.Q(("extent_pct", None)),
                                models.Q(("pattern", "")),
                                models.Q(("comparison", "")),
                            ),
                            _connector="OR",
                        ),
                        name="hrct_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("ild", None), _negated=True),
                            models.Q(("extent_pct", None), _negated=True),
                            models.Q(("pattern", ""), _negated=True),
                            models.Q(("comparison", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="hrct_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("extent_pct", None),
                            models.Q(("extent_pct__gte", 0), ("extent_pct__lte", 100)),
                            _connector="OR",
                        ),
                        name="hrct_extent_0_to_100",
                        violation_error_message="The extent is 0 to 100 per cent of the lung. [hrct-extent]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ild", True), models.Q(("extent_pct", None), ("pattern", "")), _connector="OR"
                        ),
                        name="hrct_extent_of_ild",
                        violation_error_message="Extent and pattern belong to a scan with ILD. [hrct-without-ild]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pattern__in", ["", "nsip", "uip", "probable-uip", "organising", "mixed", "other"]),
                            ("comparison__in", ["", "progressed", "stable", "improved", "first"]),
                        ),
                        name="hrct_words_known",
                        violation_error_message="Pattern and comparison are words of their lists. [hrct-word]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LungUltrasound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "right_1",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="right 1",
                    ),
                ),
                (
                    "right_2",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="right 2",
                    ),
                ),
                (
                    "right_3",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="right 3",
                    ),
                ),
                (
                    "right_4",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="right 4",
                    ),
                ),
                (
                    "right_5",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="right 5",
                    ),
                ),
                (
                    "right_6",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="right 6",
                    ),
                ),
                (
                    "right_7",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="right 7",
                    ),
                ),
                (
                    "left_1",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="left 1",
                    ),
                ),
                (
                    "left_2",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="left 2",
                    ),
                ),
                (
                    "left_3",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="left 3",
                    ),
                ),
                (
                    "left_4",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="left 4",
                    ),
                ),
                (
                    "left_5",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="left 5",
                    ),
                ),
                (
                    "left_6",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="left 6",
                    ),
                ),
                (
                    "left_7",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="left 7",
                    ),
                ),
                (
                    "b_lines",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.expressions.CombinedExpression(
                                                                    django.db.models.expressions.CombinedExpression(
                                                                        django.db.models.expressions.CombinedExpression(
                                                                            models.F("right_1"),
                                                                            "+",
                                                                            models.F("right_2"),
                                                                        ),
                                                                        "+",
                                                                        models.F("right_3"),
                                                                    ),
                                                                    "+",
                                                                    models.F("right_4"),
                                                                ),
                                                                "+",
                                                                models.F("right_5"),
                                                            ),
                                                            "+",
                                                            models.F("right_6"),
                                                        ),
                                                        "+",
                                                        models.F("right_7"),
                                                    ),
                                                    "+",
                                                    models.F("left_1"),
                                                ),
                                                "+",
                                                models.F("left_2"),
                                            ),
                                            "+",
                                            models.F("left_3"),
                                        ),
                                        "+",
                                        models.F("left_4"),
                                    ),
                                    "+",
                                    models.F("left_5"),
                                ),
                                "+",
                                models.F("left_6"),
                            ),
                            "+",
                            models.F("left_7"),
                        ),
                        output_field=models.SmallIntegerField(null=True),
                    ),
                ),
                (
                    "pleural_irregularity",
                    models.BooleanField(blank=True, null=True, verbose_name="pleural irregularity"),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "lung ultrasound",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="ultrasound_once_per_visit",
                        violation_error_message="This visit already has its lung ultrasound; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="ultrasound_once_per_day",
                        violation_error_message="This subject already has its lung ultrasound of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="ultrasound_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("right_1", None)),
                                models.Q(("right_2", None)),
                                models.Q(("right_3", None)),
                                models.Q(("right_4", None)),
                                models.Q(("right_5", None)),
                                models.Q(("right_6", None)),
                                models.Q(("right_7", None)),
                                models.Q(("left_1", None)),
                                models.Q(("left_2", None)),
                                models.Q(("left_3", None)),
                                models.Q(("left_4", None)),
                                models.Q(("left_5", None)),
                                models.Q(("left_6", None)),
                                models.Q(("left_7", None)),
                                models.Q(("pleural_irregularity", None)),
                            ),
                            _connector="OR",
                        ),
                        name="ultrasound_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("right_1", None), _negated=True),
                            models.Q(("right_2", None), _negated=True),
                            models.Q(("right_3", None), _negated=True),
                            models.Q(("right_4", None), _negated=True),
                            models.Q(("right_5", None), _negated=True),
                            models.Q(("right_6", None), _negated=True),
                            models.Q(("right_7", None), _negated=True),
                            models.Q(("left_1", None), _negated=True),
                            models.Q(("left_2", None), _negated=True),
                            models.Q(("left_3", None), _negated=True),
                            models.Q(("left_4", None), _negated=True),
                            models.Q(("left_5", None), _negated=True),
                            models.Q(("left_6", None), _negated=True),
                            models.Q(("left_7", None), _negated=True),
                            models.Q(("pleural_irregularity", None), _negated=True),
                            _connector="OR",
                        ),
                        name="ultrasound_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("right_1", None), models.Q(("right_1__gte", 0), ("right_1__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("right_2", None), models.Q(("right_2__gte", 0), ("right_2__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("right_3", None), models.Q(("right_3__gte", 0), ("right_3__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("right_4", None), models.Q(("right_4__gte", 0), ("right_4__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("right_5", None), models.Q(("right_5__gte", 0), ("right_5__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("right_6", None), models.Q(("right_6__gte", 0), ("right_6__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("right_7", None), models.Q(("right_7__gte", 0), ("right_7__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("left_1", None), models.Q(("left_1__gte", 0), ("left_1__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("left_2", None), models.Q(("left_2__gte", 0), ("left_2__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("left_3", None), models.Q(("left_3__gte", 0), ("left_3__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("left_4", None), models.Q(("left_4__gte", 0), ("left_4__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("left_5", None), models.Q(("left_5__gte", 0), ("left_5__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("left_6", None), models.Q(("left_6__gte", 0), ("left_6__lte", 50)), _connector="OR"
                            ),
                            models.Q(
                                ("left_7", None), models.Q(("left_7__gte", 0), ("left_7__lte", 50)), _connector="OR"
                            ),
                        ),
                        name="ultrasound_b_lines_of_a_zone",
                        violation_error_message="A zone has 0 to 50 B-lines. [b-lines]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RightHeartCatheter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "mpap_mmhg",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="mean PAP (mmHg)"
                    ),
                ),
                (
                    "pawp_mmhg",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="PAWP (mmHg)"
                    ),
                ),
                (
                    "rap_mmhg",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="RAP (mmHg)"
                    ),
                ),
                (
                    "cardiac_output_l_min",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=4, null=True, verbose_name="cardiac output (L/min)"
                    ),
                ),
                (
                    "pvr_wu",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("mpap_mmhg"), "-", models.F("pawp_mmhg")
                            ),
                            "/",
                            models.F("cardiac_output_l_min"),
                        ),
                        output_field=models.DecimalField(decimal_places=3, max_digits=7, null=True),
                        verbose_name="PVR (Wood units)",
                    ),
                ),
                (
                    "pah",
                    models.BooleanField(
                        blank=True,
                        help_text="Pulmonary arterial hypertension, as the investigator judges.",
                        null=True,
                        verbose_name="PAH",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "right-heart catheter",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="catheter_once_per_visit",
                        violation_error_message="This visit already has its right-heart catheter; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="catheter_once_per_day",
                        violation_error_message="This subject already has its right-heart catheter of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="catheter_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("mpap_mmhg", None)),
                                models.Q(("pawp_mmhg", None)),
                                models.Q(("rap_mmhg", None)),
                                models.Q(("cardiac_output_l_min", None)),
                                models.Q(("pah", None)),
                            ),
                            _connector="OR",
                        ),
                        name="catheter_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("mpap_mmhg", None), _negated=True),
                            models.Q(("pawp_mmhg", None), _negated=True),
                            models.Q(("rap_mmhg", None), _negated=True),
                            models.Q(("cardiac_output_l_min", None), _negated=True),
                            models.Q(("pah", None), _negated=True),
                            _connector="OR",
                        ),
                        name="catheter_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("mpap_mmhg", None),
                                models.Q(("mpap_mmhg__gte", 1), ("mpap_mmhg__lte", 150)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("pawp_mmhg", None),
                                models.Q(("pawp_mmhg__gte", 0), ("pawp_mmhg__lte", 60)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("rap_mmhg", None),
                                models.Q(("rap_mmhg__gte", 0), ("rap_mmhg__lte", 40)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("cardiac_output_l_min", None),
                                models.Q(("cardiac_output_l_min__gte", 0.5), ("cardiac_output_l_min__lte", 20)),
                                _connector="OR",
                            ),
                        ),
                        name="catheter_values",
                        violation_error_message="Mean PAP is 1 to 150, PAWP 0 to 60, RAP 0 to 40 mmHg, cardiac output 0.5 to 20 L/min. [catheter-value]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SkinScore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "blinded",
                    models.BooleanField(
                        blank=True,
                        help_text="Did the assessor know neither treatment nor laboratory?",
                        null=True,
                        verbose_name="blinded",
                    ),
                ),
                (
                    "face",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="face",
                    ),
                ),
                (
                    "chest",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="chest",
                    ),
                ),
                (
                    "abdomen",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="abdomen",
                    ),
                ),
                (
                    "right_upper_arm",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="right upper arm",
                    ),
                ),
                (
                    "left_upper_arm",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="left upper arm",
                    ),
                ),
                (
                    "right_forearm",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="right forearm",
                    ),
                ),
                (
                    "left_forearm",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="left forearm",
                    ),
                ),
                (
                    "right_hand",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="right hand",
                    ),
                ),
                (
                    "left_hand",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="left hand",
                    ),
                ),
                (
                    "right_fingers",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="right fingers",
                    ),
                ),
                (
                    "left_fingers",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="left fingers",
                    ),
                ),
                (
                    "right_thigh",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="right thigh",
                    ),
                ),
                (
                    "left_thigh",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="left thigh",
                    ),
                ),
                (
                    "right_leg",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="right leg",
                    ),
                ),
                (
                    "left_leg",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="left leg",
                    ),
                ),
                (
                    "right_foot",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="right foot",
                    ),
                ),
                (
                    "left_foot",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(3),
                        ],
                        verbose_name="left foot",
                    ),
                ),
                (
                    "total",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            django.db.models.expressions.CombinedExpression(
                                                                django.db.models.expressions.CombinedExpression(
                                                                    django.db.models.expressions.CombinedExpression(
                                                                        django.db.models.expressions.CombinedExpression(
                                                                            django.db.models.expressions.CombinedExpression(
                                                                                django.db.models.expressions.CombinedExpression(
                                                                                    django.db.models.expressions.CombinedExpression(
                                                                                        models.F("face"),
                                                                                        "+",
                                                                                        models.F("chest"),
                                                                                    ),
                                                                                    "+",
                                                                                    models.F("abdomen"),
                                                                                ),
                                                                                "+",
                                                                                models.F("right_upper_arm"),
                                                                            ),
                                                                            "+",
                                                                            models.F("left_upper_arm"),
                                                                        ),
                                                                        "+",
                                                                        models.F("right_forearm"),
                                                                    ),
                                                                    "+",
                                                                    models.F("left_forearm"),
                                                                ),
                                                                "+",
                                                                models.F("right_hand"),
                                                            ),
                                                            "+",
                                                            models.F("left_hand"),
                                                        ),
                                                        "+",
                                                        models.F("right_fingers"),
                                                    ),
                                                    "+",
                                                    models.F("left_fingers"),
                                                ),
                                                "+",
                                                models.F("right_thigh"),
                                            ),
                                            "+",
                                            models.F("left_thigh"),
                                        ),
                                        "+",
                                        models.F("right_leg"),
                                    ),
                                    "+",
                                    models.F("left_leg"),
                                ),
                                "+",
                                models.F("right_foot"),
                            ),
                            "+",
                            models.F("left_foot"),
                        ),
                        output_field=models.SmallIntegerField(null=True),
                    ),
                ),
                (
                    "total_in_source",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(51),
                        ],
                        verbose_name="total in the source",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "skin score (mRSS)",
                "verbose_name_plural": "skin scores (mRSS)",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="skin_score_once_per_visit",
                        violation_error_message="This visit already has its mRSS; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="skin_score_once_per_day",
                        violation_error_message="This subject already has its mRSS of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="skin_score_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("face", None)),
                                models.Q(("chest", None)),
                                models.Q(("abdomen", None)),
                                models.Q(("right_upper_arm", None)),
                                models.Q(("left_upper_arm", None)),
                                models.Q(("right_forearm", None)),
                                models.Q(("left_forearm", None)),
                                models.Q(("right_hand", None)),
                                models.Q(("left_hand", None)),
                                models.Q(("right_fingers", None)),
                                models.Q(("left_fingers", None)),
                                models.Q(("right_thigh", None)),
                                models.Q(("left_thigh", None)),
                                models.Q(("right_leg", None)),
                                models.Q(("left_leg", None)),
                                models.Q(("right_foot", None)),
                                models.Q(("left_foot", None)),
                                models.Q(("total_in_source", None)),
                            ),
                            _connector="OR",
                        ),
                        name="skin_score_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("face", None), _negated=True),
                            models.Q(("chest", None), _negated=True),
                            models.Q(("abdomen", None), _negated=True),
                            models.Q(("right_upper_arm", None), _negated=True),
                            models.Q(("left_upper_arm", None), _negated=True),
                            models.Q(("right_forearm", None), _negated=True),
                            models.Q(("left_forearm", None), _negated=True),
                            models.Q(("right_hand", None), _negated=True),
                            models.Q(("left_hand", None), _negated=True),
                            models.Q(("right_fingers", None), _negated=True),
                            models.Q(("left_fingers", None), _negated=True),
                            models.Q(("right_thigh", None), _negated=True),
                            models.Q(("left_thigh", None), _negated=True),
                            models.Q(("right_leg", None), _negated=True),
                            models.Q(("left_leg", None), _negated=True),
                            models.Q(("right_foot", None), _negated=True),
                            models.Q(("left_foot", None), _negated=True),
                            models.Q(("total_in_source", None), _negated=True),
                            _connector="OR",
                        ),
                        name="skin_score_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("face", None), models.Q(("face__gte", 0), ("face__lte", 3)), _connector="OR"),
                            models.Q(("chest", None), models.Q(("chest__gte", 0), ("chest__lte", 3)), _connector="OR"),
                            models.Q(
                                ("abdomen", None), models.Q(("abdomen__gte", 0), ("abdomen__lte", 3)), _connector="OR"
                            ),
                            models.Q(
                                ("right_upper_arm", None),
                                models.Q(("right_upper_arm__gte", 0), ("right_upper_arm__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("left_upper_arm", None),
                                models.Q(("left_upper_arm__gte", 0), ("left_upper_arm__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("right_forearm", None),
                                models.Q(("right_forearm__gte", 0), ("right_forearm__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("left_forearm", None),
                                models.Q(("left_forearm__gte", 0), ("left_forearm__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("right_hand", None),
                                models.Q(("right_hand__gte", 0), ("right_hand__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("left_hand", None),
                                models.Q(("left_hand__gte", 0), ("left_hand__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("right_fingers", None),
                                models.Q(("right_fingers__gte", 0), ("right_fingers__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("left_fingers", None),
                                models.Q(("left_fingers__gte", 0), ("left_fingers__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("right_thigh", None),
                                models.Q(("right_thigh__gte", 0), ("right_thigh__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("left_thigh", None),
                                models.Q(("left_thigh__gte", 0), ("left_thigh__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("right_leg", None),
                                models.Q(("right_leg__gte", 0), ("right_leg__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("left_leg", None),
                                models.Q(("left_leg__gte", 0), ("left_leg__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("right_foot", None),
                                models.Q(("right_foot__gte", 0), ("right_foot__lte", 3)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("left_foot", None),
                                models.Q(("left_foot__gte", 0), ("left_foot__lte", 3)),
                                _connector="OR",
                            ),
                        ),
                        name="skin_score_sites_0_to_3",
                        violation_error_message="A site is scored 0, 1, 2 or 3. [skin-score]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("total_in_source", None),
                            models.Q(("total_in_source__gte", 0), ("total_in_source__lte", 51)),
                            _connector="OR",
                        ),
                        name="skin_score_total_0_to_51",
                        violation_error_message="A total of the mRSS is 0 to 51. [skin-score]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Spirometry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        blank=True, help_text="Day at the site. Only what was not done may leave it empty.", null=True
                    ),
                ),
                (
                    "assessor",
                    models.CharField(blank=True, help_text="Staff code as in the delegation log.", max_length=40),
                ),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Only where it was not done: then all values stay empty.",
                        max_length=300,
                        verbose_name="why not done",
                    ),
                ),
                (
                    "height_cm",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="height (cm)"
                    ),
                ),
                (
                    "age_years",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="As the device's report has it; empty: the year of birth tells it to half a year.",
                        max_digits=5,
                        null=True,
                        verbose_name="age (years)",
                    ),
                ),
                (
                    "quality",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("A", "A"),
                            ("B", "B"),
                            ("C", "C"),
                            ("D", "D"),
                            ("E", "E"),
                            ("U", "U, usable"),
                            ("F", "F, not usable"),
                        ],
                        max_length=1,
                        verbose_name="quality grade",
                    ),
                ),
                (
                    "device_reference",
                    models.CharField(
                        blank=True,
                        help_text="As the report names them, e.g. GLI-2012.",
                        max_length=60,
                        verbose_name="equations of the device",
                    ),
                ),
                (
                    "fvc_l",
                    models.DecimalField(blank=True, decimal_places=3, max_digits=5, null=True, verbose_name="FVC (L)"),
                ),
                (
                    "fev1_l",
                    models.DecimalField(blank=True, decimal_places=3, max_digits=5, null=True, verbose_name="FEV1 (L)"),
                ),
                (
                    "device_fvc_pct",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        max_digits=4,
                        null=True,
                        verbose_name="FVC, % predicted of the device",
                    ),
                ),
                (
                    "device_fev1_pct",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        max_digits=4,
                        null=True,
                        verbose_name="FEV1, % predicted of the device",
                    ),
                ),
                (
                    "gli_group",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (1, "Caucasian"),
                            (2, "African American"),
                            (3, "North East Asian"),
                            (4, "South East Asian"),
                            (5, "other or mixed"),
                        ],
                        help_text="Read only where the study uses GLI-2012; an unknown group is taken for no other.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="GLI-2012 group",
                    ),
                ),
                ("subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cart.subject")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for an assessment beside the visits.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cart.visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "spirometry",
                "verbose_name_plural": "spirometry",
                "ordering": ["subject", "assessed_on", "id"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("visit",),
                        name="spirometry_once_per_visit",
                        violation_error_message="This visit already has its spirometry; correct that one. [assessment-twice]",
                    ),
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="spirometry_once_per_day",
                        violation_error_message="This subject already has its spirometry of that day; correct that one. [assessment-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assessed_on__isnull", False),
                            models.Q(models.Q(("not_done_reason", ""), _negated=True), ("visit__isnull", False)),
                            _connector="OR",
                        ),
                        name="spirometry_dated",
                        violation_error_message="An assessment has its day; one that was not done has its day or its visit. [assessment-undated]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("not_done_reason", ""),
                            models.Q(
                                models.Q(("fvc_l", None)),
                                models.Q(("fev1_l", None)),
                                models.Q(("device_fvc_pct", None)),
                                models.Q(("device_fev1_pct", None)),
                            ),
                            _connector="OR",
                        ),
                        name="spirometry_not_done_is_empty",
                        violation_error_message="What was not done has a reason and no values: remove the reason or the values. [not-done-with-values]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_done_reason", ""), _negated=True),
                            models.Q(("fvc_l", None), _negated=True),
                            models.Q(("fev1_l", None), _negated=True),
                            models.Q(("device_fvc_pct", None), _negated=True),
                            models.Q(("device_fev1_pct", None), _negated=True),
                            _connector="OR",
                        ),
                        name="spirometry_done_has_value",
                        violation_error_message="Enter at least one value, or say why it was not done. [assessment-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("height_cm", None),
                                models.Q(("height_cm__gte", 50), ("height_cm__lte", 250)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("age_years", None),
                                models.Q(("age_years__gte", 3), ("age_years__lte", 110)),
                                _connector="OR",
                            ),
                        ),
                        name="spirometry_height_and_age",
                        violation_error_message="Height is 50 to 250 cm, age 3 to 110 years. [lung-test-body]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quality__in", ["", "A", "B", "C", "D", "E", "U", "F"])),
                        name="spirometry_quality_known",
                        violation_error_message="A quality grade is A to F, or U. [quality-grade]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("fvc_l", None), models.Q(("fvc_l__gte", 0.1), ("fvc_l__lte", 10)), _connector="OR"
                            ),
                            models.Q(
                                ("fev1_l", None), models.Q(("fev1_l__gte", 0.1), ("fev1_l__lte", 10)), _connector="OR"
                            ),
                        ),
                        name="spirometry_in_litres",
                        violation_error_message="FVC and FEV1 are litres, 0.1 to 10. [spirometry-value]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fev1_l", None), ("fvc_l", None), ("fev1_l__lte", models.F("fvc_l")), _connector="OR"
                        ),
                        name="spirometry_fev1_not_above_fvc",
                        violation_error_message="FEV1 is not above FVC. [fev1-above-fvc]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("device_fvc_pct", None),
                                models.Q(("device_fvc_pct__gte", 1), ("device_fvc_pct__lte", 250)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("device_fev1_pct", None),
                                models.Q(("device_fev1_pct__gte", 1), ("device_fev1_pct__lte", 250)),
                                _connector="OR",
                            ),
                        ),
                        name="spirometry_device_pct",
                        violation_error_message="Per cent of predicted is 1 to 250. [percent-predicted]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gli_group", None), models.Q(("gli_group__gte", 1), ("gli_group__lte", 5)), _connector="OR"
                        ),
                        name="spirometry_group_known",
                        violation_error_message="A group of GLI-2012 is 1 to 5. [lung-group]",
                    ),
                ],
            },
        ),
    ]
