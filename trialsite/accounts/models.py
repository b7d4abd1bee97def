"""User accounts: never deleted, their names never given to somebody else."""

from typing import Any, NoReturn

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import ProtectedError
from django.db.models.functions import Lower

from trialsite.audit.context import acting


class User(AbstractUser):
    """A person or programme that signs in. What it may see is its memberships' matter."""

    class Meta(AbstractUser.Meta):
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_name_once_in_any_case",
                violation_error_message="This user name was already given to somebody. [user-name]",
            )
        ]

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the audit trail names this account for ever. Deactivate it instead."""
        raise ProtectedError(
            "Accounts are deactivated, never deleted: the audit trail names them. [account-delete]", {self}
        )

    def check_password(self, raw_password: str | None) -> bool:
        """Compare passwords; a hash of an older kind is renewed, at a moment when nobody is signed in yet."""
        with acting(actor=self.get_username(), reason="password hash renewed"):
            return bool(super().check_password(raw_password))
