"""Tables of the laboratory."""

import cart.models.fields
import cart.models.zones
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
import django.utils.timezone
import labs.models.assay
import labs.models.reference_range
import labs.models.specimen
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cart", "0004_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="RawFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("size_bytes", models.BigIntegerField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-received_at"],
            },
        ),
        migrations.CreateModel(
            name="Analyte",
            fields=[
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[("quantity", "Quantity"), ("titer", "Dilution titer"), ("text", "Text")],
                        default="quantity",
                        max_length=10,
                    ),
                ),
                ("unit", models.CharField(blank=True, help_text="Canonical unit (UCUM).", max_length=40)),
                ("loinc", models.CharField(blank=True, max_length=10, verbose_name="LOINC")),
                ("sdtm_test_code", models.CharField(blank=True, max_length=8, verbose_name="SDTM test code")),
                (
                    "standard_unit",
                    models.CharField(
                        blank=True,
                        help_text="UCUM code of the unit of its standard values; {titer} for a titer. Empty: it has none.",
                        max_length=40,
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id__gt", 0), ("id__lte", 32767), models.Q(("code", ""), _negated=True)),
                        name="analyte_id_fits_result_key",
                        violation_error_message="An analyte needs a code; 32,767 analytes fit. [analyte-unnamed]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["quantity", "titer", "text"])),
                        name="analyte_kind_known",
                        violation_error_message="An analyte is a quantity, a titer or a text. [analyte-kind]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("standard_unit", ""),
                            models.Q(("kind", "quantity"), models.Q(("standard_unit", "{titer}"), _negated=True)),
                            models.Q(("kind", "titer"), ("standard_unit", "{titer}")),
                            _connector="OR",
                        ),
                        name="analyte_standard_unit_of_kind",
                        violation_error_message="The standard unit of a titer is {titer}, a text has none, and a quantity is no titer. [standard-unit-kind]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Laboratory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "time_zone",
                    models.CharField(default="UTC", max_length=64, validators=[cart.models.zones.validate_time_zone]),
                ),
                (
                    "layout",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Declared file layout: columns, separator, decimal mark, encoding, date format.",
                    ),
                ),
                (
                    "quarantine",
                    models.BooleanField(
                        default=False,
                        help_text="The agreement lets good rows in while bad ones wait (else all or nothing).",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "laboratories",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", ""), _negated=True),
                        name="laboratory_has_code",
                        violation_error_message="A laboratory needs a code. [laboratory-unnamed]",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AssayVersion",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("kit", models.CharField(max_length=120)),
                ("unit", models.CharField(blank=True, max_length=40)),
                (
                    "lloq",
                    models.DecimalField(blank=True, decimal_places=5, max_digits=14, null=True, verbose_name="LLOQ"),
                ),
                (
                    "uloq",
                    models.DecimalField(blank=True, decimal_places=5, max_digits=14, null=True, verbose_name="ULOQ"),
                ),
                (
                    "cutoff",
                    models.DecimalField(
                        blank=True,
                        decimal_places=5,
                        help_text="Cut-off of the kit.",
                        max_digits=14,
                        null=True,
                        verbose_name="positive from",
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, help_text="Last day; empty while in force.", null=True)),
                (
                    "analyte",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assays", to="labs.analyte"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assays", to="labs.laboratory"
                    ),
                ),
                (
                    "dilution_factor",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="2 where each dilution is twice the one before.",
                        null=True,
                        verbose_name="dilution factor",
                    ),
                ),
                (
                    "dilution_start",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Of a titer: 40 where the series begins with 1:40.",
                        null=True,
                        verbose_name="first dilution",
                    ),
                ),
                ("lot", models.CharField(blank=True, max_length=60, verbose_name="lot of the kit")),
            ],
            options={
                "ordering": ["laboratory", "analyte", "valid_from"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("laboratory", "="),
                            ("analyte", "="),
                            (
                                labs.models.assay.DateRange(
                                    models.F("valid_from"),
                                    models.F("valid_to"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="assay_one_in_force",
                        violation_error_message="Another assay version of this analyte is in force at that time; close it first. [assay-overlap]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="assay_ends_after_start",
                        violation_error_message="A version ends after it starts. [period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lloq", None), ("lloq__gte", 0), _connector="OR"),
                            models.Q(("lloq", None), ("uloq", None), ("lloq__lt", models.F("uloq")), _connector="OR"),
                        ),
                        name="assay_limits_ordered",
                        violation_error_message="LLOQ is not negative and lies below ULOQ. [assay-limits]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dilution_factor", None), ("dilution_start", None)),
                            models.Q(
                                ("dilution_factor__gte", 2),
                                ("dilution_factor__isnull", False),
                                ("dilution_start__gte", 1),
                                ("dilution_start__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="assay_dilutions_whole",
                        violation_error_message="A dilution series has a first dilution from 1 on and a factor from 2 on. [dilution-series]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AnalyteCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=60)),
                (
                    "analyte",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="laboratory_codes", to="labs.analyte"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="analyte_codes", to="labs.laboratory"
                    ),
                ),
            ],
            options={
                "ordering": ["laboratory", "code"],
                "constraints": [models.UniqueConstraint(fields=("laboratory", "code"), name="analyte_code_once")],
            },
        ),
        migrations.CreateModel(
            name="Specimen",
            fields=[
                ("id", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="specimens",
                        to="cart.subject",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="specimens",
                        to="cart.study",
                    ),
                ),
                ("number", models.IntegerField(editable=False)),
                (
                    "laboratory",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="specimens",
                        to="labs.laboratory",
                    ),
                ),
                ("accession", models.CharField(max_length=80)),
                ("material", models.CharField(blank=True, max_length=40)),
                (
                    "collected",
                    cart.models.fields.PartialDateField(help_text="Site-local, as exactly as known.", max_length=19),
                ),
                (
                    "collected_on",
                    models.GeneratedField(
                        db_persist=True,
                        expression=labs.models.specimen.CalendarDate(models.F("collected")),
                        output_field=models.DateField(null=True),
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="specimens",
                        to="cart.visit",
                    ),
                ),
                ("visit_label", models.CharField(blank=True, help_text="Visit as received.", max_length=100)),
                ("visit_number", models.DecimalField(blank=True, decimal_places=3, max_digits=8, null=True)),
                (
                    "condition",
                    models.CharField(
                        choices=[
                            ("good", "Good"),
                            ("haemolysed", "Haemolysed"),
                            ("insufficient", "Insufficient"),
                            ("other", "Other (see note)"),
                        ],
                        default="good",
                        max_length=12,
                    ),
                ),
                (
                    "received",
                    cart.models.fields.PartialDateField(
                        blank=True, help_text="Receipt at the laboratory.", max_length=19
                    ),
                ),
                (
                    "collected_as_received",
                    models.TextField(
                        blank=True,
                        editable=False,
                        help_text="Collection time and its zone, where the laboratory's layout declares one.",
                        null=True,
                    ),
                ),
                (
                    "processed",
                    cart.models.fields.PartialDateField(
                        blank=True, help_text="Processing, such as separation or freezing.", max_length=19, null=True
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "collected"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("laboratory", "accession", "study", "material", "collected"),
                        name="specimen_once",
                        violation_error_message="This specimen is already recorded. [specimen-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "id",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("subject_id"), "*", models.Value(65536)
                                    ),
                                    "+",
                                    models.F("number"),
                                ),
                            ),
                            ("number__gt", 0),
                            ("number__lte", 65535),
                        ),
                        name="specimen_key_is_packed",
                        violation_error_message="A subject has at most 65,535 specimens. [specimen-key]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accession", ""), _negated=True), models.Q(("collected", ""), _negated=True)
                        ),
                        name="specimen_identified",
                        violation_error_message="A specimen needs accession and collection time. [specimen-unidentified]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("condition__in", ["good", "haemolysed", "insufficient", "other"])),
                        name="specimen_condition_known",
                        violation_error_message="The specimen's condition is not a known one. [specimen-condition]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("collected")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="specimen_collected_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("received")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="specimen_received_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("processed")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="specimen_processed_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("central-csv", "Central laboratory CSV"),
                            ("sdtm", "SDTM dataset (XPT)"),
                            ("fhir-r4", "FHIR R4 resources"),
                            ("xlsx", "Excel workbook (XLSX)"),
                            ("dataset", "SDTM dataset of a laboratory"),
                        ],
                        max_length=12,
                    ),
                ),
                ("file_name", models.CharField(max_length=255)),
                ("layout", models.JSONField(default=dict, help_text="Layout in force when the file was read.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checked", "Checked, waiting for acceptance"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                        ],
                        max_length=10,
                    ),
                ),
                ("rows_total", models.BigIntegerField(default=0)),
                ("rows_applied", models.BigIntegerField(default=0)),
                (
                    "rows_corrected",
                    models.BigIntegerField(default=0, help_text="Applied rows that superseded a value."),
                ),
                ("rows_duplicate", models.BigIntegerField(default=0)),
                ("rows_quarantined", models.BigIntegerField(default=0)),
                (
                    "rows_refused",
                    models.BigIntegerField(default=0, help_text="Not taken; of a refused file all of its rows."),
                ),
                (
                    "rows_vanished",
                    models.BigIntegerField(
                        default=0,
                        help_text="Rows of earlier files that this cumulative file no longer holds; each opened a query.",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Digest of what the rows were checked against.",
                        max_length=64,
                    ),
                ),
                (
                    "basis_subject",
                    models.BigIntegerField(default=0, editable=False, help_text="Last subject in that digest."),
                ),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="labs.laboratory"
                    ),
                ),
                (
                    "raw_file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="labs.rawfile"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="cart.study"
                    ),
                ),
                (
                    "rows_with_findings",
                    models.BigIntegerField(
                        default=0,
                        help_text="Rows that broke a rule themselves: the reason for what was quarantined or refused.",
                    ),
                ),
                (
                    "specimens_corrected",
                    models.BigIntegerField(
                        default=0,
                        help_text="Specimens known before of which this file gives another condition, time or visit.",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True), ("rows_applied", 0), _connector="OR"
                        ),
                        name="transfer_refused_stores_nothing",
                        violation_error_message="A refused file stores nothing. [refused-stores-nothing]",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("rows_quarantined", 0), ("state", "accepted")),
                        fields=("study", "laboratory", "raw_file"),
                        name="transfer_accepted_once",
                        violation_error_message="This very file is already accepted. [transfer-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "checked"),
                            (
                                "rows_total",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("rows_applied"), "+", models.F("rows_duplicate")
                                        ),
                                        "+",
                                        models.F("rows_quarantined"),
                                    ),
                                    "+",
                                    models.F("rows_refused"),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="transfer_rows_add_up",
                        violation_error_message="Every row of a file is accounted for. [rows-do-not-add-up]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Result",
            fields=[
                ("id", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                (
                    "specimen",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="labs.specimen",
                    ),
                ),
                (
                    "assay",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="labs.assayversion",
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="labs.transfer",
                    ),
                ),
                ("line", models.IntegerField(editable=False, help_text="Line in the transfer's file.", null=True)),
                (
                    "analyte",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="labs.analyte",
                    ),
                ),
                ("version", models.SmallIntegerField(default=1, editable=False)),
                (
                    "qualifier",
                    models.CharField(choices=[("=", "="), ("<", "<"), (">", ">")], default="=", max_length=1),
                ),
                ("value", cart.models.fields.ExactDecimalField(blank=True, max_digits=60, null=True)),
                ("unit", models.CharField(blank=True, max_length=40)),
                (
                    "received_text",
                    models.CharField(blank=True, help_text="Result exactly as received.", max_length=200),
                ),
                ("missing_reason", models.CharField(blank=True, max_length=120, null=True)),
                ("supersession_reason", models.CharField(blank=True, max_length=200, null=True)),
                (
                    "received_unit",
                    models.CharField(blank=True, help_text="Where it differs from the unit.", max_length=40, null=True),
                ),
                (
                    "standard_text",
                    models.CharField(
                        blank=True,
                        help_text="Text in standard units, where the source gives one.",
                        max_length=200,
                        null=True,
                    ),
                ),
                ("range_low", cart.models.fields.ExactDecimalField(blank=True, max_digits=60, null=True)),
                ("range_high", cart.models.fields.ExactDecimalField(blank=True, max_digits=60, null=True)),
                ("range_flag", models.CharField(blank=True, help_text="Flag as received.", max_length=12, null=True)),
                (
                    "source_sequence",
                    models.IntegerField(editable=False, help_text="Sequence in the source (LBSEQ).", null=True),
                ),
                ("baseline_flag", models.BooleanField(help_text="Flagged as baseline in the source.", null=True)),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(condition=models.Q(("version__gt", 1)), fields=["id"], name="result_superseding")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("received_text", ""), _negated=True),
                            models.Q(
                                ("missing_reason__isnull", False), models.Q(("missing_reason", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="result_missing_says_why",
                        violation_error_message="A result without value says why. [missing-without-reason]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("version", 1),
                            models.Q(
                                ("supersession_reason__isnull", False),
                                models.Q(("supersession_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="result_correction_has_reason",
                        violation_error_message="A corrected result needs the reason. [correction-reason]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "analyte_id",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("id"), ">>", models.Value(8)
                                    ),
                                    "&",
                                    models.Value(32767),
                                ),
                            ),
                            (
                                "specimen_id",
                                django.db.models.expressions.CombinedExpression(models.F("id"), ">>", models.Value(23)),
                            ),
                            (
                                "version",
                                django.db.models.expressions.CombinedExpression(models.F("id"), "&", models.Value(255)),
                            ),
                            ("version__gt", 0),
                        ),
                        name="result_key_is_packed",
                        violation_error_message="A result has at most 255 versions. [result-key]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("qualifier", "="), ("qualifier", "<"), ("qualifier", ">"), _connector="OR"),
                        name="result_qualifier_known",
                        violation_error_message="A qualifier is '<', '>' or '='. [qualifier]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.BigIntegerField()),
                ("column", models.CharField(blank=True, max_length=80)),
                ("rule", models.CharField(max_length=60)),
                ("found", models.CharField(blank=True, max_length=300)),
                ("expected", models.CharField(max_length=300)),
                (
                    "outcome",
                    models.CharField(choices=[("refused", "Refused"), ("quarantined", "Quarantined")], max_length=12),
                ),
                ("received_text", models.TextField(blank=True, help_text="The row as received.")),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="labs.transfer"
                    ),
                ),
            ],
            options={
                "ordering": ["transfer", "line", "column"],
                "constraints": [
                    models.UniqueConstraint(fields=("transfer", "line", "column", "rule"), name="transfer_row_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferenceRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kit",
                    models.CharField(
                        blank=True, help_text="Only for results of this kit; empty for any.", max_length=120
                    ),
                ),
                (
                    "sex",
                    models.CharField(
                        blank=True, choices=[("", "any"), ("F", "female"), ("M", "male")], default="", max_length=1
                    ),
                ),
                ("age_from", models.PositiveSmallIntegerField(default=0, verbose_name="age from (years)")),
                (
                    "age_to",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: no upper age.",
                        null=True,
                        verbose_name="age to (years, not included)",
                    ),
                ),
                (
                    "low",
                    cart.models.fields.ExactDecimalField(
                        blank=True, max_digits=60, null=True, verbose_name="lower limit"
                    ),
                ),
                (
                    "high",
                    cart.models.fields.ExactDecimalField(
                        blank=True, max_digits=60, null=True, verbose_name="upper limit"
                    ),
                ),
                ("unit", models.CharField(blank=True, max_length=40)),
                (
                    "source",
                    models.CharField(
                        help_text="Where it stands: the laboratory's list, its date and page.", max_length=300
                    ),
                ),
                ("valid_from", models.DateField(help_text="First day of collection it holds for.")),
                (
                    "valid_to",
                    models.DateField(
                        blank=True, editable=False, help_text="Last day; set when the next one is approved.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("superseded", "Superseded by a correction"),
                        ],
                        default="proposed",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("proposed_by", models.CharField(editable=False, max_length=150)),
                ("proposed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("decided_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("decided_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "changes_shown",
                    models.BigIntegerField(
                        blank=True,
                        editable=False,
                        help_text="Results whose flag the approval changed, as shown before it.",
                        null=True,
                    ),
                ),
                (
                    "changes_digest",
                    models.CharField(blank=True, editable=False, help_text="SHA-256 of what was shown.", max_length=64),
                ),
                (
                    "analyte",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reference_ranges", to="labs.analyte"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reference_ranges",
                        to="labs.laboratory",
                    ),
                ),
            ],
            options={
                "ordering": ["laboratory", "analyte", "kit", "sex", "age_from", "valid_from"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("state", "approved")),
                        expressions=[
                            ("laboratory", "="),
                            ("analyte", "="),
                            ("kit", "="),
                            ("sex", "="),
                            (labs.models.reference_range.AgeRange(models.F("age_from"), models.F("age_to")), "&&"),
                            (
                                labs.models.assay.DateRange(
                                    models.F("valid_from"),
                                    models.F("valid_to"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="range_one_in_force",
                        violation_error_message="Another approved range holds for some of these ages and days; close it first. [range-overlap]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("low__isnull", False), ("high__isnull", False), _connector="OR"),
                        name="range_has_a_limit",
                        violation_error_message="A range has a lower or an upper limit. [range-empty]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("low", None), ("high", None), ("low__lt", models.F("high")), _connector="OR"
                        ),
                        name="range_limits_ordered",
                        violation_error_message="The lower limit lies below the upper one. [range-limits]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("age_to", None), ("age_to__gt", models.F("age_from")), _connector="OR"),
                            ("age_from__lte", 150),
                        ),
                        name="range_ages_ordered",
                        violation_error_message="The upper age lies above the lower one. [range-ages]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="range_ends_after_start",
                        violation_error_message="A range ends after it starts. [period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "proposed"),
                            models.Q(("decided_at__isnull", False), models.Q(("decided_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="range_decision_is_dated",
                        violation_error_message="A decision on a range has its person and time. [range-undecided]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="range_approved_by_another",
                        violation_error_message="A range is approved by another person than its proposer. [range-two-people]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeltaLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("absolute", "Absolute, in the unit"), ("per-cent", "Per cent of the previous value")],
                        default="per-cent",
                        max_length=8,
                    ),
                ),
                (
                    "limit",
                    cart.models.fields.ExactDecimalField(
                        help_text="A change larger than this is shown; a change as large is not.", max_digits=60
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        blank=True, help_text="Of an absolute limit; of a per cent one empty: any.", max_length=40
                    ),
                ),
                (
                    "window_days",
                    models.PositiveSmallIntegerField(
                        help_text="Only a previous value at most so many days older is compared.",
                        verbose_name="window (days)",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        help_text="Where it stands: the laboratory's handbook, a protocol.", max_length=300
                    ),
                ),
                (
                    "analyte",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="delta_limit", to="labs.analyte"
                    ),
                ),
            ],
            options={
                "ordering": ["analyte"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("limit__gte", 0), ("window_days__gt", 0)),
                        name="delta_limit_is_one",
                        violation_error_message="A limit is not negative, in a window of a day or more. [delta-limit]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True),
                            models.Q(
                                ("kind", "per-cent"),
                                models.Q(("kind", "absolute"), models.Q(("unit", ""), _negated=True)),
                                _connector="OR",
                            ),
                        ),
                        name="delta_limit_has_unit_and_source",
                        violation_error_message="A limit has a source, and a unit where it is absolute. [delta-limit]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BridgingFactor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="Where it stands: document, version and page.", max_length=300)),
                ("valid_from", models.DateField(help_text="First day of collection it holds for.")),
                (
                    "valid_to",
                    models.DateField(
                        blank=True, editable=False, help_text="Last day; set when the next one is approved.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("superseded", "Superseded by a correction"),
                        ],
                        default="proposed",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("proposed_by", models.CharField(editable=False, max_length=150)),
                ("proposed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("decided_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("decided_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "changes_shown",
                    models.BigIntegerField(
                        blank=True,
                        editable=False,
                        help_text="Results whose standard value it changed, as shown before it.",
                        null=True,
                    ),
                ),
                (
                    "changes_digest",
                    models.CharField(blank=True, editable=False, help_text="SHA-256 of what was shown.", max_length=64),
                ),
                ("from_unit", models.CharField(blank=True, editable=False, max_length=40, verbose_name="from unit")),
                ("to_unit", models.CharField(blank=True, editable=False, max_length=40, verbose_name="to unit")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("ratio", "Ratio: new = ratio x old"),
                            ("log-linear", "Log-linear: log10(new) = intercept + slope x log10(old)"),
                        ],
                        default="ratio",
                        max_length=12,
                    ),
                ),
                ("slope", cart.models.fields.ExactDecimalField(max_digits=60, verbose_name="ratio or slope")),
                (
                    "intercept",
                    cart.models.fields.ExactDecimalField(
                        blank=True, help_text="Of the log-linear method only.", max_digits=60, null=True
                    ),
                ),
                (
                    "samples",
                    models.PositiveIntegerField(
                        help_text="Number of samples that were measured by both kits.", verbose_name="n"
                    ),
                ),
                (
                    "from_assay",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bridges_from", to="labs.assayversion"
                    ),
                ),
                (
                    "to_assay",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bridges_to", to="labs.assayversion"
                    ),
                ),
            ],
            options={
                "ordering": ["from_assay", "valid_from"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="bridgingfactor_ends_after_start",
                        violation_error_message="A factor ends after it starts. [period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "proposed"),
                            models.Q(("decided_at__isnull", False), models.Q(("decided_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="bridgingfactor_decision_is_dated",
                        violation_error_message="A decision on a factor has its person and time. [factor-undecided]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="bridgingfactor_approved_by_another",
                        violation_error_message="A factor is approved by another person than its proposer. [factor-two-people]",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("state", "approved")),
                        expressions=[
                            ("from_assay", "="),
                            (
                                labs.models.assay.DateRange(
                                    models.F("valid_from"),
                                    models.F("valid_to"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="bridge_one_in_force",
                        violation_error_message="Another approved bridging factor holds on some of these days; close it first. [factor-overlap]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("intercept", None), ("method", "ratio"), ("slope__gt", 0), ("slope__lte", 1000000)
                            ),
                            models.Q(
                                ("intercept__gte", -20),
                                ("intercept__isnull", False),
                                ("intercept__lte", 20),
                                ("method", "log-linear"),
                                ("slope__gt", 0),
                                ("slope__lte", 10),
                            ),
                            _connector="OR",
                        ),
                        name="bridge_numbers_of_method",
                        violation_error_message="A ratio is above 0 and at most 1000000, without intercept; a log-linear slope is above 0 and at most 10, with an intercept from -20 to 20. [bridge-numbers]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("samples__gte", 2)),
                        name="bridge_has_samples",
                        violation_error_message="Two samples at least are measured by both kits. [bridge-samples]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_assay", models.F("to_assay")), _negated=True),
                        name="bridge_between_kits",
                        violation_error_message="A bridging factor leads from one kit to another one. [bridge-kits]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConversionFactor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="Where it stands: document, version and page.", max_length=300)),
                ("valid_from", models.DateField(help_text="First day of collection it holds for.")),
                (
                    "valid_to",
                    models.DateField(
                        blank=True, editable=False, help_text="Last day; set when the next one is approved.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("superseded", "Superseded by a correction"),
                        ],
                        default="proposed",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("proposed_by", models.CharField(editable=False, max_length=150)),
                ("proposed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("decided_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("decided_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "changes_shown",
                    models.BigIntegerField(
                        blank=True,
                        editable=False,
                        help_text="Results whose standard value it changed, as shown before it.",
                        null=True,
                    ),
                ),
                (
                    "changes_digest",
                    models.CharField(blank=True, editable=False, help_text="SHA-256 of what was shown.", max_length=64),
                ),
                (
                    "from_unit",
                    models.CharField(
                        blank=True, help_text="As results have it.", max_length=40, verbose_name="from unit"
                    ),
                ),
                (
                    "from_ucum",
                    models.CharField(
                        blank=True,
                        help_text="Where the unit is no UCUM code itself: K/uL is 10*3/uL.",
                        max_length=40,
                        verbose_name="its UCUM code",
                    ),
                ),
                (
                    "to_unit",
                    models.CharField(
                        editable=False, help_text="Standard unit of the analyte.", max_length=40, verbose_name="to unit"
                    ),
                ),
                (
                    "molar_mass",
                    cart.models.fields.ExactDecimalField(
                        blank=True,
                        help_text="Of the analyte; only between mass and amount.",
                        max_digits=60,
                        null=True,
                        verbose_name="molar mass (g/mol)",
                    ),
                ),
                (
                    "factor",
                    cart.models.fields.ExactDecimalField(
                        blank=True, help_text="Empty: the exact one, by UCUM and the molar mass.", max_digits=60
                    ),
                ),
                (
                    "analyte",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conversion_factors",
                        to="labs.analyte",
                    ),
                ),
            ],
            options={
                "ordering": ["analyte", "from_unit", "valid_from"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="conversionfactor_ends_after_start",
                        violation_error_message="A factor ends after it starts. [period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "proposed"),
                            models.Q(("decided_at__isnull", False), models.Q(("decided_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="conversionfactor_decision_is_dated",
                        violation_error_message="A decision on a factor has its person and time. [factor-undecided]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="conversionfactor_approved_by_another",
                        violation_error_message="A factor is approved by another person than its proposer. [factor-two-people]",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("state", "approved")),
                        expressions=[
                            ("analyte", "="),
                            ("from_unit", "="),
                            ("to_unit", "="),
                            (
                                labs.models.assay.DateRange(
                                    models.F("valid_from"),
                                    models.F("valid_to"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="factor_one_in_force",
                        violation_error_message="Another approved factor holds on some of these days; close it first. [factor-overlap]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("factor__gt", 0),
                            ("factor__lt", 1000000000000000000000000000000),
                            models.Q(
                                ("molar_mass", None),
                                models.Q(("molar_mass__gt", 0), ("molar_mass__lt", 1000000000000000000000000000000)),
                                _connector="OR",
                            ),
                        ),
                        name="factor_above_zero",
                        violation_error_message="A factor and a molar mass are above 0 and below 10 to the 30th. [factor-not-positive]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("to_unit", ""), _negated=True),
                            models.Q(("from_unit", models.F("to_unit")), _negated=True),
                        ),
                        name="factor_between_units",
                        violation_error_message="A factor leads from one unit to another one. [factor-same-unit]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("significant", models.BooleanField(verbose_name="clinically significant")),
                ("judged_by", models.CharField(editable=False, max_length=150)),
                ("judged_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "result",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="judgement", to="labs.result"
                    ),
                ),
            ],
            options={
                "ordering": ["result"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("judged_by", ""), _negated=True),
                        name="judgement_has_person",
                        violation_error_message="A judgement has its person. [judgement-person]",
                    )
                ],
            },
        ),
    ]
