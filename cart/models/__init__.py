"""Records of the trial, one module per noun."""

from cart.models.conditioning import Chelation, ConditioningCourse, ConditioningDose
from cart.models.cut import CutTable, DataCut
from cart.models.endpoint import EndpointDefinition, EndpointResult, Evaluation, Run, RunPart
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure, TherapyClass
from cart.models.infusion import Administration, InfusionComponent, InfusionCourse
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
from cart.models.stale import StaleSubject
from cart.models.study import Arm, PlannedVisit, ProtocolVersion, Site, Study
from cart.models.subject import Consent, Subject, Visit
from cart.models.summary import StudySummary, SummaryStatistic

__all__ = [
    "ROLES_WITHOUT_TITERS",
    "WRITING_ROLES",
    "Administration",
    "Apheresis",
    "Arm",
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
    "EndpointDefinition",
    "EndpointResult",
    "Evaluation",
    "InfusionComponent",
    "InfusionCourse",
    "Lot",
    "Membership",
    "PlannedVisit",
    "Product",
    "ProtocolVersion",
    "ReleaseSpecification",
    "ReleaseTest",
    "Role",
    "Run",
    "RunPart",
    "Site",
    "StaleSubject",
    "Study",
    "StudyDrugExposure",
    "StudySummary",
    "Subject",
    "SummaryStatistic",
    "Target",
    "TherapyClass",
    "Visit",
]
