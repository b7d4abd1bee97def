"""Renal function: values of the public calculators, units, what is missing or impossible."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.dosing.renal_function import creatinine_clearance, egfr_ckd_epi
from cart.endpoints.errors import ParameterError

TYPES = {
    "creatinine": pl.Float64,
    "unit": pl.String,
    "age_years": pl.Int64,
    "sex": pl.String,
    "weight_kg": pl.Float64,
}


def table(*rows):
    return pl.DataFrame(rows, schema=TYPES, orient="row")


def clearance(*row):
    return creatinine_clearance(table(row)).row(0)


def rate(*row):
    return egfr_ckd_epi(table((*row, None))).row(0)


@pytest.mark.parametrize(
    ("row", "value", "digits"),
    [
        ((1.09, "mg/dL", 55, "M"), 80, 0),
        ((85.0, "umol/L", 65, "F"), 66, 0),
        ((96.3, "umol/L", 55, "M"), 80.2293, 4),
        ((65.0, "umol/L", 76, "F"), 84.4646, 4),
    ],
)
def test_filtration_rates_of_the_foundation_s_calculator(row, value, digits):
    assert round(rate(*row)[0], digits) == value


@pytest.mark.parametrize(
    ("row", "value"), [((1.09, "mg/dL", 55, "M", 90.0), 97), ((85.0, "umol/L", 65, "F", 60.0), 55)]
)
def test_clearances_of_the_foundation_s_calculator(row, value):
    assert round(clearance(*row)[0]) == value


def test_a_clearance_by_hand():
    assert clearance(1.0, "mg/dL", 68, "M", 72.0) == (72.0, "")
    assert clearance(2.0, "mg/dL", 68, "F", 72.0) == (pytest.approx(72 * 0.85 / 2), "")


@pytest.mark.parametrize(("sex", "border", "factor"), [("F", 0.7, 1.012), ("M", 0.9, 1.0)])
def test_at_its_border_creatinine_has_no_weight(sex, border, factor):
    assert rate(border, "mg/dL", 40, sex)[0] == pytest.approx(142 * 0.9938**40 * factor)
    above, below = rate(border * 2, "mg/dL", 40, sex)[0], rate(border / 2, "mg/dL", 40, sex)[0]
    assert above == pytest.approx(142 * 0.9938**40 * factor * 2**-1.2)
    assert below == pytest.approx(142 * 0.9938**40 * factor * 2 ** (0.241 if sex == "F" else 0.302))


@settings(deadline=None)
@given(st.floats(0.3, 10), st.integers(18, 100), st.sampled_from("FM"), st.floats(35, 150))
def test_units_agree_and_more_creatinine_is_less_function(creatinine, age, sex, weight):
    for found in (clearance, lambda *row: rate(*row[:4])):
        value = found(creatinine, "mg/dL", age, sex, weight)[0]
        assert found(creatinine * 88.42, "umol/L", age, sex, weight)[0] == pytest.approx(value)
        assert found(creatinine * 1.1, "mg/dL", age, sex, weight)[0] < value


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((None, "mg/dL", 50, "M", 70.0), "no creatinine"),
        ((1.0, None, 50, "M", 70.0), "no unit of creatinine"),
        ((1.0, "mg/dL", None, "M", 70.0), "no age"),
        ((1.0, "mg/dL", 50, None, 70.0), "no sex"),
        ((1.0, "mg/dL", 17, "M", 70.0), "below 18 years: the equation is for adults"),
        ((None, "mg/dL", 17, None, 70.0), "no creatinine, no sex"),
    ],
)
def test_what_is_missing_is_said(row, reason):
    assert clearance(*row) == (None, reason)
    assert rate(*row[:4]) == (None, reason)
    assert clearance(1.0, "mg/dL", 50, "M", None) == (None, "no weight")
    assert rate(1.0, "mg/dL", 18, "M")[1] == ""


@pytest.mark.parametrize(
    "row",
    [
        (0.0, "mg/dL", 50, "M"),
        (-1.0, "mg/dL", 50, "M"),
        (1.0, "mmol/L", 50, "M"),
        (1.0, "mg/dL", 131, "M"),
        (1.0, "mg/dL", -1, "M"),
        (1.0, "mg/dL", 50, "male"),
    ],
)
def test_what_cannot_be_is_refused(row):
    with pytest.raises(ParameterError, match=r"\[renal-value\]"):
        rate(*row)
    with pytest.raises(ParameterError, match=r"\[renal-value\]"):
        clearance(*row, 70.0)


def test_an_impossible_weight_is_refused():
    with pytest.raises(ParameterError, match=r"\[body-size\]"):
        clearance(1.0, "mg/dL", 50, "M", 0.0)
