"""Lung: spirometry, diffusing capacity, ultrasound, high-resolution CT.

Per cent of predicted is not stored here: it is computed from the measured value by named equations, and the device's
own stays beside it.
"""

from functools import reduce
from operator import add, and_

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from cart.endpoints.disease.lung_function import GROUPS
from cart.endpoints.disease.ultrasound import MOST_B_LINES
from cart.endpoints.disease.ultrasound import ZONES as ULTRASOUND_ZONES
from cart.models.assessment import Assessment, assessment_constraints, between, not_above, number, score, yes_no

AGE_HELP = "As the device's report has it; empty: the year of birth tells it to half a year."
ZONES = tuple(zone.name for zone in ULTRASOUND_ZONES)


class Quality(models.TextChoices):
    """Grades of ATS and ERS 2019."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"
    E = "E", "E"
    U = "U", "U, usable"
    F = "F", "F, not usable"


class LungFunctionTest(Assessment):
    """What tests on a device share: height and age at the test, grade, and which equations the device has."""

    height_cm = number("height (cm)", 4, 1)
    age_years = number("age (years)", 5, 2, AGE_HELP)
    quality = models.CharField("quality grade", max_length=1, choices=Quality, blank=True)
    device_reference = models.CharField(
        "equations of the device", max_length=60, blank=True, help_text="As the report names them, e.g. GLI-2012."
    )

    class Meta(Assessment.Meta):
        abstract = True


def _test_constraints(name: str) -> list[models.BaseConstraint]:
    return [
        models.CheckConstraint(
            condition=between("height_cm", 50, 250) & between("age_years", 3, 110),
            name=f"{name}_height_and_age",
            violation_error_message="Height is 50 to 250 cm, age 3 to 110 years. [lung-test-body]",
        ),
        models.CheckConstraint(
            condition=Q(quality__in=["", *Quality.values]),
            name=f"{name}_quality_known",
            violation_error_message="A quality grade is A to F, or U. [quality-grade]",
        ),
    ]


class Spirometry(LungFunctionTest):
    """FVC and FEV1 as measured, with the device's own per cent of predicted."""

    fvc_l = number("FVC (L)", 5, 3)
    fev1_l = number("FEV1 (L)", 5, 3)
    device_fvc_pct = number("FVC, % predicted of the device", 4, 1)
    device_fev1_pct = number("FEV1, % predicted of the device", 4, 1)
    gli_group = models.PositiveSmallIntegerField(
        "GLI-2012 group",
        null=True,
        blank=True,
        choices=list(GROUPS.items()),
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="Read only where the study uses GLI-2012; an unknown group is taken for no other.",
    )

    class Meta(Assessment.Meta):
        verbose_name = "spirometry"
        verbose_name_plural = "spirometry"
        constraints = [
            *assessment_constraints(
                "spirometry", "spirometry", ("fvc_l", "fev1_l", "device_fvc_pct", "device_fev1_pct")
            ),
            *_test_constraints("spirometry"),
            models.CheckConstraint(
                condition=between("fvc_l", 0.1, 10) & between("fev1_l", 0.1, 10),
                name="spirometry_in_litres",
                violation_error_message="FVC and FEV1 are litres, 0.1 to 10. [spirometry-value]",
            ),
            models.CheckConstraint(
                condition=not_above("fev1_l", "fvc_l"),
                name="spirometry_fev1_not_above_fvc",
                violation_error_message="FEV1 is not above FVC. [fev1-above-fvc]",
            ),
            models.CheckConstraint(
                condition=between("device_fvc_pct", 1, 250) & between("device_fev1_pct", 1, 250),
                name="spirometry_device_pct",
                violation_error_message="Per cent of predicted is 1 to 250. [percent-predicted]",
            ),
            models.CheckConstraint(
                condition=between("gli_group", 1, 5),
                name="spirometry_group_known",
                violation_error_message="A group of GLI-2012 is 1 to 5. [lung-group]",
            ),
        ]


