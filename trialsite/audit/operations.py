"""Migration operations: put tables under audit, make them append-only."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.migrations.operations.base import Operation

from trialsite.audit.batches import batch_table, drop_batch_table, refresh_batch_table
from trialsite.audit.sql import audit_triggers, audit_triggers_reverse
from trialsite.audit.typed import drop_typed_insert_table, refresh_typed_table, typed_insert_table


class _DatabaseOnly(Operation):
    """An operation that changes the database and not the state of models."""

    reversible = True
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not change."""

    def _forwards(self, schema_editor: Any) -> list[str]:
        raise TypeError(f"{type(self).__name__} gives no statements. [migration-operation]")

    def _backwards(self, schema_editor: Any) -> list[str]:
        raise TypeError(f"{type(self).__name__} gives no statements. [migration-operation]")

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run the statements."""
        for statement in self._forwards(schema_editor):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run the reverse statements."""
        for statement in self._backwards(schema_editor):
            schema_editor.execute(statement, params=None)


def _primary_key(schema_editor: Any, table: str) -> str:
    with schema_editor.connection.cursor() as cursor:
        key = schema_editor.connection.introspection.get_primary_key_column(cursor, table)
    if key is None:
        raise ValueError(f"Table {table} has no single-column primary key to audit by. [audit-key]")
    return str(key)


class AuditTables(_DatabaseOnly):
    """Put tables under audit with one jsonb event per changed row."""

    def __init__(self, *tables: str) -> None:
        self.tables = tables

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        return type(self).__name__, list(self.tables), {}

    def describe(self) -> str:
        return f"Audit {', '.join(self.tables)}"

    def _forwards(self, schema_editor: Any) -> list[str]:
        return [
            statement
            for table in self.tables
            for statement in audit_triggers(table=table, key=_primary_key(schema_editor, table))
        ]

    def _backwards(self, schema_editor: Any) -> list[str]:
        return [statement for table in self.tables for statement in audit_triggers_reverse(table=table)]


class _TypedAudit(_DatabaseOnly):
    """An operation on the typed events of one table's inserts.

    ``derived``: columns that constraints of the table make follow from its others, with the SQL that computes
    them from the event's row ``t``; they are not kept twice. ``alike``: columns with few values; the rows of a
    statement that agree in them share an event row, ``audit.<table>_batch``, and ``audit.<table>_insert`` is a view.
    """

    def __init__(self, table: str, *, derived: Mapping[str, str] | None = None, alike: Sequence[str] = ()) -> None:
        self.table = table
        self.derived = dict(derived or {})
        self.alike = tuple(alike)

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        return type(self).__name__, [self.table], {"derived": self.derived, "alike": self.alike}


class TypedAuditTable(_TypedAudit):
    """Put a high-volume table under audit; its inserts go to a typed event table ``audit.<table>_insert``."""

    def describe(self) -> str:
        return f"Audit {self.table} with typed inserts"

    def _forwards(self, schema_editor: Any) -> list[str]:
        key = _primary_key(schema_editor, self.table)
        columns = [f"'{column}'" for column in self.derived]
        if self.alike:
            made = batch_table(self.table, alike=self.alike, derived=self.derived)
            record = f"audit.record_batch({', '.join([_literal(self.alike), *columns])})"
        else:
            made = typed_insert_table(self.table, self.derived)
            record = f"audit.record_typed({', '.join(columns)})"
        return [made, *audit_triggers(table=self.table, key=key, typed_insert=record)]

    def _backwards(self, schema_editor: Any) -> list[str]:
        drop = drop_batch_table if self.alike else drop_typed_insert_table
        return [*audit_triggers_reverse(table=self.table), drop(self.table)]


def _literal(columns: Sequence[str]) -> str:
    return f"'{','.join(columns)}'"


class RefreshTypedAudit(_TypedAudit):
    """Follow a change of columns of a table under :class:`TypedAuditTable`; put it after the AddField or AlterField.

    A column that is added is NULL in the events of older rows: add it nullable, or ``audit_reconcile`` reports
    the rows that the migration filled. ``derived`` and ``alike`` as there.
    """

    def describe(self) -> str:
        return f"Let the typed audit of {self.table} follow its columns"

    def _forwards(self, schema_editor: Any) -> list[str]:
        if self.alike:
            return [refresh_batch_table(self.table, alike=self.alike, derived=self.derived)]
        return [refresh_typed_table(self.table, self.derived)]

    def _backwards(self, schema_editor: Any) -> list[str]:
        # Run in the other direction it comes before the column goes; what the trail holds, it keeps.
        return []


class AppendOnlyTable(_DatabaseOnly):
    """Refuse DELETE, and UPDATE of any column that is not named in ``allow_update``."""

    def __init__(self, table: str, *, allow_update: tuple[str, ...] = ()) -> None:
        self.table = table
        self.allow_update = allow_update

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        return type(self).__name__, [self.table], {"allow_update": self.allow_update}

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    def _forwards(self, schema_editor: Any) -> list[str]:
        allowed = ", ".join(f"'{column}'" for column in self.allow_update)
        return [
            f'CREATE TRIGGER append_only AFTER UPDATE OR DELETE ON "{self.table}"'
            f" FOR EACH ROW EXECUTE FUNCTION audit.refuse_change({allowed})"
        ]

    def _backwards(self, schema_editor: Any) -> list[str]:
        return [f'DROP TRIGGER append_only ON "{self.table}"']
