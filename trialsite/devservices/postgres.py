"""A private PostgreSQL server."""

import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialsite.devservices.binaries import ServiceError
from trialsite.devservices.process import Account, die_with_parent, free_port, start, stop

ADMIN = "trialsite_admin"
READY_LINE = 7  # of postmaster.pid
START_SECONDS = 60
START_TRIES = 3


@dataclass
class PostgresServer:
    """A running server: where it listens."""

    process: Any
    port: int

    def stop(self) -> None:
        """Fast shutdown: open sessions are ended, data is safe."""
        stop(self.process, signal.SIGINT)


def make_cluster(*, programs: Path, folder: Path, account: Account, password: str) -> Path:
    """Data folder of the cluster, made on first use."""
    data = folder / "postgresql"
    if (data / "PG_VERSION").exists():
        return data
    # Made aside and renamed, and never twice in one place: a start that was killed half-way begins again,
    # whatever its last children still write.
    for half_made in folder.glob("postgresql.new*"):
        shutil.rmtree(half_made, ignore_errors=True)
    making = Path(tempfile.mkdtemp(prefix="postgresql.new-", dir=folder))
    account.own(making)
    secret = folder / "initdb-password"
    command = [
        str(programs / "initdb"),
        *("-D", str(making), "-U", ADMIN, f"--pwfile={secret}", "--auth=scram-sha-256"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
    ]
    try:
        secret.touch(mode=0o600)
        secret.write_text(password)
        account.own(secret)
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            preexec_fn=die_with_parent(signal.SIGKILL),
            **account.arguments(),
        )
    finally:
        secret.unlink(missing_ok=True)
    if done.returncode:
        raise ServiceError(f"PostgreSQL could not make its data folder {data}: {done.stderr.strip()} [initdb]")
    making.rename(data)
    return data


def start_postgres(*, programs: Path, data: Path, account: Account, log: Path, durable: bool = True) -> PostgresServer:
    """Start the server on a free loopback port and wait until it accepts connections."""
    _await_orphan(data)
    for _ in range(START_TRIES):
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": "512MB",
            "max_wal_size": "4GB",
            # Segments are used again: a new one is written twice.
            "min_wal_size": "1GB",
            # A load writes faster than the log is synced; in 16 MB it would wait a tenth of its time.
            "wal_buffers": "64MB",
            # What a load writes is written by the processes made for it, not by the session that loads.
            "wal_writer_delay": "50ms",
            "bgwriter_delay": "20ms",
            "bgwriter_lru_maxpages": "1000",
            "bgwriter_lru_multiplier": "4",
            "fsync": "on" if durable else "off",
            "synchronous_commit": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
        }
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = start(command, account=account, log=log, stop_signal=signal.SIGINT)
        if _becomes_ready(process, data):
            return PostgresServer(process, port)
    tail = log.read_text(errors="replace")[-600:].strip()
    raise ServiceError(f"PostgreSQL did not start; the end of {log} says: {tail} [postgresql-start]")


def _becomes_ready(process: Any, data: Path) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        lines = _pid_file(data)
        if len(lines) > READY_LINE and lines[0] == str(process.pid) and lines[READY_LINE].strip() == "ready":
            return True
        time.sleep(0.02)
    stop(process, signal.SIGQUIT)
    return False


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return []


def _await_orphan(data: Path) -> None:
    # After a kill -9 of the parent the old server is still shutting down; a pid file without a process is
    # stale and PostgreSQL itself removes it.
    deadline = time.monotonic() + START_SECONDS
    while _is_served(data) and time.monotonic() < deadline:
        time.sleep(0.1)


def _is_served(data: Path) -> bool:
    lines = _pid_file(data)
    if not lines or not lines[0].isdigit():
        return False
    process = Path("/proc") / lines[0]
    # By its working folder: the number alone may be any process's by now, after a crash of the machine.
    try:
        return (process / "cwd").readlink() == data.resolve()
    except PermissionError:
        # Containers close it even to root; the name stays open.
        return (process / "comm").read_text().startswith("postgres")
    except OSError:
        return False
