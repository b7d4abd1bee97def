"""Django's PostgreSQL backend, which keeps the session settings of the database in step with ours.

``SET LOCAL`` in a middleware is undone before streamed answers are read, and a value set once per checkout is
stale as soon as the actor changes inside a request: so the wrapper compares before every statement (two
dictionaries, no round trip) and sends what differs. A rollback undoes what was set inside it, so it empties
the memory of what was sent; so do a new connection and one taken from a pool.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg.pq import TransactionStatus

from trialsite.isolation.session import present_settings


class _SendingCursor(CursorWrapper):
    """Cursor whose COPY, which passes by Django's execute wrappers, sends the settings too."""

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        self.db.send_session_settings()
        return self.cursor.copy(*args, **kwargs)


class _SendingDebugCursor(base.CursorDebugWrapper):  # type: ignore[misc]
    """The same, where queries are logged."""

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        self.db.send_session_settings()
        # Django's own takes the statement only, and logs it.
        return self.cursor.copy(*args, **kwargs) if kwargs or len(args) > 1 else super().copy(*args)


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    """PostgreSQL connection that sends declared session settings before they are needed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settings_sent: dict[str, str] | None = None
        self.execute_wrappers.append(self._send_before)

    def _send_before(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.send_session_settings()
        return execute(sql, params, many, context)

    def make_cursor(self, cursor: Any) -> _SendingCursor:
        return _SendingCursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> _SendingDebugCursor:
        return _SendingDebugCursor(cursor, self)

    def send_session_settings(self) -> None:
        """Send the settings that differ from what this session last received."""
        wanted = present_settings()
        if self._settings_sent == wanted or self.connection is None:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # only a rollback can follow, and the statement after it comes here again
        sent = self._settings_sent or {}
        changed = {name: value for name, value in wanted.items() if sent.get(name) != value}
        parts = ", ".join(["set_config(%s, %s, false)"] * len(changed))
        # A lost connection shows here first: it must reach callers as Django's error, like any other statement's.
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(f"SELECT {parts}", [text for pair in changed.items() for text in pair])
        self._settings_sent = wanted

    @contextmanager
    def _forgetting(self) -> Iterator[None]:
        """Run a rollback; what was sent inside the transaction is no longer known to the server."""
        try:
            yield
        finally:
            self._settings_sent = None

    def connect(self) -> None:
        self._settings_sent = None
        super().connect()

    def close(self) -> None:
        self._settings_sent = None
        super().close()

    def _rollback(self) -> None:
        with self._forgetting():
            super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        with self._forgetting():
            super()._savepoint_rollback(sid)  # type: ignore[misc]
