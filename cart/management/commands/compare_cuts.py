"""``manage.py compare_cuts``: what differs between two cuts of a study."""

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
from django.core.management.base import BaseCommand, CommandError

from cart.actions.cut_comparison import field_changes, table_changes
from cart.management.chosen import chosen_cut, chosen_study
from trialsite.exports.description import ExportError
from trialsite.exports.writers import csv_text, whole_file

_COLUMNS = ("table", "label", "row_id", "subject", "kind", "field", "old", "new")


class Command(BaseCommand):
    """Count the rows that differ by table; list the fields by subject where a file is asked for."""

    help = "Compare two data cuts of a study by subject and field."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study and two cuts."""
        parser.epilog = (
            "Exit code 1: unknown study [unknown-study] or cut [unknown-cut]; the file cannot be written "
            "[export-target]."
        )
        parser.add_argument("study", help="Code of the study.")
        parser.add_argument("before", help="Name of the one cut.")
        parser.add_argument("after", help="Name of the other.")
        parser.add_argument("--subject", default="", help="Only this subject, by its code.")
        parser.add_argument("--to", type=Path, help="CSV file with every field: subject, record, field, old, new.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and say how much differs."""
        study = chosen_study(options["study"])
        before, after = (chosen_cut(study, options[name]) for name in ("before", "after"))
        changes = list(field_changes(before, after, subject=options["subject"]))
        for row in table_changes(iter(changes)):
            self.stdout.write(f"{row.label}: {row.entered:,} entered, {row.changed:,} changed, {row.removed:,} removed")
        if not changes:
            self.stdout.write("Nothing differs.")
        if options["to"]:
            rows = pl.DataFrame([asdict(one) for one in changes], schema=dict.fromkeys(_COLUMNS, pl.String))
            try:
                with whole_file(options["to"]) as file:
                    file.write(csv_text(rows).encode())
            except ExportError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{options['to']}  {rows.height:,} rows")
