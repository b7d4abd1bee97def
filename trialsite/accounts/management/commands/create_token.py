"""``manage.py create_token``: a token for the API, shown once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from knox.models import AuthToken

from trialsite.audit.command import AuditedCommand

MAX_DAYS = 366


class Command(AuditedCommand):
    """Make an API token for a user and print it; only its hash is stored."""

    help = "Make an API token for a user; it is printed once and stored as a hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """User and days of life."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: there is no such active user [unknown-user]; the days are out of range [token-days]."
        )
        parser.add_argument("username", help="Name of an active user; the token sees what this user's memberships see.")
        parser.add_argument("--days", type=int, default=90, help=f"Days until the token expires, 1 to {MAX_DAYS}.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token."""
        days = options["days"]
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(f"A token lives 1 to {MAX_DAYS} days; found {days}. [token-days]")
        user = get_user_model().objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}. [unknown-user]")
        _, token = AuthToken.objects.create(user=user, expiry=timedelta(days=days))
        self.stdout.write(token)
