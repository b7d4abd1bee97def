"""HAQ-DI: aids, number of categories, missing answers."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.disease.disability import CATEGORIES, haq_di
from cart.endpoints.errors import ParameterError

SCHEMA = dict.fromkeys(CATEGORIES, pl.Int64) | {f"{name}_aid": pl.Boolean for name in CATEGORIES}
SCORES = st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=8, max_size=8)
AIDS = st.lists(st.sampled_from([True, False, None]), min_size=8, max_size=8)


def index(scores, aids=(False,) * 8):
    return haq_di(pl.DataFrame([[*scores, *aids]], schema=SCHEMA, orient="row")).row(0, named=True)


@pytest.mark.parametrize(
    ("scores", "aids", "expected", "plain"),
    [
        ([0] * 8, [False] * 8, 0, 0),
        ([3] * 8, [False] * 8, 3, 3),
        ([0] * 8, [True] * 8, 2, 0),
        ([1] * 8, [True] + [False] * 7, 9 / 8, 1),
        ([2] * 8, [True] * 8, 2, 2),
        ([3] * 8, [True] * 8, 3, 3),
        ([1, 1, 1, 1, 1, 1, None, None], [False] * 8, 1, 1),
        ([3, 1, 1, 1, 1, 1, 1, None], [False] * 8, 9 / 7, 9 / 7),
    ],
)
def test_hand_worked(scores, aids, expected, plain):
    found = index(scores, aids)
    assert (found["haq_di"], found["haq_di_without_aids"]) == pytest.approx((expected, plain))
    assert found["reason"] == ""


def test_five_categories_are_too_few():
    found = index([1, 1, 1, 1, 1, None, None, None])
    assert (found["haq_di"], found["haq_di_without_aids"], found["answered"]) == (None, None, 5)
    assert found["reason"] == "no reach, grip, activities: 5 of 8 categories, 6 needed"


def test_aid_alone_is_no_answer():
    assert index([None] * 8, [True] * 8)["answered"] == 0


def test_unknown_aids_leave_no_score_below_two():
    found = index([1, 1, 1, 1, 1, 1, 1, 2], [None] * 3 + [False] * 4 + [None])
    assert (found["haq_di"], found["haq_di_without_aids"], found["answered"]) == (None, 9 / 8, 5)


@given(SCORES, AIDS)
def test_agrees_with_the_form_read_line_by_line(scores, aids):
    counted = []
    for score, aid in zip(scores, aids, strict=True):
        if score is not None and (score >= 2 or aid is not None):
            counted.append(max(score, 2) if aid else score)
    found = index(scores, aids)
    assert found["answered"] == len(counted)
    expected = sum(counted) / len(counted) if len(counted) >= 6 else None
    assert found["haq_di"] == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("score", [-1, 4])
def test_impossible_answer_is_refused(score):
    with pytest.raises(ParameterError, match=r"\[disease-value\]"):
        index([score] + [0] * 7)
