"""Records of the trial, one module per noun."""

from cart.models.bridging import BridgingTherapy
from cart.models.chelation import Chelation
from cart.models.conditioning import ConditioningCourse, ConditioningDose
from cart.models.custody import CustodyEvent, ScanAttempt
from cart.models.endpoint import EndpointDefinition, EndpointResult, Evaluation, Run
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure, TherapyClass
from cart.models.infusion import Administration, InfusionComponent, InfusionCourse
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
from cart.models.stale import StaleSubject
from cart.models.study import Arm, PlannedVisit, ProtocolVersion, Site, Study
from cart.models.subject import Consent, Subject, Visit

__all__ = [
    "ROLES_WITHOUT_TITERS",
    "WRITING_ROLES",
    "Administration",
    "Apheresis",
    "Arm",
    "BridgingTherapy",
    "Chelation",
    "ConcomitantTherapy",
    "ConditioningCourse",
    "ConditioningDose",
    "Consent",
    "CustodyEvent",
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
    "ScanAttempt",
    "Site",
    "StaleSubject",
    "Study",
    "StudyDrugExposure",
    "Subject",
    "Target",
    "TherapyClass",
    "Visit",
]
