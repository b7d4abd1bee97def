"""CRS and ICANS as endpoints: highest grade and episodes since time zero."""

import pytest

from tests.endpoints.cases import answer, crs_day, frames, icans_day


def crs(*days, code="CRSMAX", **parameters):
    return answer(frames(crs_days=days), code, **parameters)


def icans(*days, code="ICANSMAX"):
    return answer(frames(icans_days=days), code)


def told(found):
    return found["value"], found["low"], found["high"], found["day"], found["status"]


def test_highest_grade_is_that_of_the_worst_day():
    found = crs(crs_day(2), crs_day(3, hypotension="no_pressor"), crs_day(4, hypotension="no_pressor"), crs_day(5))
    assert told(found) == (2.0, 2.0, 2.0, 3, "evaluable")


def test_no_assessed_day_is_no_grade_rather_than_grade_0():
    found = crs()
    assert (found["value"], found["status"]) == (None, "not-evaluable")
    assert found["reason"] == "no day assessed for CRS since time zero"
    assert answer(frames(crs_days=[crs_day(2)], zeros=[]), "CRSMAX")["reason"].startswith("no time zero")


def test_days_of_grade_0_are_grade_0_without_a_day():
    assert told(crs(crs_day(1, fever=False), crs_day(2, fever=False))) == (0.0, 0.0, 0.0, None, "evaluable")


def test_ice_score_before_the_infusion_does_not_count():
    assert icans(icans_day(-1, ice_score=8))["status"] == "not-evaluable"
    assert icans(icans_day(-1, ice_score=8), icans_day(0))["value"] == 0.0


def test_missing_component_bounds_the_grade_and_says_on_which_day():
    found = crs(crs_day(2), crs_day(3, hypoxia=None))
    assert told(found) == (None, 1.0, 4.0, 2, "bounded")
    assert found["reason"] == "day 3: no hypoxia"


def test_missing_component_of_a_day_does_not_matter_where_another_is_worse():
    found = crs(crs_day(2, hypotension="multiple_pressors_excl_vasopressin"), crs_day(3, hypoxia=None))
    assert told(found) == (4.0, 4.0, 4.0, 2, "evaluable")


def test_investigators_grade_narrows_bounds_but_does_not_replace_a_computed_grade():
    assert crs(crs_day(2, hypoxia=None, investigator_grade=2))["value"] == 2.0
    assert crs(crs_day(2, investigator_grade=3))["value"] == 1.0


def test_death_is_grade_5():
    found = icans(icans_day(4, died=True))
    assert told(found) == (5.0, 5.0, 5.0, 4, "evaluable")


def test_episodes_name_their_days_and_a_second_one_is_counted():
    course = [crs_day(2), crs_day(3), crs_day(4, fever=False), crs_day(9), crs_day(10, fever=False)]
    found = crs(*course, code="CRSEPI")
    assert (found["value"], found["day"], found["text"]) == (2.0, 2, "days 2 to 3; day 9")
    assert found["status"] == "evaluable"
    assert crs(*course, code="CRSEPI", free_days=2)["value"] == 1.0


def test_episode_without_a_free_day_after_it_is_ongoing():
    found = crs(crs_day(2), crs_day(3), code="CRSEPI")
    assert (found["value"], found["status"], found["text"]) == (1.0, "ongoing", "days 2 to 3 or later")
    assert found["reason"]


@pytest.mark.parametrize("own", [None, 0])
def test_hidden_fever_apart_from_an_episode_may_be_another(own):
    days = [
        crs_day(2),
        crs_day(3, fever=False),
        crs_day(4, fever=False, fever_waived=True, investigator_grade=own),
    ]
    found = crs(*days, code="CRSEPI")
    if own is None:
        assert (found["value"], found["low"], found["high"], found["status"]) == (None, 1.0, 2.0, "bounded")
    else:
        assert (found["value"], found["status"]) == (1.0, "evaluable")


def test_no_episode_is_none():
    found = icans(icans_day(2), icans_day(3), code="ICANSEPI")
    assert (found["value"], found["day"], found["status"]) == (0.0, None, "evaluable")
