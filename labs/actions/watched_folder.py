"""Files that laboratories put into a folder: imported once they no longer change, then moved with their report.

``FOLDER/STUDY/LABORATORY/incoming`` is where they arrive; ``accepted`` and ``refused`` beside it is where they end,
named by their transfer. A crash between import and move does no harm: the file is found accepted, and moved.
"""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cart.models import Study
from labs.actions.raw_files import RawFileError
from labs.actions.transfers import import_file
from labs.imports.layout import LayoutError
from labs.imports.report import Report
from labs.models import Laboratory

INCOMING, ACCEPTED, REFUSED = "incoming", "accepted", "refused"
# Names under which programs write a file that is not whole yet.
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


@dataclass(frozen=True)
class Taken:
    """A file that was looked at, and what is to be said of it; ``done`` where it was moved, with a refusal or not."""

    path: Path
    message: str
    done: bool
    refused: bool = False


def take_files(folder: Path, *, settle_seconds: float, actor: str, reason: str) -> Iterator[Taken]:
    """Import every file that has not changed for so long, one after the other, by the age of its last change.

    A file that cannot be taken (no such study or laboratory, no layout, not readable) stays where it is.
    """
    for path, study, laboratory in _waiting(folder, settle_seconds):
        try:
            yield _take(path, study, laboratory, actor=actor, reason=reason)
        except (LayoutError, RawFileError) as error:
            yield Taken(path, str(error), done=False)


def _waiting(folder: Path, settle_seconds: float) -> Iterator[tuple[Path, str, str]]:
    latest = time.time() - settle_seconds
    found = []
    for incoming in sorted(folder.glob(f"*/*/{INCOMING}")):
        if incoming.is_symlink() or not incoming.is_dir():
            continue
        for path in incoming.iterdir():
            # Of a link the target could be any file that this account may read.
            state = path.lstat()
            ready = stat.S_ISREG(state.st_mode) and state.st_mtime <= latest
            if ready and not path.name.startswith(".") and not path.name.endswith(UNFINISHED):
                found.append((state.st_mtime, path))
    for _, path in sorted(found):
        yield path, path.parts[-4], path.parts[-3]


def _take(path: Path, study: str, laboratory: str, *, actor: str, reason: str) -> Taken:
    known = Study.objects.filter(code=study).first(), Laboratory.objects.filter(code=laboratory).first()
    if known[0] is None:
        return Taken(path, f"There is no study {study!r}; name the folder after its code. [unknown-study]", done=False)
    if known[1] is None:
        return Taken(
            path,
            f"There is no laboratory {laboratory!r}; name the folder after its code. [unknown-laboratory]",
            done=False,
        )
    report = import_file(study=known[0], laboratory=known[1], path=path, actor=actor, reason=reason)
    _move(path, report)
    return Taken(path, report.headline, done=True, refused=report.refused)


def _move(path: Path, report: Report) -> None:
    """Move a file beside its report; the report is there before the file."""
    target = path.parent.parent / (REFUSED if report.refused else ACCEPTED)
    target.mkdir(exist_ok=True)
    name = f"{report.number}-{path.name}"
    aside = target / f".{name}.report"
    aside.write_text(report.text() + "\n", encoding="utf-8")
    os.replace(aside, target / f"{name}.report.txt")
    os.replace(path, target / name)
