"""Serial decline: slopes against scipy, what cannot be fitted, and the flag inside normal limits."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cart.endpoints.disease.serial_decline import serial_decline, serial_slopes
from cart.endpoints.errors import ParameterError

SCHEMA = {"subject_id": pl.Int64, "measure": pl.String, "years": pl.Float64, "value": pl.Float64, "lln": pl.Float64}


def frame(*rows):
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def series(values, *, subject=1, measure="FVC", lln=80.0, step=1.0):
    return [(subject, measure, i * step, value, lln) for i, value in enumerate(values)]


@settings(deadline=None)
@given(st.integers(3, 10), st.integers(0, 10**6), st.sampled_from([0.8, 0.9, 0.95]))
def test_slope_agrees_with_scipy(points, seed, confidence):
    dice = random.Random(seed)
    years = sorted(dice.sample([i / 4 for i in range(40)], points))
    values = [100 - 2 * year + dice.gauss(0, 3) for year in years]
    found = serial_slopes(
        frame(*((1, "FVC", x, y, None) for x, y in zip(years, values, strict=True))), confidence=confidence
    ).row(0, named=True)
    oracle = stats.linregress(years, values)
    width = oracle.stderr * stats.t.ppf((1 + confidence) / 2, points - 2)
    expected = (oracle.slope, oracle.slope - width, oracle.slope + width)
    got = (found["slope_per_year"], found["slope_low"], found["slope_high"])
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_perfect_line_has_no_width():
    found = serial_slopes(frame(*series([110, 108, 106, 104]))).row(0, named=True)
    assert (found["slope_per_year"], found["slope_low"], found["slope_high"]) == pytest.approx((-2, -2, -2))


def test_each_series_by_itself_whatever_the_order():
    rows = [
        *series([110, 107, 103]),
        *series([90, 91, 95], measure="DLCO"),
        *series([60, 70, 80], subject=2),
        *series([50], subject=3),
    ]
    found = serial_slopes(frame(*rows))
    assert found.select("subject_id", "measure", "points").rows() == [
        (1, "DLCO", 3),
        (1, "FVC", 3),
        (2, "FVC", 3),
        (3, "FVC", 1),
    ]
    assert serial_slopes(frame(*reversed(rows))).equals(found)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (series([100, 98]), "2 points, 3 needed"),
        (series([100, 98, 96], step=0.0), "all points at one time"),
        (series([100, None, 96]), "2 points, 3 needed"),
        (series([None, None]), "0 points, 3 needed"),
    ],
)
def test_no_slope_has_its_reason(rows, reason):
    found = serial_slopes(frame(*rows)).row(0, named=True)
    assert (found["slope_per_year"], found["slope_low"], found["slope_high"]) == (None, None, None)
    assert found["reason"] == reason


def test_limit_of_the_last_value_says_whether_it_is_normal():
    assert serial_slopes(frame(*series([110, 100, 80]))).row(0, named=True)["within_normal"] is True
    assert serial_slopes(frame(*series([110, 100, 79.9]))).row(0, named=True)["within_normal"] is False
    assert serial_slopes(frame(*series([110, 100, 79.9], lln=None))).row(0, named=True)["within_normal"] is None


@pytest.mark.parametrize(
    ("fvc", "dlco", "declined", "way", "normal"),
    [
        ([120, 110, 108], [100, 100, 100], True, "FVC>=10", True),
        ([120, 110, 108.1], [100, 100, 100], False, "", True),
        ([120, 110, 114], [100, 90, 85], True, "FVC5-10+DLCO>=15", True),
        ([100, 90, 79], [100, 90, 85], True, "FVC>=10", False),
        ([120, 118, 120], [100, 90, 70], False, "", False),
    ],
)
def test_flag_inside_normal_limits(fvc, dlco, declined, way, normal):
    found = serial_decline(frame(*series(fvc), *series(dlco, measure="DLCO"))).row(0, named=True)
    assert (found["declined"], found["way"], found["within_normal"], found["reason"]) == (declined, way, normal, "")


def test_one_visit_is_no_decline():
    found = serial_decline(frame(*series([120]), *series([100], measure="DLCO"))).row(0, named=True)
    assert (found["declined"], found["reason"]) == (None, "no FVC, DLCO")


def test_missing_measure_counts_only_where_it_decides():
    only_fvc = serial_decline(
        frame(*series([120, 108]), *series([120, 112], subject=2), *series([120, 119], subject=3))
    )
    assert only_fvc["declined"].to_list() == [True, None, False]
    assert only_fvc["within_normal"].to_list() == [None, None, None]


def test_impossible_coverage_is_refused():
    with pytest.raises(ParameterError, match=r"\[confidence\]"):
        serial_slopes(frame(*series([1, 2, 3])), confidence=1)
