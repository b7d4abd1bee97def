"""Migration operations on a table of their own, and the check that no table escapes."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection
from django.db.migrations.operations.base import Operation

from tests.audit.trail import events_since, last_context
from tests.databases import Database
from trialsite.audit.context import acting
from trialsite.audit.coverage import audited_tables, product_tables
from trialsite.audit.exemptions import EXEMPT_TABLES
from trialsite.audit.operations import AppendOnlyTable, AuditTables, RefreshTypedAudit, TypedAuditTable


class OwnerEditor:
    """What operations need of a schema editor: run statements as the owner, in one transaction."""

    def __init__(self, database: Database) -> None:
        self.connection = connection
        self.database = database

    def run(self, operation: Operation, *, backwards: bool = False) -> None:
        """Apply or undo an operation."""
        move = operation.database_backwards if backwards else operation.database_forwards
        with psycopg.connect(self.database.owner_url) as self.link:
            move("x", self, None, None)

    def execute(self, statement: str, params: Any = None) -> None:
        """Run one statement or several."""
        self.link.execute(statement)

    def alter(self, statement: str) -> None:
        """Run a statement outside any operation."""
        with psycopg.connect(self.database.owner_url) as link:
            link.execute(statement)


@pytest.fixture
def owner(fresh_database: Database) -> Iterator[OwnerEditor]:
    """Editor on a database with a table ``thing``; tests act as somebody."""
    editor = OwnerEditor(fresh_database)
    editor.alter("CREATE TABLE thing (id bigint PRIMARY KEY, name text NOT NULL, amount numeric)")
    with acting(actor="tester", reason="test"):
        yield editor


def run(sql: str) -> None:
    """Raw statement as the application."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def seen(before: int) -> list[tuple[str, str, Any]]:
    """Row, operation and new values of the events after a context."""
    return [(event.row_id, event.operation, event.new) for event in events_since(before, "thing")]


def test_audit_comes_and_goes_with_its_operation(owner: OwnerEditor):
    operation = AuditTables("thing")
    owner.run(operation)
    before = last_context()
    run("INSERT INTO thing VALUES (1, 'one', 1.50)")
    assert seen(before) == [("1", "I", {"id": 1, "name": "one", "amount": 1.5})]
    owner.run(operation, backwards=True)
    run("INSERT INTO thing VALUES (2, 'two')")
    assert len(seen(before)) == 1


def test_typed_audit_keeps_inserts_as_columns_and_changes_as_events(owner: OwnerEditor):
    operation = TypedAuditTable("thing")
    owner.run(operation)
    before = last_context()
    run("INSERT INTO thing SELECT n, 'row ' || n, n / 2.0 FROM generate_series(1, 3) n")
    run("UPDATE thing SET name = 'changed' WHERE id = 2")
    run("DELETE FROM thing WHERE id = 3")
    assert [(row, kind) for row, kind, _ in seen(before)] == [
        *((str(n), "I") for n in (1, 2, 3)),
        ("2", "U"),
        ("3", "D"),
    ]
    owner.run(operation, backwards=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('audit.thing_insert')")
        assert cursor.fetchone() == (None,)
    assert [kind for _, kind, _ in seen(before)] == ["U", "D"]


def test_typed_audit_follows_columns_that_come_and_go(owner: OwnerEditor):
    owner.run(TypedAuditTable("thing"))
    run("INSERT INTO thing VALUES (1, 'one', 1)")
    owner.alter("ALTER TABLE thing ADD COLUMN unit varchar(10), DROP COLUMN name")
    with pytest.raises(DatabaseError, match="unit"):
        run("INSERT INTO thing (id, amount, unit) VALUES (2, 2, 'mg')")
    owner.run(RefreshTypedAudit("thing"))
    before = last_context()
    run("INSERT INTO thing (id, amount, unit) VALUES (2, 2, 'mg')")
    assert seen(before) == [("2", "I", {"id": 2, "name": None, "amount": 2, "unit": "mg"})]
    assert seen(0)[0] == ("1", "I", {"id": 1, "name": "one", "amount": 1, "unit": None})


def test_columns_that_follow_from_others_are_not_kept_but_shown(owner: OwnerEditor):
    derived = {"name": "'row ' || t.id"}
    owner.run(TypedAuditTable("thing", derived=derived))
    before = last_context()
    run("INSERT INTO thing VALUES (1, 'row 1', 5)")
    assert seen(before) == [("1", "I", {"id": 1, "name": "row 1", "amount": 5})]
    owner.alter("ALTER TABLE thing ADD COLUMN unit varchar(10)")
    owner.run(RefreshTypedAudit("thing", derived=derived))
    run("INSERT INTO thing VALUES (2, 'row 2', 5, 'mg')")
    assert seen(before)[-1] == ("2", "I", {"id": 2, "name": "row 2", "amount": 5, "unit": "mg"})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'audit.thing_insert'::regclass AND attname = 'name'"
        )
        assert cursor.fetchone() == (0,)


def test_append_only_table_lets_named_columns_change(owner: OwnerEditor):
    owner.run(AuditTables("thing"))
    owner.run(AppendOnlyTable("thing", allow_update=("amount",)))
    run("INSERT INTO thing VALUES (1, 'one', 1)")
    run("UPDATE thing SET amount = 2")
    for statement in (
        "UPDATE thing SET name = 'two'",
        "UPDATE thing SET name = 'two', amount = 3",
        "DELETE FROM thing",
    ):
        with pytest.raises(DatabaseError, match="append-only"):
            run(statement)
    owner.run(AppendOnlyTable("thing", allow_update=("amount",)), backwards=True)
    run("DELETE FROM thing")


def test_table_without_a_key_of_one_column_is_refused(owner: OwnerEditor):
    owner.alter("CREATE TABLE loose (name text)")
    with pytest.raises(ValueError, match="audit-key"):
        owner.run(AuditTables("loose"))


def test_every_table_is_audited_or_exempt_with_a_reason(fresh_database: Database):
    call_command("check", databases=["default"])
    assert len(audited_tables()) > 30
    assert EXEMPT_TABLES.keys() <= product_tables() | {"django_migrations"}
    assert all(len(reason) > 20 for reason in EXEMPT_TABLES.values())


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE cart_lot DISABLE TRIGGER audit_update", "DROP TRIGGER audit_update ON cart_lot"],
)
def test_missing_trigger_fails_the_check(fresh_database: Database, statement: str):
    OwnerEditor(fresh_database).alter(statement)
    with pytest.raises(SystemCheckError, match=r"audit\.E001.*cart_lot.*audit_update"):
        call_command("check", databases=["default"])
