"""One table of results against one partitioned by study, at growing size.

``python -m bench.partitions --rows 1000000 3000000 10000000``. Both tables have the columns of ``labs_result``, ten
studies whose subjects were enrolled by turns, 500 results each; no triggers. Prints a line per size and table.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

os.environ["TRIALSITE_TEST_DURABLE"] = "1"

import psycopg

import tests.services  # noqa: F401 - starts the private servers
from tests.databases import cloned_database

STUDIES, PER_SUBJECT, TUBES = 10, 500, 25
LOOKED_UP = 50
# As the importer leaves them: in the order of the key, texts as they come, nothing in the optional columns.
_FILL = """
INSERT INTO {table}
    (id, specimen_id, analyte_id, version, qualifier, value, unit, received_text, transfer_id, line{study})
SELECT (k.tube << 23) | (k.analyte << 8) | 1, k.tube, k.analyte, 1, '=', round(k.number / 10.0, 1), 'U/mL',
    round(k.number / 10.0, 1)::text, 1, k.line{of_study}
FROM (
    SELECT ((s::bigint << 16) | t) AS tube, a AS analyte, (s * 7919 + t * 31 + a) % 9000 AS number,
        (s::bigint * {per} + t * 20 + a) AS line, s AS subject
    FROM generate_series(1, {subjects}) s, generate_series(1, {tubes}) t, generate_series(1, {analytes}) a
) k
"""
_OF_STUDY = {
    "one": "FROM subject_of_study j CROSS JOIN LATERAL (SELECT * FROM one WHERE id BETWEEN j.subject << 39"
    " AND (j.subject << 39) | 549755813887) r WHERE j.study = %(study)s",
    "parted": "FROM parted r WHERE r.study_id = %(study)s",
}
_SERIES = {
    "one": "SELECT count(*), sum(value) FROM one WHERE id BETWEEN %(low)s AND %(high)s",
    "parted": "SELECT count(*), sum(value) FROM parted WHERE study_id = %(study)s AND id BETWEEN %(low)s AND %(high)s",
    "parted, study not named": "SELECT count(*), sum(value) FROM parted WHERE id BETWEEN %(low)s AND %(high)s",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    options = parser.parse_args()
    print("rows        table                    bytes/result  series ms  study aggregate s  removal of a study s  load")
    for rows in options.rows:
        with cloned_database() as database, psycopg.connect(database.admin_url, autocommit=True) as admin:
            for line in _measured(admin, rows):
                print(line, flush=True)


def _measured(admin: psycopg.Connection[Any], rows: int) -> Iterator[str]:
    subjects = rows // PER_SUBJECT
    admin.execute("CREATE TABLE one (LIKE labs_result INCLUDING DEFAULTS INCLUDING INDEXES)")
    admin.execute(
        "CREATE TABLE parted (LIKE labs_result INCLUDING DEFAULTS, study_id smallint) PARTITION BY LIST (study_id)"
    )
    for study in range(STUDIES):
        admin.execute(f"CREATE TABLE parted_{study} PARTITION OF parted FOR VALUES IN ({study})")
    admin.execute("ALTER TABLE parted ADD PRIMARY KEY (study_id, id)")
    admin.execute("CREATE INDEX ON parted (id) WHERE version > 1")
    admin.execute(
        f"CREATE TABLE subject_of_study AS SELECT s::bigint AS subject, s % {STUDIES} AS study"
        f" FROM generate_series(1, {subjects}) s"
    )
    for table, study, of_study in (("one", "", ""), ("parted", ", study_id", f", k.subject % {STUDIES}")):
        admin.execute(
            _FILL.format(
                table=table, study=study, of_study=of_study, per=PER_SUBJECT, subjects=subjects, tubes=TUBES,
                analytes=PER_SUBJECT // TUBES,
            )
        )  # fmt: skip
    admin.execute("VACUUM ANALYZE")
    held = {table: _one(admin, _SIZE[table]) / rows for table in _SIZE}
    series = {name: _series_ms(admin, sql, subjects) for name, sql in _SERIES.items()}
    for table in ("one", "parted"):
        aggregate = statistics.median(
            _seconds(lambda n=number, t=table: _aggregate(admin, t, n)) for number in (1, 2, 3)
        )
        removal = _seconds(lambda t=table: _REMOVE[t](admin))
        yield (
            f"{rows:<11,} {table:<24} {held[table]:>12.1f} {series[table]:>10.2f} {aggregate:>18.3f} {removal:>21.3f} "
            f"{os.getloadavg()[0]:>5.1f}"
        )
    yield f"{'':<11} {'parted, study not named':<24} {'':>12} {series['parted, study not named']:>10.2f}"


_SIZE = {
    "one": "SELECT pg_total_relation_size('one')",
    "parted": "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('parted')",
}


def _series_ms(admin: psycopg.Connection[Any], sql: str, subjects: int) -> float:
    """Median over subjects, planning and sending included, after one look at each."""
    taken = []
    for turn in range(2):
        for subject in range(1, subjects, max(1, subjects // LOOKED_UP)):
            known = {"low": subject << 39, "high": (subject << 39) | (2**39 - 1), "study": subject % STUDIES}
            start = time.perf_counter()
            (found, _) = admin.execute(sql, known).fetchone() or (0, None)
            if found != PER_SUBJECT:
                raise SystemExit(f"void: subject {subject} has {found} results")
            if turn:
                taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def _aggregate(admin: psycopg.Connection[Any], table: str, study: int) -> None:
    sql = f"SELECT r.analyte_id, count(*), avg(r.value), min(r.value), max(r.value) {_OF_STUDY[table]} GROUP BY 1"
    admin.execute(sql, {"study": study}).fetchall()


def _remove_rows(admin: psycopg.Connection[Any]) -> None:
    admin.execute(
        "DELETE FROM one r USING subject_of_study j WHERE j.study = 0"
        " AND r.id BETWEEN j.subject << 39 AND (j.subject << 39) | 549755813887"
    )


def _remove_partition(admin: psycopg.Connection[Any]) -> None:
    admin.execute("ALTER TABLE parted DETACH PARTITION parted_0")
    admin.execute("DROP TABLE parted_0")


_REMOVE: dict[str, Callable[[psycopg.Connection[Any]], None]] = {"one": _remove_rows, "parted": _remove_partition}


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _one(admin: psycopg.Connection[Any], sql: str) -> int:
    row = admin.execute(sql).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
