"""A soft limit of all that has happened: a day that is still to come is a slip of the year, or a plan."""

import datetime as dt
from collections.abc import Iterator
from functools import partial

from django.db.models import Model
from django.utils import timezone

from cart.endpoints.timing import PartialDate
from cart.models.adverse_event import AdverseEvent
from cart.models.bridging import BridgingTherapy
from cart.models.chelation import Chelation
from cart.models.conditioning import ConditioningDose
from cart.models.disposition import Disposition
from cart.models.exposure import ConcomitantTherapy, StudyDrugExposure
from cart.models.infection import Infection
from cart.models.infusion import InfusionComponent
from cart.models.late_effects import Death, Pregnancy, RclTest, SecondMalignancy
from cart.models.plausible import SoftWarning, register_check, unusual_day
from cart.models.product import Apheresis, Lot, ReleaseTest
from cart.models.subject import LARGEST_UTC_OFFSET, Visit
from cart.models.syndrome import CrsAssessment, IcansAssessment
from cart.models.therapy_dose import TherapyDose

# Assessments, consents and custody are refused in the future; these may be right where a clock or a time zone is not.
HAPPENED: dict[type[Model], tuple[str, ...]] = {
    Visit: ("occurred_on",),
    Disposition: ("occurred_on",),
    Apheresis: ("collected_at",),
    Lot: ("manufactured_on", "released_at"),
    ReleaseTest: ("tested_on",),
    BridgingTherapy: ("started", "stopped"),
    ConditioningDose: ("given_at",),
    Chelation: ("started_at", "stopped_at"),
    InfusionComponent: ("started_at", "stopped_at"),
    ConcomitantTherapy: ("started", "stopped"),
    TherapyDose: ("given_on",),
    StudyDrugExposure: ("started", "stopped"),
    AdverseEvent: ("started", "ended"),
    CrsAssessment: ("assessed_on",),
    IcansAssessment: ("assessed_on",),
    Infection: ("started", "ended"),
    SecondMalignancy: ("diagnosed", "transgene_tested_on"),
    RclTest: ("sampled_on",),
    Pregnancy: ("reported_on", "last_period", "outcome_on"),
    Death: ("died",),
}


def _still_to_come(record: Model, *, names: tuple[str, ...]) -> Iterator[SoftWarning]:
    # The latest that any clock shows: a site east of the server may be a day ahead of it.
    now = timezone.now()
    for name in names:
        found = getattr(record, name)
        if not found:
            continue
        if isinstance(found, dt.datetime):
            is_ahead = found > now
        else:
            day = PartialDate(found).earliest if isinstance(found, str) else found
            is_ahead = day > (now + LARGEST_UTC_OFFSET).date()
        if is_ahead:
            text = f"{found:%Y-%m-%d %H:%M} UTC" if isinstance(found, dt.datetime) else str(found)
            yield unusual_day(name, f"What is recorded has happened; found {text}, which is still to come.")


for _model, _names in HAPPENED.items():
    register_check(_model, partial(_still_to_come, names=_names))
