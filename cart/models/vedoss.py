"""Early and classified disease: capillaroscopy, and the findings of red flags, classification and activity."""

from django.db import models
from django.db.models import Q

from cart.endpoints.clinical_frames import FINDING_COLUMNS
from cart.models.assessment import Assessment, assessment_constraints, between, number, score, yes_no


class Capillaroscopy(Assessment):
    """Nailfold capillaroscopy: pattern and counts."""

    class Pattern(models.TextChoices):
        NORMAL = "normal", "Normal"
        NON_SPECIFIC = "non-specific", "Non-specific"
        EARLY = "early", "Scleroderma, early"
        ACTIVE = "active", "Scleroderma, active"
        LATE = "late", "Scleroderma, late"

    pattern = models.CharField(max_length=12, choices=Pattern, blank=True)
    capillaries_per_mm = number("capillaries per mm", 4, 1)
    giant_capillaries = score("giant capillaries", 200)
    haemorrhages = score("microhaemorrhages", 200)

    class Meta(Assessment.Meta):
        verbose_name = "capillaroscopy"
        verbose_name_plural = "capillaroscopies"
        constraints = [
            *assessment_constraints(
                "capillaroscopy",
                "capillaroscopy",
                ("capillaries_per_mm", "giant_capillaries", "haemorrhages"),
                ("pattern",),
            ),
            models.CheckConstraint(
                condition=Q(pattern__in=["", "normal", "non-specific", "early", "active", "late"]),
                name="capillaroscopy_pattern_known",
                violation_error_message="A pattern is normal, non-specific, early, active or late. [capillary-pattern]",
            ),
            models.CheckConstraint(
                condition=between("capillaries_per_mm", 0, 20)
                & between("giant_capillaries", 0, 200)
                & between("haemorrhages", 0, 200),
                name="capillaroscopy_counts",
                violation_error_message="Capillaries per mm are 0 to 20, other counts 0 to 200. [capillary-count]",
            ),
        ]


class DiseaseFindings(Assessment):
    """Findings that are asked once and read by several indices, each yes, no or not assessed.

    The items of ACR/EULAR 2013 and the red flags of VEDOSS overlap (Raynaud, puffy fingers, antibodies, nailfold):
    two forms would let them disagree.
    """

    raynaud = yes_no("Raynaud's phenomenon")
    puffy = yes_no("puffy fingers")
    skin_prox_mcp = yes_no("skin thick proximal to the MCP joints", "Of the fingers of both hands.")
    sclerodactyly = yes_no("sclerodactyly")
    tip_ulcer = yes_no("digital tip ulcers", "Now or in the past.")
    pitting = yes_no("fingertip pitting scars")
    telangiectasia = yes_no("telangiectasia")
    nailfold = yes_no("scleroderma pattern in capillaroscopy")
    pah = yes_no("PAH")
    ild = yes_no("ILD")
    ana = yes_no("ANA positive")
    aca = yes_no("anticentromere positive")
    topo1 = yes_no("anti-topoisomerase I positive")
    topo1_high = yes_no("anti-topoisomerase I high", "Above the study's limit of a high titer.")
    rnap3 = yes_no("anti-RNA polymerase III positive")
    other_ssc_antibody = yes_no("other SSc-specific antibody", "Such as anti-Th/To, U3-RNP.")
    tendon_friction_rubs = yes_no("tendon friction rubs")
    renal_crisis = yes_no("scleroderma renal crisis", "New since the assessment before.")

    class Meta(Assessment.Meta):
        verbose_name = "findings of the disease"
        verbose_name_plural = "findings of the disease"
        constraints = [
            *assessment_constraints("findings", "findings", FINDING_COLUMNS),
            models.CheckConstraint(
                condition=Q(topo1_high=None) | Q(topo1_high=False) | Q(topo1=True),
                name="findings_high_is_positive",
                violation_error_message="A high anti-topoisomerase I is a positive one. [topo1-high]",
            ),
        ]
