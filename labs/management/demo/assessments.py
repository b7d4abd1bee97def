"""Assessments of the synthetic subjects, entered as forms are: one record at a visit, checked, asked about."""

from collections.abc import Iterator
from decimal import Decimal

from cart.actions.assessments import ask_about_differences
from cart.endpoints.clinical_frames import ITEMS_OF
from cart.models import (
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
    SkinScore,
    Spirometry,
    Subject,
    Visit,
)
from cart.models.lung import ZONES
from labs.management.demo.course import PLANS
from labs.management.demo.disease import (
    DISEASE_PLANS,
    HEIGHT_CM,
    IMAGE_VISITS,
    LUNG_VISITS,
    DiseasePlan,
    VisitFindings,
    findings_of,
)
from trialsite.audit.context import acting

ASSESSOR = "skin.assessor"
REASON = "entry from source documents"


def enter_assessments(subject: Subject, number: int, *, actor: str) -> None:
    """Everything that the visits of one subject found; the skin by its blinded assessor."""
    visits = {visit.planned.code: visit for visit in subject.visits.select_related("planned") if visit.planned}
    for found in findings_of(number):
        visit = visits[found.code]
        _enter(SkinScore(**_at(subject, visit, found), blinded=True, **found.sites), actor=ASSESSOR)
        for record in _of_visit(subject, visit, number, found):
            _enter(record, actor=actor)


def _enter(record: Assessment, *, actor: str) -> None:
    with acting(actor=actor, reason=REASON):
        record.full_clean()
        record.save()
    ask_about_differences(record=record, actor=actor, reason="differs from the computed value")


def _at(subject: Subject, visit: Visit, found: VisitFindings) -> dict[str, object]:
    return {"subject": subject, "visit": visit, "assessed_on": found.on, "assessor": f"{subject.site.code}-07"}


def _of_visit(subject: Subject, visit: Visit, number: int, found: VisitFindings) -> Iterator[Assessment]:
    at, disease = _at(subject, visit, found), DISEASE_PLANS[number]
    if found.code in LUNG_VISITS:
        answers = {item: found.haq[name] for name, items in ITEMS_OF.items() for item in items}
        yield HealthQuestionnaire(**at, **answers)
        yield GlobalAssessment(
            **at,
            patient_global=Decimal(str(found.patient)),
            physician_global=Decimal(str(found.physician)),
            skin_worse=found.code == "BL",
        )
        yield DigitalUlcerCount(**at, active=found.ulcers, new=0)
        yield from _lung(at, found)
    if found.code in ("BL", "M6", "M12"):
        yield _findings(at, number, disease)
    if found.code in IMAGE_VISITS:
        yield from _images(at, disease, found)


def _lung(at: dict[str, object], found: VisitFindings) -> Iterator[Assessment]:
    if found.lung_not_done:
        empty = {**at, "not_done_reason": found.lung_not_done}
        yield Spirometry(**empty)
        yield DiffusingCapacity(**empty)
        return
    on_device = {**at, "height_cm": Decimal(str(HEIGHT_CM)), "quality": "A", "device_reference": "GLI Global"}
    yield Spirometry(
        **on_device,
        fvc_l=Decimal(str(found.fvc_l)),
        fev1_l=Decimal(str(found.fev1_l)),
        device_fvc_pct=Decimal(str(found.fvc_pct)),
    )
    yield DiffusingCapacity(
        **on_device,
        dlco=Decimal(str(found.dlco)),
        unit=DiffusingCapacity.Unit.SI,
        haemoglobin_g_dl=Decimal(str(found.haemoglobin)),
        device_pct=Decimal(str(found.dlco_pct)),
        device_corrected=True,
    )


def _findings(at: dict[str, object], number: int, disease: DiseasePlan) -> DiseaseFindings:
    topo1 = PLANS[number].antibody == "ATA"
    return DiseaseFindings(
        **at,
        raynaud=True,
        puffy=True,
        skin_prox_mcp=True,
        sclerodactyly=True,
        tip_ulcer=disease.mrss[0] > 20,
        pitting=disease.mrss[0] > 24,
        telangiectasia=number % 2 == 0,
        nailfold=True,
        pah=False,
        ild=disease.ild,
        ana=True,
        aca=False,
        topo1=topo1,
        topo1_high=topo1 and disease.high_titer,
        rnap3=not topo1,
        other_ssc_antibody=False,
        tendon_friction_rubs=disease.mrss[0] > 28,
        renal_crisis=False,
    )


def _images(at: dict[str, object], disease: DiseasePlan, found: VisitFindings) -> Iterator[Assessment]:
    first = found.code == "BL"
    worse = disease.fvc_pct[1] < disease.fvc_pct[0]
    later = HrctScan.Comparison.PROGRESSED if worse else HrctScan.Comparison.STABLE
    yield HrctScan(
        **at,
        ild=disease.ild,
        pattern=HrctScan.Pattern.NSIP if disease.ild else "",
        extent_pct=Decimal(round(40 - disease.fvc_pct[0] / 3)) if disease.ild else None,
        comparison=HrctScan.Comparison.FIRST if first else later,
    )
    yield Echocardiogram(**at, trv_m_s=Decimal("2.45"), rap_mmhg=Decimal(5), tapse_mm=Decimal(22), lvef_pct=Decimal(61))
    lines = 2 if disease.ild else 0
    yield LungUltrasound(**at, **dict.fromkeys(ZONES, lines), pleural_irregularity=disease.ild)
    yield Capillaroscopy(
        **at,
        pattern=Capillaroscopy.Pattern.ACTIVE,
        capillaries_per_mm=Decimal("5.5"),
        giant_capillaries=6,
        haemorrhages=4,
    )
