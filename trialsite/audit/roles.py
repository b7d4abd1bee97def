"""The four database roles and what each may do.

owner: migrations (DDL), no data entry in production; app: reads and writes rows, no DDL, no TRUNCATE;
audit: owns schema ``audit`` and nobody signs in as it; report: reads.
"""

from trialsite.audit.sql import APP_ROLE, AUDIT_ROLE, OWNER_ROLE, REPORT_ROLE

LOGIN_ROLES = (OWNER_ROLE, APP_ROLE, REPORT_ROLE)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def role_statements(*, owner_password: str, app_password: str, report_password: str) -> list[str]:
    """Statements that make the roles, or set their passwords anew; run as a superuser in any database."""
    make = (
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN"
        " EXECUTE 'CREATE ROLE {role}'; END IF; END $$"
    )
    passwords = dict(zip(LOGIN_ROLES, (owner_password, app_password, report_password), strict=True))
    statements = [make.format(name=_literal(role), role=role) for role in (*LOGIN_ROLES, AUDIT_ROLE)]
    statements += [
        f"ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {_literal(password)}"
        for role, password in passwords.items()
    ]
    statements += [
        f"ALTER ROLE {AUDIT_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS",
        # Migrations make what belongs to the audit role by SET ROLE.
        f"GRANT {AUDIT_ROLE} TO {OWNER_ROLE}",
        # One idle transaction holds up vacuum and, later, the sealing of the audit trail.
        f"ALTER ROLE {APP_ROLE} SET idle_in_transaction_session_timeout = '10min'",
        # Rows of this very transaction have no statistics: their guessed cost makes PostgreSQL compile queries
        # that run for a millisecond (0.2 s each, measured).
        f"ALTER ROLE {APP_ROLE} SET jit = off",
    ]
    return statements


def database_statements() -> list[str]:
    """Statements that prepare one database; run in it as a superuser. The owner role owns the database."""
    return [
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}",
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {REPORT_ROLE}, {AUDIT_ROLE}",
        f"CREATE SCHEMA IF NOT EXISTS audit AUTHORIZATION {AUDIT_ROLE}",
        f"GRANT USAGE ON SCHEMA audit TO {OWNER_ROLE}, {APP_ROLE}, {REPORT_ROLE}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {APP_ROLE}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public"
        f" GRANT SELECT ON TABLES TO {REPORT_ROLE}, {AUDIT_ROLE}",
    ]
