"""Release of a lot against the specification of its product version."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from cart.endpoints.product.release import PASS
from cart.models import Lot, ReleaseTest, Subject
from trialsite.audit.context import acting

# A conditional release is completed when the late results are there; every other state is not left by a release.
RELEASABLE = (Lot.State.IN_PROCESS, Lot.State.QUARANTINED, Lot.State.CONDITIONALLY_RELEASED)


def meets_specification(test: ReleaseTest) -> bool:
    """Does the result meet its criterion? A numeric criterion needs a number, 'negative' the word.

    What cannot be told (``<10`` against "less than 5") does not.
    """
    return test.judgement() == PASS


def _passes(test: ReleaseTest) -> bool:
    return test.passed and meets_specification(test)


def _latest_tests(tests: QuerySet[ReleaseTest]) -> list[ReleaseTest]:
    """The latest test of each lot and criterion."""
    latest = {
        (test.lot_id, test.specification_id): test
        for test in tests.select_related("specification", "lot").order_by("tested_on", "pk")
    }
    return list(latest.values())


def late_failures(subject: Subject) -> list[ReleaseTest]:
    """Failed release tests of lots that may be, or were, given to the subject: results that came after release."""
    released = ReleaseTest.objects.filter(lot__subject=subject, lot__state__in=Lot.INFUSABLE)
    return [test for test in _latest_tests(released) if not _passes(test)]


def allowed_release(*, lot: Lot, at: dt.datetime) -> Lot.State:
    """Released, or conditionally released where tests that may follow had no result at that time.

    Of several results of one test the latest counts. A failure counts whenever it was found; a pass only from
    its date on, in the site's time.

    Raises
    ------
    ValidationError
        Naming the tests that fail or are missing.
    """
    latest = {test.specification_id: test for test in _latest_tests(lot.release_tests.all())}
    specifications = list(lot.product.specifications.all())
    if not specifications:
        raise ValidationError(f"Product {lot.product} has no release specification. [no-specification]")
    on = at.astimezone(ZoneInfo(lot.subject.site.time_zone)).date()
    failed = [test.specification.test for test in latest.values() if not _passes(test)]
    missing = [s for s in specifications if s.pk not in latest or latest[s.pk].tested_on > on]
    blocking = [s.test for s in missing if not s.may_follow_release]
    found = [f"failed: {', '.join(failed)}"] * bool(failed)
    found += [f"missing on {on}: {', '.join(blocking)}"] * bool(blocking)
    if found:
        raise ValidationError(f"Lot {lot} cannot be released; {'; '.join(found)}. [release-tests]")
    return Lot.State.CONDITIONALLY_RELEASED if missing else Lot.State.RELEASED


def release_lot(*, lot: Lot, released_at: dt.datetime, actor: str, reason: str) -> Lot:
    """Release a lot whose tests all pass; conditionally where only tests that may follow are missing.

    A conditional release becomes a release when the late results pass. It keeps the time of the conditional one,
    from which the cells could be given.

    Raises
    ------
    ValidationError
        Naming the tests that fail or are missing, or the state from which no release leads on; the lot stays as
        it is.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        locked = Lot.objects.select_for_update(of=("self",)).select_related("subject__site", "product").get(pk=lot.pk)
        if locked.state not in RELEASABLE:
            raise ValidationError(
                f"Lot {locked} is '{locked.get_state_display()}'; it is not released again. [already-released]"
                if locked.state in Lot.INFUSABLE
                else f"Lot {locked} is '{locked.get_state_display()}'; it cannot be released. [lot-state]"
            )
        state = allowed_release(lot=locked, at=released_at)
        if state == locked.state:
            raise ValidationError(
                f"Lot {locked} is released conditionally already, and a result is still missing. [already-released]"
            )
        if locked.state != Lot.State.CONDITIONALLY_RELEASED:
            locked.released_at = released_at
        locked.state = state
        locked.full_clean()
        locked.save(update_fields=["state", "released_at"])
    return locked
