"""A laboratory's Excel workbook: what its cells store is what is imported."""

import io

import openpyxl
import pytest

from labs.models import Result, Specimen, Transfer
from tests.cart.records import make_infused_subject, make_trial
from tests.labs.imports.xlsx_records import (
    DAY,
    LAYOUT,
    MOMENT,
    NAMES,
    PER_CENT,
    TIME,
    TWO_DECIMALS,
    Cell,
    import_bytes,
    number,
    packed,
    parts_of,
    record,
    rows_xml,
    sheet_xml,
    workbook,
)
from tests.labs.records import make_laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    return make_trial()


@pytest.fixture
def send(trial, tmp_path):
    """Function that imports bytes as a workbook of the trial's laboratory; ``declared`` changes its layout for good."""
    make_infused_subject(trial)
    made = {}

    def send(content, *, quarantine=False, name="a.xlsx", check_only=False, **declared):
        if not made:
            made["laboratory"] = make_laboratory(quarantine=quarantine)
            made["laboratory"].layout = LAYOUT
        made["laboratory"].layout = {**made["laboratory"].layout, **declared}
        made["laboratory"].save()
        return import_bytes(trial.study, made["laboratory"], tmp_path, content, name=name, check_only=check_only)

    return send


def results():
    """Text of each result by accession and test."""
    found = Result.objects.current().select_related("specimen", "analyte")
    return {(r.specimen.accession, r.analyte.code): (r.received_text, r.qualifier, r.value) for r in found}


def collected():
    return dict(Specimen.objects.values_list("accession", "collected"))


def test_texts_numbers_and_dates_are_taken_as_stored(send):
    report = send(
        workbook(
            record(accession="A1", result=number("0.10000000000000001")),
            record(accession="A2", result=number("812.5", TWO_DECIMALS), collected=number("45352", DAY)),
            record(accession="A3", result="<0.5", collected=number("45352.354166666664", MOMENT)),
            record(accession="007", result="1:640", test="ANA"),
            record(accession=number("123"), result=number("12", PER_CENT), test="NAIVE"),
            record(accession="A5", result="", reason="not done"),
        )
    )
    assert report.accepted, report.text()
    assert "6 rows, 6 applied" in report.text()
    assert results()["A1", "ATA"][0] == "0.1"
    assert results()["A2", "ATA"][0] == "812.5"
    assert results()["A3", "ATA"][:2] == ("<0.5", "<")
    assert results()["007", "ANA"][0] == "1:640"
    assert results()["123", "NAIVE_PCT"][0] == "12"
    assert collected()["A2"] == "2024-03-01"
    assert collected()["A3"] == "2024-03-01T08:30"
    assert Transfer.objects.get().kind == "xlsx"
    assert sorted(Result.objects.values_list("line", flat=True)) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("0.1", "0.1"),
        ("0.1000000000000000055511151231257827", "0.1"),
        ("8.0999999999999996", "8.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("12", "12"),
        ("12.0", "12"),
        ("1.2E+3", "1200"),
        ("1.0000000000000001E-5", "1e-05"),
        ("-0.5", "-0.5"),
        ("-0", "0"),
        ("123456789012345", "123456789012345"),
        ("1.2345678901234567E+19", "1.2345678901234567e+19"),
    ],
)
def test_a_number_is_the_shortest_decimal_of_what_is_stored(send, stored, text):
    report = send(workbook(record(result=number(stored))))
    assert report.accepted, report.text()
    assert results()["A1", "ATA"][0] == text
    assert float(results()["A1", "ATA"][2]) == float(stored)


def test_numbers_follow_excel_and_texts_the_decimal_mark_of_the_layout(send):
    rows = [record(accession="A1", result=number("0.5")), record(accession="A2", result="0,5")]
    assert send(workbook(*rows), decimal_mark=",").accepted
    assert [r[2] == 1 / 2 for r in results().values()] == [True, True]
    assert results()["A1", "ATA"][0] == "0,5"


def test_date_cells_are_iso_and_texts_follow_the_declared_format(send):
    report = send(
        workbook(
            record(accession="A1", collected="01.03.2024 08:30"),
            record(accession="A2", collected=number("45352.354166666664", MOMENT)),
            record(accession="A3", collected=Cell("2024-03-01T08:30:15", "d")),
        ),
        date_format="%d.%m.%Y %H:%M",
    )
    assert report.accepted, report.text()
    assert collected() == {"A1": "2024-03-01T08:30", "A2": "2024-03-01T08:30", "A3": "2024-03-01T08:30:15"}


def test_a_text_date_of_another_format_is_refused_even_where_iso(send):
    report = send(workbook(record(collected="2024-03-01")), date_format="%d.%m.%Y")
    assert report.findings.select("line", "column", "rule", "found").rows() == [
        (2, "COLLECTED", "date-format", "2024-03-01")
    ]


def test_workbooks_that_count_from_1904(send):
    report = send(workbook(record(collected=number("43890", DAY)), book='<workbookPr date1904="1"/>'))
    assert report.accepted, report.text()
    assert collected() == {"A1": "2024-03-01"}


