"""Course of participation: enrolment, screen failure, withdrawal, loss to follow-up, death, completion."""

from django.core.exceptions import ValidationError
from django.db import transaction

from cart.endpoints.timing import PartialDate
from cart.models import Consent, Disposition, Subject
from trialsite.audit.context import acting


def record_disposition(
    *,
    subject: Subject,
    status: str,
    occurred_on: str,
    why: str,
    detail: str,
    actor: str,
    reason: str,
    corrects: Disposition | None = None,
) -> Disposition:
    """Store one change of status with its day and reason; the subject takes it over in the same transaction.

    Whoever withdraws consent, its consents in force are withdrawn on that day, where it is known.

    Raises
    ------
    ValidationError
        An impossible day, a reason without the words it needs. The database refuses a status that does not follow.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        Subject.objects.select_for_update().get(pk=subject.pk)
        entry = Disposition(
            subject=subject, status=status, occurred_on=occurred_on, reason=why, detail=detail, corrects=corrects
        )
        entry.full_clean()
        entry.save()
        if status == Subject.Status.WITHDRAWN and why == Disposition.Reason.CONSENT:
            _withdraw_consents(subject, occurred_on)
    entry.refresh_from_db()
    subject.refresh_from_db(fields=["status", "ended_on"])
    return entry


def _withdraw_consents(subject: Subject, occurred_on: str) -> None:
    day = PartialDate(occurred_on)
    if not day.complete:
        return
    for consent in Consent.objects.select_for_update().filter(subject=subject, withdrawn_on=None).order_by("pk"):
        if consent.signed_on > day.earliest:
            raise ValidationError(
                f"Consent {consent.version} was signed on {consent.signed_on}, after its withdrawal on {occurred_on}. "
                "[consent-period]"
            )
        consent.withdrawn_on = day.earliest
        consent.save()
