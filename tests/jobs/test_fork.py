"""What a Celery worker imports before it forks must not start polars' threads: the children would hang."""

import subprocess
import sys

from tests.databases import ROOT

THREADS = """
from pathlib import Path
from trialsite.celery import app
app.loader.import_default_modules()
import sys
assert {"polars", "cart.endpoints.catalogue", "cart.tasks"} <= set(sys.modules), "a worker's modules are not all here"
"""
# A thread names itself a moment after it was started.
NAMES = """
import time
time.sleep(0.5)
print(*{path.read_text().strip() for path in Path('/proc/self/task').glob('*/comm')}, sep='\\n')
"""
USE = "import polars; polars.DataFrame({'a': [1]}).select('a')\n"


def polars_threads(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    # The pool that computes is polars-0, polars-1, ...; importing alone starts helpers with other names.
    return [name for name in done.stdout.split() if name.removeprefix("polars-").isdecimal()]


def test_importing_a_workers_modules_starts_no_pool_of_polars():
    assert polars_threads(THREADS + NAMES) == []


def test_such_a_pool_would_be_seen():
    assert polars_threads(THREADS + USE + NAMES) != []
