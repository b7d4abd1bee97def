"""Does the trail explain every row that is there? Events folded and compared with the live tables, in SQL.

Values are compared, not their text: time zone and date style are fixed for the comparison as the triggers fix
them. A column that a migration added after an event was written is not part of that event and is not compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

# Live row and folded row differ in a column that the event knows and the table still has.
_DIFFER = """
    {live} IS DISTINCT FROM {folded} AND EXISTS (
        SELECT FROM jsonb_each({folded}) known
        WHERE {live} ? known.key AND {live} -> known.key IS DISTINCT FROM known.value)
"""

# Typed inserts come before every other event of their row: the sequence of event numbers starts above zero.
_EVENTS = """
    SELECT e.id, e.row_id, e.operation, e.old, e.new FROM audit.event e WHERE e.table_name = %(table)s
"""
_TYPED_EVENTS = """
    UNION ALL
    SELECT 0, t.{key}::text, 'I', NULL, audit.{values}(t) FROM audit.{typed} t
    WHERE t.{key}::text IN (SELECT row_id FROM audit.event WHERE table_name = %(table)s)
"""
_FOLD = """
WITH events AS ({events}), chained AS (
    SELECT *, lag(operation) OVER w AS before_operation, lag(new) OVER w AS before,
        lead(id) OVER w IS NULL AS is_last
    FROM events WINDOW w AS (PARTITION BY row_id ORDER BY id)
), gaps AS (
    SELECT row_id FROM chained WHERE CASE operation
        WHEN 'I' THEN before_operation <> 'D'
        ELSE before IS NULL OR ({gap}) END
), folded AS (
    SELECT row_id, new AS row FROM chained WHERE is_last AND operation <> 'D'
), live AS (
    SELECT l.{key}::text AS row_id, to_jsonb(l) AS row FROM public.{table} l {only_with_events}
)
SELECT row_id, CASE WHEN live.row IS NULL THEN 'row gone without event'
    WHEN folded.row IS NULL THEN 'row without event' ELSE 'changed without event' END
FROM folded FULL JOIN live USING (row_id)
WHERE folded.row IS NULL OR live.row IS NULL OR ({differ})
UNION
SELECT row_id, 'events do not follow each other' FROM gaps
ORDER BY 1, 2
"""
# Rows of a typed table that have no event but their insert: compared column by column, without jsonb.
_TYPED_COMPARE = """
SELECT coalesce(l.{key}, t.{key})::text, CASE WHEN l.{key} IS NULL THEN 'row gone without event'
    WHEN t.{key} IS NULL THEN 'row without event' ELSE 'changed without event' END
FROM public.{table} l FULL JOIN audit.{typed} t ON t.{key} = l.{key}
WHERE (l.{key} IS NULL OR t.{key} IS NULL OR ({live_columns}) IS DISTINCT FROM ({typed_columns}))
  AND NOT EXISTS (SELECT FROM audit.event e
    WHERE e.table_name = %(table)s AND e.row_id = coalesce(l.{key}, t.{key})::text)
ORDER BY 1
"""
_ONLY_WITH_EVENTS = "WHERE l.{key}::text IN (SELECT row_id FROM audit.event WHERE table_name = %(table)s)"
_COMMON_COLUMNS = """
SELECT quote_ident(a.attname) FROM pg_attribute a JOIN pg_attribute b USING (attname)
WHERE a.attrelid = %s::regclass AND b.attrelid = %s::regclass
  AND a.attnum > 0 AND b.attnum > 0 AND NOT a.attisdropped AND NOT b.attisdropped ORDER BY a.attnum
"""


@dataclass(frozen=True)
class TableReconciliation:
    """What the comparison of one table found."""

    table: str
    rows: int
    events: int
    differing: list[tuple[str, str]]
    """Row id and what is wrong with it."""


@contextmanager
def one_snapshot(connection: Any) -> Iterator[Any]:
    """Cursor of a read-only transaction that sees one moment, so that work going on makes no false alarm."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if len(connection.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        cursor.execute("SET LOCAL DateStyle = 'ISO'")
        yield cursor


def reconcile_table(cursor: Any, *, table: str, key: str) -> TableReconciliation:
    """Compare one table; ``key`` is its primary key column. Run it inside :func:`one_snapshot`."""
    typed = f"{table}_insert"
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f'audit."{typed}"'])
    has_typed = cursor.fetchone()[0]
    names = {"table": f'"{table}"', "key": f'"{key}"', "typed": f'"{typed}"', "values": f'"{table}_values"'}
    differing = _fold(cursor, table, names, has_typed=has_typed)
    events = _count(cursor, "SELECT count(*) FROM audit.event WHERE table_name = %s", [table])
    if has_typed:
        differing += _compare_typed(cursor, table, names)
        events += _count(cursor, f"SELECT count(*) FROM audit.{names['typed']}", [])
    rows = _count(cursor, f"SELECT count(*) FROM public.{names['table']}", [])
    return TableReconciliation(table, rows, events, differing)


def _fold(cursor: Any, table: str, names: dict[str, str], *, has_typed: bool) -> list[tuple[str, str]]:
    sql = _FOLD.format(
        events=_EVENTS + (_TYPED_EVENTS.format(**names) if has_typed else ""),
        gap=_DIFFER.format(live="old", folded="before"),
        differ=_DIFFER.format(live="live.row", folded="folded.row"),
        only_with_events=_ONLY_WITH_EVENTS.format(**names) if has_typed else "",
        **names,
    )
    cursor.execute(sql, {"table": table})
    return list(cursor.fetchall())


def _compare_typed(cursor: Any, table: str, names: dict[str, str]) -> list[tuple[str, str]]:
    cursor.execute(_COMMON_COLUMNS, [f"public.{names['table']}", f"audit.{names['typed']}"])
    columns = [name for (name,) in cursor.fetchall()]
    sql = _TYPED_COMPARE.format(
        live_columns=", ".join(f"l.{column}" for column in columns),
        typed_columns=", ".join(f"t.{column}" for column in columns),
        **names,
    )
    cursor.execute(sql, {"table": table})
    return list(cursor.fetchall())


def _count(cursor: Any, sql: str, params: list[Any]) -> int:
    cursor.execute(sql, params)
    return int(cursor.fetchone()[0])
