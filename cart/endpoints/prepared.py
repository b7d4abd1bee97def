"""Input frames, checked once and joined with time zero."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    # Subjects of an arm in which nothing is given: their visits are counted from the day they entered.
    "entries": {"subject_id": pl.Int64, "entered_on": pl.Date},
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
# A frame whose rows are told apart by a column: a kernel that reads some analytes hangs on the rows of those only.
PARTED, PARTED_BY = "observations", "analyte"
_ONCE = (
    ("subjects", "subject_id"),
    ("time_zero", "subject_id"),
    ("entries", "subject_id"),
    ("planned_visits", "code"),
    ("weights", "subject_id"),
    ("last_visits", "subject_id"),
)
# Order of collection. A row without the time of day stands before the timed rows of its day.
COLLECTED = ("collected_on", "collected_at", "sequence", "result_id")
NO_TIME_ZERO = "no time zero: no infusion or study drug dated to the day"


def input_name(frame: str, *part: str) -> str:
    """Name of an input: a frame, or those of its rows that have one word in the column they are told apart by."""
    return "/".join((frame, *part))


def check_frame(name: str, frame: pl.DataFrame) -> None:
    """Refuse a frame that lacks a column or holds another type.

    Raises
    ------
    FrameError
        Naming frame, column, expected and found type.
    """
    found = dict(frame.schema)
    if found == FRAMES[name]:
        return
    for column, dtype in FRAMES[name].items():
        if column not in found:
            raise FrameError(f"Frame {name} needs column {column} ({dtype}); it has none. [frame-column]")
        if found[column] != dtype:
            raise FrameError(f"Column {column} of frame {name} must be {dtype}; found {found[column]}. [frame-type]")


def _check_once(name: str, frame: pl.DataFrame, key: str) -> None:
    if frame[key].n_unique() < frame.height:
        twice = frame.filter(pl.col(key).is_duplicated())
        raise FrameError(f"Frame {name} has more than one row with {key} {twice[key][0]}. [frame-duplicate]")


def after_time_zero() -> pl.Expr:
    """Was the specimen taken after time zero? By the clock where both times are known, else by the calendar."""
    return (
        pl.when(pl.col("collected_at").is_not_null() & pl.col("time_zero_at").is_not_null())
        .then(pl.col("collected_at") > pl.col("time_zero_at"))
        .otherwise(pl.col("collected_on") > pl.col("time_zero_on"))
    )


class _Noted(Mapping[str, pl.DataFrame]):
    """Frames that say which of them were looked at: their names are added to ``read``."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self._frames = frames
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> pl.DataFrame:
        self.read.add(name)
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


class Prepared:
    """Frames of a set of subjects as the kernels read them; it notes which inputs each of them read.

    Raises
    ------
    FrameError
        A frame or column is missing, has another type, or a subject has two rows where one is expected.
    """

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        for name in FRAMES:
            if name not in frames:
                raise FrameError(f"Frame {name} is missing; the kernels read {', '.join(FRAMES)}. [frame-missing]")
            check_frame(name, frames[name])
        for name, key in _ONCE:
            _check_once(name, frames[name], key)
        self._kept: dict[Hashable, tuple[pl.DataFrame, frozenset[str]]] = {}
        self._observations = frames[PARTED]
        # It does not know this object: a circle would keep the frames in memory after their last use.
        self._noted = _Noted(frames)

    @property
    def frames(self) -> Mapping[str, pl.DataFrame]:
        """The frames as they were given; taking one notes it."""
        return self._noted

    @contextmanager
    def reading(self) -> Iterator[set[str]]:
        """The names of the inputs that are read meanwhile: of frames, and ``observations/ANALYTE``.

        What was kept by an earlier reader counts as read by everybody who takes it.
        """
        outer, own = self._noted.read, set[str]()
        self._noted.read = own
        try:
            yield own
        finally:
            outer |= own
            self._noted.read = outer

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
    def subjects_with_zero(self) -> pl.DataFrame:
        """Subjects with their time zero, null where there is none."""
        return self.kept(
            "subjects with time zero",
            lambda: self.subjects.join(self.frames["time_zero"], on="subject_id", how="left"),
        )

    @property
    def subjects_with_origin(self) -> pl.DataFrame:
        """``subjects_with_zero`` with the entry of an observed subject in the place of its time zero.

        For assessments: what follows from a treatment has no answer without one.
        """
        return self.kept(
            "subjects with origin",
            lambda: (
                self.subjects_with_zero.join(self.frames["entries"], on="subject_id", how="left")
                .with_columns(pl.coalesce("time_zero_on", "entered_on").alias("time_zero_on"))
                .drop("entered_on")
            ),
        )

    def kept(self, key: Hashable, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Frame under ``key``, made when first asked for: several endpoints rest on the same course."""
        if key not in self._kept:
            with self.reading() as read:
                frame = make()
            self._kept[key] = (frame, frozenset(read))
        frame, names = self._kept[key]
        self._noted.read |= names
        return frame

    def any_of(self, analytes: Sequence[str]) -> bool:
        """Whether there is any result of these analytes, evaluable or not."""
        self._noted.read.update(input_name(PARTED, analyte) for analyte in analytes)
        return bool(self._observations["analyte"].is_in(list(analytes)).any())

    def evaluable(self, analytes: Sequence[str], *, of_observed: bool = False) -> pl.DataFrame:
        """Rows of these analytes that have a number, a day and a usable specimen, in the order of collection.

        Joined with time zero; ``day`` is the protocol day, ``after`` tells samples after time zero,
        ``position`` numbers the rows. ``of_observed``: with the days of subjects that are observed only, from entry.
        """
        wanted = tuple(sorted(analytes))
        return self.kept(("evaluable", of_observed, wanted), lambda: self._evaluable(wanted, of_observed=of_observed))

    def _evaluable(self, analytes: Sequence[str], *, of_observed: bool) -> pl.DataFrame:
        for analyte in analytes:
            self._noted.read.add(input_name(PARTED, analyte))
        return (
            self._observations.filter(
                pl.col("analyte").is_in(analytes)
                & pl.col("usable")
                & pl.col("value").is_not_null()
                & pl.col("collected_on").is_not_null()
            )
            .join(self.subjects_with_origin if of_observed else self.subjects_with_zero, on="subject_id", how="inner")
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
