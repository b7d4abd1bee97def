"""What a cell says, as the text that a delimited file would hold. PURE."""

import datetime as dt
import math
import re

from labs.imports.layout import ISO
from labs.imports.xlsx_layout import XlsxLayout
from labs.imports.xlsx_sheet import RawCell
from labs.imports.xlsx_strings import SharedTexts, unescaped

# Excel computes with 15 digits: of a longer number, an accession number say, the last ones are lost.
MAX_WHOLE = 10**15
_NUMBER = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?")
_INDEX = re.compile(r"[0-9]{1,9}")
_ISO_CELL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?)?")
_EPOCH_1900, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - cells know no zone
# Excel counts a 29 February 1900 that never was.
_FIRST_1900 = 61
_LAST = dt.datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001
DATE_FIELDS = ("collected", "received", "processed")


class CellError(Exception):
    """A cell says nothing that can be taken: rule, what was found, what is expected."""

    def __init__(self, rule: str, found: str, expected: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.found = found
        self.expected = expected


class CellTexts:
    """Texts of the cells of a workbook."""

    def __init__(self, texts: SharedTexts, date_styles: frozenset[str], layout: XlsxLayout, *, from_1904: bool) -> None:
        self._texts = texts
        self._date_styles = date_styles
        self._from_1904 = from_1904
        self._decimal_mark = layout.decimal_mark
        # A day that begins with the year has lost no zero as a number.
        self._numbers_are_dates = layout.date_format == ISO or layout.date_format.startswith("%Y")

    def text(self, cell: RawCell, field: str) -> tuple[str, bool]:
        """Text of a cell for a field, and whether Excel holds it as a date; '' of an empty cell.

        Raises
        ------
        CellError
            An error value, a formula without value, a date where none stands, a number that lost digits.
        """
        kind, text = cell.kind, cell.text
        if kind == "e":
            raise CellError("xlsx-error-value", text or "", "a value; the cell holds an error of Excel")
        if text is None or (text == "" and kind == "n"):
            if cell.formula:
                raise CellError("xlsx-formula", "", "a value; the cell holds a formula that was never computed")
            return "", False
        if kind == "s":
            return _checked(self._shared(text)), False
        if kind in ("str", "inlineStr"):
            return _checked(unescaped(text)), False
        if kind == "n":
            return self._number(cell, text, field)
        if kind == "d":
            return _iso_date(text, field), True
        if kind == "b" and text in ("0", "1"):
            return ("FALSE", "TRUE")[int(text)], False
        raise CellError("xlsx-cell", f"{kind}: {text}", "a text, a number or a date")

    def _shared(self, text: str) -> str:
        shared = self._texts.text(int(text)) if _INDEX.fullmatch(text) else None
        if shared is None:
            raise CellError("xlsx-cell", text, "the number of a text of the workbook")
        return shared

    def _number(self, cell: RawCell, text: str, field: str) -> tuple[str, bool]:
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            raise CellError("xlsx-cell", text, "a number")
        if cell.style in self._date_styles:
            _check_date_field(field, text)
            return self._date(value, text), True
        # The shortest decimal of the stored number; of a whole one without its point.
        shown = repr(value or 0.0).removesuffix(".0")
        if field == "result":
            return shown.replace(".", self._decimal_mark), False
        if field in DATE_FIELDS and not self._numbers_are_dates:
            raise CellError("xlsx-number", text, "a text, or a cell with a format of dates")
        if "e" in shown or abs(value) >= MAX_WHOLE:
            raise CellError("xlsx-number", text, "a text: of a number so long Excel keeps 15 digits")
        return shown, False

    def _date(self, serial: float, text: str) -> str:
        epoch, first = (_EPOCH_1904, 0) if self._from_1904 else (_EPOCH_1900, _FIRST_1900)
        try:
            moment = epoch + dt.timedelta(seconds=round(serial * 86_400)) if serial >= first else None
        except OverflowError:
            moment = None
        if moment is None or moment > _LAST:
            raise CellError("impossible-date", text, "a day that exists, from 1 March 1900 on")
        whole = math.floor(serial) == serial
        return moment.date().isoformat() if whole else _with_time(moment)


def _with_time(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _iso_date(text: str, field: str) -> str:
    found = _ISO_CELL.fullmatch(text)
    if found is None:
        raise CellError("xlsx-cell", text, "a date such as 2024-03-01 or 2024-03-01T08:30:00")
    _check_date_field(field, text)
    day, minute, second = found.groups()
    # Whether it exists is for the checks of rows to say.
    return day if minute is None else f"{day}T{minute}" + (f":{second}" if second != "00" else "")


def _check_date_field(field: str, text: str) -> None:
    if field not in DATE_FIELDS:
        raise CellError(
            "xlsx-date-cell", text, "a text or a number; Excel took what was entered (1:40, 3-1) for a time or a date"
        )


def _checked(text: str) -> str:
    if "\x00" in text:
        raise CellError("nul", text.replace("\x00", "\\0"), "text without NUL characters")
    if "\n" in text or "\r" in text:
        raise CellError("line-end", text.replace("\r", "\\r").replace("\n", "\\n"), "text on one line")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise CellError("xlsx-cell", ascii(text), "text of whole characters") from error
    return text
