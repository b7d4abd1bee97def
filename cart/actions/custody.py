"""Custody of a lot: a scanned label is held against the lot that is expected, a step is added to the ledger."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from cart.endpoints.product.custody import Step
from cart.models import CustodyEvent, Lot, ScanAttempt
from cart.models.codes import check_character
from trialsite.audit.context import acting

Finding = ScanAttempt.Finding
_LONGEST_CODE = 300


def check_scan(*, lot: Lot, code: str, purpose: str, actor: str) -> ScanAttempt:
    """Hold a code against the label of a lot and store the attempt, whatever it finds.

    Nothing is raised for another label: the refusal would take the record of the attempt with it.
    """
    read = code.strip()
    with acting(actor=actor, reason=f"label scanned: {purpose}"), transaction.atomic():
        attempt = ScanAttempt(
            lot=lot, purpose=purpose, code_read=read[:_LONGEST_CODE], finding=find_label(lot, read), scanned_by=actor
        )
        attempt.full_clean()
        attempt.save()
    return attempt


def find_label(lot: Lot, code: str) -> ScanAttempt.Finding:
    """What a code is, seen from the lot that is expected."""
    if code == lot.label_code():
        return Finding.MATCH
    stem, separator, check = code.rpartition("/")
    if not separator or len(check) != 1:
        return Finding.UNKNOWN
    if check_character(stem) != check:
        return Finding.MISREAD
    parts = stem.split("/")
    others = Lot.objects.filter(Q(number__in=parts) | Q(apheresis__chain_of_identity__in=parts))
    for other in others.select_related("apheresis", "subject")[:50]:
        if other.label_code() == code:
            return Finding.OTHER_LOT if other.subject_id == lot.subject_id else Finding.OTHER_SUBJECT
    return Finding.UNKNOWN


def refusal_of(attempt: ScanAttempt) -> str:
    """Why a scan that did not match is refused; the code of another subject is not told."""
    return (
        f"Stop: this is not the label of lot {attempt.lot}. Found: {attempt.get_finding_display().lower()}. The "
        "attempt is recorded; set the bag aside and compare its label with the subject. [scan-mismatch]"
    )


def record_custody(*, event: CustodyEvent, scanned_code: str, actor: str, reason: str) -> CustodyEvent:
    """Add a step to the ledger of a lot; a label that was scanned for it must be that of the lot.

    Raises
    ------
    ValidationError
        The rule that the step breaks, or another label; the attempt to use that label is stored, the step is not,
        as long as the caller catches this inside its transaction.
    """
    event.full_clean()
    if scanned_code.strip() and event.lot is not None:
        purpose = _PURPOSES.get(event.kind, ScanAttempt.Purpose.OTHER)
        attempt = check_scan(lot=event.lot, code=scanned_code, purpose=purpose, actor=actor)
        if attempt.finding != Finding.MATCH:
            raise ValidationError({"scanned_code": refusal_of(attempt)})
    with acting(actor=actor, reason=reason), transaction.atomic():
        event.save()
    return event


_PURPOSES: dict[str, ScanAttempt.Purpose] = {
    CustodyEvent.Kind.RECEIVED: ScanAttempt.Purpose.RECEIPT,
    CustodyEvent.Kind.THAWED: ScanAttempt.Purpose.THAW,
    CustodyEvent.Kind.INFUSED: ScanAttempt.Purpose.INFUSION,
}


def steps_that_hold(events: list[CustodyEvent]) -> list[Step]:
    """The steps of a ledger as they stand: a corrected event gives way to its correction, which keeps its kind."""
    by_key = {event.pk: event for event in events}
    corrected = {event.corrects_id for event in events if event.corrects_id is not None}
    return [
        Step(
            number=event.pk,
            kind=kind_of(event, by_key),
            occurred_at=event.occurred_at,
            temperature_min_c=event.temperature_min_c,
            temperature_max_c=event.temperature_max_c,
            seal_intact=event.seal_intact,
        )
        for event in events
        if event.pk not in corrected
    ]


def kind_of(event: CustodyEvent, by_key: dict[int, CustodyEvent]) -> str:
    """Kind of a step; of a correction that of the first event it leads back to."""
    while event.kind == CustodyEvent.Kind.CORRECTION and event.corrects_id in by_key:
        event = by_key[event.corrects_id]
    return str(event.kind)
