"""The trail as tests read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg.types.json import JsonbLoader


@dataclass(frozen=True)
class Event:
    """One event with its context."""

    table: str
    row_id: str
    operation: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    actor: str
    reason: str
    request: str
    txid: int


def last_context() -> int:
    """Number of the latest context: what comes after it is new."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM audit.context")
        return int(cursor.fetchone()[0])


def events_since(context_id: int, *tables: str) -> list[Event]:
    """Events after a context, of these tables or of all, in the order they were written."""
    with connection.cursor() as cursor:
        # Django leaves jsonb of raw queries as text; psycopg's own loader is wanted here.
        driver = cursor.connection.cursor()
        driver.adapters.register_loader("jsonb", JsonbLoader)
        driver.execute(
            "SELECT table_name, row_id, operation, old, new, actor, reason, request, txid FROM audit.all_event"
            " WHERE context_id > %s AND (%s::text[] = '{}' OR table_name = ANY (%s)) ORDER BY context_id, id",
            [context_id, list(tables), list(tables)],
        )
        return [Event(*row) for row in driver.fetchall()]
