"""Delta checks against a plain loop, with censored values, windows and series."""

import datetime as dt
import math
import random

import polars as pl
import pytest

from cart.endpoints.delta_check import DeltaLimit, delta_checks
from cart.endpoints.errors import ParameterError
from cart.endpoints.prepared import FRAMES
from tests.endpoints.cases import observation

HALF = DeltaLimit("CREAT", "per-cent", 50, "", 30, "laboratory handbook, section 4")
FIVE = DeltaLimit("CREAT", "absolute", 5, "U/mL", 30, "laboratory handbook, section 4")


def frame(*rows):
    return pl.DataFrame(list(rows), schema=FRAMES["observations"])


def pair(first, second, **more):
    return frame(observation(1, 0, first, "CREAT"), observation(2, 7, second, "CREAT", **more))


def second(first, then, limit, **more):
    """Status and reason of the second of two values a week apart."""
    return delta_checks(pair(first, then, **more), [limit]).row(1)[-2:]


@pytest.mark.parametrize(
    ("first", "then", "limit", "expected"),
    [
        ("10", "15", HALF, ("within", "")),
        ("10", "15.1", HALF, ("exceeded", "")),
        ("10", "4.9", HALF, ("exceeded", "")),
        ("1.0", "1.3", DeltaLimit("CREAT", "absolute", 0.3, "U/mL", 30, "s"), ("within", "")),
        ("10", "<4", HALF, ("exceeded", "")),
        ("10", "<5", HALF, ("exceeded", "")),
        ("10", "<6", HALF, ("undetermined", "censored: the change may be larger than the limit or not")),
        ("<4", "10", HALF, ("exceeded", "")),
        ("<10", ">16", HALF, ("exceeded", "")),
        ("<10", "<10", HALF, ("undetermined", "censored: the change may be larger than the limit or not")),
        ("<2", "<5", FIVE, ("within", "")),
        ("<2", ">7", FIVE, ("exceeded", "")),
        (">20", "15", FIVE, ("exceeded", "")),
        ("0", "3", HALF, ("undetermined", "previous value is 0 or negative: no per cent of it")),
        ("0", "3", FIVE, ("within", "")),
        ("positive", "3", FIVE, ("undetermined", "no previous value in the series")),
    ],
)
def test_change_is_judged_with_every_possible_value(first, then, limit, expected):
    rows = pair("1", then)
    before = observation(1, 0, None if first == "positive" else first, "CREAT", value_text=first)
    rows = frame(before, *rows.slice(1).to_dicts())
    assert delta_checks(rows, [limit]).row(1)[-2:] == expected


def test_bounds_of_the_change_are_given():
    found = delta_checks(pair("10", "<6"), [HALF])
    assert found.row(1) == (2, 1, 7, -100.0, pytest.approx(-40), "undetermined", found["reason"][1])
    assert found.row(0) == (1, None, None, None, None, "undetermined", "no previous value in the series")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"series": "KUL/k2/U"}, "no previous value in the series"),
        ({"subject_id": 2}, "no previous value in the series"),
        ({"usable": False}, "specimen not to be evaluated, or no result"),
        ({"collected_on": None}, "day of collection not known"),
        ({"unit": "mg/dL"}, "limit in U/mL, value in mg/dL"),
        ({"collected_on": dt.date(2024, 6, 1)}, "previous value 92 days before, window 30"),
    ],
)
def test_what_is_not_comparable_is_undetermined_with_a_reason(more, reason):
    assert second("10", "30", FIVE, **more) == ("undetermined", reason)


def test_an_unusable_value_is_passed_over():
    rows = frame(
        observation(1, 0, "10", "CREAT"),
        observation(2, 3, "99", "CREAT", usable=False),
        observation(3, 7, "11", "CREAT"),
    )
    assert delta_checks(rows, [FIVE]).row(2)[:3] == (3, 1, 7)


@pytest.mark.parametrize(
    "limits",
    [
        [HALF, FIVE],
        [DeltaLimit("A", "ratio", 1, "", 1, "s")],
        [DeltaLimit("A", "absolute", 1, "", 1, "s")],
        [DeltaLimit("A", "per-cent", math.nan, "", 1, "s")],
        [DeltaLimit("A", "per-cent", 1, "", 0, "s")],
        [DeltaLimit("A", "per-cent", 1, "", 1, "")],
    ],
)
def test_a_limit_that_cannot_be_one_is_refused(limits):
    with pytest.raises(ParameterError, match=r"\[delta-limit\]"):
        delta_checks(frame(), limits)


def slow_checks(rows, limit):
    """Status of each row, by its id: a plain loop over pairs of possible values."""
    seen, found = {}, {}
    for row in sorted(rows, key=lambda r: (r["collected_on"], r["result_id"])):
        own = (row["subject_id"], row["series"])
        before = seen.get(own)
        if before is None or (row["collected_on"] - before["collected_on"]).days > limit.window_days:
            found[row["result_id"]] = "undetermined"
        else:
            changes = [
                100 * (b / a - 1) if limit.kind == "per-cent" else b - a
                for a in possible(before)
                for b in possible(row)
                if a > 0 or limit.kind == "absolute"
            ]
            beyond = {abs(change) > limit.limit + 1e-7 for change in changes}
            found[row["result_id"]] = (
                "undetermined" if len(beyond) > 1 else "exceeded" if beyond == {True} else "within"
            )
        seen[own] = row
    return found


def possible(row):
    value = row["value"]
    if row["qualifier"] == "<":
        return [1e-9, *(value * step / 40 for step in range(1, 40)), value * (1 - 1e-5)]
    if row["qualifier"] == ">":
        return [value * (1 + 1e-5), *(value + step / 4 for step in range(1, 250)), value * 1e6]
    return [value]


@pytest.mark.parametrize("limit", [HALF, FIVE])
def test_answers_are_those_of_a_plain_loop_in_any_row_order(limit):
    chance = random.Random(11)
    for _ in range(40):
        rows = [
            observation(
                number,
                chance.randint(0, 60),
                f"{chance.choice(['', '', '<', '>'])}{chance.choice([2, 4, 5, 8, 10, 15, 16, 30])}",
                "CREAT",
                subject_id=chance.choice([1, 2]),
            )
            for number in range(1, 9)
        ]
        found = delta_checks(frame(*rows), [limit])
        assert dict(found.select("result_id", "status").iter_rows()) == slow_checks(rows, limit)
        shuffled = rows[:]
        chance.shuffle(shuffled)
        assert delta_checks(frame(*shuffled), [limit]).sort("result_id").equals(found.sort("result_id"))
        # Without the last values the others keep their answers.
        last = max(row["collected_on"] for row in rows)
        earlier = [row for row in rows if row["collected_on"] < last]
        kept = found.filter(pl.col("result_id").is_in([row["result_id"] for row in earlier]))
        assert delta_checks(frame(*earlier), [limit]).equals(kept)


def test_further_columns_of_any_name_change_nothing():
    rows = pair("140", "38")
    more = rows.with_columns(
        kind=pl.lit("infusion"), limit=pl.lit(1e9), window=pl.lit(0), low=pl.lit(0), days=pl.lit(0)
    )
    assert delta_checks(more, [HALF]).equals(delta_checks(rows, [HALF]))
    assert delta_checks(more, [HALF])["status"][1] == "exceeded"
