"""Reader of SAS transport files (version 5): text as received, records numbered, nothing lost at the end."""

import mmap
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyreadstat

from labs.imports.sdtm_variables import DatasetError, check_variables

XPT_MARK = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
MEMBER_MARK = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"
NAMESTR_MARK = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
CARD = 80
# Library, member and descriptor headers stand before the variables: eight cards of fixed place.
MEMBER_AT, NAMESTR_AT, VARIABLES_AT = 240, 560, 640
CHUNK_RECORDS = 100_000


def read_xpt(path: Path, domain: str) -> Iterator[pl.DataFrame]:
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
        # A dataset without records is told as such, and its variables have no types yet.
        check_variables(
            path.name, domain, {name: kind == pl.String or not frame.height for name, kind in frame.schema.items()}
        )
        if frame.height:
            yield frame.with_columns(pl.int_range(first + 1, first + 1 + frame.height, dtype=pl.Int64).alias("record"))
        if frame.height < CHUNK_RECORDS:
            return
        first += frame.height


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
