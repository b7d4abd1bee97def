"""Reader of CDISC Dataset-JSON 1.1: as JSON, as lines (NDJSON) and either compressed (DSJC). PURE.

Which of them a file is stands in the file: lines have no ``rows`` in their first object. A number is kept as
it is written where its digits are data, see ``TEXT_AS_RECEIVED``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from labs.imports.json_text import JsonText, Number, json_text
from labs.imports.sdtm_variables import FINDINGS, DatasetError, check_variables

# Records, and characters, at a time: their values are Python's before they are columns.
CHUNK_RECORDS, CHUNK_CHARACTERS = 20_000, 32 << 20
NEEDED = ("datasetJSONVersion", "itemGroupOID", "name", "records", "columns")
TEXTS = ("string", "date", "datetime", "time", "URI")
NUMBERS = ("integer", "float", "double")
# Python's types of the values that a data type may have; null is missing in each.
VALUES: dict[str, set[type]] = {
    **{kind: {str} for kind in TEXTS},
    **{kind: {Number} for kind in NUMBERS},
    "decimal": {str, Number},
    "boolean": {bool},
}
# As received is as written: 4.10 stays 4.10 although it came as a number.
TEXT_AS_RECEIVED = {domain.variable(suffix) for domain in FINDINGS for suffix in ("ORRES", "STRESC")}
# These tell records apart: 1.0 and 1 are one visit, whatever the data type.
NUMBERING = {*(domain.variable("SEQ") for domain in FINDINGS), "EXSEQ", "VISITNUM", "AGE"}
_VERSION = re.compile(r"1\.1(\.[0-9]+)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_DECIMAL = r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"
# Doubles hold whole numbers up to here, each.
_MAX_INTEGER = 2**53
_SHOWN = 40


@dataclass(frozen=True)
class _Column:
    name: str
    kind: str
    # `targetDataType`: a date that is a number where it comes from has lost how exactly it was known.
    number_in_source: bool

    @property
    def is_text(self) -> bool:
        """Whether the column is text here and where it comes from."""
        return self.kind in TEXTS and not self.number_in_source

    @property
    def is_number(self) -> bool:
        """Whether the column becomes a column of doubles."""
        return (self.kind in NUMBERS and self.name not in TEXT_AS_RECEIVED) or (
            self.kind == "decimal" and self.name in NUMBERING
        )


def read_dataset_json(path: Path, domain: str) -> Iterator[pl.DataFrame]:
    """Records of a dataset in chunks, with ``record`` (from 1); texts and decimals as received.

    Raises
    ------
    DatasetError
        Not Dataset-JSON 1.1 of this domain, damaged, cut off, or without a required variable.
    """
    columns, records = _described(path, domain)
    rows: list[list[Any]] = []
    found = begun_at = 0
    with json_text(path) as text:
        for row in _rows(text):
            found += 1
            if found > records:
                break
            if type(row) is not list or len(row) != len(columns):
                size = f"{len(row)} values" if type(row) is list else "no array"
                raise DatasetError(
                    f"{path.name}: record {found:,} has {size}; `columns` names {len(columns)}. [json-row]"
                )
            rows.append(row)
            # The last chunk waits until the count is known to be right.
            full = len(rows) == CHUNK_RECORDS or text.taken - begun_at > CHUNK_CHARACTERS
            if full and found < records:
                yield _frame(path.name, columns, rows, found - len(rows))
                rows, begun_at = [], text.taken
    if found != records:
        held = f"{found:,}" if found < records else "more"
        raise DatasetError(
            f"{path.name} announces {records:,} records and holds {held}; fetch it again. [json-records]"
        )
    if rows:
        yield _frame(path.name, columns, rows, found - len(rows))


def _rows(text: JsonText) -> Iterator[Any]:
    """Rows of the array ``rows``, or the values behind the first object, to the end of the file."""
    in_array = False
    for name in text.names():
        if name == "rows":
            in_array = True
            yield from text.items()
        else:
            text.value()
    if in_array:
        text.end()
        return
    while text.peek():
        yield text.value()


def _described(path: Path, domain: str) -> tuple[list[_Column], int]:
    """Columns and number of records; the members may stand in any order, behind the rows too."""
    found: dict[str, Any] = {}
    with json_text(path) as text:
        if text.peek() != "{":
            raise DatasetError(f"{path.name} is not Dataset-JSON: it begins with no object. [not-dataset-json]")
        for name in text.names():
            if name in NEEDED:
                found[name] = text.value()
            elif name != "rows":
                text.value()
            elif len(found) == len(NEEDED):
                break
            else:
                for _ in text.items():
                    pass
    if "datasetJSONVersion" not in found:
        raise DatasetError(f"{path.name} is not Dataset-JSON: it has no datasetJSONVersion. [not-dataset-json]")
    version = found["datasetJSONVersion"]
    if not (type(version) is str and _VERSION.fullmatch(version)):
        raise DatasetError(f"{path.name} is Dataset-JSON {_shown(version)}; export it as 1.1. [json-version]")
    _check_domain(path.name, domain, found.get("name"), found.get("itemGroupOID"))
    columns = _columns(path.name, found.get("columns"))
    records = found.get("records")
    if not (isinstance(records, Number) and records.isdigit() and len(records) <= 12):
        raise DatasetError(f"{path.name}: `records` is {_shown(records)}, not their number. [json-records]")
    check_variables(path.name, domain, {column.name: column.is_text for column in columns})
    return columns, int(records)


def _check_domain(file_name: str, domain: str, name: Any, oid: Any) -> None:
    # `Number` is a str too. An OID is the study's own to choose; only one that names another domain contradicts.
    other = type(oid) is str and re.fullmatch(r"(?:IG\.)?([A-Z]{2})", oid.upper())
    if not (type(name) is str and name.upper() == domain):
        raise DatasetError(f"{file_name}: `name` is {_shown(name)}; it must be {domain}. [json-domain]")
    if not (type(oid) is str and oid) or (other and other[1] != domain):
        raise DatasetError(f"{file_name}: `itemGroupOID` is {_shown(oid)}; it must be of {domain}. [json-domain]")


def _columns(file_name: str, given: Any) -> list[_Column]:
    if not (isinstance(given, list) and given and all(isinstance(one, dict) for one in given)):
        raise DatasetError(f"{file_name}: `columns` is no list of columns. [json-columns]")
    columns: dict[str, _Column] = {}
    for one in given:
        name, kind = one.get("name"), one.get("dataType")
        if type(name) is not str or not _VARIABLE.fullmatch(name):
            raise DatasetError(f"{file_name}: {_shown(name)} is no name of a column. [json-columns]")
        if type(kind) is not str or kind not in VALUES:
            raise DatasetError(
                f"{file_name}: {name} has dataType {_shown(kind)}; known are {', '.join(VALUES)}. [json-columns]"
            )
        name = name.upper()
        if name in columns:
            raise DatasetError(f"{file_name} has the column {name} twice. [json-column-twice]")
        columns[name] = _Column(name, kind, number_in_source=one.get("targetDataType") is not None)
    return list(columns.values())


def _frame(file_name: str, columns: list[_Column], rows: list[list[Any]], before: int) -> pl.DataFrame:
    """Rows as columns; each value is of its column's type, or the dataset is refused with its place."""
    series = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        allowed = VALUES[column.kind] | {type(None)}
        if set(map(type, values)) - allowed:
            at = next(n for n, value in enumerate(values) if type(value) not in allowed)
            raise _bad_value(file_name, column, before + at + 1, values[at])
        made = _series(file_name, column, values, before)
        bad = _broken(column, made)
        if bad is not None and (places := bad.fill_null(value=False).arg_true()).len():
            raise _bad_value(file_name, column, before + places[0] + 1, values[places[0]])
        series.append(made)
    record = pl.int_range(before + 1, before + 1 + len(rows), dtype=pl.Int64, eager=True).alias("record")
    return pl.DataFrame([*series, record])


