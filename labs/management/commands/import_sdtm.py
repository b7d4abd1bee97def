"""``manage.py import_sdtm``: DM, EX, LB, IS and CP of a study."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from cart.models.study import CODE_PATTERN
from labs.actions.raw_files import RawFileError
from labs.actions.sdtm import import_sdtm
from labs.imports.sdtm_variables import DatasetError
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason


class Command(AuditedCommand):
    """Import SDTM datasets and account for every record."""

    help = "Import DM, EX, LB, IS, CP (SAS transport v5, Dataset-JSON 1.1) of a folder; the study is made if need be."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Folder and study."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: a dataset is missing or unreadable and nothing is stored; the study's code is none "
            "[code-characters]; the datasets cannot be kept [file-unreadable, store-full]. Exit code 0 also where "
            "single records are refused: the report counts and lists them."
        )
        parser.add_argument(
            "folder",
            type=Path,
            help="Folder with DM, perhaps EX, and LB, IS or CP, each as .xpt, .json, .ndjson or .dsjc, in any case.",
        )
        parser.add_argument("--study", required=True, help="Code of the study; made where it does not exist.")
        parser.add_argument(
            "--title", default="", help="Title of a study that does not exist yet; without it the code."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report."""
        code = options["study"]
        try:
            CODE_PATTERN(code)
        except ValidationError as error:
            raise CommandError(f"{error.messages[0]} Found {code!r}.") from error
        try:
            report = import_sdtm(
                folder=options["folder"],
                study_code=code,
                title=options["title"],
                actor=current_actor(),
                reason=current_reason(),
            )
        except (DatasetError, RawFileError) as error:
            raise CommandError(str(error)) from error
        for line in report.lines():
            self.stdout.write(line)
