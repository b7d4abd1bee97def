"""Subjects to whom nothing is given: assessments are counted from their entry, treatments have no answer."""

import pytest

from tests.endpoints.cases import answers, frames, on, series
from tests.endpoints.outcomes.forms import at, findings, fvc, skin, told

V0 = "visit:V0"
ENTRY = {"subject_id": 1, "entered_on": on(0)}


def observed(**forms):
    return frames(zeros=[], entries=[ENTRY], **forms)


def test_assessments_stand_at_their_visits_counted_from_the_entry():
    inputs = observed(skin_scores=[skin(5, 20, visit="V0"), skin(84, 12, visit="M3")])
    assert told(at(inputs, "MRSS", "M3", baseline_rule=V0)) == (12, None, "evaluable")
    row = at(inputs, "MRSSCHG", "M3", baseline_rule=V0)
    assert (row["value"], row["day"], row["text"]) == (-8, 84, "improvement")


def test_the_entry_visit_is_not_compared_with_itself():
    inputs = observed(skin_scores=[skin(28, 20, visit="V0"), skin(84, 12, visit="M3")])
    assert {row["timepoint"] for row in answers(inputs, "MRSSCHG", baseline_rule=V0)} == {"M3", ""}
    only = answers(observed(skin_scores=[skin(28, 20, visit="V0")]), "MRSSCHG", baseline_rule=V0)
    assert [row["reason"] for row in only] == ["no mRSS after time zero"]


def test_activity_detection_and_relative_change_have_their_answers():
    inputs = frames(
        [
            *series({84: "15"}, "CRP", unit="mg/L"),
            *series({84: "200"}, "NTPROBNP", unit="ng/L", first_id=5),
            *series({84: "5"}, "URATE", unit="mg/dL", first_id=9),
        ],
        zeros=[],
        entries=[ENTRY],
        skin_scores=[skin(5, 20, visit="V0"), skin(84, 19, visit="M3")],
        spirometry=[fvc(5, 2.6, visit="V0"), fvc(84, 2.34, visit="M3")],
        findings=[findings(84, raynaud=True)],
    )
    activity = at(inputs, "EUSTAR", "M3", baseline_rule=V0)
    # mRSS above 18 and CRP of 1.5 mg/dL; ulcers, rubs, worse skin and DLCO are not known.
    assert (activity["status"], activity["low"], activity["evidence"]) == ("bounded", 3.75, [1])
    assert at(inputs, "DETECT1", "M3", baseline_rule=V0)["evidence"] == [5, 9]
    assert at(inputs, "FVCREL", "M3", baseline_rule=V0)["value"] == pytest.approx(-10)
    assert at(inputs, "ACREULAR", "M3")["day"] == 84


def test_what_follows_from_a_treatment_has_no_answer():
    counts = series({-8: "100", 28: "<5"}, "CD19_ABS", unit="cells/uL")
    inputs = frames(counts, zeros=[], entries=[ENTRY])
    for code in ("BCDEPL", "DLT", "CRSMAX", "IVIGDAYS", "TITERPCT"):
        (row,) = answers(inputs, code)
        assert row["reason"] == "no time zero: no infusion or study drug dated to the day", code


def test_time_zero_comes_before_entry():
    inputs = frames(entries=[ENTRY | {"entered_on": on(-30)}], skin_scores=[skin(-6, 20), skin(84, 12)])
    assert at(inputs, "MRSSCHG", "M3")["day"] == 84
