"""Non-compartmental analysis: by hand, against a slow walk over the samples, whatever the unit and the order."""

import doctest
import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from cart.endpoints.errors import ParameterError
from cart.endpoints.kinetics import profiles
from cart.endpoints.kinetics.areas import METHODS
from cart.endpoints.kinetics.profiles import POINTS, nca_profiles


def points(conc, profile=1):
    rows = [(profile, float(time), value) for time, value in conc.items()]
    return pl.DataFrame(rows, schema=POINTS, orient="row")


def one(conc, **more):
    return nca_profiles(points(conc), **more).row(0, named=True)


def test_examples_in_the_docstring_run():
    assert doctest.testmod(profiles).failed == 0


def test_a_pure_decay_has_the_area_of_the_exponential():
    conc = {0: 0.0, 1: 1000.0} | {day: 1000 * 2 ** (-(day - 1) / 7) for day in (8, 15, 22, 29, 36)}
    found = one(conc, horizon=29)
    assert found["half_life"] == pytest.approx(7)
    exact = integrate.quad(lambda day: 1000 * 2 ** (-(day - 1) / 7), 1, 29)[0]
    assert found["to_horizon_last"] == pytest.approx(500 + exact, rel=1e-9)
    assert found["auc_inf"] == pytest.approx(500 + 1000 * 7 / math.log(2), rel=1e-9)
    assert (found["points"], found["from_time"], found["span_ratio"]) == (5, 8, pytest.approx(4))


def test_rules_for_samples_below_the_limit():
    # First kept as 0, middle left out, last kept as 0.
    found = one({0: 0.0, 2: 0.0, 4: 100.0, 6: 0.0, 8: 60.0, 10: 0.0, 12: 0.0}, method="linear", horizon=12)
    assert found["auc_last"] == 2 * 50 + 4 * 80
    assert found["auc_all"] == found["auc_last"] + 2 * 30
    assert found["tlast"] == 8


def test_horizon_after_the_last_quantifiable_sample():
    conc = {0: 0.0, 7: 800.0, 14: 400.0, 21: 200.0, 24: 100.0, 35: 0.0}
    found = one(conc)
    line = 100 * (1 - 4 / 11)
    assert found["to_horizon_last"] == found["auc_last"]
    assert found["to_horizon_all"] == pytest.approx(found["auc_last"] + (100 - line) * 4 / math.log(100 / line))
    left = 100 * math.exp(-found["lambda_z"] * 4)
    assert found["to_horizon_inf"] == pytest.approx(found["auc_last"] + (100 - left) / found["lambda_z"])
    # A sample below the limit before the horizon counts as it is: the line goes down to it.
    sampled = one({0: 0.0, 7: 800.0, 14: 400.0, 21: 0.0})
    assert sampled["to_horizon_last"] == sampled["to_horizon_inf"] == sampled["auc_all"]


def test_ties_of_the_peak_take_the_first():
    found = one({0: 0.0, 7: 90.0, 9: 90.0, 14: 40.0, 21: 10.0, 28: 4.0})
    assert (found["tmax"], found["tmax_last"], found["from_time"]) == (7, 9, 9)


def test_lin_log_has_no_area_between_equal_values_after_the_peak():
    assert one({0: 0.0, 7: 90.0, 9: 90.0, 14: 40.0}, method="lin-log")["auc_last"] is None
    assert one({0: 0.0, 7: 90.0, 9: 60.0, 14: 40.0}, method="lin-log")["auc_last"] is not None


def test_a_profile_that_rises_to_its_end_has_no_terminal_phase():
    found = one({0: 0.0, 7: 10.0, 14: 100.0, 28: 400.0})
    assert (found["lambda_z"], found["auc_inf"], found["to_horizon_inf"]) == (None, None, found["to_horizon_last"])


def test_nothing_quantifiable_has_no_area_but_zero_and_no_times():
    found = one({0: 0.0, 7: 0.0, 28: 0.0})
    assert (found["cmax"], found["tmax"], found["tlast"], found["clast"]) == (0, None, None, None)
    assert (found["auc_last"], found["to_horizon_last"]) == (0, 0)


def test_what_lies_before_the_first_sample_is_not_known():
    found = one({3: 100.0, 7: 50.0, 14: 25.0})
    assert (found["auc_last"], found["auc_all"]) == (None, None)
    assert one({30: 100.0, 40: 50.0})["to_horizon_last"] is None
    assert nca_profiles(points({0: None, 7: None})).is_empty()


