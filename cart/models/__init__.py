"""Records of the trial, one module per noun."""

from cart.models.assessment import Assessment
from cart.models.bridging import BridgingTherapy
from cart.models.chelation import Chelation
from cart.models.conditioning import ConditioningCourse, ConditioningDose
from cart.models.criterion import EligibilityCriterion
from cart.models.custody import CustodyEvent, ScanAttempt
from cart.models.cut import CutTable, DataCut
from cart.models.disability import GlobalAssessment, HealthQuestionnaire
from cart.models.disposition import Disposition
from cart.models.eligibility import EligibilityAnswer, EligibilityAssessment, EligibilityDecision
from cart.models.endpoint import EndpointDefinition, EndpointResult, Evaluation, Run, RunPart
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure, TherapyClass
from cart.models.heart import Echocardiogram, RightHeartCatheter
from cart.models.infusion import Administration, InfusionComponent, InfusionCourse
from cart.models.lung import DiffusingCapacity, HrctScan, LungUltrasound, Spirometry
from cart.models.membership import ROLES_WITHOUT_TITERS, WRITING_ROLES, Membership, Role
from cart.models.panel import Panel, PanelAnalyte, PlannedPanel
from cart.models.product import (
    Apheresis,
    Lot,
    Product,
    ReleaseSpecification,
    ReleaseTest,
    Target,
)
from cart.models.query import DataQuery, DataQueryMessage
from cart.models.randomisation import Allocation, RandomisationList
from cart.models.record_state import RecordCompletion, WarningOverride
from cart.models.skin import DigitalUlcerCount, SkinScore
from cart.models.stale import StaleSubject
from cart.models.study import Arm, Cohort, PlannedVisit, ProtocolVersion, Site, Study
from cart.models.subject import Consent, Subject, Visit
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
    "Allocation",
    "Apheresis",
    "Arm",
    "Assessment",
    "BridgingTherapy",
    "Capillaroscopy",
    "Chelation",
    "Cohort",
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
    "Disposition",
    "Echocardiogram",
    "EligibilityAnswer",
    "EligibilityAssessment",
    "EligibilityCriterion",
    "EligibilityDecision",
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
    "Panel",
    "PanelAnalyte",
    "PlannedPanel",
    "PlannedVisit",
    "Product",
    "ProtocolVersion",
    "RandomisationList",
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
    "Subject",
    "Target",
    "TherapyClass",
    "Visit",
    "WarningOverride",
]
