"""Ingest of a central-laboratory file with all checks and audit, beside a bare COPY of the same file.

``python -m bench.ingest --rows 1000000``
"""

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
os.environ["TRIALSITE_TEST_DURABLE"] = "1"

import tests.services  # noqa: F401 - starts the private servers before Django reads its settings

django.setup()

import psycopg
from django.db import connection

from bench.make_csv import RESULTS_PER_SUBJECT, TESTS
from bench.measure import Pair, bench_database, report, seconds
from cart.models import Study, Subject
from labs.actions.transfers import import_file
from labs.models import Analyte, AnalyteCode, AssayVersion, Laboratory, Result
from tests.cart.records import make_trial
from tests.databases import Database
from tests.labs.records import HEADER, LAYOUT
from trialsite.audit.context import acting


def make_records(code: str, subjects: int, *, codes: Mapping[str, str] | None = None) -> tuple[Study, Laboratory]:
    """A study with its subjects, and a laboratory with twenty tests; ``codes``: test to analyte code."""
    trial = make_trial(code)
    Subject.objects.bulk_create(
        [
            Subject(study=trial.study, site=trial.site, arm=trial.arm, code=f"S{n:06d}", status=Subject.Status.ENROLLED)
            for n in range(subjects)
        ],
        batch_size=5_000,
    )
    laboratory = Laboratory.objects.create(code=f"L-{code}", name="Bench", layout=LAYOUT)
    for n in range(TESTS):
        meaning = (codes or {}).get(f"T{n:02d}", f"T{n:02d}")
        analyte, _ = Analyte.objects.get_or_create(code=meaning, defaults={"name": f"Test {n}"})
        AnalyteCode.objects.create(laboratory=laboratory, code=f"T{n:02d}", analyte=analyte)
        AssayVersion.objects.create(
            laboratory=laboratory, analyte=analyte, kit="Kit", unit="g/L", lloq=1, valid_from=dt.date(2000, 1, 1)
        )
    return trial.study, laboratory


def make_file(path: Path, rows: int, *, salt: int) -> None:
    """Write the file in another process: what making it takes is not the importer's memory."""
    command = [sys.executable, "-m", "bench.make_csv", str(path), str(rows), str(salt)]
    subprocess.run(command, check=True)


def bare_copy(database: Database, path: Path) -> None:
    """COPY of the file into an unindexed table of texts, as the owner (no triggers, no audit)."""
    columns = ", ".join(f"{name} text" for name in HEADER.split(","))
    with psycopg.connect(database.owner_url) as link, link.cursor() as cursor, path.open("rb") as file:
        cursor.execute(f"DROP TABLE IF EXISTS bare; CREATE TABLE bare ({columns})")
        with cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy:
            while piece := file.read(1 << 20):
                copy.write(piece)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="trialsite-bench-"))
    measured: list[Pair] = []
    try:
        with bench_database() as database, acting(actor="bench", reason="measurement"):
            peak = 0.0
            for turn in range(options.pairs + 1):
                study, laboratory = make_records(f"B{turn}", options.rows // RESULTS_PER_SUBJECT + 1)
                path = folder / f"{turn}.csv"
                make_file(path, options.rows, salt=turn)
                with psycopg.connect(database.admin_url, autocommit=True) as admin:
                    admin.execute("CHECKPOINT")
                limit = seconds(lambda path=path: bare_copy(database, path))
                if not turn:
                    # The warm-up is the command in a process of its own, whose memory is the importer's and no more.
                    peak = peak_of_command(database, study, laboratory, path)
                    path.unlink()
                    continue
                work = seconds(
                    lambda study=study, laboratory=laboratory, path=path: _import(study, laboratory, path, options.rows)
                )
                measured.append(Pair(limit, work))
                path.unlink()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT (SELECT count(*) FROM audit.labs_result_insert),"
                    " pg_total_relation_size('labs_result')::float / greatest(count(*), 1) FROM labs_result"
                )
                events, size = cursor.fetchone()
            if events != Result.objects.count():
                raise SystemExit("void: results and audit events differ")
            name = f"ingest of {options.rows:,} rows, all checks, audit"
            report(name, measured, goal="<= 5 x bare COPY")
            print(f"bytes per result with its index: {size:.0f}")
            print(f"peak memory of manage.py import_labs: {peak:.0f} MB, goal < 400 MB at 10,000,000 rows")
    finally:
        shutil.rmtree(folder)


def peak_of_command(database: Database, study: Study, laboratory: Laboratory, path: Path) -> float:
    """Largest memory of the command that imports the file, MB."""
    command = [sys.executable, "manage.py", "import_labs", str(path)]
    command += ["--study", study.code, "--laboratory", laboratory.code]
    child = subprocess.Popen(command, env=database.environment(), stdout=subprocess.PIPE, text=True)
    shown = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"void: {shown}")
    return usage.ru_maxrss / 1024


def _import(study: Study, laboratory: Laboratory, path: Path, rows: int) -> None:
    done = import_file(study=study, laboratory=laboratory, path=path, actor="bench", reason="measurement")
    if not done.accepted or done.totals.applied != rows:
        raise SystemExit(f"void: {done.text()}")


if __name__ == "__main__":
    main()
