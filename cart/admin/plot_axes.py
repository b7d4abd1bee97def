"""Axes of the plots: from days and values to pixels. Pure: numbers in, numbers out."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

# Texts of the plots are 12 px high; a letter is about half as wide.
LETTER = 6.4


@dataclass(frozen=True)
class Axis:
    """A scale: values from ``low`` to ``high`` lie on the pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[float]
    log_scale: bool = False

    def at(self, value: float) -> float:
        """Pixel of a value."""
        scale = math.log10 if self.log_scale else float
        share = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return round(self.start + share * (self.end - self.start), 1)

    def inside(self, value: float) -> float:
        """Pixel of a value, or of the edge beyond which it lies."""
        return self.at(min(max(value, self.low), self.high))


def day_axis(days: Sequence[float], *, start: float, end: float, with_zero: bool, wanted: int = 8) -> Axis:
    """Axis that holds all days, and Day 0 where there is one, with a margin on both sides.

    >>> axis = day_axis([10, 90], start=0, end=100, with_zero=True)
    >>> axis.ticks[0], axis.at(0) > 0, axis.at(90) < 100
    (0.0, True, True)
    """
    low, high = min(days), max(days)
    if with_zero:
        low, high = min(low, 0), max(high, 0)
    margin = max((high - low) * 0.04, 1)
    low, high = low - margin, high + margin
    return Axis(low, high, start, end, [tick for tick in _linear_ticks(low, high, wanted) if low <= tick <= high])


def value_axis(values: Sequence[float], *, start: float, end: float, log_scale: bool) -> Axis:
    """Axis that holds all values; a linear one begins at 0 where no value is negative."""
    low, high = min(values), max(values)
    if log_scale:
        # Room below: a limit that lies on the axis would not be seen.
        low, high = low / 1.6, high * 1.3
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [10.0**power for power in decades if low <= 10.0**power <= high]
        if len(ticks) < 3:
            finer = [factor * 10.0**power for power in decades for factor in (1, 2, 5)]
            ticks = [tick for tick in finer if low <= tick <= high]
        return Axis(low, high, start, end, ticks, log_scale=True)
    low = min(low, 0)
    ticks = _linear_ticks(low, high if high > low else low + 1, 5)
    return Axis(ticks[0], ticks[-1], start, end, ticks)


def tick_text(day: float, dated_from: dt.date | None) -> str:
    """A day of the axis: its number, or its date where the axis is one of dates.

    >>> tick_text(28, None), tick_text(28, dt.date(2024, 2, 1))
    ('28', '29 Feb 2024')
    """
    if dated_from is None:
        return f"{day:g}"
    date = dated_from + dt.timedelta(days=round(day))
    return f"{date.day} {date:%b %Y}"


def _nice_step(span: float, wanted: int) -> float:
    raw = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 5, 10):
        if raw <= factor * power:
            return factor * power
    return 10 * power


def _linear_ticks(low: float, high: float, wanted: int) -> list[float]:
    step = _nice_step(high - low, wanted)
    first = math.floor(low / step)
    return [round(step * index, 10) for index in range(first, math.ceil(high / step) + 1)]
