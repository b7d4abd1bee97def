"""Columns in and out of PostgreSQL by COPY, on Django's own connection: no row objects, one transaction."""

import hashlib
import io
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
from django.db import connection

from trialsite.isolation.session import send_session_settings


def read_columns(sql: str, params: Mapping[str, Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Result of a query as a frame; columns by position, named and typed by ``schema``.

    Dates print as ISO 8601 in the query's result and date-times must be selected as ``YYYY-MM-DDThh:mm:ss``;
    both are converted here. Booleans are selected into String columns as ``t`` and ``f``.
    """
    plain = {
        name: pl.String if dtype == pl.Date or isinstance(dtype, pl.Datetime) else dtype
        for name, dtype in schema.items()
    }
    buffer = io.BytesIO()
    # FORCE_QUOTE keeps '' (quoted) apart from null (bare), which polars tells apart too.
    with (
        _driver_cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", params) as copy,
    ):
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return pl.DataFrame(schema=dict(schema))
    buffer.seek(0)
    frame = pl.read_csv(buffer, has_header=False, schema=plain)
    return frame.with_columns(
        pl.col(name).str.to_date("%Y-%m-%d", strict=True)
        if dtype == pl.Date
        else pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=True)
        for name, dtype in schema.items()
        if dtype == pl.Date or isinstance(dtype, pl.Datetime)
    )


def digest_rows(sql: str, params: Sequence[Any]) -> tuple[int, str]:
    """Number and SHA-256 of a query's rows as COPY writes them (text format), without keeping them.

    ``psql -c "COPY (SELECT ...) TO STDOUT" | sha256sum`` gives the same.
    """
    digest = hashlib.sha256()
    rows = 0
    with _driver_cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT", params) as copy:
        for block in copy:
            digest.update(block)
            # A line break inside a value is written as two characters.
            rows += bytes(block).count(b"\n")
    return rows, digest.hexdigest()


# Missing values in COPY's text format; nothing between two separators is the empty text.
_NULL = "\\N"
_SEPARATOR, _LINE_END, _BACKSLASH, _RETURN = (ord(mark) for mark in "\t\n\\\r")
# Characters that COPY reads in its own way, with what it takes for them; the backslash first.
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def copy_in(table: str, frame: pl.DataFrame) -> None:
    """COPY a frame into a table; columns by name, null as null, '' as ''."""
    if frame.height:
        _send(_driver_cursor(), _copy_statement(table, frame), _as_text(frame))


class CopiesBehind:
    """COPYs on Django's connection by a thread, in order, while the caller prepares the next.

    The connection is busy until :meth:`settle` returns: call it before any other statement. Leaving the
    context settles; a failed COPY raises in :meth:`settle`, or in the next :meth:`copy_in`.
    """

    # What waits is in memory: the one being sent, and one more.
    _MOST_WAITING = 2

    def __init__(self) -> None:
        # The actor is known to this thread only, so the session learns of it here.
        send_session_settings(connection)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="copy-behind")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> "CopiesBehind":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._thread.shutdown(wait=True)
        if kind is None:
            self.settle()

    def copy_in(self, table: str, frame: pl.DataFrame) -> None:
        """Queue a COPY of a frame; as :func:`copy_in`."""
        if not frame.height:
            return
        content = _as_text(frame)
        while len(self._waiting) >= self._MOST_WAITING:
            self._waiting.popleft().result()
        cursor = connection.connection.cursor()
        self._waiting.append(self._thread.submit(_send, cursor, _copy_statement(table, frame), content))

    def settle(self) -> None:
        """Wait until everything queued is in the database."""
        while self._waiting:
            self._waiting.popleft().result()


def _copy_statement(table: str, frame: pl.DataFrame) -> str:
    names = ", ".join(f'"{name}"' for name in frame.columns)
    return f"COPY {table} ({names}) FROM STDIN"


def _as_text(frame: pl.DataFrame) -> bytes:
    """Rows in COPY's text format, which costs PostgreSQL less than CSV."""
    content = _unescaped(frame)
    if _reads_back(content, frame):
        return content
    texts = pl.col(pl.String, pl.Categorical, pl.Enum).cast(pl.String)
    for mark, escape in _ESCAPES.items():
        texts = texts.str.replace_all(mark, escape, literal=True)
    return _unescaped(frame.with_columns(texts))


def _unescaped(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, separator="\t", null_value=_NULL, quote_style="never")
    return buffer.getvalue()


def _reads_back(content: bytes, frame: pl.DataFrame) -> bool:
    """Does nothing in it but the ends of fields and rows, and the missing values, mean anything to COPY?

    Hardly any text does; asking the texts one by one costs more than counting the bytes.
    """
    found = np.frombuffer(content, dtype=np.uint8)
    nulls = sum(column.null_count() for column in frame.get_columns())
    expected = {
        _SEPARATOR: frame.height * (frame.width - 1),
        _LINE_END: frame.height,
        _BACKSLASH: nulls,
        _RETURN: 0,
    }
    return all(np.count_nonzero(found == mark) == times for mark, times in expected.items())


def _send(cursor: Any, statement: str, content: bytes) -> None:
    with cursor, cursor.copy(statement) as copy:
        copy.write(content)


def _driver_cursor() -> Any:
    # Django's debugging cursor does not pass COPY's parameters on; the driver's own does not know our
    # settings, so they are sent first.
    send_session_settings(connection)
    return connection.connection.cursor()
