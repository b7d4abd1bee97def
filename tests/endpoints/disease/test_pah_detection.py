"""DETECT: points at the borders of each stretch, totals, missing inputs."""

import math

import polars as pl
import pytest

from cart.endpoints.disease.pah_detection import detect_referral
from cart.endpoints.errors import ParameterError

ROW = {
    "fvc_pct": 100.0,
    "dlco_pct": 50.0,
    "telangiectasia": True,
    "aca": False,
    "ntprobnp_pg_mL": 125.0,
    "urate_mg_dL": 5.0,
    "right_axis_dev": False,
    "ra_area_cm2": 14.0,
    "tr_velocity_m_s": 2.6,
}


def detect(**changes):
    return detect_referral(pl.DataFrame([ROW | changes])).row(0, named=True)


def test_hand_worked_screening():
    found = detect()
    first = 56.8 + 65 + 50 + (27.5 + 11.3 * math.log10(125)) + 54 + 50
    assert found["step1_total"] == pytest.approx(first, rel=1e-12)
    assert found["step2_total"] == pytest.approx(10 + (first - 300) * 0.357 + 9.25 + 11, rel=1e-12)
    assert (found["refer_echo"], found["refer_catheter"], found["reason_step2"]) == (True, True, "")


@pytest.mark.parametrize(
    ("urate", "points"),
    [
        (0, 0),
        (1.99, 0),
        (2, 12.5),
        (2.5, 20),
        (3, 27.5),
        (3.5, 35.5),
        (4, 43.5),
        (4.5, 48.75),
        (5, 54),
        (10, 60),
        (14, 60),
    ],
)
def test_urate(urate, points):
    assert detect(urate_mg_dL=float(urate))["p_urate"] == pytest.approx(points)


@pytest.mark.parametrize(
    ("velocity", "points"),
    [
        (0, 6.5),
        (0.75, 7.25),
        (1.5, 8),
        (2, 9),
        (2.5, 10),
        (3, 15),
        (3.2, 18),
        (3.5, 22.5),
        (4, 30),
        (4.5, 37.5),
        (5, 45),
        (6, 45),
    ],
)
def test_velocity(velocity, points):
    assert detect(tr_velocity_m_s=float(velocity))["p_tr"] == pytest.approx(points)


def test_findings():
    found = detect(telangiectasia=False, aca=True, right_axis_dev=True)
    assert (found["p_tel"], found["p_aca"], found["p_rad"]) == (50, 59, 73)


def test_total_of_the_cut_itself_refers_nobody():
    # 28 + 14.4 + 50 + 50 + 27.5 + 60 + 50 = 279.9; the ratio fills it up to 300.
    ratio = 1 + 20.1 / 14.4
    quiet = {"telangiectasia": False, "ntprobnp_pg_mL": 1.0, "urate_mg_dL": 10.0, "dlco_pct": 50.0}
    assert detect(fvc_pct=50 * ratio - 0.01, **quiet)["refer_echo"] is False
    assert detect(fvc_pct=50 * ratio + 0.01, **quiet)["refer_echo"] is True


def test_missing_finding_leaves_bounds():
    found = detect(aca=None)
    assert found["step1_high"] - found["step1_low"] == pytest.approx(9)
    assert (found["step1_total"], found["refer_echo"]) == (None, True)
    assert (found["step2_total"], found["refer_catheter"]) == (None, None)
    assert found["reason_step1"] == "no anticentromere"
    assert detect(fvc_pct=60.0, dlco_pct=60.0, telangiectasia=False, urate_mg_dL=None)["refer_echo"] is None


@pytest.mark.parametrize("name", ["fvc_pct", "dlco_pct", "ntprobnp_pg_mL"])
def test_without_a_measurement_there_is_no_total(name):
    found = detect(**{name: None})
    assert (found["step1_low"], found["refer_echo"], found["refer_catheter"]) == (None, None, None)


def test_missing_echo_leaves_step_one():
    found = detect(ra_area_cm2=None)
    assert found["refer_echo"] is True
    assert (found["refer_catheter"], found["reason_step1"], found["reason_step2"]) == (None, "", "no right atrium area")


def test_impossible_value_is_refused():
    with pytest.raises(ParameterError, match=r"\[disease-value\]"):
        detect(ntprobnp_pg_mL=0.0)
