"""Actor and reason of a web request."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from trialsite.accounts.models import User
from trialsite.audit.context import current_actor, current_reason
from trialsite.audit.middleware import LONGEST_REASON, ActorMiddleware, as_written


def acting_in(request: HttpRequest, user: Any) -> tuple[str, str]:
    """Actor and reason while the request is answered."""
    seen: list[tuple[str, str]] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((current_actor(), current_reason()))
        return HttpResponse()

    request.user = user
    ActorMiddleware(view)(request)
    return seen[0]


CAROL = User(username="carol")


def test_nobody_has_no_actor():
    assert acting_in(RequestFactory().get("/"), AnonymousUser()) == ("", "")


def test_reason_comes_from_the_form():
    request = RequestFactory().post("/", {"change_reason": "  misread "})
    assert acting_in(request, CAROL) == ("carol", "misread")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_reason_comes_from_the_header(method: str):
    request = getattr(RequestFactory(), method)("/", headers={"X-Change-Reason": "misread"})
    assert acting_in(request, CAROL) == ("carol", "misread")


def test_reason_of_a_header_keeps_its_accents():
    assert as_written("Größe falsch abgelesen".encode().decode("latin-1")) == "Größe falsch abgelesen"
    assert as_written("déjà vu") == "déjà vu"


def test_reason_that_postgresql_cannot_hold_is_made_holdable():
    request = RequestFactory().post("/", {"change_reason": "mis\x00read" + "!" * 1000})
    _, reason = acting_in(request, CAROL)
    assert "\x00" not in reason
    assert len(reason) == LONGEST_REASON


def test_actor_is_gone_after_the_request():
    acting_in(RequestFactory().get("/"), CAROL)
    assert current_actor() == ""
