"""Soft limits of specimens entered by hand: collection and its steps on days that fit the subject and each other.

Limits are own design for data entry, not from a source: they ask, they refuse nothing.
"""

from collections.abc import Iterator

from django.utils import timezone

from cart.endpoints.timing import PartialDate
from cart.models.plausible import SoftWarning, before_consent, register_check, unusual_day
from cart.models.subject import LARGEST_UTC_OFFSET
from labs.models.specimen import Specimen

DAYS_FROM_VISIT = 14


def _specimen(specimen: Specimen) -> Iterator[SoftWarning]:
    collected = PartialDate(specimen.collected)
    # The latest that any clock shows: a site east of the server may be a day ahead of it.
    if collected.earliest > (timezone.now() + LARGEST_UTC_OFFSET).date():
        yield unusual_day(
            "collected", f"What is recorded has happened; found {collected.text}, which is still to come."
        )
    yield from before_consent("collected", specimen.subject_id, collected.latest, collected.text)
    for name in ("received", "processed"):
        text = getattr(specimen, name)
        if text and PartialDate(text).latest < collected.earliest:
            yield unusual_day(name, f"A specimen is {name} after it was collected, {collected.text}; found {text}.")
    on = specimen.visit.occurred_on if specimen.visit is not None else None
    if on is not None and collected.complete and abs((collected.earliest - on).days) > DAYS_FROM_VISIT:
        days = abs((collected.earliest - on).days)
        yield SoftWarning(
            "collected",
            "off-visit",
            f"Usually within {DAYS_FROM_VISIT} days of the visit, which was on {on}; found {days} days. [off-visit]",
        )


register_check(Specimen, _specimen)
