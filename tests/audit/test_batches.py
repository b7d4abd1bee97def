"""Batched events: many rows share an event row, and every row has exactly one entry with its own values."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.audit.test_operations import OwnerEditor, run
from tests.audit.trail import events_since, last_context
from tests.databases import Database
from trialsite.audit.context import acting
from trialsite.audit.operations import RefreshTypedAudit, TypedAuditTable
from trialsite.audit.reconcile import one_snapshot, reconcile_table
from trialsite.isolation.columns import copy_in

THING = "id bigint PRIMARY KEY, kind text, name text NOT NULL, amount numeric, note varchar(20), flag boolean"
BATCHED = TypedAuditTable("thing", alike=("kind",))


@pytest.fixture
def owner(fresh_database: Database) -> Iterator[OwnerEditor]:
    """Editor on a database with a batched table ``thing``; tests act as somebody."""
    editor = OwnerEditor(fresh_database)
    editor.alter(f"CREATE TABLE thing ({THING})")
    editor.run(BATCHED)
    with acting(actor="tester", reason="test"):
        yield editor


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Answer of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def entries() -> list[tuple[Any, ...]]:
    """What the trail says of the inserts, row by row."""
    return rows("SELECT id, kind, name, amount::text, note, flag FROM audit.thing_insert ORDER BY id")


def things() -> list[tuple[Any, ...]]:
    """The rows that are there."""
    return rows("SELECT id, kind, name, amount::text, note, flag FROM thing ORDER BY id")


def differing() -> list[tuple[str, str]]:
    """What the reconciliation finds."""
    with one_snapshot(connection) as cursor:
        return reconcile_table(cursor, table="thing", key="id").differing


MIXED = """
    INSERT INTO thing SELECT n, CASE n % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END, 'row ' || n, n / 10.0,
        CASE WHEN n = 50 THEN '' WHEN n = 51 THEN 'said' END, CASE WHEN n > 90 THEN n % 2 = 0 END
    FROM generate_series(1, 100) n
