"""Slow, obvious versions of the rules, row by row, to compare the kernels with."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def interval(row: Row) -> tuple[float, float]:
    """Where the true value of a row lies."""
    value, limit = row["value"], row["lloq"]
    if row["qualifier"] == ">":
        return value, math.inf
    if row["qualifier"] == "<":
        return 0.0, max(value, limit) if limit is not None else value
    if limit is not None and value < limit:
        return 0.0, limit
    return value, value


def below(row: Row, threshold: float) -> bool | None:
    """Is the count below the threshold; None where its interval does not tell."""
    low, high = interval(row)
    if low == high:
        return low < threshold
    if low >= threshold:
        return False
    return True if high <= threshold else None


def course(rows: Sequence[Row], *, threshold: float, confirm_n: int) -> Row | None:
    """Course of depletion of one subject's rows, after time zero, in the order of collection."""
    if not rows:
        return None
    known = [(row["day"], below(row, threshold), row) for row in rows]
    decided = [(day, state, row) for day, state, row in known if state is not None]
    lows = [interval(row) for row in rows]
    nadir = lows.index(min(lows))
    result: Row = {
        "depleted": None if len(decided) < len(known) else False,
        "first_below_day": None,
        "previous_day": None,
        "last_below_day": None,
        "recovered_day": None,
        "duration_min": None,
        "duration_max": None,
        "undetectable": any(state and interval(row)[0] < interval(row)[1] for _, state, row in decided),
        "nadir_low": lows[nadir][0],
        "nadir_high": lows[nadir][1],
        "nadir_day": rows[nadir]["day"],
        "last_day": rows[-1]["day"],
    }
    start = next((place for place, (_, state, _) in enumerate(decided) if state), None)
    if start is None:
        return result
    result["depleted"], result["first_below_day"] = True, decided[start][0]
    result["previous_day"] = decided[start - 1][0] if start else 0
    for place in range(start, len(decided)):
        day, state, _ = decided[place]
        if state:
            result["last_below_day"] = day
            continue
        following = decided[place : place + confirm_n]
        if len(following) == confirm_n and not any(state for _, state, _ in following):
            result["recovered_day"] = day
            result["duration_max"] = day - result["previous_day"]
            break
    result["duration_min"] = result["last_below_day"] - result["first_below_day"]
    return result


def baseline(rows: Sequence[Row], zero: Row | None, rule: str) -> Row | None:
    """The baseline row of one subject and analyte."""

    def precedes(row: Row, date: dt.date | None, moment: dt.datetime | None, *, inclusive: bool = False) -> bool:
        if row["collected_on"] is None or date is None:
            return False
        if row["collected_at"] is not None and moment is not None:
            first, second = row["collected_at"], moment
        else:
            first, second = row["collected_on"], date
        return bool(first <= second if inclusive else first < second)

    def candidate(row: Row) -> bool:
        if not row["usable"] or (row["value"] is None and not row["value_text"]):
            return False
        if rule == "flagged-in-source":
            return bool(row["baseline_flag"])
        if rule.startswith("visit:"):
            return bool(row["visit"] == rule.removeprefix("visit:"))
        if zero is None:
            return False
        if rule == "before-conditioning" and zero["conditioning_on"] is not None:
            return precedes(row, zero["conditioning_on"], zero["conditioning_at"])
        inclusive = rule == "last-on-or-before-first-dose"
        return precedes(row, zero["time_zero_on"], zero["time_zero_at"], inclusive=inclusive)

    def order(row: Row) -> tuple[dt.date, dt.datetime, int, int]:
        date, moment = row["collected_on"] or dt.date.min, row["collected_at"] or dt.datetime(1, 1, 1)  # noqa: DTZ001 - site-local
        return date, moment, row["sequence"], row["result_id"]

    return max(filter(candidate, rows), key=order, default=None)


def falling_part(values: Sequence[float]) -> tuple[int, int]:
    """First and last place of the falling part of a series."""
    start = max(place for place, value in enumerate(values) if value == max(values))
    lowest = min(values[start:])
    end = next(place for place in range(start, len(values)) if values[place] == lowest)
    while start > 0 and values[start - 1] == values[start]:
        start -= 1
    while end + 1 < len(values) and values[end + 1] == values[end]:
        end += 1
    return start, end


def trapezoids(days: Sequence[int], numbers: Sequence[float]) -> float:
    """Area under straight lines between the points."""
    return sum(
        (later - sooner) * (high + low) / 2
        for sooner, later, low, high in zip(days, days[1:], numbers, numbers[1:], strict=False)
    )


def visit_of(day: int, visits: Sequence[Row]) -> Row | None:
    """Planned visit of a record: nearest target among the windows that hold it, the earlier of ties."""
    holding = [visit for visit in visits if visit["window_low"] <= day <= visit["window_high"]]
    return min(holding, key=lambda visit: (abs(day - visit["target_day"]), visit["target_day"]), default=None)
