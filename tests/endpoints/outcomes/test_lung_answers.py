"""FVC and DLCO as answers: per cent with the bounds of the birthday, relative change, progression, serial decline."""

import pytest

from tests.endpoints.cases import frames, on
from tests.endpoints.outcomes.forms import at, dlco, fvc, told

SCAN = {"assessed_on": on(-10), "ild": True, "comparison": "first"}


def test_per_cent_has_bounds_only_where_the_age_is_of_the_year_of_birth():
    exact = at(frames(spirometry=[fvc(-6, 2.6)]), "FVCPP")
    assert exact["value"] == pytest.approx(77.2, abs=0.2)
    assert (exact["low"], exact["high"], exact["reason"]) == (None, None, "")
    by_year = at(frames(spirometry=[fvc(-6, 2.6, age_years=None)]), "FVCPP")
    assert by_year["low"] < by_year["value"] < by_year["high"]
    assert by_year["high"] - by_year["low"] < 1
    assert by_year["reason"] == "age from the year of birth"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quality": "F"}, "quality grade F: not usable"),
        ({"sex": "U"}, "no sex"),
        ({"height_cm": None}, "no height"),
        ({"fvc_l": 9.9, "height_cm": 100.0}, "of predicted cannot be: check height, value and unit"),
        ({"fvc_l": None, "not_done": "cough"}, "not done: cough"),
    ],
)
def test_a_test_that_cannot_be_used_says_why(change, reason):
    row = at(frames(spirometry=[fvc(-6, 2.6) | change]), "FVCPP")
    assert row["status"] == "not-evaluable"
    assert reason in row["reason"]


def test_a_study_that_uses_gli_2012_has_no_answer_without_the_group():
    inputs = frames(spirometry=[fvc(-6, 2.6)])
    assert at(inputs, "FVCPP", spirometry_equation="GLI-2012")["reason"] == "no group"


def test_relative_change_is_of_the_per_cent_at_baseline():
    inputs = frames(spirometry=[fvc(-6, 2.6), fvc(84, 2.34)], diffusing_capacity=[dlco(-6, 5.0), dlco(84, 4.25)])
    # The age of the report is the same: 2.34 is 90 % of 2.60, 4.25 85 % of 5.0.
    assert told(at(inputs, "FVCREL"))[0] == pytest.approx(-10)
    assert told(at(inputs, "DLCOREL", "M3"))[0] == pytest.approx(-15)


def test_bounds_of_a_change_have_one_birthday_at_both_ends():
    born = {"age_years": None}
    row = at(frames(spirometry=[fvc(-6, 2.6, **born), fvc(84, 2.34, **born)]), "FVCREL")
    assert row["low"] <= row["value"] <= row["high"]
    assert row["high"] - row["low"] < 0.01


def progression(litres, capacity=None, **parameters):
    lost = [dlco(-6, 5.0), dlco(84, capacity)] if capacity else []
    inputs = frames(spirometry=[fvc(-6, 2.6), fvc(84, litres)], diffusing_capacity=lost, hrct_scans=[SCAN])
    row = at(inputs, "ILDPROG", "M3", **parameters)
    return row["text"], row["reason"], row["series"]


@pytest.mark.parametrize(
    ("litres", "capacity", "text", "reason"),
    [
        (2.34, None, "yes", "FVC>=10"),
        (2.47, 4.25, "yes", "FVC5-10+DLCO>=15"),
        (2.47, 4.30, "no", ""),
        (2.58, 4.00, "no", ""),
        (2.47, None, None, "no DLCO at baseline, DLCO"),
    ],
)
def test_progression_by_the_omeract_definition(litres, capacity, text, reason):
    assert progression(litres, capacity) == (text, reason, "omeract-2015")


def test_definitions_disagree_and_the_name_is_the_series():
    assert progression(2.58, 4.00, ild_definition="cottin-2018") == ("yes", "DLCO>=15", "cottin-2018")


def test_worse_hrct_counts_where_the_definition_reads_it():
    worse = {"assessed_on": on(80), "ild": True, "comparison": "progressed"}
    inputs = frames(spirometry=[fvc(-6, 2.6), fvc(84, 2.47)], hrct_scans=[SCAN, worse])
    assert at(inputs, "ILDPROG", "M3", ild_definition="inbuild-2019")["reason"] == "FVC5-10+HRCT"


def test_subject_without_ild_cannot_progress():
    none = SCAN | {"ild": False}
    row = at(frames(spirometry=[fvc(-6, 2.6), fvc(84, 2.0)], hrct_scans=[none]), "ILDPROG", "M3")
    assert (row["text"], row["status"], row["reason"]) == (
        "not applicable", "not-evaluable", "no ILD on the last HRCT",
    )  # fmt: skip


def test_whole_course_is_the_first_progression_or_open_where_a_visit_is():
    once = frames(spirometry=[fvc(-6, 2.6), fvc(84, 2.3), fvc(168, 2.6)], hrct_scans=[SCAN])
    row = at(once, "ILDPROG")
    assert (row["text"], row["day"]) == ("yes", 84)
    open_visit = frames(
        spirometry=[fvc(-6, 2.6), fvc(84, 2.47), fvc(168, 2.6)],
        diffusing_capacity=[dlco(-6, 5.0), dlco(168, 5.0)],
        hrct_scans=[SCAN],
    )
    assert at(open_visit, "ILDPROG", "M6")["text"] == "no"
    assert at(open_visit, "ILDPROG")["reason"] == "no DLCO"


def test_slope_is_that_of_all_values_with_its_interval():
    # 77.2 % at the start and 1.0 L (29.7 points) a year less, by the same age of the report.
    inputs = frames(spirometry=[fvc(-6, 3.0), fvc(-6 + 365, 2.9), fvc(-6 + 730, 2.8)])
    row = at(inputs, "FVCSLOPE")
    per_litre = at(frames(spirometry=[fvc(0, 1.0)]), "FVCPP")["value"]
    assert row["value"] == pytest.approx(-0.1 * per_litre * 365.25 / 365, rel=1e-6)
    assert row["low"] <= row["value"] <= row["high"]
    assert "within normal limits" in row["reason"]
    assert at(frames(spirometry=[fvc(-6, 3.0)]), "FVCSLOPE")["reason"] == "1 points, 3 needed"


def test_decline_inside_normal_limits_is_a_decline_and_is_said():
    inputs = frames(
        spirometry=[fvc(-6, 4.2), fvc(400, 3.7)], diffusing_capacity=[dlco(-6, 7.5), dlco(400, 7.4)], zeros=[]
    )
    row = at(inputs, "DECLINE")
    assert (row["text"], row["reason"]) == ("yes", "FVC>=10; within normal limits")
