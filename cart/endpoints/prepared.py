"""Input frames, checked once and joined with time zero."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from cart.endpoints.clinical_frames import CLINICAL_FRAMES
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
        "uloq": pl.Float64,
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
    "treatments": {
        "therapy_id": pl.Int64,
        "subject_id": pl.Int64,
        "drug": pl.String,
        "therapy_class": pl.String,
        "started_on": pl.Date,
        "stopped_on": pl.Date,
        "ongoing": pl.Boolean,
        "prior": pl.Boolean,
        "daily_dose_mg": pl.Float64,
        "given_on": pl.Date,
        "doses": pl.Int64,
        "dose_mg": pl.Float64,
        # Of the record, not of a day: IVIG in g/kg.
        "dose": pl.Float64,
        "dose_unit": pl.String,
    },
    "weights": {"subject_id": pl.Int64, "weight_kg": pl.Float64},
    "events": {
        "event_id": pl.Int64,
        "subject_id": pl.Int64,
        "started": pl.String,
        "grade": pl.Int64,
        "dlt": pl.Boolean,
    },
    "crs_days": {
        "assessment_id": pl.Int64,
        "subject_id": pl.Int64,
        "assessed_on": pl.Date,
        "fever": pl.Boolean,
        "fever_waived": pl.Boolean,
        "hypotension": pl.String,
        "hypoxia": pl.String,
        "died": pl.Boolean,
        "investigator_grade": pl.Int64,
    },
    "icans_days": {
        "assessment_id": pl.Int64,
        "subject_id": pl.Int64,
        "assessed_on": pl.Date,
        "ice_score": pl.Int64,
        "consciousness": pl.String,
        "seizure": pl.String,
        "deep_focal_motor_weakness": pl.Boolean,
        "icp_oedema": pl.String,
        "died": pl.Boolean,
        "investigator_grade": pl.Int64,
    },
    "last_visits": {"subject_id": pl.Int64, "last_seen_on": pl.Date},
    "planned_visits": {
        "code": pl.String,
        "target_day": pl.Int64,
        "window_low": pl.Int64,
        "window_high": pl.Int64,
    },
    **CLINICAL_FRAMES,
}
# Order of collection. A row without the time of day stands before the timed rows of its day.
COLLECTED = ("collected_on", "collected_at", "sequence", "result_id")
NO_TIME_ZERO = "no time zero: no infusion or study drug dated to the day"


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


def _check_once(name: str, frame: pl.DataFrame, key: str) -> None:
    twice = frame.filter(pl.col(key).is_duplicated())
    if twice.height:
        raise FrameError(f"Frame {name} has more than one row with {key} {twice[key][0]}. [frame-duplicate]")


def after_time_zero() -> pl.Expr:
    """Was the specimen taken after time zero? By the clock where both times are known, else by the calendar."""
    return (
        pl.when(pl.col("collected_at").is_not_null() & pl.col("time_zero_at").is_not_null())
        .then(pl.col("collected_at") > pl.col("time_zero_at"))
        .otherwise(pl.col("collected_on") > pl.col("time_zero_on"))
    )


@dataclass(frozen=True)
class Prepared:
    """Frames of a set of subjects as the kernels read them.

    Raises
    ------
    FrameError
        A frame or column is missing, has another type, or a subject has two rows where one is expected.
    """

    frames: Mapping[str, pl.DataFrame]
    _kept: dict[Hashable, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in FRAMES:
            if name not in self.frames:
                raise FrameError(f"Frame {name} is missing; the kernels read {', '.join(FRAMES)}. [frame-missing]")
            check_frame(name, self.frames[name])
        _check_once("subjects", self.subjects, "subject_id")
        _check_once("time_zero", self.frames["time_zero"], "subject_id")
        _check_once("planned_visits", self.planned_visits, "code")
        for name in ("weights", "last_visits"):
            _check_once(name, self.frames[name], "subject_id")

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

    @cached_property
    def subjects_with_zero(self) -> pl.DataFrame:
        """Subjects with their time zero, null where there is none."""
        return self.subjects.join(self.frames["time_zero"], on="subject_id", how="left")

    def kept(self, key: Hashable, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Frame under ``key``, made when first asked for: several endpoints rest on the same course."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def evaluable(self, analytes: Sequence[str]) -> pl.DataFrame:
        """Rows of these analytes that have a number, a day and a usable specimen, in the order of collection.

        Joined with time zero; ``day`` is the protocol day, ``after`` tells samples after time zero,
        ``position`` numbers the rows.
        """
        wanted = tuple(sorted(analytes))
        return self.kept(("evaluable", wanted), lambda: self._evaluable(wanted))

    def _evaluable(self, analytes: Sequence[str]) -> pl.DataFrame:
        return (
            self.frames["observations"]
            .filter(
                pl.col("analyte").is_in(analytes)
                & pl.col("usable")
                & pl.col("value").is_not_null()
                & pl.col("collected_on").is_not_null()
            )
            .join(self.subjects_with_zero, on="subject_id", how="inner")
            .sort("subject_id", "analyte", *COLLECTED, nulls_last=False)
            .with_columns(
                protocol_day(pl.col("collected_on"), pl.col("time_zero_on")).alias("day"),
                after_time_zero().alias("after"),
                pl.int_range(pl.len()).alias("position"),
            )
        )

    def absence(self, reason: str) -> pl.Expr:
        """Why a subject has no answer: no time zero comes before ``reason``; for ``subjects_with_zero``."""
        return pl.when(pl.col("time_zero_on").is_null()).then(pl.lit(NO_TIME_ZERO)).otherwise(pl.lit(reason))
