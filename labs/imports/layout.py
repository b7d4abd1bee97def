"""What a laboratory declares about its files; nothing in them is guessed."""

import codecs
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

REQUIRED = ("subject", "accession", "collected", "code", "result", "unit")
OPTIONAL = ("material", "visit", "condition", "received", "reason")
FIELDS = (*REQUIRED, *OPTIONAL)
SEPARATORS = (",", ";", "\t", "|")
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


@dataclass(frozen=True)
class Layout:
    """Declared layout of a laboratory's delimited files.

    ``columns`` maps our field (``FIELDS``) to the header in the file; ``ignored`` names further headers that
    may be there. ``date_format`` is ``iso`` (also partial dates) or a strptime pattern.
    """

    columns: Mapping[str, str]
    separator: str = ","
    decimal_mark: str = "."
    encoding: str = "utf-8"
    date_format: str = ISO
    delivery: str = "incremental"
    ignored: tuple[str, ...] = field(default=())

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any]) -> "Layout":
        """Layout from its JSON form.

        Raises
        ------
        LayoutError
            Naming what is missing, unknown or impossible.
        """
        known = {"columns", "separator", "decimal_mark", "encoding", "date_format", "delivery", "ignored"}
        unknown = sorted(set(declared) - known)
        if unknown:
            raise LayoutError(
                f"A layout has no entry {unknown[0]!r}; known: {', '.join(sorted(known))}. [layout-entry]"
            )
        columns = declared.get("columns")
        if not isinstance(columns, Mapping):
            raise LayoutError("A layout needs 'columns': our field -> header in the file. [layout-columns]")
        layout = cls(
            columns=dict(columns),
            **{name: declared[name] for name in known - {"columns", "ignored"} if name in declared},
            ignored=tuple(declared.get("ignored", ())),
        )
        layout.check()
        return layout

    def check(self) -> None:
        """Refuse a layout that cannot be read by."""
        missing = [name for name in REQUIRED if not self.columns.get(name)]
        if missing:
            raise LayoutError(f"The layout does not say which column holds {', '.join(missing)}. [layout-columns]")
        strange = sorted(set(self.columns) - set(FIELDS))
        if strange:
            raise LayoutError(f"There is no field {strange[0]!r}; known: {', '.join(FIELDS)}. [layout-columns]")
        headers = list(self.columns.values())
        if len(set(headers)) != len(headers):
            raise LayoutError("Two fields name the same column of the file. [layout-columns]")
        if self.separator not in SEPARATORS:
            raise LayoutError(
                f"The separator is comma, semicolon, tab or |; found {self.separator!r}. [layout-separator]"
            )
        if self.decimal_mark not in (".", ",") or self.decimal_mark == self.separator:
            raise LayoutError("The decimal mark is '.' or ',' and not the separator. [layout-decimal-mark]")
        if self.delivery not in DELIVERIES:
            raise LayoutError(f"The delivery is {' or '.join(DELIVERIES)}; found {self.delivery!r}. [layout-delivery]")
        try:
            encoding = codecs.lookup(self.encoding).name
        except LookupError as error:
            raise LayoutError(f"There is no encoding {self.encoding!r}. [layout-encoding]") from error
        if encoding not in {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}:
            # Blocks are cut at line ends: only where a line end is one byte that means nothing else.
            raise LayoutError(f"Files in {encoding} are not read; utf-8, latin-1 or cp1252 are. [layout-encoding]")
        if self.date_format != ISO:
            sample = dt.datetime(2024, 11, 23, 17, 45)  # noqa: DTZ001 - a pattern is tried, no instant meant
            try:
                back = dt.datetime.strptime(sample.strftime(self.date_format), self.date_format)  # noqa: DTZ007
            except ValueError as error:
                raise LayoutError(f"{self.date_format!r} is no date pattern. [layout-date]") from error
            if back.date() != sample.date():
                raise LayoutError(f"{self.date_format!r} does not hold a whole date. [layout-date]")
