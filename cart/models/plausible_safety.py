"""Soft limits of safety records: days on which a syndrome is seldom, gravity without seriousness.

Limits are own design for data entry, not from a source: they ask, they refuse nothing.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Max

from cart.endpoints.timing import PartialDate
from cart.models.adverse_event import AdverseEvent
from cart.models.infection import Infection
from cart.models.late_effects import Death, Pregnancy, SecondMalignancy
from cart.models.plausible import SoftWarning, before_consent, outside, register_check, unusual_day
from cart.models.plausible_product import first_infusion_day
from cart.models.subject import Subject, Visit
from cart.models.syndrome import CrsAssessment, IcansAssessment

TEMPERATURE_C = (Decimal("35.0"), Decimal("42.0"))
# From the first infusion on.
SYNDROME_DAYS = (0, 60)
SERIOUS_FROM_GRADE = 4


def _syndrome(record: CrsAssessment | IcansAssessment) -> Iterator[SoftWarning]:
    """A day before the cells, or long after them."""
    zero = first_infusion_day(record.subject)
    if zero is None:
        return
    days = (record.assessed_on - zero).days
    if not SYNDROME_DAYS[0] <= days <= SYNDROME_DAYS[1]:
        yield unusual_day(
            "assessed_on",
            f"Usually day {SYNDROME_DAYS[0]} to {SYNDROME_DAYS[1]} after the infusion; found day {days}.",
        )


def _crs(record: CrsAssessment) -> Iterator[SoftWarning]:
    yield from outside("temperature_max_c", record.temperature_max_c, TEMPERATURE_C, "°C")


def _event(record: AdverseEvent) -> Iterator[SoftWarning]:
    if record.grade >= SERIOUS_FROM_GRADE and not record.serious:
        yield SoftWarning(
            "serious",
            "seldom-not-serious",
            f"An event of grade {record.grade} is usually serious; found one that is not. [seldom-not-serious]",
        )
    started = PartialDate(record.started)
    yield from before_consent("started", record.subject_id, started.latest, record.started)


def _infection(record: Infection) -> Iterator[SoftWarning]:
    started = PartialDate(record.started)
    yield from before_consent("started", record.subject_id, started.latest, record.started)


def _after_infusion(name: str, subject: Subject, latest: dt.date, found: object) -> Iterator[SoftWarning]:
    """What is watched for because of the cells, dated before them."""
    zero = first_infusion_day(subject)
    if zero is not None and latest < zero:
        yield unusual_day(name, f"Usually from the infusion on, which was on {zero}; found {found}.")


def _malignancy(record: SecondMalignancy) -> Iterator[SoftWarning]:
    yield from _after_infusion("diagnosed", record.subject, PartialDate(record.diagnosed).latest, record.diagnosed)


def _pregnancy(record: Pregnancy) -> Iterator[SoftWarning]:
    if record.of == Pregnancy.Of.SUBJECT and record.subject.sex == Subject.Sex.MALE:
        yield SoftWarning(
            "of",
            "unusual-value",
            "A pregnancy of a subject recorded as male is usually that of the partner; found that of the subject. "
            "[unusual-value]",
        )


def _death(record: Death) -> Iterator[SoftWarning]:
    died = PartialDate(record.died).latest
    last = Visit.objects.filter(subject=record.subject_id).aggregate(last=Max("occurred_on"))["last"]
    if last is not None and died < last:
        yield unusual_day(
            "died", f"Usually not before the last visit, which took place on {last}; found {record.died}."
        )


for _model, _check in (
    (AdverseEvent, _event),
    (Infection, _infection),
    (SecondMalignancy, _malignancy),
    (Pregnancy, _pregnancy),
    (Death, _death),
):
    register_check(_model, _check)
for _kind in (CrsAssessment, IcansAssessment):
    register_check(_kind, _syndrome)
register_check(CrsAssessment, _crs)