class DiffusingCapacity(LungFunctionTest):
    """DLCO as measured, with haemoglobin, and the device's own per cent of predicted."""

    class Unit(models.TextChoices):
        SI = "mmol/min/kPa", "mmol/min/kPa"
        TRADITIONAL = "mL/min/mm[Hg]", "mL/min/mmHg"

    dlco = number("DLCO, not corrected", 6, 3)
    unit = models.CharField(max_length=14, choices=Unit, blank=True)
    va_l = number("VA (L)", 5, 3)
    haemoglobin_g_dl = number("haemoglobin (g/dL)", 4, 1, "Of the same days; corrects DLCO. Empty: not corrected.")
    device_pct = number("DLCO, % predicted of the device", 4, 1)
    device_corrected = yes_no("device's % is corrected for haemoglobin")

    class Meta(Assessment.Meta):
        verbose_name = "DLCO"
        verbose_name_plural = "DLCO"
        constraints = [
            *assessment_constraints("dlco", "DLCO", ("dlco", "va_l", "device_pct")),
            *_test_constraints("dlco"),
            models.CheckConstraint(
                condition=Q(unit__in=["mmol/min/kPa", "mL/min/mm[Hg]"]) | Q(unit="", dlco=None),
                name="dlco_has_unit",
                violation_error_message="DLCO has its unit: mmol/min/kPa or mL/min/mmHg. [dlco-unit]",
            ),
            models.CheckConstraint(
                condition=Q(dlco=None)
                | Q(unit="mmol/min/kPa", dlco__gte=0.1, dlco__lte=25)
                | Q(unit="mL/min/mm[Hg]", dlco__gte=0.3, dlco__lte=75),
                name="dlco_in_unit",
                violation_error_message="DLCO is 0.1 to 25 mmol/min/kPa, or 0.3 to 75 mL/min/mmHg. [dlco-value]",
            ),
            models.CheckConstraint(
                condition=between("va_l", 0.1, 15) & between("haemoglobin_g_dl", 2, 25),
                name="dlco_volume_and_haemoglobin",
                violation_error_message="VA is 0.1 to 15 L, haemoglobin 2 to 25 g/dL. [dlco-value]",
            ),
            models.CheckConstraint(
                condition=between("device_pct", 1, 250),
                name="dlco_device_pct",
                violation_error_message="Per cent of predicted is 1 to 250. [percent-predicted]",
            ),
        ]


class LungUltrasound(Assessment):
    """B-lines in 14 zones; the total is missing where a zone is."""

    right_1 = score("right 1", MOST_B_LINES)
    right_2 = score("right 2", MOST_B_LINES)
    right_3 = score("right 3", MOST_B_LINES)
    right_4 = score("right 4", MOST_B_LINES)
    right_5 = score("right 5", MOST_B_LINES)
    right_6 = score("right 6", MOST_B_LINES)
    right_7 = score("right 7", MOST_B_LINES)
    left_1 = score("left 1", MOST_B_LINES)
    left_2 = score("left 2", MOST_B_LINES)
    left_3 = score("left 3", MOST_B_LINES)
    left_4 = score("left 4", MOST_B_LINES)
    left_5 = score("left 5", MOST_B_LINES)
    left_6 = score("left 6", MOST_B_LINES)
    left_7 = score("left 7", MOST_B_LINES)
    b_lines = models.GeneratedField(
        expression=reduce(add, map(F, ZONES)), output_field=models.SmallIntegerField(null=True), db_persist=True
    )
    pleural_irregularity = yes_no("pleural irregularity")

    class Meta(Assessment.Meta):
        verbose_name = "lung ultrasound"
        constraints = [
            *assessment_constraints("ultrasound", "lung ultrasound", (*ZONES, "pleural_irregularity")),
            models.CheckConstraint(
                condition=reduce(and_, (between(zone, 0, MOST_B_LINES) for zone in ZONES)),
                name="ultrasound_b_lines_of_a_zone",
                violation_error_message="A zone has 0 to 50 B-lines. [b-lines]",
            ),
        ]


class HrctScan(Assessment):
    """High-resolution CT of the chest as it was read."""

    class Pattern(models.TextChoices):
        NSIP = "nsip", "NSIP"
        UIP = "uip", "UIP"
        PROBABLE_UIP = "probable-uip", "Probable UIP"
        ORGANISING = "organising", "Organising pneumonia"
        MIXED = "mixed", "Mixed"
        OTHER = "other", "Other"

    class Comparison(models.TextChoices):
        PROGRESSED = "progressed", "Progressed"
        STABLE = "stable", "Stable"
        IMPROVED = "improved", "Improved"
        FIRST = "first", "No earlier scan"

    ild = yes_no("ILD")
    extent_pct = number("extent (% of the lung)", 4, 1)
    pattern = models.CharField(max_length=12, choices=Pattern, blank=True)
    comparison = models.CharField("against the earlier scan", max_length=10, choices=Comparison, blank=True)

    class Meta(Assessment.Meta):
        verbose_name = "HRCT"
        verbose_name_plural = "HRCT"
        constraints = [
            *assessment_constraints("hrct", "HRCT", ("ild", "extent_pct"), ("pattern", "comparison")),
            models.CheckConstraint(
                condition=between("extent_pct", 0, 100),
                name="hrct_extent_0_to_100",
                violation_error_message="The extent is 0 to 100 per cent of the lung. [hrct-extent]",
            ),
            models.CheckConstraint(
                condition=Q(ild=True) | Q(extent_pct=None, pattern=""),
                name="hrct_extent_of_ild",
                violation_error_message="Extent and pattern belong to a scan with ILD. [hrct-without-ild]",
            ),
            models.CheckConstraint(
                condition=Q(pattern__in=["", "nsip", "uip", "probable-uip", "organising", "mixed", "other"])
                & Q(comparison__in=["", "progressed", "stable", "improved", "first"]),
                name="hrct_words_known",
                violation_error_message="Pattern and comparison are words of their lists. [hrct-word]",
            ),
        ]
