import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.half_life import falling_rows, fraction_remaining, half_life, half_lives
from tests.endpoints import slow


def test_perfect_decay_has_its_half_life_and_no_width() -> None:
    fit = half_life([0, 21, 42, 63], [800, 400, 200, 100])
    assert fit is not None
    assert fit.half_life_days == pytest.approx(21, rel=1e-12)
    assert (fit.half_life_low, fit.half_life_high) == pytest.approx((21, 21), rel=1e-9)
    assert fit.r2 == pytest.approx(1, rel=1e-12)


def test_slope_interval_over_zero_leaves_the_half_life_unbounded() -> None:
    fit = half_life([0, 14, 28, 42], [100, 60, 140, 70])
    assert fit is not None
    assert fit.half_life_high == math.inf
    assert 0 < fit.half_life_low < fit.half_life_days


@pytest.mark.parametrize("values", [[1, 2, 4], [5, 5, 5]])
def test_series_that_does_not_fall_has_no_half_life(values: list[float]) -> None:
    assert half_life([0, 7, 14], values) is None


@pytest.mark.parametrize(
    ("days", "values", "code"),
    [
        ([0, 7], [2, 1], "half-life-points"),
        ([0, 7, 14], [2, 1], "half-life-points"),
        ([0, 7, 14], [2, 1, 0], "half-life-values"),
        ([7, 7, 7], [3, 2, 1], "half-life-values"),
    ],
)
def test_points_that_allow_no_fit_are_refused(days: list[float], values: list[float], code: str) -> None:
    with pytest.raises(ValueError, match=rf"\[{code}\]"):
        half_life(days, values)


@settings(deadline=None)
@given(st.integers(3, 12), st.integers(0, 10**6), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_fit_agrees_with_scipy(points: int, seed: int, confidence: float) -> None:
    # A seeded generator: hypothesis' own would draw perfect fits, whose width scipy rounds away from 0.
    dice = random.Random(seed)
    days = sorted(dice.sample(range(-10, 400), points))
    values = [math.exp(6 - 0.02 * day + dice.gauss(0, 0.4)) for day in days]
    oracle = stats.linregress(days, np.log(values))
    width = oracle.stderr * stats.t.ppf((1 + confidence) / 2, points - 2)
    fit = half_life(days, values, confidence=confidence)
    if oracle.slope >= 0:
        assert fit is None
        return
    assert fit is not None
    assert fit.k_per_day == pytest.approx(-oracle.slope, rel=1e-9)
    assert fit.half_life_low == pytest.approx(math.log(2) / (width - oracle.slope), rel=1e-9)
    upper = -oracle.slope - width
    assert fit.half_life_high == (math.inf if upper <= 0 else pytest.approx(math.log(2) / upper, rel=1e-6))
    assert fit.r2 == pytest.approx(oracle.rvalue**2, rel=1e-9)


@settings(deadline=None)
@given(st.floats(0.01, 1000), st.integers(-500, 500))
def test_unit_and_origin_of_time_do_not_matter(factor: float, shift: int) -> None:
    days, values = [0, 14, 28, 56, 84], [800.0, 520.0, 330.0, 140.0, 66.0]
    plain = half_life(days, values)
    other = half_life([day + shift for day in days], [value * factor for value in values])
    assert plain is not None
    assert other is not None
    assert other.half_life_days == pytest.approx(plain.half_life_days, rel=1e-9)
    assert other.half_life_high == pytest.approx(plain.half_life_high, rel=1e-9)


def test_many_series_are_fitted_as_each_alone() -> None:
    dice = random.Random(5)
    series = []
    for _ in range(100):
        days = sorted(dice.sample(range(400), dice.randint(1, 8)))
        series.append((days, [dice.uniform(1, 900) for _ in days]))
    fits = half_lives(
        np.array([float(day) for days, _ in series for day in days]),
        np.array([value for _, values in series for value in values]),
        np.array([len(days) for days, _ in series]),
        confidence=0.95,
    )
    for (days, values), row in zip(series, fits.to_dicts(), strict=True):
        alone = half_life(days, values) if len(days) > 2 else None
        if alone is None:
            assert set(row.values()) == {None}
        else:
            assert row == pytest.approx(vars(alone), rel=1e-9)


def test_no_series_give_no_fits() -> None:
    nothing = np.array([], dtype=float)
    lengths = np.array([], dtype=np.int64)
    assert half_lives(nothing, nothing, lengths, confidence=0.95).is_empty()
    assert falling_rows(nothing, lengths).size == 0


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ([800, 400, 200], (0, 2)),
        ([300, 800, 520, 140, 66, 90], (1, 4)),
        ([1280, 1280, 640, 320, 320], (0, 4)),
        ([800, 100, 800, 200], (2, 3)),
        ([800, 100, 200, 100], (0, 1)),
        ([1, 2, 3], (2, 2)),
        ([5], (0, 0)),
    ],
)
def test_falling_part_runs_from_the_last_peak_to_the_first_trough(values: list[float], part: tuple[int, int]) -> None:
    rows = np.flatnonzero(falling_rows(np.array(values, dtype=float), np.array([len(values)])))
    assert (rows[0], rows[-1]) == part == slow.falling_part(values)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=8), min_size=1, max_size=6))
def test_falling_parts_of_many_series_agree_with_a_search(series: list[list[int]]) -> None:
    marked = falling_rows(
        np.array([float(value) for values in series for value in values]), np.array([len(v) for v in series])
    )
    offset = 0
    for values in series:
        rows = np.flatnonzero(marked[offset : offset + len(values)])
        assert (rows[0], rows[-1]) == slow.falling_part(values)
        assert rows.size == rows[-1] - rows[0] + 1
        offset += len(values)


def test_passive_decay_halves_each_half_life() -> None:
    assert fraction_remaining([0, 21, 63], half_life_days=21).tolist() == [1.0, 0.5, 0.125]
    with pytest.raises(ValueError, match=r"\[half-life-days\]"):
        fraction_remaining([1], half_life_days=0)
