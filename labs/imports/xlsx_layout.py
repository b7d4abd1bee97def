"""What a laboratory declares about its Excel workbooks; nothing in them is guessed. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from labs.imports.layout import (
    ISO,
    LayoutError,
    check_columns,
    check_date_format,
    check_delivery,
    check_time_zone,
    known_entries,
)

FORMAT = "xlsx"
MAX_ROW = 1_048_576
MAX_COLUMN = 16_384
_KNOWN = (
    "format",
    "columns",
    "sheet",
    "header_row",
    "decimal_mark",
    "date_format",
    "delivery",
    "ignored",
    "time_zone",
)


@dataclass(frozen=True)
class XlsxLayout:
    """Declared layout of a laboratory's workbooks.

    ``sheet``: name of the sheet, empty for the first. ``header_row``: row of the column names; what stands above is
    not read. ``date_format`` and ``decimal_mark`` are those of texts: cells that Excel holds as dates and numbers
    need neither. The other entries as in ``Layout``.
    """

    columns: Mapping[str, str]
    sheet: str = ""
    header_row: int = 1
    decimal_mark: str = "."
    date_format: str = ISO
    delivery: str = "incremental"
    ignored: tuple[str, ...] = ()
    time_zone: str = ""

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any]) -> "XlsxLayout":
        """Layout from its JSON form.

        Raises
        ------
        LayoutError
            Naming what is missing, unknown or impossible.
        """
        given = known_entries(declared, _KNOWN, f"A layout of {FORMAT}")
        layout = cls(**{name: value for name, value in given.items() if name != "format"})
        layout.check()
        return layout

    def check(self) -> None:
        """Refuse a layout that cannot be read by."""
        check_columns(self.columns)
        if not isinstance(self.sheet, str):
            raise LayoutError(f"'sheet' is the name of a sheet, or empty; found {self.sheet!r}. [layout-sheet]")
        if type(self.header_row) is not int or not 1 <= self.header_row < MAX_ROW:
            raise LayoutError(
                f"'header_row' is the number of the row with the column names; found {self.header_row!r}. "
                "[layout-sheet]"
            )
        if self.decimal_mark not in (".", ","):
            raise LayoutError("The decimal mark of texts is '.' or ','. [layout-decimal-mark]")
        check_delivery(self.delivery)
        check_date_format(self.date_format)
        check_time_zone(self.time_zone)

    @property
    def with_iso_dates(self) -> "XlsxLayout":
        """The same for rows whose dates the reader has turned to ISO 8601."""
        return replace(self, date_format=ISO)
