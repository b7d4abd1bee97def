"""EUSTAR activity: borders of each threshold, all combinations, missing items."""

import itertools

import polars as pl
import pytest

from cart.endpoints.disease.activity import ActivityIndex, eustar_activity
from cart.endpoints.errors import ParameterError

QUIET = {
    "delta_skin_worse": False,
    "mrss": 10.0,
    "digital_ulcers": False,
    "tendon_friction_rubs": False,
    "crp_mg_dL": 0.2,
    "dlco_pct": 85.0,
}


def activity(index=ActivityIndex(), **changes):  # noqa: B008
    return eustar_activity(pl.DataFrame([QUIET | changes]), index=index).row(0, named=True)


@pytest.mark.parametrize(
    ("changes", "score"),
    [
        ({}, 0),
        ({"delta_skin_worse": True}, 1.5),
        ({"mrss": 18.0}, 0),
        ({"mrss": 19.0}, 1.5),
        ({"digital_ulcers": True}, 1.5),
        ({"tendon_friction_rubs": True}, 2.25),
        ({"crp_mg_dL": 1.0}, 0),
        ({"crp_mg_dL": 1.01}, 2.25),
        ({"dlco_pct": 70.0}, 0),
        ({"dlco_pct": 69.9}, 1.0),
    ],
)
def test_each_item_and_its_border(changes, score):
    found = activity(**changes)
    assert (found["score"], found["active"], found["reason"]) == (score, False, "")


def test_all_64_combinations():
    values = [(False, True), (10.0, 19.0), (False, True), (False, True), (0.2, 1.1), (85.0, 60.0)]
    weights = (1.5, 1.5, 1.5, 2.25, 2.25, 1.0)
    for chosen in itertools.product((0, 1), repeat=6):
        row = dict(zip(QUIET, (pair[one] for pair, one in zip(values, chosen, strict=True)), strict=True))
        expected = sum(weight for weight, one in zip(weights, chosen, strict=True) if one)
        found = activity(**row)
        assert (found["score"], found["active"]) == (expected, expected >= 2.5)


def test_missing_item_leaves_bounds_and_the_answer_where_they_agree():
    found = activity(crp_mg_dL=None)
    assert (found["score_low"], found["score_high"], found["score"], found["active"]) == (0, 2.25, None, False)
    assert found["reason"] == "no CRP"
    found = activity(crp_mg_dL=None, dlco_pct=50.0)
    assert (found["score_low"], found["score_high"], found["active"]) == (1.0, 3.25, None)
    assert activity(crp_mg_dL=None, tendon_friction_rubs=True, dlco_pct=50.0)["active"] is True


def test_thresholds_are_parameters():
    assert activity(ActivityIndex(mrss_above=9), mrss=10.0)["score"] == 1.5


def test_impossible_skin_score_is_refused():
    with pytest.raises(ParameterError, match=r"\[disease-value\]"):
        activity(mrss=52.0)
