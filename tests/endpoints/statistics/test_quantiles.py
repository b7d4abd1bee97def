"""Quartiles: by hand, and by their definition."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.quantiles import quartiles

NUMBERS = st.lists(st.integers(-50, 50), min_size=2, max_size=20)


def test_quartiles_of_nine_by_hand():
    found = quartiles([9, 1, 8, 2, 7, 3, 6, 4, 5])
    assert vars(found) == {"values": 9, "least": 1, "lower": 3, "median": 5, "upper": 7, "greatest": 9}


def sas(values, share):
    """PCTLDEF=5 as SAS writes it: np = j + g; the mean of two values where g is 0, else the next one."""
    ordered, place = sorted(values), share * len(values)
    j = int(place)
    return (ordered[j - 1] + ordered[j]) / 2 if place == j else ordered[j]


@given(NUMBERS)
def test_sas_definition(values):
    found = quartiles(values, method="sas-5")
    assert (found.lower, found.median, found.upper) == tuple(sas(values, share) for share in (0.25, 0.5, 0.75))


@given(NUMBERS, st.randoms())
def test_r_definition_whatever_the_order(values, dice):
    found = quartiles(dice.sample(values, len(values)))
    assert (found.lower, found.median, found.upper) == pytest.approx(
        statistics.quantiles(values, n=4, method="inclusive")
    )


@given(NUMBERS, st.integers(0, 19), st.sampled_from(["r-7", "sas-5"]))
def test_a_greater_value_never_lowers_a_quartile(values, place, method):
    raised = [value + 5 * (at == place % len(values)) for at, value in enumerate(values)]
    one, other = quartiles(values, method=method), quartiles(raised, method=method)
    assert all(after >= before - 1e-9 for before, after in zip(vars(one).values(), vars(other).values(), strict=True))


def test_an_unknown_method_and_no_values_are_refused():
    with pytest.raises(ParameterError, match=r"\[quartile-method\]"):
        quartiles([1, 2], method="spss")
    with pytest.raises(ParameterError, match=r"\[statistic-values\]"):
        quartiles([])
