"""ICAHT: borders of days and counts, joined and parted spells, what is not known, against a walk day by day."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.errors import ParameterError
from cart.endpoints.toxicity.icaht import icaht_early, icaht_late

TYPES = {
    "subject_id": pl.Int64,
    "day": pl.Int64,
    "qualifier": pl.String,
    "value": pl.Float64,
    "lloq": pl.Float64,
}


def table(rows):
    return pl.DataFrame(rows, schema=TYPES, orient="row")


def daily(values, subject=1):
    return [(subject, day, "=", value, None) for day, value in enumerate(values)]


def low_days(days, value, start=5):
    """Low for some days from a day on, in a window of 31 days."""
    return [2000.0] * start + [value] * days + [2000.0] * (31 - start - days)


def early(values, method="longest"):
    return icaht_early(table(daily(values)), method=method).row(0, named=True)


@pytest.mark.parametrize(
    ("days", "value", "grade"),
    [
        (0, 500, 0),
        (1, 500, 1),
        (1, 500.5, 0),
        (6, 500, 1),
        (7, 500, 2),
        (13, 101, 2),
        (14, 101, 3),
        (6, 100, 1),
        (7, 100, 3),
        (7, 100.5, 2),
        (13, 100, 3),
        (14, 100, 4),
    ],
)
def test_borders_of_days_and_counts(days, value, grade):
    found = early(low_days(days, value))
    assert (found["low"], found["high"], found["reason"]) == (grade, grade, "")
    assert found["longest_le500"] == (days if value <= 500 else 0)
    assert found["longest_le100"] == (days if value <= 100 else 0)


@pytest.mark.parametrize(("start", "grade"), [(0, 4), (3, 4), (4, 3)])
def test_never_above_500_is_low_from_one_of_the_first_days_to_the_last(start, grade):
    assert early([900.0] * start + [300.0] * (31 - start))["low"] == grade
    assert early([900.0] * start + [300.0] * (30 - start) + [501.0])["low"] == 3


@pytest.mark.parametrize(("gap", "longest", "cumulative"), [(1, 9, 9), (2, 10, 10), (3, 4, 8), (9, 4, 8)])
def test_a_recovery_of_less_than_three_days_belongs_to_the_spell(gap, longest, cumulative):
    values = low_days(4, 400)
    values[9 + gap : 13 + gap] = [400] * 4
    found = early(values)
    assert (found["longest_le500"], found["cumulative_le500"]) == (longest, cumulative)
    assert early(values, "cumulative")["low"] == 2
    assert found["low"] == (2 if gap < 3 else 1)


def test_days_without_a_count_between_two_low_ones_belong_to_the_spell():
    rows = [
        (1, day, "=", value, None) for day, value in [(0, 900), (2, 300), (9, 300), (14, 900), (20, 300), (30, 900)]
    ]
    found = icaht_early(table(rows)).row(0, named=True)
    assert (found["longest_le500"], found["cumulative_le500"], found["low"]) == (8, 9, 2)


def test_counts_that_end_early_leave_bounds():
    found = early([900.0] * 5 + [90.0] * 6)
    assert (found["longest_le500"], found["low"], found["high"]) == (6, 1, 4)
    assert found["reason"] == "counts end on day 10: grade 1 to 4"
    # From day 30 on nothing can be added that matters; the last grade cannot rise.
    assert early(low_days(14, 90)[:30])["reason"] == ""


def test_counts_below_a_limit_are_low_where_all_they_can_be_is():
    below = [(1, day, "<", 100.0, None) for day in range(5, 12)]
    rest = [row for row in daily([2000.0] * 31) if not 5 <= row[1] < 12]
    assert icaht_early(table(rest + below)).row(0)[1:] == (7, 7, 7, 7, 3, 3, "")
    below = [(1, day, "<", 200.0, None) for day in range(5, 12)]
    assert icaht_early(table(rest + below)).row(0)[1:] == (7, 0, 7, 0, 2, 3, "censored: grade 2 to 3")
    above = [(1, day, ">", 500.0, None) for day in range(5, 12)]
    assert icaht_early(table(rest + above)).row(0)[1:] == (0, 0, 0, 0, 0, 0, "")


def test_the_lowest_count_of_a_day_is_the_day_s():
    rows = [*daily([2000.0] * 31), (1, 7, "=", 200.0, None)]
    assert icaht_early(table(rows)).row(0, named=True)["longest_le500"] == 1


def test_a_subject_without_counts_has_no_grade():
    rows = [*daily([2000.0] * 31), (2, 4, "=", None, None)]
    assert icaht_early(table(rows)).rows()[1] == (2, *[None] * 6, "no count from day 0 to 30")
    assert icaht_early(table([])).is_empty()
    assert icaht_late(table([(2, 40, "=", None, None)])).rows() == [(2, None, None, "no count after day 30")]
    assert icaht_late(table([])).is_empty()


@pytest.mark.parametrize(
    ("rows", "method", "code"),
    [
        ([(1, 3, "=", -1.0, None)], "longest", "low-counts"),
        ([(1, 31, "=", 1.0, None)], "longest", "low-counts"),
        ([(1, -1, "=", 1.0, None)], "longest", "low-counts"),
        ([(1, 3, "=", 1.0, None)], "mean", "icaht-method"),
    ],
)
def test_what_cannot_be_is_refused(rows, method, code):
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        icaht_early(table(rows), method=method)


def walked(values, limit):
    """Days day by day: a run of three days above ends the spell, a shorter one is part of it."""
    low = [value <= limit for value in values]
    spells, day = [], 0
    while day < len(low):
        if not low[day]:
            day += 1
            continue
        end = after = day
        while after + 1 < len(low) and (low[after + 1] or after + 1 - end < 3):
            after += 1
            end = after if low[after] else end
        spells.append((day, end))
        day = after + 1
    return spells


def grade_walked(values, method):
    def days(limit):
        lengths = [end - start + 1 for start, end in walked(values, limit)]
        return (max(lengths, default=0) if method == "longest" else sum(lengths)), lengths

    never = any(start <= 3 and end == 30 for start, end in walked(values, 500))
    severe, profound = days(500)[0], days(100)[0]
    if never or profound >= 14:
        return 4
    if profound >= 7 or severe >= 14:
        return 3
    return 2 if severe >= 7 else int(severe > 0)


COUNTS = st.lists(st.sampled_from([2000.0, 501.0, 500.0, 300.0, 100.0, 50.0]), min_size=31, max_size=31)


@settings(deadline=None, max_examples=60)
@given(st.lists(COUNTS, min_size=1, max_size=4), st.sampled_from(["longest", "cumulative"]), st.randoms())
def test_many_subjects_in_any_order_agree_with_a_walk(subjects, method, dice):
    rows = [row for subject, values in enumerate(subjects) for row in daily(values, subject)]
    dice.shuffle(rows)
    found = icaht_early(table(rows), method=method)
    assert found["subject_id"].to_list() == list(range(len(subjects)))
    assert found["low"].to_list() == found["high"].to_list() == [grade_walked(v, method) for v in subjects]
    assert found["longest_le500"].to_list() == [
        max((end - start + 1 for start, end in walked(values, 500)), default=0) for values in subjects
    ]


@settings(deadline=None, max_examples=60)
@given(COUNTS, st.integers(1, 30))
def test_what_comes_later_lies_within_the_bounds(values, known):
    early_on, whole = early(values[:known]), early(values)
    assert early_on["low"] <= whole["low"] <= early_on["high"]


@settings(deadline=None, max_examples=60)
@given(COUNTS, st.integers(0, 30))
def test_a_lower_count_never_lowers_the_grade(values, day):
    lower = [*values[:day], 50.0, *values[day + 1 :]]
    assert early(lower, "cumulative")["low"] >= early(values, "cumulative")["low"]
    assert early(lower)["low"] >= early(values)["low"]


def late(*values, qualifier="="):
    return icaht_late(table([(1, 40, qualifier, value, None) for value in values])).row(0)[1:]


@pytest.mark.parametrize(
    ("lowest", "grade"),
    [(1501, 0), (1500, 1), (1000.5, 1), (1000, 2), (501, 2), (500, 3), (101, 3), (100, 4), (0, 4)],
)
def test_borders_of_late_counts(lowest, grade):
    assert late(lowest, 1500.0) == (grade, grade, "")
    assert late(2000.0, lowest, 1500.0, 9000.0) == (grade, grade, "")


def test_a_passing_fall_is_none_and_one_count_alone_leaves_bounds():
    assert late(90.0, 2000.0) == (0, 0, "")
    assert late(90.0, 1501.0, 3000.0) == (0, 0, "")
    assert late(90.0) == (0, 4, "one count: grade 0 to 4")
    assert late(1600.0) == (0, 0, "")


def test_late_counts_below_a_limit_leave_bounds():
    assert late(100.0, 100.0, qualifier="<") == (4, 4, "")
    assert late(200.0, 200.0, qualifier="<") == (3, 4, "censored: grade 3 to 4")
    assert late(500.0, 1400.0, qualifier=">") == (0, 2, "censored: grade 0 to 2")
    with pytest.raises(ParameterError, match=r"\[low-counts\]"):
        late(-1.0)
