"""Files of cases: every kind through its kernel, and that a wrong number is not taken for a right one."""

import math

import pytest

from cart.endpoints.vectors.case_files import CaseFileError, agrees, evaluate_file, number
from cart.endpoints.vectors.catalogue import CASE_RULES, case_rule
from tests.endpoints.vectors.folder import FOLDER, needs_folder


@needs_folder
@pytest.mark.parametrize("name", sorted(CASE_RULES))
def test_every_case_agrees(name):
    outcome = evaluate_file(FOLDER / f"{name}.csv", case_rule(name))
    assert outcome.differences == ()


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("10.0", 10.0),
        ("10", 10),
        ("14.833333", 89 / 6),
        ("0.9728", 0.97284),
        ("1e-3", 0.001),
        ("1.5E2", 150.0),
        ("NA", None),
        ("", math.nan),
        ("Inf", math.inf),
        ("TRUE", True),
        ("0", False),
        ("low", "low"),
        (".5", 0.5),
    ],
)
def test_what_agrees(expected, found):
    assert agrees(expected, found)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("10.0", 10.04),
        ("9.9", 9.91),
        ("0.9728", 0.97286),
        ("14.833333", 14.8333339),
        ("", 0.0),
        ("NA", "yes"),
        ("0", None),
        ("1", False),
        ("yes", True),
        ("low", "high"),
        ("1e-3", 0.0011),
        ("-Inf", math.inf),
        ("ten", 10.0),
    ],
)
def test_what_differs(expected, found):
    assert not agrees(expected, found)


def written(tmp_path, text, name="igg_passive_decay"):
    path = tmp_path / f"{name}.csv"
    path.write_text(text)
    return path


def test_a_difference_names_line_column_and_both_values(tmp_path):
    path = written(tmp_path, "day,half_life_d,fraction_remaining,log2_change\n7,7,0.5,-1\n7,7,0.6,-1\n7,x,0.5,-1\n")
    outcome = evaluate_file(path, case_rule(path.stem))
    assert (outcome.cases, outcome.agreeing, outcome.differing) == (3, 1, 2)
    first, second = outcome.differences
    assert (first.line, first.column, first.expected, first.found) == (3, "fraction_remaining", "0.6", "0.5")
    assert (second.line, second.column) == (4, "")
    assert second.found.endswith("[case-value]")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("day,half_life_d,fraction_remaining\n", r"lacks log2_change\. \[case-columns\]"),
        ("", r"\[case-columns\]"),
        ("day,half_life_d,fraction_remaining,log2_change\n7,7\n", r"line 2 has more or fewer\. \[case-file\]"),
        ("day,half_life_d,fraction_remaining,log2_change\n7,7,1,1,1\n", r"\[case-file\]"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, text, code):
    path = written(tmp_path, text)
    with pytest.raises(CaseFileError, match=code):
        evaluate_file(path, case_rule(path.stem))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "igg_passive_decay.csv"
    path.write_bytes(b"day,half_life_d\xff\n")
    with pytest.raises(CaseFileError, match=r"\[case-file\]"):
        evaluate_file(path, case_rule(path.stem))
    with pytest.raises(CaseFileError, match=r"\[case-file\]"):
        evaluate_file(tmp_path / "none.csv", case_rule(path.stem))


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(CaseFileError, match=r"bcell_depletion.*\[case-kind\]"):
        case_rule("astrology")


def test_a_number_is_a_number_or_nothing():
    assert (number("1.5"), number("NA"), number("")) == (1.5, None, None)
    with pytest.raises(ValueError, match=r"\[case-value\]"):
        number("<10")


def test_a_text_of_criteria_with_another_border_differs(tmp_path):
    head = "TERM,GRADE_1,GRADE_2,GRADE_3,GRADE_4,UNIT_CHECK,DIRECTION,version"
    right = "CPK increased,>ULN - 2.5 x ULN,>2.5 - 5 x ULN,>5 - 10 x ULN,>10 x ULN,NA,H,5.0"
    wrong = "CPK increased,>ULN - 2.5 x ULN,>2.5 - 5 x ULN,>6 - 10 x ULN,>10 x ULN,NA,L,5.0"
    path = written(tmp_path, f"{head}\n{right}\n{wrong}\n", "ctcae_lab_criteria")
    outcome = evaluate_file(path, case_rule(path.stem))
    assert [(one.line, one.column, one.found) for one in outcome.differences] == [
        (3, "GRADE_3", "5 x ULN"),
        (3, "DIRECTION", "H"),
    ]
