"""Exact comparisons: against every assignment, and against scipy."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.comparison import (
    EXACT,
    MOST_ASSIGNMENTS,
    NORMAL,
    fisher,
    log_rank,
    log_rank_scores,
    permutation,
    wilcoxon,
)


def every_assignment(scores, first):
    """Share of all choices of the first group whose sum is as far from its mean."""
    middle = sum(scores) * first / len(scores)
    sums = [sum(chosen) for chosen in itertools.combinations(scores, first)]
    return np.mean([abs(one - middle) >= abs(sum(scores[:first]) - middle) - 1e-9 for one in sums])


def test_four_against_four_apart_is_two_of_seventy():
    assert wilcoxon([12, 15, 19, 22], [5, 8, 9, 11]).p == pytest.approx(2 / 70)


def test_fisher_by_hand():
    # 3 of 3 against 0 of 3: each of the two extreme tables has probability 1/20.
    assert fisher(3, 3, 0, 3).p == pytest.approx(0.1)
    assert fisher(0, 3, 0, 4).p == pytest.approx(1)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=10), st.data())
def test_permutation_agrees_with_every_assignment(scores, data):
    first = data.draw(st.integers(1, len(scores) - 1))
    found = permutation(scores, first)
    assert (found.p, found.way) == (pytest.approx(every_assignment(scores, first)), EXACT)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-1000, 1000), min_size=4, max_size=12, unique=True), st.data())
def test_wilcoxon_without_ties_agrees_with_mann_whitney(values, data):
    cut = data.draw(st.integers(1, len(values) - 1))
    oracle = stats.mannwhitneyu(values[:cut], values[cut:], method="exact").pvalue
    assert wilcoxon(values[:cut], values[cut:]).p == pytest.approx(min(oracle, 1))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=4, max_size=9), st.data())
def test_log_rank_scores_sum_to_observed_less_expected(followed, data):
    cut = data.draw(st.integers(1, len(followed) - 1))
    times, events = np.array([t for t, _ in followed], dtype=float), np.array([e for _, e in followed])
    scores = log_rank_scores(times, events)
    assert scores.sum() == pytest.approx(0, abs=1e-9)
    expected = 0.0
    for time in np.unique(times[events]):
        at_risk = times >= time
        expected += (events & (times == time)).sum() * at_risk[:cut].sum() / at_risk.sum()
    assert scores[:cut].sum() == pytest.approx(events[:cut].sum() - expected, abs=1e-9)
    found = log_rank(times[:cut], events[:cut], times[cut:], events[cut:])
    assert found.p == pytest.approx(every_assignment(list(scores), cut))


def test_large_groups_agree_with_the_log_rank_of_scipy():
    dice = np.random.default_rng(4)
    groups = [(dice.exponential(scale, 60), dice.random(60) < 0.7) for scale in (80, 130)]
    oracle = stats.logrank(*(stats.CensoredData.right_censored(time, ~event) for time, event in groups))
    found = log_rank(*groups[0], *groups[1])
    assert found.way == NORMAL
    # The variance is that of permutation, not of the hypergeometric draws.
    assert found.p == pytest.approx(oracle.pvalue, rel=0.25)


def test_no_event_at_all_tells_nothing():
    assert log_rank([1, 2], [0, 0], [3, 4], [0, 0]).p == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_groups_can_change_places_and_units(first, second):
    one = wilcoxon(first, second)
    assert wilcoxon(second, first).p == pytest.approx(one.p)
    assert wilcoxon([v * 28 for v in first], [v * 28 for v in reversed(second)]).p == pytest.approx(one.p)


def test_nine_against_nine_is_exact():
    found = wilcoxon(list(range(9)), list(range(5, 14)))
    assert (found.way, MOST_ASSIGNMENTS > 48_620) == (EXACT, True)


@pytest.mark.parametrize(
    ("test", "given"),
    [
        (fisher, (1, 2, 0, 0)),
        (fisher, (3, 2, 0, 1)),
        (permutation, ([1, 2], 0)),
        (permutation, ([1, 2], 2)),
    ],
)
def test_groups_without_subjects_are_refused(test, given):
    with pytest.raises(ParameterError, match=r"\[comparison-groups\]"):
        test(*given)
