"""Tables as they were: the audit trail holds every old value, so a moment of the past costs no copy.

A moment is a snapshot of PostgreSQL, not a time: a transaction belongs to it when it had committed as the snapshot
was taken. Times cannot say that: a slow writer commits after the moment with rows stamped before it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from trialsite.isolation.moment import require_one_moment


@dataclass(frozen=True)
class Moment:
    """What was committed: transactions visible in ``snapshot``, up to context ``position``, but for ``own``.

    ``position`` (the newest context visible) keeps its meaning when the database is restored into a server that
    counts transactions from the beginning again. ``own`` is the transaction that took the snapshot: PostgreSQL
    does not list it among the running ones, so it would be half inside.
    """

    snapshot: str
    position: int
    own: int

    @property
    def oldest_running(self) -> int:
        """Every transaction below it had ended."""
        return int(self.snapshot.split(":")[0])

    def params(self) -> dict[str, Any]:
        """Parameters of :func:`visible` and :func:`later`, without a prefix."""
        return {
            "position": self.position,
            "own": self.own,
            "snapshot": self.snapshot,
            "oldest": self.oldest_running,
        }


def visible(context: str = "c", prefix: str = "") -> str:
    """SQL: does the context belong to the moment? Parameters of :meth:`Moment.params` with ``prefix`` before them."""
    return (
        f"({context}.id <= %({prefix}position)s AND {context}.txid <> %({prefix}own)s"
        f" AND pg_visible_in_snapshot({context}.txid::text::xid8, %({prefix}snapshot)s::pg_snapshot))"
    )


def later(context: str = "c", prefix: str = "") -> str:
    """SQL: the context came after the moment; two indexes find those few without looking at the others."""
    return (
        f"(({context}.id > %({prefix}position)s OR {context}.txid >= %({prefix}oldest)s)"
        f" AND NOT {visible(context, prefix)})"
    )


@contextmanager
def as_of(moment: Moment, tables: Iterable[str]) -> Iterator[list[str]]:
    """Inside the block the names of these tables mean their rows at the moment; yields those that changed since.

    Temporary views stand before the tables, so that every query, the ORM's too, reads them without knowing. The
    cost is that of the rows changed since. Only for a transaction that sees one moment.

    Raises
    ------
    trialsite.isolation.moment.MomentError
        The transaction could see rows that commit while it runs.
    """
    require_one_moment()
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE later_context AS SELECT c.id FROM audit.context c WHERE {later()}", moment.params()
        )
        cursor.execute("ALTER TABLE later_context ADD PRIMARY KEY (id)")
        cursor.execute("ANALYZE later_context")
        changed = [table for table in sorted(tables) if _stand_before(cursor, table)]
    try:
        yield changed
    finally:
        # A failed transaction cannot drop them, and need not: its rollback does.
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                for table in changed:
                    cursor.execute(f'DROP VIEW pg_temp."{table}"')
                    cursor.execute(f'DROP TABLE pg_temp."later_{table}"')
                cursor.execute("DROP TABLE pg_temp.later_context")


def _stand_before(cursor: Any, table: str) -> bool:
    """Make the view of a table where something came later."""
    cursor.execute(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), to_regclass(%(typed)s) IS NOT NULL"
        " FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = %(table)s::regclass AND i.indisprimary",
        {"table": f'public."{table}"', "typed": f'audit."{table}_insert"'},
    )
    key, kind, typed = cursor.fetchone()
    events = (
        "SELECT e.row_id, e.id AS place, e.old FROM later_context l JOIN audit.event e ON e.context_id = l.id"
        " WHERE e.table_name = %(table)s"
    )
    if typed:
        # Typed inserts come before every other event of their row.
        events += (
            f' UNION ALL SELECT t.{key}::text, 0, NULL FROM audit."{table}_insert" t'
            " WHERE t.context_id >= (SELECT min(id) FROM later_context)"
            " AND t.context_id IN (SELECT id FROM later_context)"
        )
    cursor.execute(
        f'CREATE TEMP TABLE "later_{table}" AS SELECT DISTINCT ON (row_id) row_id::{kind} AS key, old'
        f" FROM ({events}) e ORDER BY row_id, place",
        {"table": table},
    )
    cursor.execute(f'SELECT count(*), count(old) FROM "later_{table}"')
    rows, replaced = cursor.fetchone()
    if not rows:
        cursor.execute(f'DROP TABLE "later_{table}"')
        return False
    cursor.execute(f'ALTER TABLE "later_{table}" ADD PRIMARY KEY (key)')
    cursor.execute(f'ANALYZE "later_{table}"')
    then = (
        f' UNION ALL SELECT r.* FROM pg_temp."later_{table}" x,'
        f' LATERAL jsonb_populate_record(NULL::public."{table}", x.old) r WHERE x.old IS NOT NULL'
    )
    cursor.execute(
        f'CREATE TEMP VIEW "{table}" AS SELECT l.* FROM public."{table}" l'
        f' WHERE NOT EXISTS (SELECT FROM pg_temp."later_{table}" x WHERE x.key = l."{key}"){then if replaced else ""}'
    )
    return True
