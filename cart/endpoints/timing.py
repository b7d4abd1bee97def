"""Days and partial dates.

Two day counts exist and are never mixed. *Study day* (SDTM, ADaM): the first dose is Day 1, the day before is
Day -1, there is no Day 0. *Protocol day*: days from time zero, so the day of the first dose is Day 0.
"""

import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl

GRAMMAR = (
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:T(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?)?)?"
)
_GRAMMAR = re.compile(GRAMMAR, re.ASCII)
# Length of the text to how far it is known; no other length passes the grammar.
PRECISIONS = {4: "year", 7: "month", 10: "day", 16: "minute", 19: "second"}
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
        return PRECISIONS[len(self.text)]

    @property
    def complete(self) -> bool:
        """Is the calendar day known?"""
        return len(self.text) >= DATE_LENGTH

    @cached_property
    def earliest(self) -> dt.date:
        """First day it can have been."""
        parts = [int(part) for part in self.text[:DATE_LENGTH].split("-")]
        return dt.date(*[*parts, 1, 1][:3])

    @cached_property
    def latest(self) -> dt.date:
        """Last day it can have been."""
        if self.complete:
            return self.earliest
        year = self.earliest.year
        month = self.earliest.month if self.precision == "month" else 12
        # Day 28 plus 4 days lies in the next month whatever the month; going back by its day number ends
        # on the last day. Year 9999 has no next month to lie in.
        if (year, month) == (dt.MAXYEAR, 12):
            return dt.date.max
        beyond = dt.date(year, month, 28) + dt.timedelta(days=4)
        return beyond - dt.timedelta(days=beyond.day)


def parse_dtc(text: pl.Expr) -> pl.Expr:
    """ISO 8601 texts of any precision as a struct; nothing is completed.

    Parameters
    ----------
    text
        String column, e.g. an SDTM ``--DTC``.

    Returns
    -------
    polars.Expr
        Struct of ``on`` (Date; null unless known to the day), ``at`` (Datetime; null unless known to the
        minute), ``earliest`` and ``latest`` (Date), ``precision`` (String). All null where the text is not a
        partial date or names a day that does not exist.

    Examples
    --------
    >>> frame = pl.DataFrame({"text": ["2024-02", "2023-02-30"]})
    >>> frame.select(parse_dtc(pl.col("text")).struct.field("latest"))["latest"].to_list()
    [datetime.date(2024, 2, 29), None]
    """
    # A grammar of its own: the date parser would take "2024-7-2" and "2024-07-02 " too.
    shaped = text.str.contains("^(?-u:" + GRAMMAR + ")$")
    length = text.str.len_bytes()
    template = pl.lit("0000-01-01T00:00:00")
    padded = pl.when(shaped).then(pl.concat_str(text, template.str.slice(length)))
    moment = padded.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    # Second 60 and year 0 are refused by PartialDate as well.
    moment = pl.when(~text.str.ends_with(":60") & ~text.str.starts_with("0000")).then(moment)
    first = moment.dt.date()
    latest = (
        pl.when(length >= DATE_LENGTH)
        .then(first)
        .when(text.str.starts_with("9999") & ((length == 4) | text.str.ends_with("-12")))
        .then(pl.lit(dt.date.max))
        .when(length == 4)
        .then(first.dt.offset_by("11mo").dt.month_end())
        .otherwise(first.dt.month_end())
    )
    return pl.struct(
        pl.when(length >= DATE_LENGTH).then(first).alias("on"),
        pl.when(length > DATE_LENGTH).then(moment).alias("at"),
        first.alias("earliest"),
        pl.when(first.is_not_null()).then(latest).alias("latest"),
        pl.when(first.is_not_null())
        .then(length.replace_strict(PRECISIONS, default=None, return_dtype=pl.String))
        .alias("precision"),
    )


def protocol_day(date: pl.Expr, time_zero: pl.Expr) -> pl.Expr:
    """Days from time zero (Int64): the day of the first dose is 0. Null where either date is."""
    return (date - time_zero).dt.total_days()


def study_day(date: pl.Expr, first_dose: pl.Expr) -> pl.Expr:
    """Study day (Int64): the first dose is Day 1, the day before Day -1; 0 does not occur.

    Source: SDTMIG 3.4, section 4.4.4 (--DY).
    """
    days = protocol_day(date, first_dose)
    return pl.when(days >= 0).then(days + 1).otherwise(days)
