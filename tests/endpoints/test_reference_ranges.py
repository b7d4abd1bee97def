"""Which range holds: kit before any kit, sex before any sex, ages by year of birth, days, units."""

import datetime as dt

import polars as pl
import pytest

from cart.endpoints.reference_ranges import with_ranges

LEAP_DAY = dt.date(2024, 2, 29)
ROW = {
    "laboratory": "L", "analyte": "IGG", "kit": "A", "unit": "g/L", "sex": "F", "year_of_birth": 1980,
    "collected_on": dt.date(2024, 3, 1),
}  # fmt: skip
RANGE = {
    "range_id": 1, "laboratory": "L", "analyte": "IGG", "kit": "", "sex": "", "age_from": 0, "age_to": None,
    "valid_from": dt.date(2020, 1, 1), "valid_to": None, "range_unit": "g/L", "lln": 7.0, "uln": 16.0,
}  # fmt: skip
ROWS = {**dict.fromkeys(["laboratory", "analyte", "kit", "unit", "sex"], pl.String), "year_of_birth": pl.Int64}
RANGES = {
    "range_id": pl.Int64,
    **dict.fromkeys(["laboratory", "analyte", "kit", "sex"], pl.String),
    **dict.fromkeys(["age_from", "age_to"], pl.Int64),
    **dict.fromkeys(["valid_from", "valid_to"], pl.Date),
    "range_unit": pl.String,
    **dict.fromkeys(["lln", "uln"], pl.Float64),
}


def held(row, *ranges):
    rows = pl.DataFrame([{**ROW, **row}], schema={**ROWS, "collected_on": pl.Date})
    frame = pl.DataFrame([{**RANGE, "range_id": n, **one} for n, one in enumerate(ranges, 1)], schema=RANGES)
    found = with_ranges(rows, frame).row(0, named=True)
    return found["range_id"], found["range_reason"]


@pytest.mark.parametrize(
    ("row", "ranges", "expected"),
    [
        ({}, [{}], (1, "")),
        ({}, [], (None, "no reference range")),
        ({}, [{"laboratory": "M"}, {"analyte": "IGA"}], (None, "no reference range")),
        ({}, [{}, {"kit": "A"}], (2, "")),
        ({}, [{}, {"kit": "B"}], (1, "")),
        ({}, [{"sex": "F"}, {"sex": "M"}, {}], (1, "")),
        ({"sex": "U"}, [{"sex": "F"}, {}], (2, "")),
        ({}, [{"sex": "F"}, {"kit": "A"}], (2, "")),
        ({}, [{"valid_to": LEAP_DAY}, {"valid_from": dt.date(2024, 3, 1)}], (2, "")),
        ({"collected_on": LEAP_DAY}, [{"valid_to": LEAP_DAY}, {"valid_from": dt.date(2024, 3, 1)}], (1, "")),
        ({"collected_on": dt.date(2019, 12, 31)}, [{}], (None, "no reference range")),
        ({"collected_on": None}, [{}], (None, "day of collection unknown")),
        ({"unit": "mg/dL"}, [{}], (None, "reference range in another unit")),
        # Born in 1980: 43 or 44 years old in 2024.
        ({}, [{"age_to": 43}, {"age_from": 43}], (2, "")),
        ({}, [{"age_to": 45}, {"age_from": 45}], (1, "")),
        ({}, [{"age_to": 44}, {"age_from": 44}], (None, "age group unknown from the year of birth")),
        ({}, [{"age_from": 44}], (None, "age group unknown from the year of birth")),
        ({"year_of_birth": None}, [{"age_from": 18}], (None, "no reference range")),
        ({"year_of_birth": None}, [{}], (1, "")),
    ],
)  # fmt: skip
def test_the_most_particular_range_holds(row, ranges, expected):
    assert held(row, *ranges) == expected


def test_rows_keep_their_order_and_their_columns():
    rows = pl.DataFrame(
        [{**ROW, "kit": kit, "mark": n} for n, kit in enumerate("BACAB")],
        schema={**ROWS, "collected_on": pl.Date, "mark": pl.Int64},
    )
    ranges = pl.DataFrame([{**RANGE, "kit": "A", "range_id": 5}], schema=RANGES)
    found = with_ranges(rows, ranges)
    assert found["mark"].to_list() == [0, 1, 2, 3, 4]
    assert found["range_id"].to_list() == [None, 5, None, 5, None]
    assert with_ranges(rows.clear(), ranges).height == 0
