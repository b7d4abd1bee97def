"""``manage.py watch_labs``: files that laboratories put into a folder."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from labs.actions.watched_folder import Taken, take_files
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor, current_reason


class Command(AuditedCommand):
    """Import what arrives below a folder, and move it with its report."""

    help = "Import the files that arrive in FOLDER/STUDY/LABORATORY/incoming; move each to accepted or refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Folder, and how to look at it."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: the folder does not exist [no-folder]; with --once also where a file was refused or stayed "
            "[files-not-taken]: unknown study [unknown-study] or laboratory [unknown-laboratory], incomplete layout, "
            "unreadable file [file-unreadable]. Exit code 0: with --once, every file was accepted."
        )
        parser.add_argument("folder", type=Path, help="The folder.")
        parser.add_argument("--once", action="store_true", help="Look once and end, for cron.")
        parser.add_argument(
            "--settle", type=float, default=10.0, metavar="SECONDS", help="A file is whole when unchanged for so long."
        )
        parser.add_argument(
            "--every", type=float, default=5.0, metavar="SECONDS", help="Time between two looks without --once."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, once or for ever."""
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"The watched folder is a folder; found {str(folder)!r}. Make it. [no-folder]")
        said: set[Taken] = set()
        while True:
            bad = self._look(folder.resolve(), options["settle"], said)
            if options["once"]:
                if bad:
                    raise CommandError(f"{bad} of the files were not taken; see above. [files-not-taken]")
                return
            time.sleep(options["every"])

    def _look(self, folder: Path, settle: float, said: set[Taken]) -> int:
        """One line per file, of a file that stays only once; returns how many were not taken."""
        bad = 0
        for taken in take_files(folder, settle_seconds=settle, actor=current_actor(), reason=current_reason()):
            if taken not in said:
                self.stdout.write(f"{taken.path.relative_to(folder)}: {taken.message}")
                self.stdout.flush()
            if not taken.done:
                said.add(taken)
            bad += not taken.done or taken.refused
        return bad
