"""What bad rows cost: a file with one row in a thousand in a wrong unit, beside the same amount of sound rows.

``python -m bench.bad_rows --rows 1000000``; the laboratory's agreement allows quarantine, so the good rows are stored.
"""

import argparse
import tempfile
from pathlib import Path

# First: it starts the private servers before Django reads its settings.
from bench.ingest import make_file, make_records
from bench.make_csv import RESULTS_PER_SUBJECT
from bench.measure import Pair, bench_database, report, seconds
from labs.actions.transfers import import_file
from trialsite.audit.context import acting

ONE_IN = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    measured = []
    with bench_database(), acting(actor="bench", reason="measurement"), tempfile.TemporaryDirectory() as folder:
        for turn in range(options.pairs + 1):
            limit = _import(f"G{turn}", Path(folder), options.rows, salt=2 * turn, bad=0)
            work = _import(f"B{turn}", Path(folder), options.rows, salt=2 * turn + 1, bad=options.rows // ONE_IN)
            measured.append(Pair(limit, work))
        report(f"{options.rows:,} rows, 0.1 % of them bad", measured[1:], goal="< 1.6 x the same without bad rows")


def _import(code: str, folder: Path, rows: int, *, salt: int, bad: int) -> float:
    study, laboratory = make_records(code, rows // RESULTS_PER_SUBJECT + 1)
    laboratory.quarantine = True
    laboratory.save()
    path = folder / "one.csv"
    make_file(path, rows, salt=salt)
    if bad:
        lines = path.read_bytes().splitlines(keepends=True)
        for number in range(ONE_IN // 2, len(lines), ONE_IN):
            lines[number] = lines[number].replace(b"g/L", b"mg/L")
        path.write_bytes(b"".join(lines))
    reports = []
    taken = seconds(
        lambda: reports.append(
            import_file(study=study, laboratory=laboratory, path=path, actor="bench", reason="measurement")
        )
    )
    totals = reports[0].totals
    if (totals.applied, totals.quarantined) != (rows - bad, bad):
        raise SystemExit(f"void: {reports[0].text()}")
    return taken


if __name__ == "__main__":
    main()
