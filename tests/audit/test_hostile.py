"""What each database role may not do to the trail."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import Database, cloned_database
from trialsite.audit.sql import AUDIT_ROLE

ACT = "SELECT set_config('trialsite.actor', 'mallory', false), set_config('trialsite.reason', 'because', false)"
EVENT = "INSERT INTO audit.event (context_id, table_name, row_id, operation) VALUES (1, 'cart_study', '1', 'I')"
CONTEXT = "INSERT INTO audit.context (actor, reason, request, txid, application) VALUES ('alice', 'x', '', 1, 'x')"
TYPED = "INSERT INTO audit.labs_result_batch SELECT * FROM audit.labs_result_batch"
TABLES = ["audit.event", "audit.context", "audit.labs_result_batch", "audit.cart_evaluation_insert"]


@pytest.fixture(scope="module")
def written_database(django_db_setup: None) -> Iterator[Database]:
    """A database with one change in its trail."""

    with cloned_database() as database:
        with psycopg.connect(database.url) as link:
            link.execute(ACT)
            link.execute("INSERT INTO auth_group (name) VALUES ('there')")
        yield database


@pytest.fixture
def app(written_database: Database) -> Iterator[psycopg.Connection]:
    """Connection of the application's role, acting as somebody."""
    with psycopg.connect(written_database.url) as link:
        link.execute(ACT)
        yield link
        link.rollback()


@pytest.fixture
def owner(written_database: Database) -> Iterator[psycopg.Connection]:
    """Connection of the owner, acting as somebody."""
    with psycopg.connect(written_database.owner_url) as link:
        link.execute(ACT)
        yield link
        link.rollback()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET context_id = 1", "INSERT INTO {} DEFAULT VALUES"]
)
def test_application_cannot_write_the_trail(app: psycopg.Connection, table: str, statement: str):
    statement = statement.replace("context_id", "actor") if table == "audit.context" else statement
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        EVENT,
        CONTEXT,
        TYPED,
        "ALTER TABLE auth_group DISABLE TRIGGER ALL",
        "ALTER TABLE auth_group DISABLE TRIGGER audit_update",
        "DROP TRIGGER audit_update ON auth_group",
        "ALTER TABLE audit.event DISABLE TRIGGER ALL",
        "DROP TABLE audit.event",
        "SET session_replication_role = replica",
        f"SET ROLE {AUDIT_ROLE}",
        "SET ROLE trialsite_owner",
        "SELECT audit.open_context(false, 'cart_study')",
        "CREATE OR REPLACE FUNCTION audit.record() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TABLE public.shadow (id integer)",
        "CREATE FUNCTION public.to_jsonb(x auth_group) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'",
    ],
)
def test_application_cannot_switch_the_trail_off_or_forge_it(app: psycopg.Connection, statement: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


def test_application_cannot_hang_the_audit_function_on_a_table_of_its_own(app: psycopg.Connection):
    app.execute("CREATE TEMP TABLE cart_study (id bigint PRIMARY KEY, code text)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(
            "CREATE TRIGGER forged AFTER INSERT ON pg_temp.cart_study REFERENCING NEW TABLE AS new_rows"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit.record('id')"
        )


def test_tables_of_the_session_do_not_shadow_the_trail(app: psycopg.Connection):
    app.execute("CREATE TEMP TABLE event (LIKE audit.event)")
    app.execute("CREATE TEMP TABLE new_rows (id bigint, name text)")
    app.execute("SET LOCAL search_path = pg_temp, public")
    app.execute("INSERT INTO auth_group (name) VALUES ('shadowed')")
    (row,) = app.execute("SELECT new ->> 'name' FROM audit.event ORDER BY id DESC LIMIT 1").fetchall()
    assert row == ("shadowed",)


@pytest.mark.parametrize("table", ["auth_group", "labs_result", "cart_subject", "jobs_job"])
def test_application_cannot_empty_a_table(app: psycopg.Connection, table: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", ["auth_group", "labs_result", "cart_subject", "jobs_job", *TABLES])
def test_owner_cannot_empty_a_table(owner: psycopg.Connection, table: str):
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no-truncate"):
        owner.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("statement", [EVENT, CONTEXT, TYPED])
def test_owner_does_not_add_events(owner: psycopg.Connection, statement: str):
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="audit-only"):
        owner.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit.context SET actor = 'alice'", "DELETE FROM audit.event", "UPDATE audit.event SET new = NULL"],
)
def test_owner_does_not_change_events(owner: psycopg.Connection, statement: str):
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        owner.execute(statement)


def test_owner_needs_an_actor_too(owner: psycopg.Connection):
    owner.execute("SELECT set_config('trialsite.actor', '', false)")
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no-actor"):
        owner.execute("INSERT INTO auth_group (name) VALUES ('x')")


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO auth_group (name) VALUES ('x')", "DELETE FROM cart_study", EVENT, "DELETE FROM audit.event"],
)
def test_reporting_role_only_reads(written_database: Database, statement: str):
    with psycopg.connect(written_database.report_url) as link:
        assert link.execute("SELECT count(*) FROM audit.all_event").fetchone() == (1,)
        link.execute(ACT)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            link.execute(statement)


def test_audit_role_cannot_sign_in(written_database: Database):
    with psycopg.connect(written_database.admin_url) as link:
        found = link.execute("SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = %s", [AUDIT_ROLE]).fetchone()
    assert found == (False, False)
