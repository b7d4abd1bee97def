"""A process that holds the private services of a project, and what is left of it afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.databases import ROOT
from trialsite.devservices import Services

SECONDS = 60  # a deadline for a machine under load, never a wait
HOLD = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from trialsite.devservices import holder, process, running_services
from trialsite.devservices.binaries import ServiceError
exec(sys.argv[2])
try:
    with running_services(Path(sys.argv[1])) as services:
        print(json.dumps(asdict(services)), flush=True)
        sys.stdin.read()
except ServiceError as error:
    sys.exit(f"refused: {error}")
"""


def eventually(condition: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """First true value of the condition."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class Seen:
    """A process as it was once seen; its start tells it from a later one of the same number."""

    pid: int
    parent: int
    name: str
    started: int


def _seen(pid: int) -> Seen | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    # An orphan that ended may stay a zombie where nobody reaps it: it runs no more.
    return None if fields[0] in "ZX" else Seen(pid, int(fields[1]), name, int(fields[19]))


def family(pid: int) -> set[Seen]:
    """All descendants of a process."""
    everyone = [seen for path in Path("/proc").glob("[0-9]*") if (seen := _seen(int(path.name)))]
    found: set[Seen] = set()
    above = {pid}
    while above:
        below = {seen for seen in everyone if seen.parent in above} - found
        found |= below
        above = {seen.pid for seen in below}
    return found


def running(seen: Iterable[Seen]) -> list[Seen]:
    """Those that still run."""
    return [one for one in seen if (now := _seen(one.pid)) is not None and now.started == one.started]


def named(seen: Iterable[Seen], name: str) -> list[Seen]:
    """Those of a name; the server itself comes before its own children."""
    return sorted((one for one in seen if one.name.startswith(name)), key=lambda one: (one.started, one.pid))


def naming(folder: Path) -> list[str]:
    """Command lines of processes that name a path below the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"{folder}/" in line:
            found.append(line)
    return found


class Holder:
    """A process in ``running_services`` of a project until it is released or killed.

    ``first`` is Python that the process runs before, to break something; ``fakes`` a folder whose packages
    stand before those of the environment; ``account`` is what ``Popen`` takes of umask and groups.
    """

    def __init__(self, project: Path, *, first: str = "", fakes: Path | None = None, **account: Any) -> None:
        self.project = project
        self.seen: set[Seen] = set()
        paths = [*([str(fakes)] if fakes else []), str(ROOT)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(project), first],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            cwd="/",
            text=True,
            **account,
        )

    @property
    def state_file(self) -> Path:
        """Where the addresses stand while somebody holds the services."""
        return self.project / "var" / "services.json"

    def services(self) -> Services:
        """Addresses, once they are there."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the services did not start: {self.process.communicate(timeout=SECONDS)[1]}")
        self.family()
        return Services(**json.loads(line))

    def family(self) -> set[Seen]:
        """Its descendants at this moment; the test's end stops what is left of them."""
        now = family(self.process.pid)
        self.seen |= now
        return now

    def waits(self) -> bool:
        """Whether it came as far as the lock of the project, and still runs."""
        lock = str(self.project / "var" / "services.lock")
        folder = Path(f"/proc/{self.process.pid}/fd")
        try:
            return self.process.poll() is None and lock in {os.readlink(link) for link in folder.iterdir()}
        except FileNotFoundError:
            return False

    def release(self) -> int:
        """End the block; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(SECONDS)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self) -> None:
        """Leave nothing, whatever the test did."""
        self.family()
        self.kill()
        for one in running(self.seen):
            with suppress(ProcessLookupError):  # it may be ending by itself
                os.kill(one.pid, signal.SIGKILL)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


def sql(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows of one committed statement."""
    with psycopg.connect(url, autocommit=True) as link:
        cursor = link.execute(statement)
        return cursor.fetchall() if cursor.description else []
