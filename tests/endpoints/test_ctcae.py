"""CTCAE grades and range flags: published cases, censored values, missing limits, an independent reading."""

import math
import random

import polars as pl
import pytest

from cart.endpoints.ctcae import criterion_of, ctcae_grades, range_flags
from cart.endpoints.ctcae_criteria import CRITERIA
from cart.endpoints.errors import ParameterError

SCHEMA = {
    "qualifier": pl.String,
    **dict.fromkeys(["value", "lloq", "lln", "uln", "baseline"], pl.Float64),
}


def frame(*rows):
    return pl.DataFrame([{**dict.fromkeys(SCHEMA), "qualifier": "=", **row} for row in rows], schema=SCHEMA)


def grade(term, version="5", **row):
    return ctcae_grades(frame(row), version=version, term=term).row(0)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"qualifier": "<", "value": 0.5, "lln": 1.8}, (4, 4, "")),
        ({"qualifier": "<", "value": 0.6, "lln": 1.8}, (3, 4, "censored: grade 3 to 4")),
        ({"qualifier": "<", "value": 10, "lln": 1.8}, (0, 4, "censored: grade 0 to 4")),
        ({"qualifier": ">", "value": 1.8, "lln": 1.8}, (0, 0, "")),
        ({"qualifier": ">", "value": 0.9, "lln": 1.8}, (0, 3, "censored: grade 0 to 3")),
        ({"value": 0.3, "lloq": 0.5, "lln": 1.8}, (4, 4, "")),
        ({"value": 0.3}, (4, 4, "")),
        ({"value": 1.6}, (None, None, "no LLN")),
        ({"value": None, "lln": 1.8}, (None, None, "no value")),
    ],
)
def test_a_value_is_an_interval_and_a_missing_limit_is_a_reason(row, expected):
    assert grade("Neutrophil count decreased", **row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"qualifier": ">", "value": 800, "uln": 40, "baseline": 30}, (4, 4, "")),
        ({"qualifier": ">", "value": 700, "uln": 40, "baseline": 30}, (3, 4, "censored: grade 3 to 4")),
        ({"qualifier": "<", "value": 40, "uln": 40, "baseline": 30}, (0, 0, "")),
        # At 1.5 times a raised baseline grade 1 begins; below 120 is below it with every value.
        ({"qualifier": "<", "value": 120, "uln": 40, "baseline": 80}, (0, 0, "")),
        ({"value": 120, "uln": 40, "baseline": 80}, (1, 1, "")),
        ({"value": 100, "uln": 40}, (None, None, "no baseline")),
        ({"value": 20, "uln": 40, "baseline": 30}, (0, 0, "")),
        ({"value": 100, "baseline": 30}, (None, None, "no ULN")),
    ],
)
def test_a_raised_baseline_takes_the_place_of_the_limit(row, expected):
    assert grade("Alanine aminotransferase increased", **row) == expected


def test_a_border_that_binary_numbers_miss_is_met():
    assert 3 * 0.1 > 0.3
    assert grade("Blood bilirubin increased", value=0.3, uln=0.1, baseline=0.05)[0] == 2


@pytest.mark.parametrize(("version", "term"), [("3", "Anemia"), ("6", "Hypokalemia"), ("5", "anemia")])
def test_unknown_version_or_term_is_refused(version, term):
    with pytest.raises(ParameterError, match=r"\[ctcae-(version|term)\]"):
        criterion_of(version=version, term=term)


def slow_grade(version, term, value, lln, uln, baseline):
    """The criteria read plainly, for one exact value; None where a limit that matters is missing."""
    criterion = CRITERIA[version][term]
    limits = {"number": 1.0, "LLN": lln, "ULN": uln, "baseline": baseline}
    ladder = criterion.ladder
    if criterion.abnormal is not None and baseline > uln:
        ladder = criterion.abnormal
    grade = 0
    for number, borders in enumerate(ladder, start=1):
        for border in borders:
            limit = border.factor * limits[border.of]
            beyond = value < limit if criterion.low else value > limit
            if border.itself if math.isclose(value, limit) else beyond:
                grade = number
    return grade


@pytest.mark.parametrize("version", CRITERIA)
def test_exact_and_censored_values_agree_with_a_plain_reading(version):
    chance = random.Random(7)
    for term, criterion in CRITERIA[version].items():
        scale = next(b.factor for borders in criterion.ladder[1:] for b in borders)
        lln, uln = 2.0 * scale, 3.0 * scale
        rows = []
        for _ in range(60):
            value = round(scale * chance.choice([0.1, 0.5, 1, 1.5, 2, 2.5, 3, 5, 12, 30, 90]) * chance.random() * 2, 3)
            rows.append({"value": value, "lln": lln, "uln": uln, "baseline": round(uln * chance.uniform(0.3, 3), 3)})
        found = ctcae_grades(frame(*rows), version=version, term=term)
        wanted = [slow_grade(version, term, r["value"], r["lln"], r["uln"], r["baseline"]) for r in rows]
        assert found["low"].to_list() == found["high"].to_list() == wanted, term
        for qualifier in "<>":
            bounds = ctcae_grades(frame(*({**r, "qualifier": qualifier} for r in rows)), version=version, term=term)
            for row, (low, high, _) in zip(rows, bounds.rows(), strict=True):
                reach = [row["value"] * f for f in ((0, 0.2, 0.7, 0.999999) if qualifier == "<" else (1.000001, 2, 60))]
                inside = [slow_grade(version, term, v, row["lln"], row["uln"], row["baseline"]) for v in reach]
                assert low <= min(inside), (term, row)
                assert max(inside) <= high, (term, row)


def test_each_row_is_graded_by_itself():
    rows = frame(*({"value": v, "lln": 1.8} for v in (0.2, 0.7, 1.2, 1.7, 2.0)))
    forward = ctcae_grades(rows, version="5", term="Neutrophil count decreased")
    assert forward["low"].to_list() == [4, 3, 2, 1, 0]
    backward = ctcae_grades(rows.reverse(), version="5", term="Neutrophil count decreased")
    assert backward.rows() == forward.reverse().rows()
    assert ctcae_grades(rows.clear(), version="5", term="Anemia").height == 0


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"value": 5, "lln": 5, "uln": 9}, ("NORMAL", "")),
        ({"value": 9, "lln": 5, "uln": 9}, ("NORMAL", "")),
        ({"value": 4.9, "lln": 5, "uln": 9}, ("LOW", "")),
        ({"value": 9.1, "lln": 5, "uln": 9}, ("HIGH", "")),
        ({"value": 4, "uln": 9}, ("NORMAL", "")),
        ({"qualifier": "<", "value": 5, "lln": 5, "uln": 9}, ("LOW", "")),
        ({"qualifier": "<", "value": 6, "lln": 5, "uln": 9}, ("", "censored: the interval crosses a limit")),
        ({"qualifier": "<", "value": 9, "uln": 9}, ("NORMAL", "")),
        ({"qualifier": ">", "value": 9, "lln": 5, "uln": 9}, ("HIGH", "")),
        ({"qualifier": ">", "value": 8, "lln": 5, "uln": 9}, ("", "censored: the interval crosses a limit")),
        ({"qualifier": ">", "value": 6, "lln": 5}, ("NORMAL", "")),
        ({"value": 2, "lloq": 4, "lln": 5, "uln": 9}, ("LOW", "")),
        ({"value": 5}, ("", "no reference range")),
        ({"value": None, "lln": 5}, ("", "no value")),
    ],
)
def test_a_flag_is_given_only_where_every_possible_value_has_it(row, expected):
    assert range_flags(frame(row)).row(0) == expected
