"""CTCAE grades: published cases, censored values, missing limits, an independent reading."""

import math
import random

import polars as pl
import pytest

from cart.endpoints.ctcae import criterion_of, ctcae_grades
from cart.endpoints.ctcae_criteria import CRITERIA
from cart.endpoints.errors import ParameterError

SCHEMA = {
    "qualifier": pl.String,
    **dict.fromkeys(["value", "lloq", "lln", "uln", "baseline"], pl.Float64),
}


def frame(*rows, flagged=False):
    schema = {**SCHEMA, **({"baseline_flag": pl.String} if flagged else {}), "with_finding": pl.Boolean}
    return pl.DataFrame([{**dict.fromkeys(schema), "qualifier": "=", **row} for row in rows], schema=schema)


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


def test_a_unit_without_borders_is_not_evaluable_on_every_row():
    found = ctcae_grades(frame({"value": 1}, {"value": 2}), version="5", term="Anemia", unit="apples")
    assert found.rows() == [(None, None, "the criteria state no borders in apples")] * 2
    assert ctcae_grades(frame(), version="5", term="Anemia", unit="apples").height == 0


@pytest.mark.parametrize(
    ("version", "term"), [("3", "Anemia"), ("6", "CPK increased"), ("5", "Hyperglycemia"), ("5", "anemia")]
)
def test_unknown_version_or_term_is_refused(version, term):
    with pytest.raises(ParameterError, match=r"\[ctcae-(version|term)\]"):
        criterion_of(version=version, term=term)


def slow_grade(version, term, row):
    """The criteria read plainly, for one exact value with every limit and the finding known."""
    criterion = CRITERIA[version][term]
    value, limits = row["value"], {"number": 1.0, "LLN": row["lln"], "ULN": row["uln"], "baseline": row["baseline"]}

    def beyond(factor, of, itself, plus=0.0):
        limit = factor * limits[of] + plus
        if math.isclose(value, limit):
            return itself
        return value < limit if criterion.low else value > limit

    ladder = criterion.found if criterion.found and row["with_finding"] else criterion.ladder
    if criterion.abnormal is not None:
        raised = row["baseline"] > row["uln"] if criterion.abnormal_of == "ULN" else row["baseline"] < row["lln"]
        ladder = criterion.abnormal if raised else ladder
    grade = 0
    for number, borders in enumerate(ladder, start=1):
        for border in borders:
            if beyond(border.factor, border.of, border.itself, border.plus) and (
                not border.given or beyond(1, border.given, False)
            ):
                grade = number
    return grade


@pytest.mark.parametrize(
    ("value", "baseline", "expected"),
    [(170, 150, 1), (180, 150, 1), (180.1, 150, 2), (200.1, 150, 3), (160, 150, 0), (190, 185, 1), (225.1, 185, 3)],
)
def test_hemoglobin_counts_what_is_above_the_limit_or_above_a_raised_baseline(value, baseline, expected):
    assert grade("Hemoglobin increased", value=value, uln=160, baseline=baseline)[:2] == (expected, expected)
    per_dl = frame({"value": value / 10, "uln": 16, "baseline": baseline / 10})
    assert ctcae_grades(per_dl, version="4", term="Hemoglobin increased", unit="g/dL").row(0)[0] == expected


def some_rows(criterion, chance, count):
    """Rows about the borders of a criterion."""
    numbers = [b.factor for ladder in criterion.ladders() for borders in ladder for b in borders if b.of == "number"]
    scale = chance.choice(numbers) if numbers else 40.0
    lln, uln = 2.0 * scale, 3.0 * scale
    for _ in range(count):
        near = chance.choice([0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 5, 10, 20]) * chance.choice([1, lln, uln])
        value = round(near * chance.choice([1, chance.uniform(0.8, 1.2)]), 3)
        if criterion.ends is None or value >= criterion.ends:
            baseline = round(uln * chance.uniform(0.1, 3), 3)
            yield {"value": value, "lln": lln, "uln": uln, "baseline": baseline, "with_finding": chance.random() < 0.5}


