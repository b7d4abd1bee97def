"""SQL of batched event tables: one event row, ``audit.<table>_batch``, holds many rows that one statement inserted.

Rows that agree in the columns ``alike`` share an event row: it has those columns once, and of every other column an
array, place by place. ``audit.<table>_insert`` is a view that gives the entries row by row, so that a batched table
is read as a typed one.
"""

from collections.abc import Mapping, Sequence

from trialsite.audit.sql import APP_ROLE, REPORT_ROLE, as_audit_role, guards
from trialsite.audit.typed import ALL_EVENT_VIEW, drop_reading, entered_function, values_function

# Equal values of these are the same value: 1.0 and 1.00 are equal, and so are words of some collations.
_SAME = "'bool', 'int2', 'int4', 'int8', 'date', 'uuid', 'text', 'varchar'"
_OWN = "'context_id', 'first_id', 'last_id'"


def batch_table(table: str, *, alike: Sequence[str], derived: Mapping[str, str]) -> str:
    """SQL of the batched event table of a high-volume table and of what reads it, owned by the audit role.

    ``alike``: columns with few values. ``derived``: column to SQL expression over the entry ``t``, for columns that
    are not kept.
    """
    # Arrays stay as they are: compressing them costs four times what writing them does. The keys of an event row lie
    # near each other: one BRIN index finds a row's event, and what came after a moment.
    return as_audit_role(f"""
CREATE TABLE audit."{table}_batch" (context_id bigint NOT NULL, first_id bigint NOT NULL, last_id bigint NOT NULL);
{_columns(table, alike=alike, derived=derived)}
CREATE INDEX "{table}_batch_place" ON audit."{table}_batch" USING brin (context_id, first_id, last_id)
    WITH (pages_per_range = 8, autosummarize = on);
{guards(f'audit."{table}_batch"')}
GRANT SELECT ON audit."{table}_batch" TO {APP_ROLE}, {REPORT_ROLE};
{_reading(table, derived)}
{ALL_EVENT_VIEW}""")


def drop_batch_table(table: str) -> str:
    """SQL that drops a batched event table; the view over all events goes on without it."""
    return as_audit_role(
        f'{drop_reading(table)}\nDROP VIEW audit."{table}_insert";\nDROP TABLE audit."{table}_batch";\n{ALL_EVENT_VIEW}'
    )


def refresh_batch_table(table: str, *, alike: Sequence[str], derived: Mapping[str, str]) -> str:
    """SQL that gives a batched event table the columns its source has by now; columns the source lost are kept."""
    return as_audit_role(f"""
{drop_reading(table)}
DROP VIEW audit."{table}_insert";
{_columns(table, alike=alike, derived=derived)}
{_reading(table, derived)}
{ALL_EVENT_VIEW}""")


def _columns(table: str, *, alike: Sequence[str], derived: Mapping[str, str]) -> str:
    """SQL that adds the columns which the event table lacks."""
    once = ", ".join(f"'{name}'" for name in alike)
    names = ", ".join(f"'{name}'" for name in derived) or "NULL"
    return f"""
DO $columns$
DECLARE
    col record;
BEGIN
    FOR col IN
        SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attname IN ({once}) AS once, t.typcategory,
            t.typname IN ({_SAME}) AND coalesce(c.collisdeterministic, true) AS same
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation c ON c.oid = a.attcollation
        WHERE a.attrelid = 'public."{table}"'::regclass AND a.attnum > 0 AND NOT a.attisdropped
          AND (a.attname IN ({names})) IS NOT TRUE ORDER BY a.attnum
    LOOP
        IF col.typcategory = 'A' THEN
            RAISE EXCEPTION 'Column % of {table} holds arrays, which no batch can take apart; keep typed events.'
                ' [audit-batch]', col.attname;
        END IF;
        IF col.once AND NOT col.same THEN
            RAISE EXCEPTION 'Rows of {table} cannot share their %: of this type different values are equal.'
                ' [audit-batch]', col.attname;
        END IF;
        IF col.once THEN
            EXECUTE format('ALTER TABLE audit."{table}_batch" ADD COLUMN IF NOT EXISTS %I %s', col.attname, col.type);
        ELSE
            EXECUTE format('ALTER TABLE audit."{table}_batch" ADD COLUMN IF NOT EXISTS %I %s[]', col.attname, col.type);
            EXECUTE format('ALTER TABLE audit."{table}_batch" ALTER COLUMN %I SET STORAGE EXTERNAL', col.attname);
        END IF;
    END LOOP;
END $columns$;"""


def _reading(table: str, derived: Mapping[str, str]) -> str:
    """SQL of the view of the entries, row by row, and of the functions that read it."""
    return f"""
DO $reading$
DECLARE
    columns text;
    places text;
    arrays text;
BEGIN
    SELECT string_agg(format(CASE WHEN t.typcategory = 'A' THEN 'u.%I' ELSE 'b.%I' END, a.attname), ', '
            ORDER BY a.attnum),
        string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE t.typcategory = 'A'),
        string_agg(format('b.%I', a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE t.typcategory = 'A')
        INTO columns, places, arrays
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = 'audit."{table}_batch"'::regclass AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attname NOT IN ({_OWN});
    EXECUTE format('CREATE VIEW audit."{table}_insert" AS SELECT b.context_id, %s FROM audit."{table}_batch" b'
        ' CROSS JOIN LATERAL unnest(%s) AS u (%s)', columns, arrays, places);
    EXECUTE format($function$ {entered_function(table, "%s")} $function$, format(
        'SELECT b.context_id, %s FROM audit."{table}_batch" b CROSS JOIN LATERAL unnest(%s) AS u (%s)'
        ' WHERE key BETWEEN b.first_id AND b.last_id AND key = ANY (b.id) AND u.id = key', columns, arrays, places));
END $reading$;
GRANT SELECT ON audit."{table}_insert" TO {APP_ROLE}, {REPORT_ROLE};
{values_function(table, derived)}"""
