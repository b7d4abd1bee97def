"""SQL of the typed event tables, ``audit.<table>_insert``, and of the view over all events.

``audit.<table>_values`` gives the row of such an event as jsonb, ``audit.<table>_entered`` the event of a row by its
key. Columns that follow from the others (a packed key holds them) are not kept twice: they are computed there.
"""

from collections.abc import Mapping

from trialsite.audit.sql import APP_ROLE, REPORT_ROLE, as_audit_role, guards

# One listing of every event, whichever table holds it; made anew when a typed table comes or goes.
ALL_EVENT_VIEW = f"""
DO $view$
DECLARE
    events text := 'SELECT e.id, e.context_id, e.table_name, e.row_id, e.operation, e.old, e.new FROM audit.event e';
    typed record;
BEGIN
    FOR typed IN
        SELECT c.relname, left(c.relname, -length('_insert')) AS source
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'audit' AND c.relkind IN ('r', 'v') AND c.relname LIKE '%\\_insert' ORDER BY c.relname
    LOOP
        events := events || format(
            ' UNION ALL SELECT NULL::bigint, t.context_id, %L::text, t.id::text, ''I''::char(1), NULL::jsonb,'
            ' audit.%I(t) FROM audit.%I t', typed.source, typed.source || '_values', typed.relname);
    END LOOP;
    EXECUTE 'CREATE OR REPLACE VIEW audit.all_event AS SELECT e.*, c.at, c.actor, c.reason, c.request, c.txid,'
        ' c.session_role, c.application FROM (' || events || ') e JOIN audit.context c ON c.id = e.context_id';
END $view$;
GRANT SELECT ON audit.all_event TO {APP_ROLE}, {REPORT_ROLE};
"""


def typed_insert_table(table: str, derived: Mapping[str, str]) -> str:
    """SQL of the typed event table of a high-volume table, owned by the audit role.

    ``derived``: column to SQL expression over the event's row ``t``, for columns that are not kept.
    """
    name = f'audit."{table}_insert"'
    dropped = "".join(f', DROP COLUMN "{column}"' for column in derived)
    # The copy is made without the derived columns from the start: a dropped column would stay in every row. It has
    # none of the source's NOT NULL: whatever the source took is recorded, and a check per column and row costs.
    # Rows of one subject arrive near each other: a BRIN index finds a row's event for 1/1000 of a btree's cost.
    by_key = f"SELECT t.* FROM {name} t WHERE t.id = key"
    return as_audit_role(
        f'CREATE TEMP TABLE typed_shape (context_id bigint NOT NULL, LIKE public."{table}");\n'
        f"{f'ALTER TABLE typed_shape {dropped[2:]};' if dropped else ''}\n"
        f"CREATE TABLE {name} AS TABLE typed_shape;\n"
        f"ALTER TABLE {name} ALTER COLUMN context_id SET NOT NULL;\n"
        "DROP TABLE typed_shape;\n"
        f'CREATE INDEX "{table}_insert_row" ON {name} USING brin (id) WITH (pages_per_range = 32);\n'
        f"{context_index(table)};\n"
        f"{guards(name)}\n"
        f"GRANT SELECT ON {name} TO {APP_ROLE}, {REPORT_ROLE};\n"
        f"{entered_function(table, by_key)};\n"
        f"{values_function(table, derived)}\n"
        f"{ALL_EVENT_VIEW}"
    )


def context_index(table: str) -> str:
    """SQL of the index that finds what came after a moment: rows stand in the order of their contexts."""
    return (
        f'CREATE INDEX IF NOT EXISTS "{table}_insert_context" ON audit."{table}_insert" USING brin (context_id)'
        " WITH (pages_per_range = 32, autosummarize = on)"
    )


def entered_function(table: str, query: str) -> str:
    """SQL of the function that gives the event which entered a row; ``query`` finds it by its ``key``."""
    return (
        f'CREATE OR REPLACE FUNCTION audit."{table}_entered"(key bigint) RETURNS SETOF audit."{table}_insert"'
        f" LANGUAGE sql STABLE AS $$ {query} $$;\n"
        f'GRANT EXECUTE ON FUNCTION audit."{table}_entered" TO {APP_ROLE}, {REPORT_ROLE}'
    )


def values_function(table: str, derived: Mapping[str, str]) -> str:
    """SQL of the function that gives the row of an event as jsonb."""
    pairs = ", ".join(f"'{column}', {expression}" for column, expression in derived.items())
    return (
        f'CREATE OR REPLACE FUNCTION audit."{table}_values"(t audit."{table}_insert") RETURNS jsonb'
        f" LANGUAGE sql STABLE AS $$ SELECT to_jsonb(t) - 'context_id' || jsonb_build_object({pairs}) $$;\n"
        f'GRANT EXECUTE ON FUNCTION audit."{table}_values" TO {APP_ROLE}, {REPORT_ROLE};'
    )


def drop_typed_insert_table(table: str) -> str:
    """SQL that drops a typed event table; the view over all events goes on without it."""
    return as_audit_role(f'{drop_reading(table)}\nDROP TABLE audit."{table}_insert";\n{ALL_EVENT_VIEW}')


def drop_reading(table: str) -> str:
    """SQL that drops what reads the inserts of a table."""
    return f'DROP VIEW audit.all_event;\nDROP FUNCTION audit."{table}_values";\nDROP FUNCTION audit."{table}_entered";'


def refresh_typed_table(table: str, derived: Mapping[str, str]) -> str:
    """SQL that gives a typed event table the columns its source has by now.

    Columns that the source lost are kept, with the values that events had, and are NULL from now on.
    """
    names = ", ".join(f"'{column}'" for column in derived) or "NULL"
    return as_audit_role(f"""
DROP VIEW audit.all_event;
DO $refresh$
DECLARE
    col record;
BEGIN
    FOR col IN
        SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute
        WHERE attrelid = 'public."{table}"'::regclass AND attnum > 0 AND NOT attisdropped
          AND (attname IN ({names})) IS NOT TRUE
    LOOP
        EXECUTE format('ALTER TABLE audit."{table}_insert" ADD COLUMN IF NOT EXISTS %I %s', col.attname, col.type);
    END LOOP;
    FOR col IN
        SELECT attname FROM pg_attribute WHERE attrelid = 'audit."{table}_insert"'::regclass AND attnum > 0
          AND NOT attisdropped AND attnotnull AND attname <> 'context_id'
    LOOP
        EXECUTE format('ALTER TABLE audit."{table}_insert" ALTER COLUMN %I DROP NOT NULL', col.attname);
    END LOOP;
END $refresh$;
{ALL_EVENT_VIEW}""")
