"""Reader of SAS transport files (version 5): text as received, records numbered, nothing lost at the end.

Source: SAS Institute, TS-140, Record Layout of a SAS Version 5 or 6 Data Set in SAS Transport (XPORT) Format.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from labs.imports.sdtm_variables import DatasetError, check_variables

XPT_MARK = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
MEMBER_MARK = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"
NAMESTR_MARK = b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!"
CARD = 80
# Library, member and descriptor headers stand before the variables: eight cards of fixed place.
MEMBER_AT, NAMESTR_AT, VARIABLES_AT = 240, 560, 640
CHUNK_RECORDS = 100_000
NUMBER_BYTES = 8
_MISSING_MARKS = np.frombuffer(b"._ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class _Variable:
    name: str
    is_text: bool
    at: int
    length: int


@dataclass(frozen=True)
class _Shape:
    """Where the records are: offset of the first, bytes of each, how many; and their variables."""

    first: int
    record: int
    records: int
    variables: list[_Variable]


def read_xpt(path: Path, domain: str) -> Iterator[pl.DataFrame]:
    """Records of a dataset in chunks, with ``record`` (from 1); character variables as received.

    A number is missing (null) where SAS says so, by one of its 28 missing values.

    Raises
    ------
    DatasetError
        Not a version 5 transport file, cut off, or without a required variable.
    """
    shape = _shape_of(path)
    check_variables(path.name, domain, {one.name: one.is_text or not shape.records for one in shape.variables})
    with path.open("rb") as file:
        file.seek(shape.first)
        for start in range(0, shape.records, CHUNK_RECORDS):
            count = min(CHUNK_RECORDS, shape.records - start)
            rows = np.frombuffer(file.read(count * shape.record), dtype=np.uint8).reshape(count, shape.record)
            columns = [_column(rows, one, path.name) for one in shape.variables]
            number = pl.int_range(start + 1, start + 1 + count, dtype=pl.Int64, eager=True).alias("record")
            yield pl.DataFrame([*columns, number])


def _column(rows: Bytes, variable: _Variable, name: str) -> pl.Series:
    part = np.ascontiguousarray(rows[:, variable.at : variable.at + variable.length])
    values = _texts(part, name) if variable.is_text else _numbers(part)
    return values.alias(variable.name)


def _texts(part: Bytes, name: str) -> pl.Series:
    """Texts without the blanks that fill them up."""
    count, length = part.shape
    if part.size and part.max() >= 0x80:
        try:
            return pl.Series([bytes(row).decode().rstrip(" ") for row in part], dtype=pl.String)
        except UnicodeDecodeError as error:
            raise DatasetError(
                f"{name} holds text that is not UTF-8; export it with UTF-8 or ASCII text. [xpt-encoding]"
            ) from error
    # Few different texts in most variables: each is made once.
    wide = part.view(f"S{length}").ravel()
    texts, place = np.unique(wide, return_inverse=True)
    made = pl.Series([text.decode().rstrip(" ") for text in texts.tolist()], dtype=pl.String)
    return made.gather(pl.Series(place.astype(np.uint32))) if count else made


def _numbers(part: Bytes) -> pl.Series:
    """IBM System/360 numbers: sign, exponent of 16 in excess of 64, fraction of 56 bits."""
    count, length = part.shape
    whole = np.zeros((count, NUMBER_BYTES), dtype=np.uint8)
    whole[:, :length] = part
    bits = whole.view(">u8").ravel().astype(np.uint64)
    fraction = bits & np.uint64(0x00FF_FFFF_FFFF_FFFF)
    exponent = ((bits >> np.uint64(56)) & np.uint64(0x7F)).astype(np.int32)
    value = np.ldexp(fraction.astype(np.float64), 4 * (exponent - 64) - 56)
    value = np.where(bits >> np.uint64(63), -value, value)
    # A letter, dot or underscore in the first byte and nothing behind it: no number is written so.
    mark = (bits >> np.uint64(56)).astype(np.uint8)
    is_missing = (fraction == 0) & np.isin(mark, _MISSING_MARKS)
    return pl.Series(value).set(pl.Series(is_missing), None)


def _shape_of(path: Path) -> _Shape:
    """Shape of a file; refuses what is no transport file of one dataset, or what was cut off on its way.

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
            if size < first:
                raise cut_off
            found = [_variable(described[at : at + width], path) for at in range(0, variables * width, width or 1)]
            record = sum(one.length for one in found)
            if not record:
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
            _check_layout(found, path)
            file.seek(max(first, size - CARD - record))
            end = file.read()
            return _Shape(first, record, _records(size - first, record, end), found)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}. [file-unreadable]") from error


def _variable(described: bytes, path: Path) -> _Variable:
    """Variable of a descriptor: kind, length, name and place stand at fixed places in it."""
    kind, length = int.from_bytes(described[0:2]), int.from_bytes(described[4:6])
    try:
        name = described[8:16].decode("ascii").strip(" ").upper()
    except UnicodeDecodeError:
        name = ""
    place = int.from_bytes(described[84:88])
    if kind not in (1, 2) or not name or not length or (kind == 1 and length > NUMBER_BYTES):
        raise _unreadable(path, f"variable {name or described[8:16]!r} is neither text nor a number of 2 to 8 bytes")
    return _Variable(name, kind == 2, place, length)


def _check_layout(found: list[_Variable], path: Path) -> None:
    """Refuse variables that overlap, leave gaps, or stand twice."""
    at = 0
    for one in sorted(found, key=lambda one: one.at):
        if one.at != at:
            raise _unreadable(path, f"variable {one.name} does not stand where the one before it ends")
        at += one.length
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _unreadable(path, f"variable {twice[0]} stands twice")


def _unreadable(path: Path, what: str) -> DatasetError:
    return DatasetError(
        f"{path.name} cannot be read as a SAS transport file: {what}. Export it again. [xpt-unreadable]"
    )


def _records(size: int, record: int, end: bytes) -> int:
    """Number of records: blanks fill the last card, and may look like short records there."""
    count = size // record
    over = size - count * record
    end = end[: len(end) - over] if over else end
    while count and size - (count - 1) * record < CARD and not end[-record:].strip(b" "):
        count, end = count - 1, end[:-record]
    return count


def _digits(text: bytes) -> int:
    return int(text) if text.isdigit() else 0
