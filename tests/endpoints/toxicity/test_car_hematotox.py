"""CAR-HEMATOTOX: borders of every item, missing values, against the table read again."""

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.errors import ParameterError
from cart.endpoints.toxicity.car_hematotox import ITEMS, car_hematotox

WELL = {"platelets": 200.0, "anc": 3000.0, "hemoglobin": 12.0, "crp": 0.5, "ferritin": 100.0}
POINTS = {
    "platelets": {175.1: 0, 175: 1, 75: 1, 74.9: 2, 0: 2},
    "anc": {1200: 0, 1199: 1},
    "hemoglobin": {9.0: 0, 8.9: 1},
    "crp": {2.9: 0, 3.0: 1},
    "ferritin": {649: 0, 650: 1, 2000: 1, 2001: 2},
}


def scored(*rows):
    return car_hematotox(pl.DataFrame(rows, schema=dict.fromkeys(WELL, pl.Float64))).rows()


@pytest.mark.parametrize(
    ("name", "value", "points"), [(name, value, one) for name, of in POINTS.items() for value, one in of.items()]
)
def test_borders_of_an_item(name, value, points):
    category = "high" if points > 1 else "low"
    assert scored(WELL | {name: value}) == [(points, category, points, points, "")]


def test_items_add_up():
    rows = [dict(zip(POINTS, values, strict=True)) for values in itertools.product(*POINTS.values())]
    totals = [sum(POINTS[name][value] for name, value in row.items()) for row in rows]
    assert [one[0] for one in scored(*rows)] == totals
    assert max(totals) == 7
    assert [one[1] for one in scored(*rows)] == ["high" if total >= 2 else "low" for total in totals]


@pytest.mark.parametrize("name", list(WELL))
def test_a_missing_value_leaves_bounds_and_no_score(name):
    assert scored(WELL | {name: None}) == [(None, None, 0, max(POINTS[name].values()), f"no {ITEMS[name].word}")]


def test_nothing_known_is_from_0_to_7():
    assert scored(dict.fromkeys(WELL))[0][:4] == (None, None, 0, 7)
    assert scored() == []


@pytest.mark.parametrize("name", list(WELL))
def test_a_negative_value_is_refused(name):
    with pytest.raises(ParameterError, match=rf"{name} is a number from 0 on.*\[hematotox-value\]"):
        scored(WELL | {name: -0.1})


VALUES = st.fixed_dictionaries({name: st.sampled_from(list(of)) for name, of in POINTS.items()})


@settings(deadline=None)
@given(VALUES, st.sampled_from(list(WELL)))
def test_a_worse_value_never_lowers_the_score(row, name):
    factor = 0.5 if ITEMS[name].low else 2
    before, after = scored(row, row | {name: row[name] * factor})
    assert after[0] >= before[0]
