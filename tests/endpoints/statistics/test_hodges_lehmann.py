"""Hodges-Lehmann: by hand, against every sign or assignment, against scipy's exact tests."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.statistics.hodges_lehmann import pseudo_median, shift
from cart.endpoints.statistics.ranks import rank_sum_tail, signed_rank_tail

DISTINCT = st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=9, unique_by=abs)


def test_three_changes_by_hand():
    # Walsh averages -230, -147.5, -145, -65, -62.5, -60.
    found = pseudo_median([-60, -65, -230])
    assert (found.estimate, found.low, found.high, found.attained) == (-105, -230, -60, 0.75)


@pytest.mark.parametrize(("values", "attained"), [(5, 0.9375), (6, 0.96875)])
def test_ninety_five_per_cent_takes_six(values, attained):
    found = pseudo_median(list(range(values)))
    assert found.attained == attained
    assert (found.low, found.high) == (0, values - 1)


@pytest.mark.parametrize("values", range(1, 9))
def test_signed_ranks_are_every_choice_of_signs(values):
    sums = [sum(r for r, up in zip(range(1, values + 1), signs, strict=True) if up)
            for signs in itertools.product((0, 1), repeat=values)]  # fmt: skip
    counted = [sum(one <= v for one in sums) / len(sums) for v in range(values * (values + 1) // 2 + 1)]
    assert signed_rank_tail(values).tolist() == pytest.approx(counted, abs=1e-15)


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 4), (3, 2), (4, 4), (2, 5)])
def test_rank_sums_are_every_choice_of_the_first_group(first, second):
    ranks = range(1, first + second + 1)
    sums = [sum(chosen) - first * (first + 1) // 2 for chosen in itertools.combinations(ranks, first)]
    counted = [sum(one <= u for one in sums) / len(sums) for u in range(first * second + 1)]
    assert rank_sum_tail(first, second).tolist() == pytest.approx(counted, abs=1e-12)


def inside(p_value, alpha):
    return p_value > alpha * (1 + 1e-9)


@settings(deadline=None, max_examples=60)
@given(DISTINCT, st.sampled_from([0.8, 0.9, 0.95]))
def test_interval_is_where_the_exact_test_does_not_reject(values, confidence):
    found = pseudo_median(values, confidence=confidence)
    # Between two Walsh averages the test does not change; at the middle of each gap it is asked.
    averages = np.unique([(a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2)])
    for middle in (averages[1:] + averages[:-1]) / 2:
        moved = np.array(values) - middle
        if np.unique(np.abs(moved)).size < moved.size or (moved == 0).any():
            continue
        accepted = inside(stats.wilcoxon(moved, method="exact").pvalue, 1 - confidence)
        if accepted:
            assert found.low < middle < found.high
        elif found.attained >= confidence:
            assert not found.low < middle < found.high


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-(10**6), 10**6), min_size=5, max_size=12, unique=True), st.data())
def test_shift_is_where_the_exact_test_does_not_reject(values, data):
    cut = data.draw(st.integers(2, len(values) - 2))
    first, second = np.array(values[:cut]), np.array(values[cut:])
    found = shift(first, second)
    pairs = np.unique(np.subtract.outer(first, second))
    assert found.estimate == np.median(np.subtract.outer(first, second))
    for middle in (pairs[1:] + pairs[:-1]) / 2:
        accepted = inside(stats.mannwhitneyu(first - middle, second, method="exact").pvalue, 0.05)
        if accepted:
            assert found.low < middle < found.high
        elif found.attained >= 0.95:
            assert not found.low < middle < found.high


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(-3, 3), min_size=6, max_size=8))
def test_ties_keep_the_coverage(values):
    """With ties the ends count as inside, so every accepted shift of the permutation test lies between them."""
    found = pseudo_median(values)
    assert found.attained >= 0.95
    for middle in np.arange(-3, 3.01, 0.5):
        moved = np.array(values) - middle
        ranks = stats.rankdata(np.abs(moved)) * np.sign(moved)
        sums = np.array(list(itertools.product((-1, 1), repeat=len(values)))) @ np.abs(ranks)
        p = (np.abs(sums) >= abs(ranks.sum()) - 1e-9).mean()
        if p > 0.2:
            assert found.low <= middle <= found.high


@settings(deadline=None)
@given(DISTINCT, st.integers(-100, 100), st.randoms())
def test_order_does_not_matter_and_an_origin_goes_through(values, origin, dice):
    one = pseudo_median(values)
    other = pseudo_median([value + origin for value in dice.sample(values, len(values))])
    assert (other.low, other.estimate, other.high) == (one.low + origin, one.estimate + origin, one.high + origin)


def test_nobody_has_no_estimate():
    with pytest.raises(ValueError, match=r"\[statistic-values\]"):
        pseudo_median([])
