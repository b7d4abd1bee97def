"""Dose-limiting toxicity: did an event that the investigator calls one begin in the window after infusion?"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import EVALUABLE, NO, NOT_EVALUABLE, ONGOING, YES, completed_answers
from cart.endpoints.prepared import NO_TIME_ZERO, Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.timing import parse_dtc, protocol_day

WINDOW = Parameter(
    "window_days",
    28,
    "d",
    "NCT06947460: DLT within 28 days",
    "An event limits the dose where it begins from Day 0 to this day.",
    at_least=1,
    at_most=365,
)
FROM_GRADE = Parameter(
    "asked_from_grade",
    3,
    "",
    "own rule: protocols define a DLT from grade 3 on",
    "An undecided event of a lower grade leaves the answer as it is.",
    at_least=1,
    at_most=5,
)


def with_window(events: pl.DataFrame, *, window_days: int) -> pl.DataFrame:
    """Events with first_day and last_day, the protocol days on which each can have begun, and inside.

    ``events``: columns started (a partial date) and time_zero_on. ``inside``: it began in the window (true, false; null
    where its date does not tell, or there is no time zero).

    >>> import datetime as dt
    >>> rows = pl.DataFrame({"started": ["2024-03-29", "2024-03-30", "2024-03"], "time_zero_on": dt.date(2024, 3, 1)})
    >>> with_window(rows, window_days=28)["inside"].to_list()
    [True, False, None]
    """
    began = parse_dtc(pl.col("started"))
    first, last = (protocol_day(began.struct.field(end), pl.col("time_zero_on")) for end in ("earliest", "latest"))
    return events.with_columns(first.alias("first_day"), last.alias("last_day")).with_columns(
        pl.when((pl.col("first_day") >= 0) & (pl.col("last_day") <= window_days))
        .then(pl.lit(value=True))
        .when((pl.col("last_day") < 0) | (pl.col("first_day") > window_days))
        .then(pl.lit(value=False))
        .alias("inside")
    )


def limiting_toxicity(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """yes: an adverse event marked as DLT began from Day 0 to ``window_days``; ``day`` is its first possible day.

    no: none did, every event of ``asked_from_grade`` or more that may have begun in the window is decided, and a visit
    took place on the window's last day or later. ``ongoing``: none so far, and no visit that late. Events are named in
    ``reason`` by their numbers, also those marked as DLT that began outside the window: they do not count. A start
    known to the month only counts where the whole month lies in the window.
    """
    window, from_grade = parameters["window_days"], parameters["asked_from_grade"]
    zero = inputs.frames["time_zero"].select("subject_id", "time_zero_on")
    events = inputs.frames["events"].join(zero, on="subject_id", how="inner", maintain_order="left")
    events = with_window(events, window_days=window).sort("subject_id", "first_day", "event_id")
    may = pl.col("inside").fill_null(value=True)
    limiting = pl.col("dlt").fill_null(value=False)
    told = events.group_by("subject_id", maintain_order=True).agg(
        pl.col("event_id").filter(limiting & pl.col("inside")).alias("yes_ids"),
        pl.col("first_day").filter(limiting & pl.col("inside")).first().alias("day"),
        pl.col("event_id").filter(limiting & pl.col("inside").is_null()).alias("dateless_ids"),
        pl.col("event_id").filter(limiting & ~pl.col("inside")).alias("outside_ids"),
        pl.col("event_id")
        .filter(pl.col("dlt").is_null() & may & (pl.col("grade") >= from_grade))
        .alias("undecided_ids"),
    )
    seen = protocol_day(pl.col("last_seen_on"), pl.col("time_zero_on"))
    some = {
        name: pl.col(f"{name}_ids").list.len().fill_null(0) > 0 for name in ("yes", "dateless", "undecided", "outside")
    }
    ids = {name: pl.col(f"{name}_ids").cast(pl.List(pl.String)).list.join(", ") for name in some}
    seen_through = (pl.col("seen_day") >= window).fill_null(value=False)
    rows = (
        inputs.subjects.select("subject_id")
        .join(zero, on="subject_id", how="inner", maintain_order="left")
        .join(inputs.frames["last_visits"], on="subject_id", how="left", maintain_order="left")
        .join(told, on="subject_id", how="left", maintain_order="left")
        .with_columns(seen.alias("seen_day"))
        .select(
            "subject_id",
            "day",
            pl.when(some["yes"])
            .then(pl.lit(YES))
            .when(~some["dateless"] & ~some["undecided"] & seen_through)
            .then(pl.lit(NO))
            .alias("text"),
            pl.when(some["yes"])
            .then(pl.lit(EVALUABLE))
            .when(some["dateless"] | some["undecided"])
            .then(pl.lit(NOT_EVALUABLE))
            .when(seen_through)
            .then(pl.lit(EVALUABLE))
            .otherwise(pl.lit(ONGOING))
            .alias("status"),
            pl.when(some["yes"])
            .then(pl.format("adverse event {}", ids["yes"]))
            .when(some["dateless"])
            .then(pl.format("DLT whose start does not tell whether in the window: adverse event {}", ids["dateless"]))
            .when(some["undecided"])
            .then(pl.format("not decided whether a DLT: adverse event {}", ids["undecided"]))
            .when(~seen_through)
            .then(
                pl.format(
                    "window to day {}, last visit {}",
                    pl.lit(window),
                    pl.when(pl.col("seen_day").is_null())
                    .then(pl.lit("not recorded"))
                    .otherwise(pl.format("on day {}", "seen_day")),
                )
            )
            .when(some["outside"])
            .then(pl.format("marked as DLT, begun outside the window: adverse event {}", ids["outside"]))
            .alias("reason"),
        )
    )
    return completed_answers(
        rows, inputs.subjects, code=LIMITING.code, version=LIMITING.version, unit=LIMITING.unit, absent=NO_TIME_ZERO
    )


LIMITING = register(
    Definition(
        "DLT",
        "Dose-limiting toxicity",
        "",
        "1",
        "the investigator's decision, in the window of the protocol",
        ("subjects", "time_zero", "events", "last_visits"),
        limiting_toxicity,
        (WINDOW, FROM_GRADE),
    )
)
