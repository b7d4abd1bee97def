"""The actor of a web request."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from trialsite.audit.context import acting

REASON_HEADER = "X-Change-Reason"
REASON_FIELD = "change_reason"


class ActorMiddleware:
    """Acts as the signed-in user; the reason comes from the form or from a header.

    A request of nobody has no actor, so the database refuses whatever it would write.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        actor = user.get_username() if user is not None and user.is_authenticated else ""
        reason = request.headers.get(REASON_HEADER, "")
        if request.method == "POST" and not reason:
            reason = request.POST.get(REASON_FIELD, "")
        with acting(actor=actor, reason=reason.strip()[:500], request_id=f"request {uuid.uuid4()}"):
            return self.get_response(request)
