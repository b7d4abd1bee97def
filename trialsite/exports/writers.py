"""Write a dataset as CSV or Parquet: the same rows give the same bytes; a file is there whole or not at all."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import polars as pl

from trialsite.exports.description import DatasetDescription, ExportError

# A spreadsheet runs a cell that begins like this; a quote in front makes it text (OWASP, CSV injection).
FORMULA_START = r"^[=+\-@\t\r]"
NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True)
class WrittenFile:
    """A file as it was written."""

    path: Path
    rows: int
    sha256: str


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only when the block ends well.

    Raises
    ------
    ExportError
        The folder is not writable or the disk is full; nothing is left behind.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise ExportError(f"{path.parent} cannot be written to: {error.strerror}. [export-target]") from error
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(0o644)
        os.replace(aside, path)
    except OSError as error:
        raise ExportError(f"{path} could not be written: {error.strerror}. [export-target]") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()


def _guarded(frame: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    risky = [
        pl.when(pl.col(name).str.contains(FORMULA_START) & ~pl.col(name).str.contains(NUMBER))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    ]
    lists = [
        pl.col(name).list.eval(pl.element().cast(pl.String)).list.join(" ").alias(name)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List)
    ]
    return frame.with_columns(*risky, *lists)


def csv_text(frame: pl.DataFrame) -> str:
    """A frame as the text of a CSV file, as :func:`write_csv` writes it; for an answer of the web."""
    return _guarded(frame).write_csv(line_terminator="\r\n", datetime_format="%Y-%m-%dT%H:%M:%S")


def write_csv(frame: pl.DataFrame, description: DatasetDescription, path: Path) -> WrittenFile:
    """RFC 4180, UTF-8, CRLF; missing is empty; lists are joined by spaces; formulas are made text."""
    shaped = description.shaped(frame)
    with whole_file(path) as file:
        _guarded(shaped).write_csv(file, line_terminator="\r\n", datetime_format="%Y-%m-%dT%H:%M:%S")
    return _written(path, shaped.height)


def write_parquet(frame: pl.DataFrame, description: DatasetDescription, path: Path) -> WrittenFile:
    """Parquet with zstd; label and unit of every column stand in the file's metadata."""
    shaped = description.shaped(frame)
    metadata = {"dataset": description.name, "label": description.label}
    metadata |= {f"label:{c.name}": c.label for c in description.columns}
    metadata |= {f"unit:{c.name}": c.unit for c in description.columns if c.unit}
    with whole_file(path) as file:
        shaped.write_parquet(file, compression="zstd", statistics=True, metadata=metadata)
    return _written(path, shaped.height)


Writer = Callable[[pl.DataFrame, DatasetDescription, Path], WrittenFile]
WRITERS: dict[str, Writer] = {"csv": write_csv, "parquet": write_parquet}


def writer_for(path: Path) -> Writer:
    """Writer by the file's ending.

    Raises
    ------
    ExportError
        For an ending that is not known.
    """
    ending = path.suffix.lstrip(".").lower()
    if ending not in WRITERS:
        raise ExportError(
            f"The name of the file ends in {' or '.join('.' + name for name in WRITERS)}; found {path.name!r}. "
            "[export-format]"
        )
    return WRITERS[ending]


def _written(path: Path, rows: int) -> WrittenFile:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return WrittenFile(path, rows, digest.hexdigest())
