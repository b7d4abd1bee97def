"""Input frames, checked once and joined with time zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cart.endpoints.errors import FrameError
from cart.endpoints.timing import protocol_day

FRAMES: dict[str, dict[str, Any]] = {
    "subjects": {"subject_id": pl.Int64, "arm": pl.String},
    "time_zero": {
        "subject_id": pl.Int64,
        "time_zero_on": pl.Date,
        "time_zero_at": pl.Datetime("us"),
        "conditioning_on": pl.Date,
        "conditioning_at": pl.Datetime("us"),
        "kind": pl.String,
    },
    "observations": {
        "result_id": pl.Int64,
        "subject_id": pl.Int64,
        "analyte": pl.String,
        "series": pl.String,
        "collected_on": pl.Date,
        "collected_at": pl.Datetime("us"),
        "visit": pl.String,
        "sequence": pl.Int64,
        "qualifier": pl.String,
        "value": pl.Float64,
        "value_text": pl.String,
        "lloq": pl.Float64,
        "cutoff": pl.Float64,
        "unit": pl.String,
        "baseline_flag": pl.Boolean,
        "usable": pl.Boolean,
    },
    "therapies": {
        "therapy_id": pl.Int64,
        "subject_id": pl.Int64,
        "therapy_class": pl.String,
        "started_on": pl.Date,
        "stopped_on": pl.Date,
        "ongoing": pl.Boolean,
        "daily_dose_mg": pl.Float64,
        "prior": pl.Boolean,
    },
    "planned_visits": {
        "code": pl.String,
        "target_day": pl.Int64,
        "window_low": pl.Int64,
        "window_high": pl.Int64,
    },
}


def check_frame(name: str, frame: pl.DataFrame) -> None:
    """Refuse a frame that lacks a column or holds another type.

    Raises
    ------
    FrameError
        Naming frame, column, expected and found type.
    """
    for column, dtype in FRAMES[name].items():
        if column not in frame.columns:
            raise FrameError(f"Frame {name} needs column {column} ({dtype}); it has none. [frame-column]")
        if frame.schema[column] != dtype:
            raise FrameError(
                f"Column {column} of frame {name} must be {dtype}; found {frame.schema[column]}. [frame-type]"
            )


def after_time_zero() -> pl.Expr:
    """Was the specimen taken after time zero? By the clock where both times are known, else by the calendar."""
    return (
        pl.when(pl.col("collected_at").is_not_null() & pl.col("time_zero_at").is_not_null())
        .then(pl.col("collected_at") > pl.col("time_zero_at"))
        .otherwise(pl.col("collected_on") > pl.col("time_zero_on"))
    )


@dataclass(frozen=True)
class Prepared:
    """Frames of a set of subjects as the kernels read them."""

    frames: Mapping[str, pl.DataFrame]

    def __post_init__(self) -> None:
        for name in FRAMES:
            if name not in self.frames:
                raise FrameError(f"Frame {name} is missing. [frame-missing]")
            check_frame(name, self.frames[name])

    @property
    def subjects(self) -> pl.DataFrame:
        """Frame ``subjects``."""
        return self.frames["subjects"]

    @property
    def therapies(self) -> pl.DataFrame:
        """Frame ``therapies``."""
        return self.frames["therapies"]

    @property
    def planned_visits(self) -> pl.DataFrame:
        """Frame ``planned_visits``."""
        return self.frames["planned_visits"]

    @property
    def time_zero(self) -> pl.DataFrame:
        """Frame ``time_zero``."""
        return self.frames["time_zero"]

    @cached_property
    def timed(self) -> pl.DataFrame:
        """Observations with time zero, protocol day ``day`` and ``after``, in the order of collection.

        A row without the time of day stands before the timed rows of its day.
        """
        return (
            self.frames["observations"]
            .join(self.time_zero, on="subject_id", how="left")
            .with_columns(
                protocol_day(pl.col("collected_on"), pl.col("time_zero_on")).alias("day"),
                after_time_zero().alias("after"),
            )
            .sort("subject_id", "analyte", "collected_on", "collected_at", "sequence", "result_id", nulls_last=False)
        )

    def evaluable(self, analytes: list[str]) -> pl.DataFrame:
        """Rows of these analytes that have a number, a day and a usable specimen."""
        return self.timed.filter(
            pl.col("analyte").is_in(analytes)
            & pl.col("usable")
            & pl.col("value").is_not_null()
            & pl.col("collected_on").is_not_null()
        )

    @cached_property
    def subjects_with_zero(self) -> pl.DataFrame:
        """Subjects with their time zero, null where there is none."""
        return self.subjects.join(self.time_zero, on="subject_id", how="left")

    def absence(self, reason: str) -> pl.Expr:
        """Why a subject has no answer: no time zero comes before ``reason``; for ``subjects_with_zero``."""
        return (
            pl.when(pl.col("time_zero_on").is_null())
            .then(pl.lit("no time zero: no infusion or study drug dated to the day"))
            .otherwise(pl.lit(reason))
        )
