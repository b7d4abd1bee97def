"""``manage.py evaluate_vectors``: a file of cases through the kernel that its name selects."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cart.endpoints.vectors.case_files import CaseFileError, evaluate_file
from cart.endpoints.vectors.catalogue import CASE_RULES, case_rule


class Command(BaseCommand):
    """Print cases, agreeing and differing rows with what was expected and found."""

    help = "Run files of cases with known answers through the kernels and print where they differ."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files, kind."""
        parser.epilog = (
            "Exit code 1: a case differs [cases-differ]; no kernel of that name [case-kind]; the file cannot be read "
            "[case-file] or lacks a column [case-columns]. A value that is no value of its kind counts as differing "
            "[case-value]."
        )
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.csv", help="The name selects the kernel.")
        parser.add_argument("--kind", choices=sorted(CASE_RULES), help="Kind of the cases, where the name is another.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Evaluate each file; the command fails where a case differs."""
        cases, differing = 0, 0
        for path in options["files"]:
            try:
                rule = case_rule(options["kind"] or path.stem)
                outcome = evaluate_file(path, rule)
            except CaseFileError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(
                f"{path.name}: {outcome.cases} cases, {outcome.agreeing} agreeing, {outcome.differing} differing  "
                f"({rule.kernel})"
            )
            for found in outcome.differences:
                what = f"{found.column}: expected {found.expected or 'nothing'}, found {found.found or 'nothing'}"
                self.stdout.write(f"  line {found.line}  {what if found.column else found.found}")
            cases, differing = cases + outcome.cases, differing + outcome.differing
        if differing:
            raise CommandError(f"Every case agrees; {differing} of {cases} differ. [cases-differ]")
