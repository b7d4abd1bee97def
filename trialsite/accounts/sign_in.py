"""What a sign-in writes."""

from typing import Any

from django.utils import timezone

from trialsite.audit.context import acting


def record_sign_in(sender: Any, user: Any, **kwargs: Any) -> None:
    """Store the time of the sign-in as the act of the user who signed in."""
    with acting(actor=user.get_username(), reason="signed in"):
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])
