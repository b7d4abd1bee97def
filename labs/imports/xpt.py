"""Reader of SAS transport files (version 5): text as received, records numbered, nothing lost at the end."""

import mmap
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyreadstat

XPT_MARK = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
MEMBER_MARK = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"
NAMESTR_MARK = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
CARD = 80
# Library, member and descriptor headers stand before the variables: eight cards of fixed place.
MEMBER_AT, NAMESTR_AT, VARIABLES_AT = 240, 560, 640
CHUNK_RECORDS = 100_000
REQUIRED = {
    "DM": ("STUDYID", "USUBJID", "SITEID"),
    "EX": ("USUBJID", "EXTRT", "EXSTDTC"),
    "LB": ("USUBJID", "LBTESTCD", "LBDTC", "LBORRES"),
}
# A date as a SAS number has lost how exactly it was known.
MUST_BE_TEXT = {"USUBJID", "LBTESTCD", "LBDTC", "EXTRT", "EXSTDTC"}


class DatasetError(ValueError):
    """A dataset is missing, unreadable, or lacks a variable; the message says which and what to do."""


def dataset_path(folder: Path, domain: str) -> Path | None:
    """File of a domain in a folder, whatever its case; None where there is none.

    Raises
    ------
    DatasetError
        The folder is not there or cannot be read, or holds the domain twice (``lb.xpt`` and ``LB.XPT``).
    """
    wanted = f"{domain.lower()}.xpt"
    try:
        if not folder.is_dir():
            raise DatasetError(f"{folder} is not a folder with SDTM datasets. [folder-missing]")
        found = sorted(path for path in folder.iterdir() if path.name.lower() == wanted and path.is_file())
    except OSError as error:
        raise DatasetError(f"{folder} cannot be read: {error.strerror}. [folder-unreadable]") from error
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DatasetError(f"{folder} holds {names}; leave the one that counts. [dataset-twice]")
    return found[0] if found else None


def read_dataset(path: Path, domain: str) -> Iterator[pl.DataFrame]:
    """Records of a dataset in chunks, with ``record`` (from 1); character variables as received.

    Raises
    ------
    DatasetError
        Not a version 5 transport file, cut off, or without a required variable.
    """
    _check_structure(path)
    first = 0
    while True:
        try:
            frame, _ = pyreadstat.read_xport(
                str(path),
                row_offset=first,
                row_limit=CHUNK_RECORDS,
                output_format="polars",
                disable_datetime_conversion=True,
            )
        except UnicodeDecodeError as error:
            raise DatasetError(
                f"{path.name} holds text that is not UTF-8; export it with UTF-8 or ASCII text. [xpt-encoding]"
            ) from error
        # The reader raises classes of its own that share no base but Exception.
        except Exception as error:
            raise DatasetError(
                f"{path.name} cannot be read as a SAS transport file: {error}. [xpt-unreadable]"
            ) from error
        frame = frame.rename({name: name.upper() for name in frame.columns})
        missing = [name for name in REQUIRED[domain] if name not in frame.columns]
        if missing:
            raise DatasetError(f"{path.name} has no variable {', '.join(missing)}. [variable-missing]")
        numeric = [name for name in REQUIRED[domain] if name in MUST_BE_TEXT and frame.schema[name] != pl.String]
        if numeric and frame.height:
            raise DatasetError(f"{path.name}: {', '.join(numeric)} must be a character variable. [variable-type]")
        if frame.height:
            yield frame.with_columns(pl.int_range(first + 1, first + 1 + frame.height, dtype=pl.Int64).alias("record"))
        if frame.height < CHUNK_RECORDS:
            return
        first += frame.height


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


def _check_structure(path: Path) -> None:
    """Refuse what is no transport file of one dataset, or what was cut off on its way.

    The format holds no count of records: only the length of the last one tells that the file broke off.
    """
    try:
        with path.open("rb") as file:
            head = file.read(VARIABLES_AT)
            size = path.stat().st_size
            if head[: len(XPT_MARK)] != XPT_MARK:
                raise DatasetError(f"{path.name} is not a SAS transport file of version 5. [not-xpt]")
            cut_off = DatasetError(f"{path.name} is cut off in the middle of a record; fetch it again. [xpt-cut-off]")
            if size % CARD or size < VARIABLES_AT or not head[NAMESTR_AT:].startswith(NAMESTR_MARK):
                raise cut_off
            variables, width = _digits(head[NAMESTR_AT + 54 :][:4]), _digits(head[MEMBER_AT + 74 :][:4])
            described = file.read(variables * width)
            # The description of the variables fills whole cards; one card announces the records.
            first = VARIABLES_AT + -(-variables * width // CARD) * CARD + CARD
            record = sum(int.from_bytes(described[at + 4 : at + 6]) for at in range(0, variables * width, width or 1))
            if size < first or not record:
                raise cut_off
            file.seek(size - (size - first) % record)
            rest = file.read()
            if rest.strip(b" ") or len(rest) >= CARD:
                raise cut_off
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                if whole.find(MEMBER_MARK, MEMBER_AT + CARD) >= 0:
                    raise DatasetError(
                        f"{path.name} holds more than one dataset; export one per file. [xpt-several-datasets]"
                    )
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}. [file-unreadable]") from error


def _digits(text: bytes) -> int:
    return int(text) if text.isdigit() else 0
