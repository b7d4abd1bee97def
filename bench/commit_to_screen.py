"""From a change at the desk to new answers on its page: nine subjects, a real worker, the panel that the page asks for.

The limit is the same recompute in this process, without job, broker and worker.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")

import tests.services  # noqa: F401 - starts the private servers before Django reads its settings

django.setup()

from django.conf import settings
from django.test import Client
from django.urls import reverse

from bench.measure import Pair, bench_database, report, seconds
from cart.actions.endpoints import recompute_stale
from cart.models import Role, Subject
from tests.cart.admin.pages import add_page, member, send
from tests.cart.records import Trial, make_infused_subject, make_trial
from tests.conftest import Worker, queue_of
from tests.labs.records import import_rows, make_laboratory, row
from trialsite.audit.context import acting

SUBJECTS = 9
WHO = {"actor": "bench", "reason": "measurement"}
PATIENCE_SECONDS = 30


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    options = parser.parse_args()
    with bench_database() as database, tempfile.TemporaryDirectory() as folder:
        settings.CELERY_TASK_DEFAULT_QUEUE = queue_of(database)
        with acting(**WHO):
            trial, subjects = _study(Path(folder))
            client = member(trial, Role.COORDINATOR, name="bench")
        worker = Worker(database)
        try:
            worker.wait_ready()
            measured = [_pair(trial, client, subjects[turn % SUBJECTS], turn) for turn in range(options.pairs + 1)]
        finally:
            worker.kill()
    report(
        f"from commit to new answers on the page, {SUBJECTS} subjects",
        measured[1:],
        goal="work < 1 s; limit = the recompute in this process",
    )


def _study(folder: Path) -> tuple[Trial, list[Subject]]:
    trial = make_trial("SCREEN")
    subjects = [make_infused_subject(trial, f"S-{number}") for number in range(SUBJECTS)]
    days = [f"2024-0{month}-01T08:00" for month in range(1, 9)]
    rows = [
        row(subject.code, f"{subject.code}-{place}", day, test, str(100 - 10 * place))
        for subject in subjects
        for place, day in enumerate(days)
        for test in ("CD19", "SCL70", "NAIVE")
    ]
    import_rows(trial.study, make_laboratory(), folder, "all.csv", *rows)
    recompute_stale(study_id=trial.study.pk, **WHO)
    return trial, subjects


def _pair(trial: Trial, client: Client, subject: Subject, turn: int) -> Pair:
    with acting(**WHO):
        subject.concomitant_therapies.create(drug=f"limit {turn}", therapy_class="ivig", started="2024-01-01")
        limit = seconds(lambda: recompute_stale(study_id=trial.study.pk, **WHO))
    therapy = {"subject": subject.pk, "drug": f"drug {turn}", "therapy_class": "ivig", "started": "2024-01-01"}
    # The request's own time is not the recompute's: the clock starts when its answer is there, after the commit.
    if send(client, add_page("cart.ConcomitantTherapy"), **therapy).status_code != 302:
        raise SystemExit("void: the change was refused")
    return Pair(limit, seconds(lambda: _wait(client, subject)))


def _wait(client: Client, subject: Subject) -> None:
    panel = reverse("admin:cart_subject_endpoints", args=[subject.pk])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while client.get(panel).status_code == 204:
        if time.monotonic() > deadline:
            raise SystemExit("void: no new answers came")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
