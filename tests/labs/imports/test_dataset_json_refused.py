"""What is no whole Dataset-JSON 1.1 dataset is refused in one sentence with its code, and never half-read."""

import gzip
import json
import os
import random
import zlib

import pytest

from labs.imports.sdtm_variables import DatasetError
from tests.labs.imports.dataset_json_folder import (
    COLUMNS,
    FORMS,
    ROWS,
    as_json,
    as_lines,
    column,
    described,
    records_of,
    refused,
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"datasetJSONVersion": None}, "not-dataset-json"),
        ({"datasetJSONVersion": "1.0.0"}, "json-version"),
        ({"datasetJSONVersion": "1.10"}, "json-version"),
        ({"datasetJSONVersion": 1.1}, "json-version"),
        ({"name": "DM"}, "json-domain"),
        ({"name": None}, "json-domain"),
        ({"itemGroupOID": "IG.DM"}, "json-domain"),
        ({"itemGroupOID": None}, "json-domain"),
        ({"records": None}, "json-records"),
        ({"records": 1}, "json-records"),
        ({"records": 3}, "json-records"),
        ({"records": "2"}, "json-records"),
        ({"records": -2}, "json-records"),
        ({"records": True}, "json-records"),
        ({"columns": None}, "json-columns"),
        ({"columns": []}, "json-columns"),
        ({"columns": ["USUBJID"]}, "json-columns"),
        ({"columns": [*COLUMNS[:3], column("LB É")]}, "json-columns"),
        ({"columns": [*COLUMNS[:3], column("LBORRES", "text")]}, "json-columns"),
        ({"columns": [*COLUMNS[:3], {**column("LBORRES"), "dataType": {}}]}, "json-columns"),
        ({"columns": [*COLUMNS, column("lborres")]}, "json-column-twice"),
        ({"columns": [*COLUMNS, column("LBCAT")]}, "json-row"),
        ({"columns": COLUMNS[:3]}, "variable-missing"),
        ({"columns": [*COLUMNS[:2], column("LBDTC", "integer", displayFormat="DATE9."), COLUMNS[3]]}, "variable-type"),
        (
            {"columns": [*COLUMNS[:2], column("LBDTC", "date", targetDataType="integer"), COLUMNS[3]]},
            "variable-type",
        ),
        ({"columns": [*COLUMNS[:3], column("LBORRES", "float")]}, "json-value"),
        ({"columns": [*COLUMNS[:3], column("LBORRES", "boolean")]}, "json-value"),
    ],
)
@pytest.mark.parametrize("write", [as_json, as_lines])
def test_description_that_does_not_hold_is_refused(tmp_path, changes, code, write):
    assert f"[{code}]" in refused(tmp_path, write(described("LB", ROWS, COLUMNS, **changes), ROWS))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('["S-1", "ALB", "2014"]', "json-row"),
        ('["S-1", "ALB", "2014", "1", "2"]', "json-row"),
        ("{}", "json-row"),
        ("null", "json-row"),
        ('"text"', "json-row"),
        ('["S-1", "ALB", "2014", ["1"]]', "json-value"),
        ('["S-1", "ALB", 2014, "1"]', "json-value"),
        ('["S-1", "ALB", "2014", true]', "json-value"),
        ('["S-1", "ALB", "2014", NaN]', "json-number"),
        ('["S-1", "ALB", "2014", -Infinity]', "json-number"),
        ('["S-1", "ALB", "2014", "a\\u0000b"]', "json-nul"),
        ('["S-1", "ALB", "2014", "a\x00b"]', "json-broken"),
        ('["S-1", "ALB", "2014", "\\ud800"]', "json-encoding"),
        ('["S-1", "ALB", "2014", 01]', "json-broken"),
        ('["S-1", "ALB", "2014", "1",]', "json-broken"),
        ('["S-1" "ALB", "2014", "1"]', "json-broken"),
        ("['S-1', 'ALB', '2014', '1']", "json-broken"),
        ('["S-1", "ALB", "2014", ' + "[" * 100_000, "json-nesting"),
        ('{"a": 1, "a": 2}', "json-name-twice"),
    ],
)
@pytest.mark.parametrize("form", ["array", "lines"])
def test_row_that_does_not_hold_is_refused(tmp_path, row, code, form):
    first = json.dumps(described("LB", ROWS, COLUMNS))
    good = json.dumps(ROWS[0])
    text = f"{first}\n{good}\n{row}\n" if form == "lines" else f'{first[:-1]}, "rows": [{good}, {row}]}}'
    sentence = refused(tmp_path, text.encode())
    assert f"[{code}]" in sentence
    assert len(sentence) < 250
    if code in {"json-row", "json-value", "json-nul"}:
        assert "record 2" in sentence


