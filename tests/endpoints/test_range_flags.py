"""Flags against a reference range: only where every possible value has the same."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.range_flags import range_flags

SCHEMA = {"qualifier": pl.String, **dict.fromkeys(["value", "lloq", "lln", "uln"], pl.Float64)}
CROSSES = "censored: the interval crosses a limit"


def flags(*rows):
    filled = [{**dict.fromkeys(SCHEMA), "qualifier": "=", **row} for row in rows]
    return range_flags(pl.DataFrame(filled, schema=SCHEMA)).rows()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"value": 5, "lln": 5, "uln": 9}, ("NORMAL", "")),
        ({"value": 9, "lln": 5, "uln": 9}, ("NORMAL", "")),
        ({"value": 4.9, "lln": 5, "uln": 9}, ("LOW", "")),
        ({"value": 9.1, "lln": 5, "uln": 9}, ("HIGH", "")),
        ({"value": 4, "uln": 9}, ("NORMAL", "")),
        ({"qualifier": "<", "value": 10, "lln": 12, "uln": 20}, ("LOW", "")),
        ({"qualifier": "<", "value": 10, "lln": 5, "uln": 20}, ("", CROSSES)),
        ({"qualifier": "<", "value": 5, "lln": 5, "uln": 9}, ("LOW", "")),
        ({"qualifier": "<", "value": 9, "uln": 9}, ("NORMAL", "")),
        ({"qualifier": ">", "value": 9, "lln": 5, "uln": 9}, ("HIGH", "")),
        ({"qualifier": ">", "value": 8, "lln": 5, "uln": 9}, ("", CROSSES)),
        ({"qualifier": ">", "value": 6, "lln": 5}, ("NORMAL", "")),
        ({"qualifier": ">", "value": 2, "uln": 9}, ("", CROSSES)),
        ({"qualifier": "<", "value": -2, "lln": -2, "uln": 2}, ("LOW", "")),
        ({"qualifier": "<", "value": -1, "lln": -2, "uln": 2}, ("", CROSSES)),
        ({"value": 2, "lloq": 4, "lln": 5, "uln": 9}, ("LOW", "")),
        ({"value": 5}, ("", "no reference range")),
        ({"value": None, "lln": 5}, ("", "no value")),
    ],
)
def test_a_flag_is_given_only_where_every_possible_value_has_it(row, expected):
    assert flags(row) == [expected]


def slow_flag(value, lln, uln):
    """The flag of one exact value."""
    if lln is not None and value < lln:
        return "LOW"
    return "HIGH" if uln is not None and value > uln else "NORMAL"


def some_values(row):
    """Values that a row can have, its ends and both sides of every limit inside among them."""
    value, lloq = row["value"], row["lloq"]
    if row["qualifier"] == ">":
        inside, holds = [value * 1.0001 + 0.0001, value + 1000], lambda found: found > value
    elif row["qualifier"] == "<" or (lloq is not None and value < lloq):
        top = max(value, lloq or 0)
        inside, holds = [0, top * 0.9999], lambda found: 0 <= found < top
    else:
        return [value]
    for limit in (row["lln"], row["uln"]):
        if limit is not None:
            inside += [
                found for found in (limit, math.nextafter(limit, -1), math.nextafter(limit, 1e9)) if holds(found)
            ]
    return [found for found in inside if holds(found)] or [value]


number = st.integers(1, 30).map(lambda n: n / 2)
rows = st.fixed_dictionaries(
    {
        "qualifier": st.sampled_from("<=>"),
        "value": number,
        "lloq": st.none() | number,
        "lln": st.none() | number,
        "uln": st.none() | st.integers(31, 60).map(lambda n: n / 2),
    }
)


@given(st.lists(rows, min_size=1, max_size=5))
def test_flags_are_those_of_a_plain_reading_of_every_possible_value(sample):
    for row, (flag, reason) in zip(sample, flags(*sample), strict=True):
        if row["lln"] is None and row["uln"] is None:
            assert (flag, reason) == ("", "no reference range")
            continue
        possible = {slow_flag(value, row["lln"], row["uln"]) for value in some_values(row)}
        assert flag == (possible.pop() if len(possible) == 1 else ""), row
        assert (flag == "") == (reason != "")


@given(st.lists(rows, min_size=2, max_size=6))
def test_each_row_is_flagged_by_itself_in_any_order(sample):
    assert flags(*reversed(sample)) == list(reversed(flags(*sample)))
