"""SQL of the audit trail: tables, functions, triggers.

Everything lives in schema ``audit`` and belongs to role ``trialsite_audit``; the application's role may read.
Statement-level triggers over transition tables cover every path (ORM, bulk, COPY, raw SQL, cascade) at a cost
per statement, not per row. ``pg_temp`` stands last in every search path: where it is not named, PostgreSQL looks for
tables among those of the session first, and anybody can make one called ``pg_attribute``.
"""

AUDIT_ROLE = "trialsite_audit"
OWNER_ROLE = "trialsite_owner"
APP_ROLE = "trialsite_app"
REPORT_ROLE = "trialsite_report"


def guards(table: str) -> str:
    """Triggers that keep a table of the trail from everybody, its owner included; ``table`` as SQL writes it."""
    return (
        f"CREATE TRIGGER audit_only BEFORE INSERT ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_direct_insert();\n"
        f"CREATE TRIGGER append_only AFTER UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();\n"
        f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_truncate();"
    )


SCHEMA = f"""
CREATE TABLE audit.context (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text NOT NULL CHECK (actor <> ''),
    reason text NOT NULL,
    request text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    txid bigint NOT NULL,
    session_role text NOT NULL DEFAULT session_user,
    application text NOT NULL
);
CREATE INDEX context_txid ON audit.context (txid);
CREATE TABLE audit.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    context_id bigint NOT NULL REFERENCES audit.context,
    table_name text NOT NULL,
    row_id text NOT NULL,
    operation char(1) NOT NULL CHECK (operation IN ('I', 'U', 'D')),
    old jsonb,
    new jsonb
);
CREATE INDEX event_of_row ON audit.event (table_name, row_id, id);
CREATE INDEX event_context ON audit.event (context_id);

-- One row per transaction, actor, reason and request: two reasons in one transaction stay two.
CREATE FUNCTION audit.open_context(changes_existing boolean, table_name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    blanks text := E' \\t\\n\\r\\f\\u000b\\u00a0';
    who text := btrim(coalesce(current_setting('trialsite.actor', true), ''), blanks);
    why text := btrim(coalesce(current_setting('trialsite.reason', true), ''), blanks);
    ask text := coalesce(current_setting('trialsite.request', true), '');
    tx bigint := pg_current_xact_id()::text::bigint;
    found_id bigint;
BEGIN
    IF who = '' THEN
        RAISE EXCEPTION 'A write to % has no actor; every write names who acts. [no-actor]', table_name
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_actor';
    END IF;
    IF changes_existing AND why = '' THEN
        RAISE EXCEPTION 'A change to % has no reason; every change says why. [no-reason]', table_name
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_reason';
    END IF;
    SELECT c.id INTO found_id FROM audit.context c
        WHERE c.txid = tx AND c.actor = who AND c.reason = why AND c.request = ask LIMIT 1;
    IF found_id IS NULL THEN
        INSERT INTO audit.context (actor, reason, request, txid, application)
        VALUES (who, why, ask, tx, current_setting('application_name')) RETURNING id INTO found_id;
    END IF;
    RETURN found_id;
END $$;

-- Time zone and date style are fixed, so that the text of a value does not depend on the session.
-- No nested loops: the plan is made for the first statement's number of rows and kept for the session, and a
-- nested loop that was right for one row takes minutes for 20,000.
CREATE FUNCTION audit.record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET "DateStyle" = 'ISO'
SET enable_nestloop = off AS $$
DECLARE
    key text := TG_ARGV[0];
    context bigint;
    rekeyed bigint;
    changed bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM new_rows) THEN
            context := audit.open_context(false, TG_TABLE_NAME);
            INSERT INTO audit.event (context_id, table_name, row_id, operation, new)
            SELECT context, TG_TABLE_NAME, to_jsonb(n) ->> key, 'I', to_jsonb(n) FROM new_rows n;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM old_rows) THEN
            context := audit.open_context(true, TG_TABLE_NAME);
            INSERT INTO audit.event (context_id, table_name, row_id, operation, old)
            SELECT context, TG_TABLE_NAME, to_jsonb(o) ->> key, 'D', to_jsonb(o) FROM old_rows o;
        END IF;
    ELSE
        SELECT count(*) FILTER (WHERE o.row IS NULL), count(*) FILTER (WHERE o.row IS DISTINCT FROM n.row)
            INTO rekeyed, changed
            FROM (SELECT to_jsonb(n) AS row FROM new_rows n) n
            LEFT JOIN (SELECT to_jsonb(o) AS row FROM old_rows o) o ON o.row ->> key = n.row ->> key;
        IF rekeyed > 0 THEN
            RAISE EXCEPTION 'The key of % does not change; enter a new row instead. [key-change]', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_key';
        END IF;
        -- A row written with the values it had is no change and leaves no event.
        IF changed > 0 THEN
            context := audit.open_context(true, TG_TABLE_NAME);
            INSERT INTO audit.event (context_id, table_name, row_id, operation, old, new)
            SELECT context, TG_TABLE_NAME, n.row ->> key, 'U', o.row, n.row
            FROM (SELECT to_jsonb(n) AS row FROM new_rows n) n
            JOIN (SELECT to_jsonb(o) AS row FROM old_rows o) o ON o.row ->> key = n.row ->> key
            WHERE o.row IS DISTINCT FROM n.row;
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- Inserts of high-volume append-only tables: a typed copy of the row costs half of a jsonb event. Columns go by
-- name, so that a migration which forgets RefreshTypedAudit fails loudly instead of shifting values. Arguments
-- are columns that follow from the others and are not copied.
CREATE FUNCTION audit.record_typed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    columns text;
BEGIN
    IF EXISTS (SELECT FROM new_rows) THEN
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
            FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped
            AND NOT (attname = ANY (coalesce(TG_ARGV, ARRAY[]::text[])));
        EXECUTE format('INSERT INTO audit.%I (context_id, %s) SELECT $1, %s FROM new_rows',
                       TG_TABLE_NAME || '_insert', columns, columns)
            USING audit.open_context(false, TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;

-- The same where rows that agree in some columns (first argument; the others are the derived ones) share an event row:
-- a million results make some five hundred. Columns in which no row has anything are left out: most optional ones are
-- empty, and an array of nothing costs as much as any other. A huge statement is recorded in parts, because what is
-- being collected is in memory.
CREATE FUNCTION audit.record_batch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    most CONSTANT bigint := 500000;
    alike text[] := string_to_array(TG_ARGV[0], ',');
    empty text[];
    columns text;
    kept text;
    total bigint;
    low bigint;
    high bigint;
    span bigint;
    filled bigint;
    context bigint;
BEGIN
    SELECT coalesce(array_agg(attname::text), '{{}}') INTO empty FROM pg_attribute
        WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped AND NOT attnotnull
        AND NOT (attname = ANY (alike || TG_ARGV[1:]));
    -- What is empty in the first row is most often empty in all: one scan says so.
    EXECUTE (SELECT format('SELECT array_remove(ARRAY[%s]::text[], NULL) FROM new_rows LIMIT 1',
                           string_agg(format('CASE WHEN %I IS NULL THEN %L END', c, c), ', '))
             FROM unnest(empty) c) INTO empty;
    IF empty IS NULL THEN
        RETURN NULL;
    END IF;
    context := audit.open_context(false, TG_TABLE_NAME);
    EXECUTE (SELECT format('SELECT count(*), min(id), max(id), count(*) FILTER (WHERE %s) FROM new_rows',
                           coalesce(string_agg(format('%I IS NOT NULL', c), ' OR '), 'false'))
             FROM unnest(empty) c) INTO total, low, high, filled;
    IF filled > 0 THEN
        EXECUTE (SELECT format('SELECT array_remove(ARRAY[%s]::text[], NULL) FROM new_rows',
                               string_agg(format('CASE WHEN count(%I) = 0 THEN %L END', c, c), ', '))
                 FROM unnest(empty) c) INTO empty;
    END IF;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
        string_agg(format(CASE WHEN attname = ANY (alike) THEN '%I' ELSE 'array_agg(%I)' END, attname), ', '
            ORDER BY attnum) INTO columns, kept
        FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped
        AND NOT (attname = ANY (empty || TG_ARGV[1:]));
    span := (high - low) / (total / most + 1) + 1;
    FOR part IN 0 .. total / most LOOP
        EXECUTE format('INSERT INTO audit.%I (context_id, first_id, last_id, %s) SELECT $1, $2, $3, %s FROM new_rows'
                       || CASE WHEN total > most THEN ' WHERE id BETWEEN $2 AND $3' ELSE '' END || ' GROUP BY %s',
                       TG_TABLE_NAME || '_batch', columns, kept,
                       (SELECT string_agg(quote_ident(c), ', ') FROM unnest(alike) c))
            USING context, low + part * span, least(low + (part + 1) * span - 1, high);
    END LOOP;
    RETURN NULL;
END $$;

-- Only the functions above write here, from inside a trigger of the table that changed: not even the owner adds
-- an event by mistake.
CREATE FUNCTION audit.refuse_direct_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'Events of % are written by the audit triggers only. [audit-only]', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_only';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - TG_ARGV) = (to_jsonb(OLD) - TG_ARGV) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'Rows of % are never changed or deleted; a correction is a new row. [append-only]', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'append_only';
END $$;

CREATE FUNCTION audit.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'Table % is never emptied. [no-truncate]', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'no_truncate';
END $$;

{guards("audit.context")}
{guards("audit.event")}

REVOKE ALL ON FUNCTION audit.open_context(boolean, text), audit.record(), audit.record_typed(),
    audit.record_batch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.record(), audit.record_typed(), audit.record_batch() TO {OWNER_ROLE};
GRANT SELECT ON audit.context, audit.event TO {APP_ROLE}, {REPORT_ROLE};
"""

