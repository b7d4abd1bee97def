"""What is no workbook, or one that nobody should open: refused in one sentence with its code, nothing stored."""

import io
import struct
import tracemalloc
import zipfile

import pytest

from labs.imports import xlsx, xlsx_package, xlsx_xml
from labs.imports.central_csv import FileRefusedError
from labs.imports.layouts import from_mapping
from labs.imports.report import About
from labs.imports.xlsx import read_blocks
from tests.labs.imports.xlsx_records import (
    LAYOUT,
    MAIN,
    NAMES,
    Cell,
    number,
    packed,
    parts_of,
    record,
    rows_xml,
    sheet_xml,
    workbook,
)

GOOD = parts_of(sheet_xml(rows_xml([NAMES, record()])))


def read(folder, content, **declared):
    """Rows of a workbook of these bytes."""
    path = folder / "a.xlsx"
    path.write_bytes(content)
    return sum(block.rows.height for block in read_blocks(path, from_mapping({**LAYOUT, **declared}), About("a.xlsx")))


def refusal(folder, content, **declared):
    """Rule and sentence of the refusal of these bytes."""
    with pytest.raises(FileRefusedError) as caught:
        read(folder, content, **declared)
    assert str(caught.value).endswith(f" [{caught.value.rule}]")
    return caught.value.rule, str(caught.value)


def changed(**parts):
    """Bytes of the good workbook with parts changed; None leaves one out."""
    made = {**GOOD, **{name.replace("__", "/"): content for name, content in parts.items()}}
    return packed({name: content for name, content in made.items() if content is not None})


def with_sheet(xml):
    return packed({**GOOD, "xl/worksheets/sheet1.xml": xml})


@pytest.mark.parametrize(
    ("content", "rule", "said"),
    [
        (b"", "empty-file", "must be an .xlsx workbook"),
        (b"SUBJECT,ACCESSION\nKUL-001,A1\n", "xlsx-workbook", "begins with 'SUBJECT,'"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            "xlsx-workbook",
            "an old .xls workbook, or one with a pass",
        ),
        (b"PK\x03\x04 and nothing of a zip file", "xlsx-damaged", "cut off"),
        (b"PK", "xlsx-damaged", "cut off"),
        (b"<html>", "xlsx-workbook", "begins with '<html>'"),
    ],
)
def test_what_is_no_workbook(tmp_path, content, rule, said):
    found, sentence = refusal(tmp_path, content)
    assert (found, said in sentence) == (rule, True), sentence


@pytest.mark.parametrize("part", list(GOOD))
def test_a_part_that_is_missing_or_empty(tmp_path, part):
    lost = {name: content for name, content in GOOD.items() if name != part}
    assert refusal(tmp_path, packed(lost))[0] == "xlsx-workbook"
    assert refusal(tmp_path, packed({**GOOD, part: ""}))[0] == "xlsx-xml"


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999])
def test_a_file_that_is_cut_off(tmp_path, share):
    content = packed(GOOD)
    assert refusal(tmp_path, content[: int(len(content) * share)])[0] == "xlsx-damaged"


def test_a_sheet_with_a_wrong_checksum(tmp_path):
    content = bytearray(packed(GOOD))
    at = content.rfind(b"PK\x01\x02")
    content[at + 16] ^= 1
    assert refusal(tmp_path, bytes(content))[0] == "xlsx-damaged"


@pytest.mark.parametrize("size", [0, 100, 1_000])
def test_sizes_that_lie(tmp_path, size):
    content = bytearray(packed(GOOD))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<L", size)
    assert refusal(tmp_path, bytes(content))[0] in ("xlsx-damaged", "xlsx-xml")


def test_a_part_that_unpacks_to_far_more_than_it_is(tmp_path):
    content = with_sheet(sheet_xml(" " * 12_000_000))
    assert len(content) < 100_000
    rule, sentence = refusal(tmp_path, content)
    assert (rule, "at most 200 times" in sentence) == ("xlsx-expands", True)


