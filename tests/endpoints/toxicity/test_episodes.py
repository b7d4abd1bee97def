"""Episodes from daily grades: worked by hand, and against a slow reading of the rule day by day."""

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.toxicity.crs import crs_grades
from cart.endpoints.toxicity.episodes import BY_INVESTIGATOR, episodes, graded_days

START = dt.date(2024, 2, 27)
SCHEMA = {"subject_id": pl.Int64, "assessed_on": pl.Date, "low": pl.Int8, "high": pl.Int8}


def days(*grades, subject=1):
    """Grades of days in a row: a number, a pair of bounds, None for a day without a row."""
    rows = []
    for place, grade in enumerate(grades):
        if grade is not None:
            low, high = grade if isinstance(grade, tuple) else (grade, grade)
            rows.append((subject, START + dt.timedelta(days=place), low, high))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def found(*grades, free_days=1):
    """(onset, last, ended, low, high, days, open days) of each episode, days counted from the first."""
    return [
        (
            (row["onset_on"] - START).days,
            (row["last_on"] - START).days,
            row["ended"],
            row["low"],
            row["high"],
            row["days"],
            row["open_days"],
        )
        for row in episodes(days(*grades), free_days=free_days).iter_rows(named=True)
    ]


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ((), []),
        ((0, 0), []),
        ((0, 1, 2, 1, 0), [(1, 3, True, 2, 2, 3, 0)]),
        # Not over before a day of grade 0.
        ((1, 3), [(0, 1, False, 3, 3, 2, 0)]),
        # Biphasic: it comes back after a day of grade 0, over the leap day.
        ((1, 2, 0, 0, 1), [(0, 1, True, 2, 2, 2, 0), (4, 4, False, 1, 1, 1, 0)]),
        # Days without a row between two days of the syndrome belong to it.
        ((1, None, None, 2, 0), [(0, 3, True, 2, 2, 2, 0)]),
        # Fever hidden by tocilizumab: the last days may be of the episode, or not.
        ((2, (0, 1), (0, 1), 0), [(0, 0, True, 2, 2, 1, 2)]),
        ((1, (0, 4), 1, 0), [(0, 2, True, 1, 4, 3, 1)]),
        # Nothing known before the onset is counted with it.
        (((0, 4), 1, 0), [(1, 1, True, 1, 1, 1, 0)]),
        (((0, 1), (0, 1)), []),
        ((5,), [(0, 0, False, 5, 5, 1, 0)]),
    ],
)
def test_episodes_worked_by_hand(grades, expected):
    assert found(*grades) == expected


def test_more_free_days_join_what_fewer_part():
    grades = (1, 0, 2, 0, 0, 1, 0)
    assert len(found(*grades)) == 3
    assert [(onset, last) for onset, last, *_ in found(*grades, free_days=2)] == [(0, 2), (5, 5)]
    assert [(onset, last) for onset, last, *_ in found(*grades, free_days=3)] == [(0, 5)]


def test_day_that_says_nothing_is_passed_over():
    rows = pl.concat(
        [days(1, 0), pl.DataFrame([(1, START + dt.timedelta(days=2), None, None)], schema=SCHEMA, orient="row")]
    )
    assert episodes(rows, free_days=1)["ended"].to_list() == [True]


def slow(grades, free_days):
    """The rule read out: walk the days, open at grade 1, close after so many days of grade 0 in a row."""
    result, current, run, since = [], None, 0, []
    for place, (low, high) in grades:
        run = run + 1 if high == 0 else 0
        if low >= 1:
            if current is None:
                current, since = {"onset": place, "last": place, "worst": [low, high]}, []
            current["last"] = place
            current["worst"] = [max(current["worst"][0], low), max(current["worst"][1], high, *since, 0)]
        elif current is not None and run < free_days:
            since.append(high)
            current["worst"][1] = max(current["worst"][1], high)
        if current is not None and run == free_days:
            result.append((current["onset"], current["last"], True, *current["worst"]))
            current = None
    if current is not None:
        result.append((current["onset"], current["last"], False, *current["worst"]))
    return result


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 3))
def test_episodes_are_those_of_a_walk_day_by_day(seed, free_days):
    dice = random.Random(seed)
    choices = [None, 0, 0, 1, 2, 3, (0, 1), (0, 4), (1, 2)]
    courses = [[dice.choice(choices) for _ in range(dice.randint(0, 14))] for _ in range(3)]
    frame = pl.concat([days(*course, subject=subject) for subject, course in enumerate(courses)])
    table = episodes(frame.sample(fraction=1, shuffle=True, seed=seed), free_days=free_days)
    for subject, course in enumerate(courses):
        known = [(p, g if isinstance(g, tuple) else (g, g)) for p, g in enumerate(course) if g is not None]
        mine = table.filter(pl.col("subject_id") == subject)
        assert mine["number"].to_list() == list(range(1, mine.height + 1))
        rows = [
            ((r["onset_on"] - START).days, (r["last_on"] - START).days, r["ended"], r["low"], r["high"])
            for r in mine.iter_rows(named=True)
        ]
        assert rows == slow(known, free_days), course


def crs(fever, *, waived=False, hypotension="none", own=None):
    return {
        "subject_id": 1, "assessed_on": START, "fever": fever, "fever_waived": waived, "hypotension": hypotension,
        "hypoxia": "none", "died": False, "investigator_grade": own,
    }  # fmt: skip


def graded(*rows):
    frame = graded_days(pl.DataFrame(list(rows), infer_schema_length=None), crs_grades)
    return frame.select("low", "high", "differs").rows(), frame["reason"].to_list()


def test_investigators_grade_decides_within_the_bounds_and_differs_outside_them():
    rows, reasons = graded(
        crs(fever=True, own=1),
        crs(fever=True, hypotension="no_pressor", own=1),
        crs(fever=False, waived=True, own=0),
        crs(fever=False, waived=True, own=2),
        crs(fever=False, waived=True),
        crs(fever=True),
    )
    assert rows == [(1, 1, False), (2, 2, True), (0, 0, False), (0, 1, True), (0, 1, False), (1, 1, False)]
    assert reasons[2] == BY_INVESTIGATOR
    assert reasons[4] == "grade 1 or resolved: protocol decision"
