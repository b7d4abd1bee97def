"""Short work stays on one processor, and everything is as it was afterwards."""

import os
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from trialsite.jobs import one_processor
from trialsite.jobs.one_processor import on_one_processor

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not place threads")


@pytest.fixture
def waiting():
    """Number of a thread that waits."""
    ends, number = threading.Event(), []
    thread = threading.Thread(target=lambda: (number.append(threading.get_native_id()), ends.wait()))
    thread.start()
    while not number:
        pass
    yield number[0]
    ends.set()
    thread.join()


@pytest.fixture(autouse=True)
def own_marks(monkeypatch):
    """Workers of other tests hold processors too."""
    monkeypatch.setattr(one_processor, "_MARK", f"\0trialsite-test/{os.getpid()}/{{}}")


def test_a_processor_that_another_process_holds_is_left_to_it():
    before = os.sched_getaffinity(0)
    with ExitStack() as others:
        for processor in before:
            mark = others.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            mark.bind(one_processor._MARK.format(processor))
        with on_one_processor():
            assert os.sched_getaffinity(0) == before
        if len(before) > 1:
            mark.close()
            with on_one_processor():
                assert os.sched_getaffinity(0) == {processor}
    with on_one_processor():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_every_thread_is_kept_on_the_callers_processor_and_let_go_again(waiting):
    before = os.sched_getaffinity(0), os.sched_getaffinity(waiting)
    with on_one_processor():
        assert len(os.sched_getaffinity(0)) == 1
        assert os.sched_getaffinity(waiting) == os.sched_getaffinity(0)
    assert (os.sched_getaffinity(0), os.sched_getaffinity(waiting)) == before


def test_threads_are_let_go_after_an_error():
    before = os.sched_getaffinity(0)
    with pytest.raises(ZeroDivisionError), on_one_processor():
        raise ZeroDivisionError
    assert os.sched_getaffinity(0) == before


def test_a_thread_that_has_ended_is_passed_over(waiting, monkeypatch):
    real = os.sched_setaffinity

    def ended(thread, processors):
        if thread == waiting:
            raise ProcessLookupError(thread)
        real(thread, processors)

    monkeypatch.setattr(os, "sched_setaffinity", ended)
    before = os.sched_getaffinity(0)
    with on_one_processor():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_elsewhere_the_work_goes_on(monkeypatch):
    monkeypatch.setattr(one_processor, "_TASKS", Path("/nowhere"))
    before = os.sched_getaffinity(0)
    with on_one_processor():
        assert os.sched_getaffinity(0) == before
