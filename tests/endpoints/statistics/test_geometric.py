"""Geometric means and ratios: by hand, against scipy, whatever the unit and the order."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.geometric import geometric_mean, mean, paired_ratio, ratio_of_means

POSITIVE = st.lists(st.floats(0.01, 1e6), min_size=2, max_size=15)


def test_geometric_mean_by_hand():
    # ln 1, ln e^2: mean 1, standard deviation sqrt 2, t(1) = 12.706.
    found = geometric_mean([1, math.e**2])
    assert (found.values, found.mean) == (2, pytest.approx(math.e))
    assert found.high == pytest.approx(math.exp(1 + 12.706204736174698), rel=1e-9)
    assert found.deviation == pytest.approx(math.exp(math.sqrt(2)))
    assert found.cv_percent == pytest.approx(100 * math.sqrt(math.e**2 - 1))


@settings(deadline=None)
@given(POSITIVE, st.floats(0.5, 0.99))
def test_geometric_mean_agrees_with_scipy(values, confidence):
    found = geometric_mean(values, confidence=confidence)
    assert found.mean == pytest.approx(stats.gmean(values), rel=1e-9)
    if np.ptp(np.log(values)) > 1e-6:
        oracle = stats.ttest_1samp(np.log(values), 0).confidence_interval(confidence)
        assert (found.low, found.high) == pytest.approx((math.exp(oracle.low), math.exp(oracle.high)), rel=1e-6)


@settings(deadline=None)
@given(POSITIVE, st.floats(0.001, 1000), st.randoms())
def test_order_does_not_matter_and_a_unit_goes_through(values, factor, dice):
    shuffled = dice.sample(values, len(values))
    one, other = geometric_mean(values), geometric_mean([value * factor for value in shuffled])
    assert other.mean == pytest.approx(one.mean * factor, rel=1e-9)
    assert other.cv_percent == pytest.approx(one.cv_percent, rel=1e-6, abs=1e-4)


def test_one_value_has_a_mean_and_no_interval():
    assert vars(geometric_mean([7])) == pytest.approx(
        {"values": 1, "mean": 7.0, "low": None, "high": None, "deviation": None, "cv_percent": None}
    )
    assert mean([7]).low is None


def test_paired_ratio_is_the_mean_of_the_ratios_within_subjects():
    dice = random.Random(3)
    before = [dice.uniform(50, 800) for _ in range(9)]
    after = [value * dice.uniform(0.05, 0.9) for value in before]
    found = paired_ratio(after, before)
    oracle = stats.ttest_rel(np.log(after), np.log(before)).confidence_interval()
    assert found.mean == pytest.approx(stats.gmean(np.array(after) / before))
    assert (found.low, found.high) == pytest.approx((math.exp(oracle.low), math.exp(oracle.high)))
    turned = paired_ratio(before, after)
    assert (1 / turned.high, 1 / turned.mean) == pytest.approx((found.low, found.mean))


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 10**6))
def test_ratio_of_groups_agrees_with_welch(first, second, seed):
    dice = np.random.default_rng(seed)
    one, other = dice.lognormal(9, 1, first), dice.lognormal(8, 0.4, second)
    oracle = stats.ttest_ind(np.log(one), np.log(other), equal_var=False).confidence_interval()
    found = ratio_of_means(one, other)
    assert (found.low, found.high) == pytest.approx((math.exp(oracle.low), math.exp(oracle.high)), rel=1e-8)


@pytest.mark.parametrize(("first", "second"), [([4], [2, 3]), ([4, 4], [2, 2])])
def test_groups_that_show_no_spread_have_a_ratio_without_interval(first, second):
    found = ratio_of_means(first, second)
    assert found.mean == pytest.approx(stats.gmean(first) / stats.gmean(second))
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize("values", [[], [1, float("nan")], [1, float("inf")], [1, 0], [1, -2], [[1, 2]]])
def test_values_without_a_logarithm_are_refused(values):
    for statistic in (geometric_mean, lambda x: paired_ratio(x, x), lambda x: ratio_of_means(x, [1, 2])):
        with pytest.raises(ParameterError, match=r"\[statistic-values\]"):
            statistic(values)


def test_a_pair_needs_both():
    with pytest.raises(ParameterError, match=r"\[statistic-values\]"):
        paired_ratio([1, 2], [1, 2, 3])
