"""``manage.py audit_reconcile``: folding the events gives the live rows, table by table."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from trialsite.audit.coverage import audited_tables
from trialsite.audit.reconcile import TableReconciliation, one_snapshot, reconcile_table

SHOWN = 100


class Command(BaseCommand):
    """Compare the audit trail with the tables; exit code 1 when a row differs."""

    help = "Compare the audit trail with the live tables and print the rows that it does not explain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Tables."""
        parser.epilog = (
            "Exit code 1: a row differs [audit-differs]; there is no such audited table [unknown-table]. In one "
            "snapshot, without stopping work."
        )
        parser.add_argument("--table", action="append", help="Only this table; may be given several times.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and print a line per table."""
        keys = _keys(options["table"])
        differing = 0
        with one_snapshot(connection) as cursor:
            for table, key in keys.items():
                found = reconcile_table(cursor, table=table, key=key)
                self._print(found)
                differing += len(found.differing)
        if differing:
            raise CommandError(
                f"The audit trail does not explain {differing} rows: they were written with the triggers off, or "
                "the trail was changed. [audit-differs]"
            )
        self.stdout.write(f"{len(keys)} tables agree with the audit trail.")

    def _print(self, found: TableReconciliation) -> None:
        counts = f"{found.rows} rows, {found.events} events, {len(found.differing)} differing"
        self.stdout.write(f"{found.table}: {counts}")
        for row_id, what in found.differing[:SHOWN]:
            self.stdout.write(f"  {row_id}: {what}")
        if len(found.differing) > SHOWN:
            self.stdout.write(f"  and {len(found.differing) - SHOWN} more")


def _keys(wanted: list[str] | None) -> dict[str, str]:
    """Primary key column of every audited table, or of those wanted."""
    keys = {
        model._meta.db_table: str(model._meta.pk.column)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.pk is not None
    }
    audited = audited_tables()
    for table in wanted or []:
        if table not in audited:
            raise CommandError(f"There is no audited table {table!r}. [unknown-table]")
    return {table: keys[table] for table in sorted(wanted or audited)}
