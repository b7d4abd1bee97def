"""Is every table of the product under audit?"""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import connections

from trialsite.audit.exemptions import EXEMPT_TABLES

_TRIGGERS = """
SELECT c.relname, array_agg(t.tgname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND t.tgname LIKE 'audit\\_%' AND t.tgenabled IN ('O', 'A') GROUP BY c.relname
"""
_NEEDED = {"audit_insert", "audit_update", "audit_delete", "audit_truncate"}


def product_tables() -> set[str]:
    """Tables of every managed model, many-to-many tables included."""
    return {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


def audited_tables() -> set[str]:
    """Tables of the product that must be under audit."""
    return product_tables() - EXEMPT_TABLES.keys()


def uncovered_tables(connection: Any) -> dict[str, set[str]]:
    """Tables of the database whose audit triggers are missing or disabled, with the names of those triggers."""
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        present = {table: set(names) for table, names in cursor.fetchall()}
    return {
        table: missing
        for table in sorted(audited_tables() & existing)
        if (missing := _NEEDED - present.get(table, set()))
    }


def check_audit_coverage(*, databases: Any = None, **_: Any) -> list[CheckMessage]:
    """System check (database tag): no table escapes the audit trail."""
    return [
        Error(
            f"Table {table} is not fully under audit: {', '.join(sorted(missing))} missing or disabled.",
            hint="Add AuditTables to its migration, or an exemption with its reason, or enable the triggers.",
            id="audit.E001",
        )
        for alias in databases or []
        for table, missing in uncovered_tables(connections[alias]).items()
    ]
