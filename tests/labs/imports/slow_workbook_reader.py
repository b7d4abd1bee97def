"""A reader of workbooks that is slow and obvious: whole documents, one cell at a time, arithmetic of its own.

It gives the records of a workbook that the rows of a delimited file would be; ``SlowReader`` judges them.
"""

import datetime as dt
import io
import math
import zipfile
from xml.dom import minidom

from tests.labs.imports.slow_reader import DIGITS, digits

ERRORS = object()
DATE_STYLES = {"1", "2", "5"}
DATE_COLUMNS = ("COLLECTED", "RECEIVED")
CONTROL = "\x00\n\r"


class UnreadableError(Exception):
    """The workbook as a whole is to be refused."""


def children(element, name):
    return [one for one in element.childNodes if one.nodeType == one.ELEMENT_NODE and one.localName == name]


def text_of(element):
    return "".join(one.data for one in element.childNodes if one.nodeType in (one.TEXT_NODE, one.CDATA_SECTION_NODE))


def whole_text(element):
    """Text of ``t`` elements, in runs or not, without how it is read aloud."""
    out = ""
    for one in element.childNodes:
        if one.nodeType == one.ELEMENT_NODE and one.localName == "t":
            out += text_of(one)
        elif one.nodeType == one.ELEMENT_NODE and one.localName == "r":
            out += whole_text(one)
    return out


def unescaped(text):
    out, at = "", 0
    while at < len(text):
        code = text[at + 2 : at + 6]
        if (
            text[at : at + 2] == "_x"
            and text[at + 6 : at + 7] == "_"
            and all(c in "0123456789abcdefABCDEF" for c in code)
        ):
            out, at = out + chr(int(code, 16)), at + 7
        else:
            out, at = out + text[at], at + 1
    for high in range(len(out) - 2, -1, -1):
        first, second = ord(out[high]), ord(out[high + 1])
        if 0xD800 <= first < 0xDC00 <= second < 0xE000:
            out = out[:high] + chr(0x10000 + (first - 0xD800) * 0x400 + second - 0xDC00) + out[high + 2 :]
    return out


def slow_float(text):
    """A number of XML, or None."""
    body = text[1:] if text[:1] in ("+", "-") else text
    mantissa, mark, power = body.replace("E", "e").partition("e")
    if mark and not digits(power[1:] if power[:1] in ("+", "-") else power, 4):
        return None
    whole, _, fraction = mantissa.partition(".")
    if not (whole or fraction) or any(c not in DIGITS for c in whole + fraction):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def shortest(value):
    """Fewest digits that are the same stored number."""
    for places in range(1, 18):
        text = f"{value:.{places}g}"
        if float(text) == value:
            break
    if value == int(value) and abs(value) < 1e16:
        return str(int(value))
    return text


class SlowWorkbookReader:
    """Records of workbooks of ``tests.labs.imports.xlsx_records``."""

    def __init__(self, header):
        self.header = header

    def records(self, content):
        """Row -> text of each column, of the rows that are records; None where the workbook is refused."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                documents = {
                    name: minidom.parseString(archive.read(name))
                    for name in archive.namelist()
                    if name.endswith((".xml", ".rels"))
                }
            return self._records(documents)
        except Exception:
            return None

    def _records(self, documents):
        if any(document.doctype for document in documents.values()):
            raise UnreadableError
        book = documents["xl/workbook.xml"].documentElement
        self.from_1904 = any(one.getAttribute("date1904") == "1" for one in children(book, "workbookPr"))
        strings = children(documents["xl/sharedStrings.xml"].documentElement, "si")
        self.texts = [unescaped(whole_text(one)) for one in strings]
        sheet = documents["xl/worksheets/sheet1.xml"].documentElement
        rows, last = {}, 0
        (data,) = children(sheet, "sheetData")
        for row in children(data, "row"):
            number = int(row.getAttribute("r") or last + 1)
            if number <= last:
                raise UnreadableError
            last = number
            rows[number] = self._cells(row, number)
        names = {column: self._text(cell, "header") for column, cell in rows.pop(1).items()}
        names = {column: name for column, name in names.items() if name}
        if any(name is ERRORS for name in names.values()) or sorted(names.values()) != sorted(self.header):
            raise UnreadableError
        for merged in children(sheet, "mergeCells"):
            if children(merged, "mergeCell"):
                raise UnreadableError
        records = {number: self._record(cells, names) for number, cells in rows.items()}
        return {number: record for number, record in records.items() if record is not None}

    def _cells(self, row, number):
        cells = {}
        for cell in children(row, "c"):
            place = cell.getAttribute("r") if cell.hasAttribute("r") else None
            letters = (place or "").rstrip(DIGITS)
            column = 0
            for letter in letters:
                column = column * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
            if place is None:
                column = max(cells, default=0) + 1
            elif place[len(letters) :] != str(number) or (cells and column <= max(cells)):
                raise UnreadableError
            cells[column] = cell
        return cells

    def _record(self, cells, names):
        record = dict.fromkeys(self.header, "")
        for column, cell in cells.items():
            if column not in names:
                if self._text(cell, "other") != "":
                    return None
                continue
            text = self._text(cell, names[column])
            if text is ERRORS:
                return None
            record[names[column]] = text
        return record if any(record.values()) else None

    def _text(self, cell, column):
        kind = cell.getAttribute("t") or "n"
        values, formulas = children(cell, "v"), children(cell, "f")
        if kind == "e":
            return ERRORS
        if kind == "inlineStr":
            inline = children(cell, "is")
            return self._sound(unescaped(whole_text(inline[0])) if inline else ERRORS if formulas else "")
        if not values or (kind == "n" and not text_of(values[0])):
            return ERRORS if formulas else ""
        text = text_of(values[0])
        if kind == "s":
            return self._sound(self.texts[int(text)]) if digits(text, 9) and int(text) < len(self.texts) else ERRORS
        if kind == "str":
            return self._sound(unescaped(text))
        if kind == "b":
            return {"0": "FALSE", "1": "TRUE"}.get(text, ERRORS)
        if kind == "n":
            return self._number(text, cell.getAttribute("s"), column)
        return ERRORS

    def _sound(self, text):
        if text is ERRORS or any(c in text for c in CONTROL) or any(0xD800 <= ord(c) < 0xE000 for c in text):
            return ERRORS
        return text

    def _number(self, text, style, column):
        value = slow_float(text)
        if value is None:
            return ERRORS
        if style in DATE_STYLES:
            return self._date(value) if column in DATE_COLUMNS else ERRORS
        shown = shortest(value)
        if column != "RESULT" and ("e" in shown or abs(value) >= 1e15):
            return ERRORS
        return shown

    def _date(self, serial):
        first = dt.date(1904, 1, 1) if self.from_1904 else dt.date(1899, 12, 30)
        if serial < (0 if self.from_1904 else 61):
            return ERRORS
        seconds = round(serial * 86_400)
        days, rest = divmod(seconds, 86_400)
        try:
            day = (first + dt.timedelta(days=days)).isoformat()
        except OverflowError:
            return ERRORS
        if serial == int(serial):
            return day
        hours, rest = divmod(rest, 3_600)
        minutes, rest = divmod(rest, 60)
        return f"{day}T{hours:02d}:{minutes:02d}" + (f":{rest:02d}" if rest else "")
