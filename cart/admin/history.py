"""The history of a record as the audit trail has it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import Model, Q

from cart.admin.stored_words import Stored, Words, words_for
from cart.admin.wording import in_words
from trialsite.audit.models import AuditEvent

MAX_EVENTS = 500


@dataclass(frozen=True)
class Change:
    """One field of one event."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One event of a record or of a row on its page."""

    at: datetime
    actor: str
    reason: str
    operation: str
    record: str
    changes: list[Change]


def history_of(instance: Model, children: dict[type[Model], list[str]], *, after: int = 0) -> list[Entry]:
    """Events of a record and of these rows of its page, newest first; only those after an event where one is named."""
    models = {instance._meta.db_table: type(instance)}
    wanted = Q(table_name=instance._meta.db_table, row_id=str(instance.pk))
    for model, keys in children.items():
        if keys:
            models[model._meta.db_table] = model
            wanted |= Q(table_name=model._meta.db_table, row_id__in=keys)
    events = AuditEvent.objects.filter(wanted, id__gt=after).select_related("context").order_by("-id")[:MAX_EVENTS]
    changed = [(models[event.table_name], event) for event in events]
    words = words_for(_stored(changed))
    entries = [
        Entry(
            at=event.context.at,
            actor=event.context.actor,
            reason=event.context.reason,
            operation=AuditEvent.Operation(event.operation).label,
            record=f"{model._meta.verbose_name} {event.row_id}",
            changes=_changes(model, event, words),
        )
        for model, event in changed
    ]
    if not after:
        entries.extend(_typed_insert(instance))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def field_histories(instance: Model) -> dict[str, list[tuple[Entry, Change]]]:
    """Changes of each field of a record, newest first, by the field's name; what was entered first is none."""
    table, key = instance._meta.db_table, str(instance.pk)
    events = (
        AuditEvent.objects.filter(table_name=table, row_id=key, operation=AuditEvent.Operation.UPDATE)
        .select_related("context")
        .order_by("-id")[:MAX_EVENTS]
    )
    words = words_for(_stored((type(instance), event) for event in events))
    names = {field.column: field.name for field in instance._meta.concrete_fields}
    found: dict[str, list[tuple[Entry, Change]]] = {}
    for event in events:
        entry = Entry(event.context.at, event.context.actor, event.context.reason, "", "", [])
        for column, (old, new) in event.changed_fields().items():
            change = Change(
                field=column, old=words(type(instance), column, old), new=words(type(instance), column, new)
            )
            found.setdefault(names.get(column, column), []).append((entry, change))
    return found


def _stored(events: Iterable[tuple[type[Model], AuditEvent]]) -> Iterator[Stored]:
    """Every value that these events took away or brought."""
    for model, event in events:
        for column, (old, new) in event.changed_fields().items():
            yield from ((model, column, old), (model, column, new))


def _changes(model: type[Model], event: AuditEvent, words: Words) -> list[Change]:
    return [
        Change(field=field_label(model, name), old=words(model, name, old), new=words(model, name, new))
        for name, (old, new) in event.changed_fields().items()
        if name != "id" and not (event.operation == AuditEvent.Operation.INSERT and new in (None, ""))
    ]


def field_label(model: type[Model], column: str) -> str:
    """Name of a column as the forms show it."""
    for field in model._meta.concrete_fields:
        if field.column == column:
            return in_words(str(field.verbose_name))
    try:
        return str(model._meta.get_field(column).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return column


def _typed_insert(instance: Model) -> list[Entry]:
    """Entry of a row whose table keeps typed copies of its inserts instead of jsonb events."""
    table = f"{instance._meta.db_table}_insert"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f'audit."{table}"'])
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(
            "SELECT c.at, c.actor, c.reason, to_jsonb(t) - 'context_id'"
            f" FROM audit.{connection.ops.quote_name(f'{instance._meta.db_table}_entered')}(%s) t"
            " JOIN audit.context c ON c.id = t.context_id",
            [instance.pk],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [_typed_entry(instance, row) for row in rows]


def _typed_entry(instance: Model, row: tuple[Any, ...]) -> Entry:
    at, actor, reason, new = row
    event = AuditEvent(operation=AuditEvent.Operation.INSERT, new=_as_mapping(new))
    return Entry(
        at=at,
        actor=actor,
        reason=reason,
        operation=AuditEvent.Operation.INSERT.label,
        record=f"{instance._meta.verbose_name} {instance.pk}",
        changes=_changes(type(instance), event, words_for(_stored([(type(instance), event)]))),
    )


def _as_mapping(value: Any) -> dict[str, Any]:
    # Django leaves jsonb of raw queries undecoded.
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)
