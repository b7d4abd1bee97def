"""Grades of results: which limits decide, which baseline counts, what has no grade."""

import polars as pl
import pytest

from cart.endpoints.errors import ParameterError
from cart.endpoints.grades import GRADED, with_grades

SCHEMA = {
    "subject_id": pl.Int64,
    "analyte": pl.String,
    "test_code": pl.String,
    "material": pl.String,
    "unit": pl.String,
    "qualifier": pl.String,
    "value": pl.Float64,
    "lloq": pl.Float64,
    "usable": pl.Boolean,
    "is_baseline": pl.Boolean,
    "flag": pl.String,
    "flag_reason": pl.String,
    "flag_low": pl.Float64,
    "flag_high": pl.Float64,
    "range_low": pl.Float64,
    "range_high": pl.Float64,
    "range_flag": pl.String,
}
PLAIN = {
    "subject_id": 1,
    "test_code": "ALT",
    "material": "SERUM",
    "unit": "U/L",
    "qualifier": "=",
    "usable": True,
    "is_baseline": False,
    "flag": "",
    "flag_reason": "no reference range",
    "range_flag": "",
}


def row(value, **more):
    filled = {**dict.fromkeys(SCHEMA), **PLAIN, "value": value, **more}
    return {**filled, "analyte": filled["analyte"] or filled["test_code"]}


def approved(value, low, high, flag, **more):
    return row(value, flag=flag, flag_reason="", flag_low=low, flag_high=high, **more)


def graded(rows, version="5"):
    return with_grades(pl.DataFrame(rows, schema=SCHEMA), version=version)


def brief(rows, version="5"):
    return graded(rows, version).select("grade_low", "grade_high").rows()


def test_grades_refer_to_the_baseline_and_to_the_range_of_its_own_day():
    rows = [
        approved(80, 10, 60, "HIGH", is_baseline=True),
        approved(160, 10, 60, "HIGH"),
        approved(241, 10, 60, "HIGH"),
    ]
    assert brief(rows) == [(0, 0), (1, 1), (2, 2)]
    # By the higher limit then in force the baseline was normal: multiples of ULN count.
    rows[0] = approved(80, 10, 90, "NORMAL", is_baseline=True)
    assert brief(rows) == [(0, 0), (1, 1), (2, 2)]
    assert brief([rows[0], approved(190, 10, 60, "HIGH")])[1] == (2, 2)


def test_the_order_of_rows_changes_no_grade_and_another_subject_s_baseline_counts_not():
    rows = [
        approved(80, 10, 60, "HIGH", is_baseline=True),
        approved(200, 10, 60, "HIGH"),
        approved(20, 10, 60, "NORMAL", is_baseline=True, subject_id=2),
        approved(200, 10, 60, "HIGH", subject_id=2),
    ]
    assert brief(rows) == [(0, 0), (1, 1), (0, 0), (2, 2)]
    assert graded(rows[::-1]).reverse().equals(graded(rows))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"range_low": 5.0, "range_high": 40.0}, (1, 1, "")),
        # Which approved range holds cannot be said: the limits the laboratory sent do not take its place.
        ({"range_high": 40.0, "flag_reason": "age group unknown from the year of birth"}, (None, None, "no ULN")),
        ({"range_high": 40.0, "flag_reason": "", "flag_high": 60.0, "flag": "NORMAL"}, (0, 0, "")),
    ],
)
def test_an_approved_range_decides_and_without_one_the_laboratory(more, expected):
    baseline = row(30, is_baseline=True, range_low=5.0, range_high=40.0)
    found = graded([baseline, row(50, **more)])
    assert found.select("grade_low", "grade_high", "grade_reason").row(1) == expected


@pytest.mark.parametrize(
    ("value", "more", "expected"),
    [
        (900.0, {"usable": False}, (None, None, "specimen not to be evaluated")),
        (900.0, {"material": "URINE"}, (None, None, "specimen of URINE: the criteria are of blood")),
        (900.0, {"material": ""}, (None, None, "no baseline")),
        (900.0, {"test_code": "CD19_ABS"}, (None, None, "no criteria for this test")),
        (None, {}, (None, None, "no value")),
        (900.0, {"flag_high": None}, (None, None, "no ULN, no baseline")),
        (4.0, {"test_code": "HGB", "unit": "apples"}, (None, None, "the criteria state no borders in apples")),
    ],
)
def test_what_has_no_grade_says_why(value, more, expected):
    found = graded([approved(value, 10, 60, "HIGH", **more)] if "flag_high" not in more else [row(value)])
    assert found.select("grade_low", "grade_high", "grade_reason").row(0) == expected


def test_a_baseline_in_another_unit_is_none():
    rows = [approved(1.3, 0.1, 1.0, "HIGH", is_baseline=True, unit="ukat/L"), approved(160, 10, 60, "HIGH")]
    assert graded(rows)["grade_reason"][1] == "no baseline"


@pytest.mark.parametrize(
    ("value", "qualifier", "expected"),
    [
        (3.2, "=", ("Hypokalemia", 1, 2)),
        (4.0, "=", ("Hypokalemia / Hyperkalemia", 0, 0)),
        (6.5, "=", ("Hyperkalemia", 3, 3)),
        (3.0, "<", ("Hypokalemia", 3, 4)),
        (5.2, ">", ("Hyperkalemia", 1, 4)),
    ],
)
def test_two_directions_are_one_grade(value, qualifier, expected):
    rows = [approved(value, 3.5, 5.1, "", test_code="K", unit="mmol/L", qualifier=qualifier)]
    assert graded(rows).select("grade_term", "grade_low", "grade_high").row(0) == expected


def test_version_6_names_platelets_otherwise():
    for value, expected in ((40.0, (3, 3)), (20.0, (4, 3))):
        rows = [approved(value, 150.0, 400.0, "LOW", test_code="PLAT", unit="GI/L")]
        assert tuple(graded(rows, version)["grade_low"][0] for version in ("5", "6")) == expected
    assert graded(rows, "6")["grade_term"][0] == "Thrombocytopenia"


def test_nothing_in_is_nothing_out_with_the_same_columns():
    found = graded([])
    assert found.schema == {**SCHEMA, **GRADED}
    with pytest.raises(ParameterError, match=r"\[ctcae-version\]"):
        graded([row(1.0)], version="3")
