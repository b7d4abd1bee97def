"""Reading an SDTM LB transport file, beside pyreadstat.

``python -m bench.xpt --rows 1000000``; the two have to give the same columns and values.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pyreadstat

from bench.measure import Pair, report, seconds
from labs.imports.xpt import CARD, read_xpt
from tests.labs.imports.sdtm_folder import lb, write_folder

SMALL = 1_000
_OURS = "from pathlib import Path; from labs.imports.xpt import read_xpt; [0 for _ in read_xpt(Path({0!r}), 'LB')]"
_THEIRS = "import pyreadstat; pyreadstat.read_xport({0!r}, output_format='polars', disable_datetime_conversion=True)"


def make_file(folder: Path, rows: int) -> Path:
    """A file of so many records: a small one's over and over."""
    subjects = [
        lb(f"S-{n % 97}", sequence=float(n), LBSTRESN=n / 7, LBTESTCD=f"T{n % 47}", LBORRES=f"{n / 7:.3f}")
        for n in range(SMALL)
    ]
    small = write_folder(folder / "small", lb=subjects) / "lb.xpt"
    content = small.read_bytes()
    _, description = pyreadstat.read_xport(str(small), output_format="polars")
    record = sum(description.variable_storage_width.values())
    first = content.index(b"HEADER RECORD*******OBS") + CARD
    path = folder / "lb.xpt"
    with path.open("wb") as file:
        file.write(content[:first])
        for _ in range(rows // SMALL):
            file.write(content[first : first + SMALL * record])
        file.write(b" " * (-file.tell() % CARD))
    return path


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = make_file(Path(folder), options.rows)
        # First: a child's figure begins with its parent's.
        peaks = _peak(_OURS, path), _peak(_THEIRS, path)
        print(f"peak memory: {peaks[0]:.0f} MB in chunks, pyreadstat {peaks[1]:.0f} MB in one piece")
        ours, theirs = pl.concat(read_xpt(path, "LB")).drop("record"), _theirs(path)
        if not ours.equals(theirs, null_equal=True) or ours.height != options.rows:
            raise SystemExit("void: the readers differ")
        shape = ours.shape
        del ours, theirs
        measured = [
            Pair(seconds(lambda: _theirs(path)), seconds(lambda: sum(part.height for part in read_xpt(path, "LB"))))
            for _ in range(options.pairs + 1)
        ]
        report(f"reading LB of {shape[0]:,} x {shape[1]}", measured[1:], goal="<= 1 x pyreadstat")


def _theirs(path: Path) -> pl.DataFrame:
    frame, _ = pyreadstat.read_xport(str(path), output_format="polars", disable_datetime_conversion=True)
    return frame


def _peak(code: str, path: Path) -> float:
    child = subprocess.Popen([sys.executable, "-c", code.format(str(path))])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit("void: a reader failed")
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
