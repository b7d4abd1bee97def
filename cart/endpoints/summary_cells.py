"""Statistics of one cell of a summary: one group, endpoint, series and timepoint."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NO, NOT_EVALUABLE, ONGOING, YES
from cart.endpoints.statistics.geometric import GeometricMean, Mean, geometric_mean, mean
from cart.endpoints.statistics.hodges_lehmann import HodgesLehmann, pseudo_median
from cart.endpoints.statistics.proportions import proportion
from cart.endpoints.statistics.quantiles import Quartiles, quartiles
from cart.endpoints.statistics.survival import kaplan_meier, median_follow_up, median_time

Row = dict[str, Any]
# Answers in words that belong together: where one is seen, the other is counted too, be it 0.
OPPOSITES = ((YES, NO), ("met", "not met"))
# An exact interval of a pseudo-median takes the distribution of n (n + 1)/2 sums.
MOST_SUBJECTS_EXACT = 200
NO_NUMBER, NO_TIME = "no subject has a number", "no subject has a time"
NOT_POSITIVE = "a number is not above zero: no geometric mean"
NO_EVENT, NOT_REACHED = "NE: no event", "NR: not reached"
ONE_VALUE = "an interval needs two subjects"


def statistic(name: str, **found: Any) -> Row:
    """A row of the summary: evaluable where it has a value and says nothing else."""
    row: Row = {
        "statistic": name,
        "category": "",
        "at": None,
        "n": None,
        "value": None,
        "low": None,
        "high": None,
        "confidence": None,
        "unit": "",
        "status": EVALUABLE,
        "reason": "",
    } | found
    if row["value"] is None:
        return row if "status" in found else row | {"status": NOT_EVALUABLE}
    return row | {"value": float(row["value"])}


def cell_statistics(cell: pl.DataFrame, *, kinds: Sequence[str], parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Counts of a cell and the statistics of its kinds.

    Parameters
    ----------
    cell
        One row per subject of the group: value, low, high, text, unit, status, reason.
    kinds
        Of ``KINDS``.
    parameters
        ``summaries.PARAMETERS`` in force.
    """
    yield from _counts(cell)
    for kind in kinds:
        yield from KINDS[kind](cell, parameters)


def _counts(cell: pl.DataFrame) -> Iterator[Row]:
    subjects = cell.height
    yield statistic("subjects", n=subjects, value=subjects)
    for status in (EVALUABLE, BOUNDED, ONGOING, NOT_EVALUABLE):
        yield statistic(status, n=subjects, value=cell.filter(pl.col("status") == status).height)
    reasons = cell.filter(pl.col("status") == NOT_EVALUABLE).group_by("reason").len().sort("reason")
    for reason, count in reasons.iter_rows():
        yield statistic("not-evaluable because", n=subjects, category=reason, value=count)


