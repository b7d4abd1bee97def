"""Work of many short steps on one processor: threads that hand each step to one another wait less there.

A step on columns of a few rows takes some 30 us; waking a thread on another processor that has gone to sleep takes two
or three times that, for each of the thousand steps of a chunk (``bench.endpoints``). Linux only; elsewhere, and where
the system does not allow it, work goes on as it would.
"""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

_TASKS = Path("/proc/self/task")
_MARK = "\0trialsite/processor/{}"
# Fields after the name in parentheses, which may hold blanks, begin with the third; the processor is the 39th.
_PROCESSOR_FIELD = 39 - 3


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Keep the threads that this process has now on one processor; afterwards each where it was allowed.

    A processor that another process holds so is left to it: two that started together would share one and leave the
    next idle. Where all are held the threads stay where they may be.
    """
    allowed = _allowed()
    with _held(allowed.get(threading.get_native_id(), set())) as processor:
        try:
            if processor is not None:
                for thread in allowed:
                    _allow(thread, {processor})
            yield
        finally:
            for thread, processors in allowed.items():
                _allow(thread, processors)


@contextmanager
def _held(processors: set[int]) -> Iterator[int | None]:
    """The caller's processor, or another one of these that no process holds; None where there is none."""
    current = _current() if processors else 0
    with ExitStack() as held:
        for processor in sorted(processors, key=lambda one: (one != current, one)):
            # A name that the system forgets with the process, also after kill -9; it makes no file.
            mark = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            try:
                mark.bind(_MARK.format(processor))
            except OSError:
                continue
            yield processor
            return
        yield None


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
