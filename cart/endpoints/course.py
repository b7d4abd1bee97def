"""Course of B-cell depletion: one pass over the sorted samples of all subjects.

A subject's samples are one stretch of the columns; what is first, last or lowest in each stretch comes from
numpy's ``reduceat`` over the starts of the stretches.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cart.endpoints.censoring import interval_high, interval_low, is_exact

Whole = npt.NDArray[np.int64]
_NEVER = np.iinfo(np.int64).max
_COUNT = re.compile(r"([<>]?)\s*([0-9]+(?:\.[0-9]+)?)", re.ASCII)


def is_below(*, threshold: float) -> pl.Expr:
    """True below the threshold, False at or above it, null where the value's interval does not tell.

    Reads value, qualifier, lloq. A count below a limit at the threshold is below it; below a limit above the
    threshold does not tell.
    """
    return (
        pl.when(is_exact())
        .then(pl.col("value") < threshold)
        .when(interval_low() >= threshold)
        .then(pl.lit(value=False))
        .when((pl.col("qualifier") != ">") & (interval_high() <= threshold))
        .then(pl.lit(value=True))
    )


def depletion_course(samples: pl.DataFrame, *, threshold: float, confirm_n: int) -> pl.DataFrame:
    """Course of depletion of each subject, from its samples after time zero.

    Parameters
    ----------
    samples
        Columns subject_id, day (protocol day), value, qualifier, lloq, result_id: evaluable samples after
        time zero, each subject's together and in the order of collection.
    threshold
        Depleted below this, cells/uL.
    confirm_n
        Consecutive samples at or above the threshold that make a recovery; samples that do not tell are
        passed over.

    Returns
    -------
    polars.DataFrame
        One row per subject, days in protocol days: ``depleted`` (null where undecided), ``first_below_day``,
        ``previous_day`` (last sample known not below before it, or day 0), ``last_below_day`` (before the
        recovery), ``recovered_day``, ``recovered_id``, ``duration_min``, ``duration_max``, ``undetectable``
        (some count below threshold and LLOQ), ``nadir_low``, ``nadir_high``, ``nadir_day``, ``nadir_id``,
        ``last_day``, ``evidence`` (result_ids).
    """
    subjects = samples.group_by("subject_id", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("samples"), pl.col("result_id").alias("evidence")
    )
    if samples.is_empty():
        return _labelled(subjects, {name: np.empty(0, dtype=np.int64) for name in _POSITIONS}, samples)
    told = samples.select(
        is_below(threshold=threshold).cast(pl.Int64).fill_null(-1).alias("below"),
        (~is_exact() & (pl.col("qualifier") != ">")).alias("limited"),
        interval_low().alias("low"),
        interval_high().alias("high"),
    )
    lengths = subjects["samples"].to_numpy()
    segments = _Segments(starts=np.cumsum(lengths) - lengths, lengths=lengths)
    below = told["below"].to_numpy()
    rows = np.arange(below.size)
    first = segments.first(below == 1)
    recovered = segments.first(_runs_above(below, segments, length=confirm_n) & (rows > segments.spread(first)))
    positions = {
        "first": first,
        "previous": segments.last((below == 0) & (rows < segments.spread(first))),
        "recovered": recovered,
        "last": segments.last((below == 1) & (rows < segments.spread(recovered))),
        "undecided": segments.first(below == -1),
        "undetectable": segments.first(told["limited"].to_numpy() & (below == 1)),
        "nadir": _lowest(told["low"].to_numpy(), told["high"].to_numpy(), segments),
        "end": segments.starts + lengths - 1,
    }
    return _labelled(subjects, positions, samples.with_columns(told["low"], told["high"]))


_POSITIONS = ("first", "previous", "recovered", "last", "undecided", "undetectable", "nadir", "end")


@dataclass(frozen=True)
class _Segments:
    """Stretches of rows, one per subject; an answer of _NEVER or -1 is no row."""

    starts: Whole
    lengths: Whole

    def spread(self, per_segment: Whole) -> Whole:
        return np.repeat(per_segment, self.lengths)

    def first(self, marked: npt.NDArray[np.bool_]) -> Whole:
        return np.minimum.reduceat(np.where(marked, np.arange(marked.size), _NEVER), self.starts)

    def last(self, marked: npt.NDArray[np.bool_]) -> Whole:
        return np.maximum.reduceat(np.where(marked, np.arange(marked.size), -1), self.starts)


def _runs_above(below: Whole, segments: _Segments, *, length: int) -> npt.NDArray[np.bool_]:
    """Rows at which ``length`` consecutive telling samples at or above the threshold begin."""
    telling = np.flatnonzero(below >= 0)
    owner = np.repeat(np.arange(segments.lengths.size), segments.lengths)[telling]
    above = below[telling] == 0
    begins = above.copy()
    for ahead in range(1, length):
        begins[-ahead:] = False
        begins[:-ahead] &= above[ahead:] & (owner[ahead:] == owner[:-ahead])
    marked = np.zeros(below.size, dtype=np.bool_)
    marked[telling] = begins
    return marked


def _lowest(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], segments: _Segments) -> Whole:
    """Row of the lowest interval of each stretch: lowest lower end, then lowest upper end, then the first."""
    deepest = low == np.repeat(np.minimum.reduceat(low, segments.starts), segments.lengths)
    ends = np.where(deepest, high, math.inf)
    tightest = np.repeat(np.minimum.reduceat(ends, segments.starts), segments.lengths)
    return segments.first(deepest & (ends == tightest))


def _labelled(subjects: pl.DataFrame, positions: dict[str, Whole], samples: pl.DataFrame) -> pl.DataFrame:
    """Days and ids at the positions found, and what follows from them."""
    at = {
        name: pl.Series(name, np.where((rows >= 0) & (rows < samples.height), rows, samples.height))
        for name, rows in positions.items()
    }
    # One row of nulls past the end is where "no row" points to.
    past = samples.select("day", "result_id").clear(1)
    days = pl.concat([samples.select("day", "result_id"), past])
    first_day = days["day"].gather(at["first"])
    recovered_day = days["day"].gather(at["recovered"])
    # The infusion itself bounds the beginning: what came before it is not attributable to it.
    previous_day = days["day"].gather(at["previous"]).fill_null(0).set(first_day.is_null(), None)
    last_below_day = days["day"].gather(at["last"])
    found, undecided = first_day.is_not_null(), at["undecided"] < samples.height
    ends = {name: samples[name] if name in samples.columns else pl.Series(dtype=pl.Float64) for name in ("low", "high")}
    return subjects.select(
        "subject_id",
        # One undecided count is enough to make "never depleted" unprovable.
        pl.Series("depleted", found).set(~found & undecided, None),
        first_day.alias("first_below_day"),
        previous_day.alias("previous_day"),
        last_below_day.alias("last_below_day"),
        recovered_day.alias("recovered_day"),
        days["result_id"].gather(at["recovered"]).alias("recovered_id"),
        (last_below_day - first_day).alias("duration_min"),
        (recovered_day - previous_day).alias("duration_max"),
        (at["undetectable"] < samples.height).alias("undetectable"),
        ends["low"].gather(at["nadir"]).alias("nadir_low"),
        ends["high"].gather(at["nadir"]).alias("nadir_high"),
        days["day"].gather(at["nadir"]).alias("nadir_day"),
        days["result_id"].gather(at["nadir"]).alias("nadir_id"),
        days["day"].gather(at["end"]).alias("last_day"),
        "evidence",
    )


@dataclass(frozen=True)
class SeriesCourse:
    """Course of depletion of one series; days are protocol days, None where there is no such day.

    ``depleted`` is None where the counts do not decide; ``nadir`` is the lower end of the lowest interval.
    """

    status: str
    depleted: bool | None
    baseline_depleted: bool | None
    first_below_day: int | None
    previous_day: int | None
    nadir: float | None
    nadir_day: int | None
    undetectable: bool | None
    last_below_day: int | None
    recovered_day: int | None
    duration_min: int | None
    duration_max: int | None


def one_course(
    days: Sequence[int], counts: Sequence[str], *, threshold: float, confirm_n: int, lloq: float | None
) -> SeriesCourse:
    """Course of depletion of one subject, from counts as text.

    Parameters
    ----------
    days
        Protocol day of each count; the last one at or before day 0 is the baseline.
    counts
        CD19+ cells/uL as reported, e.g. ``"150"``, ``"<1"``; in the order of collection.
    threshold, confirm_n
        As in ``depletion_course``.
    lloq
        Limit of quantification of the assay, cells/uL.

    Raises
    ------
    ValueError
        A count is not a number with an optional ``<`` or ``>``, or the lengths differ.

    Examples
    --------
    >>> one_course([-7, 7, 28, 56, 84], ["150", "<1", "4", "12", "30"], threshold=10, confirm_n=2, lloq=1).status
    'recovered'
    """
    matches = [_COUNT.fullmatch(count.strip()) for count in counts]
    for count, match in zip(counts, matches, strict=True):
        if match is None:
            raise ValueError(f"A count is a number, <number or >number; found {count!r}. [count]")
    samples = pl.DataFrame(
        {
            "day": list(days),
            "value": [float(match[2]) for match in matches if match],
            "qualifier": [match[1] or "=" for match in matches if match],
        },
        schema={"day": pl.Int64, "value": pl.Float64, "qualifier": pl.String},
    ).with_columns(
        pl.lit(1, dtype=pl.Int64).alias("subject_id"),
        pl.int_range(pl.len()).alias("result_id"),
        pl.lit(lloq, dtype=pl.Float64).alias("lloq"),
    )
    before = samples.filter(pl.col("day") <= 0).select(is_below(threshold=threshold))
    after = samples.filter(pl.col("day") > 0)
    base_below = before.to_series()[-1] if before.height else None
    course = depletion_course(after, threshold=threshold, confirm_n=confirm_n)
    if course.is_empty():
        nothing = dict.fromkeys(SeriesCourse.__dataclass_fields__)
        return SeriesCourse(**{**nothing, "status": "not evaluable", "baseline_depleted": base_below})  # type: ignore[arg-type]
    row = course.row(0, named=True)
    if row["depleted"] is None:
        status = "not evaluable"
    elif not row["depleted"]:
        status = "never depleted"
    else:
        status = "recovered" if row["recovered_day"] is not None else "ongoing"
    return SeriesCourse(
        status=status,
        baseline_depleted=base_below,
        nadir=row["nadir_low"],
        **{name: row[name] for name in SeriesCourse.__dataclass_fields__ if name in row},
    )
