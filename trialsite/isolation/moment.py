"""A transaction in which every statement sees the same moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from trialsite.isolation.session import send_session_settings


class MomentError(RuntimeError):
    """The transaction sees more than one moment."""


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction of its own at REPEATABLE READ: what commits while it runs, it does not see.

    Raises
    ------
    MomentError
        Inside another transaction: that one has read already, so its level cannot change.
    """
    if connection.in_atomic_block:
        raise MomentError("One moment needs a transaction of its own; found one that is open. [one-moment]")
    # Sent first and by itself: the level is set before the first query or not at all.
    send_session_settings(connection)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def require_one_moment() -> None:
    """Refuse to go on where statements of this transaction could see different moments."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        level = cursor.fetchone()[0]
    if level not in ("repeatable read", "serializable"):
        raise MomentError(f"Reading as of a moment needs REPEATABLE READ; found {level.upper()}. [one-moment]")
