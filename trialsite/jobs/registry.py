"""What is done for which kind of job."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ClaimedJob:
    """A job as its handler sees it: ``actor`` is already ``job N for USER``."""

    id: int
    kind: str
    payload: dict[str, Any]
    actor: str
    reason: str
    attempt: int


Handler = Callable[[ClaimedJob], dict[str, Any]]


@dataclass(frozen=True)
class Registration:
    """A handler with its limits."""

    handler: Handler
    lease_seconds: int
    max_attempts: int
    one_moment: bool = False


_registered: dict[str, Registration] = {}


def register_handler(
    kind: str, handler: Handler, *, lease_seconds: int = 600, max_attempts: int = 5, one_moment: bool = False
) -> None:
    """Say what is done for a kind of job.

    The handler runs inside the transaction that ends the job: what it writes and the job's end are one. It
    must finish within the lease; after that another worker may take the job and this one is fenced off. With
    ``one_moment`` every statement of the transaction sees what the first one saw.
    """
    _registered[kind] = Registration(handler, lease_seconds, max_attempts, one_moment)


Round = Callable[[], None]
_rounds: list[Round] = []


def register_round(look: Round) -> None:
    """Say what the reaper also looks for in each of its rounds; two reapers may look at once."""
    _rounds.append(look)


def rounds() -> list[Round]:
    """What the reaper looks for, in the order in which it was registered."""
    return list(_rounds)


def registration(kind: str) -> Registration | None:
    """Handler of a kind, or None where no installed app declares it."""
    return _registered.get(kind)
