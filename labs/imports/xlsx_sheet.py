"""Rows of a sheet as they stand in its XML, one after the other, with their numbers checked. PURE."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from labs.imports.xlsx_layout import MAX_COLUMN, MAX_ROW
from labs.imports.xlsx_package import Package, Sheet
from labs.imports.xlsx_strings import MAX_TEXT
from labs.imports.xlsx_xml import feed, main_tags, refused

MAX_MERGED = 10_000
_TAGS = main_tags("row", "c", "v", "f", "is", "t", "rPh", "mergeCell", "col")
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_RANGE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6}):([A-Z]{1,3})([1-9][0-9]{0,6})")
_ROW = re.compile(r"[1-9][0-9]{0,6}")
_INLINE = "inlineStr"


@dataclass(slots=True)
class RawCell:
    """A cell as stored: ``kind`` and ``style`` are the attributes ``t`` and ``s``; ``text`` is None without value."""

    column: int
    kind: str
    style: str
    text: str | None = None
    formula: bool = False


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row with the cells that are written; those of a format only among them."""

    number: int
    cells: list[RawCell]


@dataclass(frozen=True, slots=True)
class Merged:
    """A range of merged cells, from the first row and column to the last."""

    name: str
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass
class Surroundings:
    """What a sheet says beside its cells, whole when the last row was read."""

    merged: list[Merged] = field(default_factory=list)
    hidden_rows: int = 0
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)


def sheet_rows(package: Package, sheet: Sheet, around: Surroundings) -> Iterator[RawRow]:
    """Rows in order; ``around`` learns what stands beside them.

    Raises
    ------
    FileRefusedError
        Damaged, or rows and cells that are not in their order.
    """
    reader = _Reader(around)
    with package.open(sheet.part) as stream:
        for _ in feed(stream, reader, sheet.part):
            yield from reader.take()


def address(column: int, row: int) -> str:
    """Name of a cell, such as ``C7``."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


@lru_cache(MAX_COLUMN)
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class _Reader:
    """Collects rows. Everything that a place could be mistaken by refuses the sheet."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._rows: list[RawRow] = []
        self._row: RawRow | None = None
        self._last_row = 0
        self._last_column = 0
        self._cell: RawCell | None = None
        # Texts of the value, while one is open.
        self._pieces: list[str] | None = None
        self._length = 0
        self._inline = False
        self._aside = 0

    def take(self) -> list[RawRow]:
        """Rows that are whole by now."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = _TAGS.get(tag)
        if kind == "c":
            self._start_cell(attributes)
        elif kind == "v":
            if self._cell is not None and self._cell.kind != _INLINE:
                self._start_value(self._cell)
        elif kind == "f":
            if self._cell is not None:
                self._cell.formula = True
        elif kind == "row":
            self._start_row(attributes)
        elif kind is not None:
            self._start_other(kind, attributes)

    def _start_other(self, kind: str, attributes: dict[str, str]) -> None:
        if kind == "is":
            if self._cell is not None and self._cell.kind == _INLINE:
                self._start_value(self._cell)
                self._pieces, self._inline = None, True
        elif kind == "rPh":
            self._aside += 1
        elif kind == "t":
            if self._inline and not self._aside:
                self._pieces = []
        elif kind == "mergeCell":
            self._note_merged(attributes.get("ref", ""))
        elif kind == "col" and attributes.get("hidden", "0") in ("1", "true"):
            low, high = (attributes.get(name, "") for name in ("min", "max"))
            if _ROW.fullmatch(low) and _ROW.fullmatch(high) and len(self._around.hidden_columns) < MAX_COLUMN:
                self._around.hidden_columns.append((int(low), int(high)))

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r")
        if number is None:
            number = str(self._last_row + 1)
        if self._row is not None or not _ROW.fullmatch(number) or not self._last_row < int(number) <= MAX_ROW:
            raise refused(
                "xlsx-order",
                f"Rows follow each other by number, up to {MAX_ROW:,}; found {number[:20]!r} behind {self._last_row}.",
                line=max(1, self._last_row),
            )
        self._last_row, self._last_column = int(number), 0
        self._row = RawRow(self._last_row, [])
        self._around.hidden_rows += attributes.get("hidden", "0") in ("1", "true")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            column, row = self._last_column + 1, self._last_row
        else:
            found = _CELL.fullmatch(place)
            column, row = (_column(found[1]), int(found[2])) if found else (0, 0)
        in_order = self._row is not None and self._cell is None and row == self._last_row
        if not in_order or not self._last_column < column <= MAX_COLUMN:
            raise refused(
                "xlsx-order",
                f"Cells stand in their row, from left to right; found {(place or '')[:20]!r} in row {self._last_row}.",
                line=max(1, self._last_row),
            )
        self._last_column = column
        self._cell = RawCell(column, attributes.get("t", "n"), attributes.get("s", "0"))

    def _start_value(self, cell: RawCell) -> None:
        if cell.text is not None or self._pieces is not None:
            raise refused(
                "xlsx-order", f"{address(cell.column, self._last_row)} holds two values.", line=self._last_row
            )
        cell.text, self._pieces, self._length = "", [], 0

    def end(self, tag: str) -> None:
        kind = _TAGS.get(tag)
        if kind in ("v", "t"):
            if self._cell is not None and self._pieces is not None:
                self._cell.text = (self._cell.text or "") + "".join(self._pieces)
            self._pieces = None
        elif kind == "c":
            if self._row is not None and self._cell is not None:
                self._row.cells.append(self._cell)
            self._cell = None
        elif kind == "row":
            if self._row is not None:
                self._rows.append(self._row)
            self._row = None
        elif kind == "is":
            self._inline = False
        elif kind == "rPh":
            self._aside -= 1

    def data(self, text: str) -> None:
        if self._pieces is not None:
            self._length += len(text)
            if self._length > MAX_TEXT:
                raise refused(
                    "xlsx-xml",
                    f"Row {self._last_row}: a cell holds more than {MAX_TEXT:,} characters.",
                    line=max(1, self._last_row),
                )
            self._pieces.append(text)

    def _note_merged(self, name: str) -> None:
        found = _RANGE.fullmatch(name)
        if found is None or len(self._around.merged) >= MAX_MERGED:
            raise refused(
                "xlsx-merged",
                f"Merged cells are a range such as A2:A5, {MAX_MERGED:,} at most; found {name[:40]!r}.",
                line=max(1, self._last_row),
            )
        left, top, right, bottom = _column(found[1]), int(found[2]), _column(found[3]), int(found[4])
        self._around.merged.append(Merged(name, (top, bottom), (left, right)))
