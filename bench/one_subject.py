"""Job work for one changed subject, beside reading that subject's columns.

``python -m bench.one_subject --rows 10000000`` makes 20,000 subjects with 500 results each.
"""

import argparse
import os
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
os.environ["TRIALSITE_TEST_DURABLE"] = "1"

import tests.services  # noqa: F401 - starts the private servers before Django reads its settings

django.setup()

import psycopg

from bench.ingest import make_file, make_records
from bench.make_csv import RESULTS_PER_SUBJECT
from bench.measure import Pair, bench_database, report, seconds
from cart.actions.endpoints import Recomputed, recompute_stale
from cart.inputs import read_frames
from cart.models import Subject
from labs.actions.transfers import import_file
from labs.models import Analyte
from tests.cart.records import Trial, component, make_administration, make_lot
from tests.databases import Database
from trialsite.audit.context import acting

# The bench's tests stand for the analytes that the endpoints read.
MEANINGS = {"T00": "CD19_ABS", "T01": "NAIVE_PCT", "T02": "ATA", "T03": "IGG"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=9)
    options = parser.parse_args()
    subjects = options.rows // RESULTS_PER_SUBJECT
    with (
        bench_database() as database,
        acting(actor="bench", reason="measurement"),
        tempfile.TemporaryDirectory() as folder,
    ):
        for test, code in MEANINGS.items():
            Analyte.objects.create(code=code, name=test)
        study, laboratory = make_records("ONE", subjects, codes=MEANINGS)
        path = Path(folder) / "all.csv"
        make_file(path, options.rows, salt=1)
        done = import_file(study=study, laboratory=laboratory, path=path, actor="bench", reason="measurement")
        if done.totals.applied != options.rows:
            raise SystemExit(f"void: {done.text()}")
        subject = Subject.objects.filter(study=study).order_by("pk")[subjects // 2]
        _infuse(subject)
        _prepare(database, subject)
        measured = [_pair(study.pk, subject, turn) for turn in range(options.pairs + 1)]
        name = f"one changed subject of {subjects:,} ({options.rows:,} results)"
        report(name, measured[1:], goal="work < 0.100 s; limit = reading its frames")


def _infuse(subject: Subject) -> None:
    study = subject.study
    trial = Trial(study=study, site=study.sites.get(), arm=study.arms.get(), product=study.products.get())
    lot = make_lot(trial, subject, number="L-bench")
    component(make_administration(subject), lot).save()


def _prepare(database: Database, subject: Subject) -> None:
    # The others are not stale: as after a whole recompute. Statistics as autovacuum would have made them.
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("DELETE FROM cart_stalesubject WHERE subject_id <> %s", [subject.pk])
        admin.execute("ANALYZE")


def _pair(study_id: int, subject: Subject, turn: int) -> Pair:
    # A change of the subject's inputs marks it stale, as a new result does.
    Subject.objects.filter(pk=subject.pk).update(ended_on=f"20{20 + turn}")
    subject.concomitant_therapies.create(drug=f"drug {turn}", therapy_class="other", started="2024-01-01")
    limit = seconds(lambda: read_frames(study_id, [subject.pk]))
    answers: list[Recomputed] = []
    work = seconds(lambda: answers.append(recompute_stale(study_id=study_id, actor="bench", reason="measurement")))
    if answers[0].subjects_changed != 1:
        raise SystemExit(f"void: {answers[0]}")
    return Pair(limit, work)


if __name__ == "__main__":
    main()
