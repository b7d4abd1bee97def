"""Error codes: what must hold and what to do. PURE.

Every room declares the codes it ends its sentences with; ``docs/reference/errors.md`` is written from the
declarations, and a test compares them with the sources.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A code: the rule that was broken, and what to do about it."""

    code: str
    holds: str
    remedy: str


@dataclass(frozen=True)
class Section:
    """Codes that one kind of reader meets; ``rooms`` are the folders and files whose sentences end with them."""

    title: str
    meaning: str
    rooms: tuple[str, ...]
    codes: tuple[Code, ...]
