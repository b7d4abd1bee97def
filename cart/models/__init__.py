"""Records of the trial, one module per noun."""

from cart.models.adverse_event import AdverseEvent, Relatedness, SpecialInterest
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
from cart.models.endpoint import EndpointDefinition, EndpointResult, Evaluation, InputUse, Run, RunPart
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure, TherapyClass
from cart.models.heart import Echocardiogram, RightHeartCatheter
from cart.models.hyperinflammation import IecHsAssessment
from cart.models.infection import Infection
from cart.models.infusion import Administration, InfusionComponent, InfusionCourse
from cart.models.late_effects import Death, Pregnancy, RclTest, SecondMalignancy
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
from cart.models.summary import StudySummary, SummaryStatistic
from cart.models.syndrome import CrsAssessment, IcansAssessment, SyndromeCourse
from cart.models.therapy_dose import TherapyDose
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
    "AdverseEvent",
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
    "CrsAssessment",
    "CustodyEvent",
    "CutTable",
    "DataCut",
    "DataQuery",
    "DataQueryMessage",
    "Death",
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
    "IcansAssessment",
    "IecHsAssessment",
    "Infection",
    "InfusionComponent",
    "InfusionCourse",
    "InputUse",
    "Lot",
    "LungUltrasound",
    "Membership",
    "Panel",
    "PanelAnalyte",
    "PlannedPanel",
    "PlannedVisit",
    "Pregnancy",
    "Product",
    "ProtocolVersion",
    "RandomisationList",
    "RclTest",
    "RecordCompletion",
    "Relatedness",
    "ReleaseSpecification",
    "ReleaseTest",
    "RightHeartCatheter",
    "Role",
    "Run",
    "RunPart",
    "ScanAttempt",
    "SecondMalignancy",
    "Site",
    "SkinScore",
    "SpecialInterest",
    "Spirometry",
    "StaleSubject",
    "Study",
    "StudyDrugExposure",
    "StudySummary",
    "Subject",
    "SummaryStatistic",
    "SyndromeCourse",
    "Target",
    "TherapyClass",
    "TherapyDose",
    "Visit",
    "WarningOverride",
]
