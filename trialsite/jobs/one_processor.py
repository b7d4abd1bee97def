"""Work of many short steps on one processor: threads that hand each step to one another wait less there.

A step on columns of a few rows takes some 30 us; waking a thread on another processor that has gone to sleep takes two
or three times that, for each of the thousand steps of a chunk (``bench.endpoints``). Linux only; elsewhere, and where
the system does not allow it, work goes on as it would.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

_TASKS = Path("/proc/self/task")
# Fields after the name in parentheses, which may hold blanks, begin with the third; the processor is the 39th.
_PROCESSOR_FIELD = 39 - 3


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Keep the threads that this process has now on the caller's processor; afterwards each where it was allowed."""
    allowed = _allowed()
    chosen = {_current()} if allowed else set()
    try:
        for thread in allowed:
            _allow(thread, chosen)
        yield
    finally:
        for thread, processors in allowed.items():
            _allow(thread, processors)


def _allowed() -> dict[int, set[int]]:
    """Processors that each thread may run on; none where the system does not say."""
    if not _TASKS.is_dir() or not hasattr(os, "sched_getaffinity"):
        return {}
    found = {}
    for task in _TASKS.iterdir():
        try:
            found[int(task.name)] = os.sched_getaffinity(int(task.name))
        except OSError:
            # It has ended meanwhile.
            continue
    return found


def _current() -> int:
    fields = Path("/proc/thread-self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return int(fields[_PROCESSOR_FIELD])


def _allow(thread: int, processors: set[int]) -> None:
    try:
        os.sched_setaffinity(thread, processors)
    except OSError as error:
        logger.debug("processor not chosen", extra={"thread": thread, "error": str(error)})
