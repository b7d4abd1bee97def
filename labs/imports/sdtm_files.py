"""Datasets of a folder, one file per domain, read alike whatever their format. PURE."""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from labs.imports.dataset_json import read_dataset_json
from labs.imports.sdtm_variables import DatasetError
from labs.imports.xpt import read_xpt

# By the end of the file's name; what is in the file is the reader's to judge.
READERS: dict[str, Callable[[Path, str], Iterator[pl.DataFrame]]] = {
    ".xpt": read_xpt,
    ".json": read_dataset_json,
    ".ndjson": read_dataset_json,
    ".dsjc": read_dataset_json,
}


def dataset_path(folder: Path, domain: str) -> Path | None:
    """File of a domain in a folder, whatever its case; None where there is none.

    Raises
    ------
    DatasetError
        The folder is not there or cannot be read, or holds the domain twice (``lb.xpt`` and ``lb.json``).
    """
    wanted = {f"{domain.lower()}{suffix}" for suffix in READERS}
    try:
        if not folder.is_dir():
            raise DatasetError(f"{folder} is not a folder with SDTM datasets. [folder-missing]")
        found = sorted(path for path in folder.iterdir() if path.name.lower() in wanted and path.is_file())
    except OSError as error:
        raise DatasetError(f"{folder} cannot be read: {error.strerror}. [folder-unreadable]") from error
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DatasetError(f"{folder} holds {names}; leave the one that counts. [dataset-twice]")
    return found[0] if found else None


def file_names(domain: str) -> str:
    """The names that the file of a domain may have, for a sentence."""
    first, *others = READERS
    return f"{domain.lower()}{first} ({', '.join(others)})"


def read_dataset(path: Path, domain: str) -> Iterator[pl.DataFrame]:
    """Records of a dataset in chunks, with ``record`` (from 1); character variables as received.

    Raises
    ------
    DatasetError
        Not what its name says, damaged, or without a required variable.
    """
    return READERS[path.suffix.lower()](path, domain)


def whole_subjects(chunks: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same records in chunks that end where a subject ends, for a dataset sorted by subject.

    What is judged among a subject's records (repeats of a test on one occasion) must not depend on where a
    chunk happened to be cut.
    """
    waiting: pl.DataFrame | None = None
    for chunk in chunks:
        records = chunk if waiting is None else pl.concat([waiting, chunk], how="vertical_relaxed")
        last = pl.col("USUBJID").eq_missing(pl.lit(records["USUBJID"][-1], dtype=pl.String))
        done, waiting = records.filter(~last), records.filter(last)
        if done.height:
            yield done
    if waiting is not None:
        yield waiting