"""


def test_rows_that_agree_share_an_event_row_and_keep_their_values(owner: OwnerEditor):
    run(MIXED)
    assert entries() == things()
    assert len(things()) == 100
    shared = rows("SELECT kind, cardinality(id) FROM audit.thing_batch ORDER BY kind")
    assert shared == [("a", 33), ("b", 34), (None, 33)]


def test_columns_without_anything_take_no_place(owner: OwnerEditor):
    run("INSERT INTO thing SELECT n, 'a', 'x', NULL, CASE WHEN n = 3 THEN 'said' END FROM generate_series(1, 3) n")
    (found,) = rows("SELECT amount IS NULL, note, flag IS NULL FROM audit.thing_batch")
    assert found == (True, [None, None, "said"], True)
    assert entries() == things()


def test_digits_of_a_number_are_kept(owner: OwnerEditor):
    run("INSERT INTO thing (id, name, amount) VALUES (1, '', 1.50), (2, '', 1.5), (3, '', 1e-20), (4, '', 'NaN')")
    assert [amount for _, _, _, amount, _, _ in entries()] == ["1.50", "1.5", "0.00000000000000000001", "NaN"]


def test_copy_is_recorded_as_any_statement(owner: OwnerEditor):
    frame = pl.DataFrame({"id": range(1000), "name": [f"n{n}" for n in range(1000)], "kind": ["a", "b"] * 500})
    copy_in("thing", frame)
    assert entries() == things()
    assert rows("SELECT count(*) FROM audit.thing_batch") == [(2,)]


def test_each_statement_has_its_own_actor_and_reason(owner: OwnerEditor):
    before = last_context()
    with transaction.atomic():
        run("INSERT INTO thing (id, name) VALUES (1, 'x'), (2, 'y')")
        with acting(reason="another"):
            run("INSERT INTO thing (id, name) VALUES (3, 'z')")
    found = [(e.row_id, e.operation, e.actor, e.reason) for e in events_since(before, "thing")]
    assert sorted(found) == [
        ("1", "I", "tester", "test"),
        ("2", "I", "tester", "test"),
        ("3", "I", "tester", "another"),
    ]


def test_nobody_enters_rows_without_saying_who(owner: OwnerEditor):
    with acting(actor="", reason=""), pytest.raises(DatabaseError, match="no-actor"):
        run(MIXED)
    assert things() == entries() == []


def test_statement_without_rows_leaves_nothing(owner: OwnerEditor):
    before = last_context()
    run("INSERT INTO thing SELECT 1, 'a', 'x' WHERE false")
    assert last_context() == before
    assert rows("SELECT count(*) FROM audit.thing_batch") == [(0,)]


def test_event_of_a_row_is_found_by_its_key(owner: OwnerEditor):
    run("INSERT INTO thing SELECT 2 * n, 'a', 'row ' || 2 * n FROM generate_series(1, 50) n")
    assert rows("SELECT id, name FROM audit.thing_entered(42)") == [(42, "row 42")]
    assert rows("SELECT id FROM audit.thing_entered(43)") == []
    assert rows("SELECT id FROM audit.thing_entered(102)") == []


def test_later_changes_are_events_and_the_fold_agrees(owner: OwnerEditor):
    before = last_context()
    run(MIXED)
    run("UPDATE thing SET name = 'changed' WHERE id = 7")
    run("DELETE FROM thing WHERE id = 8")
    found = [(event.row_id, event.operation) for event in events_since(before, "thing")]
    assert len(found) == 102
    assert len({row for row, kind in found if kind == "I"}) == 100
    assert {(row, kind) for row, kind in found if kind != "I"} == {("7", "U"), ("8", "D")}
    assert differing() == []


def test_edits_behind_the_trail_are_found(fresh_database: Database, owner: OwnerEditor):
    run(MIXED)
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as link:
        link.execute("SET session_replication_role = replica")
        link.execute("UPDATE thing SET amount = amount + 1 WHERE id = 7")
        link.execute("UPDATE thing SET note = 'slipped in' WHERE id = 9")
        link.execute("UPDATE thing SET kind = 'c' WHERE id = 10")
        link.execute("DELETE FROM thing WHERE id = 8")
        link.execute("INSERT INTO thing (id, name) VALUES (999, 'slipped in')")
    assert sorted(differing()) == [
        ("10", "changed without event"),
        ("7", "changed without event"),
        ("8", "row gone without event"),
        ("9", "changed without event"),
        ("999", "row without event"),
    ]


def test_entry_that_stands_twice_or_is_taken_out_is_found(fresh_database: Database, owner: OwnerEditor):
    run("INSERT INTO thing (id, name) VALUES (1, 'x'), (2, 'y')")
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as link:
        link.execute("SET session_replication_role = replica")
        link.execute("UPDATE audit.thing_batch SET id = ARRAY[1, 1]")
    assert ("2", "row without event") in differing()


def test_columns_come_and_go(owner: OwnerEditor):
    run("INSERT INTO thing VALUES (1, 'a', 'one', 1)")
    owner.alter("ALTER TABLE thing ADD COLUMN unit varchar(10), DROP COLUMN amount")
    with pytest.raises(DatabaseError, match="unit"):
        run("INSERT INTO thing (id, name, unit) VALUES (2, 'two', 'mg')")
    owner.run(RefreshTypedAudit("thing", alike=("kind",)))
    run("INSERT INTO thing (id, name, unit) VALUES (2, 'two', 'mg')")
    kept = rows("SELECT id, kind, name, amount, unit FROM audit.thing_insert ORDER BY id")
    assert kept == [(1, "a", "one", Decimal(1), None), (2, None, "two", None, "mg")]
    assert rows("SELECT unit FROM audit.thing_entered(2)") == [("mg",)]
    assert events_since(0, "thing")[-1].new == {
        "id": 2,
        "kind": None,
        "name": "two",
        "amount": None,
        "note": None,
        "flag": None,
        "unit": "mg",
    }


def test_columns_that_follow_from_others_are_not_kept_but_shown(owner: OwnerEditor):
    owner.alter("CREATE TABLE packed (id bigint PRIMARY KEY, high bigint NOT NULL, kind text NOT NULL)")
    operation = TypedAuditTable("packed", derived={"high": "t.id >> 8"}, alike=("kind",))
    owner.run(operation)
    run("INSERT INTO packed SELECT n, n >> 8, 'a' FROM generate_series(255, 257) n")
    assert [event.new for event in events_since(0, "packed")] == [
        {"id": n, "high": n >> 8, "kind": "a"} for n in (255, 256, 257)
    ]
    owner.run(operation, backwards=True)
    assert rows("SELECT to_regclass('audit.packed_insert'), to_regclass('audit.packed_batch')") == [(None, None)]
    assert events_since(0, "packed") == []


def test_arrays_are_refused(owner: OwnerEditor):
    owner.alter("CREATE TABLE listed (id bigint PRIMARY KEY, kind text, marks text[])")
    with pytest.raises(psycopg.errors.RaiseException, match="audit-batch"):
        owner.run(TypedAuditTable("listed", alike=("kind",)))


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET context_id = 1", "TRUNCATE {}"])
def test_batches_are_not_changed_by_their_owner(fresh_database: Database, owner: OwnerEditor, statement: str):
    run("INSERT INTO thing (id, name) VALUES (1, 'x')")
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=r"append-only|no-truncate"):
        owner.alter(statement.format("audit.thing_batch"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(fresh_database.url) as link:
        link.execute(statement.format("audit.thing_batch"))


ROW = st.tuples(
    st.sampled_from([None, "", "a", "b"]),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=4),
    st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-10, max_value=10),
    st.none() | st.sampled_from(["", "x", "NULL", "{}", '"']),
    st.none() | st.booleans(),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(ROW, min_size=1, max_size=8), min_size=1, max_size=4))
def test_any_rows_are_recorded_as_they_are(owner: OwnerEditor, statements: list[list[tuple[Any, ...]]]):
    first = rows("SELECT coalesce(max(id), 0) + 1 FROM thing")[0][0]
    with connection.cursor() as cursor:
        for statement in statements:
            values = [(first + n, *row) for n, row in enumerate(statement)]
            first += len(statement)
            marks = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(values))
            cursor.execute(f"INSERT INTO thing VALUES {marks}", [value for row in values for value in row])
    assert entries() == things()
    assert differing() == []


def test_huge_statement_is_recorded_in_parts(owner: OwnerEditor):
    run("INSERT INTO thing SELECT 3 * n, 'a', '' FROM generate_series(1, 1200000) n")
    assert rows("SELECT count(*) FROM audit.thing_batch") == [(3,)]
    assert rows("SELECT id FROM audit.thing_entered(1200000)") == [(1200000,)]
    assert differing() == []


@pytest.mark.parametrize("alike", [(), ("kind",)])
def test_tables_of_the_session_do_not_thin_the_trail(owner: OwnerEditor, alike: tuple[str, ...]):
    owner.alter("CREATE TABLE plain (id bigint PRIMARY KEY, kind text, amount numeric)")
    owner.run(TypedAuditTable("plain", alike=alike))
    shadow = (
        "attrelid, attname, attnum, attisdropped, attnotnull FROM pg_catalog.pg_attribute WHERE attname <> 'amount'"
    )
    run(f"CREATE TEMP TABLE pg_attribute AS SELECT {shadow}; GRANT SELECT ON pg_temp.pg_attribute TO PUBLIC")
    run("INSERT INTO plain VALUES (1, 'x', 5)")
    assert rows("SELECT id, kind, amount FROM audit.plain_insert") == [(1, "x", 5)]


@pytest.mark.parametrize("kind", ["numeric", "jsonb", "double precision", "char(3)"])
def test_values_that_are_equal_but_not_the_same_are_no_ground_to_share(owner: OwnerEditor, kind: str):
    owner.alter(f"CREATE TABLE loose (id bigint PRIMARY KEY, kind {kind})")
    with pytest.raises(psycopg.errors.RaiseException, match="audit-batch"):
        owner.run(TypedAuditTable("loose", alike=("kind",)))
