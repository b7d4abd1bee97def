"""``manage.py export_endpoints``: the endpoint tables of a study."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from cart.actions.endpoints import stale_subjects
from cart.datasets.endpoints import LONG, endpoint_rows, wide_rows
from cart.models import Study
from trialsite import __version__
from trialsite.exports.description import ExportError
from trialsite.exports.manifest import write_manifest
from trialsite.exports.writers import WRITERS


class Command(BaseCommand):
    """Write long and wide endpoint tables with a manifest."""

    help = "Write the current endpoint tables of a study as CSV and Parquet, with a manifest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Study, folder, formats."""
        parser.epilog = (
            "Exit code 1: unknown study [unknown-study]; unknown format [export-format]; the folder cannot be written "
            "to [export-target]. Exit code 0 with a warning on standard error: subjects have inputs newer than their "
            "answers [stale-subjects]."
        )
        parser.add_argument("study", help="Code of the study.")
        parser.add_argument("--to", type=Path, required=True, help="Folder to write to; made where it is missing.")
        parser.add_argument("--format", default="csv,parquet", help="csv, parquet or both, separated by a comma.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files and say what was written."""
        formats = [name.strip() for name in options["format"].split(",")]
        for name in formats:
            if name not in WRITERS:
                raise CommandError(f"A format is {' or '.join(WRITERS)}; found {name!r}. [export-format]")
        study = Study.objects.filter(code=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}. [unknown-study]")
        with transaction.atomic(), connection.cursor() as cursor:
            # One snapshot for all tables: a job that ends between two reads must not show in one of them.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            long = endpoint_rows(study.pk)
            stale = stale_subjects(study).count()
        wide, description = wide_rows(long)
        folder = options["to"]
        try:
            files = [
                WRITERS[name](frame, described, folder / f"{described.name}.{name}")
                for frame, described in ((long, LONG), (wide, description))
                for name in formats
            ]
            write_manifest(
                folder / "manifest.json",
                study=study.code,
                source="live",
                code_version=__version__,
                created_at=timezone.now(),
                files=files,
                descriptions=[LONG, description],
                notes={"stale_subjects": stale},
            )
        except ExportError as error:
            raise CommandError(str(error)) from error
        for file in files:
            self.stdout.write(f"{file.path}  {file.rows:,} rows  sha256 {file.sha256}")
        if stale:
            self.stderr.write(
                f"{stale} subjects have inputs newer than their endpoints; run the recompute first. [stale-subjects]"
            )
