"""T-ICAHT: borders of days, what is not known, days of low platelets from counts."""

import polars as pl
import pytest

from cart.endpoints.errors import ParameterError
from cart.endpoints.toxicity.t_icaht import low_platelet_days, t_icaht_early

COUNTS = {"subject_id": pl.Int64, "day": pl.Int64, "qualifier": pl.String, "value": pl.Float64, "lloq": pl.Float64}


def graded(rows):
    return t_icaht_early(pl.DataFrame(rows, schema={"lt50": pl.Int64, "lt20": pl.Int64}, orient="row")).rows()


def read_in_the_table(lt50, lt20):
    if lt20 >= 14:
        return 4
    if lt20 >= 1:
        return 3
    return 2 if lt50 >= 7 else 1 if lt50 >= 1 else 0


ALL = [(lt50, lt20) for lt50 in range(32) for lt20 in range(lt50 + 1)]


def test_every_pair_of_days_has_the_grade_of_the_table():
    assert graded(ALL) == [(read_in_the_table(*days), read_in_the_table(*days), "") for days in ALL]


def test_missing_days_have_the_bounds_of_what_they_can_be():
    for known in range(32):
        below_20 = {read_in_the_table(lt50, lt20) for lt50, lt20 in ALL if lt50 == known}
        below_50 = {read_in_the_table(lt50, lt20) for lt50, lt20 in ALL if lt20 == known}
        (one, other) = graded([(known, None), (None, known)])
        assert one[:2] == (min(below_20), max(below_20))
        assert other[:2] == (min(below_50), max(below_50))
        assert one[2] == ("" if len(below_20) == 1 else "no days below 20")
    assert graded([(None, None)]) == [(None, None, "no days below 50, no days below 20")]
    assert graded([]) == []


@pytest.mark.parametrize("row", [(5, 6), (-1, 0), (32, 0)])
def test_days_that_cannot_be_are_refused(row):
    with pytest.raises(ParameterError, match=r"\[low-platelet-days\]"):
        graded([row])


def test_days_are_counted_with_recoveries_of_less_than_three():
    values = [49.0, 50, 50, 19, 20, 50, 50, 50, 49, 200]
    rows = [(1, day, "=", value, None) for day, value in enumerate(values)] + [(2, 0, "<", 20.0, None)]
    found = low_platelet_days(pl.DataFrame(rows, schema=COUNTS, orient="row"))
    assert found.rows() == [(1, 6, 1), (2, 1, 1)]
    with pytest.raises(ParameterError, match=r"\[low-counts\]"):
        low_platelet_days(pl.DataFrame([(1, 31, "=", 3.0, None)], schema=COUNTS, orient="row"))