@pytest.mark.parametrize("version", CRITERIA)
def test_exact_and_censored_values_agree_with_a_plain_reading(version):
    chance = random.Random(7)
    for term, criterion in CRITERIA[version].items():
        rows = list(some_rows(criterion, chance, 80))
        found = ctcae_grades(frame(*rows), version=version, term=term)
        wanted = [slow_grade(version, term, row) for row in rows]
        assert found["low"].to_list() == found["high"].to_list() == wanted, term
        # Where nothing is said of the finding, both readings lie inside.
        open_rows = ctcae_grades(frame(*({**row, "with_finding": None} for row in rows)), version=version, term=term)
        for row, (low, high, _) in zip(rows, open_rows.rows(), strict=True):
            assert {low, high} == {slow_grade(version, term, {**row, "with_finding": f}) for f in (False, True)}, term
        for qualifier in "<>":
            bounds = ctcae_grades(frame(*({**r, "qualifier": qualifier} for r in rows)), version=version, term=term)
            for row, (low, high, reason) in zip(rows, bounds.rows(), strict=True):
                if reason.startswith("below"):
                    continue
                reach = [row["value"] * f for f in ((0, 0.2, 0.7, 0.999999) if qualifier == "<" else (1.000001, 2, 60))]
                inside = [slow_grade(version, term, {**row, "value": value}) for value in reach]
                assert low <= min(inside), (term, row)
                assert max(inside) <= high, (term, row)


@pytest.mark.parametrize("version", CRITERIA)
def test_a_criterion_in_another_unit_grades_the_same_quantity_alike(version):
    """The units are one ladder each, written by hand: a slip in one of them shows against the others."""
    factors = {
        ("10*9/L", "/uL"): 1000,
        ("g/L", "g/dL"): 0.1,
        ("mmol/L", "meq/L"): 1,
        ("mmol/L", "umol/L"): 1000,
        ("g/L", "mg/dL"): 100,
    }
    molar = {"Anemia": 1 / 16.114, "Cholesterol high": 38.67, "Hypertriglyceridemia": 88.57, "Hyperuricemia": 16.81,
             "Hyperglycemia": 18.016, "Hyperglycemia (Fasting)": 18.016, "Hypoglycemia": 18.016,
             "Hypocalcemia": 4.008, "Hypercalcemia": 4.008, "Hypophosphatemia": 3.097,
             "Hypomagnesemia": 2.431, "Hypermagnesemia": 2.431}  # fmt: skip
    compared = 0
    for term, criterion in CRITERIA[version].items():
        for unit, other in criterion.elsewhere.items():
            factor = factors.get((criterion.unit, unit)) or molar[term]
            for own, same in zip(criterion.ladders(), other.ladders(), strict=True):
                for borders, alike in zip(own, same, strict=True):
                    for one, two in zip(borders, alike, strict=True):
                        assert (one.of, one.itself, one.given) == (two.of, two.itself, two.given)
                        if one.of == "number":
                            assert two.factor == pytest.approx(one.factor * factor, rel=0.1), (term, unit)
                            compared += 1
    assert compared > 40


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("g/dL", 9.9, (2, 2, "")),
        ("g/L", 99, (2, 2, "")),
        ("mmol/L", 6.1, (2, 2, "")),
        ("", 99, (2, 2, "")),
        ("mg/mL", 99, (None, None, "the criteria state no borders in mg/mL")),
    ],
)
def test_borders_are_those_of_the_unit_and_nothing_is_converted(unit, value, expected):
    rows = frame({"value": value, "lln": 200})
    assert ctcae_grades(rows, version="5", term="Anemia", unit=unit).row(0) == expected


