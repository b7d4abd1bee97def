"""Mutated workbooks. Whatever stands in their cells, their XML or their bytes, only sound rows are stored."""

import datetime as dt
import os
import random

import pytest
from django.db import transaction

from cart.models import Consent
from labs.actions.references import latest_today
from tests.cart.records import make_subject, make_trial
from tests.labs.imports.slow_reader import Person, SlowReader
from tests.labs.imports.slow_workbook_reader import SlowWorkbookReader
from tests.labs.imports.test_fuzz import FIELDS, stored_rows
from tests.labs.imports.xlsx_records import (
    DAY,
    LAYOUT,
    MOMENT,
    NAMES,
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
)
from tests.labs.records import ANALYTES, make_laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
FULL = bool(os.environ.get("TRIALSITE_FULL"))
MUTATIONS = 20_000 if FULL else 300
STRINGS = ["<t>KUL-001</t>", "<t>SCL70</t>", "<r><t>8</t></r><r><t>12.5</t></r>", "<t>a_x000D_b</t>", "<t></t>"]
CELLS = [
    *FIELDS,
    *(number(text) for text in ("0.1", "0.1000000000000000055", "8.0999999999999996", "12", "1E+20", "1E-7", "-0")),
    *(number(text) for text in ("1_000", "nan", "inf", "1e999", "", " 5", "٥", "2024", "45352", "1234567890123456")),
    *(number(text, DAY) for text in ("45352", "60", "61", "0", "-1", "99999999", "45352.5", "1e300")),
    *(number(text, MOMENT) for text in ("45352.354166666664", "45382.104166666664", "45352.0000001", "45351.9999999")),
    number("0.0694", TIME), number("12.5", TWO_DECIMALS), number("45352", 99), number("5", 3),
    Cell("#N/A", "e"), Cell("#REF!", "e", formula="A1"), Cell("", "e"), Cell(None, formula="A1"),
    Cell("", formula="A1"), Cell("7", formula="A1"), Cell("", "str", formula="A1"), Cell("x", "str", formula="A1"),
    *(Cell(text, "s") for text in ("0", "1", "2", "3", "4", "5", "-1", "99", "0.0", "", "1e0")),
    Cell("1", "b"), Cell("0", "b"), Cell("2", "b"), Cell("5", "odd"), Cell(None, "s"), Cell(None, "inlineStr"),
    Cell("5", "inlineStr"), Cell(None, "inlineStr", inside="<is><r><t>7</t></r><r><t>.5</t></r></is>"),
    Cell(None, "inlineStr", inside="<is><t>7</t><rPh sb='0' eb='1'><t>nana</t></rPh></is>"),
    "_x0000_", "_x005F_x0041_", "_xD83D__xDE00_", "_xD800_", "a\nb", "a\tb", "\u2003", " KUL-001", "5\u00a0",
]  # fmt: skip
TOKENS = [
    "<v>", "</v>", "<row>", "</row>", "<c>", "</c>", "<f>", "<f/>", "<is>", '"', "<", ">", "&", "&amp;", "&#48;",
    "&#0;", "<![CDATA[5]]>", "<!-- x -->", "<?x y?>", "<!DOCTYPE a>",
    "1", "A", "9999", ' r="7"', ' t="s"', ' s="1"', "\x00",
    "\ud7ff", "</sheetData>", "<sheetData>", "<t>", "</t>", "<rPh>", "</rPh>",
    "<mergeCells><mergeCell ref='A2:B3'/></mergeCells>",
    ' hidden="1"', "xmlns=''", "e", "E5", "-", ".", "_x0041_",
]  # fmt: skip


def good_rows():
    """Sound rows of every kind."""
    rows = []
    for subject in ("KUL-001", "KUL-002"):
        for n in range(1, 5):
            of = {"subject": subject, "accession": f"{subject[-1]}A{n}", "collected": f"2024-0{n}-15T08:30"}
            by_cell = {**of, "collected": number(str(45366 + 30 * n) + ".354166666664", MOMENT)}
            rows += [
                record(**of, result=number(f"{800 / n!r}")),
                record(**by_cell, result="<1" if n > 2 else number(str(100 + n)), test="CD19"),
                record(**of, result=f"1:{40 * 2**n}", test="ANA", visit="Week 1, day 1"),
                record(**of, result="", test="NAIVE", reason="not done", condition="good"),
            ]
            rows[-4][5] = Cell("1", "s")
    return rows


