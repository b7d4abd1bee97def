"""``manage.py verify_cut``: does history still give the rows of a cut?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cart.actions.cuts import verify_cut
from cart.codes_runs import CutError
from cart.management.chosen import chosen_cut, chosen_study


class Command(BaseCommand):
    """Read every table as of the cut and compare it with the manifest."""

    help = "Read the rows of a data cut out of history and compare them with its manifest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study and cut."""
        parser.epilog = (
            "Exit code 1: unknown study [unknown-study] or cut [unknown-cut]; no manifest yet [cut-without-digests]; "
            "a table differs [cut-differs]."
        )
        parser.add_argument("study", help="Code of the study.")
        parser.add_argument("name", help="Name of the cut.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, and say which tables differ."""
        cut = chosen_cut(chosen_study(options["study"]), options["name"])
        try:
            tables = verify_cut(cut)
        except CutError as error:
            raise CommandError(str(error)) from error
        differing = [table.table for table in tables if not table.agrees]
        for table in tables:
            self.stdout.write(f"{table.table}  {table.rows:,} rows  {'agrees' if table.agrees else 'DIFFERS'}")
        if differing:
            raise CommandError(f"History no longer gives {cut} as it was: {', '.join(differing)}. [cut-differs]")
