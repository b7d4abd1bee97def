"""Job work for one changed subject, beside reading that subject's columns.

``python -m bench.one_subject --rows 10000000`` makes 20,000 subjects with 500 results each.
"""

import argparse
import datetime as dt
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
os.environ["TRIALSITE_TEST_DURABLE"] = "1"

import tests.services  # noqa: F401 - starts the private servers before Django reads its settings

django.setup()

import psycopg

from bench.ingest import make_file, make_records
from bench.make_csv import HEADER, RESULTS_PER_SUBJECT, TESTS
from bench.measure import Pair, bench_database, report, seconds
from cart.actions.endpoints import Recomputed, recompute_stale
from cart.actions.runs import Rules
from cart.inputs import read_frames
from cart.models import Subject
from labs.actions.transfers import import_file
from labs.models import Analyte, Laboratory
from tests.cart.records import Trial, component, make_administration, make_lot
from tests.databases import Database
from trialsite.audit.context import acting

# The bench's tests stand for the analytes that the endpoints read.
MEANINGS = {"T00": "CD19_ABS", "T01": "NAIVE_PCT", "T02": "ATA", "T03": "IGG"}
_TESTS = [f"T{n:02d}" for n in range(TESTS)]


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
        subject = Subject.objects.select_related("study").get(pk=subject.pk)
        recompute_stale(study_id=study.pk, actor="bench", reason="measurement")
        changes = {
            "a therapy": lambda turn: _therapy(subject, turn),
            "a result of an autoantibody": lambda turn: _specimen(subject, laboratory, folder, turn, ["T02"]),
            "a specimen with 20 tests": lambda turn: _specimen(subject, laboratory, folder, turn, _TESTS),
            "the first infusion's time": lambda turn: _other_time(subject, turn),
        }
        for kind, change in changes.items():
            measured = [_pair(subject, change, turn) for turn in range(options.pairs + 1)]
            name = f"one changed subject of {subjects:,} ({options.rows:,} results), {kind}"
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


def _therapy(subject: Subject, turn: int) -> None:
    subject.concomitant_therapies.create(drug=f"drug {turn}", therapy_class="ivig", started="2024-01-01")


def _specimen(subject: Subject, laboratory: Laboratory, folder: str, turn: int, tests: list[str]) -> None:
    path = Path(folder) / f"{len(tests)}-{turn}.csv"
    taken = dt.date(2024, 6, 1) + dt.timedelta(days=turn)
    accession = f"N{len(tests)}-{turn}"
    lines = [f"{subject.code},{accession},SERUM,{taken}T08:00,V,{test},{turn + 2},g/L,," for test in tests]
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    done = import_file(study=subject.study, laboratory=laboratory, path=path, actor="bench", reason="measurement")
    if done.totals.applied != len(tests):
        raise SystemExit(f"void: {done.text()}")


def _other_time(subject: Subject, turn: int) -> None:
    for infused in subject.infusion_components.all():
        infused.started_at += dt.timedelta(minutes=turn + 1)
        infused.ended_at = None
        infused.save()


def _pair(subject: Subject, change: Callable[[int], None], turn: int) -> Pair:
    change(turn)
    limit = seconds(lambda: read_frames(subject.study_id, [subject.pk], Rules.of(subject.study).analytes))
    answers: list[Recomputed] = []
    work = seconds(
        lambda: answers.append(recompute_stale(study_id=subject.study_id, actor="bench", reason="measurement"))
    )
    if answers[0].subjects_changed != 1:
        raise SystemExit(f"void: {answers[0]}")
    return Pair(limit, work)


if __name__ == "__main__":
    main()
