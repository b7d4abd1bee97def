"""DLT: yes, no, not finished, not decided; the window's two ends; dates known in part."""

import pytest

from tests.endpoints.cases import answer, event, frames, on


def dlt(*events, seen=40, zeros=None, **parameters):
    visits = [] if seen is None else [{"subject_id": 1, "last_seen_on": on(seen)}]
    found = answer(frames(events=events, last_visits=visits, zeros=zeros), "DLT", **parameters)
    return found["text"], found["status"], found["day"], found["reason"]


def test_event_in_the_window_is_one_and_is_named():
    assert dlt(event(7, 5, dlt=True)) == ("yes", "evaluable", 5, "adverse event 7")


def test_it_is_one_also_before_the_window_has_ended():
    assert dlt(event(7, 5, dlt=True), seen=10)[:2] == ("yes", "evaluable")


@pytest.mark.parametrize(("day", "text"), [(-1, "no"), (0, "yes"), (28, "yes"), (29, "no")])
def test_both_ends_belong_to_the_window(day, text):
    assert dlt(event(1, day, dlt=True))[0] == text


def test_event_marked_outside_the_window_does_not_count_but_is_named():
    assert dlt(event(4, 40, dlt=True)) == (
        "no",
        "evaluable",
        None,
        "marked as DLT, begun outside the window: adverse event 4",
    )


def test_window_is_a_parameter():
    assert dlt(event(1, 29, dlt=True), window_days=42)[0] == "yes"


def test_no_event_and_a_visit_at_the_end_is_no():
    assert dlt(seen=28) == ("no", "evaluable", None, None)


def test_before_the_end_it_is_not_finished():
    assert dlt(seen=27) == (None, "ongoing", None, "window to day 28, last visit on day 27")
    assert dlt(seen=None) == (None, "ongoing", None, "window to day 28, last visit not recorded")


def test_undecided_severe_event_leaves_it_open_a_mild_or_a_late_one_does_not():
    assert dlt(event(3, 5))[1:] == ("not-evaluable", None, "not decided whether a DLT: adverse event 3")
    assert dlt(event(3, 5, grade=2))[0] == "no"
    assert dlt(event(3, 29))[0] == "no"
    assert dlt(event(3, 5, grade=2), asked_from_grade=2)[0] is None


def test_start_known_to_the_month_counts_where_the_month_lies_inside():
    # Day 0 is 1 March 2024; March ends on day 30.
    assert dlt(event(1, "2024-03", dlt=True))[1:] == (
        "not-evaluable",
        None,
        "DLT whose start does not tell whether in the window: adverse event 1",
    )
    assert dlt(event(1, "2024-03", dlt=True), window_days=30)[0] == "yes"
    assert dlt(event(1, "2024-02", dlt=True))[0] == "no"
    assert dlt(event(1, "2024", dlt=None))[1] == "not-evaluable"


def test_time_of_day_does_not_move_the_day():
    assert dlt(event(1, "2024-03-29T23:59", dlt=True))[2] == 28


def test_without_time_zero_there_is_no_window():
    assert dlt(event(1, 5, dlt=True), zeros=[])[:2] == (None, "not-evaluable")
