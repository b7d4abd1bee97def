"""Settings of a PostgreSQL session that follow Python context variables.

A room that needs the database to know something (who acts, why) declares a setting here; the backend in
``isolation.postgresql`` sends it before the first statement that could need it, and again whenever it changed.
"""

from collections.abc import Callable
from typing import Any

_declared: dict[str, Callable[[], str]] = {}


def declare_setting(name: str, current: Callable[[], str]) -> None:
    """Declare a session setting, ``trialsite.something``, and how to read its present value."""
    if not name.startswith("trialsite."):
        raise ValueError(f"A session setting begins with 'trialsite.'; found {name!r}. [session-setting]")
    _declared[name] = current


def present_settings() -> dict[str, str]:
    """Values that the database should see now."""
    return {name: current() for name, current in _declared.items()}


def send_session_settings(connection: Any) -> None:
    """Send the present settings; for code that is about to use the driver's own connection or COPY."""
    connection.ensure_connection()
    connection.send_session_settings()