def with_mutated_cells(chance):
    """Parts of a workbook with one to four cells or rows changed."""
    rows, header, book = good_rows(), list(NAMES), ""
    for _ in range(chance.choice([1, 1, 2, 4])):
        kind, at = chance.randrange(12), chance.randrange(len(rows))
        if kind == 0:
            rows.insert(at, list(chance.choice(rows) or []))
        elif kind == 1:
            rows[at] = None if chance.random() < 0.5 else []
        elif kind == 2:
            rows[at] = [Cell(style=3)] * 10 if chance.random() < 0.5 else [*(rows[at] or []), "", chance.choice(CELLS)]
        elif kind == 3 and chance.random() < 0.4:
            header[chance.randrange(len(header))] = chance.choice([*CELLS, "SUBJECT", "REASON", ""])
        elif kind == 4 and chance.random() < 0.3:
            book = '<workbookPr date1904="1"/>'
        else:
            row = rows[at] or record()
            row[chance.randrange(len(NAMES))] = chance.choice(CELLS)
            rows[at] = row
    return parts_of(sheet_xml(rows_xml([header, *rows])), strings=STRINGS, book=book)


def with_mutated_xml(chance):
    """Parts of a workbook with the XML of some changed."""
    parts = parts_of(sheet_xml(rows_xml([NAMES, *good_rows()])), strings=STRINGS)
    for _ in range(chance.choice([1, 1, 2])):
        name = chance.choice([*parts, *["xl/worksheets/sheet1.xml"] * 8, "xl/sharedStrings.xml"])
        text = parts[name]
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:at] + chance.choice(TOKENS) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + chance.choice([1, 2, 5, 40]) :]
        elif kind == 2:
            text = text[:at] + chance.choice('<>/"=019AZaz. :') + text[at + 1 :]
        else:
            start, end = sorted((at, chance.randrange(len(text) + 1)))
            text = text[:end] + text[start : min(end, start + 200)] + text[end:]
        parts[name] = text
    return parts


def with_mutated_bytes(chance):
    """Bytes of a workbook with some changed, lost or repeated."""
    content = bytearray(packed(parts_of(sheet_xml(rows_xml([NAMES, *good_rows()])), strings=STRINGS)))
    for _ in range(chance.choice([1, 1, 2, 8])):
        # Names, sizes and checksums stand at the end.
        at = (
            chance.randrange(len(content))
            if chance.random() < 0.5
            else chance.randrange(max(1, len(content) - 800), len(content))
        )
        if chance.random() < 0.8:
            content[at] = chance.randrange(256)
        elif chance.random() < 0.5:
            del content[at : at + chance.choice([1, 4, 100])]
        else:
            content[at:at] = content[at : at + chance.choice([1, 4, 100])]
    return bytes(content)


@pytest.fixture
def study():
    trial = make_trial()
    make_subject(trial)
    second = make_subject(trial, "KUL-002")
    second.year_of_birth = 1980
    second.save()
    Consent.objects.create(subject=second, version="1", signed_on=dt.date(2024, 1, 10))
    return trial.study


@pytest.fixture
def laboratory():
    made = make_laboratory(quarantine=True)
    made.layout = LAYOUT
    made.save()
    return made


@pytest.fixture
def expected():
    """Function that says which rows of a workbook must be stored; None where it is refused."""
    brussels = Person("Europe/Brussels")
    reader = SlowReader(
        people={"KUL-001": brussels, "KUL-002": Person("Europe/Brussels", 1980, dt.date(2024, 1, 10))},
        tests={
            own: (kind, {"CD19": "cells/uL", "SCL70": "CU", "NAIVE": "%"}.get(own, "")) for _, own, kind, *_ in ANALYTES
        },
        today=latest_today(),
    )
    workbooks = SlowWorkbookReader(NAMES)

    def expected(content):
        records = workbooks.records(content)
        return None if records is None else reader.judged(records)

    return expected


SEED = int(os.environ.get("TRIALSITE_SEED", "20261124"))


@pytest.mark.parametrize("mutated", [with_mutated_cells, with_mutated_xml, with_mutated_bytes])
def test_mutated_workbooks_store_no_wrong_row(study, laboratory, expected, tmp_path, mutated):
    rows = refused = 0
    for step in range(MUTATIONS if mutated is with_mutated_cells else MUTATIONS // 2):
        made = mutated(random.Random(SEED + step))
        content = made if isinstance(made, bytes) else packed(made)
        with transaction.atomic():
            report = import_bytes(study, laboratory, tmp_path, content)
            found, wanted = stored_rows(), expected(content)
            about = f"{mutated.__name__} {SEED + step}: {report.text()}"
            if mutated is with_mutated_cells:
                assert report.accepted == (wanted is not None), about
                assert found == (wanted or {}), about
            # Broken parts may cost more rows than the slow reader thinks; none may be another.
            assert found.items() <= (wanted or {}).items(), about
            assert report.totals.add_up() if report.accepted else not found, about
            unplaced = report.findings.filter((report.findings["line"] < 1) | (report.findings["rule"] == ""))
            assert not unplaced.height, about
            rows += len(found)
            refused += not report.accepted
            transaction.set_rollback(True)
    assert rows, "nothing was stored"
    print(f"{mutated.__name__}: {step + 1:,} workbooks, {rows:,} rows stored, {refused:,} refused, 0 wrong")  # noqa: T201
