"""Django application of accounts."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in

from trialsite.accounts.sign_in import record_sign_in


class AccountsConfig(AppConfig):
    """Users."""

    name = "trialsite.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Sign-in is a write: give it its actor and reason."""
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(record_sign_in, dispatch_uid="record_sign_in")