def _series(file_name: str, column: _Column, values: tuple[Any, ...], before: int) -> pl.Series:
    if column.is_number:
        return pl.Series(column.name, [None if v is None else _double(v) for v in values], dtype=pl.Float64)
    if column.kind == "boolean":
        return pl.Series(column.name, values, dtype=pl.Boolean).cast(pl.String)
    texts = values if column.kind in TEXTS else [None if v is None else str(v) for v in values]
    try:
        made = pl.Series(column.name, texts, dtype=pl.String)
    except UnicodeEncodeError as error:
        # Half of a pair (`\ud800` alone) is no character and cannot be stored.
        raise DatasetError(
            f"{file_name}: {column.name} holds half a character ({error.object[error.start]!a}). [json-encoding]"
        ) from error
    nul = made.str.contains("\x00", literal=True).fill_null(value=False).arg_true()
    if nul.len():
        raise DatasetError(
            f"{file_name}: record {before + nul[0] + 1:,}, {column.name} holds a NUL character. [json-nul]"
        )
    return made


def _double(literal: str) -> float:
    try:
        return float(literal)
    except ValueError:
        # Met by decimals in text only; refused as no finite number.
        return float("inf")


def _broken(column: _Column, made: pl.Series) -> pl.Series | None:
    """Where a value is none of the column's data type, although of the right type of JSON."""
    if column.kind == "decimal" and not column.is_number:
        return ~made.str.contains(_DECIMAL)
    if column.kind == "integer" and column.is_number:
        return (made != made.round()) | (made.abs() > _MAX_INTEGER)
    return ~made.is_finite() if column.is_number else None


def _bad_value(file_name: str, column: _Column, record: int, value: Any) -> DatasetError:
    return DatasetError(
        f"{file_name}: record {record:,}, {column.name} holds {_shown(value)}, which is no {column.kind}. [json-value]"
    )


def _shown(value: Any) -> str:
    """Of a value what a sentence can hold; numbers without quotes."""
    return (str(value) if isinstance(value, Number) else ascii(value))[:_SHOWN]
