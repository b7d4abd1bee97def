"""One subject's series and the latest value of an analyte, out of many results; time inside the database.

``python -m bench.lookups --rows 10000000``; prints the plan beside each figure.
"""

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")
os.environ["TRIALSITE_TEST_DURABLE"] = "1"

import tests.services  # noqa: F401 - starts the private servers before Django reads its settings

django.setup()

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.ingest import make_file, make_records
from bench.make_csv import RESULTS_PER_SUBJECT
from bench.measure import bench_database
from cart.models import Subject
from labs.actions.transfers import import_file
from labs.models import Analyte, Result
from trialsite.audit.context import acting


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--subjects", type=int, default=50)
    options = parser.parse_args()
    with (
        bench_database() as database,
        acting(actor="bench", reason="measurement"),
        tempfile.TemporaryDirectory() as folder,
    ):
        study, laboratory = make_records("LOOK", options.rows // RESULTS_PER_SUBJECT)
        path = Path(folder) / "all.csv"
        make_file(path, options.rows, salt=1)
        done = import_file(study=study, laboratory=laboratory, path=path, actor="bench", reason="measurement")
        if done.totals.applied != options.rows:
            raise SystemExit(f"void: {done.text()}")
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            # As autovacuum would have left it.
            admin.execute("VACUUM ANALYZE")
        keys = list(Subject.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
        chosen = keys[:: max(1, len(keys) // options.subjects)]
        analyte = Analyte.objects.get(code="T05")
        _report(f"series of one subject, of {options.rows:,} results", [_series_sql(key) for key in chosen], "< 20 ms")
        name = f"latest value of one subject and analyte, of {options.rows:,} results"
        _report(name, [_latest_sql(key, analyte.pk) for key in chosen], "< 5 ms")


def _series_sql(subject_id: int) -> str:
    with CaptureQueriesContext(connection) as asked:
        if len(Result.objects.of_subject(subject_id).current().select_related("specimen")) != RESULTS_PER_SUBJECT:
            raise SystemExit(f"void: subject {subject_id} has not {RESULTS_PER_SUBJECT} results")
    return str(asked[0]["sql"])


def _latest_sql(subject_id: int, analyte_id: int) -> str:
    with CaptureQueriesContext(connection) as asked:
        if Result.objects.latest_of(subject_id=subject_id, analyte_id=analyte_id) is None:
            raise SystemExit(f"void: subject {subject_id} has no value")
    return str(asked[0]["sql"])


def _report(name: str, queries: list[str], goal: str) -> None:
    milliseconds = []
    with connection.cursor() as cursor:
        for sql in queries:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            answer = cursor.fetchone()[0]
            plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]
            milliseconds.append(plan["Planning Time"] + plan["Execution Time"])
        cursor.execute(f"EXPLAIN {queries[0]}")
        shown = "\n".join(f"    {line}" for (line,) in cursor.fetchall())
    print(
        f"{name}: median {statistics.median(milliseconds):.2f} ms, largest {max(milliseconds):.2f} ms with planning, "
        f"{len(queries)} subjects, goal {goal}, load {os.getloadavg()[0]:.1f}\n{shown}"
    )


if __name__ == "__main__":
    main()
