"""Dates with month names, as exact as received."""

import pytest

from labs.admin.collected import month_name_text


@pytest.mark.parametrize(
    ("received", "shown"),
    [
        ("2024", "2024"),
        ("2024-02", "Feb 2024"),
        ("2024-02-29", "29 Feb 2024"),
        ("2024-12-01T07:05", "1 Dec 2024, 07:05"),
        ("2024-12-01T07:05:59", "1 Dec 2024, 07:05:59"),
    ],
)
def test_nothing_is_completed_and_the_month_is_named(received, shown):
    assert month_name_text(received) == shown
