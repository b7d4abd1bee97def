"""ACR/EULAR 2013: domains, the cut, and bounds where an item is missing."""

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.disease.classification import ITEMS, acr_eular_classification
from cart.endpoints.errors import FrameError

NAMES = [item.name for item in ITEMS]


def classified(**present):
    row = dict.fromkeys(NAMES, False) | present
    return acr_eular_classification(pl.DataFrame([row], schema=dict.fromkeys(NAMES, pl.Boolean))).row(0, named=True)


def slow_score(row):
    """The rule read off the table, item by item."""
    score = 9 if row["skin_prox_mcp"] else 0
    score += 4 if row["sclerodactyly"] else 2 if row["puffy"] else 0
    score += 3 if row["pitting"] else 2 if row["tip_ulcer"] else 0
    score += 2 * row["telangiectasia"] + 2 * row["nailfold"] + 2 * (row["pah"] or row["ild"]) + 3 * row["raynaud"]
    return score + (3 if row["aca"] or row["topo1"] or row["rnap3"] else 0)


def test_all_8192_assessments_have_the_score_of_the_table():
    frame = pl.DataFrame(list(itertools.product([False, True], repeat=len(NAMES))), schema=NAMES, orient="row")
    found = acr_eular_classification(frame)
    expected = [slow_score(row) for row in frame.iter_rows(named=True)]
    assert found["score"].to_list() == expected
    assert found["classified"].to_list() == [score >= 9 for score in expected]
    assert found["sufficient"].to_list() == frame["skin_prox_mcp"].to_list()
    assert set(found["reason"]) == {""}


@pytest.mark.parametrize(
    ("present", "score", "is_classified"),
    [
        ({"skin_prox_mcp": True}, 9, True),
        ({"puffy": True, "sclerodactyly": True}, 4, False),
        ({"tip_ulcer": True, "pitting": True}, 3, False),
        ({"pah": True, "ild": True}, 2, False),
        ({"aca": True, "topo1": True, "rnap3": True}, 3, False),
        ({"raynaud": True, "aca": True, "nailfold": True}, 8, False),
        ({"raynaud": True, "aca": True, "pitting": True}, 9, True),
    ],
)
def test_heaviest_item_of_a_domain_counts(present, score, is_classified):
    found = classified(**present)
    assert (found["score"], found["classified"]) == (score, is_classified)


def test_missing_item_that_cannot_decide_leaves_one_score():
    found = classified(sclerodactyly=True, puffy=None)
    assert (found["score"], found["classified"], found["reason"]) == (4, False, "")


def test_missing_item_that_decides_leaves_no_class():
    found = classified(raynaud=True, aca=True, pitting=None)
    assert (found["score_low"], found["score_high"], found["score"], found["classified"]) == (6, 9, None, None)
    assert found["reason"] == "no pitting scars"


def test_missing_skin_is_no_class_but_nine_points_without_it_are():
    assert classified(skin_prox_mcp=None)["classified"] is None
    assert classified(skin_prox_mcp=None, raynaud=True, aca=True, pitting=True)["classified"] is True


@given(st.lists(st.tuples(*[st.sampled_from([True, False, None])] * len(NAMES)), min_size=1, max_size=30))
def test_bounds_hold_every_completion_and_rows_stand_alone(assessments):
    schema = dict.fromkeys(NAMES, pl.Boolean)
    frame = pl.DataFrame(assessments, schema=schema, orient="row")
    found = acr_eular_classification(frame)
    for end, fill in (("score_low", False), ("score_high", True)):
        filled = [
            slow_score({k: fill if v is None else v for k, v in row.items()}) for row in frame.iter_rows(named=True)
        ]
        assert found[end].to_list() == filled
    assert acr_eular_classification(frame.reverse()).equals(found.reverse())


def test_numbers_for_yes_and_no_are_refused():
    with pytest.raises(FrameError, match=r"\[frame-type\]"):
        acr_eular_classification(pl.DataFrame({name: [1] for name in NAMES}))