def categories(cell: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Count and percentage of each answer in words, among the subjects that have one."""
    texts = words(cell)
    seen = set(texts)
    for pair in OPPOSITES:
        if seen & set(pair):
            seen |= set(pair)
    confidence = parameters["confidence"]
    for text in sorted(seen, key=lambda text: (text in (NO, "not met"), text)):
        count = int((texts == text).sum())
        found = proportion(count, texts.len(), confidence=confidence, interval=parameters["proportion_interval"])
        yield statistic("count", n=texts.len(), category=text, value=count)
        yield statistic(
            "percent",
            n=texts.len(),
            category=text,
            value=_percent(found.share),
            low=_percent(found.low),
            high=_percent(found.high),
            confidence=confidence,
            unit="%",
        )


def numbers(cell: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Median, quartiles, range, of values and intervals; mean of the values."""
    ends = intervals(cell)
    unit = cell["unit"][0]
    names = ("minimum", "lower quartile", "median", "upper quartile", "maximum")
    if not ends.height:
        yield from (statistic(name, n=0, unit=unit, reason=NO_NUMBER) for name in (*names, "mean"))
        return
    low, high = (_quantiles(ends[end], parameters["quartiles"]) for end in ("low", "high"))
    for name, least, most in zip(names, low, high, strict=True):
        known = least == most
        bounds = {} if known else {"low": least, "high": most, "status": BOUNDED}
        yield statistic(name, n=ends.height, unit=unit, value=least if known else None, **bounds)
    values = cell["value"].drop_nulls()
    if values.len():
        found = mean(values, confidence=parameters["confidence"])
        remark = left_out(cell)
        yield _with_interval("mean", found, parameters, unit=unit, remark=remark)
        few = ONE_VALUE if found.deviation is None else ""
        yield statistic(
            "standard deviation", n=values.len(), unit=unit, value=found.deviation, reason=remarks(few, remark)
        )


def geometric(cell: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Geometric mean with interval, and coefficient of variation, of the values."""
    values, unit = cell["value"].drop_nulls(), cell["unit"][0]
    if not values.len() or values.min() <= 0:  # type: ignore[operator]
        reason = NOT_POSITIVE if values.len() else NO_NUMBER
        yield statistic("geometric mean", n=values.len(), unit=unit, reason=reason)
        return
    found = geometric_mean(values, confidence=parameters["confidence"])
    remark = left_out(cell)
    yield _with_interval("geometric mean", found, parameters, unit=unit, remark=remark)
    few = ONE_VALUE if found.cv_percent is None else ""
    yield statistic("geometric CV", n=found.values, unit="%", value=found.cv_percent, reason=remarks(few, remark))


def ratios(cell: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Of log2 changes from baseline: geometric mean ratio to baseline, and pseudo-median of the changes."""
    values = cell["value"].drop_nulls()
    if not values.len():
        yield statistic("geometric mean ratio", n=0, unit="1", reason=NO_NUMBER)
        return
    change = mean(values, confidence=parameters["confidence"])
    ends = [None if end is None else 2.0**end for end in (change.low, change.high)]
    yield statistic(
        "geometric mean ratio",
        n=change.values,
        unit="1",
        value=2.0**change.mean,
        low=ends[0],
        high=ends[1],
        confidence=None if ends[0] is None else parameters["confidence"],
        reason=remarks(ONE_VALUE if ends[0] is None else "", left_out(cell)),
    )
    yield from differences(cell, parameters)


def differences(cell: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Hodges-Lehmann pseudo-median of changes, with its exact interval where that reaches the coverage."""
    values, unit = cell["value"].drop_nulls(), cell["unit"][0]
    if not 0 < values.len() <= MOST_SUBJECTS_EXACT:
        reason = f"exact up to {MOST_SUBJECTS_EXACT} subjects" if values.len() else NO_NUMBER
        yield statistic("Hodges-Lehmann", n=values.len(), unit=unit, reason=reason)
        return
    found = pseudo_median(values, confidence=parameters["confidence"])
    yield hodges_lehmann_row("Hodges-Lehmann", found, parameters, unit=unit, remark=left_out(cell))


def times(cell: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Kaplan-Meier curve of the time to the answer's day, its median, and the median follow-up."""
    found, unit = times_of(cell), cell["unit"][0]
    if not found.height:
        yield from (statistic(name, n=0, unit=unit, reason=NO_TIME) for name in ("median time", "median follow-up"))
        return
    options = {"confidence": parameters["confidence"], "transform": parameters["survival_interval"]}
    curve = kaplan_meier(found["time"], found["event"], **options)
    for row in curve.iter_rows(named=True):
        at = {"at": row["time"], "n": row["at_risk"]}
        yield statistic("events", value=row["events"], **at)
        yield statistic("censored", value=row["censored"], **at)
        has = row["low"] is not None
        yield statistic(
            "survival",
            value=row["survival"],
            low=row["low"],
            high=row["high"],
            confidence=options["confidence"] if has else None,
            reason="" if has else "no interval where the curve is 0, or 1 before the first event",
            **at,
        )
    for name, median in (
        ("median time", median_time(curve)),
        ("median follow-up", median_follow_up(found["time"], found["event"], **options)),
    ):
        reason = "" if median.median is not None else NOT_REACHED if median.events else NO_EVENT
        yield statistic(
            name,
            n=median.subjects,
            unit=unit,
            value=median.median,
            low=median.low,
            high=median.high,
            confidence=options["confidence"] if median.events else None,
            reason=reason,
        )


KINDS: Mapping[str, Callable[[pl.DataFrame, Mapping[str, Any]], Iterator[Row]]] = {
    "categories": categories,
    "numbers": numbers,
    "geometric": geometric,
    "ratios": ratios,
    "differences": differences,
    "times": times,
}


def left_out(*cells: pl.DataFrame) -> str:
    """How many answers are known as intervals only, and take no part in a mean or test."""
    count = sum(intervals(cell).height - cell["value"].count() for cell in cells)
    return f"{count} known within bounds only left out" if count else ""


def remarks(*said: str) -> str:
    """Remarks one after the other, empty ones left out."""
    return "; ".join(filter(None, said))


def words(cell: pl.DataFrame) -> pl.Series:
    """Answers in words of the subjects that have one."""
    return cell.filter(pl.col("status") != NOT_EVALUABLE)["text"].drop_nulls()


def intervals(cell: pl.DataFrame) -> pl.DataFrame:
    """Where the number of each subject lies: its value, or the bounds of a bounded or ongoing answer."""
    number = pl.col("value").is_not_null()
    open_answer = pl.col("status").is_in([BOUNDED, ONGOING]) & (
        pl.col("low").is_not_null() | pl.col("high").is_not_null()
    )
    return cell.filter(number | open_answer).select(
        pl.when(number).then("value").otherwise(pl.col("low").fill_null(-math.inf)).alias("low"),
        pl.when(number).then("value").otherwise(pl.col("high").fill_null(math.inf)).alias("high"),
    )


def times_of(cell: pl.DataFrame) -> pl.DataFrame:
    """Time and event of each subject: the day of the answer, or the last day without it of an ongoing one."""
    told = pl.col("status") != NOT_EVALUABLE
    time = pl.when(pl.col("value").is_not_null()).then("value").when(pl.col("status") == ONGOING).then("low")
    return cell.filter(told).select(time.alias("time"), pl.col("value").is_not_null().alias("event")).drop_nulls("time")


def hodges_lehmann_row(
    name: str, found: HodgesLehmann, parameters: Mapping[str, Any], *, unit: str, remark: str
) -> Row:
    """Estimate, and the interval only where its coverage is the one asked for."""
    reached = found.attained >= parameters["confidence"] - 1e-12
    wanted, widest = (f"{100 * share:.4g} %" for share in (parameters["confidence"], found.attained))
    return statistic(
        name,
        n=found.values,
        unit=unit,
        value=found.estimate,
        low=found.low if reached else None,
        high=found.high if reached else None,
        confidence=found.attained if reached else None,
        reason=remarks("" if reached else f"{wanted} is not attainable with so few; the widest has {widest}", remark),
    )


def _with_interval(
    name: str, found: Mean | GeometricMean, parameters: Mapping[str, Any], *, unit: str, remark: str
) -> Row:
    has = found.low is not None
    return statistic(
        name,
        n=found.values,
        unit=unit,
        value=found.mean,
        low=found.low,
        high=found.high,
        confidence=parameters["confidence"] if has else None,
        reason=remarks("" if has else ONE_VALUE, remark),
    )


def _quantiles(ends: pl.Series, method: str) -> list[float]:
    # Infinity has no place on a straight line between two values. A number so far out stands for it that a quarter
    # of the way there lies beyond every value; the lower ends have no other infinity than below, the upper than above.
    edge = max((abs(value) for value in ends if math.isfinite(value)), default=0.0)
    far = 8.0 * (1.0 + edge)
    found: Quartiles = quartiles([min(max(value, -far), far) for value in ends], method=method)
    five = (found.least, found.lower, found.median, found.upper, found.greatest)
    return [value if abs(value) <= edge else math.copysign(math.inf, value) for value in five]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