def slow(conc, *, method, horizon):
    """The same by a walk over the samples of one profile."""
    samples = [(t, c) for t, c in sorted(conc.items()) if c is not None]
    some = [t for t, c in samples if c > 0]
    if not some:
        return dict.fromkeys(("auc_last", "to_horizon_last"), 0.0) | {"lambda_z": None, "points": None}
    samples = [(t, c) for t, c in samples if c > 0 or not some[0] < t < some[-1]]
    tlast, peak = some[-1], max(c for _, c in samples)
    tmax = next(t for t, c in samples if c == peak)

    def piece(a, b):
        (t1, c1), (t2, c2) = a, b
        log = method == "lin-up-log-down" and 0 < c2 < c1
        return (t2 - t1) * (c2 - c1) / math.log(c2 / c1) if log else (t2 - t1) * (c1 + c2) / 2

    def area(rows):
        return sum(piece(a, b) for a, b in itertools.pairwise(rows))

    inside = [row for row in samples if row[0] <= horizon]
    if horizon < tlast and inside[-1][0] < horizon:
        (t1, c1), (t2, c2) = inside[-1], next(row for row in samples if row[0] > horizon)
        share = (horizon - t1) / (t2 - t1)
        log = method == "lin-up-log-down" and 0 < c2 < c1
        inside.append((horizon, c1 * (c2 / c1) ** share if log else c1 + share * (c2 - c1)))
    tail = [(t, math.log(c)) for t, c in samples if c > 0 and t > tmax]
    fits = []
    for n in range(3, len(tail) + 1):
        fit = stats.linregress(*zip(*tail[-n:], strict=True))
        if len({y for _, y in tail[-n:]}) > 1:
            fits.append((1 - (1 - fit.rvalue**2) * (n - 1) / (n - 2), -fit.slope, n))
    best = max((r2 for r2, _, _ in fits), default=0)
    good = [(n, rate) for r2, rate, n in fits if r2 > best - 1e-4 and rate > 0]
    return {
        "auc_last": area([row for row in samples if row[0] <= tlast]),
        "to_horizon_last": area(inside),
        "lambda_z": max(good)[1] if good else None,
        "points": max(good)[0] if good else None,
    }


CONC = st.dictionaries(
    st.integers(1, 60), st.one_of(st.none(), st.just(0.0), st.integers(1, 5000).map(float)), min_size=1, max_size=9
)


@settings(deadline=None, max_examples=60)
@given(st.lists(CONC, min_size=1, max_size=4), st.sampled_from(METHODS[:2]), st.sampled_from([7.0, 28.0]), st.randoms())
def test_many_profiles_agree_with_a_walk_over_each(whole, method, horizon, dice):
    given = [{0: 0.0} | conc for conc in whole]
    rows = pl.concat([points(conc, profile) for profile, conc in enumerate(given)])
    found = nca_profiles(rows[dice.sample(range(rows.height), rows.height)], method=method, horizon=horizon)
    assert found["profile"].to_list() == list(range(len(given)))
    for conc, row in zip(given, found.iter_rows(named=True), strict=True):
        expected = slow(conc, method=method, horizon=horizon)
        if row["samples"] < 2:
            expected["auc_last"] = None
        for name in ("auc_last", "to_horizon_last"):
            wanted = expected[name]
            assert row[name] == (None if wanted is None else pytest.approx(wanted, rel=1e-9, abs=1e-9))
        # Where two fits differ by the tolerance itself, the last digit decides.
        if row["points"] == expected["points"]:
            wanted = expected["lambda_z"]
            assert row["lambda_z"] == (None if wanted is None else pytest.approx(wanted, rel=1e-6))


@settings(deadline=None)
@given(CONC, st.sampled_from([0.001, 3.0, 1e4]), st.sampled_from([1 / 7, 24.0]))
def test_units_go_through(conc, scale, pace):
    given = {0: 0.0} | conc
    plain = one(given)
    other = one({t * pace: None if c is None else c * scale for t, c in given.items()}, horizon=28 * pace)
    for name, power in (("cmax", (1, 0)), ("tmax", (0, 1)), ("auc_last", (1, 1)), ("to_horizon_last", (1, 1))):
        if plain[name] is None:
            assert other[name] is None
        else:
            assert other[name] == pytest.approx(plain[name] * scale ** power[0] * pace ** power[1], rel=1e-9)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(1, -1.0, 5.0)], "profile-times"),
        ([(1, float("nan"), 5.0)], "profile-times"),
        ([(1, 1.0, 5.0), (1, 1.0, 6.0)], "profile-times"),
        ([(1, 1.0, -5.0)], "profile-values"),
        ([(1, 1.0, float("inf"))], "profile-values"),
    ],
)
def test_impossible_samples_are_refused(rows, code):
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        nca_profiles(pl.DataFrame(rows, schema=POINTS, orient="row"))


def test_other_columns_and_methods_are_refused():
    with pytest.raises(ParameterError, match=r"\[profile-columns\]"):
        nca_profiles(points({1: 2.0}).with_columns(pl.col("time").cast(pl.Int64)))
    with pytest.raises(ParameterError, match=r"\[area-method\]"):
        one({1: 2.0}, method="spline")


def test_thousands_of_profiles_at_once():
    dice = np.random.default_rng(2)
    rows = pl.DataFrame(
        {
            "profile": np.repeat(np.arange(5000), 10),
            "time": np.tile(np.arange(10.0) * 7, 5000),
            "conc": dice.lognormal(8, 2, 50_000),
        }
    )
    assert nca_profiles(rows).height == 5000
