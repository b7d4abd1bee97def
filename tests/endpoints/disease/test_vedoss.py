"""VEDOSS: all 32 combinations, and missing flags."""

import itertools

import polars as pl
import pytest

from cart.endpoints.disease.vedoss import RED_FLAGS, vedoss_levels

NAMES = [flag.name for flag in RED_FLAGS]


def levels(*assessments):
    return vedoss_levels(pl.DataFrame(list(assessments), schema=dict.fromkeys(NAMES, pl.Boolean), orient="row"))


def test_all_32_combinations():
    for row in itertools.product([False, True], repeat=5):
        raynaud, puffy, ana, nailfold, antibody = row
        expected = 0
        if raynaud and puffy and ana:
            expected = 2 if nailfold or antibody else 1
        found = levels(row).row(0, named=True)
        assert (found["level"], found["red_flags"], found["reason"]) == (expected, sum(row), "")


@pytest.mark.parametrize(
    ("row", "low", "high"),
    [
        ((True, True, None, False, False), 0, 1),
        ((True, True, None, True, False), 0, 2),
        ((True, True, True, None, False), 1, 2),
        ((True, True, True, None, True), 2, 2),
        ((False, None, None, None, None), 0, 0),
        ((None, None, None, None, None), 0, 2),
    ],
)
def test_missing_flags_leave_bounds(row, low, high):
    found = levels(row).row(0, named=True)
    assert (found["level_low"], found["level_high"]) == (low, high)
    assert found["level"] == (low if low == high else None)
    assert found["red_flags"] is None
    assert found["reason"].startswith("no ")


def test_row_order_does_not_matter():
    rows = list(itertools.product([False, True, None], repeat=5))
    assert levels(*reversed(rows)).equals(levels(*rows).reverse())
