"""mRSS: total, missing sites, and change."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.disease.skin import SITES, mrss_change, mrss_total
from cart.endpoints.errors import ParameterError

NAMES = [site.name for site in SITES]


def total(scores):
    rows = pl.DataFrame([scores], schema=dict.fromkeys(NAMES, pl.Int64), orient="row")
    return mrss_total(rows).row(0, named=True)


def change(base, later):
    rows = pl.DataFrame(
        {"mrss_base": [base], "mrss_fu": [later]}, schema_overrides=dict.fromkeys(("mrss_base", "mrss_fu"), pl.Float64)
    )
    return mrss_change(rows).row(0, named=True)


def test_there_are_17_sites_and_51_points():
    assert len(set(NAMES)) == 17
    assert total([3] * 17)["total"] == 51
    assert total([0] * 17)["total"] == 0


@given(st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=17, max_size=17))
def test_total_is_the_sum_or_missing(scores):
    found = total(scores)
    known = [score for score in scores if score is not None]
    lacking = len(scores) - len(known)
    assert (found["total_low"], found["total_high"]) == (sum(known), sum(known) + 3 * lacking)
    assert found["total"] == (None if lacking else sum(known))
    assert (found["reason"] == "") is (lacking == 0)


def test_reason_names_the_sites():
    scores = [1] * 17
    scores[NAMES.index("chest")] = scores[NAMES.index("left_hand")] = None
    assert total(scores)["reason"] == "no chest, left hand"


@pytest.mark.parametrize("score", [4, -1])
def test_impossible_score_is_refused(score):
    with pytest.raises(ParameterError, match=r"\[disease-value\]"):
        total([score] + [0] * 16)


def test_half_a_score_is_refused():
    with pytest.raises(ParameterError, match=r"whole number.*\[disease-value\]"):
        mrss_total(pl.DataFrame({name: [0.5] for name in NAMES}))


@pytest.mark.parametrize(
    ("base", "later", "result", "mcid"),
    [
        (24, 18, "improvement", True),
        (20, 15, "stable", True),
        (20, 16, "stable", False),
        (30, 23, "stable", True),
        (28, 21, "improvement", True),
        (20, 26, "progression", False),
        (20, 25, "stable", False),
        (28, 34, "stable", False),
        (0, 6, "progression", False),
        (0, 5, "stable", False),
        (0, 0, "stable", False),
        (51, 0, "improvement", True),
    ],
)
def test_change_and_its_borders(base, later, result, mcid):
    found = change(base, later)
    assert (found["change"], found["result"], found["mcid"], found["reason"]) == (later - base, result, mcid, "")


def test_per_cent_of_nothing_is_missing():
    assert change(0, 6)["change_pct"] is None
    assert change(24, 18)["change_pct"] == -25


@pytest.mark.parametrize(("base", "later", "reason"), [(None, 9, "no mRSS at baseline"), (9, None, "no mRSS")])
def test_missing_total_has_no_change(base, later, reason):
    found = change(base, later)
    assert (found["change"], found["result"], found["mcid"], found["reason"]) == (None, None, None, reason)
