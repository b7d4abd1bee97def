"""CRS and ICANS as endpoints: highest grade, and episodes."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, ONGOING, completed_answers
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Compute, Definition, Parameter, register
from cart.endpoints.timing import protocol_day
from cart.endpoints.toxicity.crs import crs_grades
from cart.endpoints.toxicity.episodes import NOT_ENDED, Grades, episodes, graded_days
from cart.endpoints.toxicity.icans import icans_grades

FREE_DAYS = Parameter(
    "free_days",
    1,
    "d",
    "own rule: a syndrome has resolved when a day is of grade 0",
    "Assessed days in a row of grade 0 that end an episode; a grade after them is a recurrence.",
    at_least=1,
    at_most=30,
)
CRS, ICANS = "CRS", "ICANS"
FRAMES_OF: Mapping[str, tuple[str, Grades]] = {CRS: ("crs_days", crs_grades), ICANS: ("icans_days", icans_grades)}
SOURCE = "ASTCT consensus of 2019, Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638"


def days_after_zero(inputs: Prepared, syndrome: str) -> pl.DataFrame:
    """Graded days of a syndrome from time zero on, with the protocol day."""
    frame, grades = FRAMES_OF[syndrome]

    def make() -> pl.DataFrame:
        zero = inputs.subjects_with_zero.select("subject_id", "time_zero_on")
        days = inputs.frames[frame].join(zero, on="subject_id", how="inner", maintain_order="left")
        days = days.filter(pl.col("assessed_on") >= pl.col("time_zero_on")).sort("subject_id", "assessed_on")
        return graded_days(days, grades).with_columns(
            protocol_day(pl.col("assessed_on"), pl.col("time_zero_on")).alias("day")
        )

    return inputs.kept(("syndrome", syndrome), make)


def _highest(inputs: Prepared, syndrome: str, definition: Definition) -> pl.DataFrame:
    if inputs.frames[FRAMES_OF[syndrome][0]].is_empty():
        return _complete(inputs, None, syndrome, definition)
    known = days_after_zero(inputs, syndrome).filter(pl.col("high").is_not_null())
    low, high = pl.col("low").max(), pl.col("high").max()
    rows = (
        known.group_by("subject_id", maintain_order=True)
        .agg(
            low.alias("low"),
            high.alias("high"),
            pl.col("day").filter(pl.col("low") == low).first().alias("day"),
            # The first day that may be worse than what is known.
            pl.col("day").filter(pl.col("high") > low).first().alias("open_day"),
            pl.col("reason").filter(pl.col("high") > low).first().alias("why"),
        )
        .select(
            "subject_id",
            pl.when(pl.col("low") == pl.col("high")).then(pl.col("low").cast(pl.Float64)).alias("value"),
            pl.col("low").cast(pl.Float64),
            pl.col("high").cast(pl.Float64),
            pl.when(pl.col("low") > 0).then("day").alias("day"),
            pl.when(pl.col("low") == pl.col("high")).then(pl.lit(EVALUABLE)).otherwise(pl.lit(BOUNDED)).alias("status"),
            pl.when(pl.col("low") < pl.col("high")).then(pl.format("day {}: {}", "open_day", "why")).alias("reason"),
        )
    )
    return _complete(inputs, rows, syndrome, definition)


def _episodes(inputs: Prepared, syndrome: str, free_days: int, definition: Definition) -> pl.DataFrame:
    if inputs.frames[FRAMES_OF[syndrome][0]].is_empty():
        return _complete(inputs, None, syndrome, definition)
    days = days_after_zero(inputs, syndrome)
    zero = inputs.subjects_with_zero.select("subject_id", "time_zero_on")
    found = episodes(days, free_days=free_days).join(zero, on="subject_id", how="left", maintain_order="left")
    first, last = (protocol_day(pl.col(name), pl.col("time_zero_on")) for name in ("onset_on", "last_on"))
    later = pl.when("ended").then(pl.lit("")).otherwise(pl.lit(" or later"))
    one_day = pl.format("day {}{}", first, later)
    span = pl.when(first == last).then(one_day).otherwise(pl.format("days {} to {}{}", first, last, later))
    told = (
        found.with_columns(span.alias("span"), first.alias("first_day"))
        .group_by("subject_id", maintain_order=True)
        .agg(
            pl.len().alias("number"),
            pl.col("first_day").first().alias("day"),
            pl.col("span").str.join("; ").alias("text"),
            pl.col("ended").last().alias("ended"),
            pl.col("open_days").sum(),
        )
    )
    undecided = ((pl.col("low") == 0) & (pl.col("high") > 0)).sum()
    assessed = days.filter(pl.col("high").is_not_null()).group_by("subject_id", maintain_order=True)
    joined = (
        assessed.agg(undecided.alias("undecided"))
        .join(told, on="subject_id", how="left", maintain_order="left")
        .with_columns(pl.col("number").fill_null(0).cast(pl.Float64))
        # Outside the known episodes each such day may be one of its own.
        .with_columns((pl.col("undecided") - pl.col("open_days").fill_null(0)).alias("outside"))
    )
    bounded, going_on = pl.col("outside") > 0, ~pl.col("ended").fill_null(value=True)
    rows = joined.select(
        "subject_id",
        pl.when(~bounded).then("number").alias("value"),
        pl.when(bounded).then("number").alias("low"),
        pl.when(bounded).then(pl.col("number") + pl.col("outside")).alias("high"),
        "day",
        "text",
        pl.when(bounded)
        .then(pl.lit(BOUNDED))
        .when(going_on)
        .then(pl.lit(ONGOING))
        .otherwise(pl.lit(EVALUABLE))
        .alias("status"),
        pl.when(bounded)
        .then(pl.format("days whose grade may be 0 or more: {}", "outside"))
        .when(going_on)
        .then(pl.lit(NOT_ENDED))
        .alias("reason"),
    )
    return _complete(inputs, rows, syndrome, definition)


def _complete(inputs: Prepared, rows: pl.DataFrame | None, syndrome: str, definition: Definition) -> pl.DataFrame:
    return completed_answers(
        rows,
        inputs.subjects_with_zero,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=inputs.absence(f"no day assessed for {syndrome} since time zero"),
    )


def crs_highest(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Highest grade of CRS since time zero, from the components of each day; ``day`` is the first with it.

    Where the components of a day leave bounds and the investigator's grade lies within them, that is the day's grade.
    A subject without an assessed day has no grade: no assessment is not grade 0.
    """
    return _highest(inputs, CRS, DEFINITIONS["CRSMAX"])


