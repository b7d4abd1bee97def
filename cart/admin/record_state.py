"""Warnings that are kept with a reason, and completion marks: read for a form, stored with its record."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model
from django.utils import timezone

from cart.models import RecordCompletion, Subject, WarningOverride
from cart.models.plausible import SoftWarning
from trialsite.audit.context import acting

COMPLETION_FIELD = "completion_state"
# The box that a page shows only when it warns.
WARNING_FIELD = "warning_reason"
LONGEST_REASON = 500


def unanswered(instance: Model, found: Sequence[SoftWarning]) -> list[SoftWarning]:
    """The warnings that nobody has kept for this very record and value yet."""
    if instance.pk is None:
        return list(found)
    kept = WarningOverride.objects.filter(target_table=instance._meta.db_table, target_id=instance.pk)
    known = set(kept.values_list("target_field", "sentence"))
    return [one for one in found if (one.field, one.sentence) not in known]


def subject_of(instance: Any) -> Subject | None:
    """The subject a record belongs to; None for records of a study or a laboratory."""
    if isinstance(instance, Subject):
        return instance
    for way in ("subject", "course", "administration", "apheresis", "lot", "therapy", "specimen"):
        if hasattr(type(instance), way):
            return subject_of(getattr(instance, way))
    return None


def keep_warnings(instance: Model, warnings: Iterable[SoftWarning], *, reason: str, actor: str) -> None:
    """Store that values were kept against their warnings, beside the record just saved."""
    subject = subject_of(instance)
    if subject is None:
        raise TypeError(f"A warning is of a subject's record; {type(instance).__name__} has no subject. [soft-warning]")
    WarningOverride.objects.bulk_create(
        WarningOverride(
            subject=subject,
            target_table=instance._meta.db_table,
            target_id=instance.pk,
            target_field=one.field,
            code=one.code,
            sentence=one.sentence,
            reason=reason[:LONGEST_REASON],
            kept_by=actor,
        )
        for one in warnings
    )


def completion_of(instance: Model) -> str:
    """State of a record; empty where it was never marked."""
    marks = RecordCompletion.objects.filter(target_table=instance._meta.db_table, target_id=instance.pk)
    return marks.values_list("state", flat=True).first() or ""


def mark(instance: Model, state: str, *, actor: str, reason: str) -> None:
    """Store the state of a record, where it is another one than before."""
    subject = subject_of(instance)
    if subject is None or not state:
        return
    with acting(actor=actor, reason=reason or f"marked {state}"):
        one, is_new = RecordCompletion.objects.get_or_create(
            target_table=instance._meta.db_table,
            target_id=instance.pk,
            defaults={"subject": subject, "state": state, "marked_by": actor},
        )
        if not is_new and one.state != state:
            one.state, one.marked_by, one.marked_at = state, actor, timezone.now()
            one.save(update_fields=["state", "marked_by", "marked_at"])
