"""Delta checks: is the change from the previous value of a series larger than its analyte's limit?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cart.endpoints.censoring import below_limit, interval_high, interval_low
from cart.endpoints.ctcae_units import same_unit, unified
from cart.endpoints.errors import ParameterError

ABSOLUTE, PER_CENT = "absolute", "per-cent"
EXCEEDED, WITHIN, UNDETERMINED = "exceeded", "within", "undetermined"
_SERIES = ("subject_id", "analyte", "series")
_READ = [
    "result_id",
    *_SERIES,
    "collected_on",
    "collected_at",
    "sequence",
    "qualifier",
    "value",
    "lloq",
    "unit",
    "usable",
]
_OPEN = "censored: the change may be larger than the limit or not"
_HAIR = 1e-9


@dataclass(frozen=True)
class DeltaLimit:
    """How far a value of an analyte may lie from the one before.

    ``limit`` is in ``unit`` (kind ``absolute``) or in per cent of the previous value (kind ``per-cent``; unit is
    then that of the values, empty for any). Only a previous value at most ``window_days`` days older counts.
    """

    analyte: str
    kind: str
    limit: float
    unit: str
    window_days: int
    source: str

    def check(self) -> None:
        """Refuse a limit that cannot be one.

        Raises
        ------
        ParameterError
            Naming the analyte and what was found.
        """
        if self.kind not in (ABSOLUTE, PER_CENT):
            raise ParameterError(
                f"The limit of {self.analyte} is {ABSOLUTE} or {PER_CENT}; found {self.kind!r}. [delta-limit]"
            )
        if not (math.isfinite(self.limit) and self.limit >= 0 and self.window_days > 0):
            raise ParameterError(
                f"The limit of {self.analyte} is a number from 0 on, in a window of at least 1 day; "
                f"found {self.limit!r} in {self.window_days} days. [delta-limit]"
            )
        if not self.source or (self.kind == ABSOLUTE and not self.unit):
            raise ParameterError(
                f"The limit of {self.analyte} has a source, and a unit where it is absolute. [delta-limit]"
            )


def delta_checks(observations: pl.DataFrame, limits: Sequence[DeltaLimit]) -> pl.DataFrame:
    """Change of every result of a limited analyte from the previous value of its series.

    Parameters
    ----------
    observations
        Frame ``observations`` (``prepared.FRAMES``); further columns are passed over.
    limits
        At most one per analyte.

    Returns
    -------
    One row per result of an analyte with a limit, in the order of the observations: result_id, previous_id (null
    where there is none), days between the two, low and high (the change: in the unit, or in per cent), status
    (``exceeded``, ``within``, ``undetermined``) and reason (why undetermined; empty otherwise).

    Notes
    -----
    Series: subject, analyte, laboratory, kit and unit; a change of kit starts anew. Order: day, time (a value without
    time of day before the timed ones of its day), sequence, id. The previous value is the last evaluable one before;
    a later value never changes an answer. Values are intervals: a change of which some part lies beyond the limit and
    some does not is undetermined, and so is one without a previous value in the window, without a day, in another
    unit, or in per cent of a previous value that is 0 or negative. A change as large as the limit is within.

    Raises
    ------
    ParameterError
        Two limits of one analyte, or one that cannot be a limit.
    """
    analytes = [limit.analyte for limit in limits]
    if len(set(analytes)) != len(analytes):
        raise ParameterError(f"An analyte has one delta limit; found {', '.join(analytes)}. [delta-limit]")
    for limit in limits:
        limit.check()
    rules = pl.DataFrame(
        [(x.analyte, x.kind, float(x.limit), same_unit(x.unit), x.window_days) for x in limits],
        schema={"analyte": pl.String, "kind": pl.String, "limit": pl.Float64, "of_unit": pl.String, "window": pl.Int64},
        orient="row",
    )
    # Only what it reads: a frame with more columns may have some of these names.
    rows = observations.select(_READ).with_row_index("place").join(rules, on="analyte", how="inner")
    ends = {"l": interval_low(), "h": interval_high(), "above": pl.col("qualifier") == ">", "below": below_limit()}
    pairs = _with_previous(rows.with_columns(**ends))
    return (
        pairs.with_columns(_change().struct.unnest())
        .with_columns(_reason().alias("reason"))
        .with_columns(_status().alias("status"))
        .sort("place")
        .select(
            "result_id",
            "previous_id",
            "days",
            *(pl.when(pl.col("reason").is_in(["", _OPEN])).then(name).alias(name) for name in ("low", "high")),
            "status",
            "reason",
        )
    )


def _with_previous(rows: pl.DataFrame) -> pl.DataFrame:
    """The last evaluable value of the series before each row."""
    evaluable = pl.col("usable") & pl.col("l").is_not_null() & pl.col("collected_on").is_not_null()
    ordered = rows.with_columns(evaluable.alias("evaluable")).sort(
        *_SERIES, "collected_on", "collected_at", "sequence", "result_id", nulls_last=False
    )
    kept = {"previous_id": "result_id", "previous_on": "collected_on"}
    kept |= {f"previous_{name}": name for name in ("l", "h", "above", "below")}
    return ordered.with_columns(
        pl.when("evaluable").then(column).shift(1).forward_fill().over(_SERIES).alias(name)
        for name, column in kept.items()
    ).with_columns((pl.col("collected_on") - pl.col("previous_on")).dt.total_days().alias("days"))


def _change() -> pl.Expr:
    """Smallest and largest change of the two intervals."""
    low, high, before_low, before_high = (pl.col(name) for name in ("l", "h", "previous_l", "previous_h"))
    per_cent = pl.col("kind") == PER_CENT
    # x / 0 with x > 0 is without bound; 0 / 0 has no value and is refused before.
    least = pl.when(before_high == math.inf).then(-100.0).otherwise(100 * (low / before_high - 1))
    most = pl.when(before_low == 0).then(math.inf).otherwise(100 * (high / before_low - 1))
    return pl.struct(
        pl.when(per_cent).then(least).otherwise(low - before_high).alias("low"),
        pl.when(per_cent).then(most).otherwise(high - before_low).alias("high"),
    )


def _reason() -> pl.Expr:
    unit = unified("unit")
    return (
        pl.when(~pl.col("usable"))
        .then(pl.lit("specimen not to be evaluated, or no result"))
        .when(pl.col("l").is_null())
        .then(pl.lit("no number"))
        .when(pl.col("collected_on").is_null())
        .then(pl.lit("day of collection not known"))
        .when((pl.col("of_unit") != "") & (pl.col("of_unit") != unit))
        .then(pl.format("limit in {}, value in {}", "of_unit", "unit"))
        .when(pl.col("previous_id").is_null())
        .then(pl.lit("no previous value in the series"))
        .when(pl.col("days") > pl.col("window"))
        .then(pl.format("previous value {} days before, window {}", "days", "window"))
        .when((pl.col("kind") == PER_CENT) & (pl.col("previous_h") <= 0))
        .then(pl.lit("previous value is 0 or negative: no per cent of it"))
        .when(_exceeded() | _within())
        .then(pl.lit(""))
        .otherwise(pl.lit(_OPEN))
    )


def _exceeded() -> pl.Expr:
    # (5, inf) less 0 is more than 5 with every value, though its end is 5.
    low_open = pl.col("above") | pl.col("previous_below")
    high_open = pl.col("below") | pl.col("previous_above")
    low, high, limit = pl.col("low"), pl.col("high"), pl.col("limit")
    return _more(low, limit) | _more(-high, limit) | (low_open & (low == limit)) | (high_open & (high == -limit))


def _within() -> pl.Expr:
    return ~_more(-pl.col("low"), pl.col("limit")) & ~_more(pl.col("high"), pl.col("limit"))


def _more(change: pl.Expr, limit: pl.Expr) -> pl.Expr:
    # In binary 1.3 - 1.0 is a hair more than 0.3, on paper it is not.
    return change > limit + _HAIR * limit.abs() + _HAIR


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("reason") != "")
        .then(pl.lit(UNDETERMINED))
        .when(_exceeded())
        .then(pl.lit(EXCEEDED))
        .otherwise(pl.lit(WITHIN))
    )