def test_a_workbook_that_unpacks_to_more_than_any(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_package, "MAX_EXPANDED", 3_000)
    assert refusal(tmp_path, packed(GOOD))[0] == "xlsx-expands"


def test_styles_without_end(tmp_path):
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 900_000}</cellXfs></styleSheet>'
    rule, sentence = refusal(tmp_path, changed(xl__styles=None, **{"xl/styles.xml": styles}))
    assert (rule, "xl/styles.xml" in sentence) == ("xlsx-expands", True)


@pytest.mark.parametrize("wide", [False, True])
def test_a_list_of_parts_without_end(tmp_path, wide):
    buffer = io.BytesIO(packed(GOOD))
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(70_000 if wide else 20_000):
            archive.writestr(f"p{number}", "")
    assert refusal(tmp_path, buffer.getvalue())[0] == "xlsx-expands"


def test_a_part_that_stands_twice(tmp_path):
    buffer = io.BytesIO(packed(GOOD))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("XL/worksheets/Sheet1.xml", GOOD["xl/worksheets/sheet1.xml"])
    assert refusal(tmp_path, buffer.getvalue())[0] == "xlsx-damaged"


def test_an_encrypted_part(tmp_path):
    content = bytearray(packed(GOOD))
    at = content.rfind(b"PK\x01\x02")
    content[at + 8] |= 1
    rule, sentence = refusal(tmp_path, bytes(content))
    assert (rule, "encrypted" in sentence) == ("xlsx-damaged", True)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("part", list(GOOD))
@pytest.mark.parametrize("declared", [ENTITIES, OUTSIDE, "<!DOCTYPE x>"])
def test_document_types_and_entities_in_any_part(tmp_path, part, declared):
    rule, sentence = refusal(tmp_path, packed({**GOOD, part: declared + GOOD[part]}))
    assert (rule, "document type" in sentence) == ("xlsx-xml", True), sentence


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (workbook(record(), types={"/xl/vbaProject.bin": "application/vnd.ms-office.vbaProject"}), None),
        (changed(xl__vbaProject=None, **{"xl/vbaProject.bin": "macros"}), "xlsx-macros"),
        (
            workbook(record(), types={"/xl/workbook.xml": "application/vnd.ms-excel.sheet.macroEnabled.main+xml"}),
            "xlsx-macros",
        ),
        (
            workbook(record(), types={"/xl/workbook.xml": "application/vnd.ms-excel.sheet.binary.macroEnabled.main"}),
            "xlsx-macros",
        ),
        (workbook(record(), types={"/xl/workbook.xml": "application/vnd.oasis.opendocument"}), "xlsx-workbook"),
    ],
)
def test_macros_and_other_packages(tmp_path, content, rule):
    assert read(tmp_path, content) == 1 if rule is None else refusal(tmp_path, content)[0] == rule


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ('<row r="2"></row><row r="2"></row>', "xlsx-order"),
        ('<row r="3"></row><row r="2"></row>', "xlsx-order"),
        ('<row r="1048577"></row>', "xlsx-order"),
        ('<row r="99999999999999"></row>', "xlsx-order"),
        ('<row r="-2"></row>', "xlsx-order"),
        ('<row r="0"></row>', "xlsx-order"),
        ('<row r="2.0"></row>', "xlsx-order"),
        ('<row r="2"><row r="3"></row></row>', "xlsx-order"),
        ('<row r="2"><c r="B2"/><c r="A2"/></row>', "xlsx-order"),
        ('<row r="2"><c r="A2"/><c r="A2"/></row>', "xlsx-order"),
        ('<row r="2"><c r="A3"/></row>', "xlsx-order"),
        ('<row r="2"><c r="XFE2"/></row>', "xlsx-order"),
        ('<row r="2"><c r="a2"/></row>', "xlsx-order"),
        ('<row r="2"><c r="A2"><c r="B2"/></c></row>', "xlsx-order"),
        ('<c r="A2"><v>1</v></c>', "xlsx-order"),
        ('<row r="2"><c r="A2"><v>1</v><v>2</v></c></row>', "xlsx-order"),
        ('<row r="2"><c r="A2" t="inlineStr"><is><t>1</t></is><is><t>2</t></is></c></row>', "xlsx-order"),
        ('<row r="2"><c r="A2"><v>1</c></row>', "xlsx-xml"),
        ('<row r="2"><c r="A2"><v>\x02</v></c></row>', "xlsx-xml"),
        (f'<row r="2"><c r="A2"><v>{"1" * 300_000}</v></c></row>', "xlsx-xml"),
        ("<a>" * 200 + "</a>" * 200, "xlsx-xml"),
        (f'<row r="2" x="{"1" * 2_000_000}"/>', "xlsx-xml"),
        (f"<!--{'1' * 2_000_000}-->", "xlsx-xml"),
        ("".join(f"<a{n}/>" for n in range(20_000)), "xlsx-xml"),
        ("".join(f'<a b{n}="1"/>' for n in range(20_000)), "xlsx-xml"),
    ],
)
def test_sheets_in_which_a_place_could_be_mistaken(tmp_path, data, rule):
    found, sentence = refusal(tmp_path, with_sheet(sheet_xml(rows_xml([NAMES]) + data)))
    assert found == rule, sentence


