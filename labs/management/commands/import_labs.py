"""``manage.py import_labs``: a central laboratory's file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cart.models import Study
from labs.actions.progress import Progress
from labs.actions.raw_files import RawFileError
from labs.actions.transfers import import_file
from labs.imports.layout import LayoutError
from labs.models import Laboratory
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason

# Of a terminal: what stood there is overwritten.
CLEAR_LINE = "\r\x1b[K"


class Command(AuditedCommand):
    """Import one file and print its report; exit code 1 when it was refused."""

    help = "Import a laboratory's file, delimited or FHIR R4, by its declared layout."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """File, study, laboratory."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: the file was refused and nothing of it is stored [file-refused]; unknown study "
            "[unknown-study] or laboratory [unknown-laboratory]; its layout is incomplete; the file cannot be read "
            "[file-unreadable] or kept [store-full]; the database is full [database-full]. "
            "Exit code 0: accepted, or accepted before."
        )
        parser.add_argument("file", type=Path, help="The laboratory's file.")
        parser.add_argument("--study", required=True, help="Code of the study.")
        parser.add_argument("--laboratory", required=True, help="Code of the laboratory.")
        parser.add_argument(
            "--check-only", action="store_true", help="Check and report; store neither results nor a transfer."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report."""
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}. [unknown-study]")
        laboratory = Laboratory.objects.filter(code=options["laboratory"]).first()
        if laboratory is None:
            raise CommandError(f"There is no laboratory {options['laboratory']!r}. [unknown-laboratory]")
        try:
            report = import_file(
                study=study,
                laboratory=laboratory,
                path=options["file"],
                check_only=options["check_only"],
                actor=current_actor(),
                reason=current_reason(),
                show=self._show if self.stderr.isatty() else None,
            )
        except (LayoutError, RawFileError) as error:
            raise CommandError(str(error)) from error
        finally:
            if self.stderr.isatty():
                self.stderr.write(CLEAR_LINE, style_func=str, ending="")
        self.stdout.write(report.text())
        if report.refused:
            raise CommandError("The file was refused; nothing of it is stored. [file-refused]")

    def _show(self, progress: Progress) -> None:
        self.stderr.write(f"{CLEAR_LINE}{progress}", style_func=str, ending="")
        self.stderr.flush()
