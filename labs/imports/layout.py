"""What a laboratory declares about its files; nothing in them is guessed."""

import codecs
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

REQUIRED = ("subject", "accession", "collected", "code", "result", "unit")
OPTIONAL = ("material", "visit", "condition", "received", "processed", "reason")
FIELDS = (*REQUIRED, *OPTIONAL)
SEPARATORS = (",", ";", "\t", "|")
# A tab typed into a form is lost more often than not.
TAB = "tab"
DELIVERIES = ("incremental", "cumulative")
ISO = "iso"


class LayoutError(ValueError):
    """A layout is incomplete or contradicts itself; the message says what to declare."""


class RowLayout(Protocol):
    """What the checks of rows want to know of a layout, whatever the format of the files."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Our field to its name in the file."""

    @property
    def decimal_mark(self) -> str:
        """Point or comma."""

    @property
    def date_format(self) -> str:
        """``iso`` or a strptime pattern."""

    @property
    def time_zone(self) -> str:
        """IANA name of the zone of times without an offset; empty where they are the site's."""


class NamedColumns(Protocol):
    """What the column names of a file are held against."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Our field to its name in the file."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """Further names that may be there."""


@dataclass(frozen=True)
class Layout:
    """Declared layout of a laboratory's delimited files.

    ``columns`` maps our field (``FIELDS``) to the header in the file; ``ignored`` names further headers that
    may be there. ``date_format`` is ``iso`` (also partial dates) or a strptime pattern. ``time_zone``: IANA name of
    the zone in which times without an offset are; without it they are the site's local time.
    """

    columns: Mapping[str, str]
    separator: str = ","
    decimal_mark: str = "."
    encoding: str = "utf-8"
    date_format: str = ISO
    delivery: str = "incremental"
    ignored: tuple[str, ...] = field(default=())
    time_zone: str = ""

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any]) -> "Layout":
        """Layout from its JSON form.

        Raises
        ------
        LayoutError
            Naming what is missing, unknown or impossible.
        """
        known = ("columns", "date_format", "decimal_mark", "delivery", "encoding", "ignored", "separator", "time_zone")
        given = known_entries(declared, known, "A layout")
        if given.get("separator") == TAB:
            given["separator"] = "\t"
        layout = cls(**given)
        layout.check()
        return layout

    def check(self) -> None:
        """Refuse a layout that cannot be read by."""
        check_columns(self.columns)
        if self.separator not in SEPARATORS:
            raise LayoutError(
                f"The separator is comma, semicolon, tab or |; found {self.separator!r}. [layout-separator]"
            )
        if self.decimal_mark not in (".", ",") or self.decimal_mark == self.separator:
            raise LayoutError("The decimal mark is '.' or ',' and not the separator. [layout-decimal-mark]")
        check_delivery(self.delivery)
        try:
            encoding = codecs.lookup(self.encoding).name
        except LookupError as error:
            raise LayoutError(f"There is no encoding {self.encoding!r}. [layout-encoding]") from error
        if encoding not in {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}:
            # Blocks are cut at line ends: only where a line end is one byte that means nothing else.
            raise LayoutError(f"Files in {encoding} are not read; utf-8, latin-1 or cp1252 are. [layout-encoding]")
        check_date_format(self.date_format)
        check_time_zone(self.time_zone)


def known_entries(declared: Mapping[str, Any], known: Sequence[str], what: str) -> dict[str, Any]:
    """The entries of a layout with columns, ready for its class."""
    unknown = sorted(set(declared) - set(known))
    if unknown:
        raise LayoutError(f"{what} has no entry {unknown[0]!r}; known: {', '.join(known)}. [layout-entry]")
    if not isinstance(declared.get("columns"), Mapping):
        raise LayoutError("A layout needs 'columns': our field -> header in the file. [layout-columns]")
    return {**declared, "columns": dict(declared["columns"]), "ignored": tuple(declared.get("ignored", ()))}


def check_columns(columns: Mapping[str, str]) -> None:
    """Refuse columns that lack a field, or name one twice."""
    missing = [name for name in REQUIRED if not columns.get(name)]
    if missing:
        raise LayoutError(f"The layout does not say which column holds {', '.join(missing)}. [layout-columns]")
    strange = sorted(set(columns) - set(FIELDS))
    if strange:
        raise LayoutError(f"There is no field {strange[0]!r}; known: {', '.join(FIELDS)}. [layout-columns]")
    headers = list(columns.values())
    if not all(isinstance(header, str) for header in headers):
        raise LayoutError("'columns' gives each field the name of its column as a text. [layout-columns]")
    if len(set(headers)) != len(headers):
        raise LayoutError("Two fields name the same column of the file. [layout-columns]")


def check_delivery(delivery: str) -> None:
    """Refuse a delivery that is not known."""
    if delivery not in DELIVERIES:
        raise LayoutError(f"The delivery is {' or '.join(DELIVERIES)}; found {delivery!r}. [layout-delivery]")


def check_date_format(date_format: str) -> None:
    """Refuse a pattern that does not hold a whole date."""
    if date_format == ISO:
        return
    if not isinstance(date_format, str):
        raise LayoutError(f"{date_format!r} is no date pattern. [layout-date]")
    sample = dt.datetime(2024, 11, 23, 17, 45)  # noqa: DTZ001 - a pattern is tried, no instant meant
    try:
        back = dt.datetime.strptime(sample.strftime(date_format), date_format)  # noqa: DTZ007
    except ValueError as error:
        raise LayoutError(f"{date_format!r} is no date pattern. [layout-date]") from error
    if back.date() != sample.date():
        raise LayoutError(f"{date_format!r} does not hold a whole date. [layout-date]")


def check_time_zone(time_zone: str) -> None:
    """Refuse a name that is not in the IANA time zone database."""
    if not isinstance(time_zone, str) or (time_zone and not _is_time_zone(time_zone)):
        raise LayoutError(
            f"The time zone is an IANA name such as Europe/Brussels; found {time_zone!r}. [layout-time-zone]"
        )


def _is_time_zone(name: str) -> bool:
    try:
        # polars would take +01:00 too, which is no zone.
        ZoneInfo(name)
        pl.select(pl.lit(dt.datetime(2024, 1, 1)).dt.replace_time_zone(name))  # noqa: DTZ001 - it gets its zone
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.ComputeError):
        return False
    return True
