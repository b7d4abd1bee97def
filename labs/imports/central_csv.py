"""Reader of a central laboratory's delimited file: blocks of text columns, lazily, with true line numbers.

A record is one line. The file is cut into blocks at line ends; a block whose lines are all sound records is
split by polars, any other line by line by the standard library's strict reader.
"""

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from labs.imports.layout import Layout, NamedColumns

BLOCK_BYTES = 3_000_000
# Small first blocks, each twice the one before: the database begins its work, which is most of the whole, while the
# next is being read.
FIRST_BLOCK_BYTES = 500_000
MAX_LINE_BYTES = 1_000_000
FINDING_SCHEMA = {
    "line": pl.Int64,
    "column": pl.String,
    "rule": pl.String,
    "found": pl.String,
    "expected": pl.String,
    "text": pl.String,
}
_BOM = codecs.BOM_UTF8
_ODD_BYTES = (b"\x00", b"\r", b"\x01")


class FileRefusedError(ValueError):
    """The file as a whole cannot be read; the message names line, what was found and what is expected."""

    def __init__(self, message: str, *, line: int, rule: str) -> None:
        super().__init__(message)
        self.line = line
        self.rule = rule


@dataclass(frozen=True)
class Block:
    """Rows of a file: ``line`` and one text column per field; ``findings`` are lines that are no rows.

    ``size_bytes``: of its text, where the format has such.
    """

    rows: pl.DataFrame
    findings: pl.DataFrame
    lines: int
    size_bytes: int = 0


class OpenFile(Protocol):
    """A file that is open for reading."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at the end."""

    def __enter__(self) -> object:
        """Itself."""

    def __exit__(self, kind: Any, error: Any, trace: Any, /) -> Any:
        """Done with."""


