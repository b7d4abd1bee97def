"""Days and partial dates.

Two day counts exist and are never mixed. *Study day* (SDTM, ADaM): the first dose is Day 1, the day before is
Day -1, there is no Day 0. *Protocol day*: days from time zero, so the day of the first dose is Day 0.
"""

import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl

_GRAMMAR = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})(?:T(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?)?)?",
    re.ASCII,
)
DATE_LENGTH = 10


@dataclass(frozen=True)
class PartialDate:
    """A date known as far as its text goes: year, month, day, minute or second; local time.

    Raises
    ------
    ValueError
        When the text is not ISO 8601 cut off at a whole component, or no such day exists.

    Examples
    --------
    >>> PartialDate("2024-02").latest
    datetime.date(2024, 2, 29)
    >>> PartialDate("2024-02").complete
    False
    """

    text: str

    def __post_init__(self) -> None:
        match = _GRAMMAR.fullmatch(self.text)
        if match is None:
            raise ValueError(
                "A date is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm, as far as it is known; "
                f"found {self.text!r}. [partial-date]"
            )
        part = {name: int(value) for name, value in match.groupdict().items() if value is not None}
        try:
            dt.date(part["year"], part.get("month", 1), part.get("day", 1))
            dt.time(part.get("hour", 0), part.get("minute", 0), part.get("second", 0))
        except ValueError as error:
            raise ValueError(f"There is no such day or time: {self.text!r} ({error}). [partial-date]") from error

    @property
    def precision(self) -> str:
        """``year``, ``month``, ``day``, ``minute`` or ``second``."""
        return {4: "year", 7: "month", 10: "day", 16: "minute", 19: "second"}[len(self.text)]

    @property
    def complete(self) -> bool:
        """Is the calendar day known?"""
        return len(self.text) >= DATE_LENGTH

    @cached_property
    def earliest(self) -> dt.date:
        """First day it can have been."""
        parts = [int(part) for part in self.text[:DATE_LENGTH].split("-")]
        return dt.date(*(parts + [1, 1])[:3])

    @cached_property
    def latest(self) -> dt.date:
        """Last day it can have been."""
        parts = [int(part) for part in self.text[:DATE_LENGTH].split("-")]
        if len(parts) == 3:  # noqa: PLR2004 - year, month, day
            return dt.date(*parts)
        year, month = parts[0], parts[1] if len(parts) > 1 else 12
        after = dt.date(year + month // 12, month % 12 + 1, 1) if (year, month) != (9999, 12) else None
        return after - dt.timedelta(days=1) if after else dt.date.max


def date_of(text: pl.Expr) -> pl.Expr:
    """Calendar date of ISO 8601 text that reaches the day, else null. Never completes a partial date."""
    return text.str.slice(0, DATE_LENGTH).str.to_date("%Y-%m-%d", strict=False)


def moment_of(text: pl.Expr) -> pl.Expr:
    """Local date and time of ISO 8601 text that reaches the minute, else null."""
    minute = text.str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", strict=False)
    return pl.coalesce(text.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False), minute)


def protocol_day(date: pl.Expr, time_zero: pl.Expr) -> pl.Expr:
    """Days from time zero (Int64): the day of the first dose is 0. Null where either date is."""
    return (date - time_zero).dt.total_days()


def study_day(date: pl.Expr, first_dose: pl.Expr) -> pl.Expr:
    """Study day (Int64): the first dose is Day 1, the day before Day -1; 0 does not occur.

    Source: SDTMIG 3.4, section 4.4.4 (--DY).
    """
    days = protocol_day(date, first_dose)
    return pl.when(days >= 0).then(days + 1).otherwise(days)