def icans_highest(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Highest grade of ICANS since time zero, as for CRS. The ICE score is the sum of its items."""
    return _highest(inputs, ICANS, DEFINITIONS["ICANSMAX"])


def crs_episodes(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Number of episodes of CRS since time zero; 2 and more: it came back (biphasic). ``day`` is the first onset.

    ``ongoing``: the last episode has no day of grade 0 after it.
    """
    return _episodes(inputs, CRS, parameters["free_days"], DEFINITIONS["CRSEPI"])


def icans_episodes(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Number of episodes of ICANS since time zero, as for CRS."""
    return _episodes(inputs, ICANS, parameters["free_days"], DEFINITIONS["ICANSEPI"])


_ENTRIES: tuple[tuple[str, str, str, Compute, tuple[Parameter, ...]], ...] = (
    ("CRSMAX", "CRS, highest grade", "1", crs_highest, ()),
    ("CRSEPI", "CRS, episodes", "1", crs_episodes, (FREE_DAYS,)),
    ("ICANSMAX", "ICANS, highest grade", "1", icans_highest, ()),
    ("ICANSEPI", "ICANS, episodes", "1", icans_episodes, (FREE_DAYS,)),
)
DEFINITIONS = {
    code: register(
        Definition(
            code,
            label,
            "",
            version,
            SOURCE,
            ("subjects", "time_zero", "crs_days" if code.startswith(CRS) else "icans_days"),
            compute,
            parameters,
        )
    )
    for code, label, version, compute, parameters in _ENTRIES
}
