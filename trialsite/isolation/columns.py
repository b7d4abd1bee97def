"""Columns in and out of PostgreSQL by COPY, on Django's own connection: no row objects, one transaction."""

import io
from collections.abc import Mapping
from typing import Any

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


def copy_in(table: str, frame: pl.DataFrame) -> None:
    """COPY a frame into a table; columns by name, null as null, '' as ''."""
    if not frame.height:
        return
    buffer = io.BytesIO()
    # Texts are quoted so that '' stays '' and only missing values become null.
    frame.write_csv(buffer, include_header=False, quote_style="non_numeric")
    names = ", ".join(f'"{name}"' for name in frame.columns)
    with _driver_cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(buffer.getvalue())


def _driver_cursor() -> Any:
    # Django's debugging cursor does not pass COPY's parameters on; the driver's own does not know our
    # settings, so they are sent first.
    send_session_settings(connection)
    return connection.connection.cursor()
