"""A cumulative file that holds what the last one held and little more, beside a bare COPY of it.

``python -m bench.retransfer --rows 10000000``. Two kinds of files: one row more at the end; a row more for every
subject, in its place.
"""

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psycopg

# First: it starts the private servers before Django reads its settings.
from bench.ingest import bare_copy, make_file, make_records, peak_of_command
from bench.make_csv import RESULTS_PER_SUBJECT
from bench.measure import Pair, bench_database, report, seconds
from cart.models import Study
from labs.actions.transfers import import_file
from labs.models import Laboratory
from trialsite.audit.context import acting


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    with (
        bench_database() as database,
        acting(actor="bench", reason="measurement"),
        tempfile.TemporaryDirectory() as folder,
    ):
        study, laboratory = make_records("R", options.rows // RESULTS_PER_SUBJECT + 1)
        laboratory.layout = {**laboratory.layout, "delivery": "cumulative"}
        laboratory.save()
        path = Path(folder) / "file.csv"
        make_file(path, options.rows, salt=1)
        _send(study, laboratory, path, applied=options.rows)
        for kind, change in (("one row more", _one_more), ("a row more per subject", _one_per_subject)):
            measured = []
            for turn in range(options.pairs + 1):
                added = change(path, turn)
                with psycopg.connect(database.admin_url, autocommit=True) as admin:
                    admin.execute("CHECKPOINT")
                limit = seconds(lambda: bare_copy(database, path))
                work = seconds(lambda added=added: _send(study, laboratory, path, applied=added))
                measured.append(Pair(limit, work))
            report(f"{options.rows:,} rows again, {kind}", measured[1:], goal="<= 1.5 x bare COPY")
        _one_more(path, options.pairs + 1)
        peak = peak_of_command(database, study, laboratory, path)
        print(f"peak memory of manage.py import_labs: {peak:.0f} MB, goal < 400 MB at 10,000,000 rows")


def _send(study: Study, laboratory: Laboratory, path: Path, *, applied: int) -> None:
    done = import_file(study=study, laboratory=laboratory, path=path, actor="bench", reason="measurement")
    if not done.accepted or done.totals.applied != applied or not done.totals.add_up():
        raise SystemExit(f"void: {done.text()}")


def _one_more(path: Path, turn: int) -> int:
    with path.open("a") as file:
        file.write(f"S000000,MORE{turn},SERUM,2021-01-01T08:30,V0,T00,7,g/L,,\n")
    return 1


def _one_per_subject(path: Path, turn: int) -> int:
    aside, added = path.with_suffix(".new"), set[str]()
    with path.open() as file, aside.open("w") as out:
        for line, last in _subjects_ends(file):
            out.write(line)
            subject = line.partition(",")[0]
            if last and subject not in added:
                out.write(f"{subject},EACH{turn}{subject},SERUM,2021-01-01T08:30,V0,T00,7,g/L,,\n")
                added.add(subject)
    aside.replace(path)
    return len(added)


def _subjects_ends(lines: Iterable[str]) -> Iterable[tuple[str, bool]]:
    """Lines, and whether the next one is of another subject; the header is none."""
    before = ""
    for line in lines:
        if before:
            subject = before.partition(",")[0]
            yield before, subject != "SUBJECT" and subject != line.partition(",")[0]
        before = line
    yield before, True


if __name__ == "__main__":
    main()
