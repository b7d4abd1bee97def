"""One assessment of each kind, with plausible values; ``changes`` override fields of a kind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from cart.endpoints.clinical_frames import FINDING_COLUMNS
from cart.models import (
    ASSESSMENTS,
    Assessment,
    Capillaroscopy,
    DiffusingCapacity,
    DigitalUlcerCount,
    DiseaseFindings,
    Echocardiogram,
    GlobalAssessment,
    HealthQuestionnaire,
    HrctScan,
    LungUltrasound,
    PlannedVisit,
    ProtocolVersion,
    RightHeartCatheter,
    SkinScore,
    Spirometry,
    Subject,
    Visit,
)
from cart.models.disability import ANSWERS
from cart.models.lung import ZONES
from cart.models.skin import SITE_NAMES

ON = dt.date(2024, 3, 1)
VALUES = {
    SkinScore: dict.fromkeys(SITE_NAMES, 1),
    DigitalUlcerCount: {"active": 2, "new": 1},
    HealthQuestionnaire: dict.fromkeys(ANSWERS, 1),
    GlobalAssessment: {"patient_global": Decimal("5.5"), "physician_global": Decimal(5), "skin_worse": True},
    Spirometry: {"fvc_l": Decimal("2.60"), "fev1_l": Decimal("2.10"), "height_cm": Decimal(168), "quality": "A"},
    DiffusingCapacity: {"dlco": Decimal("5.0"), "unit": "mmol/min/kPa", "height_cm": Decimal(168)},
    LungUltrasound: {**dict.fromkeys(ZONES, 1), "pleural_irregularity": False},
    HrctScan: {"ild": True, "pattern": "nsip", "extent_pct": Decimal(15), "comparison": "first"},
    Echocardiogram: {"trv_m_s": Decimal("2.87"), "rap_mmhg": Decimal(5), "tapse_mm": Decimal(20)},
    RightHeartCatheter: {"mpap_mmhg": Decimal(28), "pawp_mmhg": Decimal(10), "cardiac_output_l_min": Decimal("4.5")},
    Capillaroscopy: {"pattern": "active", "giant_capillaries": 4},
    DiseaseFindings: dict.fromkeys(FINDING_COLUMNS, False) | {"raynaud": True},
}
assert set(VALUES) == set(ASSESSMENTS)


def assessment(kind: type[Assessment], subject: Subject, on: dt.date | None = ON, **changes: object) -> Assessment:
    """An unsaved assessment of a kind."""
    return kind(**{"subject": subject, "assessed_on": on, **VALUES[kind], **changes})


def not_done(kind: type[Assessment], subject: Subject, **more: object) -> Assessment:
    """An unsaved one that was not done, without values."""
    return kind(**{"subject": subject, "assessed_on": ON, "not_done_reason": "subject too unwell", **more})


def planned_visit(subject: Subject, code: str = "M3", target_day: int = 91) -> Visit:
    """A visit of the subject that took place on ``ON``."""
    protocol, _ = ProtocolVersion.objects.get_or_create(study=subject.study, number=1, defaults={"effective_on": ON})
    planned, _ = PlannedVisit.objects.get_or_create(
        protocol=protocol,
        code=code,
        defaults={
            "name": code,
            "target_day": target_day,
            "window_low_day": target_day - 14,
            "window_high_day": target_day + 14,
        },
    )
    return Visit.objects.create(subject=subject, planned=planned, occurred_on=ON)
