"""GLI reference values: against pyspiro's classes and rspiro's cases; what is missing or outside the tables."""

import math

import polars as pl
import pyspiro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.disease.lung_function import EQUATIONS, lung_function
from cart.endpoints.disease.lung_tables import RSPIRO, tables
from cart.endpoints.errors import FrameError, ParameterError
from tests.endpoints.vectors.folder import FOLDER, needs_folder

PYSPIRO = {
    "GLI-2012": (pyspiro.GLI_2012(), {"FEV1": 1, "FVC": 2, "FEV1FVC": 3}),
    "GLI-Global-2022": (pyspiro.BOWERMAN_2022(), {"FEV1": 1, "FVC": 2, "FEV1FVC": 3}),
    "GLI-2017-TLCO(corr2020)-SI": (pyspiro.GLI_2017(), {"TLCO": 1, "KCO": 3, "VA": 5}),
    "GLI-2017-TLCO(corr2020)-trad": (pyspiro.GLI_2017(), {"TLCO": 2, "KCO": 4, "VA": 5}),
}
MEASURES = [(one.id, measure) for one in EQUATIONS.values() for measure in one.measures]
ROW = {"age_years": 52.3, "height_cm": 170.0, "measured": 3.1, "sex": "M", "group": 1}
SCHEMA = {"age_years": pl.Float64, "height_cm": pl.Float64, "measured": pl.Float64, "sex": pl.String, "group": pl.Int64}
# What the README of the cases grants where an age is between two rows of the tables, points of % predicted.
OFF_QUARTER = 0.21


def values(*changes, equation="GLI-2012", measure="FVC", **given):
    rows = pl.DataFrame([ROW | change for change in changes or [{}]], schema=SCHEMA)
    return lung_function(rows, equation=equation, measure=measure, **given)


def value(equation="GLI-2012", measure="FVC", **changes):
    return values(changes, equation=equation, measure=measure).row(0, named=True)


@pytest.mark.parametrize(("equation", "measure"), MEASURES)
@settings(deadline=None, max_examples=40)
@given(st.floats(5, 90), st.floats(110, 210), st.sampled_from("MF"), st.integers(1, 5), st.floats(0.3, 9))
def test_agrees_with_pyspiro(equation, measure, age, height, sex, group, measured):
    oracle, parameters = PYSPIRO[equation]
    given = {"sex": int(sex == "M"), "age": age, "height": height}
    given |= {"ethnicity": group} if equation == "GLI-2012" else {}
    given |= {"parameter": parameters[measure], "value": measured}
    found = value(equation, measure, age_years=age, height_cm=height, sex=sex, group=group, measured=measured)
    expected = [float(one) for one in oracle.lms(**given)]
    assert [found["l"], found["m"], found["s"]] == pytest.approx(expected, rel=1e-12)
    assert found["z"] == pytest.approx(float(oracle.zscore(**given)), rel=1e-9, abs=1e-9)
    limit = float(oracle.lln(**given))
    assert found["lln"] is None if math.isnan(limit) else found["lln"] == pytest.approx(limit, rel=1e-9)


@needs_folder
def test_default_reading_is_within_what_the_cases_grant():
    cases = pl.read_csv(FOLDER / "gli_lung_function.csv")
    for (equation, measure, on_quarter), part in cases.group_by("equation", "param", "age_on_quarter"):
        rows = part.select(
            pl.col("age").alias("age_years"),
            (pl.col("height_m") * 100).round(9).alias("height_cm"),
            "measured",
            "sex",
            pl.col("ethnicity").alias("group"),
        )
        found = lung_function(rows, equation=equation, measure=measure)
        # GLI-2012 in the cases is of tables with four decimals.
        granted = 1e-6 if on_quarter and equation != "GLI-2012" else 0.02 if equation == "GLI-2012" else OFF_QUARTER
        assert (found["pct_predicted"] - part["pct_pred"]).abs().max() < granted
        assert (found["z"] - part["z"]).abs().max() < granted


def test_hand_worked_value_on_a_row_of_the_tables():
    # FVC, male, 50 years: the splines of M and S stand in the row of 50.0.
    found = tables("gli_2012", measure="FVC", sex="M", rounded=False)
    (row,) = [i for i, age in enumerate(found.ages) if age == 50]
    m = math.exp(-11.2281 + 2.4135 * math.log(170) + 0.0865 * math.log(50) + found.splines["M"][row])
    s = math.exp(-2.2963 + 0.0718 * math.log(50) + found.splines["S"][row])
    got = value(age_years=50.0)
    assert (got["l"], got["m"], got["s"]) == pytest.approx((0.9481, m, s), rel=1e-12)
    assert got["pct_predicted"] == pytest.approx(3.1 / m * 100)
    assert got["lln"] == pytest.approx(m * (1 - 1.645 * 0.9481 * s) ** (1 / 0.9481))


