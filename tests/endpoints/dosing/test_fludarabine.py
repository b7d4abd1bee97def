"""Fludarabine: borders of the clearance, other full doses, what is missing or impossible."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.dosing.fludarabine import fludarabine_dose
from cart.endpoints.errors import ParameterError

TYPES = {"crcl_ml_min": pl.Float64, "bsa_m2": pl.Float64}
NOT_GIVEN = "creatinine clearance below 30 mL/min: not to be given"


def doses(*rows, **options):
    return fludarabine_dose(pl.DataFrame(rows, schema=TYPES, orient="row"), **options).rows()


@pytest.mark.parametrize(
    ("clearance", "answer"),
    [
        (120.0, (1.0, 25.0, 50.0, "")),
        (80.0, (1.0, 25.0, 50.0, "")),
        (79.9, (0.8, 20.0, 40.0, "")),
        (50.0, (0.8, 20.0, 40.0, "")),
        (49.9, (0.6, 15.0, 30.0, "")),
        (30.0, (0.6, 15.0, 30.0, "")),
        (29.9, (None, None, None, NOT_GIVEN)),
        (0.0, (None, None, None, NOT_GIVEN)),
        (None, (None, None, None, "no creatinine clearance")),
    ],
)
def test_borders_of_the_clearance(clearance, answer):
    assert doses((clearance, 2.0)) == [answer]


def test_a_missing_body_surface_leaves_the_dose_per_m2():
    assert doses((60.0, None)) == [(0.8, 20.0, None, "no body surface")]
    assert doses((None, None)) == [(None, None, None, "no creatinine clearance, no body surface")]
    assert doses() == []


def test_another_full_dose_is_cut_by_the_same_shares():
    assert doses((60.0, 2.0), full_dose_mg_m2=30) == [(0.8, 24.0, 48.0, "")]


@settings(deadline=None)
@given(st.floats(30, 200), st.floats(0, 50), st.floats(0.5, 3))
def test_more_clearance_is_never_less_dose(clearance, more, surface):
    lower, higher = doses((clearance, surface), (clearance + more, surface))
    assert lower[2] <= higher[2] <= 25 * surface * (1 + 1e-12)


@pytest.mark.parametrize("row", [(-1.0, 2.0), (60.0, 0.0), (60.0, 18.0)])
def test_what_cannot_be_is_refused(row):
    with pytest.raises(ParameterError, match=r"\[dose-value\]"):
        doses(row)
    with pytest.raises(ParameterError, match=r"\[dose-value\]"):
        doses((60.0, 2.0), full_dose_mg_m2=0)
