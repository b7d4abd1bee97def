"""Actor and reason of what is being done, carried to the database with every statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from trialsite.isolation.session import declare_setting


@dataclass(frozen=True)
class Acting:
    """Who acts, why, and in which request or job."""

    actor: str = ""
    reason: str = ""
    request_id: str = ""


_acting: ContextVar[Acting] = ContextVar("trialsite_acting", default=Acting())  # noqa: B039 - frozen

declare_setting("trialsite.actor", lambda: _acting.get().actor)
declare_setting("trialsite.reason", lambda: _acting.get().reason)
declare_setting("trialsite.request", lambda: _acting.get().request_id)


def current_actor() -> str:
    """Actor in force; empty when nobody acts (the database then refuses writes)."""
    return _acting.get().actor


def current_reason() -> str:
    """Reason in force; empty when none was given (the database then refuses changes)."""
    return _acting.get().reason


@contextmanager
def acting(*, actor: str | None = None, reason: str | None = None, request_id: str | None = None) -> Iterator[Acting]:
    """Act as ``actor`` for ``reason`` inside the block; what is not given is inherited.

    >>> with acting(actor="alice", reason="typing error"):
    ...     current_actor(), current_reason()
    ('alice', 'typing error')
    """
    changes = {"actor": actor, "reason": reason, "request_id": request_id}
    now = replace(_acting.get(), **{name: value for name, value in changes.items() if value is not None})
    token = _acting.set(now)
    try:
        yield now
    finally:
        _acting.reset(token)


def act_for_process(*, actor: str, reason: str) -> None:
    """Actor of everything this process does outside an ``acting`` block (command line)."""
    _acting.set(Acting(actor=actor, reason=reason))


def name_actor(actor: str) -> None:
    """Set the actor of the running block once it is known (token authentication inside a request)."""
    _acting.set(replace(_acting.get(), actor=actor))
