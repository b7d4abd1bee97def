"""Stopping boundaries: against every sequence of outcomes, and against the definition."""

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.stopping import bayes_boundary, pocock_boundary


def boundary_of(subjects, theta0, alpha):
    """b_k by the definition; None above k."""
    found = []
    for k in range(1, subjects + 1):
        tails = ((b, stats.binom.sf(b - 1, k, theta0)) for b in range(1, k + 1))
        found.append(next((b for b, tail in tails if tail <= alpha * (1 + 1e-10)), None))
    return found


def ever_stopped(stop_at, theta0):
    """Sum over all sequences of outcomes."""
    total = 0.0
    for sequence in itertools.product((0, 1), repeat=len(stop_at)):
        sums = itertools.accumulate(sequence)
        if any(bound is not None and toxic >= bound for toxic, bound in zip(sums, stop_at, strict=True)):
            toxic = sum(sequence)
            total += theta0**toxic * (1 - theta0) ** (len(sequence) - toxic)
    return total


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.floats(0.05, 0.6), st.floats(0.01, 0.3))
def test_the_boundary_is_the_largest_level_that_keeps_the_probability(subjects, theta0, phi):
    found = pocock_boundary(subjects, theta0=theta0, phi=phi)
    levels = sorted(stats.binom.sf(b - 1, k, theta0) for k in range(1, subjects + 1) for b in range(1, k + 1))
    chances = [ever_stopped(boundary_of(subjects, theta0, level), theta0) for level in levels]
    # At the limit itself the last digit decides, and two ways of adding up have not the same.
    assume(all(abs(chance - phi) > 1e-12 for chance in chances))
    fits = [level for level, chance in zip(levels, chances, strict=True) if chance <= phi]
    if not fits:
        assert (found.alpha, found.overall, found.stop_at) == (None, 0.0, (None,) * subjects)
        return
    assert found.alpha == pytest.approx(fits[-1], rel=1e-9)
    assert list(found.stop_at) == boundary_of(subjects, theta0, fits[-1])
    assert found.overall == pytest.approx(ever_stopped(found.stop_at, theta0), rel=1e-9)


def test_a_boundary_by_hand():
    # P(2 of 2) = 0.09 and P(1 of 1) = 0.3: only the former keeps 0.1.
    found = pocock_boundary(2, theta0=0.3, phi=0.1)
    assert found.stop_at == (None, 2)
    assert (found.alpha, found.overall) == pytest.approx((0.09, 0.09))


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(0.05, 0.6), st.floats(0.01, 0.3))
def test_a_boundary_never_falls_and_rises_by_one_at_most(subjects, theta0, phi):
    found = pocock_boundary(subjects, theta0=theta0, phi=phi)
    bounds = [k + 1 if bound is None else bound for k, bound in enumerate(found.stop_at, start=1)]
    assert all(0 <= later - earlier <= 1 for earlier, later in itertools.pairwise(bounds))
    assert found.overall <= phi


@settings(deadline=None)
@given(st.integers(1, 30), st.floats(0.05, 0.6), st.floats(0.5, 0.99), st.floats(0.2, 2), st.floats(0.2, 2))
def test_the_bayesian_boundary_is_the_smallest_number_beyond_the_cutoff(subjects, p0, cutoff, a, b):
    found = bayes_boundary(subjects, p0=p0, cutoff=cutoff, prior_a=a, prior_b=b)
    tails = [stats.beta.sf(p0, a + x, b + subjects - x) for x in range(1, subjects + 1)]
    beyond = [(x, tail) for x, tail in enumerate(tails, start=1) if tail > cutoff]
    if not beyond:
        assert (found.stop_at, found.posterior) == (None, None)
        return
    assert found.stop_at == beyond[0][0]
    assert found.posterior == pytest.approx(beyond[0][1], rel=1e-9)


def test_a_uniform_prior_by_hand():
    # All of n toxic: 1 - p0 ** (n + 1).
    found = bayes_boundary(3, p0=0.3, cutoff=0.95, prior_a=1, prior_b=1)
    assert (found.stop_at, found.posterior) == (3, pytest.approx(1 - 0.3**4))
    assert bayes_boundary(2, p0=0.5, cutoff=0.95, prior_a=1, prior_b=1).stop_at is None


@pytest.mark.parametrize("wrong", [{"theta0": 0}, {"theta0": 1}, {"phi": 0}, {"phi": 1.5}, {"subjects": 0}])
def test_a_pocock_boundary_of_nothing_is_refused(wrong):
    given_numbers = {"subjects": 9, "theta0": 0.2, "phi": 0.05} | wrong
    with pytest.raises(ParameterError, match=r"\[stopping-boundary\]"):
        pocock_boundary(given_numbers.pop("subjects"), **given_numbers)


@pytest.mark.parametrize("wrong", [{"p0": 0}, {"cutoff": 1}, {"prior_a": 0}, {"prior_b": -1}, {"subjects": 0}])
def test_a_bayesian_boundary_of_nothing_is_refused(wrong):
    given_numbers = {"subjects": 9, "p0": 0.2, "cutoff": 0.9, "prior_a": 1, "prior_b": 1} | wrong
    with pytest.raises(ParameterError, match=r"\[stopping-boundary\]"):
        bayes_boundary(given_numbers.pop("subjects"), **given_numbers)
