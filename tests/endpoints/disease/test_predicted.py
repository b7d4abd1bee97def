"""Per cent of predicted as a site records a test: age by report or year of birth, haemoglobin, bounds."""

import datetime as dt

import polars as pl
import pytest

from cart.endpoints.disease.lung_function import lung_function
from cart.endpoints.disease.predicted import device_disagrees, dlco_predicted, predicted
from cart.endpoints.errors import ParameterError

SCHEMA = {
    "assessed_on": pl.Date,
    "year_of_birth": pl.Int64,
    "age_years": pl.Float64,
    "height_cm": pl.Float64,
    "sex": pl.String,
    "gli_group": pl.Int64,
    "fvc_l": pl.Float64,
    "dlco": pl.Float64,
    "unit": pl.String,
    "haemoglobin_g_dl": pl.Float64,
}
WOMAN = {
    "assessed_on": dt.date(2024, 7, 2),
    "year_of_birth": 1968,
    "height_cm": 168.0,
    "sex": "F",
    "fvc_l": 2.6,
    "dlco": 5.0,
    "unit": "mmol/min/kPa",
}


def rows(*changes):
    return pl.DataFrame([dict.fromkeys(SCHEMA) | WOMAN | one for one in changes], schema=SCHEMA)


def fvc(*changes, equation="GLI-Global-2022"):
    return predicted(rows(*changes), equation=equation, measure="FVC", measured="fvc_l").to_dicts()


def kernel(age, **changes):
    given = pl.DataFrame({"age_years": age, "height_cm": 168.0, "measured": 2.6, "sex": "F", **changes})
    return lung_function(given, equation="GLI-Global-2022", measure="FVC")["pct_predicted"][0]


def test_without_an_age_the_middle_of_the_year_of_birth_counts_with_the_bounds_of_the_birthday():
    (found,) = fvc({})
    # 2 July 1968 to 2 July 2024 are 56 years; 1 January and 31 December make 56.5 and 55.5 of them.
    assert found["pct"] == pytest.approx(kernel(56.0), abs=0.01)
    assert found["pct_low"] == pytest.approx(kernel(55.5), abs=0.01)
    assert found["pct_high"] == pytest.approx(kernel(56.5), abs=0.01)
    assert found["remark"] == "age from the year of birth"


def test_an_age_of_the_report_is_taken_as_it_is_and_has_no_bounds():
    (found,) = fvc({"age_years": 56.37})
    assert found["pct"] == pytest.approx(kernel(56.37), abs=1e-9)
    assert (found["pct_low"], found["pct_high"], found["remark"]) == (None, None, "")


def test_leap_day_is_a_day():
    (found,) = fvc({"assessed_on": dt.date(2024, 2, 29), "year_of_birth": 2000, "age_years": None})
    assert found["pct_low"] < found["pct"] or found["pct_low"] == pytest.approx(found["pct"])
    assert found["reason"] == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"year_of_birth": None}, "no age"),
        ({"year_of_birth": 2030}, "no age"),
        ({"assessed_on": None}, "no age"),
        ({"year_of_birth": 1925}, "age outside 3 to 95 years"),
        ({"sex": "U"}, "no sex"),
        ({"sex": "UNDIFFERENTIATED"}, "no sex"),
        ({"height_cm": None}, "no height"),
        ({"fvc_l": None}, "no measured value"),
        ({"height_cm": 100.0, "fvc_l": 9.0}, "% of predicted cannot be: check height, value and unit"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said(change, reason):
    missing, whole = fvc(change, {})
    assert missing["pct"] is None
    assert reason in missing["reason"]
    assert (missing["pct_low"], missing["pct_high"], missing["remark"]) == (None, None, "")
    assert whole["reason"] == ""


def test_gli_2012_without_a_group_has_no_answer_and_other_is_a_group_of_its_own():
    unknown, caucasian, other = fvc({}, {"gli_group": 1}, {"gli_group": 5}, equation="GLI-2012")
    assert (unknown["pct"], unknown["reason"]) == (None, "no group")
    assert abs(caucasian["pct"] - other["pct"]) > 1


def test_dlco_in_both_units_is_nearly_the_same_per_cent_in_the_order_of_the_rows():
    si, traditional, none = dlco_predicted(
        rows({}, {"dlco": 5.0 * 2.986, "unit": "mL/min/mm[Hg]"}, {"dlco": None, "unit": None})
    ).to_dicts()
    assert si["pct"] == pytest.approx(traditional["pct"], abs=0.2)
    assert none["reason"] == "no measured value"


def test_anaemia_raises_the_corrected_value_by_the_published_factor():
    plain, low = dlco_predicted(rows({}, {"haemoglobin_g_dl": 8.0})).to_dicts()
    # (9.38 + 8) / (1.7 * 8) = 17.38 / 13.6
    assert low["pct"] / plain["pct"] == pytest.approx(17.38 / 13.6)
    assert plain["remark"] == "age from the year of birth; not corrected for haemoglobin"
    man, boy = dlco_predicted(
        rows(
            {"sex": "M", "haemoglobin_g_dl": 8.0, "age_years": 40.0},
            {"sex": "M", "haemoglobin_g_dl": 8.0, "age_years": 14.0},
        )
    ).to_dicts()
    bare_man, bare_boy = dlco_predicted(
        rows({"sex": "M", "age_years": 40.0}, {"sex": "M", "age_years": 14.0})
    ).to_dicts()
    assert man["pct"] / bare_man["pct"] == pytest.approx(18.22 / 13.6)
    assert boy["pct"] / bare_boy["pct"] == pytest.approx(17.38 / 13.6)


def test_unknown_unit_of_dlco_is_refused():
    with pytest.raises(ParameterError, match="dlco-unit"):
        dlco_predicted(rows({"unit": "L"}))


def test_no_rows_give_no_answers():
    assert dlco_predicted(rows().clear()).height == 0
    assert predicted(rows().clear(), equation="GLI-2012", measure="FVC", measured="fvc_l").height == 0


def test_device_is_compared_with_the_nearest_birthday():
    found = pl.DataFrame({"pct": [80.0] * 4, "pct_low": [79.0] * 4, "pct_high": [81.0] * 4})
    device = pl.Series([83.0, 83.1, 77.0, 76.9])
    assert device_disagrees(found, device, limit_points=2.0).to_list() == [False, True, False, True]
