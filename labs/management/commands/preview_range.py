"""``manage.py preview_range``: what a proposed reference range would change."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labs.actions.reference_ranges import preview_range
from labs.models import ReferenceRange
from trialsite.exports.writers import csv_text, whole_file


class Command(BaseCommand):
    """Print the totals, and write the list where asked."""

    help = "Show every result whose flag a proposed reference range would change; nothing is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The range, and a file."""
        parser.epilog = "Exit code 1: there is no such range [unknown-range], or the file cannot be written."
        parser.add_argument("range", type=int, help="Number of the range.")
        parser.add_argument("--to", type=Path, metavar="FILE.csv", help="Write the results that change.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Preview."""
        proposal = ReferenceRange.objects.filter(pk=options["range"]).first()
        if proposal is None:
            raise CommandError(f"There is no reference range {options['range']}. [unknown-range]")
        preview = preview_range(proposal)
        self.stdout.write(f"{proposal} ({proposal.get_state_display().lower()})")
        self.stdout.write(f"{preview.changed.height:,} of {preview.results:,} results would have another flag")
        for before, after, number in preview.counts:
            self.stdout.write(f"  {before} -> {after}: {number:,}")
        if options["to"]:
            with whole_file(options["to"]) as file:
                file.write(csv_text(preview.changed).encode())
            self.stdout.write(f"{options['to']}: {preview.changed.height:,} rows")
