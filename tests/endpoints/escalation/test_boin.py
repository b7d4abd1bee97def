"""BOIN: the published table, borders against the definition, decisions by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.boin import boin_boundary, boin_decision, boin_lambdas

# Decision table of BOIN for target 0.3 (summary of get.boundary): subjects, escalate, de-escalate, eliminate.
PUBLISHED = [
    (3, 0, 2, 3),
    (6, 1, 3, 4),
    (9, 2, 4, 5),
    (12, 2, 5, 7),
    (15, 3, 6, 8),
    (18, 4, 7, 9),
    (21, 4, 8, 10),
    (24, 5, 9, 11),
    (27, 6, 10, 12),
    (30, 7, 11, 14),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_boundaries_of_the_published_table(row):
    found = boin_boundary(row[0], target=0.3)
    assert (found.escalate_if_le, found.deescalate_if_ge, found.eliminate_if_ge) == row[1:]


def test_lambdas_of_the_published_target_and_of_given_rates():
    found = boin_lambdas(0.3)
    assert (found.escalate, found.deescalate) == pytest.approx((0.2364907, 0.3585195), abs=5e-8)
    given_rates = boin_lambdas(0.3, p_saf=0.18, p_tox=0.42)
    assert (given_rates.escalate, given_rates.deescalate) == pytest.approx((found.escalate, found.deescalate))


def test_one_and_two_subjects_eliminate_nothing():
    for subjects in (1, 2):
        found = boin_boundary(subjects, target=0.05)
        assert (found.eliminate_if_ge, found.stop_lowest_if_ge) == (None, None)
    # Three of three do not make 0.6 unlikely enough, even with the offset.
    assert boin_boundary(3, target=0.6).stop_lowest_if_ge is None


@settings(deadline=None)
@given(st.floats(0.05, 0.6), st.integers(1, 60), st.floats(0.7, 0.99), st.floats(0, 0.2))
def test_boundaries_are_what_their_definition_says(target, subjects, cutoff, offset):
    found = boin_boundary(subjects, target=target, cutoff_eliminate=cutoff, offset=offset)

    def smallest(level):
        tails = [stats.beta.sf(target, x + 1, subjects - x + 1) for x in range(1, subjects + 1)]
        return next((x for x, tail in enumerate(tails, start=1) if tail > level), None) if subjects > 2 else None

    assert found.eliminate_if_ge == smallest(cutoff)
    assert found.stop_lowest_if_ge == smallest(cutoff - offset)
    assert found.escalate_if_le < found.deescalate_if_ge
    assert found.eliminate_if_ge is None or found.deescalate_if_ge <= found.eliminate_if_ge
    # At lambda two rates are as likely as each other.
    lambdas = boin_lambdas(target)
    for rate, other in ((lambdas.escalate, 0.6 * target), (lambdas.deescalate, 1.4 * target)):
        likelihoods = [rate * math.log(p) + (1 - rate) * math.log(1 - p) for p in (target, other)]
        assert likelihoods[0] == pytest.approx(likelihoods[1], rel=1e-9)


@pytest.mark.parametrize(
    ("outcomes", "dose", "continues"),
    [
        ("", 1, True),
        ("1N", 2, True),
        ("1T", 1, True),
        ("1NTT", 1, True),
        ("1TTT", None, False),
        ("1N 2TN 1TT", 1, True),
        ("1N 2TN 1TTT", None, False),
        ("1NNN 2NNN", 3, True),
        ("1NNN 2NNT", 2, True),
        ("1NNN 2NTT", 1, True),
        ("1NNN 2TTT", 1, True),
        # The next dose was eliminated: stay.
        ("1NNN 2TTT 1NNN", 1, True),
        ("1NNN 2NTT 1NNN", 2, True),
        ("1NNN 2NNN 3NNN 4NNN 5NNN", 5, True),
        ("1NNN 2NNN 3NTT 2NTN 3NNN 3NNN", 4, True),
        ("1NNN 2NNN 3NTT 2NTN 3NNN 3NNN 4TTT", 3, True),
        ("1NNN 2NNN 3NTT 2NTN 3NNN 3NNN 4TTT 3NNN", 3, True),
    ],
)
def test_decisions(outcomes, dose, continues):
    found = boin_decision(outcomes, num_doses=5, target=0.3)
    assert (found.dose, found.continues) == (dose, continues)


@settings(deadline=None)
@given(st.text(alphabet="NT", min_size=1, max_size=9), st.integers(0, 8), st.sampled_from([0.1, 0.2, 0.3, 0.4]))
def test_a_toxicity_more_never_raises_the_dose(letters, place, target):
    worse = letters[: place % len(letters)] + "T" + letters[place % len(letters) + 1 :]
    doses = [boin_decision(f"1NNN 2{one}", num_doses=3, target=target).dose for one in (letters, worse)]
    assert doses[1] <= doses[0]


@pytest.mark.parametrize(
    "options",
    [{"target": 0.04}, {"target": 0.61}, {"target": 0.3, "p_saf": 0.28}, {"target": 0.3, "p_tox": 0.32}],
)
def test_rates_that_no_design_has_are_refused(options):
    with pytest.raises(ParameterError, match=r"\[boin-rates\]"):
        boin_lambdas(**options)
    with pytest.raises(ParameterError, match=r"\[boin-rates\]"):
        boin_boundary(3, **options)


def test_other_numbers_that_cannot_be_are_refused():
    with pytest.raises(ParameterError, match=r"\[boin-rates\]"):
        boin_boundary(3, target=0.3, offset=0.5)
    with pytest.raises(ParameterError, match=r"\[boin-rates\]"):
        boin_decision("", num_doses=3, target=0.9)
    with pytest.raises(ParameterError, match=r"\[stopping-boundary\]"):
        boin_boundary(3, target=0.3, cutoff_eliminate=1)
