"""ACR-CRISS and its revision."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.disease.criss import acr_criss, revised_criss, step_one_event
from cart.endpoints.errors import ParameterError

CHANGES = {"d_mrss": 0.0, "d_fvc_pct_pred": 0.0, "d_patient_global": 0.0, "d_physician_global": 0.0, "d_haq_di": 0.0}
QUIET = {
    "renal_crisis": False,
    "fvc_fall_confirmed": False,
    "ild_on_hrct": False,
    "pah_on_catheter": False,
    "fvc_fall_pct": 0.0,
    "fvc_pct_pred": 95.0,
    "lvef_pct": 60.0,
}
FVC_EVENT = {"fvc_fall_confirmed": True, "ild_on_hrct": True, "fvc_fall_pct": 15.0, "fvc_pct_pred": 79.9}
REVISED = {
    "b_mrss": 24.0,
    "b_fvc": 70.0,
    "b_haq": 1.0,
    "b_ptg": 6.0,
    "b_mdg": 6.0,
    "f_mrss": 24.0,
    "f_fvc": 70.0,
    "f_haq": 1.0,
    "f_ptg": 6.0,
    "f_mdg": 6.0,
}


def criss(event=False, **changes):
    return acr_criss(pl.DataFrame([{"step1_event": event} | CHANGES | changes])).row(0, named=True)


def revised(pct=20.0, needed=3, **changes):
    rows = pl.DataFrame([REVISED | changes])
    return revised_criss(rows, improved_pct=pct, items_needed=needed).row(0, named=True)


def test_hand_worked_probability():
    found = criss(d_mrss=-10.0, d_fvc_pct_pred=5.0, d_patient_global=-3.0, d_physician_global=-3.0, d_haq_di=-0.5)
    predictor = -5.54 + 8.1 + 1.05 + 1.2 + 1.32 + 1.705
    assert found["linear_predictor"] == pytest.approx(predictor, rel=1e-12)
    assert found["probability"] == pytest.approx(1 / (1 + math.exp(-predictor)), rel=1e-12)
    assert found["improved"] is True


def test_cut_is_at_six_tenths():
    above = math.log(0.6 / 0.4) + 5.54
    assert criss(d_mrss=-above / 0.81 - 1e-6)["improved"] is True
    assert criss(d_mrss=-above / 0.81 + 1e-6)["improved"] is False


def test_event_means_no_improvement_also_with_a_missing_change():
    found = criss(True, d_mrss=-20.0, d_haq_di=None)
    assert (found["probability"], found["improved"], found["reason"]) == (0, False, "")


@pytest.mark.parametrize(
    ("event", "changes", "reason"),
    [
        (None, {}, "no answer on step 1"),
        (False, {"d_mrss": None}, "no change of mRSS"),
        (False, {"d_mrss": None, "d_haq_di": None}, "no change of mRSS, change of HAQ-DI"),
    ],
)
def test_missing_is_missing(event, changes, reason):
    rows = pl.DataFrame([{"step1_event": event} | CHANGES | changes], schema_overrides={"step1_event": pl.Boolean})
    found = acr_criss(rows).row(0, named=True)
    assert (found["probability"], found["improved"], found["reason"]) == (None, None, reason)


@given(st.floats(-30, 30), st.floats(-3, 3))
def test_less_skin_is_never_less_probable(mrss, haq):
    assert criss(d_mrss=mrss - 1, d_haq_di=haq)["probability"] >= criss(d_mrss=mrss, d_haq_di=haq)["probability"]


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({}, False),
        ({"renal_crisis": True}, True),
        ({"pah_on_catheter": True}, True),
        ({"lvef_pct": 45.0}, True),
        ({"lvef_pct": 45.1}, False),
        (FVC_EVENT, True),
        (FVC_EVENT | {"fvc_fall_pct": 14.9}, False),
        (FVC_EVENT | {"fvc_pct_pred": 80.0}, False),
        (FVC_EVENT | {"ild_on_hrct": False}, False),
        (FVC_EVENT | {"fvc_fall_confirmed": False}, False),
        (FVC_EVENT | {"ild_on_hrct": None}, None),
        ({"lvef_pct": None}, None),
        ({"lvef_pct": None, "renal_crisis": True}, True),
    ],
)
def test_events_of_step_one(changes, event):
    assert step_one_event(pl.DataFrame([QUIET | changes])).to_list() == [event]


@pytest.mark.parametrize(
    ("changes", "improved"),
    [
        ({}, 0),
        ({"f_mrss": 19.2}, 1),
        ({"f_mrss": 19.3}, 0),
        ({"f_fvc": 73.5}, 1),
        ({"f_fvc": 73.4}, 0),
        ({"f_haq": 0.8}, 1),
        ({"f_ptg": 4.8, "f_mdg": 4.8}, 2),
        ({"b_haq": 0.0, "f_haq": 0.0}, 0),
        ({"b_haq": 0.0, "f_haq": 1.0}, 0),
        ({"f_mrss": 12.0, "f_fvc": 80.0, "f_haq": 0.5, "f_ptg": 1.0, "f_mdg": 1.0}, 5),
    ],
)
def test_revised_items_and_their_borders(changes, improved):
    found = revised(**changes)
    assert (found["improved"], found["responder"]) == (improved, improved >= 3)


def test_number_of_items_and_per_cent_are_parameters():
    two = {"f_mrss": 18.0, "f_haq": 0.75}
    assert revised(needed=2, **two)["responder"] is True
    assert revised(needed=3, **two)["responder"] is False
    assert revised(pct=25.0, needed=2, **two)["responder"] is True
    assert revised(pct=30.0, needed=2, **two)["responder"] is False


def test_revised_missing_item_counts_only_where_it_decides():
    found = revised(f_mrss=12.0, f_haq=0.5, f_ptg=None)
    assert (found["improved_low"], found["improved_high"], found["improved"]) == (2, 3, None)
    assert (found["responder"], found["reason"]) == (None, "no patient global")
    assert revised(f_ptg=None)["responder"] is False
    assert revised(f_mrss=12.0, f_haq=0.5, f_mdg=1.0, f_ptg=None)["responder"] is True


def test_revised_has_no_response_after_an_event():
    better = {"f_mrss": 12.0, "f_haq": 0.5, "f_mdg": 1.0}
    rows = pl.DataFrame([REVISED | better | {"step1_event": event} for event in (True, False, None)])
    assert revised_criss(rows)["responder"].to_list() == [False, True, None]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"improved_pct": 0}, "criss-improvement"),
        ({"improved_pct": 101}, "criss-improvement"),
        ({"fvc_improved_pct": 0}, "criss-improvement"),
        ({"items_needed": 0}, "criss-items"),
        ({"items_needed": 6}, "criss-items"),
    ],
)
def test_impossible_parameters_are_refused(given, code):
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        revised_criss(pl.DataFrame([REVISED]), **given)