@pytest.mark.parametrize(
    ("version", "term", "row", "expected"),
    [
        ("5", "Lipase increased", {"value": 150, "uln": 50}, (2, 3, "depends on signs or symptoms: grade 2 to 3")),
        ("5", "Lipase increased", {"value": 150, "uln": 50, "with_finding": False}, (2, 2, "")),
        ("5", "Lipase increased", {"value": 300, "uln": 50, "with_finding": True}, (4, 4, "")),
        ("6", "Lipase increased", {"value": 150, "uln": 50}, (2, 2, "")),
        ("4", "Lipase increased", {"value": 150, "uln": 50}, (3, 3, "")),
        ("4", "Hypokalemia", {"value": 3.2, "lln": 3.5}, (1, 2, "depends on signs or symptoms: grade 1 to 2")),
        ("4", "Hypokalemia", {"value": 2.9, "lln": 3.5}, (3, 3, "")),
        ("5", "Hyponatremia", {"value": 127, "lln": 135}, (2, 3, "depends on signs or symptoms: grade 2 to 3")),
        ("5", "Hyponatremia", {"value": 124, "lln": 135}, (3, 3, "")),
        ("4", "Hyponatremia", {"value": 127, "lln": 135}, (3, 3, "")),
        ("5", "INR increased", {"value": 1.6, "with_finding": False}, (2, 2, "")),
        ("5", "INR increased", {"value": 1.6, "baseline": 1.1}, (2, 2, "")),
        ("5", "INR increased", {"value": 1.6, "baseline": 1.0, "with_finding": True}, (2, 2, "")),
        ("5", "INR increased", {"value": 1.1, "baseline": 1.0}, (0, 1, "depends on anticoagulation: grade 0 to 1")),
        ("5", "INR increased", {"value": 1.6}, (None, None, "no baseline")),
        ("5", "Fibrinogen decreased", {"value": 1.9, "lln": 2.0, "baseline": 4.0}, (3, 3, "")),
        ("5", "Fibrinogen decreased", {"value": 2.1, "lln": 2.0, "baseline": 8.4}, (0, 0, "")),
        ("4", "Fibrinogen decreased", {"value": 2.1, "lln": 2.0, "baseline": 8.4}, (4, 4, "")),
        ("4", "Fibrinogen decreased", {"value": 0.49}, (4, 4, "")),
        ("6", "Creatinine increased", {"value": 80, "lln": 50, "uln": 100, "baseline": 40}, (2, 2, "")),
        ("6", "Creatinine increased", {"value": 95, "lln": 50, "uln": 100, "baseline": 60}, (0, 0, "")),
        ("5", "Creatinine increased", {"value": 95, "lln": 50, "uln": 100, "baseline": 60}, (2, 2, "")),
        ("6", "Alkaline phosphatase increased", {"value": 150, "uln": 100, "baseline": 160}, (0, 0, "")),
        ("6", "Alkaline phosphatase increased", {"value": 150, "uln": 100, "baseline": 90}, (1, 1, "")),
        ("6", "Creatinine clearance decreased", {"value": 25}, (3, 3, "")),
        ("6", "Creatinine clearance decreased", {"value": 26}, (2, 2, "")),
        (
            "6",
            "Creatinine clearance decreased",
            {"value": 9},
            (None, None, "below 10 the criteria name no grade"),
        ),
        ("6", "Thrombocytopenia", {"value": 120, "lln": 150}, (1, 1, "")),
        ("6", "Thrombocytopenia", {"value": 49, "lln": 150}, (3, 3, "")),
        ("4", "Hypophosphatemia", {"value": 0.7, "lln": 0.9}, (2, 2, "")),
        ("4", "Hyperglycemia", {"value": 9.5, "uln": 6.0}, (0, 2, "depends on fasting: grade 0 to 2")),
        ("4", "Hyperglycemia (Fasting)", {"value": 9.5, "uln": 6.0}, (2, 2, "")),
        ("5", "Hyperuricemia", {"value": 500, "uln": 400}, (1, 3, "depends on physiologic consequences: grade 1 to 3")),
    ],
)
def test_versions_are_kept_apart_and_findings_are_not_guessed(version, term, row, expected):
    assert grade(term, version, **row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"baseline": 80, "baseline_flag": "HIGH"}, (1, 1, "")),
        # By the range in force at the baseline it was normal; the row's own limit is another.
        ({"baseline": 80, "baseline_flag": "NORMAL"}, (2, 2, "")),
        ({"baseline": 80, "baseline_flag": ""}, (1, 2, "depends on whether the baseline was abnormal: grade 1 to 2")),
        # A baseline of <10 is no number, and known to be normal.
        ({"baseline": None, "baseline_flag": "NORMAL"}, (2, 2, "")),
    ],
)
def test_the_flag_of_the_baseline_decides_where_it_is_given(row, expected):
    term = "Alanine aminotransferase increased"
    found = ctcae_grades(frame({"value": 160, "uln": 40, **row}, flagged=True), version="5", term=term).row(0)
    assert found == expected


def test_each_row_is_graded_by_itself():
    rows = frame(*({"value": v, "lln": 1.8} for v in (0.2, 0.7, 1.2, 1.7, 2.0)))
    forward = ctcae_grades(rows, version="5", term="Neutrophil count decreased")
    assert forward["low"].to_list() == [4, 3, 2, 1, 0]
    backward = ctcae_grades(rows.reverse(), version="5", term="Neutrophil count decreased")
    assert backward.rows() == forward.reverse().rows()
    assert ctcae_grades(rows.clear(), version="5", term="Anemia").height == 0
