#!/usr/bin/env python
"""Command line of the project.

In development, without DATABASE_URL, a command uses the private services that another one holds, or starts
them for its own length.
"""

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent
# These need no database.
WITHOUT_SERVICES = {
    "help", "--help", "-h", "--version", "version", "makemigrations", "collectstatic", "spectacular",
    "evaluate_vectors", "validate_installation",
}  # fmt: skip
OFFLINE_DATABASE = "postgresql://offline@127.0.0.1:1/offline"


def main() -> int:
    """Run a command; what a person can mend is one sentence and a non-zero exit."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db.utils import OperationalError

        from trialsite.environ import EnvironmentRefused
    except ImportError as error:
        sys.stderr.write(f"{error.name} is not installed: run `make` first, then .venv/bin/python manage.py.\n")
        return 2
    refusals = [EnvironmentRefused, ImproperlyConfigured, OperationalError]
    try:
        with ExitStack() as stack:
            if os.environ.get("TRIALSITE_ENV", "development") == "development":
                refusals += provide_services(stack, command)
            from trialsite.audit.command import act_as_command_line

            if command == "services":
                return hold_services()
            act_as_command_line(command)
            execute_from_command_line(sys.argv)
    except tuple(refusals) as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    return 0


def provide_services(stack: ExitStack, command: str) -> list[type[Exception]]:
    """Set the addresses of private services where none are given; returns the errors that may come of it."""
    if command == "services":
        os.environ.pop("DATABASE_URL", None)
    elif os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        return []
    if command in WITHOUT_SERVICES:
        os.environ["DATABASE_URL"] = OFFLINE_DATABASE
        return []
    try:
        from trialsite.devservices import running_services
        from trialsite.devservices.binaries import ServiceError
    except ImportError as error:
        sys.stderr.write(f"{error.name} is not installed: run `make` first, or set DATABASE_URL.\n")
        raise SystemExit(2) from error
    try:
        services = stack.enter_context(running_services(ROOT))
    except ServiceError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        raise SystemExit(1) from error
    os.environ.update(services.environment())
    return [ServiceError]


def hold_services() -> int:
    """Print the addresses of the private services and hold them until Ctrl-C."""
    # Before the last line below: who waits for it may send the signal at once.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL"):
        sys.stdout.write(f"{name}={os.environ[name]}\n")
    sys.stdout.write("Private services are running; Ctrl-C stops them.\n")
    sys.stdout.flush()
    signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
