"""Environment variables: one table says what there is; readers refuse bad values.

``docs/reference/settings.md`` is generated from ``DECLARED`` (``python -m trialsite.environ``).
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit


class EnvironmentRefused(Exception):
    """A variable is missing or holds what it must not; the message is for the person who set it."""


@dataclass(frozen=True)
class Variable:
    """One environment variable of the product."""

    name: str
    meaning: str
    default: str = ""
    secret: bool = False
    production: bool = False


DECLARED = [
    Variable("TRIALSITE_ENV", "`development`, `test` or `production`.", "development"),
    Variable("SECRET_KEY", "Key of sessions and tokens, 50 characters or more.", secret=True, production=True),
    Variable(
        "DATABASE_URL",
        "`postgresql://trialsite_app:PASSWORD@HOST:PORT/NAME`: the application's role.",
        "private server in development",
        secret=True,
        production=True,
    ),
    Variable(
        "OWNER_DATABASE_URL",
        "The same database as role `trialsite_owner`; used by `migrate` alone.",
        "private server in development",
        secret=True,
    ),
    Variable(
        "ADMIN_DATABASE_URL",
        "The same database as a superuser; used by `create_roles` alone.",
        "private server in development",
        secret=True,
    ),
    Variable(
        "REDIS_URL",
        "`redis://:PASSWORD@HOST:PORT/0`: the broker.",
        "private broker in development",
        secret=True,
        production=True,
    ),
    Variable("CELERY_QUEUE", "Queue of the jobs; installations that share a broker take different ones.", "trialsite"),
    Variable(
        "ALLOWED_HOSTS", "Host names the web server answers to, separated by commas.", "loopback", production=True
    ),
    Variable("DEBUG", "`1` shows error pages with source; refused in production.", "1 in development"),
    Variable("CSRF_TRUSTED_ORIGINS", "Origins (with https://) that forms may come from, separated by commas."),
    Variable(
        "RANDOMISATION_KEY",
        "Key from which sealed randomisation lists follow, 32 characters or more; kept as long as a list is open.",
        "of development; none in production",
        secret=True,
    ),
    Variable("RAW_STORE", "Folder where laboratory files are kept by their SHA-256.", "var/raw"),
    Variable("STATIC_ROOT", "Folder of collected static files.", "var/static"),
    Variable("DATABASE_POOL_SIZE", "Connections a web process keeps open.", "4"),
    Variable("SECURE_PROXY", "`1` when a proxy in front ends TLS and sets X-Forwarded-Proto.", "0"),
]
_KNOWN = {variable.name: variable for variable in DECLARED}
MIN_SECRET_LENGTH = 50


class Environment:
    """Reads declared variables from a mapping (``os.environ``); ``NAME_FILE`` names a file with the value."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values

    def text(self, name: str, default: str = "") -> str:
        """Value of a declared variable, or of the file that ``NAME_FILE`` names."""
        if name not in _KNOWN:
            raise EnvironmentRefused(f"{name} is not a declared variable. [variable-undeclared]")
        path = self._values.get(f"{name}_FILE", "")
        value = self._values.get(name, "")
        if path and value:
            raise EnvironmentRefused(f"Set {name} or {name}_FILE, not both. [variable-twice]")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise EnvironmentRefused(f"{name}_FILE names {path}, which cannot be read. [variable-file]") from error
        return value or default

    def flag(self, name: str, *, default: bool) -> bool:
        """``1`` or ``0``."""
        value = self.text(name)
        if value in {"", "0", "1"}:
            return default if value == "" else value == "1"
        raise EnvironmentRefused(f"{name} is 0 or 1; found {value!r}. [variable-flag]")

    def number(self, name: str, default: int) -> int:
        """A whole number above zero."""
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and int(value) > 0:
            return int(value)
        raise EnvironmentRefused(f"{name} is a whole number above zero; found {value!r}. [variable-number]")

    def items(self, name: str) -> list[str]:
        """Values separated by commas."""
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def stage(self) -> str:
        """``development``, ``test`` or ``production``."""
        value = self.text("TRIALSITE_ENV", "development")
        if value in {"development", "test", "production"}:
            return value
        raise EnvironmentRefused(f"TRIALSITE_ENV is development, test or production; found {value!r}. [variable-stage]")

    def database(self, name: str) -> dict[str, str]:
        """Django's connection parameters from a ``postgresql://`` address."""
        value = self.text(name)
        if not value:
            raise EnvironmentRefused(
                f"{name} is not set. Outside development it names the PostgreSQL database; in development start "
                "with manage.py, which brings a private one. [variable-missing]"
            )
        parts = urlsplit(value)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme not in {"postgres", "postgresql"} or not parts.hostname or len(parts.path) < 2:
            raise EnvironmentRefused(
                f"{name} must look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE. [variable-database]"
            )
        return {
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname,
            "PORT": str(port or 5432),
        }

    def refuse_unsafe_production(self) -> None:
        """Refuse to start in production with what is only fit for development."""
        if self.flag("DEBUG", default=False):
            raise EnvironmentRefused("DEBUG shows source and settings to everybody; unset it. [production-debug]")
        for variable in DECLARED:
            if variable.production and not self.text(variable.name):
                raise EnvironmentRefused(f"Production needs {variable.name}: {variable.meaning} [production-missing]")
        secret = self.text("SECRET_KEY")
        if len(secret) < MIN_SECRET_LENGTH or secret.startswith(("development", "django-insecure")):
            raise EnvironmentRefused(
                f"SECRET_KEY must be random, {MIN_SECRET_LENGTH} characters or more, and not the one of "
                "development. [production-secret]"
            )


def refuse_served_raw_files(*, static_root: Path, raw_store: Path) -> None:
    """Refuse a store of laboratory files that lies among the files served to everybody, or around them.

    Raises
    ------
    EnvironmentRefused
        Naming both folders.
    """
    static, raw = static_root.resolve(), raw_store.resolve()
    if static.is_relative_to(raw) or raw.is_relative_to(static):
        raise EnvironmentRefused(
            f"What lies in STATIC_ROOT ({static}) is served to everybody; RAW_STORE ({raw}) must lie elsewhere. "
            "[raw-served]"
        )


def reference_page() -> str:
    """``docs/reference/settings.md``."""
    rows = [f"| `{v.name}` | {v.meaning} | {v.default or '-'} | {'yes' if v.production else ''} |" for v in DECLARED]
    return "\n".join(
        [
            "# Settings",
            "",
            "Everything that differs between installations comes from the environment. For each variable `NAME`,",
            "`NAME_FILE` may name a file that holds the value (Docker secrets). Generated by",
            "`python -m trialsite.environ`.",
            "",
            "| variable | meaning | default | needed in production |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(reference_page())
