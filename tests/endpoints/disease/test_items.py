"""Items of an index: types, ranges, and what is missing."""

import polars as pl
import pytest

from cart.endpoints.disease.items import Item, bounds, checked, decided, missing
from cart.endpoints.errors import FrameError, ParameterError

ITEMS = (Item("flag", "flag"), Item("score", "score", 0, 3, whole=True), Item("crp", "CRP", 0, 1000))


def rows(**changes):
    return pl.DataFrame({"flag": [True], "score": [2], "crp": [1.5]} | changes)


def test_numbers_become_floats_and_nulls_stay():
    taken = checked(rows(crp=[None], other=["x"]), ITEMS)
    assert taken.rows() == [(True, 2.0, None)]
    assert taken.dtypes == [pl.Boolean, pl.Float64, pl.Float64]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"score": [4]}, r"whole number from 0 to 3; found 4\. \[disease-value\]"),
        ({"score": [1.5]}, r"whole number from 0 to 3; found 1\.5\. \[disease-value\]"),
        ({"crp": [-0.1]}, r"CRP \(crp\) lies from 0 to 1000; found -0\.1\. \[disease-value\]"),
        ({"crp": [float("nan")]}, r"found nan\. \[disease-value\]"),
        ({"crp": [float("inf")]}, r"found inf\. \[disease-value\]"),
    ],
)
def test_impossible_numbers_are_refused(changes, said):
    with pytest.raises(ParameterError, match=said):
        checked(rows(**changes), ITEMS)


@pytest.mark.parametrize("changes", [{"flag": [1]}, {"flag": ["yes"]}, {"crp": ["1.5"]}, {"score": [True]}])
def test_other_types_are_refused(changes):
    with pytest.raises(FrameError, match=r"\[frame-type\]"):
        checked(rows(**changes), ITEMS)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(FrameError, match=r"column crp.*\[frame-column\]"):
        checked(rows().drop("crp"), ITEMS)


def test_missing_names_all_in_order():
    frame = checked(pl.DataFrame({"flag": [None, True], "score": [None, 1], "crp": [None, 0]}), ITEMS)
    assert frame.select(missing(ITEMS)).to_series().to_list() == ["no flag, score, CRP", ""]


def test_a_decision_stands_only_where_both_bounds_agree():
    frame = pl.DataFrame({"x": [True, False, None]})
    low, high = bounds(pl.col("x"))
    assert frame.select(decided(low, high)).to_series().to_list() == [True, False, None]
