"""CRS by the ASTCT: every combination against the table read again, borders by missing components."""

import itertools

import polars as pl
import pytest

from cart.endpoints.errors import ParameterError
from cart.endpoints.toxicity.crs import BY_PROTOCOL, HYPOTENSION, HYPOXIA, crs_grades

TYPES = {"fever": pl.Boolean, "fever_waived": pl.Boolean, "hypotension": pl.String, "hypoxia": pl.String}


def graded(rows):
    return crs_grades(pl.DataFrame(rows, schema=TYPES, orient="row")).rows()


def read_in_the_table(fever, waived, hypotension, hypoxia):
    if not fever and not waived:
        return 0, 0
    if "multiple" in hypotension or hypoxia == "positive_pressure":
        return 4, 4
    if "one_pressor" in hypotension or "hfnc" in hypoxia:
        return 3, 3
    if hypotension == "no_pressor" or "low_flow" in hypoxia:
        return 2, 2
    return (1, 1) if fever else (0, 1)


COMPLETE = list(itertools.product((True, False), (True, False), HYPOTENSION, HYPOXIA))


def test_every_complete_assessment_has_the_grade_of_the_table():
    for given, (low, high, reason) in zip(COMPLETE, graded(COMPLETE), strict=True):
        assert (low, high) == read_in_the_table(*given), given
        assert reason == ("" if low == high else BY_PROTOCOL)


def test_a_missing_component_has_the_bounds_of_what_it_can_be():
    choices = ((True, False, None), (True, False, None), (*HYPOTENSION, None), (*HYPOXIA, None))
    rows = [row for row in itertools.product(*choices) if None in row and set(row) != {None}]
    for given, (low, high, reason) in zip(rows, graded(rows), strict=True):
        possible = [
            read_in_the_table(*filled)
            for filled in COMPLETE
            if all(one is None or one == other for one, other in zip(given, filled, strict=True))
        ]
        assert (low, high) == (min(one for one, _ in possible), max(one for _, one in possible)), given
        assert (reason == "") == (low == high)


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ((True, False, None, "positive_pressure"), (4, 4, "")),
        ((None, None, "none", "none"), (0, 1, "no fever, no treatment")),
        ((True, None, None, "none"), (1, 4, "no treatment, no hypotension")),
        ((False, False, None, None), (0, 0, "")),
        ((None,) * 4, (None, None, "no fever, no treatment, no hypotension, no hypoxia")),
    ],
)
def test_what_is_missing_is_said(row, answer):
    assert graded([row]) == [answer]


def test_death_of_the_syndrome_is_grade_5():
    rows = pl.DataFrame([(True, False, None, "none")] * 3, schema=TYPES, orient="row")
    found = crs_grades(rows.with_columns(died=pl.Series([True, False, None])))
    assert found["high"].to_list() == [5, 4, 4]
    assert found.row(0) == (5, 5, "")


def test_an_unknown_word_is_refused():
    with pytest.raises(ParameterError, match=r"hypoxia is one of none.*found 'cpap'.*\[crs-component\]"):
        graded([(True, False, "none", "cpap")])
    with pytest.raises(ParameterError, match=r"\[crs-component\]"):
        graded([(True, False, "shock", "none")])


def test_no_rows_have_no_grades():
    assert graded([]) == []
