"""``manage.py validate_installation``: do the kernels give on this machine what they have to?"""

import datetime as dt
import hashlib
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cart.endpoints.proof.installation import SHIPPED, FileRun, machine, run_endpoints, run_files
from cart.endpoints.proof.report import Record, as_json, markdown
from trialsite import __version__


class Command(BaseCommand):
    """Run every case that ships with the project, and those of the named folders; write the record."""

    help = (
        "Run every worked case of the endpoints and every case file through the kernels of this installation and write "
        "a dated record, Markdown and JSON, with what differs. No database is read or written."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Folders."""
        parser.epilog = (
            "Exit code 1: an answer differs, an endpoint has no case or a file cannot be run [cases-differ], after the "
            "record was written; a folder has no case files [vectors-folder]; the record cannot be written "
            "[report-target]."
        )
        parser.add_argument(
            "--to", type=Path, default=Path("out") / "validation", help="Folder of the record; made where missing."
        )
        parser.add_argument(
            "--vectors",
            type=Path,
            action="append",
            default=[],
            metavar="DIR",
            help="Folder of further case files (`*.csv`, see evaluate_vectors); may be given more than once.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, write, tell; the command fails where something differs."""
        # Refused before anything runs: a record without the files that were asked for would look complete.
        further = [(folder, _case_files(folder)) for folder in options["vectors"]]
        started, began = dt.datetime.now(dt.UTC), time.monotonic()
        endpoints = run_endpoints()
        files: list[FileRun] = list(run_files(sorted(SHIPPED.glob("*.csv")), origin="ships with the project"))
        for folder, paths in further:
            files += run_files(paths, origin=str(folder.resolve()))
        found = machine(settings.BASE_DIR / "requirements.txt")
        record = Record(started, time.monotonic() - began, __version__, found, endpoints, files)
        for what, cases, agreeing, differing in record.totals():
            self.stdout.write(f"{what}: {cases}, {agreeing} agreeing, {differing} differing")
        for path, sha256 in _written(record, options["to"]):
            self.stdout.write(f"{path}  sha256 {sha256}")
        if not record.agrees:
            raise CommandError("Every case agrees; some do not, and the record says which. [cases-differ]")


def _case_files(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    if not paths:
        raise CommandError(f"A folder of case files has files ending in .csv; {folder} has none. [vectors-folder]")
    return paths


def _written(record: Record, folder: Path) -> list[tuple[Path, str]]:
    """Page, JSON, and a file of their digests as ``sha256sum --check`` reads it."""
    stem = f"installation-{record.at.strftime('%Y%m%dT%H%M%SZ')}"
    page = markdown(record).encode()
    sha256 = hashlib.sha256(page).hexdigest()
    data = as_json(record, report=f"{stem}.md", report_sha256=sha256).encode()
    digests = {f"{stem}.md": sha256, f"{stem}.json": hashlib.sha256(data).hexdigest()}
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {f"{stem}.md": page, f"{stem}.json": data, f"{stem}.sha256": lines}.items():
            # A record that is there is never written over.
            with (folder / name).open("xb") as file:
                file.write(content)
    except OSError as error:
        raise CommandError(
            f"The record is written to a folder that can be written to; {folder}: {error.strerror}. [report-target]"
        ) from error
    return [(folder / name, digest) for name, digest in digests.items()]
