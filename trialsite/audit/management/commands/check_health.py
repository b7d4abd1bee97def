"""``manage.py check_health``: does the web server on this machine say that it is well?"""

import json
import urllib.error
import urllib.request
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SECONDS = 4


class Command(BaseCommand):
    """Ask ``/healthz`` of the local web server; exit code 1 when it is not well."""

    help = "Ask the web server of this machine whether it is well."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Port."""
        parser.epilog = (
            f"Exit code 1: no answer within {SECONDS} s, or the server cannot reach its database [unhealthy]."
        )
        parser.add_argument("--port", type=int, default=8000, help="Port of the web server on 127.0.0.1.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask and say."""
        host = settings.ALLOWED_HOSTS[0].lstrip(".")
        request = urllib.request.Request(f"http://127.0.0.1:{options['port']}/healthz", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                state = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise CommandError(f"The web server is not well: {error}. [unhealthy]") from error
        self.stdout.write(f"{state['status']}: database {state['database']}, broker {state['broker']}")
