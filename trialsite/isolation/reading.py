"""What a page asks many times, read once while the page is made.

Only in requests that read: nothing that is kept here can change by the request itself, and with its answer all is
forgotten. Everywhere else - forms that are sent, jobs, commands - every question is asked anew.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponse

Answer = TypeVar("Answer")
_READING = frozenset({"GET", "HEAD"})

_kept: ContextVar[dict[Hashable, Any] | None] = ContextVar("trialsite_kept", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """Keep, until the end of the block, what ``once`` reads."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once(key: Hashable, read: Callable[[], Answer]) -> Answer:
    """Answer to a question that is named by ``key``; read once inside ``reading``, every time outside of it.

    >>> with reading():
    ...     once("site", lambda: "KUL"), once("site", lambda: "BOS")
    ('KUL', 'KUL')
    >>> once("site", lambda: "KUL"), once("site", lambda: "BOS")
    ('KUL', 'BOS')
    """
    kept = _kept.get()
    if kept is None:
        return read()
    if key not in kept:
        kept[key] = read()
    return cast(Answer, kept[key])


class ReadingMiddleware:
    """A request that only reads is answered inside ``reading``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _READING:
            return self.get_response(request)
        with reading():
            return self.get_response(request)
