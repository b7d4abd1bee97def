"""What a page asks is read once while it is made, and never kept for the next."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from trialsite.isolation.reading import ReadingMiddleware, once, reading


def answered(method, answers):
    """Answers to one question, asked twice in a request of this method."""
    seen = []

    def view(request):
        seen.extend(once("question", lambda: next(answers)) for _ in range(2))
        return HttpResponse()

    ReadingMiddleware(view)(getattr(RequestFactory(), method)("/"))
    return seen


@pytest.mark.parametrize("method", ["get", "head"])
def test_request_that_reads_asks_once_and_the_next_request_asks_anew(method):
    answers = iter(range(10))
    assert answered(method, answers) == [0, 0]
    assert answered(method, answers) == [1, 1]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_request_that_writes_asks_every_time(method):
    assert answered(method, iter(range(10))) == [0, 1]


def test_nothing_is_kept_outside_of_requests_nor_after_an_error():
    with pytest.raises(ZeroDivisionError), reading():
        once("question", lambda: 1 // once("zero", lambda: 0))
    assert [once("question", lambda: 1), once("question", lambda: 2)] == [1, 2]


def test_empty_answer_is_an_answer():
    with reading():
        assert once("question", lambda: None) is None
        assert once("question", lambda: 1) is None
