"""Who holds the private services: the first command starts them, the others join.

The holder keeps a lock on ``var/services.lock`` as long as it lives. The kernel drops the lock and stops the
servers when it ends, however it ends, so nothing is left running and no stale lock remains.
"""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psycopg

from trialsite.audit.roles import database_statements, role_statements
from trialsite.audit.sql import APP_ROLE, OWNER_ROLE, REPORT_ROLE
from trialsite.devservices.binaries import ServiceError, broker_binary, postgres_binaries
from trialsite.devservices.broker import start_broker
from trialsite.devservices.postgres import ADMIN, make_cluster, start_postgres
from trialsite.devservices.process import Account, reachable_copy, reachable_folder, service_account

DATABASE = "trialsite"
JOIN_SECONDS = 60


@dataclass(frozen=True)
class Services:
    """Addresses of the running services, one database address per role."""

    database_url: str
    owner_database_url: str
    report_database_url: str
    admin_database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """Variables that tell a command of ours where the services are."""
        return {
            "DATABASE_URL": self.database_url,
            "OWNER_DATABASE_URL": self.owner_database_url,
            "ADMIN_DATABASE_URL": self.admin_database_url,
            "REDIS_URL": self.redis_url,
        }


@contextmanager
def running_services(root: Path, *, throw_away: bool = False, durable: bool = False) -> Iterator[Services]:
    """Private PostgreSQL and broker of the project at ``root`` for the length of the block.

    Parameters
    ----------
    root
        Project folder; data is kept under its ``var``.
    throw_away
        A new cluster in a temporary folder, removed at the end (tests, measurements).
    durable
        Whether a throw-away cluster waits for the disk as a real one does (measurements).

    Raises
    ------
    ServiceError
        With a sentence, when a server is not to be found or does not start.
    """
    if throw_away:
        with _hold(Path(tempfile.mkdtemp(prefix="trialsite-test-")), None, durable=durable) as services:
            yield services
        return
    try:
        (root / "var").mkdir(exist_ok=True)
        lock = (root / "var" / "services.lock").open("a+")
    except OSError as error:
        raise ServiceError(f"{root / 'var'} is not writable ({error.strerror}). [var-not-writable]") from error
    with lock:
        joined = _lock_or_join(lock, root)
        if joined is not None:
            yield joined
            return
        with _in_one_sentence(root / "var"):
            # Addresses that a killed holder left behind are nobody's.
            _state_file(root).unlink(missing_ok=True)
            folder = reachable_folder(root, service_account())
        with _hold(folder, root, durable=True) as services:
            yield services


def _lock_or_join(lock: IO[str], root: Path) -> Services | None:
    """None once this command holds the lock; else the addresses of the command that does.

    Tried in turn, because the holder may just be starting, or stopping.
    """
    deadline = time.monotonic() + JOIN_SECONDS
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            return None
        try:
            return Services(**json.loads(_state_file(root).read_text()))
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.05)
        except TypeError as error:
            raise ServiceError(
                "A command of another version of this clone holds the private services; stop it first. [services-held]"
            ) from error
        except PermissionError as error:
            raise ServiceError(
                "Another account holds the private services of this clone; stop it first. [services-held]"
            ) from error
    raise ServiceError(
        f"Another command holds the private services but did not get ready in {JOIN_SECONDS} s. [services-held]"
    )


@contextmanager
def _hold(folder: Path, root: Path | None, *, durable: bool) -> Iterator[Services]:
    with ExitStack() as stack:
        if root is None:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        with _in_one_sentence(folder):
            services = _start(folder, stack, durable=durable)
            if root:
                stack.callback(_state_file(root).unlink, missing_ok=True)
                _write_private(_state_file(root), json.dumps(asdict(services)))
        yield services


@contextmanager
def _in_one_sentence(folder: Path) -> Iterator[None]:
    """What a full disk, a folder of another account or a missing program raises, for the person at the keyboard."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise ServiceError(
            f"The private services in {folder} cannot be started: {error.strerror or error}{where}. [services-start]"
        ) from error
    except psycopg.Error as error:
        raise ServiceError(
            f"The private database cannot be prepared: {error}. The end of {_log(folder, 'postgresql')} says more; "
            f"without {folder} the next start begins with an empty one. [services-database]"
        ) from error


def _start(folder: Path, stack: ExitStack, *, durable: bool) -> Services:
    """Start both servers; ``stack`` stops them."""
    account = service_account()
    folder.chmod(0o755)
    passwords = _passwords(folder)
    programs = reachable_copy(postgres_binaries(), folder, account)
    data = make_cluster(programs=programs, folder=folder, account=account, password=passwords["admin"])
    postgres = start_postgres(
        programs=programs, data=data, account=account, log=_log(folder, "postgresql"), durable=durable
    )
    stack.callback(postgres.stop)
    broker = start_broker(
        program=broker_binary(),
        folder=folder,
        account=Account(),
        password=passwords["broker"],
        log=_log(folder, "broker"),
    )
    stack.callback(broker.stop)
    services = _addresses(postgres.port, broker.port, passwords)
    _bootstrap(services, passwords)
    return services


def _state_file(root: Path) -> Path:
    return root / "var" / "services.json"


def _log(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"


def _write_private(path: Path, text: str) -> None:
    # Written aside and renamed: whoever joins reads all of it or nothing.
    aside = path.with_suffix(".new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    aside.replace(path)


def _passwords(folder: Path) -> dict[str, str]:
    path = folder / "passwords.json"
    if not path.exists():
        names = ("admin", "owner", "app", "report", "broker")
        _write_private(path, json.dumps({name: secrets.token_urlsafe(24) for name in names}))
    try:
        passwords: dict[str, str] = json.loads(path.read_text())
    except ValueError as error:
        raise ServiceError(
            f"{path} is damaged; remove {folder} to begin with an empty database, or set DATABASE_URL. "
            "[passwords-damaged]"
        ) from error
    return passwords


def _addresses(port: int, broker_port: int, passwords: dict[str, str]) -> Services:
    def url(role: str, name: str) -> str:
        return f"postgresql://{role}:{passwords[name]}@127.0.0.1:{port}/{DATABASE}"

    return Services(
        database_url=url(APP_ROLE, "app"),
        owner_database_url=url(OWNER_ROLE, "owner"),
        report_database_url=url(REPORT_ROLE, "report"),
        admin_database_url=url(ADMIN, "admin"),
        redis_url=f"redis://:{passwords['broker']}@127.0.0.1:{broker_port}/0",
    )


def _bootstrap(services: Services, passwords: dict[str, str]) -> None:
    server = services.admin_database_url.rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            return
        for statement in role_statements(
            owner_password=passwords["owner"],
            app_password=passwords["app"],
            report_password=passwords["report"],
        ):
            admin.execute(statement)
        # Prepared aside and renamed: a start that was killed half-way begins again.
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}_new")
        admin.execute(f"CREATE DATABASE {DATABASE}_new OWNER {OWNER_ROLE}")
        with psycopg.connect(f"{server}/{DATABASE}_new", autocommit=True) as database:
            for statement in database_statements():
                database.execute(statement)
        admin.execute(f"ALTER DATABASE {DATABASE}_new RENAME TO {DATABASE}")
