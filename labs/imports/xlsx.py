"""Reader of a laboratory's Excel workbook: blocks of text columns, as of a delimited file, by the sheet's rows.

A row holds what its cells store, not what their formats show. PURE.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA, Block, check_names
from labs.imports.layout import ISO
from labs.imports.report import About
from labs.imports.times import iso_text
from labs.imports.xlsx_cells import DATE_FIELDS, CellError, CellTexts
from labs.imports.xlsx_layout import XlsxLayout
from labs.imports.xlsx_package import Package, Sheet
from labs.imports.xlsx_sheet import RawCell, RawRow, Surroundings, address, sheet_rows
from labs.imports.xlsx_strings import SharedTexts
from labs.imports.xlsx_styles import date_styles
from labs.imports.xlsx_xml import refused

# Their texts are Python's before they are columns.
BLOCK_ROWS = 10_000
Finding = dict[str, object]


@dataclass
class _Gathered:
    """Rows so far, and what cannot become one."""

    fields: list[str]
    lines: list[int] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    # Per row: does Excel hold the cell as a date?
    dates: dict[str, list[bool]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    lost: int = 0

    def __post_init__(self) -> None:
        self.texts = {name: [] for name in self.fields}
        self.dates = {name: [] for name in self.fields if name in DATE_FIELDS}

    @property
    def rows(self) -> int:
        """Rows of the sheet."""
        return len(self.lines) + self.lost

    def take(self, line: int, texts: dict[str, str], dates: set[str]) -> None:
        """Note a row."""
        self.lines.append(line)
        for name, column in self.texts.items():
            column.append(texts.get(name, ""))
        for name, marks in self.dates.items():
            marks.append(name in dates)

    def refuse(self, findings: list[Finding]) -> None:
        """Note a row that cannot be taken."""
        self.findings += findings
        self.lost += 1


def read_blocks(path: Path, layout: XlsxLayout, about: About) -> Iterator[Block]:
    """Blocks of the declared sheet, with dates in ISO 8601; ``about`` learns what else is there.

    Raises
    ------
    FileRefusedError
        No workbook, no such sheet, a header that does not fit the layout, merged cells among the rows.
    """
    about.unit = "row"
    with Package(path) as package:
        sheet = _sheet(package, layout)
        styles = date_styles(package)
        with SharedTexts(package) as shared:
            cells = CellTexts(shared, styles, layout, from_1904=package.counts_from_1904)
            around = Surroundings()
            rows = sheet_rows(package, sheet, around)
            header = _header(rows, cells, layout)
            yield from _blocks(rows, cells, layout, header)
        _refuse_merged(around, layout, header)
        about.notes = _notes(package, sheet, around, header)


def _sheet(package: Package, layout: XlsxLayout) -> Sheet:
    names = ", ".join(repr(sheet.name) for sheet in package.sheets)[:200]
    if layout.sheet:
        named = [sheet for sheet in package.sheets if sheet.name == layout.sheet]
        if len(named) != 1 or not named[0].has_cells:
            raise refused("xlsx-sheet", f"The workbook must have a sheet {layout.sheet!r}; found {names}.")
        return named[0]
    if not package.sheets or package.sheets[0].hidden or not package.sheets[0].has_cells:
        raise refused(
            "xlsx-sheet", f"The first sheet is hidden or has no cells; name the sheet in the layout; found {names}."
        )
    return package.sheets[0]


def _header(rows: Iterator[RawRow], cells: CellTexts, layout: XlsxLayout) -> dict[int, str]:
    """Column number to our field, or to '' where the column is ignored."""
    line = layout.header_row
    header = next((row for row in rows if row.number >= line), None)
    if header is None or header.number != line:
        raise refused("empty-file", f"Row {line} must hold the column names; the sheet has none there.", line=line)
    names: dict[int, str] = {}
    for cell in header.cells:
        try:
            text, _ = cells.text(cell, "header")
        except CellError as error:
            raise refused(
                "header",
                f"{address(cell.column, line)} cannot be read as a column name: found {error.found[:100]!r}, expected "
                f"{error.expected}.",
                line=line,
            ) from error
        if text:
            names[cell.column] = text
    check_names(list(names.values()), layout, line=line)
    fields = {name: ours for ours, name in layout.columns.items()}
    return {column: fields.get(name, "") for column, name in names.items()}


def _blocks(rows: Iterator[RawRow], cells: CellTexts, layout: XlsxLayout, header: dict[int, str]) -> Iterator[Block]:
    names = [name for name in layout.columns if name]
    gathered = _Gathered(names)
    last = layout.header_row
    for row in rows:
        texts, dates, findings = _row(row, cells, layout, header)
        if not (texts or findings):
            # Empty, or of formats only: what matters is whether another follows.
            continue
        if row.number > last + 1:
            gathered.refuse([_blank(last + 1, row.number - 1)])
        last = row.number
        if findings:
            gathered.refuse(findings)
        else:
            gathered.take(row.number, texts, dates)
        if gathered.rows >= BLOCK_ROWS:
            yield _block(gathered, layout)
            gathered = _Gathered(names)
    yield _block(gathered, layout)


def _row(
    row: RawRow, cells: CellTexts, layout: XlsxLayout, header: dict[int, str]
) -> tuple[dict[str, str], set[str], list[Finding]]:
    """Text of each field, and of each ignored column by its number; the fields held as dates; what is wrong."""
    texts: dict[str, str] = {}
    dates: set[str] = set()
    problems: list[tuple[RawCell, CellError]] = []
    for cell in row.cells:
        name = header.get(cell.column)
        if not name:
            if cell.text or cell.formula:
                texts[str(cell.column)] = ""
                if name is None and not any(one.rule == "xlsx-outside" for _, one in problems):
                    what = "nothing: the column has no name"
                    problems.append((cell, CellError("xlsx-outside", cell.text or "a formula", what)))
            continue
        try:
            text, is_date = cells.text(cell, name)
        except CellError as error:
            problems.append((cell, error))
            continue
        if text:
            texts[name] = text
            if is_date:
                dates.add(name)
    shown = " | ".join(texts.get(name, "") for name in layout.columns)[:2000] if problems else ""
    return texts, dates, [_finding(row.number, cell, error, layout, header, shown) for cell, error in problems]


def _finding(
    line: int, cell: RawCell, error: CellError, layout: XlsxLayout, header: dict[int, str], shown: str
) -> Finding:
    found = error.found[:200].encode("utf-8", "replace").decode().replace("\x00", "\\0")
    return {
        "line": line,
        "column": layout.columns.get(header.get(cell.column, ""), ""),
        "rule": error.rule,
        "found": found,
        "expected": f"{error.expected} (cell {address(cell.column, line)})",
        "text": shown,
    }


def _blank(first: int, last: int) -> Finding:
    rows = f"row {first}" if first == last else f"rows {first} to {last}"
    expected = "a record; rows between records are not empty"
    return {
        "line": first,
        "column": "",
        "rule": "blank-line",
        "found": f"{rows} empty",
        "expected": expected,
        "text": "",
    }


def _block(gathered: _Gathered, layout: XlsxLayout) -> Block:
    rows = pl.DataFrame(
        {"line": gathered.lines, **gathered.texts},
        schema={"line": pl.Int64, **dict.fromkeys(gathered.texts, pl.String)},
    )
    findings = [pl.DataFrame(gathered.findings, schema=FINDING_SCHEMA)]
    if layout.date_format != ISO:
        for name, marks in gathered.dates.items():
            is_date = pl.Series(marks, dtype=pl.Boolean)
            text = pl.col(name).str.strip_chars(" ")
            iso = rows.select(pl.when(is_date).then(text).otherwise(iso_text(text, layout))).to_series()
            findings.append(_not_dates(rows.filter(iso.is_null()), name, layout))
            rows = rows.with_columns(iso.alias(name))
        rows = rows.drop_nulls()
    return Block(rows, pl.concat(findings), gathered.rows)


def _not_dates(rows: pl.DataFrame, name: str, layout: XlsxLayout) -> pl.DataFrame:
    return rows.select(
        "line",
        pl.lit(layout.columns[name]).alias("column"),
        pl.lit("date-format").alias("rule"),
        pl.col(name).str.slice(0, 200).alias("found"),
        pl.lit(f"{layout.date_format}, or a cell that Excel holds as a date").alias("expected"),
        pl.concat_str([pl.col(one) for one in layout.columns], separator=" | ", ignore_nulls=True).alias("text"),
    )


def _refuse_merged(around: Surroundings, layout: XlsxLayout, header: dict[int, str]) -> None:
    """A merged cell says for several rows, or columns, what stands in one of them."""
    for merged in around.merged:
        columns = range(merged.columns[0], merged.columns[1] + 1)
        if merged.rows[1] >= layout.header_row and any(header.get(column) for column in columns):
            raise refused(
                "xlsx-merged",
                f"Every row states its own values; found the merged cells {merged.name}. Unmerge them and fill each.",
                line=max(merged.rows[0], layout.header_row),
            )


def _notes(package: Package, sheet: Sheet, around: Surroundings, header: dict[int, str]) -> list[str]:
    notes = []
    if len(package.sheets) > 1:
        notes.append(f"read: sheet {sheet.name!r}, of {len(package.sheets)} of the workbook")
    if around.hidden_rows:
        notes.append(f"{around.hidden_rows:,} rows are hidden in the sheet; they are read as any other")
    hidden = [one for one, name in header.items() if name and any(a <= one <= b for a, b in around.hidden_columns)]
    if hidden:
        notes.append(f"{len(hidden):,} of the columns read are hidden in the sheet")
    return notes
