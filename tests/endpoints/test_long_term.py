"""Calendar of the long-term follow-up: a visit a year, leap years counted."""

import datetime as dt

import pytest

from cart.endpoints.long_term import long_term_visits


def test_by_hand_to_year_15():
    visits = long_term_visits(first_year=1, window_days=30)
    assert [visit.code for visit in visits] == [f"Y{n}" for n in range(1, 16)]
    # 365.2425 a year: 365.2, 730.5 (rounds to 730), 1095.7, ... 5478.6.
    assert [visit.target for visit in visits[:4]] == [365, 730, 1096, 1461]
    assert (visits[-1].low, visits[-1].target, visits[-1].high) == (5449, 5479, 5509)


@pytest.mark.parametrize("day_zero", [dt.date(2024, 2, 29), dt.date(2023, 3, 1), dt.date(2025, 12, 31)])
def test_targets_stay_within_a_day_of_the_anniversary(day_zero):
    for visit in long_term_visits(first_year=1, window_days=30):
        year = day_zero.year + int(visit.code[1:])
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        day = 28 if (day_zero.month, day_zero.day) == (2, 29) and not leap else day_zero.day
        anniversary = dt.date(year, day_zero.month, day)
        assert abs((day_zero + dt.timedelta(days=visit.target) - anniversary).days) <= 1


def test_every_second_year_ends_before_the_last():
    assert [v.code for v in long_term_visits(first_year=2, last_year=7, every_years=2, window_days=9)] == [
        "Y2", "Y4", "Y6",
    ]  # fmt: skip


def test_no_year_is_no_visit():
    assert long_term_visits(first_year=3, last_year=2, window_days=9) == []
