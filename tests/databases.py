"""Databases of the test run: one migrated template, clones of it for tests that commit."""

import fcntl
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from trialsite.audit.roles import database_statements
from trialsite.audit.sql import OWNER_ROLE

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "trialsite_template"


@dataclass(frozen=True)
class Database:
    """Addresses of one test database, per role."""

    name: str

    @property
    def url(self) -> str:
        """As the application's role."""
        return _with_name(os.environ["DATABASE_URL"], self.name)

    @property
    def owner_url(self) -> str:
        """As the owner."""
        return _with_name(os.environ["OWNER_DATABASE_URL"], self.name)

    @property
    def admin_url(self) -> str:
        """As superuser."""
        return _with_name(os.environ["ADMIN_DATABASE_URL"], self.name)

    @property
    def report_url(self) -> str:
        """As the reporting role."""
        return _with_name(os.environ["TRIALSITE_REPORT_URL"], self.name)

    def environment(self, **changes: str) -> dict[str, str]:
        """Environment of a process that works on this database."""
        own = {
            "DATABASE_URL": self.url,
            "OWNER_DATABASE_URL": self.owner_url,
            "ADMIN_DATABASE_URL": self.admin_url,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **own, **changes}


def _with_name(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _admin() -> psycopg.Connection:
    return psycopg.connect(_with_name(os.environ["ADMIN_DATABASE_URL"], "postgres"), autocommit=True)


def ensure_template() -> None:
    """Make and migrate the template once per test run, whichever worker comes first."""
    server = urlsplit(os.environ["ADMIN_DATABASE_URL"])
    with (Path(tempfile.gettempdir()) / f"trialsite-template-{server.port}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _admin() as admin:
            if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
                return
            making = f"{TEMPLATE}_new"
            admin.execute(f"CREATE DATABASE {making} OWNER {OWNER_ROLE}")
            database = Database(making)
            with psycopg.connect(database.admin_url, autocommit=True) as link:
                for statement in database_statements():
                    link.execute(statement)
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                cwd=ROOT,
                env=database.environment(),
                check=True,
            )
            admin.execute(f"ALTER DATABASE {making} RENAME TO {TEMPLATE}")


@contextmanager
def cloned_database() -> Iterator[Database]:
    """A fresh copy of the migrated template, dropped afterwards."""
    ensure_template()
    name = f"test_{uuid.uuid4().hex[:12]}"
    with _admin() as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER_ROLE}")
        try:
            yield Database(name)
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
