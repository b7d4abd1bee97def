"""Selectivity: by hand, with every side censored, and the windows of IVIG."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.prepared import NO_TIME_ZERO
from tests.endpoints.cases import answer, answers, frames, series, therapy


def inputs(own, vaccine, *, therapies=(), **more):
    rows = series(own, "ATA", **more)
    rows += series(vaccine, "TETANUS", first_id=50, unit="[IU]/mL", **more)
    return frames(rows, therapies=therapies)


def at(found, timepoint="W4"):
    (row,) = [row for row in found if row["timepoint"] == timepoint]
    return row


def test_selective_fall_by_hand():
    found = answers(inputs({-8: "800", 28: "100", 84: "50"}, {-8: "2", 27: "1", 84: "1.6"}), "SELRATIO")
    # (100/800) / (1/2) = 0.25; (50/800) / (1.6/2) = 0.078125.
    assert [(row["timepoint"], row["value"]) for row in found] == [("M3", pytest.approx(0.078125)), ("W4", 0.25)]
    row = at(found)
    assert (row["series"], row["evidence"]) == ("ATA/TETANUS KUL/k1/U", [1, 2, 50, 51])


@pytest.mark.parametrize(
    ("own", "vaccine", "low", "high"),
    [
        ("<80", "1", 0, 0.2),
        ("400", "<0.5", 2, math.inf),
        ("400", ">4", 0, 0.25),
        (">1600", "1", 4, math.inf),
        ("<80", ">4", 0, 0.05),
    ],
)
def test_a_censored_value_bounds_the_ratio(own, vaccine, low, high):
    row = at(answers(inputs({-8: "800", 28: own}, {-8: "2", 28: vaccine}), "SELRATIO"))
    assert (row["status"], row["value"]) == ("bounded", None)
    assert (row["low"], row["high"]) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("own", "vaccine"),
    [({-8: "<80", 28: "<80"}, {-8: "2", 28: "1"}), ({-8: "800", 28: "<80"}, {-8: "2", 28: "<1"}),
     ({-8: "800", 28: "400"}, {-8: "2", 28: "0"})],
)  # fmt: skip
def test_what_the_values_do_not_tell_is_not_evaluable(own, vaccine):
    row = at(answers(inputs(own, vaccine, cutoff=None), "SELRATIO"))
    assert (row["status"], row["value"], row["low"], row["high"]) == ("not-evaluable", None, None, None)


@pytest.mark.parametrize(("day", "status"), [(-84, "not-evaluable"), (-300, "evaluable")])
def test_vaccine_antibodies_within_112_days_of_ivig_are_left_out(day, status):
    given = inputs({-8: "800", 28: "100"}, {-8: "2", 28: "1"}, therapies=[therapy(3, "ivig", start=day, stop=day)])
    row = at(answers(given, "SELRATIO"))
    assert row["status"] == status
    if status == "not-evaluable":
        assert row["reason"] == "vaccine antibody inside the window of ivig"
        assert row["therapy_evidence"] == [3]


def test_the_autoantibody_has_the_shorter_window():
    # 70 days before the visit: past 30 days for the autoantibody, inside 112 for the vaccine.
    given = inputs({-8: "800", 84: "100"}, {-8: "2", 84: "1"}, therapies=[therapy(3, "ivig", start=14, stop=14)])
    assert at(answers(given, "SELRATIO"), "M3")["reason"] == "vaccine antibody inside the window of ivig"
    assert at(answers(given, "SELRATIO", vaccine_ivig_days=60), "M3")["status"] == "evaluable"
    near = inputs({-8: "800", 28: "100"}, {-8: "2", 28: "1"}, therapies=[therapy(3, "ivig", start=14, stop=14)])
    assert at(answers(near, "SELRATIO"))["reason"] == "autoantibody inside the window of ivig"


def test_a_visit_or_a_subject_without_vaccine_antibody_says_so():
    row = at(answers(inputs({-8: "800", 28: "100"}, {-8: "2"}), "SELRATIO"))
    assert (row["status"], row["reason"]) == ("not-evaluable", "no vaccine antibody with a baseline at this visit")
    row = at(answers(frames(series({-8: "800", 28: "100"}, "ATA")), "SELRATIO"))
    assert (row["series"], row["reason"]) == ("ATA KUL/k1/U", "no evaluable vaccine antibody")
    row = answer(inputs({28: "100"}, {-8: "2", 28: "1"}), "SELRATIO")
    assert row["reason"] == "no baseline before conditioning in this series"
    assert answer(frames(), "SELRATIO")["reason"] == "no evaluable autoantibody result"
    assert answer(frames(zeros=[]), "SELRATIO")["reason"] == NO_TIME_ZERO


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.integers(1, 4000)] * 4), st.sampled_from([0.25, 8, 1024]))
def test_units_of_both_antibodies_do_not_change_the_ratio(values, factor):
    before, after, vaccine_before, vaccine_after = values

    def ratio(scale, other):
        own = {-8: str(before * scale), 28: str(after * scale)}
        return at(
            answers(
                inputs(own, {-8: str(vaccine_before * other), 28: str(vaccine_after * other)}, cutoff=None), "SELRATIO"
            )
        )

    expected = (after / before) / (vaccine_after / vaccine_before)
    assert ratio(1, 1)["value"] == pytest.approx(expected)
    assert ratio(factor, 0.5)["value"] == pytest.approx(expected)
