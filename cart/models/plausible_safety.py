"""Soft limits of safety records: days on which a syndrome is seldom, gravity without seriousness.

Limits are own design for data entry, not from a source: they ask, they refuse nothing.
"""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Min

from cart.endpoints.timing import PartialDate
from cart.models.adverse_event import AdverseEvent
from cart.models.infusion import InfusionComponent
from cart.models.plausible import SoftWarning, outside, register_check
from cart.models.subject import Consent
from cart.models.syndrome import CrsAssessment, IcansAssessment

TEMPERATURE_C = (Decimal("35.0"), Decimal("42.0"))
# From the first infusion on.
SYNDROME_DAYS = (0, 60)
SERIOUS_FROM_GRADE = 4


def _syndrome(record: CrsAssessment | IcansAssessment) -> Iterator[SoftWarning]:
    """A day before the cells, or long after them."""
    found = InfusionComponent.objects.filter(subject=record.subject_id).aggregate(first=Min("started_at"))["first"]
    if found is None:
        return
    days = (record.assessed_on - found.astimezone(record.subject.site.zone).date()).days
    if not SYNDROME_DAYS[0] <= days <= SYNDROME_DAYS[1]:
        yield SoftWarning(
            "assessed_on",
            "unusual-day",
            f"Usually day {SYNDROME_DAYS[0]} to {SYNDROME_DAYS[1]} after the infusion; found day {days}. [unusual-day]",
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
    consented = Consent.objects.filter(subject=record.subject_id).aggregate(first=Min("signed_on"))["first"]
    # A month in which the consent lies is not before it.
    if consented is not None and PartialDate(record.started).latest < consented:
        yield SoftWarning(
            "started",
            "unusual-day",
            f"Usually from the first consent on, which was on {consented}; found {record.started}. [unusual-day]",
        )


register_check(AdverseEvent, _event)
for _kind in (CrsAssessment, IcansAssessment):
    register_check(_kind, _syndrome)
register_check(CrsAssessment, _crs)