def test_measured_at_the_prediction_and_at_the_limit():
    reference = value()
    assert value(measured=reference["m"])["z"] == pytest.approx(0, abs=1e-12)
    assert value(measured=reference["m"])["pct_predicted"] == pytest.approx(100)
    assert value(measured=reference["lln"])["z"] == pytest.approx(-1.645)


def test_an_age_between_two_rows_lies_between_their_values():
    low, between, high = (value(age_years=age)["m"] for age in (52.25, 52.3, 52.5))
    assert high < between < low


def test_rspiro_takes_the_last_quarter_and_four_decimals():
    rows = {"equation": "GLI-Global-2022", "reading": RSPIRO}
    stepped, interpolated = (values({}, **given)["m"][0] for given in (rows, {"equation": "GLI-Global-2022"}))
    assert stepped != interpolated
    assert stepped == pytest.approx(interpolated, rel=1e-3)
    assert values({"age_years": 52.25}, **rows)["m"][0] == value("GLI-Global-2022", age_years=52.25)["m"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"age_years": None}, "no age"),
        ({"age_years": 2.9}, "age outside 3 to 95 years"),
        ({"age_years": 95.1}, "age outside 3 to 95 years"),
        ({"sex": None}, "no sex"),
        ({"height_cm": None}, "no height"),
        ({"group": None}, "no group"),
        ({"age_years": None, "sex": None}, "no age"),
    ],
)
def test_what_is_missing_leaves_no_reference_values(changes, reason):
    found = value(**changes)
    assert found.pop("reason") == reason
    assert set(found.values()) == {None}


def test_ends_of_the_tables_have_values():
    assert None not in value(age_years=3.0).values()
    assert None not in value(age_years=95.0).values()
    assert value("GLI-2017-TLCO(corr2020)-SI", "TLCO", age_years=90.1)["reason"] == "age outside 5 to 90 years"
    assert value("GLI-2017-TLCO(corr2020)-SI", "TLCO", age_years=90.0)["reason"] == ""


def test_without_a_measured_value_the_reference_stands_alone():
    found = value(measured=None)
    assert (found["pct_predicted"], found["z"], found["reason"]) == (None, None, "no measured value")
    assert found["m"] == value()["m"]


def test_groups_differ_and_other_is_not_caucasian():
    predicted = [value(group=group)["m"] for group in range(1, 6)]
    assert len(set(predicted)) == 5
    assert predicted[4] == pytest.approx(predicted[0] * math.exp(-0.0825), rel=1e-12)


def test_equations_of_one_group_need_no_column():
    rows = pl.DataFrame([ROW]).drop("group")
    assert lung_function(rows, equation="GLI-Global-2022", measure="FVC")["reason"][0] == ""
    with pytest.raises(FrameError, match=r"\[frame-column\]"):
        lung_function(rows, equation="GLI-2012", measure="FVC")


def test_row_order_does_not_matter():
    changes = [
        {"sex": sex, "age_years": age, "group": group} for sex in "MF" for age in (20.1, 99.0) for group in (1, 5)
    ]
    assert values(*reversed(changes)).equals(values(*changes).reverse())


def test_no_rows_have_no_answers():
    assert lung_function(pl.DataFrame(schema=SCHEMA), equation="GLI-2012", measure="FVC").height == 0


@pytest.mark.parametrize(
    ("changes", "given", "code"),
    [
        ({}, {"equation": "NHANES"}, "lung-equation"),
        ({}, {"measure": "TLCO"}, "lung-measure"),
        ({}, {"reading": "nearest"}, "lung-reading"),
        ({"sex": "X"}, {}, "lung-sex"),
        ({"group": 6}, {}, "lung-group"),
        ({"height_cm": 1.7}, {}, "disease-value"),
        ({"measured": 0.0}, {}, "disease-value"),
        ({"age_years": -1.0}, {}, "disease-value"),
    ],
)
def test_what_there_is_none_of_is_refused(changes, given, code):
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        values(changes, **given)
