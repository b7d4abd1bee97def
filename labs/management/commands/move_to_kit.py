"""``manage.py move_to_kit``: results under another kit than the one in force on their day."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from labs.actions.kits import move_to_kit, results_elsewhere
from labs.models import Analyte, Laboratory
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason

SHOWN = 20


class Command(AuditedCommand):
    """Show the results; move them where asked."""

    help = "Show results that stand under another kit than the one in force on their day; --move puts them under it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Laboratory, analyte, and whether to move."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: unknown laboratory [unknown-laboratory] or analyte [unknown-analyte]; a result is in another "
            "unit than the kit in force [kit-unit], and nothing is moved."
        )
        parser.add_argument("--laboratory", required=True, help="Code of the laboratory.")
        parser.add_argument("--analyte", required=True, help="Code of the analyte.")
        parser.add_argument("--move", action="store_true", help="Put them under that kit, each as its next version.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show, and move."""
        laboratory = Laboratory.objects.filter(code=options["laboratory"]).first()
        if laboratory is None:
            raise CommandError(f"There is no laboratory {options['laboratory']!r}. [unknown-laboratory]")
        analyte = Analyte.objects.filter(code=options["analyte"]).first()
        if analyte is None:
            raise CommandError(f"There is no analyte {options['analyte']!r}. [unknown-analyte]")
        found = results_elsewhere(laboratory=laboratory, analyte=analyte).results
        self.stdout.write(
            f"{analyte} of {laboratory}: {found.height:,} results under another kit than that of their day"
        )
        for row in found.head(SHOWN).iter_rows(named=True):
            result = f"{row['received_text'] or 'missing'} {row['unit']}".strip()
            self.stdout.write(
                f"  {row['study']} {row['subject']} {row['accession']} {row['collected']}: {result}: "
                f"{row['kit_before'] or 'no kit'} -> {row['kit_after']}"
            )
        if found.height > SHOWN:
            self.stdout.write(f"  ... and {found.height - SHOWN:,} more")
        if options["move"]:
            try:
                moved = move_to_kit(
                    laboratory=laboratory, analyte=analyte, actor=current_actor(), reason=current_reason()
                )
            except ValidationError as error:
                raise CommandError(error.messages[0]) from error
            self.stdout.write(f"{moved:,} moved, each as the next version of its result")
