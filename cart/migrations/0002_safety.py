"""Tables of safety."""

import cart.models.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cart", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SyndromeCourse",
            fields=[],
            options={
                "verbose_name": "CRS and ICANS course",
                "verbose_name_plural": "CRS and ICANS courses",
                "ordering": ["study", "code"],
                "proxy": True,
            },
            bases=("cart.subject",),
        ),
        migrations.CreateModel(
            name="AdverseEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "term",
                    models.CharField(
                        help_text="In the words of the source document.",
                        max_length=200,
                        verbose_name="event as reported",
                    ),
                ),
                ("ctcae_term", models.CharField(blank=True, max_length=200, verbose_name="CTCAE term")),
                (
                    "started",
                    cart.models.fields.PartialDateField(
                        help_text="As exactly as known: 2024, 2024-03, 2024-03-05 or 2024-03-05T10:15.", max_length=19
                    ),
                ),
                (
                    "ended",
                    cart.models.fields.PartialDateField(
                        blank=True, help_text="As exactly as known; empty while it is ongoing.", max_length=19
                    ),
                ),
                ("ongoing", models.BooleanField(default=False)),
                (
                    "ctcae_version",
                    models.CharField(
                        choices=[("4", "4"), ("5", "5"), ("6", "6")],
                        default="5",
                        max_length=2,
                        verbose_name="CTCAE version",
                    ),
                ),
                (
                    "grade",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "1 mild"),
                            (2, "2 moderate"),
                            (3, "3 severe"),
                            (4, "4 life-threatening"),
                            (5, "5 death"),
                        ],
                        help_text="Severity by the CTCAE: the highest grade of the event.",
                    ),
                ),
                (
                    "serious",
                    models.BooleanField(
                        default=False, help_text="By its consequences, whatever its grade: say which below."
                    ),
                ),
                ("results_in_death", models.BooleanField(default=False, verbose_name="results in death")),
                ("life_threatening", models.BooleanField(default=False, verbose_name="life-threatening at the time")),
                ("hospitalisation", models.BooleanField(default=False, verbose_name="hospital stay, or a longer one")),
                ("disability", models.BooleanField(default=False, verbose_name="lasting disability")),
                ("congenital_anomaly", models.BooleanField(default=False, verbose_name="congenital anomaly")),
                (
                    "medically_important",
                    models.BooleanField(default=False, verbose_name="other medically important event"),
                ),
                (
                    "related_to_product",
                    models.CharField(
                        choices=[
                            ("not-related", "Not related"),
                            ("unlikely", "Unlikely"),
                            ("possible", "Possible"),
                            ("probable", "Probable"),
                            ("related", "Related"),
                            ("not-given", "Treatment not given"),
                        ],
                        max_length=12,
                        verbose_name="related to CAR-T cells",
                    ),
                ),
                (
                    "related_to_conditioning",
                    models.CharField(
                        choices=[
                            ("not-related", "Not related"),
                            ("unlikely", "Unlikely"),
                            ("possible", "Possible"),
                            ("probable", "Probable"),
                            ("related", "Related"),
                            ("not-given", "Treatment not given"),
                        ],
                        max_length=12,
                        verbose_name="related to conditioning",
                    ),
                ),
                (
                    "related_to_chelation",
                    models.CharField(
                        choices=[
                            ("not-related", "Not related"),
                            ("unlikely", "Unlikely"),
                            ("possible", "Possible"),
                            ("probable", "Probable"),
                            ("related", "Related"),
                            ("not-given", "Treatment not given"),
                        ],
                        default="not-given",
                        max_length=12,
                        verbose_name="related to chelation",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("interrupted", "Infusion interrupted"),
                            ("delayed", "Infusion delayed"),
                            ("reduced", "Dose reduced"),
                            ("withdrawn", "Treatment withdrawn"),
                            ("not-applicable", "Not applicable (treatment complete)"),
                        ],
                        default="none",
                        max_length=16,
                        verbose_name="action with the study treatment",
                    ),
                ),
                ("treatment", models.CharField(blank=True, max_length=300, verbose_name="treatment of the event")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("recovered", "Recovered"),
                            ("recovered-with-sequelae", "Recovered with sequelae"),
                            ("recovering", "Recovering"),
                            ("not-recovered", "Not recovered"),
                            ("fatal", "Fatal"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "dlt",
                    models.BooleanField(
                        blank=True,
                        help_text="By the protocol's definition. Unknown: not decided yet; the subject is then not counted as without.",
                        null=True,
                        verbose_name="dose-limiting toxicity",
                    ),
                ),
                (
                    "dlt_reason",
                    models.CharField(
                        blank=True,
                        help_text="Needed for a DLT that does not begin in the protocol's window.",
                        max_length=300,
                        verbose_name="why (DLT)",
                    ),
                ),
                (
                    "special_interest",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("crs", "Cytokine release syndrome"),
                            ("icans", "ICANS"),
                            ("iec-hs", "IEC-HS"),
                            ("cytopenia", "Prolonged cytopenia (ICAHT)"),
                            ("infection", "Infection"),
                            ("hypogammaglobulinaemia", "Hypogammaglobulinaemia"),
                            ("infusion-reaction", "Infusion reaction"),
                            ("hypocalcaemia", "Hypocalcaemia of chelation"),
                            ("renal-crisis", "Scleroderma renal crisis"),
                            ("ild-worsening", "Worsening of interstitial lung disease"),
                            ("second-malignancy", "Second malignancy"),
                            ("other", "Other, named by the protocol"),
                        ],
                        max_length=24,
                        verbose_name="of special interest (AESI)",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adverse_events", to="cart.subject"
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "started", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("id", "subject"), name="adverse_event_id_subject"),
                    models.CheckConstraint(
                        condition=models.Q(("term", ""), _negated=True),
                        name="adverse_event_named",
                        violation_error_message="An adverse event needs its term. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("started", ""), _negated=True),
                        name="adverse_event_dated",
                        violation_error_message="An adverse event has a start; the year is enough. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("started")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="adverse_event_started_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("ended")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="adverse_event_ended_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThanOrEqual(
                            django.db.models.functions.text.Left(
                                models.F("ended"),
                                django.db.models.functions.comparison.Least(
                                    django.db.models.functions.text.Length(models.F("started")),
                                    django.db.models.functions.text.Length(models.F("ended")),
                                ),
                            ),
                            django.db.models.functions.text.Left(
                                models.F("started"),
                                django.db.models.functions.comparison.Least(
                                    django.db.models.functions.text.Length(models.F("started")),
                                    django.db.models.functions.text.Length(models.F("ended")),
                                ),
                            ),
                        ),
                        name="adverse_event_ends_after_start",
                        violation_error_message="The end is not before the start. [safety-period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ongoing", False), ("ended", ""), _connector="OR"),
                        name="adverse_event_ongoing_or_ended",
                        violation_error_message="What is ongoing has no end: leave one of the two empty. [safety-period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ctcae_version__in", ["4", "5", "6"])),
                        name="adverse_event_ctcae_version",
                        violation_error_message="Ctcae version is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("grade__gte", 1), ("grade__lte", 5)),
                        name="adverse_event_grade_1_to_5",
                        violation_error_message="A grade of the CTCAE is 1 to 5. [safety-grade]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("congenital_anomaly", False),
                                ("disability", False),
                                ("hospitalisation", False),
                                ("life_threatening", False),
                                ("medically_important", False),
                                ("results_in_death", False),
                                ("serious", False),
                            ),
                            models.Q(
                                ("serious", True),
                                models.Q(
                                    ("congenital_anomaly", False),
                                    ("disability", False),
                                    ("hospitalisation", False),
                                    ("life_threatening", False),
                                    ("medically_important", False),
                                    ("results_in_death", False),
                                    _negated=True,
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="adverse_event_serious_by_criterion",
                        violation_error_message="A serious event meets a criterion of seriousness, any other event none. [seriousness]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("grade", 5), ("outcome", "fatal"), ("results_in_death", True)),
                            models.Q(
                                models.Q(("grade", 5), _negated=True),
                                models.Q(("outcome", "fatal"), _negated=True),
                                ("results_in_death", False),
                            ),
                            _connector="OR",
                        ),
                        name="adverse_event_fatal_throughout",
                        violation_error_message="Grade 5, outcome fatal and 'results in death' belong together: all three or none. [fatal-event]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ongoing", False),
                            models.Q(("outcome__in", ["recovered", "recovered-with-sequelae", "fatal"]), _negated=True),
                            _connector="OR",
                        ),
                        name="adverse_event_ongoing_not_recovered",
                        violation_error_message="An ongoing event is not recovered and not fatal. [event-outcome]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "related_to_product__in",
                                ["not-related", "unlikely", "possible", "probable", "related", "not-given"],
                            )
                        ),
                        name="adverse_event_related_to_product",
                        violation_error_message="Related to product is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "related_to_conditioning__in",
                                ["not-related", "unlikely", "possible", "probable", "related", "not-given"],
                            )
                        ),
                        name="adverse_event_related_to_conditioning",
                        violation_error_message="Related to conditioning is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "related_to_chelation__in",
                                ["not-related", "unlikely", "possible", "probable", "related", "not-given"],
                            )
                        ),
                        name="adverse_event_related_to_chelation",
                        violation_error_message="Related to chelation is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action__in", ["none", "interrupted", "delayed", "reduced", "withdrawn", "not-applicable"])
                        ),
                        name="adverse_event_action",
                        violation_error_message="Action is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "outcome__in",
                                [
                                    "recovered",
                                    "recovered-with-sequelae",
                                    "recovering",
                                    "not-recovered",
                                    "fatal",
                                    "unknown",
                                ],
                            )
                        ),
                        name="adverse_event_outcome",
                        violation_error_message="Outcome is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "special_interest__in",
                                [
                                    "crs",
                                    "icans",
                                    "iec-hs",
                                    "cytopenia",
                                    "infection",
                                    "hypogammaglobulinaemia",
                                    "infusion-reaction",
                                    "hypocalcaemia",
                                    "renal-crisis",
                                    "ild-worsening",
                                    "second-malignancy",
                                    "other",
                                    "",
                                ],
                            )
                        ),
                        name="adverse_event_special_interest",
                        violation_error_message="Special interest is one of the words offered. [safety-word]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CrsAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        help_text="Calendar day at the site; one row per day, the worst of the day.", verbose_name="day"
                    ),
                ),
                ("fatal", models.BooleanField(default=False, verbose_name="died of it")),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Needed where nothing was assessed on this day.",
                        max_length=200,
                        verbose_name="why not assessed",
                    ),
                ),
                (
                    "investigator_grade",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0 to 5, kept as it is. Where it differs from the computed grade a data query is opened.",
                        null=True,
                        verbose_name="investigator's grade",
                    ),
                ),
                (
                    "temperature_max_c",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=3, null=True, verbose_name="highest temperature (°C)"
                    ),
                ),
                (
                    "fever_other_cause",
                    models.BooleanField(
                        default=False,
                        help_text="An infection, for instance: then it is no fever of CRS.",
                        verbose_name="fever has another cause",
                    ),
                ),
                (
                    "fever_masked",
                    models.BooleanField(
                        default=False,
                        help_text="Antipyretics, tocilizumab or steroids: fever is not required for a grade any more.",
                        verbose_name="antipyretics or anticytokines given",
                    ),
                ),
                (
                    "hypotension",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "None"),
                            ("no_pressor", "Low pressure, no vasopressor"),
                            ("one_pressor_pm_vasopressin", "One vasopressor, with or without vasopressin"),
                            ("multiple_pressors_excl_vasopressin", "Multiple vasopressors (vasopressin not counted)"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "hypoxia",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "None"),
                            ("low_flow_nc_le6_or_blowby", "Low flow (up to 6 L/min) or blow-by"),
                            ("hfnc_facemask_nrb_venturi", "High flow, face mask, non-rebreather or Venturi"),
                            ("positive_pressure", "Positive pressure (CPAP, BiPAP, ventilation)"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="crs_assessments", to="cart.subject"
                    ),
                ),
            ],
            options={
                "verbose_name": "CRS day",
                "verbose_name_plural": "CRS days",
                "ordering": ["subject", "assessed_on"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="crsassessment_once_a_day",
                        violation_error_message="This day is already recorded; open its row. [day-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("investigator_grade", None),
                            models.Q(("investigator_grade__gte", 0), ("investigator_grade__lte", 5)),
                            _connector="OR",
                        ),
                        name="crsassessment_grade_0_to_5",
                        violation_error_message="A grade of a syndrome is 0 to 5. [safety-grade]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("temperature_max_c", None),
                            models.Q(("temperature_max_c__gte", 30), ("temperature_max_c__lte", 45)),
                            _connector="OR",
                        ),
                        name="crs_temperature_plausible",
                        violation_error_message="A temperature lies between 30 and 45 °C. [safety-number]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "hypotension__in",
                                [
                                    "none",
                                    "no_pressor",
                                    "one_pressor_pm_vasopressin",
                                    "multiple_pressors_excl_vasopressin",
                                    "",
                                ],
                            )
                        ),
                        name="crs_hypotension",
                        violation_error_message="Hypotension is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "hypoxia__in",
                                [
                                    "none",
                                    "low_flow_nc_le6_or_blowby",
                                    "hfnc_facemask_nrb_venturi",
                                    "positive_pressure",
                                    "",
                                ],
                            )
                        ),
                        name="crs_hypoxia",
                        violation_error_message="Hypoxia is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fatal", True),
                            models.Q(
                                models.Q(("not_done_reason", ""), _negated=True),
                                models.Q(
                                    ("hypotension", ""), ("hypoxia", ""), ("temperature_max_c", None), _negated=True
                                ),
                                _connector="XOR",
                            ),
                            _connector="OR",
                        ),
                        name="crs_assessed_or_reason",
                        violation_error_message="A day has components, or says why it was not assessed, not both. [day-incomplete]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Death",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "died",
                    cart.models.fields.PartialDateField(
                        help_text="As exactly as known.", max_length=19, verbose_name="date of death"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("disease", "Systemic sclerosis"),
                            ("toxicity", "Toxicity of the study treatment"),
                            ("infection", "Infection"),
                            ("malignancy", "Malignancy"),
                            ("cardiovascular", "Cardiovascular, not by systemic sclerosis"),
                            ("other", "Other"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=16,
                        verbose_name="primary cause",
                    ),
                ),
                ("cause_text", models.CharField(max_length=300, verbose_name="cause in words")),
                (
                    "related_to_product",
                    models.CharField(
                        choices=[
                            ("not-related", "Not related"),
                            ("unlikely", "Unlikely"),
                            ("possible", "Possible"),
                            ("probable", "Probable"),
                            ("related", "Related"),
                            ("not-given", "Treatment not given"),
                        ],
                        max_length=12,
                        verbose_name="related to CAR-T cells",
                    ),
                ),
                ("autopsy", models.BooleanField(blank=True, null=True)),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deaths",
                        to="cart.adverseevent",
                        verbose_name="fatal adverse event",
                    ),
                ),
                (
                    "subject",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="death", to="cart.subject"
                    ),
                ),
            ],
            options={
                "ordering": ["subject"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("died", ""), _negated=True),
                        name="death_dated",
                        violation_error_message="A death has a date; the year is enough. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cause_text", ""), _negated=True),
                        name="death_cause",
                        violation_error_message="A death has its cause in words; 'unknown' is one. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("died")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="death_died_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "cause__in",
                                [
                                    "disease",
                                    "toxicity",
                                    "infection",
                                    "malignancy",
                                    "cardiovascular",
                                    "other",
                                    "unknown",
                                ],
                            )
                        ),
                        name="death_cause_known",
                        violation_error_message="Cause is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "related_to_product__in",
                                ["not-related", "unlikely", "possible", "probable", "related", "not-given"],
                            )
                        ),
                        name="death_related_to_product",
                        violation_error_message="Related to product is one of the words offered. [safety-word]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IcansAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assessed_on",
                    models.DateField(
                        help_text="Calendar day at the site; one row per day, the worst of the day.", verbose_name="day"
                    ),
                ),
                ("fatal", models.BooleanField(default=False, verbose_name="died of it")),
                (
                    "not_done_reason",
                    models.CharField(
                        blank=True,
                        help_text="Needed where nothing was assessed on this day.",
                        max_length=200,
                        verbose_name="why not assessed",
                    ),
                ),
                (
                    "investigator_grade",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0 to 5, kept as it is. Where it differs from the computed grade a data query is opened.",
                        null=True,
                        verbose_name="investigator's grade",
                    ),
                ),
                (
                    "ice_orientation",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0 to 4: year, month, city, hospital.",
                        null=True,
                        verbose_name="ICE orientation",
                    ),
                ),
                (
                    "ice_naming",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="0 to 3: three objects.", null=True, verbose_name="ICE naming"
                    ),
                ),
                (
                    "ice_commands",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0 or 1: follows a simple command.",
                        null=True,
                        verbose_name="ICE commands",
                    ),
                ),
                (
                    "ice_writing",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="0 or 1: writes a sentence.", null=True, verbose_name="ICE writing"
                    ),
                ),
                (
                    "ice_attention",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0 or 1: counts backwards from 100 by ten.",
                        null=True,
                        verbose_name="ICE attention",
                    ),
                ),
                (
                    "consciousness",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("alert", "Alert"),
                            ("awakens_spontaneously", "Awakens spontaneously"),
                            ("to_voice", "Awakens to voice"),
                            ("to_tactile", "Awakens to touch only"),
                            ("unarousable_or_vigorous_tactile", "Unarousable, or vigorous touch needed"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "seizure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "None"),
                            ("brief_or_eeg_resolving", "Brief, or on EEG only, resolving"),
                            ("prolonged_gt5min_or_repetitive", "Longer than 5 min, or repetitive"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "motor_weakness",
                    models.BooleanField(
                        blank=True, null=True, verbose_name="deep focal weakness (hemi- or paraparesis)"
                    ),
                ),
                (
                    "oedema",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "None"),
                            ("focal_oedema", "Focal oedema on imaging"),
                            (
                                "diffuse_oedema_posturing_cn6_papilloedema_cushing",
                                "Diffuse oedema, posturing, VI palsy, Cushing",
                            ),
                        ],
                        max_length=60,
                        verbose_name="raised pressure or oedema",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="icans_assessments", to="cart.subject"
                    ),
                ),
            ],
            options={
                "verbose_name": "ICANS day",
                "verbose_name_plural": "ICANS days",
                "ordering": ["subject", "assessed_on"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="icansassessment_once_a_day",
                        violation_error_message="This day is already recorded; open its row. [day-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("investigator_grade", None),
                            models.Q(("investigator_grade__gte", 0), ("investigator_grade__lte", 5)),
                            _connector="OR",
                        ),
                        name="icansassessment_grade_0_to_5",
                        violation_error_message="A grade of a syndrome is 0 to 5. [safety-grade]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ice_orientation", None),
                            models.Q(("ice_orientation__gte", 0), ("ice_orientation__lte", 4)),
                            _connector="OR",
                        ),
                        name="icans_ice_orientation",
                        violation_error_message="The ICE item orientation has 0 to 4 points. [ice-score]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ice_naming", None),
                            models.Q(("ice_naming__gte", 0), ("ice_naming__lte", 3)),
                            _connector="OR",
                        ),
                        name="icans_ice_naming",
                        violation_error_message="The ICE item naming has 0 to 3 points. [ice-score]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ice_commands", None),
                            models.Q(("ice_commands__gte", 0), ("ice_commands__lte", 1)),
                            _connector="OR",
                        ),
                        name="icans_ice_commands",
                        violation_error_message="The ICE item commands has 0 to 1 points. [ice-score]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ice_writing", None),
                            models.Q(("ice_writing__gte", 0), ("ice_writing__lte", 1)),
                            _connector="OR",
                        ),
                        name="icans_ice_writing",
                        violation_error_message="The ICE item writing has 0 to 1 points. [ice-score]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ice_attention", None),
                            models.Q(("ice_attention__gte", 0), ("ice_attention__lte", 1)),
                            _connector="OR",
                        ),
                        name="icans_ice_attention",
                        violation_error_message="The ICE item attention has 0 to 1 points. [ice-score]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "consciousness__in",
                                [
                                    "alert",
                                    "awakens_spontaneously",
                                    "to_voice",
                                    "to_tactile",
                                    "unarousable_or_vigorous_tactile",
                                    "",
                                ],
                            )
                        ),
                        name="icans_consciousness",
                        violation_error_message="Consciousness is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("seizure__in", ["none", "brief_or_eeg_resolving", "prolonged_gt5min_or_repetitive", ""])
                        ),
                        name="icans_seizure",
                        violation_error_message="Seizure is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "oedema__in",
                                ["none", "focal_oedema", "diffuse_oedema_posturing_cn6_papilloedema_cushing", ""],
                            )
                        ),
                        name="icans_oedema",
                        violation_error_message="Oedema is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fatal", True),
                            models.Q(
                                models.Q(("not_done_reason", ""), _negated=True),
                                models.Q(
                                    ("consciousness", ""),
                                    ("ice_attention", None),
                                    ("ice_commands", None),
                                    ("ice_naming", None),
                                    ("ice_orientation", None),
                                    ("ice_writing", None),
                                    ("motor_weakness", None),
                                    ("oedema", ""),
                                    ("seizure", ""),
                                    _negated=True,
                                ),
                                _connector="XOR",
                            ),
                            _connector="OR",
                        ),
                        name="icans_assessed_or_reason",
                        violation_error_message="A day has findings, or says why it was not assessed, not both. [day-incomplete]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IecHsAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("assessed_on", models.DateField(verbose_name="day")),
                (
                    "hyperferritinaemia",
                    models.BooleanField(
                        blank=True, help_text="Above 2 x ULN or baseline, or rising rapidly; required.", null=True
                    ),
                ),
                (
                    "crs_resolving",
                    models.BooleanField(
                        blank=True,
                        help_text="Or worsens after CRS had improved.",
                        null=True,
                        verbose_name="begins with CRS resolving",
                    ),
                ),
                ("cytopenias", models.BooleanField(blank=True, help_text="New, worsening or refractory.", null=True)),
                (
                    "hypofibrinogenaemia",
                    models.BooleanField(blank=True, help_text="Below 150 mg/dL, or below LLN.", null=True),
                ),
                (
                    "transaminases",
                    models.BooleanField(
                        blank=True,
                        help_text="Above 5 x ULN, or 5 x baseline.",
                        null=True,
                        verbose_name="raised transaminases",
                    ),
                ),
                (
                    "haemophagocytosis",
                    models.BooleanField(blank=True, help_text="In bone marrow or another tissue.", null=True),
                ),
                (
                    "other_findings",
                    models.CharField(
                        blank=True,
                        help_text="Fever, splenomegaly, LDH, triglycerides, bilirubin, lung, kidney.",
                        max_length=300,
                    ),
                ),
                (
                    "adjudication",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("iec-hs", "IEC-HS"),
                            ("not-iec-hs", "Not IEC-HS"),
                            ("undecided", "Cannot be decided"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "grade",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="1 to 5, by the adjudicator; of IEC-HS only.", null=True
                    ),
                ),
                ("adjudicated_on", models.DateField(blank=True, null=True)),
                ("adjudicator", models.CharField(blank=True, editable=False, max_length=150)),
                (
                    "rationale",
                    models.CharField(
                        blank=True, help_text="What decided; needed with the adjudication.", max_length=500
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="iec_hs_assessments",
                        to="cart.adverseevent",
                        verbose_name="adverse event",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="iec_hs_assessments",
                        to="cart.subject",
                    ),
                ),
            ],
            options={
                "verbose_name": "IEC-HS assessment",
                "ordering": ["subject", "assessed_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "assessed_on"),
                        name="iec_hs_once_a_day",
                        violation_error_message="This day is already recorded; open its row. [day-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("adjudication__in", ["iec-hs", "not-iec-hs", "undecided", ""])),
                        name="iec_hs_adjudication",
                        violation_error_message="Adjudication is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("grade", None), models.Q(("grade__gte", 1), ("grade__lte", 5)), _connector="OR"
                        ),
                        name="iec_hs_grade",
                        violation_error_message="A grade of IEC-HS is 1 to 5. [safety-grade]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("adjudicated_on", None), ("adjudication", ""), ("adjudicator", "")),
                            models.Q(
                                models.Q(("adjudication", ""), _negated=True),
                                ("adjudicated_on__isnull", False),
                                models.Q(("adjudicator", ""), _negated=True),
                                models.Q(("rationale", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="iec_hs_adjudicated_by_somebody",
                        violation_error_message="An adjudication has its day, its rationale and who decided; without one there is none of them. [adjudication]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("grade", None), ("adjudication", "iec-hs"), _connector="OR"),
                        name="iec_hs_grade_of_iec_hs",
                        violation_error_message="Only what was adjudicated as IEC-HS has a grade. [adjudication]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Infection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bacterial", "Bacterial"),
                            ("viral", "Viral"),
                            ("fungal", "Fungal"),
                            ("parasitic", "Parasitic"),
                            ("unknown", "Not identified"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "organism",
                    models.CharField(
                        help_text="As the laboratory names it; 'not identified' where none was found.", max_length=120
                    ),
                ),
                (
                    "site",
                    models.CharField(
                        choices=[
                            ("blood", "Blood stream"),
                            ("upper-airway", "Upper airway"),
                            ("lung", "Lung"),
                            ("urinary", "Urinary tract"),
                            ("skin", "Skin or digital ulcer"),
                            ("gut", "Gut"),
                            ("cns", "Central nervous system"),
                            ("catheter", "Catheter"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                        verbose_name="site of infection",
                    ),
                ),
                ("site_text", models.CharField(blank=True, max_length=120, verbose_name="site in words")),
                ("started", cart.models.fields.PartialDateField(help_text="As exactly as known.", max_length=19)),
                (
                    "ended",
                    cart.models.fields.PartialDateField(
                        blank=True, help_text="As exactly as known; empty while it is ongoing.", max_length=19
                    ),
                ),
                ("ongoing", models.BooleanField(default=False)),
                ("grade", models.PositiveSmallIntegerField(help_text="CTCAE, 1 to 5.")),
                (
                    "reactivation",
                    models.BooleanField(blank=True, help_text="Of a latent infection (CMV, HBV, VZV ...).", null=True),
                ),
                ("treatment", models.CharField(blank=True, max_length=300)),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="infections",
                        to="cart.adverseevent",
                        verbose_name="adverse event",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="infections", to="cart.subject"
                    ),
                ),
            ],
            options={
                "ordering": ["subject", "started", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("organism", ""), _negated=True),
                        name="infection_organism",
                        violation_error_message="An infection names its organism, or 'not identified'. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("started", ""), _negated=True),
                        name="infection_dated",
                        violation_error_message="An infection has a start; the year is enough. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("started")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="infection_started_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("ended")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="infection_ended_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThanOrEqual(
                            django.db.models.functions.text.Left(
                                models.F("ended"),
                                django.db.models.functions.comparison.Least(
                                    django.db.models.functions.text.Length(models.F("started")),
                                    django.db.models.functions.text.Length(models.F("ended")),
                                ),
                            ),
                            django.db.models.functions.text.Left(
                                models.F("started"),
                                django.db.models.functions.comparison.Least(
                                    django.db.models.functions.text.Length(models.F("started")),
                                    django.db.models.functions.text.Length(models.F("ended")),
                                ),
                            ),
                        ),
                        name="infection_ends_after_start",
                        violation_error_message="The end is not before the start. [safety-period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ongoing", False), ("ended", ""), _connector="OR"),
                        name="infection_ongoing_or_ended",
                        violation_error_message="What is ongoing has no end: leave one of the two empty. [safety-period]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["bacterial", "viral", "fungal", "parasitic", "unknown"])),
                        name="infection_kind",
                        violation_error_message="Kind is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "site__in",
                                ["blood", "upper-airway", "lung", "urinary", "skin", "gut", "cns", "catheter", "other"],
                            )
                        ),
                        name="infection_site",
                        violation_error_message="Site is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("grade", None), models.Q(("grade__gte", 1), ("grade__lte", 5)), _connector="OR"
                        ),
                        name="infection_grade",
                        violation_error_message="A grade of the CTCAE is 1 to 5. [safety-grade]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pregnancy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "of",
                    models.CharField(
                        choices=[("subject", "Subject"), ("partner", "Partner of the subject")],
                        max_length=8,
                        verbose_name="pregnancy of",
                    ),
                ),
                (
                    "partner_consented",
                    models.BooleanField(
                        blank=True,
                        help_text="Follow-up of a partner's pregnancy needs the partner's own consent.",
                        null=True,
                    ),
                ),
                ("reported_on", models.DateField()),
                (
                    "last_period",
                    cart.models.fields.PartialDateField(
                        blank=True,
                        help_text="As exactly as known.",
                        max_length=19,
                        verbose_name="last menstrual period",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("ongoing", "Ongoing"),
                            ("live-birth", "Live birth"),
                            ("stillbirth", "Stillbirth"),
                            ("miscarriage", "Miscarriage"),
                            ("termination", "Induced termination"),
                            ("ectopic", "Ectopic"),
                            ("unknown", "Unknown (lost, or no consent of the partner)"),
                        ],
                        default="ongoing",
                        max_length=12,
                    ),
                ),
                (
                    "outcome_on",
                    cart.models.fields.PartialDateField(
                        blank=True, help_text="As exactly as known.", max_length=19, verbose_name="date of the outcome"
                    ),
                ),
                ("congenital_anomaly", models.BooleanField(blank=True, null=True)),
                ("outcome_text", models.CharField(blank=True, max_length=300, verbose_name="outcome in words")),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pregnancies", to="cart.subject"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "pregnancies",
                "ordering": ["subject", "reported_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "of", "reported_on"),
                        name="pregnancy_once",
                        violation_error_message="This pregnancy is already recorded. [pregnancy]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("of__in", ["subject", "partner"])),
                        name="pregnancy_of",
                        violation_error_message="Of is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "outcome__in",
                                [
                                    "ongoing",
                                    "live-birth",
                                    "stillbirth",
                                    "miscarriage",
                                    "termination",
                                    "ectopic",
                                    "unknown",
                                ],
                            )
                        ),
                        name="pregnancy_outcome",
                        violation_error_message="Outcome is one of the words offered. [safety-word]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("last_period")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="pregnancy_last_period_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("outcome_on")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="pregnancy_outcome_on_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome__in", ["ongoing", "unknown"]), ("outcome_on", "")),
                            models.Q(
                                models.Q(("outcome__in", ["ongoing", "unknown"]), _negated=True),
                                models.Q(("outcome_on", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="pregnancy_outcome_dated",
                        violation_error_message="An outcome has its date; an ongoing pregnancy has none. [pregnancy]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("partner_consented", None), ("of", "partner"), _connector="OR"),
                        name="pregnancy_consent_of_partner",
                        violation_error_message="Only a partner's pregnancy asks for the partner's consent. [pregnancy]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RclTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "planned_label",
                    models.CharField(
                        help_text="As the protocol names it: month 3.", max_length=60, verbose_name="time point"
                    ),
                ),
                ("sampled_on", models.DateField(blank=True, null=True)),
                (
                    "method",
                    models.CharField(blank=True, help_text="VSV-G PCR, gag PCR, serology, culture.", max_length=120),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("negative", "Negative"),
                            ("positive", "Positive"),
                            ("indeterminate", "Indeterminate"),
                            ("pending", "Pending"),
                            ("not-done", "Not done"),
                        ],
                        default="pending",
                        max_length=14,
                    ),
                ),
                ("not_done_reason", models.CharField(blank=True, max_length=200, verbose_name="why not done")),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rcl_tests", to="cart.subject"
                    ),
                ),
            ],
            options={
                "verbose_name": "RCL test",
                "ordering": ["subject", "sampled_on", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "planned_label", "method"),
                        name="rcl_test_once",
                        violation_error_message="This time point and method are already recorded. [rcl-test]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("planned_label", ""), _negated=True),
                        name="rcl_time_point",
                        violation_error_message="An RCL test has its time point. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("result", "not-done"),
                                ("sampled_on", None),
                                models.Q(("not_done_reason", ""), _negated=True),
                            ),
                            models.Q(
                                ("not_done_reason", ""),
                                ("result__in", ["negative", "positive", "indeterminate", "pending"]),
                                ("sampled_on__isnull", False),
                                models.Q(("method", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="rcl_sampled_or_reason",
                        violation_error_message="An RCL test has the day of its sample and its method; one not done says why. [rcl-test]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SecondMalignancy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("diagnosed", cart.models.fields.PartialDateField(help_text="As exactly as known.", max_length=19)),
                ("diagnosis", models.CharField(max_length=200)),
                ("histology", models.CharField(blank=True, max_length=200)),
                ("t_cell", models.BooleanField(blank=True, null=True, verbose_name="of T cells")),
                (
                    "transgene",
                    models.CharField(
                        choices=[
                            ("detected", "Detected"),
                            ("not-detected", "Not detected"),
                            ("pending", "Pending"),
                            ("not-done", "Not done"),
                        ],
                        default="pending",
                        max_length=12,
                        verbose_name="CAR transgene",
                    ),
                ),
                ("transgene_material", models.CharField(blank=True, max_length=120, verbose_name="material tested")),
                ("transgene_method", models.CharField(blank=True, max_length=120, verbose_name="method")),
                ("transgene_tested_on", models.DateField(blank=True, null=True, verbose_name="tested on")),
                (
                    "transgene_not_done_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="why not tested"),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_malignancies",
                        to="cart.adverseevent",
                        verbose_name="adverse event",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_malignancies",
                        to="cart.subject",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "second malignancies",
                "ordering": ["subject", "diagnosed"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("diagnosis", ""), _negated=True),
                        name="malignancy_diagnosis",
                        violation_error_message="A second malignancy has its diagnosis. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("diagnosed", ""), _negated=True),
                        name="malignancy_dated",
                        violation_error_message="A second malignancy has a day; the year is enough. [safety-incomplete]",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.In(
                            cart.models.fields.DigitsAsZero(models.F("diagnosed")),
                            ["", "0000", "0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00"],
                        ),
                        name="malignancy_diagnosed_partial",
                        violation_error_message="A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm; give as much as is known. [partial-date]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("transgene__in", ["detected", "not-detected"]),
                                ("transgene_tested_on__isnull", False),
                                models.Q(("transgene_material", ""), _negated=True),
                            ),
                            models.Q(
                                ("transgene", "pending"),
                                ("transgene_not_done_reason", ""),
                                ("transgene_tested_on", None),
                            ),
                            models.Q(
                                ("transgene", "not-done"),
                                ("transgene_tested_on", None),
                                models.Q(("transgene_not_done_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="malignancy_transgene_tested_or_reason",
                        violation_error_message="A transgene test has its day and material; one that is not done says why. [transgene-test]",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TherapyDose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("given_on", models.DateField(verbose_name="day")),
                ("doses", models.PositiveSmallIntegerField(default=1, verbose_name="number of doses")),
                ("dose_mg", models.DecimalField(decimal_places=2, max_digits=9, verbose_name="mg per dose")),
                (
                    "therapy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="doses", to="cart.concomitanttherapy"
                    ),
                ),
            ],
            options={
                "ordering": ["therapy", "given_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("therapy", "given_on", "dose_mg"),
                        name="therapy_dose_once",
                        violation_error_message="This day and dose are already recorded; raise the number of doses. [dose-twice]",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dose_mg__gt", 0), ("doses__gte", 1)),
                        name="therapy_dose_positive",
                        violation_error_message="A given dose is above zero; what was not given has no row. [negative-dose]",
                    ),
                ],
            },
        ),
    ]
