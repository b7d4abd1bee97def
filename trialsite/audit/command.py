"""Actor of what is done from the command line."""

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from trialsite.audit.context import act_for_process, acting


def command_actor() -> str:
    """The operating system's account, as ``cli:NAME``."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:uid-{os.getuid()}"


def act_as_command_line(command: str) -> None:
    """Give a management command that knows nothing of actors its actor and a reason."""
    act_for_process(actor=command_actor(), reason=f"manage.py {command}")


class AuditedCommand(BaseCommand):
    """A command that writes: acts as the operating system's account, for the reason given."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reason", default="", help="Why; stored with every change. Without it: the name of the command."
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run as the command line's actor."""
        name = type(self).__module__.rpartition(".")[2]
        with acting(actor=command_actor(), reason=options.get("reason") or f"manage.py {name}"):
            return super().execute(*args, **options)
