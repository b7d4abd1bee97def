"""Move a record that was entered for the wrong subject: under supervision, and only alone."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ForeignObjectRel

from cart.actions.assessments import ask_about_differences
from cart.models import Assessment, DataQuery, RecordCompletion, Subject, WarningOverride
from trialsite.audit.context import acting


def move_record(*, record: Any, subject: Subject, actor: str, reason: str) -> None:
    """Give a record to another subject of its study; what the rules of the new place refuse is refused.

    A visit was the old subject's and does not come along. What is computed with the subject's sex and age is compared
    anew: a difference opens a data query.

    Raises
    ------
    ValidationError
        No reason, the same subject, a subject of another study, or other records hang on it; nothing is stored.
    """
    if not reason.strip():
        raise ValidationError("Say why it is moved: every change is stored with its reason. [no-reason]")
    with acting(actor=actor, reason=reason), transaction.atomic():
        locked = type(record).objects.select_for_update(of=("self",)).select_related("subject").get(pk=record.pk)
        if locked.subject_id == subject.pk:
            raise ValidationError(f"It is a record of {subject} already; choose another subject. [move-nowhere]")
        if locked.subject.study_id != subject.study_id:
            raise ValidationError(f"{subject} is in another study; enter the record there. [move-other-study]")
        hanging = _hanging_on(locked)
        if hanging:
            raise ValidationError(
                f"It is moved alone; found {', '.join(hanging)} that belong to it and to {locked.subject}. Leave it "
                "there, and enter it anew for the right subject. [move-not-alone]"
            )
        locked.subject, moved = subject, ["subject"]
        if getattr(locked, "visit_id", None) is not None:
            locked.visit = None
            moved.append("visit")
        locked.full_clean()
        locked.save(update_fields=moved)
        # What was said about it goes along, or the old subject's site would go on seeing it.
        for said in (RecordCompletion, WarningOverride, DataQuery):
            said.objects.filter(target_table=record._meta.db_table, target_id=record.pk).update(subject=subject)
        if isinstance(locked, Assessment):
            ask_about_differences(record=locked, actor=actor, reason=reason)


def _hanging_on(record: Any) -> list[str]:
    """Rows that point at the record, counted by kind."""
    found = []
    for relation in record._meta.get_fields():
        if not isinstance(relation, ForeignObjectRel):
            continue
        rows = relation.related_model._default_manager.filter(**{relation.field.name: record.pk})
        count = rows.order_by().count()
        if count:
            names = relation.related_model._meta
            found.append(f"1 {names.verbose_name}" if count == 1 else f"{count} {names.verbose_name_plural}")
    return found
