"""A whole-study recompute among workers that are killed with -9: nothing lost, nothing doubled, the same bits.

``TRIALSITE_KILLS=full`` runs every fault point over more subjects.
"""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from cart.actions.cut_endpoints import request_cut_endpoints, run_of_cut
from cart.actions.cuts import take_cut
from cart.actions.endpoints import RECOMPUTE, RECOMPUTE_PART, recompute_stale, request_recompute
from cart.models import ConcomitantTherapy, EndpointResult, Evaluation, Run, RunPart, Subject
from tests.cart.records import Trial, make_infused_subject, make_trial
from tests.conftest import Worker
from tests.databases import Database
from tests.jobs.test_crash import flush_broker, reaper, wait_for
from trialsite.audit.context import acting
from trialsite.jobs.execution import FAULT, run_pending_jobs
from trialsite.jobs.models import Job

SETTINGS = "tests.jobs.worker_settings"
FULL = os.environ.get("TRIALSITE_KILLS") == "full"
POINTS = ("job.claimed", "endpoints.dividing", "endpoints.claimed", "endpoints.written", "job.before-finish")
POINTS += ("job.after-finish", "job.committed")
CHOSEN = POINTS if FULL else ("endpoints.dividing", "endpoints.claimed", "endpoints.written")
SUBJECTS = 24 if FULL else 8
WHO = {"actor": "dora", "reason": "whole study"}
# Workers of a loaded machine take long to come up; nothing here waits longer than it must.
PATIENCE = 180
# Every column of an answer but its keys: bit by bit, infinities included.
COLUMNS = (
    "subject__code",
    "definition__code",
    "definition__version",
    "series",
    "timepoint",
    "day",
    "value",
    "low",
    "high",
    "text",
    "unit",
    "status",
    "reason",
    "evidence",
    "therapy_evidence",
    "baseline_id",
)


@pytest.fixture
def trial(fresh_database: Database, as_tester: None) -> Trial:
    """A study with subjects that differ in therapy."""
    trial = make_trial()
    for number in range(1, SUBJECTS + 1):
        subject = make_infused_subject(trial, f"KUL-{number:03}")
        for month in range(1, 1 + number % 4):
            ConcomitantTherapy.objects.create(
                subject=subject, drug="IVIG", therapy_class="ivig", started=f"2024-{month + 1:02}-0{1 + number % 8}"
            )
    return trial


def bits(evaluations: Any = None) -> list[tuple[Any, ...]]:
    """Answers as they are stored, without the keys that depend on who wrote first."""
    chosen = Evaluation.objects.current() if evaluations is None else evaluations
    rows = EndpointResult.objects.filter(evaluation__in=chosen)
    return [tuple(map(repr, row)) for row in rows.order_by(*COLUMNS[:5]).values_list(*COLUMNS)]


def digests() -> list[tuple[str, str]]:
    """Input digests of the current evaluations."""
    return list(Evaluation.objects.current().order_by("subject").values_list("subject__code", "input_digest"))


def make_all_new(turn: int) -> None:
    """Change an input of every subject."""
    with acting(actor="tester", reason="another year of birth"):
        for subject in Subject.objects.order_by("pk"):
            ConcomitantTherapy.objects.create(
                subject=subject, drug=f"turn {turn}", therapy_class="other", started="2024-01-01"
            )


def ended(kinds: tuple[str, ...] = (RECOMPUTE, RECOMPUTE_PART)) -> Callable[[], bool]:
    """Whether every job of these kinds is done."""
    return lambda: (
        not Job.objects.filter(kind__in=kinds).exclude(state=Job.State.DONE).exists()
        and not Run.objects.filter(part_count__gt=0).exclude(pk__in=Run.objects.complete()).exists()
    )


