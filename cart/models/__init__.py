"""Records of the trial, one module per noun."""

from cart.models.assessment import Assessment
from cart.models.bridging import BridgingTherapy
from cart.models.chelation import Chelation
from cart.models.conditioning import ConditioningCourse, ConditioningDose
from cart.models.custody import CustodyEvent, ScanAttempt
from cart.models.cut import CutTable, DataCut
from cart.models.disability import GlobalAssessment, HealthQuestionnaire
from cart.models.endpoint import EndpointDefinition, EndpointResult, Evaluation, Run, RunPart
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure, TherapyClass
from cart.models.heart import Echocardiogram, RightHeartCatheter
from cart.models.infusion import Administration, InfusionComponent, InfusionCourse
from cart.models.lung import DiffusingCapacity, HrctScan, LungUltrasound, Spirometry
from cart.models.membership import ROLES_WITHOUT_TITERS, WRITING_ROLES, Membership, Role
from cart.models.product import (
    Apheresis,
    Lot,
    Product,
    ReleaseSpecification,
    ReleaseTest,
    Target,
)
from cart.models.query import DataQuery, DataQueryMessage
from cart.models.record_state import RecordCompletion, WarningOverride
from cart.models.skin import DigitalUlcerCount, SkinScore
from cart.models.stale import StaleSubject
from cart.models.study import Arm, PlannedVisit, ProtocolVersion, Site, Study
from cart.models.subject import Consent, Subject, Visit
from cart.models.summary import StudySummary, SummaryStatistic
from cart.models.vedoss import Capillaroscopy, DiseaseFindings

# In the order in which a visit is entered.
ASSESSMENTS: tuple[type[Assessment], ...] = (
    SkinScore,
    DigitalUlcerCount,
    HealthQuestionnaire,
    GlobalAssessment,
    Spirometry,
    DiffusingCapacity,
    LungUltrasound,
    HrctScan,
    Echocardiogram,
    RightHeartCatheter,
    Capillaroscopy,
    DiseaseFindings,
)

__all__ = [
    "ASSESSMENTS",
    "ROLES_WITHOUT_TITERS",
    "WRITING_ROLES",
    "Administration",
    "Apheresis",
    "Arm",
    "Assessment",
    "BridgingTherapy",
    "Capillaroscopy",
    "Chelation",
    "ConcomitantTherapy",
    "ConditioningCourse",
    "ConditioningDose",
    "Consent",
    "CustodyEvent",
    "CutTable",
    "DataCut",
    "DataQuery",
    "DataQueryMessage",
    "DiffusingCapacity",
    "DigitalUlcerCount",
    "DiseaseFindings",
    "Echocardiogram",
    "EndpointDefinition",
    "EndpointResult",
    "Evaluation",
    "GlobalAssessment",
    "HealthQuestionnaire",
    "HrctScan",
    "InfusionComponent",
    "InfusionCourse",
    "Lot",
    "LungUltrasound",
    "Membership",
    "PlannedVisit",
    "Product",
    "ProtocolVersion",
    "RecordCompletion",
    "ReleaseSpecification",
    "ReleaseTest",
    "RightHeartCatheter",
    "Role",
    "Run",
    "RunPart",
    "ScanAttempt",
    "Site",
    "SkinScore",
    "Spirometry",
    "StaleSubject",
    "Study",
    "StudyDrugExposure",
    "StudySummary",
    "Subject",
    "SummaryStatistic",
    "Target",
    "TherapyClass",
    "Visit",
    "WarningOverride",
]
