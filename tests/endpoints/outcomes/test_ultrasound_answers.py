"""Lung ultrasound at visits and at the last examination."""

from cart.endpoints.disease.ultrasound import ZONES
from tests.endpoints.cases import frames, on
from tests.endpoints.outcomes.forms import at, told


def scan(day, lines, **more):
    """An examination with ``lines`` in its first zone and none in the others."""
    zones = dict.fromkeys((zone.name for zone in ZONES), 0)
    return {"assessed_on": on(day), **zones, "right_1": lines, "pleural_irregularity": False, **more}


def test_total_at_each_visit_and_at_the_last_examination_with_what_it_suggests():
    inputs = frames(lung_ultrasounds=[scan(-6, 4), scan(84, 12, pleural_irregularity=True)])
    assert told(at(inputs, "LUSBL", "M3")) == (12, "ILD suggested", "evaluable")
    last = at(inputs, "LUSBL")
    assert (last["value"], last["reason"], last["record_evidence"]) == (
        12,
        "pleural irregularity",
        ["lung_ultrasounds:2"],
    )


def test_a_zone_not_examined_leaves_bounds_and_enough_lines_their_words():
    row = at(frames(lung_ultrasounds=[scan(84, 12, left_7=None)]), "LUSBL", "M3")
    assert (row["status"], row["value"], row["low"], row["high"]) == ("bounded", None, 12, 62)
    assert (row["text"], row["reason"]) == ("ILD suggested", "no left 7")
    row = at(frames(lung_ultrasounds=[scan(84, 2, left_7=None)]), "LUSBL", "M3")
    assert (row["status"], row["text"]) == ("bounded", None)


def test_one_that_was_not_done_says_why_and_a_subject_without_any_too():
    none = dict.fromkeys((zone.name for zone in ZONES), None)
    row = at(frames(lung_ultrasounds=[scan(84, 0, **none, not_done="probe broken")]), "LUSBL", "M3")
    assert (row["status"], row["reason"], row["low"]) == ("not-evaluable", "not done: probe broken", None)
    assert at(frames(), "LUSBL")["reason"] == "no lung ultrasound"


def test_the_limit_is_the_studys():
    inputs = frames(lung_ultrasounds=[scan(84, 12)])
    assert at(inputs, "LUSBL", ild_from_b_lines=13)["text"] == "ILD not suggested"
