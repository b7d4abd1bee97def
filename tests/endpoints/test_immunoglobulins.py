"""Immunoglobulins: by hand, and what IVIG and plasma exchange hide."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.immunoglobulins import NO_RESULT
from cart.endpoints.prepared import NO_TIME_ZERO
from tests.endpoints.cases import answer, answers, frames, observation, series, therapy

CODES = ("IGPCT", "IGNADIR", "IGGHYPO")


def igg(values, *, therapies=(), analyte="IGG", **more):
    return frames(series(values, analyte, unit="g/L", **more), therapies=therapies)


def test_change_and_nadir_by_hand():
    rows = series({-8: "12", 28: "6", 84: "3", 168: "9"}, "IGG", unit="g/L")
    rows += series({-8: "2", 28: "0.5"}, "IGM", first_id=9, unit="g/L")
    found = {(row["series"].split()[0], row["timepoint"]): row for row in answers(frames(rows), "IGPCT")}
    assert {key: row["value"] for key, row in found.items()} == {
        ("IGG", "W4"): -50, ("IGG", "M3"): -75, ("IGG", "M6"): -25, ("IGM", "W4"): -75,
    }  # fmt: skip
    assert found["IGG", "M3"]["evidence"] == [1, 3]
    low = {row["series"].split()[0]: row for row in answers(frames(rows), "IGNADIR")}
    assert (low["IGG"]["value"], low["IGG"]["day"], low["IGG"]["unit"]) == (3, 84, "g/L")


def test_igg_after_ivig_is_not_native_but_iga_stays():
    rows = series({-8: "12", 28: "9", 84: "5"}, "IGG", unit="g/L")
    rows += series({-8: "2", 28: "1"}, "IGA", first_id=9, unit="g/L")
    inputs = frames(rows, therapies=[therapy(7, "ivig", start=20, stop=20)])
    found = {(row["series"].split()[0], row["timepoint"]): row for row in answers(inputs, "IGPCT")}
    given = found["IGG", "W4"]
    assert (given["status"], given["reason"]) == ("not-evaluable", "not native: inside the window of ivig")
    assert given["therapy_evidence"] == [7]
    assert (found["IGA", "W4"]["value"], found["IGG", "M3"]["status"]) == (-50, "evaluable")
    low = {row["series"].split()[0]: row for row in answers(inputs, "IGNADIR")}["IGG"]
    assert (low["value"], low["reason"], low["evidence"]) == (5, "1 samples are not native", [3])


def test_the_window_ends_with_its_last_day():
    for day, status in ((50, "not-evaluable"), (51, "evaluable")):
        inputs = igg({-8: "12", day: "6"}, therapies=[therapy(1, "ivig", start=20, stop=20)])
        assert answer(inputs, "IGNADIR")["status"] == status


def test_a_baseline_after_ivig_is_named():
    inputs = igg({-8: "12", 28: "6"}, therapies=[therapy(1, "ivig", start=-20, stop=-20)])
    (row,) = answers(inputs, "IGPCT")
    assert (row["status"], row["reason"]) == ("not-evaluable", "baseline not native: inside the window of ivig")


@pytest.mark.parametrize(
    ("values", "text", "day"),
    [
        ({7: "8", 28: "3.9", 56: "3"}, "yes", 28),
        ({7: "8", 28: "4"}, "no", None),
        ({28: "<4"}, "yes", 28),
        ({-8: "2", 28: "5"}, "no", None),
    ],
)
def test_hypogammaglobulinaemia_is_below_the_limit_after_time_zero(values, text, day):
    row = answer(igg(values), "IGGHYPO")
    assert (row["status"], row["text"], row["day"]) == ("evaluable", text, day)


def test_ivig_can_hide_a_deficiency_but_not_make_one():
    therapies = [therapy(1, "ivig", start=20, stop=21)]
    assert answer(igg({28: "3"}, therapies=therapies), "IGGHYPO")["text"] == "yes"
    hidden = answer(igg({28: "7"}, therapies=therapies), "IGGHYPO")
    assert (hidden["status"], hidden["text"]) == ("not-evaluable", None)
    assert hidden["reason"] == "1 samples inside the window of a therapy tell nothing"
    beside = answer(igg({28: "7", 84: "6"}, therapies=therapies), "IGGHYPO")
    assert (beside["text"], beside["reason"]) == ("no", "1 samples inside the window of a therapy tell nothing")


def test_plasma_exchange_is_no_deficiency():
    therapies = [therapy(1, "plasma-exchange", start=20, stop=20)]
    assert answer(igg({28: "2"}, therapies=therapies), "IGGHYPO")["status"] == "not-evaluable"


def test_another_unit_or_a_censored_value_leaves_it_open():
    row = answer(frames(series({28: "380"}, "IGG", unit="mg/dL")), "IGGHYPO")
    assert (row["status"], row["reason"]) == ("not-evaluable", "IgG in mg/dL; the limit is in g/L")
    row = answer(igg({28: "<5"}), "IGGHYPO")
    assert (row["status"], row["reason"]) == ("not-evaluable", "a censored IgG leaves it open")


def test_a_change_to_below_the_limit_is_bounded():
    (row,) = answers(igg({-8: "2", 28: "<0.5"}, analyte="IGM"), "IGPCT")
    assert (row["status"], row["value"], row["low"], row["high"]) == ("bounded", None, -100, -75)
    low = answer(igg({28: "<0.5"}, analyte="IGM"), "IGNADIR")
    assert (low["status"], low["low"], low["high"]) == ("bounded", 0, 0.5)
    (open_upward,) = answers(igg({-8: "2", 28: ">40"}), "IGPCT")
    assert open_upward["high"] == math.inf
    (open_baseline,) = answers(igg({-8: "<1", 28: "0"}, analyte="IGA"), "IGPCT")
    assert (open_baseline["low"], open_baseline["high"]) == (-100, math.inf)


def test_a_series_without_baseline_says_so():
    (row,) = answers(igg({28: "6"}), "IGPCT")
    assert (row["status"], row["reason"]) == ("not-evaluable", "no baseline before conditioning in this series")


def test_a_subject_without_immunoglobulins_or_time_zero_says_why():
    for code in CODES:
        assert answer(frames(), code)["reason"] == NO_RESULT
        assert answer(frames(series({28: "6"}, "IGG"), zeros=[]), code)["reason"] == NO_TIME_ZERO


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.randoms())
def test_order_of_the_rows_and_later_higher_values_do_not_change_the_nadir(values, dice):
    days = (7, 28, 56, 84, 112)
    rows = [
        observation(i, day, str(v / 10), "IGG", unit="g/L")
        for i, (day, v) in enumerate(zip(days, values, strict=False), 1)
    ]
    plain = answer(frames(rows), "IGNADIR")
    assert plain["value"] == min(values) / 10
    assert plain["day"] == days[values.index(min(values))]
    later = [*dice.sample(rows, len(rows)), observation(9, 200, "31", "IGG", unit="g/L")]
    again = answer(frames(later), "IGNADIR")
    assert (again["value"], again["day"]) == (plain["value"], plain["day"])
