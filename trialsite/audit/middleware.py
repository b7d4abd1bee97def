"""The actor of a web request."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from trialsite.audit.context import acting

REASON_HEADER = "X-Change-Reason"
REASON_FIELD = "change_reason"
LONGEST_REASON = 500


def as_written(header: str) -> str:
    """Header as its sender wrote it: WSGI hands UTF-8 over as if it were Latin-1.

    >>> as_written("GrÃ¶Ã\x9fe falsch abgelesen"), as_written("typing error")
    ('Größe falsch abgelesen', 'typing error')
    """
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


class ActorMiddleware:
    """Acts as the signed-in user; the reason comes from the form or from a header.

    A request of nobody has no actor, so the database refuses whatever it would write.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        actor = user.get_username() if user is not None and user.is_authenticated else ""
        reason = as_written(request.headers.get(REASON_HEADER, ""))
        if request.method == "POST" and not reason:
            reason = request.POST.get(REASON_FIELD, "")
        # PostgreSQL's text has no NUL: sent on, it would turn every query of the request into an error.
        reason = reason.replace("\x00", "").strip()[:LONGEST_REASON]
        with acting(actor=actor, reason=reason, request_id=f"request {uuid.uuid4()}"):
            return self.get_response(request)
