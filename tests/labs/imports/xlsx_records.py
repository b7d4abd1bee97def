"""Workbooks for tests, written part by part so that every cell is stored as the test says."""

import io
import zipfile
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from labs.actions.transfers import import_file
from tests.labs.records import HEADER
from tests.labs.records import LAYOUT as DELIMITED

LAYOUT = {"format": "xlsx", "columns": DELIMITED["columns"]}
NAMES = HEADER.split(",")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Styles of the workbooks: 0 general, 1 a day, 2 a day with time, 3 two decimals, 4 per cent, 5 a time of day.
DAY, MOMENT, TWO_DECIMALS, PER_CENT, TIME = 1, 2, 3, 4, 5
UNITS = {"CD19": "cells/uL", "SCL70": "CU", "NAIVE": "%"}


@dataclass(frozen=True)
class Cell:
    """A cell as it is stored: type, text of ``v``, style, formula; ``value`` None writes no ``v``."""

    value: str | None = None
    kind: str = ""
    style: int = 0
    formula: str | None = None
    inside: str = ""


def number(text, style=0):
    """A cell with a number."""
    return Cell(text, style=style)


def record(subject="KUL-001", accession="A1", collected="2024-03-01T08:30", test="SCL70", result="5", **changes):
    """Cells of a row in the order of the header."""
    row = {
        "SUBJECT": subject,
        "ACCESSION": accession,
        "MATERIAL": "SERUM",
        "COLLECTED": collected,
        "VISIT": "",
        "TEST": test,
        "RESULT": result,
        "UNIT": UNITS.get(test, "") if isinstance(test, str) else "",
        "CONDITION": "",
        "REASON": "",
        **{name.upper(): value for name, value in changes.items()},
    }
    return list(row.values())


def letters(column):
    """Letters of a column, the first is 1."""
    return letters((column - 1) // 26) + chr(65 + (column - 1) % 26) if column else ""


def cell_xml(cell, place):
    """XML of a cell; a text is written inline."""
    if isinstance(cell, str):
        if not cell:
            return ""
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    kind = f" t={quoteattr(cell.kind)}" if cell.kind else ""
    style = f' s="{cell.style}"' if cell.style else ""
    formula = "" if cell.formula is None else f"<f>{escape(cell.formula)}</f>"
    value = "" if cell.value is None else f"<v>{escape(cell.value)}</v>"
    return f'<c r="{place}"{style}{kind}>{formula}{value}{cell.inside}</c>'


def rows_xml(rows, first=1):
    """XML of rows; None is a row that is not written."""
    written = []
    for number, row in enumerate(rows, first):
        if row is not None:
            cells = "".join(cell_xml(cell, f"{letters(at)}{number}") for at, cell in enumerate(row, 1))
            written.append(f'<row r="{number}">{cells}</row>')
    return "".join(written)


def sheet_xml(data, before="", after=""):
    """XML of a sheet with this in its sheetData."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{data}</sheetData>{after}</worksheet>'


def parts_of(sheet, *, strings=(), sheets=(("Results", "visible"),), book="", types=()):
    """Parts of a workbook whose first sheet is this XML; further sheets are empty."""
    empty = sheet_xml("")
    names = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" state="{state}" r:id="rId{n}"/>'
        for n, (name, state) in enumerate(sheets, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    texts = "".join(f"<si>{one}</si>" for one in strings)
    formats = "".join(f'<xf numFmtId="{n}"/>' for n in (0, 14, 165, 2, 9, 20))
    overrides = {
        "/xl/workbook.xml": f"{_TYPE}.sheet.main+xml",
        "/xl/worksheets/sheet1.xml": f"{_TYPE}.worksheet+xml",
        **dict(types),
    }
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/>'
        + "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides.items())
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{book}<sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        f'<Relationship Id="s" Type="{RELATIONS}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{RELATIONS}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="165" '
        f'formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts><cellXfs>{formats}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>',
        **{f"xl/worksheets/sheet{n}.xml": empty for n in range(2, len(sheets) + 1)},
        "xl/worksheets/sheet1.xml": sheet,
    }


def packed(parts):
    """Bytes of a workbook of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(*rows, header=NAMES, before="", after="", **parts):
    """Bytes of a workbook with a header and these rows."""
    return packed(parts_of(sheet_xml(rows_xml([header, *rows]), before, after), **parts))


def import_bytes(study, laboratory, folder, content, *, name="a.xlsx", check_only=False):
    """Import these bytes as ``coordinator``."""
    path = folder / name
    path.write_bytes(content)
    return import_file(
        study=study, laboratory=laboratory, path=path, actor="coordinator", reason="delivery", check_only=check_only
    )
