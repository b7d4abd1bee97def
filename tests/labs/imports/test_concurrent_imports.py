"""T8: files of one study imported at once and again, in any order, end in one state."""

import os
import random
import subprocess
import sys

from django.db import connection

from labs.models import RawFile, Result, Specimen, Transfer
from tests.cart.records import make_subject, make_trial
from tests.databases import ROOT
from tests.labs.records import make_laboratory, row, write_file
from trialsite.audit.context import acting

FULL = bool(os.environ.get("TRIALSITE_FULL"))
FILES, REPEATS, AT_ONCE = (10, 10, 8) if FULL else (3, 2, 4)


def make_files(folder):
    """Overlapping files: each holds its own specimens and the ones of the file before, same values."""
    return [
        write_file(
            folder,
            f"{n}.csv",
            *[
                row(
                    subject, f"{subject[-1]}A{k}", f"2024-{k // 25 + 1:02}-{k % 25 + 1:02}T08:30", "SCL70", str(100 + k)
                )
                for subject in ("KUL-001", "KUL-002")
                for k in range(n * 5, n * 5 + 10)
            ],
        )
        for n in range(FILES)
    ]


def start(database, path):
    """A process that imports the file."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_labs", str(path), "--study", "T-1", "--laboratory", "LAB"],
        cwd=ROOT,
        env=database.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_files_imported_at_once_and_again_end_in_one_state(fresh_database, tmp_path):
    with acting(actor="tester", reason="test"):
        trial = make_trial()
        make_subject(trial)
        make_subject(trial, "KUL-002")
        make_laboratory()
    files = make_files(tmp_path) * REPEATS
    random.Random(8).shuffle(files)
    outputs = []
    while files:
        running = [start(fresh_database, files.pop()) for _ in range(min(AT_ONCE, len(files)))]
        for process in running:
            output, _ = process.communicate(timeout=600)
            assert process.returncode == 0, output
            outputs.append(output)
    assert sum("already accepted as T-" in output for output in outputs) == FILES * (REPEATS - 1), outputs
    assert (Transfer.objects.count(), RawFile.objects.count()) == (FILES, FILES)
    assert set(Transfer.objects.values_list("state", flat=True)) == {"accepted"}
    distinct = 2 * (FILES * 5 + 5)
    assert (Specimen.objects.count(), Result.objects.count()) == (distinct, distinct)
    values = dict(Result.objects.values_list("specimen__accession", "received_text"))
    assert values == {f"{s}A{k}": str(100 + k) for s in "12" for k in range(FILES * 5 + 5)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit.labs_result_insert")
        assert cursor.fetchone() == (distinct,)
    print(f"T8: {len(outputs)} imports, {AT_ONCE} at once: one final state of {distinct} results")  # noqa: T201
