"""ACR-CRISS and revised CRISS: worked cases, the events of step 1 and what is not known of them."""

import math

import pytest

from tests.endpoints.cases import frames, on
from tests.endpoints.outcomes.forms import at, findings, fvc, haq, judged, skin, told

ECHO = {"assessed_on": on(80), "lvef_pct": 60.0}
SCAN = {"assessed_on": on(-10), "ild": True, "comparison": "first"}


def course(**changes):
    """mRSS 24 to 17, FVC as it was, globals 6 and 5 to 3 and 2, HAQ-DI 2 to 1; nothing of step 1."""
    given = {
        "skin_scores": [skin(-6, 24), skin(84, 17)],
        "spirometry": [fvc(-6, 2.6), fvc(84, 2.6)],
        "questionnaires": [haq(-6, 2), haq(84, 1)],
        "global_assessments": [judged(-6, 6, 5), judged(84, 3, 2)],
        "findings": [findings(-6), findings(84)],
        "echocardiograms": [ECHO],
        "hrct_scans": [SCAN],
    }
    return frames(**{**given, **changes})


def test_probability_is_that_of_the_published_coefficients():
    x = -5.54 + 0.81 * 7 + 0.40 * 3 + 0.44 * 3 + 3.41 * 1
    row = at(course(), "CRISS", "M3")
    assert row["value"] == pytest.approx(1 / (1 + math.exp(-x)))
    assert row["text"] == "improved"
    assert row["reason"] == "no right-heart catheter since time zero: taken as no PAH"
    assert {"skin_scores:1", "skin_scores:2", "spirometry:2", "echocardiograms:1", "findings:2"} <= set(
        row["record_evidence"]
    )


def test_without_catheter_the_study_may_leave_it_open():
    row = at(course(), "CRISS", "M3", without_catheter="unknown")
    assert row["status"] == "not-evaluable"
    assert "no right-heart catheter since time zero" in row["reason"]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"echocardiograms": []}, "no LVEF since time zero"),
        ({"findings": [findings(-6)]}, "no answer on renal crisis since time zero"),
        ({"questionnaires": [haq(-6, 2)]}, "no change of HAQ-DI"),
        ({"global_assessments": [judged(84, 3, 2)]}, "change of patient global"),
    ],
)
def test_what_is_missing_leaves_no_probability_and_is_named(missing, reason):
    row = at(course(**missing), "CRISS", "M3")
    assert told(row) == (None, None, "not-evaluable")
    assert reason in row["reason"]


@pytest.mark.parametrize(
    "event",
    [
        {"findings": [findings(84, renal_crisis=True)]},
        {"echocardiograms": [ECHO | {"lvef_pct": 45.0}]},
        {"catheters": [{"assessed_on": on(80), "pah": True}]},
        {"spirometry": [fvc(-6, 2.6), fvc(60, 2.2), fvc(84, 2.2)]},
    ],
)
def test_an_event_of_step_one_leaves_probability_zero(event):
    row = at(course(**event), "CRISS", "M3")
    assert told(row) == (0.0, "not improved", "evaluable")
    assert row["reason"] == "event of step 1"
    assert at(course(**event), "CRISSREV", "M3")["text"] == "no"


def test_fall_of_fvc_counts_once_confirmed_and_with_ild():
    one_fall = course(spirometry=[fvc(-6, 2.6), fvc(84, 2.2)])
    assert at(one_fall, "CRISS", "M3")["status"] == "not-evaluable"
    taken_back = course(spirometry=[fvc(-6, 2.6), fvc(84, 2.2), fvc(120, 2.6)])
    assert at(taken_back, "CRISS", "M3")["value"] > 0
    no_ild = course(spirometry=[fvc(-6, 2.6), fvc(60, 2.2), fvc(84, 2.2)], hrct_scans=[SCAN | {"ild": False}])
    assert at(no_ild, "CRISS", "M3")["value"] > 0


def test_event_before_time_zero_is_none_and_one_after_it_stays():
    before = course(findings=[findings(-6, renal_crisis=True), findings(84)])
    assert at(before, "CRISS", "M3")["value"] > 0.5
    later = course(
        catheters=[{"assessed_on": on(60), "pah": True}, {"assessed_on": on(150), "pah": False}],
        skin_scores=[skin(-6, 24), skin(84, 17), skin(168, 10)],
        spirometry=[fvc(-6, 2.6), fvc(84, 2.6), fvc(168, 2.6)],
        questionnaires=[haq(-6, 2), haq(84, 1), haq(168, 0)],
        global_assessments=[judged(-6, 6, 5), judged(84, 3, 2), judged(168, 1, 1)],
    )
    assert told(at(later, "CRISS", "M6"))[0] == 0.0
    assert at(later, "CRISS")["day"] == 168


def test_revised_criss_counts_improved_items_and_its_thresholds_are_the_studys():
    assert told(at(course(), "CRISSREV", "M3")) == (4.0, "yes", "evaluable")
    assert told(at(course(), "CRISSREV", "M3", items_needed=5)) == (4.0, "no", "evaluable")
    assert told(at(course(), "CRISSREV", "M3", improved_percent=55.0))[0] == 1.0


def test_revised_criss_with_a_missing_item_is_known_where_it_cannot_decide():
    row = at(course(questionnaires=[haq(-6, 2)]), "CRISSREV", "M3")
    assert (row["text"], row["low"], row["high"], row["status"]) == ("yes", 3.0, 4.0, "bounded")
    assert "no HAQ-DI" in row["reason"]
