"""The Day axis as drawn: exact days, bars, months, what goes on, windows, rows that do not cover each other."""

import datetime as dt
from xml.etree import ElementTree

import pytest

from cart.admin.course_entries import between
from cart.admin.day_axis import LEFT, RIGHT, WIDTH, Span, render_axis

SVG = "{http://www.w3.org/2000/svg}"
ZERO = dt.date(2024, 3, 12)


def day(number):
    on = ZERO + dt.timedelta(days=number)
    return on, on


def point(number, label="x", lane="A"):
    return Span(lane, label, day(number), day(number), is_point=True)


def drawn(*spans, zero_on=ZERO, lanes=("A", "B"), window=None):
    svg = render_axis(spans, lanes, key="k", title="T", zero_on=zero_on, window=window)
    return ElementTree.fromstring(svg)


def marks(root, tag, kind):
    return [node for node in root.iter(SVG + tag) if kind in node.get("class", "").split()]


def edges(node):
    return float(node.get("x")), float(node.get("x")) + float(node.get("width"))


def test_a_month_is_drawn_as_the_days_it_may_have_been():
    month = between("2024-04")
    root = drawn(Span("A", "Cough", month, month, is_point=True), point(0), point(60))
    (may,) = marks(root, "rect", "may")
    first, last = edges(may)
    per_day = (WIDTH - LEFT - RIGHT) / (60 * 1.08)
    assert last - first == pytest.approx(29 * per_day, abs=0.5)
    # No day of it is certain.
    assert len(marks(root, "path", "f0")) == 2


def test_a_bar_is_certain_from_its_last_start_to_its_first_end():
    root = drawn(Span("A", "Nausea", between("2024-03"), day(40)), point(-30), point(60))
    (may,), (sure,) = marks(root, "rect", "may"), marks(root, "rect", "f0")
    assert edges(may)[1] == pytest.approx(edges(sure)[0], abs=0.2)
    # From 31 March, the last day it can have begun.
    per_day = (WIDTH - LEFT - RIGHT) / (90 * 1.08)
    assert edges(sure)[1] - edges(sure)[0] == pytest.approx(21 * per_day, abs=0.5)


def test_what_goes_on_reaches_the_edge_with_an_arrow():
    root = drawn(Span("A", "Fatigue", day(3), None), point(60))
    (bar,) = marks(root, "rect", "f0")
    assert edges(bar)[1] == pytest.approx(WIDTH - RIGHT, abs=0.2)
    assert len(marks(root, "path", "on")) == 1


def test_what_began_at_an_unknown_time_is_nowhere_certain():
    root = drawn(Span("A", "Rituximab", None, day(-20)), point(0))
    (may,) = marks(root, "rect", "may")
    assert edges(may)[0] == LEFT
    assert not marks(root, "rect", "f0")


def test_window_leaves_out_what_lies_outside_and_marks_what_goes_beyond():
    root = drawn(point(-300), point(5), Span("B", "AE", day(10), day(90)), window=(-35, 60))
    assert len(marks(root, "path", "f0")) == 2
    assert len(marks(root, "path", "on")) == 1


def test_names_of_one_lane_never_cover_each_other():
    root = drawn(*(point(number, f"Event number {number}") for number in range(3)), point(60))
    heights = {node.get("y") for node in marks(root, "text", "name")}
    assert len(heights) == 3


def test_long_name_is_cut_to_the_room_beside_its_bar():
    label = "Hypogammaglobulinaemia with infections"
    root = drawn(Span("A", label, day(20), None), point(60))
    (name,) = [node for node in marks(root, "text", "name") if node.text != "x"]
    assert name.text.endswith("…")
    assert label.startswith(name.text.rstrip("…"))
    assert name.get("text-anchor") == "end"
    assert [node.text for node in root.iter(SVG + "title")].count(label) == 2


def test_many_days_that_need_too_many_rows_stand_in_one_row_without_names():
    root = drawn(*(point(number, f"Visit {number}") for number in range(12)), point(400, "end", "B"))
    assert [node.text for node in marks(root, "text", "name")] == ["end"]
    assert len(marks(root, "path", "f0")) == 13


def test_without_time_zero_the_axis_is_one_of_dates():
    text = render_axis([point(0), point(90)], ["A"], key="k", title="T", zero_on=None)
    assert "Day 0" not in text
    assert "12 Mar 2024" in text


def test_one_day_alone_and_a_leap_day_are_drawn_and_nothing_draws_nothing():
    leap = dt.date(2024, 2, 29)
    assert len(marks(drawn(Span("A", "x", (leap, leap), (leap, leap), is_point=True), zero_on=None), "path", "f0")) == 1
    assert render_axis([], ["A"], key="k", title="T", zero_on=ZERO) == ""


def test_text_of_the_database_is_escaped():
    root = drawn(point(0, '<script>"&'))
    assert [node.text for node in marks(root, "text", "name")] == ['<script>"&']
