"""Capillaroscopy, and the findings that red flags, classification and activity read."""

from django.contrib import admin

from cart.admin.assessment import AssessmentAdmin, sections
from cart.models import Capillaroscopy, DiseaseFindings


@admin.register(Capillaroscopy)
class CapillaroscopyAdmin(AssessmentAdmin):
    """Nailfold capillaroscopy."""

    list_filter = (*AssessmentAdmin.list_filter, "pattern")
    fieldsets = sections(
        ("Nailfold", (("pattern", "capillaries_per_mm"), ("giant_capillaries", "haemorrhages"), "computed"))
    )


@admin.register(DiseaseFindings)
class DiseaseFindingsAdmin(AssessmentAdmin):
    """Items of ACR/EULAR 2013, red flags of VEDOSS, and what activity and response ask for."""

    fieldsets = sections(
        ("Red flags", (("raynaud", "puffy", "ana"), ("nailfold", "computed"))),
        (
            "Skin and vessels",
            (("skin_prox_mcp", "sclerodactyly"), ("tip_ulcer", "pitting", "telangiectasia")),
        ),
        ("Antibodies", (("aca", "topo1", "topo1_high"), ("rnap3", "other_ssc_antibody"))),
        ("Organs", (("pah", "ild"), ("tendon_friction_rubs", "renal_crisis"))),
    )
