"""ICAHT, T-ICAHT and CAR-HEMATOTOX from laboratory series: units, windows, bounds, what is missing."""

import csv
import math

import pytest

from tests.databases import ROOT
from tests.endpoints.cases import answer, frames, observation

BASE = {"PLT": ("180", "10*9/L"), "ANC": ("2500", "/uL"), "HGB": ("10.5", "g/dL"), "CRP": ("1.4", "mg/dL"),
        "FERRITIN": ("320", "ng/mL")}  # fmt: skip


def counts(values, analyte="ANC", unit="/uL"):
    return [
        observation(number, day, str(value), analyte, unit=unit, lloq=None)
        for number, (day, value) in enumerate(values.items(), start=1)
    ]


def told(found):
    return found["value"], found["low"], found["high"], found["status"]


def early(values, **more):
    return answer(frames(counts(values, **more)), "ICAHTE")


DIP = {**dict.fromkeys(range(5), 2500), **dict.fromkeys(range(5, 13), 450), **dict.fromkeys(range(13, 31), 2000)}


def test_eight_days_below_500_are_grade_2():
    found = early(DIP)
    assert told(found) == (2.0, 2.0, 2.0, "evaluable")
    assert len(found["evidence"]) == 31


def test_unit_is_converted_and_an_unknown_one_leaves_no_grade():
    thousands = {day: value / 1000 for day, value in DIP.items()}
    assert early(thousands, unit="10*9/L")["value"] == 2.0
    assert early(thousands, unit="10^3/uL")["value"] == 2.0
    found = early(DIP, unit="%")
    assert told(found) == (None, None, None, "not-evaluable")
    assert found["reason"] == "a unit that does not convert to /uL: %"


def test_exactly_500_is_low_whatever_the_unit():
    assert early({day: (0.5 if day < 7 else 2) for day in range(31)}, unit="10*9/L")["value"] == 2.0
    assert early({day: (500 if day < 7 else 2000) for day in range(31)})["value"] == 2.0


def test_counts_that_end_early_leave_bounds_with_the_day():
    found = early({day: value for day, value in DIP.items() if day <= 10})
    assert told(found) == (None, 1.0, 4.0, "bounded")
    assert found["reason"] == "counts end on day 10: grade 1 to 4"


def test_no_count_in_the_window_is_no_grade():
    assert early({-7: 2500, 35: 2500})["reason"] == "no neutrophil count from day 0 to 30"
    assert answer(frames(counts(DIP), zeros=[]), "ICAHTE")["reason"].startswith("no time zero")


def test_code_of_the_neutrophils_is_a_parameter_and_neut_is_one():
    assert early(DIP, analyte="NEUT")["value"] == 2.0
    inputs = frames(counts(DIP, analyte="GRAN"))
    assert answer(inputs, "ICAHTE")["status"] == "not-evaluable"
    assert answer(inputs, "ICAHTE", neutrophils=["GRAN"])["value"] == 2.0


def test_cumulative_days_are_another_method():
    two = {day: (450 if day < 5 or 10 <= day < 15 else 2000) for day in range(31)}
    assert early(two)["value"] == 1.0
    assert answer(frames(counts(two)), "ICAHTE", method="cumulative")["value"] == 2.0


def test_haemolysed_specimen_does_not_count():
    rows = counts(DIP)
    low = [row | {"usable": row["value"] != 450.0} for row in rows]
    assert answer(frames(low), "ICAHTE")["value"] == 0.0


def test_late_grade_asks_for_two_counts():
    found = answer(frames(counts({40: 900, 60: 1400, 90: 2000})), "ICAHTL")
    assert told(found) == (2.0, 2.0, 2.0, "evaluable")
    one = answer(frames(counts({40: 900})), "ICAHTL")
    assert told(one) == (None, 0.0, 2.0, "bounded")
    assert answer(frames(counts({20: 900})), "ICAHTL")["reason"] == "no neutrophil count after day 30"


def platelets(values, unit="10*9/L"):
    return answer(frames(counts(values, "PLT", unit)), "TICAHTE")


