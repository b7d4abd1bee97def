"""Records of the trial, one module per noun."""

from cart.models.conditioning import Chelation, ConditioningCourse, ConditioningDose
from cart.models.criterion import EligibilityCriterion
from cart.models.disposition import Disposition
from cart.models.eligibility import EligibilityAnswer, EligibilityAssessment, EligibilityDecision
from cart.models.endpoint import EndpointDefinition, EndpointResult, Evaluation, Run
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure, TherapyClass
from cart.models.infusion import Administration, InfusionComponent, InfusionCourse
from cart.models.membership import ROLES_WITHOUT_TITERS, WRITING_ROLES, Membership, Role
from cart.models.panel import Panel, PanelAnalyte, PlannedPanel
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
from cart.models.randomisation import Allocation, RandomisationList
from cart.models.stale import StaleSubject
from cart.models.study import Arm, Cohort, PlannedVisit, ProtocolVersion, Site, Study
from cart.models.subject import Consent, Subject, Visit

__all__ = [
    "ROLES_WITHOUT_TITERS",
    "WRITING_ROLES",
    "Administration",
    "Allocation",
    "Apheresis",
    "Arm",
    "Chelation",
    "Cohort",
    "ConcomitantTherapy",
    "ConditioningCourse",
    "ConditioningDose",
    "Consent",
    "CustodyEvent",
    "DataQuery",
    "DataQueryMessage",
    "Disposition",
    "EligibilityAnswer",
    "EligibilityAssessment",
    "EligibilityCriterion",
    "EligibilityDecision",
    "EndpointDefinition",
    "EndpointResult",
    "Evaluation",
    "InfusionComponent",
    "InfusionCourse",
    "Lot",
    "Membership",
    "Panel",
    "PanelAnalyte",
    "PlannedPanel",
    "PlannedVisit",
    "Product",
    "ProtocolVersion",
    "RandomisationList",
    "ReleaseSpecification",
    "ReleaseTest",
    "Role",
    "Run",
    "Site",
    "StaleSubject",
    "Study",
    "StudyDrugExposure",
    "Subject",
    "Target",
    "TherapyClass",
    "Visit",
]
