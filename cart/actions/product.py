"""Release of a lot against the specification of its product version."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

from cart.models import Lot, ReleaseSpecification, ReleaseTest
from trialsite.audit.context import acting

_COMPARE = {
    "ge": lambda value, limit: value >= limit,
    "gt": lambda value, limit: value > limit,
    "le": lambda value, limit: value <= limit,
    "lt": lambda value, limit: value < limit,
}


def meets_specification(test: ReleaseTest) -> bool:
    """Does the result meet its criterion? A numeric criterion needs a number, 'negative' the word."""
    specification: ReleaseSpecification = test.specification
    if specification.comparison == ReleaseSpecification.Comparison.NEGATIVE:
        return bool(test.received_text.strip().lower() == "negative")
    if test.value is None or specification.limit is None:
        return False
    return bool(_COMPARE[specification.comparison](test.value, specification.limit))


def release_lot(*, lot: Lot, released_at: dt.datetime, actor: str, reason: str) -> Lot:
    """Release a lot whose tests all pass; conditionally where only tests that may follow are missing.

    Raises
    ------
    ValidationError
        Naming the tests that fail or are missing; the lot stays as it is.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        locked = Lot.objects.select_for_update().get(pk=lot.pk)
        latest: dict[int, ReleaseTest] = {}
        for test in locked.release_tests.select_related("specification").order_by("tested_on", "pk"):
            latest[test.specification_id] = test
        specifications = list(locked.product.specifications.all())
        if not specifications:
            raise ValidationError(f"Product {locked.product} has no release specification. [no-specification]")
        failed = [t.specification.test for t in latest.values() if not (t.passed and meets_specification(t))]
        missing = [s for s in specifications if s.pk not in latest]
        blocking = [s.test for s in missing if not s.may_follow_release]
        if failed or blocking:
            parts = [f"failed: {', '.join(failed)}"] * bool(failed) + [f"missing: {', '.join(blocking)}"] * bool(
                blocking
            )
            raise ValidationError(f"Lot {locked} cannot be released; {'; '.join(parts)}. [release-tests]")
        locked.state = Lot.State.CONDITIONALLY_RELEASED if missing else Lot.State.RELEASED
        locked.released_at = released_at
        locked.full_clean()
        locked.save(update_fields=["state", "released_at"])
    return locked