SCHEMA_REVERSE = """
DROP VIEW IF EXISTS audit.all_event;
DROP FUNCTION audit.refuse_direct_insert() CASCADE;
DROP FUNCTION audit.refuse_truncate() CASCADE;
DROP FUNCTION audit.refuse_change() CASCADE;
DROP FUNCTION audit.record_batch();
DROP FUNCTION audit.record_typed();
DROP FUNCTION audit.record();
DROP FUNCTION audit.open_context(boolean, text);
DROP TABLE audit.event;
DROP TABLE audit.context;
"""


def as_audit_role(sql: str) -> str:
    """Statements run as the audit role, so that what they make belongs to it."""
    return f"SET LOCAL ROLE {AUDIT_ROLE};\n{sql}\nRESET ROLE;"


def audit_triggers(*, table: str, key: str, typed_insert: str = "") -> list[str]:
    """Statements that put a table under audit; ``key`` is its primary key column.

    ``typed_insert``: the call that records inserts, where it is not the general one.
    """
    insert = typed_insert or f"audit.record('{key}')"
    return [
        f'CREATE TRIGGER audit_insert AFTER INSERT ON "{table}" REFERENCING NEW TABLE AS new_rows'
        f" FOR EACH STATEMENT EXECUTE FUNCTION {insert}",
        f'CREATE TRIGGER audit_update AFTER UPDATE ON "{table}" REFERENCING NEW TABLE AS new_rows'
        f" OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION audit.record('{key}')",
        f'CREATE TRIGGER audit_delete AFTER DELETE ON "{table}" REFERENCING OLD TABLE AS old_rows'
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit.record('{key}')",
        f'CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON "{table}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_truncate()",
    ]


def audit_triggers_reverse(*, table: str) -> list[str]:
    """Statements that take a table out of audit."""
    return [f'DROP TRIGGER audit_{event} ON "{table}"' for event in ("insert", "update", "delete", "truncate")]
