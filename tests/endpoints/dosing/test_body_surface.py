"""Body surface: each formula by hand, what is missing, what no subject has."""

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.dosing.body_surface import FORMULAS, body_surface
from cart.endpoints.errors import ParameterError

TYPES = {"height_cm": pl.Float64, "weight_kg": pl.Float64}


def surfaces(*rows, formula="mosteller"):
    return body_surface(pl.DataFrame(rows, schema=TYPES, orient="row"), formula=formula).rows()


READ = {
    "mosteller": lambda height, weight: math.sqrt(height * weight / 3600),
    "du-bois": lambda height, weight: 0.007184 * height**0.725 * weight**0.425,
    "haycock": lambda height, weight: 0.024265 * height**0.3964 * weight**0.5378,
}


@settings(deadline=None)
@given(st.sampled_from(sorted(FORMULAS)), st.floats(30, 280), st.floats(1, 500))
def test_every_formula_agrees_with_its_publication(formula, height, weight):
    ((found, reason),) = surfaces((height, weight), formula=formula)
    assert found == pytest.approx(READ[formula](height, weight), rel=1e-12)
    assert reason == ""
    ((heavier, _),) = surfaces((height, weight + 1), formula=formula) if weight < 499 else [(math.inf, "")]
    assert heavier > found


def test_formulas_agree_on_a_usual_subject():
    found = [surfaces((170.0, 70.0), formula=formula)[0][0] for formula in FORMULAS]
    assert found == pytest.approx([1.8181, 1.8097, 1.8257], abs=1e-4)


def test_what_is_missing_is_said_and_rows_keep_their_order():
    rows = [(None, 80.0), (180.0, None), (None, None), (180.0, 80.0)]
    assert surfaces(*rows) == [(None, "no height"), (None, "no weight"), (None, "no height, no weight"), (2.0, "")]
    assert surfaces() == []


@pytest.mark.parametrize("row", [(1.8, 80.0), (281.0, 80.0), (180.0, 0.0), (180.0, 80000.0), (180.0, math.nan)])
def test_a_height_or_weight_that_no_subject_has_is_refused(row):
    with pytest.raises(ParameterError, match=r"\[body-size\]"):
        surfaces(row)


def test_an_unknown_formula_is_refused():
    with pytest.raises(ParameterError, match=r"mosteller, du-bois, haycock; found 'boyd'\. \[bsa-formula\]"):
        surfaces((180.0, 80.0), formula="boyd")
