"""Collection times as people read them."""

from datetime import date

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month_name_text(received: str) -> str:
    """An ISO 8601 text, as exact as it is, with the month's name: 03/04 is two days depending on who reads it.

    >>> month_name_text("2024-03-05T10:15"), month_name_text("2024-03"), month_name_text("2024")
    ('5 Mar 2024, 10:15', 'Mar 2024', '2024')
    """
    day, _, time = received.partition("T")
    if len(day) == 7:
        return f"{_MONTHS[int(day[5:]) - 1]} {day[:4]}"
    if len(day) != 10:
        return received
    parsed = date.fromisoformat(day)
    shown = f"{parsed.day} {_MONTHS[parsed.month - 1]} {parsed.year}"
    return f"{shown}, {time}" if time else shown
