"""B-lines: total, zones not examined, and what they suggest."""

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.disease.ultrasound import MOST_B_LINES, ZONES, b_lines
from cart.endpoints.errors import ParameterError

NAMES = [zone.name for zone in ZONES]


def found(lines, **rule):
    rows = pl.DataFrame([lines], schema=dict.fromkeys(NAMES, pl.Int64), orient="row")
    return b_lines(rows, **rule).row(0, named=True)


def test_there_are_seven_zones_on_each_side():
    assert len(set(NAMES)) == 14
    assert sum(name.startswith("right") for name in NAMES) == 7


@pytest.mark.parametrize(("lines", "suggested"), [(9, False), (10, True), (0, False), (50, True)])
def test_ten_lines_suggest_ild(lines, suggested):
    row = found([lines] + [0] * 13)
    assert (row["total"], row["suggests_ild"], row["reason"]) == (lines, suggested, "")


def test_a_zone_that_was_not_examined_leaves_the_total_missing_and_enough_lines_decide_all_the_same():
    open_row = found([None, 4] + [0] * 12)
    assert (open_row["total"], open_row["suggests_ild"], open_row["reason"]) == (None, None, "no right 1")
    assert (open_row["total_low"], open_row["total_high"]) == (4, 4 + MOST_B_LINES)
    decided = found([None, 11] + [0] * 12)
    assert (decided["total"], decided["suggests_ild"]) == (None, True)


def test_the_limit_is_a_parameter():
    assert found([5] + [0] * 13, ild_from=5)["suggests_ild"] is True


@pytest.mark.parametrize("wrong", [-1, 51])
def test_lines_outside_their_range_are_refused(wrong):
    with pytest.raises(ParameterError, match="right 1"):
        found([wrong] + [0] * 13)


@given(st.lists(st.none() | st.integers(0, MOST_B_LINES), min_size=14, max_size=14), st.integers(1, 40))
def test_a_missing_zone_never_decides_against_what_it_could_be(lines, limit):
    row = found(lines, ild_from=limit)
    filled = (sum(end if one is None else one for one in lines) for end in (0, MOST_B_LINES))
    answers = {total >= limit for total in filled}
    assert row["suggests_ild"] == (answers.pop() if len(answers) == 1 else None)


@given(st.permutations(range(14)))
def test_order_of_the_zones_does_not_matter(order):
    lines = [0, 1, 2, 0, 0, 3, 0, 0, 1, 0, 0, 2, 0, 0]
    assert found([lines[place] for place in order])["total"] == sum(lines)


def test_agrees_with_counting_for_every_pair_of_zones():
    for first, second in itertools.product((0, 4, 5, 6), repeat=2):
        row = found([first, second] + [0] * 12)
        assert (row["total"], row["suggests_ild"]) == (first + second, first + second >= 10)