@pytest.mark.parametrize(
    ("kind", "literal"),
    [
        ("float", "1e400"),
        ("float", '"1.5"'),
        ("double", "false"),
        ("integer", "1.5"),
        ("integer", "9007199254740993000"),
        ("decimal", '"1,5"'),
        ("decimal", '"1e5"'),
        ("decimal", '""'),
        ("decimal", '"NaN"'),
        ("decimal", '"' + "9" * 31 + '"'),
        ("boolean", '"Y"'),
        ("string", "4.10"),
    ],
)
def test_value_of_another_type_is_refused(tmp_path, kind, literal):
    first = json.dumps(described("LB", [1], [*COLUMNS, column("LBSTRESN", kind)]))
    sentence = refused(tmp_path, f'{first}\n["S-1", "ALB", "2014", "1", {literal}]'.encode())
    assert "record 1, LBSTRESN holds" in sentence
    assert f"which is no {kind}. [json-value]" in sentence


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-dataset-json"),
        (b"USUBJID,LBSEQ\n", "not-dataset-json"),
        (b"[1]", "not-dataset-json"),
        (b"{}", "not-dataset-json"),
        (b"{", "json-cut-off"),
        (b"{1: 2}", "json-broken"),
        (as_json(described("LB", ROWS, COLUMNS), ROWS) + b"[1]", "json-broken"),
        (as_json(described("LB", ROWS, COLUMNS), ROWS)[:-1] + b', "rows": []}', "json-name-twice"),
        (as_lines(described("LB", ROWS, COLUMNS), ROWS) + b"garbage", "json-broken"),
        (as_lines(described("LB", ROWS, COLUMNS), ROWS).replace(b"4.10", b"4.1\xe9"), "json-encoding"),
        (as_lines(described("LB", ROWS, COLUMNS), ROWS).decode().encode("utf-16"), "json-encoding"),
        (gzip.compress(as_json(described("LB", ROWS, COLUMNS), ROWS)) + b"garbage", "json-compression"),
        (gzip.compress(as_lines(described("LB", ROWS, COLUMNS), ROWS))[:-4] + b"\0\0\0\0", "json-compression"),
        (b"\x1f\x8b garbage", "json-compression"),
        (b"\x78\x9c garbage", "json-compression"),
        (gzip.compress(b"{" + b" " * (64 << 20)), "json-expands"),
        (zlib.compress(b"{" + b" " * (64 << 20)), "json-expands"),
        (b'{"a": "' + b"x" * (20 << 20) + b'"}', "json-too-large"),
        (b"{" + b",".join(b'"%d": 1' % n for n in range(2000)) + b"}", "json-too-large"),
    ],
    ids=range(19),
)
def test_file_that_is_no_dataset_is_refused(tmp_path, content, code):
    assert f"[{code}]" in refused(tmp_path, content)


@pytest.mark.parametrize("form", FORMS)
def test_file_cut_off_anywhere_is_never_half_read(tmp_path, form):
    whole = FORMS[form][1](described("LB", ROWS, COLUMNS), ROWS)
    ends = len(whole) - (1 if "lines" in form and form != "gzip of lines" and form != "zlib of lines" else 0)
    for kept in range(ends):
        sentence = refused(tmp_path, whole[:kept])
        code = sentence[sentence.rindex("[") :]
        assert code in {"[json-cut-off]", "[json-records]"} or kept < 2, f"{kept} bytes: {sentence}"


def test_mutated_files_end_in_records_or_one_sentence(tmp_path):
    seed, told = int(os.environ.get("TRIALSITE_SEED", "20261123")), 0
    for number in range(20_000 if os.environ.get("TRIALSITE_FULL") else 1_000):
        chance = random.Random(seed + number)
        _, write = FORMS[chance.choice(list(FORMS))]
        content = bytearray(write(described("LB", ROWS, COLUMNS), ROWS))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(content))
            content[at : at + chance.randrange(3)] = bytes(
                chance.choice([chance.randrange(256), *b'{}[],:"\\0123456789.eE-tfn \n'])
                for _ in range(chance.randrange(3))
            )
        try:
            records = records_of(tmp_path, bytes(content))
        except DatasetError as error:
            told += 1
            sentence = str(error)
        else:
            sentence = "[]"
            assert len(records) == 2, f"seed {seed + number}"
        assert sentence.endswith("]"), f"seed {seed + number}"
    assert told