def read_blocks(
    path: Path, layout: Layout, file: OpenFile | None = None, *, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """Blocks of a file in order; ``file`` where it is open already: it is read once, from its beginning.

    Raises
    ------
    FileRefusedError
        Empty file, wrong encoding, header that does not fit the layout, a line without end.
    """
    pieces = _pieces(file or path.open("rb"), block_bytes)
    first = next(pieces, b"")
    header, line = _header_of(first, layout, path), 2
    for piece in _bodies(itertools.chain([first], pieces), layout, path):
        block = _block(piece, header, layout, line)
        line += block.lines
        del piece
        yield block
        del block


def read_header(path: Path, layout: Layout) -> list[str]:
    """Column names of a file, checked against the layout.

    Raises
    ------
    FileRefusedError
        Empty file, or a header that does not fit the layout.
    """
    return _header_of(next(_pieces(path.open("rb"), FIRST_BLOCK_BYTES), b""), layout, path)


def read_pieces(path: Path, layout: Layout, *, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The lines below the header in UTF-8, with LF line ends, in pieces of whole lines.

    Raises
    ------
    FileRefusedError
        Wrong encoding, or no line end where there should be one.
    """
    return _bodies(_pieces(path.open("rb"), block_bytes), layout, path)


def _header_of(first: bytes, layout: Layout, path: Path) -> list[str]:
    if not first:
        raise FileRefusedError(
            "The file is empty; line 1 must hold the column names. [empty-file]", line=1, rule="empty-file"
        )
    return _header(_as_utf8(first.partition(b"\n")[0], layout, path=path).removesuffix(b"\r"), layout)


def _bodies(pieces: Iterable[bytes], layout: Layout, path: Path) -> Iterator[bytes]:
    """Pieces of a file in UTF-8, without its header."""
    offset = 0
    for raw in pieces:
        piece = _as_utf8(raw, layout, path=path, offset=offset)
        if not offset:
            piece = piece.partition(b"\n")[2]
        offset += len(raw)
        del raw
        if piece:
            yield piece
        del piece


def split_lines(piece: bytes) -> pl.Series | None:
    """Texts of the lines of a piece; None where one is blank or holds bytes that no record has."""
    if _has_odd_bytes(piece):
        return None
    texts = _read_text(piece, "\x01", ["text"], quote=None)["text"]
    return None if texts.len() != _count_lines(piece) or (texts == "").any() else texts


def block_of_lines(numbers: pl.Series, texts: pl.Series, header: list[str], layout: Layout) -> Block:
    """Block of single lines of a file; ``numbers`` are their line numbers."""
    block = _block("\n".join([*texts, ""]).encode(), header, layout, 0)
    rows, findings = (
        frame.with_columns(numbers[frame["line"]].alias("line")) for frame in (block.rows, block.findings)
    )
    return Block(rows, findings, block.lines)


def _pieces(file: OpenFile, block_bytes: int) -> Iterator[bytes]:
    """Pieces of the file that end at line ends."""
    rest, wanted = b"", min(block_bytes, FIRST_BLOCK_BYTES)
    with file:
        while chunk := file.read(wanted):
            wanted = min(block_bytes, 2 * wanted)
            end = chunk.rfind(b"\n") + 1
            if not end:
                rest += chunk
                if len(rest) > block_bytes + MAX_LINE_BYTES:
                    raise FileRefusedError(
                        "No line end was found; is this a text file? [no-line-end]", line=1, rule="no-line-end"
                    )
                continue
            piece, rest = b"".join((rest, memoryview(chunk)[:end])), chunk[end:]
            # While the piece is being worked on, nothing else of its size is kept.
            del chunk
            yield piece
            del piece
    if rest:
        yield rest


def _as_utf8(raw: bytes, layout: Layout, *, path: Path, offset: int = 0) -> bytes:
    """A piece of the file from ``offset`` on in UTF-8, with LF line ends."""
    if not offset:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise FileRefusedError(
                f"The file is UTF-16; the layout declares {layout.encoding}. [encoding]", line=1, rule="encoding"
            )
        raw = raw.removeprefix(_BOM)
    is_utf8 = codecs.lookup(layout.encoding).name in {"utf-8", "ascii"}
    try:
        text = "" if is_utf8 and raw.isascii() else raw.decode(layout.encoding)
    except UnicodeDecodeError as error:
        at = 1 + _line_ends_before(path, offset) + raw.count(b"\n", 0, error.start)
        raise FileRefusedError(
            f"Line {at}: byte {raw[error.start]:#04x} is not {layout.encoding}, which the layout declares. [encoding]",
            line=at,
            rule="encoding",
        ) from error
    utf8 = raw if is_utf8 else text.encode()
    return utf8.replace(b"\r\n", b"\n") if b"\r" in utf8 else utf8


def _line_ends_before(path: Path, offset: int) -> int:
    ends = 0
    with path.open("rb") as file:
        while offset and (chunk := file.read(min(offset, BLOCK_BYTES))):
            ends += chunk.count(b"\n")
            offset -= len(chunk)
    return ends


def _header(head: bytes, layout: Layout) -> list[str]:
    try:
        names = next(csv.reader([head.decode()], delimiter=layout.separator, strict=True), [])
    except csv.Error as error:
        raise FileRefusedError(
            f"Line 1: the column names cannot be read ({error}). [header]", line=1, rule="header"
        ) from error
    check_names(names, layout)
    return names


def check_names(names: Sequence[str], layout: NamedColumns, *, line: int = 1) -> None:
    """Hold the column names of a file against its layout.

    Raises
    ------
    FileRefusedError
        One is missing, stands twice, or is neither declared nor ignored.
    """
    declared = set(layout.columns.values())
    problems = [
        ("missing-column", f"column {name!r} is missing") for name in layout.columns.values() if name not in names
    ]
    problems += [
        ("duplicate-column", f"column {name!r} stands twice") for name, times in Counter(names).items() if times > 1
    ]
    problems += [
        ("undeclared-column", f"column {name!r} is not in the layout; declare or ignore it")
        for name in names
        if name not in declared and name not in layout.ignored
    ]
    if problems:
        rule, what = problems[0]
        raise FileRefusedError(f"Line {line}: {what}; found {', '.join(names)[:200]!r}. [{rule}]", line=line, rule=rule)


def _block(piece: bytes, header: list[str], layout: Layout, first_line: int) -> Block:
    lines = _count_lines(piece)
    rows = None if _has_odd_bytes(piece) else _split_fast(piece, header, layout, lines)
    if rows is not None:
        numbered = rows.with_columns(pl.int_range(first_line, first_line + lines, dtype=pl.Int64).alias("line"))
        findings = pl.DataFrame(schema=FINDING_SCHEMA)
    else:
        numbered, findings = _split_slowly(piece, header, layout, first_line)
    present = {name: field for field, name in layout.columns.items()}
    fields = numbered.select("line", *[pl.col(name).alias(field) for name, field in present.items()])
    return Block(fields, findings, lines, len(piece))


def _count_lines(piece: bytes) -> int:
    return _count(piece, b"\n") + (not piece.endswith(b"\n"))


def _count(piece: bytes, mark: bytes) -> int:
    """How often a byte stands in a piece, as ``piece.count``, which is slow where it stands often."""
    return int(np.count_nonzero(np.frombuffer(piece, dtype=np.uint8) == mark[0]))


def _has_odd_bytes(piece: bytes) -> bool:
    """Is there a byte that polars would read in its own way?"""
    return any(mark in piece for mark in _ODD_BYTES)


def _split_fast(piece: bytes, header: list[str], layout: Layout, lines: int) -> pl.DataFrame | None:
    """Split by polars; None where a line is no record of this many fields.

    polars refuses a line of too many fields and fills up one of too few, a blank one for example: of unquoted lines
    there is none of those where the separators of all lines add up.
    """
    if len(header) == 1:
        return None
    quoted = b'"' in piece
    if quoted:
        if not _all_records(piece, header, layout, lines):
            return None
    elif _count(piece, layout.separator.encode()) != lines * (len(header) - 1):
        return None
    try:
        rows = _read_text(piece, layout.separator, header, quote='"' if quoted else None)
    except pl.exceptions.PolarsError:
        return None
    return rows if rows.height == lines else None


def _all_records(piece: bytes, header: list[str], layout: Layout, lines: int) -> bool:
    """Is every line a record of this many fields? polars would not tell of quoted ones."""
    text = _read_text(piece, "\x01", ["text"], quote=None)["text"]
    return text.len() == lines and bool(text.str.contains(_record_pattern(layout.separator, len(header))).all())


def _read_text(piece: bytes, separator: str, header: list[str], *, quote: str | None) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(piece),
        has_header=False,
        separator=separator,
        quote_char=quote,
        schema=dict.fromkeys(header, pl.String),
        empty_string_is_null=False,
    )


def _record_pattern(separator: str, fields: int) -> str:
    """A record of exactly so many fields, each bare without quotes or quoted with its quotes doubled."""
    mark = re.escape(separator)
    field = f'(?:[^"{mark}]*|"(?:[^"]|"")*")'
    return f"^{field}(?:{mark}{field}){{{fields - 1}}}$"


def _split_slowly(
    piece: bytes, header: list[str], layout: Layout, first_line: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split line by line; every line that is no record becomes a finding."""
    good: list[list[str]] = []
    numbers: list[int] = []
    findings: list[dict[str, object]] = []
    lines = piece.decode().split("\n")
    if lines and lines[-1] == "":
        lines.pop()

    def refuse(number: int, rule: str, text: str, expected: str) -> None:
        findings.append(
            {"line": number, "column": "", "rule": rule, "found": text[:200], "expected": expected, "text": text[:2000]}
        )

    for number, text in enumerate(lines, first_line):
        if not text.strip(" "):
            refuse(number, "blank-line", text, "a record; blank lines are not allowed inside the file")
        elif "\x00" in text:
            refuse(number, "nul", text.replace("\x00", "\\0"), "text without NUL characters")
        elif "\r" in text:
            refuse(number, "line-end", text.replace("\r", "\\r"), "lines that end with LF or CRLF")
        elif text.count('"') % 2:
            refuse(number, "quotes", text, "closed quotes; a record is one line")
        else:
            try:
                fields = next(csv.reader([text], delimiter=layout.separator, strict=True))
            except csv.Error as error:
                refuse(number, "quotes", text, f"a record that can be read ({error})")
                continue
            if len(fields) != len(header):
                refuse(number, "field-count", f"{len(fields)} fields: {text}", f"{len(header)} fields as in line 1")
                continue
            good.append(fields)
            numbers.append(number)
    columns = list(zip(*good, strict=True)) if good else [()] * len(header)
    rows = pl.DataFrame(
        {name: list(values) for name, values in zip(header, columns, strict=True)},
        schema=dict.fromkeys(header, pl.String),
    ).with_columns(pl.Series("line", numbers, dtype=pl.Int64))
    return rows, pl.DataFrame(findings, schema=FINDING_SCHEMA)
