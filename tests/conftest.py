"""Fixtures: databases as the application's role sees them, a real worker, shared data."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connections

from tests.databases import ROOT, Database, cloned_database
from trialsite.audit.context import acting

SHARED = ROOT.parent / "shared"


@contextmanager
def connected_to(database: Database) -> Iterator[None]:
    """Let the models of this process work on another database inside the block."""
    own = settings.DATABASES["default"]["NAME"]
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database.name
    try:
        yield
    finally:
        connections.close_all()
        settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = own


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: object) -> Iterator[None]:
    """The database of ordinary tests: a clone of the migrated template, seen as the application's role."""
    with django_db_blocker.unblock(), cloned_database() as database:
        connections.close_all()
        settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database.name
        yield
        connections.close_all()


@pytest.fixture
def fresh_database(django_db_setup: None, django_db_blocker: object) -> Iterator[Database]:
    """A database of its own for a test that commits, truncates nothing and starts processes."""
    with django_db_blocker.unblock(), cloned_database() as database, connected_to(database):
        redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()
        yield database


@pytest.fixture
def as_tester() -> Iterator[None]:
    """Act as ``tester``."""
    with acting(actor="tester", reason="test"):
        yield


class Worker:
    """A real Celery worker process of one child."""

    def __init__(self, database: Database, **environment: str) -> None:
        # One queue per database: workers of parallel test runs share the broker.
        self.log = Path(settings.RAW_STORE) / f"worker-{database.name}-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "celery", "-A", "trialsite", "worker", "-c", "1", "-l", "INFO"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "-Q", queue_of(database), "--without-gossip", "--without-mingle", "--without-heartbeat"],
                cwd=ROOT,
                env=database.environment(CELERY_QUEUE=queue_of(database), **environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = 120) -> "Worker":
        """Wait until it takes tasks."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if b" ready." in self.log.read_bytes():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"the worker did not get ready: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """kill -9 of the worker and its children."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def queue_of(database: Database) -> str:
    """Name of the queue of a test database."""
    return f"queue-{database.name}"


@pytest.fixture
def start_worker(fresh_database: Database, settings: Any) -> Iterator[Callable[..., Worker]]:
    """Function that starts a worker on the fresh database; all are killed at the end."""
    settings.CELERY_TASK_DEFAULT_QUEUE = queue_of(fresh_database)
    started: list[Worker] = []

    def start(**environment: str) -> Worker:
        worker = Worker(fresh_database, **environment)
        started.append(worker)
        return worker.wait_ready()

    yield start
    for worker in started:
        worker.kill()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse pytest-django's flush between tests: the audit trail refuses TRUNCATE."""
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark is not None and mark.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: use the fixture fresh_database instead of transaction=True.")


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Folder of shared vectors."""
    return _shared("TRIALSITE_VECTORS", SHARED / "vectors")


@pytest.fixture(scope="session")
def pilot_data() -> Path:
    """Folder of the public pilot trial."""
    return _shared("TRIALSITE_SHARED_DATA", SHARED / "data") / "cdisc-pilot"


@pytest.fixture(scope="session")
def fhir_data() -> Path:
    """Folder of the public FHIR examples."""
    return _shared("TRIALSITE_SHARED_DATA", SHARED / "data") / "fhir"


def _shared(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable, default))
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here; {variable} names the folder")
    return folder
