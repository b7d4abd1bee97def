"""Proportions: by hand, against the definition, against scipy."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.proportions import INTERVALS, proportion


def test_none_of_three_by_hand():
    # The upper end p is where none of three has probability 2.5 %: (1 - p)^3 = 0.025.
    found = proportion(0, 3)
    assert (found.share, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 3), rel=1e-12)


@settings(deadline=None)
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_clopper_pearson_leaves_half_alpha_on_each_side(counts, confidence):
    events, subjects = counts
    found, alpha = proportion(events, subjects, confidence=confidence), (1 - confidence) / 2
    if events:
        assert stats.binom.sf(events - 1, subjects, found.low) == pytest.approx(alpha, rel=1e-8)
    if events < subjects:
        assert stats.binom.cdf(events, subjects, found.high) == pytest.approx(alpha, rel=1e-8)


@settings(deadline=None)
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_solves_its_equation(counts, confidence):
    events, subjects = counts
    found = proportion(events, subjects, confidence=confidence, interval="wilson")
    z = stats.norm.ppf((1 + confidence) / 2)
    for end in (found.low, found.high):
        distance = abs(events / subjects - end)
        assert distance == pytest.approx(z * math.sqrt(end * (1 - end) / subjects), abs=1e-9)


@pytest.mark.parametrize("interval", INTERVALS)
@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_counting_the_others_turns_the_interval_round(interval, counts):
    events, subjects = counts
    one = proportion(events, subjects, interval=interval)
    other = proportion(subjects - events, subjects, interval=interval)
    assert (1 - one.high, 1 - one.low) == pytest.approx((other.low, other.high), abs=1e-12)
    assert one.low <= one.share <= one.high


def test_no_subject_leaves_no_share():
    assert vars(proportion(0, 0)) == {"events": 0, "subjects": 0, "share": None, "low": None, "high": None}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"events": 4, "subjects": 3}, "proportion-counts"),
        ({"events": -1, "subjects": 3}, "proportion-counts"),
        ({"events": 1, "subjects": 3, "confidence": 1.0}, "confidence"),
        ({"events": 1, "subjects": 3, "confidence": float("nan")}, "confidence"),
        ({"events": 1, "subjects": 3, "interval": "wald"}, "proportion-interval"),
    ],
)
def test_impossible_counts_and_choices_are_refused(given, code):
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        proportion(**given)
