"""Endpoints follow their inputs: a request that changed some asks for the recompute, the reaper for the forgotten."""

import logging
from collections.abc import Callable

from django.db import Error
from django.http import HttpRequest, HttpResponse

from cart.actions.endpoints import recompute_changed, recompute_forgotten

logger = logging.getLogger(__name__)

REASON = "inputs changed"
REAPER = "reaper"
# Longer than a request takes from its commit to asking, or a worker to take a job that was put off.
UNASKED_SECONDS = 30
_READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class FollowMiddleware:
    """After a request that may have written, and its commit, the changed subjects are recomputed by a job."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if request.method not in _READING and user is not None and user.is_authenticated:
            try:
                recompute_changed(actor=user.get_username(), reason=REASON)
            except Error:
                # What the request did is committed, and its answer stands; the reaper will ask.
                logger.exception("recompute not asked for")
        return response


def follow_unasked() -> None:
    """A round of the reaper."""
    recompute_forgotten(actor=REAPER, reason=REASON, after_seconds=UNASKED_SECONDS)
