"""Real workers, killed with -9: nothing lost, nothing doubled, nothing half done."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import redis
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tests.conftest import Worker, queue_of
from tests.databases import ROOT, Database
from tests.jobs.handlers import EFFECT, effects_of
from trialsite.audit.context import acting
from trialsite.jobs.execution import FAULT, execute
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

SETTINGS = "tests.jobs.worker_settings"
FAULTS = ("job.claimed", "job.before-finish", "job.after-finish", "job.committed")
JOBS_PER_ROUND = 4


@contextmanager
def reaper(database: Database) -> Iterator[None]:
    """The reaper as its own process."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "reap_jobs", "--every", "0.5"],
        cwd=ROOT,
        env=database.environment(CELERY_QUEUE=queue_of(database)),
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, list(Job.objects.values("id", "state", "attempt", "error"))
        time.sleep(0.1)


def flush_broker() -> None:
    """Forget every message."""
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()


def enqueue_jobs(count: int, **payload: Any) -> list[Job]:
    """Enqueue jobs that leave two rows each."""
    return [enqueue(EFFECT, payload, actor="alice", reason="crash test") for _ in range(count)]


def attempts() -> int:
    """Attempts of all jobs together."""
    return sum(Job.objects.values_list("attempt", flat=True))


def test_killed_workers_lose_and_double_nothing(fresh_database: Database, start_worker: Callable[..., Worker]):
    jobs: list[Job] = []
    kills = 0
    with reaper(fresh_database):
        for fault in FAULTS:
            jobs += enqueue_jobs(JOBS_PER_ROUND, seconds=0.1)
            before = attempts()
            worker = start_worker(DJANGO_SETTINGS_MODULE=SETTINGS, **{FAULT: fault})
            wait_for(lambda before=before: attempts() > before)
            time.sleep(0.3)
            worker.kill()
            kills += 1
        # In the middle of a handler, between its two rows, and every message lost with it.
        jobs += enqueue_jobs(JOBS_PER_ROUND, seconds=2)
        before = attempts()
        worker = start_worker(DJANGO_SETTINGS_MODULE=SETTINGS)
        wait_for(lambda: attempts() > before)
        time.sleep(0.5)
        worker.kill()
        flush_broker()
        kills += 1

        start_worker(DJANGO_SETTINGS_MODULE=SETTINGS)
        began = time.monotonic()
        wait_for(lambda: not Job.objects.exclude(state=Job.State.DONE).exists())
    effects = {job.pk: effects_of(job) for job in jobs}
    lost = sum(count == 0 for count in effects.values())
    doubled = sum(count > 2 for count in effects.values())
    partial = sum(count == 1 for count in effects.values())
    print(  # noqa: T201 - the figure of this test
        f"T9: {len(jobs)} jobs, {kills} kill -9 and one FLUSHALL, {lost} lost, {doubled} doubled, {partial} partial, "
        f"{attempts()} attempts, done {time.monotonic() - began:.0f} s after the last kill"
    )
    assert set(effects.values()) == {2}
    call_command("audit_reconcile")


def test_rings_that_a_flush_lost_are_rung_again(fresh_database: Database, start_worker: Callable[..., Worker]):
    start_worker(DJANGO_SETTINGS_MODULE=SETTINGS)
    heard = enqueue_jobs(1)
    wait_for(lambda: Job.objects.get(pk=heard[0].pk).state == Job.State.DONE, seconds=10)
    with acting(actor="alice", reason="crash test"):
        unheard = Job.objects.create(kind=EFFECT, requested_by="alice", reason="no ring at all")
    with reaper(fresh_database):
        wait_for(lambda: Job.objects.get(pk=unheard.pk).state == Job.State.DONE, seconds=30)
    assert effects_of(unheard) == 2


def test_worker_that_outlives_its_lease_is_fenced_off(fresh_database: Database, monkeypatch: Any):
    entered, released = threading.Event(), threading.Event()
    (job,) = enqueue_jobs(1)
    answers: list[bool] = []

    def slow_worker() -> None:
        try:
            answers.append(execute(job.pk))
        finally:
            connection.close()

    def wait_in_first_attempt(seconds: float) -> None:
        if threading.current_thread() is slow:
            entered.set()
            assert released.wait(30)

    monkeypatch.setattr("tests.jobs.handlers.time.sleep", wait_in_first_attempt)
    slow = threading.Thread(target=slow_worker)
    slow.start()
    assert entered.wait(30)
    with acting(actor="tester", reason="the lease ran out"):
        Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert execute(job.pk)
    released.set()
    slow.join(30)
    assert answers == [False]
    job.refresh_from_db()
    assert (job.state, job.attempt, job.result) == (Job.State.DONE, 2, {"attempt": 2})
    assert effects_of(job) == 2


def test_two_beats_make_one_job(fresh_database: Database):
    gate = threading.Barrier(2)
    found: list[int] = []

    def beat() -> None:
        try:
            gate.wait(30)
            found.append(enqueue(EFFECT, {}, actor="beat", reason="nightly", slot="2026-01-01").pk)
        finally:
            connection.close()

    beats = [threading.Thread(target=beat) for _ in range(2)]
    for thread in beats:
        thread.start()
    for thread in beats:
        thread.join(30)
    assert len(set(found)) == 1
    assert len(found) == 2
    assert Job.objects.count() == 1