def test_texts_without_end(tmp_path):
    texts = f'<sst xmlns="{MAIN}"><si><t>{"1" * 300_000}</t></si></sst>'
    assert refusal(tmp_path, packed({**GOOD, "xl/sharedStrings.xml": texts}))[0] == "xlsx-xml"


def test_a_dimension_that_lies_is_not_believed(tmp_path):
    data = rows_xml([NAMES, record()])
    for reference in ("A1:XFD1048576", "A1:A1", "nonsense"):
        content = with_sheet(sheet_xml(data, before=f'<dimension ref="{reference}"/>'))
        assert read(tmp_path, content) == 1


def test_a_cell_at_the_far_end_of_the_sheet_costs_nothing(tmp_path):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = tmp_path / "a.xlsx"
    path.write_bytes(with_sheet(sheet_xml(rows_xml([NAMES, record()]) + far)))
    (block,) = read_blocks(path, from_mapping(LAYOUT), About("a.xlsx"))
    assert block.lines == 3
    assert block.findings.select("line", "rule").rows() == [(3, "blank-line"), (1_048_576, "xlsx-outside")]


def test_sixteen_thousand_columns(tmp_path):
    header = [*NAMES, *(f"X{n}" for n in range(len(NAMES), 16_384))]
    assert refusal(tmp_path, workbook(record(), header=header))[0] == "undeclared-column"
    wide = [*record(), *(["1"] * (16_384 - len(NAMES)))]
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(*[wide] * 5))
    (block,) = read_blocks(path, from_mapping(LAYOUT), About("a.xlsx"))
    assert (block.rows.height, block.findings.height) == (0, 5)


def test_the_strict_form_of_the_standard_is_read(tmp_path):
    strict = {name: text.replace(MAIN, xlsx_xml.MAIN[1]) for name, text in GOOD.items()}
    strict["_rels/.rels"] = strict["_rels/.rels"].replace(
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    )
    assert read(tmp_path, packed(strict)) == 1


def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "BLOCK_ROWS", 500)
    peaks = []
    for count in (2_000, 10_000):
        rows = [record(accession=Cell(str(n), "s"), result=number(str(n))) for n in range(count)]
        path = tmp_path / "a.xlsx"
        path.write_bytes(workbook(*rows, strings=[f"<t>A{n:05d}</t>" for n in range(count)]))
        del rows
        tracemalloc.start()
        assert sum(block.rows.height for block in read_blocks(path, from_mapping(LAYOUT), About("a.xlsx"))) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Eight thousand rows of ten texts would be several megabytes; a known text is kept for a while.
    assert peaks[1] < peaks[0] + 2_000_000, peaks