def test_shared_texts_with_runs_and_escapes(send):
    row = record()
    row[0], row[1], row[9] = Cell("0", "s"), Cell("1", "s"), Cell("2", "s")
    strings = [
        "<r><t>KUL-</t></r><r><t>001</t></r>",
        "<t>A_x005F_1</t>",
        "<t>x</t><rPh sb='0' eb='1'><t>read</t></rPh>",
    ]
    assert send(workbook(row, strings=strings)).accepted
    assert list(collected()) == ["A_1"]


def test_a_formula_counts_by_the_value_that_was_computed_last(send):
    rows = [
        record(accession="A1", result=Cell("7.5", formula="B2*2")),
        record(accession=Cell("A2", "str", formula='"A"&2'), result=Cell("", "str", formula='""'), reason="lost"),
    ]
    assert send(workbook(*rows)).accepted
    assert results()["A1", "ATA"][0] == "7.5"
    assert results()["A2", "ATA"] == ("", "=", None)


@pytest.mark.parametrize(
    ("changes", "column", "rule", "said"),
    [
        ({"result": Cell("#N/A", "e")}, "RESULT", "xlsx-error-value", "cell G2"),
        ({"reason": Cell("#REF!", "e", formula="X1")}, "REASON", "xlsx-error-value", "cell J2"),
        ({"result": Cell(None, formula="B2")}, "RESULT", "xlsx-formula", "cell G2"),
        ({"reason": Cell("", formula="B2")}, "REASON", "xlsx-formula", "cell J2"),
        ({"result": number("0.069444", TIME), "test": "ANA"}, "RESULT", "xlsx-date-cell", "1:40"),
        ({"accession": number("45352", DAY)}, "ACCESSION", "xlsx-date-cell", "cell B2"),
        ({"accession": number("1234567890123456")}, "ACCESSION", "xlsx-number", "15 digits"),
        ({"collected": number("0.5", TIME)}, "COLLECTED", "impossible-date", "a day that exists"),
        ({"collected": number("60", DAY)}, "COLLECTED", "impossible-date", "from 1 March 1900"),
        ({"collected": number("99999999", DAY)}, "COLLECTED", "impossible-date", "a day that exists"),
        ({"collected": number("45352")}, "COLLECTED", "date-format", "YYYY-MM-DD"),
        ({"collected": Cell("2024-02-30T00:00:00", "d")}, "COLLECTED", "impossible-date", "exist"),
        ({"result": Cell("1", "b")}, "RESULT", "number-grammar", "a number"),
        ({"result": number("1_000")}, "RESULT", "xlsx-cell", "a number"),
        ({"result": number("١٢")}, "RESULT", "xlsx-cell", "a number"),
        ({"result": number("nan")}, "RESULT", "xlsx-cell", "a number"),
        ({"result": number("1e999")}, "RESULT", "xlsx-cell", "a number"),
        ({"result": Cell("99", "s")}, "RESULT", "xlsx-cell", "a text of the workbook"),
        ({"result": Cell("-1", "s")}, "RESULT", "xlsx-cell", "a text of the workbook"),
        ({"result": Cell("5", "odd")}, "RESULT", "xlsx-cell", "a text, a number or a date"),
        ({"result": "5\u00a0"}, "RESULT", "number-grammar", "a number"),
        ({"reason": "a\nb"}, "REASON", "line-end", "one line"),
        ({"reason": "a_x0000_b"}, "REASON", "nul", "NUL"),
        ({"reason": "_xD800_"}, "REASON", "xlsx-cell", "whole characters"),
    ],
)
def test_each_cell_that_cannot_be_taken_is_named(send, changes, column, rule, said):
    report = send(workbook(record(**changes)))
    assert not report.accepted
    assert report.findings.select("line", "column", "rule").rows() == [(2, column, rule)], report.text()
    assert said in report.findings["expected"][0], report.text()
    assert not Result.objects.exists()


def test_an_em_space_is_a_character_as_in_delimited_files(send):
    assert send(workbook(record(accession="\u2003"))).accepted
    assert list(collected()) == ["\u2003"]


def test_days_without_the_year_in_front_are_not_taken_from_numbers(send):
    assert send(workbook(record(collected=number("20240301"))), date_format="%Y%m%d").accepted
    report = send(workbook(record(accession="A2", collected=number("1112024"))), date_format="%d%m%Y")
    assert report.findings["rule"].to_list() == ["xlsx-number"]


def test_quarantine_takes_the_other_rows(send):
    report = send(workbook(record(accession="A1"), record(accession="A2", result=Cell("#N/A", "e"))), quarantine=True)
    assert (report.totals.rows, report.totals.applied, report.totals.quarantined) == (2, 1, 1)
    assert report.totals.add_up()
    assert "row 3, column RESULT: found '#N/A'" in report.text()


