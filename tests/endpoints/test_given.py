"""What rows may hold."""

import polars as pl
import pytest

from cart.endpoints.errors import ParameterError
from cart.endpoints.given import check_numbers, check_whole, check_words, missing


def test_words_of_the_scale_and_null_pass():
    rows = pl.DataFrame({"side": ["left", None]})
    check_words(rows, "side", ("left", "right"), "[side]")
    with pytest.raises(ParameterError, match=r"side is one of right; found 'left'\. Correct the rows\. \[side\]"):
        check_words(rows, "side", ("right",), "[side]")


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), float("inf")])
def test_numbers_outside_and_no_numbers_are_refused(wrong):
    check_numbers(pl.DataFrame({"share": [0.0, 1.0, None]}), "share", low=0, high=1, what="a share", code="[share]")
    with pytest.raises(ParameterError, match=r"share is a share; found .*\[share\]"):
        check_numbers(pl.DataFrame({"share": [wrong]}), "share", low=0, high=1, what="a share", code="[share]")


def test_whole_numbers_pass():
    check_whole(pl.DataFrame({"days": [0, 31, None]}), "days", high=31, code="[days]")
    with pytest.raises(ParameterError, match=r"days is a whole number from 0 to 31; found 0\.5"):
        check_whole(pl.DataFrame({"days": [0.5]}), "days", high=31, code="[days]")


def test_what_is_missing_is_named_in_its_order():
    rows = pl.DataFrame({"a": [1, None], "b": [None, None]})
    words = rows.select(missing({"b": "second", "a": "first"}).alias("said"))["said"].to_list()
    assert words == ["no second", "no second, no first"]
