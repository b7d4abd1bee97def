"""``manage.py preview_factor``: what a proposed factor would change."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labs.actions.conversions import Proposal, preview_conversion
from labs.models import BridgingFactor, ConversionFactor
from trialsite.exports.writers import csv_text, whole_file


class Command(BaseCommand):
    """Print the totals, and write the list where asked."""

    help = "Show every result whose standard value a proposed factor would change; nothing is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The factor, and a file."""
        parser.epilog = "Exit code 1: there is no such factor [unknown-factor], or the file cannot be written."
        parser.add_argument("factor", help="Letter and number: F12 for a conversion factor, B3 for a bridging factor.")
        parser.add_argument("--to", type=Path, metavar="FILE.csv", help="Write the results that change.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Preview."""
        proposal = _named(options["factor"])
        if proposal is None:
            raise CommandError(f"There is no factor {options['factor']!a}; name it as F12 or B3. [unknown-factor]")
        preview = preview_conversion(proposal)
        self.stdout.write(f"{proposal.label} {proposal} ({proposal.get_state_display().lower()})")
        self.stdout.write(
            f"{preview.changed.height:,} of {preview.results:,} results would have another standard value"
        )
        for told, number in preview.counts:
            self.stdout.write(f"  {told}: {number:,}")
        if options["to"]:
            with whole_file(options["to"]) as file:
                file.write(csv_text(preview.changed).encode())
            self.stdout.write(f"{options['to']}: {preview.changed.height:,} rows")


def _named(label: str) -> Proposal | None:
    match = re.fullmatch(r"([FB])([0-9]{1,18})", label.upper(), re.ASCII)
    if match is None:
        return None
    kind: Any = ConversionFactor if match[1] == ConversionFactor.LETTER else BridgingFactor
    found: Proposal | None = kind.objects.filter(pk=int(match[2])).first()
    return found
