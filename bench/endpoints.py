"""All laboratory endpoints of a study in chunks of subjects, beside reading the same columns out of PostgreSQL.

``python -m bench.endpoints --rows 1000000`` makes 2,000 infused subjects with 500 results each, of twenty tests: once
endpoints read four of them, as of the panels of a central laboratory, once they read all. The limit reads every result
both times. ``--worker`` is a process of one job as it works for itself: its memory and its share of the work are
measured there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
os.environ["TRIALSITE_TEST_DURABLE"] = "1"
WORKER = "--worker" in sys.argv
if not WORKER:
    import tests.services  # noqa: F401 - starts the private servers before Django reads its settings

django.setup()

import psycopg
from django.db import connection

from bench.infused import infuse_all
from bench.ingest import make_file, make_records
from bench.make_csv import RESULTS_PER_SUBJECT
from bench.measure import Pair, bench_database, peak_megabytes, report, seconds
from cart.actions.endpoints import mark_study_stale, recompute_or_divide
from cart.actions.run_writer import CHUNK_SUBJECTS, chunks
from cart.actions.runs import Rules
from cart.endpoints.catalogue import evaluate
from cart.inputs import read_frames
from cart.models import Study, Subject
from labs.actions.transfers import import_file
from tests.databases import Database
from trialsite.audit.context import acting
from trialsite.jobs.execution import execute
from trialsite.jobs.models import Job
from trialsite.jobs.one_processor import on_one_processor

# Analytes that the endpoints read; the bench's tests stand for them.
READ = (
    *("CD19_ABS", "NAIVE_PCT", "ATA", "IGG", "TRANS_PCT", "SWITCHED_PCT", "PLASMABLAST_PCT", "ARA", "IGA", "IGM"),
    *("TETANUS", "MEASLES", "CAR_CD19", "CAR_BCMA", "ANC", "PLT", "HGB", "CRP", "FERRITIN", "URATE"),
)
READ_OF_TWENTY = (4, 20)
# What the endpoints read of a result and of its specimen.
_COLUMNS = """
COPY (SELECT r.id, r.specimen_id, r.analyte_id, r.assay_id, r.qualifier, r.value, r.received_text, r.unit,
    s.collected_on, s.collected, s.visit_label
FROM labs_result r JOIN labs_specimen s ON s.id = r.specimen_id WHERE r.id BETWEEN %s AND %s) TO STDOUT (FORMAT binary)
"""


def read_binary(database: Database, subject_ids: list[int], size: int) -> None:
    """The limit: the same columns by binary COPY in the same chunks, thrown away as they come."""
    with psycopg.connect(database.url) as link, link.cursor() as cursor:
        for chunk in chunks(subject_ids, size):
            bounds = [chunk[0] << 39, (chunk[-1] << 39) | ((1 << 39) - 1)]
            with cursor.copy(_COLUMNS, bounds) as copy:
                for block in copy:
                    len(block)


def compute(study: Study, subject_ids: list[int]) -> int:
    """The work: read, prepare and evaluate every endpoint; returns the answers."""
    rules = Rules.of(study)
    answers = 0
    for chunk in chunks(subject_ids, CHUNK_SUBJECTS):
        with on_one_processor():
            answers += evaluate(read_frames(study.pk, chunk, rules.analytes), rules.overrides).height
    return answers


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--worker", choices=["compute", "jobs"], help=argparse.SUPPRESS)
    parser.add_argument("--study", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _work(options.worker, options.study)
        return
    with (
        bench_database() as database,
        acting(actor="bench", reason="measurement"),
        tempfile.TemporaryDirectory() as folder,
    ):
        studies = {read: _fill(Path(folder), options.rows, read) for read in READ_OF_TWENTY}
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            admin.execute("VACUUM ANALYZE")
            admin.execute("CHECKPOINT")
        for read, study in studies.items():
            _measure(database, study, f"{options.rows:,} results, {read} of 20 tests read", options.pairs)


def _measure(database: Database, study: Study, name: str, pairs: int) -> None:
    subject_ids = list(Subject.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
    measured = []
    for _ in range(pairs + 1):
        limit = seconds(lambda: read_binary(database, subject_ids, CHUNK_SUBJECTS))
        measured.append(Pair(limit, seconds(lambda: compute(study, subject_ids))))
    whole = f"all endpoints of {len(subject_ids):,} subjects, {name}, one worker"
    report(whole, measured[1:], goal="<= 2.5 x reading the columns")
    print(f"peak memory of a worker: {_peak(database, study):.0f} MB, goal < 600 MB at 10,000,000")
    _with_jobs(database, study, len(subject_ids))


def _fill(folder: Path, rows: int, read: int) -> Study:
    codes = {f"T{number:02d}": code for number, code in enumerate(READ[:read])}
    study, laboratory = make_records(f"READ{read}", rows // RESULTS_PER_SUBJECT, codes=codes)
    path = folder / f"{read}.csv"
    make_file(path, rows, salt=read)
    done = import_file(study=study, laboratory=laboratory, path=path, actor="bench", reason="measurement")
    if done.totals.applied != rows:
        raise SystemExit(f"void: {done.text()}")
    infuse_all(study)
    return study


def _peak(database: Database, study: Study) -> float:
    """Largest memory of a process that does nothing else, MB."""
    done = _worker(database, study, "compute")
    return float(done.communicate()[0].split()[-1])


def _worker(database: Database, study: Study, kind: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.endpoints", "--worker", kind, "--study", str(study.pk)]
    return subprocess.Popen(command, env=database.environment(), stdout=subprocess.PIPE, text=True)


def _work(kind: str, study_id: int) -> None:
    with acting(actor="bench", reason="measurement"):
        if kind == "compute":
            study = Study.objects.get(pk=study_id)
            subjects = list(Subject.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
            compute(study, subjects)
        else:
            _take_jobs()
    print(peak_megabytes())


def _take_jobs() -> None:
    """Take parts until none waits, beside whoever else does."""
    # The first use of polars and the first query are no part of the measurement.
    evaluate(read_frames(0, []), {})
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        waiting = Job.objects.filter(state=Job.State.QUEUED).order_by("pk").values_list("pk", flat=True)
        taken = next((job for job in waiting if execute(job)), None)
        if taken is None:
            return


def _with_jobs(database: Database, study: Study, subjects: int) -> None:
    """The whole recompute with digests, answers, audit and job rows: one worker beside two."""
    for workers in (1, 2):
        mark_study_stale(study_id=study.pk)
        with connection.cursor() as cursor:
            # Another digest for every subject, as a new version of the protocol gives it.
            cursor.execute("SELECT count(*) FROM cart_protocolversion")
            number = cursor.fetchone()[0] + 1
        study.protocol_versions.create(
            number=number, effective_on="2024-01-01", parameters={"BCDEPL": {"threshold": 10.0 + number}}
        )
        recompute_or_divide(
            study_id=study.pk, actor="bench", reason="measurement", job_number=0, part_subjects=max(subjects // 8, 1)
        )
        started = [_ready(database, study) for _ in range(workers)]
        begun = time.perf_counter()
        for worker in started:
            worker.communicate("go\n")
        print(f"whole recompute, {workers} worker(s): {time.perf_counter() - begun:.2f} s; goal two <= 0.75 of one")


def _ready(database: Database, study: Study) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.endpoints", "--worker", "jobs", "--study", str(study.pk)]
    worker = subprocess.Popen(
        command, env=database.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    worker.stdout.readline()
    return worker


if __name__ == "__main__":
    main()