def test_platelets_below_20_on_one_day_are_grade_3():
    course = {day: (45 if 5 <= day < 11 else 150) for day in range(31)}
    assert told(platelets(course)) == (1.0, 1.0, 1.0, "evaluable")
    assert platelets({**course, 7: 19})["value"] == 3.0
    assert platelets({day: value * 1000 for day, value in course.items()}, "/uL")["value"] == 1.0
    assert platelets(dict.fromkeys(range(31), 50))["value"] == 0.0


def test_platelets_that_are_not_counted_to_the_end_leave_bounds():
    found = platelets(dict.fromkeys(range(11), 150))
    assert told(found) == (None, 0.0, 4.0, "bounded")
    assert found["reason"] == "counts end on day 10: grade 0 to 4"


def baseline(**changes):
    values = {**BASE, **changes}
    return [
        observation(number, -8, text, analyte, unit=unit, lloq=None)
        for number, (analyte, (text, unit)) in enumerate(values.items(), start=1)
        if text
    ]


def score(**changes):
    return answer(frames(baseline(**changes)), "CARHT")


def test_shared_cases_of_car_hematotox_are_met():
    path = ROOT.parent / "shared" / "vectors" / "car_hematotox.csv"
    if not path.exists():
        pytest.skip("shared vectors are not here")
    with path.open() as file:
        cases = [row for row in csv.DictReader(file) if row["score"]]
    assert len(cases) > 5
    for case in cases:
        found = score(
            PLT=(case["platelets_1e9_L"], "10*9/L"),
            ANC=(case["anc_per_uL"], "/uL"),
            HGB=(case["hb_g_dL"], "g/dL"),
            CRP=(case["crp_mg_dL"], "mg/dL"),
            FERRITIN=(case["ferritin_ng_mL"], "ng/mL"),
        )
        assert (found["value"], found["text"]) == (float(case["score"]), case["category"]), case


def test_units_of_other_laboratories_give_the_same_score():
    found = score(
        PLT=("74000", "/uL"), ANC=("1.1", "10*9/L"), HGB=("89", "g/L"), CRP=("30", "mg/L"), FERRITIN=("650", "ug/L")
    )
    assert (found["value"], found["text"]) == (6.0, "high")
    assert len(found["evidence"]) == 5


def test_last_value_before_conditioning_counts_and_a_later_one_does_not():
    later = observation(90, -3, "40", "PLT", unit="10*9/L", lloq=None)
    assert answer(frames([*baseline(), later]), "CARHT")["value"] == 0.0
    assert answer(frames([*baseline(), later]), "CARHT", baseline_rule="before-infusion")["value"] == 2.0


def test_missing_value_bounds_the_score_and_is_named():
    found = score(FERRITIN=("", ""))
    assert told(found) == (None, 0.0, 2.0, "bounded")
    assert (found["text"], found["reason"]) == (None, "no ferritin")
    # High already without it: the category is known.
    assert score(FERRITIN=("", ""), PLT=("40", "10*9/L"))["text"] == "high"


def test_unit_that_does_not_convert_is_named():
    found = score(HGB=("6.5", "mmol/L"))
    assert found["status"] == "bounded"
    assert found["reason"] == "a unit that does not convert: hemoglobin in mmol/L"


@pytest.mark.parametrize(
    ("changes", "low", "high"),
    [
        ({"CRP": ("<5", "mg/L")}, 0, 0),
        ({"CRP": ("<40", "mg/L")}, 0, 1),
        ({"FERRITIN": (">1500", "ng/mL")}, 1, 2),
        ({"FERRITIN": (">2000", "ng/mL")}, 2, 2),
        ({"PLT": (">175", "10*9/L")}, 0, 0),
        ({"PLT": ("<75", "10*9/L")}, 2, 2),
    ],
)
def test_censored_value_counts_as_its_interval(changes, low, high):
    found = score(**changes)
    assert (found["low"], found["high"]) == (low, high)
    assert (found["status"] == "evaluable") is (low == high)
    assert not math.isinf(found["high"])


def test_nothing_measured_is_no_score():
    assert answer(frames(), "CARHT")["reason"] == "none of the five values before conditioning"
