"""When planned visits are due, against a plain reading."""

import datetime as dt
import random

import polars as pl
import pytest

from cart.endpoints.schedule import STATES, visit_schedule

D0 = dt.date(2024, 2, 28)
SUBJECTS = {
    "subject_id": pl.Int64,
    "protocol_id": pl.Int64,
    "time_zero_on": pl.Date,
    "consent_on": pl.Date,
    "ended_on": pl.Date,
    "today": pl.Date,
}
PLANNED = {
    "protocol_id": pl.Int64,
    "planned_id": pl.Int64,
    "code": pl.String,
    "anchor": pl.String,
    "target_day": pl.Int64,
    "window_low": pl.Int64,
    "window_high": pl.Int64,
}
VISITS = {
    "subject_id": pl.Int64,
    "code": pl.String,
    "visit_id": pl.Int64,
    "status": pl.String,
    "occurred_on": pl.Date,
}
WEEK = {
    "protocol_id": 1,
    "planned_id": 7,
    "code": "D7",
    "anchor": "time-zero",
    "target_day": 7,
    "window_low": 5,
    "window_high": 10,
}


GIVEN_UP = {"status": "missed", "occurred_on": None}


def day(number):
    return None if number is None else D0 + dt.timedelta(days=number)


def schedule(*, today, zero=0, consent=-40, ended=None, visit=None, planned=WEEK):
    subject = {
        "subject_id": 1,
        "protocol_id": 1,
        "time_zero_on": day(zero),
        "consent_on": day(consent),
        "ended_on": day(ended),
        "today": day(today),
    }
    visits = [] if visit is None else [{"subject_id": 1, "code": planned["code"], "visit_id": 5, **visit}]
    return visit_schedule(
        pl.DataFrame([subject], schema=SUBJECTS),
        pl.DataFrame([planned], schema=PLANNED),
        pl.DataFrame(visits, schema=VISITS),
    )


def state(**given):
    return schedule(**given).select("state", "days").row(0)


def took_place(number):
    return {"status": "occurred", "occurred_on": day(number)}


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (0, ("future", 5)),
        (4, ("future", 1)),
        (5, ("open", 5)),
        (10, ("open", 0)),
        (11, ("overdue", 1)),
        (400, ("overdue", 390)),
    ],
)
def test_without_a_record_the_window_decides(today, expected):
    assert state(today=today) == expected


@pytest.mark.parametrize(
    ("on", "expected"),
    [(4, ("early", 1)), (5, ("done", None)), (7, ("done", None)), (10, ("done", None)), (13, ("late", 3))],
)
def test_a_visit_that_took_place_is_judged_by_its_window(on, expected):
    assert state(today=200, visit=took_place(on)) == expected


def test_dates_cross_a_leap_day():
    row = schedule(today=0).row(0, named=True)
    assert (row["from_on"], row["target_on"], row["until_on"]) == (
        dt.date(2024, 3, 4),
        dt.date(2024, 3, 6),
        dt.date(2024, 3, 9),
    )


def test_without_an_anchor_nothing_is_due_and_a_visit_is_done():
    assert state(today=300, zero=None) == ("not-dated", None)
    assert state(today=300, zero=None, visit=took_place(7)) == ("done", None)
    consented = {**WEEK, "anchor": "consent"}
    assert state(today=-30, zero=None, planned=consented) == ("open", 0)


@pytest.mark.parametrize(
    ("ended", "expected"), [(11, ("overdue", 90)), (10, ("ended", None)), (6, ("ended", None)), (-3, ("ended", None))]
)
def test_what_was_still_to_come_at_the_end_is_not_overdue(ended, expected):
    assert state(today=100, ended=ended) == expected
    assert state(today=100, ended=ended, visit={"status": "missed", "occurred_on": None}) == ("missed", None)


def test_a_subject_that_left_before_time_zero_has_nothing_to_come():
    assert state(today=100, zero=None, ended=-3) == ("ended", None)


def plainly(subject, planned, visit):
    anchor = subject["consent_on"] if planned["anchor"] == "consent" else subject["time_zero_on"]
    first = anchor and anchor + dt.timedelta(days=planned["window_low"])
    last = anchor and anchor + dt.timedelta(days=planned["window_high"])
    if visit is not None:
        if visit["status"] == "missed":
            return "missed"
        if first is None:
            return "done"
        return "early" if visit["occurred_on"] < first else "late" if visit["occurred_on"] > last else "done"
    if subject["ended_on"] and (last is None or last >= subject["ended_on"]):
        return "ended"
    if first is None:
        return "not-dated"
    if last < subject["today"]:
        return "overdue"
    return "future" if first > subject["today"] else "open"


def test_many_subjects_of_two_studies_agree_with_a_plain_reading_in_any_order():
    chance = random.Random(4)
    planned = [
        {**WEEK, "protocol_id": study, "planned_id": 10 * study + n, "code": f"V{n}", "anchor": anchor,
         "target_day": 30 * n, "window_low": 30 * n - 5, "window_high": 30 * n + 5}
        for study in (1, 2) for n, anchor in enumerate(["consent", "time-zero", "time-zero"])
    ]  # fmt: skip
    subjects = [
        {"subject_id": n, "protocol_id": chance.choice([1, 2]), "time_zero_on": day(chance.choice([None, 0, 9])),
         "consent_on": day(chance.choice([None, -30])), "ended_on": day(chance.choice([None, None, 40])),
         "today": day(chance.randrange(-30, 120))}
        for n in range(1, 200)
    ]  # fmt: skip
    visits = [
        {"subject_id": s["subject_id"], "code": f"V{n}", "visit_id": 3 * s["subject_id"] + n,
         **(took_place(30 * n + chance.randrange(-9, 10)) if chance.random() < 0.8 else GIVEN_UP)}
        for s in subjects for n in range(3) if chance.random() < 0.5
    ]  # fmt: skip
    recorded = {(v["subject_id"], v["code"]): v for v in visits}
    expected = {
        (s["subject_id"], p["code"]): plainly(s, p, recorded.get((s["subject_id"], p["code"])))
        for s in subjects for p in planned if p["protocol_id"] == s["protocol_id"]
    }  # fmt: skip

    def found():
        return visit_schedule(
            pl.DataFrame(subjects, schema=SUBJECTS),
            pl.DataFrame(planned, schema=PLANNED),
            pl.DataFrame(visits, schema=VISITS),
        )

    first = found()
    assert {(row[0], row[2]): row[8] for row in first.rows()} == expected
    assert set(expected.values()) == set(STATES)
    for rows in (subjects, planned, visits):
        chance.shuffle(rows)
    assert found().equals(first)