def test_empty_rows_at_the_end_are_skipped_and_between_records_refused(send):
    blank = [Cell(style=3)] * 10
    computed = [Cell("", "str", formula='""')] + [""] * 9
    assert send(workbook(record(), blank, None, computed)).totals.rows == 1
    report = send(workbook(record(accession="A2"), blank, None, record(accession="A3")), name="b.xlsx")
    assert report.findings.select("line", "rule", "found").rows() == [(3, "blank-line", "rows 3 to 4 empty")]
    assert report.totals.rows == 3


def test_hidden_rows_and_columns_are_read_and_said(send):
    data = rows_xml([NAMES, record(accession="A1"), record(accession="A2")]).replace(
        '<row r="3"', '<row hidden="1" r="3"'
    )
    content = packed(parts_of(sheet_xml(data, before='<cols><col min="5" max="7" hidden="1"/></cols>')))
    report = send(content)
    assert report.totals.applied == 2
    assert "1 rows are hidden in the sheet; they are read as any other" in report.text()
    assert "3 of the columns read are hidden" in report.text()


def test_sheet_and_header_row_are_declared(send):
    data = rows_xml([["Trial", "X"], [], NAMES, record()])
    sheets = [("Results", "visible"), ("Key", "visible")]
    report = send(packed(parts_of(sheet_xml(data), sheets=sheets)), sheet="Results", header_row=3)
    assert report.accepted, report.text()
    assert "read: sheet 'Results', of 2 of the workbook" in report.text()
    assert Result.objects.get().line == 4


@pytest.mark.parametrize(
    ("sheets", "declared"),
    [
        ([("Results", "visible")], "Other"),
        ([("Results", "hidden")], ""),
        ([("Results", "veryHidden"), ("B", "visible")], ""),
    ],
)
def test_another_sheet_is_never_guessed(send, sheets, declared):
    report = send(workbook(record(), sheets=sheets), sheet=declared)
    assert report.findings["rule"].to_list() == ["xlsx-sheet"], report.text()
    assert "'Results'" in report.text()


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ([*NAMES, "SUBJECT"], "duplicate-column"),
        ([*NAMES, "EXTRA"], "undeclared-column"),
        (NAMES[:-1], "missing-column"),
        ([f"{NAMES[0]}\u00a0", *NAMES[1:]], "missing-column"),
        ([Cell("#REF!", "e"), *NAMES[1:]], "header"),
        ([], "missing-column"),
    ],
)
def test_header_is_held_against_the_layout(send, header, rule):
    report = send(workbook(record(), header=header))
    assert report.findings.select("line", "rule").rows() == [(1, rule)], report.text()


def test_values_without_a_column_name_are_refused_and_ignored_columns_are_not_read(send):
    header = [*NAMES, "NOTE"]
    assert send(workbook([*record(), Cell("#N/A", "e")], header=header), ignored=["NOTE"]).accepted
    report = send(workbook([*record(), "", "stray"], header=header), name="b.xlsx")
    assert report.findings.select("line", "rule", "found").rows() == [(2, "xlsx-outside", "stray")]
    assert "cell L2" in report.findings["expected"][0]


@pytest.mark.parametrize(
    ("merged", "refused"), [("C2:C3", True), ("A1:B1", True), ("J3:K3", True), ("L2:L3", False), ("K2:K3", False)]
)
def test_merged_cells_among_the_columns_read_refuse_the_file(send, merged, refused):
    after = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>'
    header = [*NAMES, "NOTE"]
    rows = record(accession="A1"), record(accession="A2")
    report = send(workbook(*rows, header=header, after=after), quarantine=True, ignored=["NOTE"])
    assert report.findings["rule"].to_list() == (["xlsx-merged"] if refused else [])
    assert Result.objects.count() == (0 if refused else 2)


def test_the_same_file_and_a_cumulative_one(send):
    first = workbook(record(accession="A1"), record(accession="A2"))
    assert send(first, delivery="cumulative").accepted
    assert send(first).repeated
    again = send(workbook(record(accession="A2", result="6"), record(accession="A3")), name="b.xlsx")
    totals = again.totals
    assert (totals.rows, totals.applied, totals.corrected, totals.duplicate, totals.vanished) == (2, 2, 1, 0, 1)
    other = send(workbook(record(accession="A2", result=number("6")), record(accession="A3"), record()), name="c.xlsx")
    # A number in one file and the same digits as text in the other are the same value.
    assert (other.totals.applied, other.totals.duplicate, other.totals.vanished) == (0, 3, 0)


def test_a_workbook_of_openpyxl_reads_as_it_was_written(send):
    import datetime as dt

    book = openpyxl.Workbook()
    book.active.append(NAMES)
    taken = dt.datetime(2024, 3, 1, 8, 30)  # noqa: DTZ001 - Excel knows no zones
    for n in range(1, 30):
        when = taken + dt.timedelta(days=n, minutes=7 * n)
        book.active.append(record(accession=f"A{n}", collected=when, result=n / 10))
    buffer = io.BytesIO()
    book.save(buffer)
    assert send(buffer.getvalue()).totals.applied == 29
    assert results()["A3", "ATA"][0] == "0.3"
    assert results()["A10", "ATA"][0] == "1"
    assert collected()["A29"] == "2024-03-30T11:53"
