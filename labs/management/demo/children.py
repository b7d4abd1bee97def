"""Processes that the demo starts: they end with it, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trialsite.devservices.process import Account, start, stop


@contextmanager
def child(name: str, arguments: list[str], *, folder: Path, logs: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of this Python for the length of the block; its output goes to ``logs/NAME.log``."""
    logs.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1"}
    process = start(
        [sys.executable, *arguments],
        account=Account(),
        log=logs / f"{name}.log",
        stop_signal=signal.SIGTERM,
        env=environment,
    )
    try:
        yield process
    finally:
        stop(process, signal.SIGTERM)
