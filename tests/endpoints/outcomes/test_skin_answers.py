"""mRSS and HAQ-DI as answers: the total or the site that is open, change from the baseline before conditioning."""

import pytest

from tests.endpoints.cases import answers, frames
from tests.endpoints.outcomes.forms import at, haq, skin, told


def test_total_at_each_visit_and_at_the_last_assessment_with_its_record():
    inputs = frames(skin_scores=[skin(-6, 24), skin(84, 17)])
    assert told(at(inputs, "MRSS", "M3")) == (17.0, None, "evaluable")
    last = at(inputs, "MRSS")
    assert (last["value"], last["day"], last["record_evidence"]) == (17.0, 84, ["skin_scores:2"])


def test_open_site_leaves_no_total_and_is_named():
    inputs = frames(skin_scores=[skin(-6, 24), skin(84, 17, chest=None, left_foot=None)])
    row = at(inputs, "MRSS", "M3")
    assert (told(row), row["reason"]) == ((None, None, "not-evaluable"), "no chest, left foot")
    assert at(inputs, "MRSS")["day"] == -6


def test_not_done_says_why_where_no_other_record_stands_for_the_visit():
    empty = skin(84, 0) | {name: None for name in skin(84, 0) if name != "assessed_on"}
    refused = empty | {"not_done": "subject too unwell"}
    assert at(frames(skin_scores=[skin(-6, 24), refused]), "MRSS", "M3")["reason"] == "not done: subject too unwell"
    both = frames(skin_scores=[skin(-6, 24), refused, skin(90, 20)])
    assert told(at(both, "MRSS", "M3")) == (20.0, None, "evaluable")


@pytest.mark.parametrize(
    ("base", "later", "text", "mcid"),
    [
        (24, 18, "improvement", "yes"),  # 6 points, 25 %
        (24, 19, "stable", "yes"),  # 5 points are not more than 5
        (30, 23, "stable", "yes"),  # 7 points, 23 %
        (20, 26, "progression", "no"),
        (20, 16, "stable", "no"),
        (0, 6, "progression", "no"),
    ],
)
def test_change_needs_more_than_five_points_and_a_quarter_of_baseline(base, later, text, mcid):
    inputs = frames(skin_scores=[skin(-6, base), skin(84, later)])
    for timepoint in ("M3", ""):
        row = at(inputs, "MRSSCHG", timepoint)
        assert told(row) == (later - base, text, "evaluable")
        assert row["record_evidence"] == ["skin_scores:1", "skin_scores:2"]
        assert at(inputs, "MRSSMCID", timepoint)["text"] == mcid


def test_thresholds_are_the_studys():
    inputs = frames(skin_scores=[skin(-6, 24), skin(84, 20)])
    assert at(inputs, "MRSSCHG", change_points=3.0, change_percent=10.0)["text"] == "improvement"
    assert at(inputs, "MRSSMCID", mcid_points=4.0)["text"] == "yes"


def test_baseline_after_conditioning_is_none():
    inputs = frames(skin_scores=[skin(-2, 24), skin(84, 17)])
    assert at(inputs, "MRSSCHG")["reason"] == "no baseline before conditioning"
    assert told(at(inputs, "MRSSCHG", baseline_rule="before-infusion"))[0] == -7.0


def test_baseline_with_an_open_site_is_none_and_the_one_before_counts():
    inputs = frames(skin_scores=[skin(-40, 20), skin(-6, 24, face=None), skin(84, 17)])
    assert told(at(inputs, "MRSSCHG"))[0] == -3.0


def test_without_assessments_or_time_zero_every_endpoint_says_so():
    assert [row["reason"] for row in answers(frames(), "MRSSCHG")] == ["no mRSS after time zero"]
    never_infused = frames(zeros=[], skin_scores=[skin(-6, 24)])
    assert at(never_infused, "MRSSCHG")["reason"].startswith("no time zero")
    assert told(at(never_infused, "MRSS")) == (24.0, None, "evaluable")


def test_a_subject_does_not_get_anothers_baseline():
    inputs = frames(subjects=[1, 2], skin_scores=[skin(-6, 24), skin(84, 17, subject_id=2)])
    rows = {row["subject_id"]: row for row in answers(inputs, "MRSSCHG")}
    assert rows[1]["reason"] == "no mRSS after time zero"
    assert rows[2]["reason"] == "no baseline before conditioning"


def test_haq_counts_aids_and_says_which_categories_lack():
    inputs = frames(
        questionnaires=[haq(-6, 2), haq(84, 1, walking_aid=True), haq(168, 1, grip=None, reach=None, eating=None)]
    )
    assert told(at(inputs, "HAQDI", "M3")) == (1.125, None, "evaluable")
    assert at(inputs, "HAQDI", "M6")["reason"] == "no eating, reach, grip: 5 of 8 categories, 6 needed"
    assert told(at(inputs, "HAQDICHG", "M3"))[0] == pytest.approx(-0.875)