def test_killed_workers_lose_and_double_no_part(
    fresh_database: Database, trial: Trial, start_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
):
    # The lease of these parts: the tests do not wait ten minutes for a dead worker's.
    monkeypatch.setenv("TRIALSITE_TEST_LEASE", "3")
    kills = 0
    request_recompute(study=trial.study, whole=True, part_subjects=2, **WHO)
    with reaper(fresh_database):
        for point in CHOSEN:
            worker = start_worker(DJANGO_SETTINGS_MODULE=SETTINGS, **{FAULT: point})
            wait_for(lambda worker=worker: _died_or_done(worker), seconds=PATIENCE)
            worker.kill()
            kills += 1
            flush_broker()
        start_worker(DJANGO_SETTINGS_MODULE=SETTINGS)
        began = time.monotonic()
        wait_for(ended(), seconds=PATIENCE)
    run = Run.objects.get(part_count__gt=0)
    parts = RunPart.objects.filter(run=run).count()
    evaluated = sorted(Evaluation.objects.values_list("subject__code", flat=True))
    expected = sorted(Subject.objects.values_list("code", flat=True))
    lost = len(set(expected) - set(evaluated))
    doubled = len(evaluated) - len(set(evaluated))
    print(  # noqa: T201 - the figure of this test
        f"T9/T12: {run.part_count} parts, {kills} kill -9 each with FLUSHALL, {lost} subjects lost, {doubled} doubled, "
        f"done {time.monotonic() - began:.0f} s after the last kill"
    )
    assert evaluated == expected
    assert parts == run.part_count == SUBJECTS // 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cart_stalesubject")
        assert cursor.fetchone() == (0,)
    call_command("audit_reconcile")


def _died_or_done(worker: Worker) -> bool:
    # The child dies at its fault point, the parent starts another: the log says so.
    return b"SIGKILL" in worker.log.read_bytes() or ended()()


def test_one_worker_and_eight_give_the_same_bits_as_one_piece(
    fresh_database: Database, trial: Trial, start_worker: Callable[..., Worker]
):
    recompute_stale(study_id=trial.study.pk, **WHO)
    whole, inputs = bits(), digests()
    counts = (1, 8) if FULL else (1, 3)
    for turn, workers in enumerate(counts):
        # Every subject changes and changes back: the answers are made anew from the same inputs.
        make_all_new(turn)
        recompute_stale(study_id=trial.study.pk, **WHO)
        with acting(actor="tester", reason="changed back"):
            ConcomitantTherapy.objects.filter(drug=f"turn {turn}").delete()
        before = Evaluation.objects.count()
        for _ in range(workers):
            start_worker(DJANGO_SETTINGS_MODULE=SETTINGS)
        request_recompute(study=trial.study, part_subjects=1 + turn * 2, **WHO)
        wait_for(ended(), seconds=PATIENCE)
        assert Evaluation.objects.count() == before + SUBJECTS
        assert digests() == inputs
        assert bits() == whole


def test_parts_of_a_cut_by_workers_are_the_bits_of_one_piece(
    fresh_database: Database, trial: Trial, start_worker: Callable[..., Worker]
):
    recompute_stale(study_id=trial.study.pk, **WHO)
    whole = bits()
    cut = take_cut(study=trial.study, name="one", purpose="crash test", **WHO)
    make_all_new(0)
    for _ in range(2):
        start_worker(DJANGO_SETTINGS_MODULE=SETTINGS)
    request_cut_endpoints(cut=cut, part_subjects=3, **WHO)
    wait_for(lambda: run_of_cut(cut) is not None, seconds=PATIENCE)
    run = run_of_cut(cut)
    assert run is not None
    assert run.part_count > 1
    assert bits(run.evaluations.all()) == whole


def test_rules_that_change_while_parts_wait_are_not_mixed(fresh_database: Database, trial: Trial):
    request_recompute(study=trial.study, whole=True, part_subjects=2, **WHO)
    run_pending_jobs(limit=1)
    trial.study.protocol_versions.create(number=1, effective_on="2024-01-01", parameters={"BCDEPL": {"threshold": 5.0}})
    run_pending_jobs()
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
    divided = Run.objects.get(part_count__gt=0)
    assert not divided.evaluations.exists()
    newest = Evaluation.objects.current()
    assert newest.count() == SUBJECTS
    assert {e.run.parameters["BCDEPL"]["threshold"] for e in newest.select_related("run")} == {5.0}
