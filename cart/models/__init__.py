"""Records of the trial, one module per noun."""

from cart.models.adverse_event import AdverseEvent, Relatedness, SpecialInterest
from cart.models.conditioning import Chelation, ConditioningCourse, ConditioningDose
from cart.models.cut import CutTable, DataCut
from cart.models.endpoint import EndpointDefinition, EndpointResult, Evaluation, Run, RunPart
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure, TherapyClass
from cart.models.hyperinflammation import IecHsAssessment
from cart.models.infection import Infection
from cart.models.infusion import Administration, InfusionComponent, InfusionCourse
from cart.models.late_effects import Death, Pregnancy, RclTest, SecondMalignancy
from cart.models.membership import ROLES_WITHOUT_TITERS, WRITING_ROLES, Membership, Role
from cart.models.product import (
    Apheresis,
    CustodyEvent,
    Lot,
    Product,
    ReleaseSpecification,
    ReleaseTest,
    Target,
)
from cart.models.query import DataQuery, DataQueryMessage
from cart.models.record_state import RecordCompletion, WarningOverride
from cart.models.stale import StaleSubject
from cart.models.study import Arm, PlannedVisit, ProtocolVersion, Site, Study
from cart.models.subject import Consent, Subject, Visit
from cart.models.syndrome import CrsAssessment, IcansAssessment, SyndromeCourse
from cart.models.therapy_dose import TherapyDose

__all__ = [
    "ROLES_WITHOUT_TITERS",
    "WRITING_ROLES",
    "Administration",
    "AdverseEvent",
    "Apheresis",
    "Arm",
    "Chelation",
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
    "EndpointDefinition",
    "EndpointResult",
    "Evaluation",
    "IcansAssessment",
    "IecHsAssessment",
    "Infection",
    "InfusionComponent",
    "InfusionCourse",
    "Lot",
    "Membership",
    "PlannedVisit",
    "Pregnancy",
    "Product",
    "ProtocolVersion",
    "RclTest",
    "RecordCompletion",
    "Relatedness",
    "ReleaseSpecification",
    "ReleaseTest",
    "Role",
    "Run",
    "RunPart",
    "SecondMalignancy",
    "Site",
    "SpecialInterest",
    "StaleSubject",
    "Study",
    "StudyDrugExposure",
    "Subject",
    "SyndromeCourse",
    "Target",
    "TherapyClass",
    "TherapyDose",
    "Visit",
    "WarningOverride",
]
