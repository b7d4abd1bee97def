"""How far the reading of a file is, for whoever waits for it.

What a transfer stores is seen by nobody before its one transaction ends, so its progress stands in a small file in
the store of raw files, which the worker that imports and the process that shows pages share.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from cart.models import Study
from labs.actions.raw_files import RECEIVING
from labs.models import Laboratory

EVERY_SECONDS = 1.0
# A process that was killed says no more; a block takes seconds at most.
STALE_SECONDS = 120


@dataclass(frozen=True)
class Progress:
    """Rows read so far, of about so many; 0 where the format does not tell before its end."""

    rows: int
    expected: int = 0

    @property
    def percent(self) -> int | None:
        """Share that is done; None where it is not known. The last per cent is the commit's."""
        return min(99, 100 * self.rows // self.expected) if self.expected else None

    def __str__(self) -> str:
        if self.percent is None:
            return f"{self.rows:,} rows read"
        return f"{self.rows:,} of about {max(self.rows, self.expected):,} rows read ({self.percent} %)"


Show = Callable[[Progress], None]


@contextmanager
def shown_progress(*, study: Study, laboratory: Laboratory, sha256: str, show: Show | None = None) -> Iterator[Show]:
    """Takes progress as often as it comes and shows it once a second, to ``show`` too."""
    place = _place(study.pk, laboratory.pk, sha256)
    last = time.monotonic()

    def take(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < EVERY_SECONDS:
            return
        last = time.monotonic()
        # Whoever waits does without; the import does not stop for it.
        with contextlib.suppress(OSError):
            _write(place, progress)
        if show is not None:
            show(progress)

    try:
        yield take
    finally:
        with contextlib.suppress(OSError):
            place.unlink(missing_ok=True)


def progress_of(*, study_id: int, laboratory_id: int, sha256: str) -> Progress | None:
    """How far the import of a kept file is; None where none is running, or none has said anything yet."""
    place = _place(study_id, laboratory_id, sha256)
    try:
        if time.time() - place.stat().st_mtime > STALE_SECONDS:
            return None
        rows, expected = place.read_text(encoding="ascii").split()
        return Progress(int(rows), int(expected))
    except (OSError, ValueError):
        return None


def _place(study_id: int, laboratory_id: int, sha256: str) -> Path:
    # Named as what is being received: what a killed process left goes after a day.
    return Path(settings.RAW_STORE) / f"{RECEIVING}{study_id}-{laboratory_id}-{sha256}"


def _write(place: Path, progress: Progress) -> None:
    aside = place.with_name(f"{place.name}-{os.getpid()}")
    aside.write_text(f"{progress.rows} {progress.expected}", encoding="ascii")
    os.replace(aside, place)
